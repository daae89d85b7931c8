# Objects: a batch to S3 and back, against boto3, on one versitygw that is started for this. OBJECTS_LINES lines of 100 bytes
# (two million, 200 MB) in one object, in parts; boto3 copies bytes, where we make records of lines, and lines of records.
# shellcheck shell=bash

objects() {
  local count=${OBJECTS_LINES:-2000000} rounds=5 name port input wants='' server=connect/objects/tests/server
  local -a names_here=(objects-source objects-sink)
  if [ "${list:-}" ]; then
    printf '%s\n' "${names_here[@]}"
    return 0
  fi
  for name in "${names_here[@]}"; do wanted "$name" && wants=yes; done
  [ "$wants" ] || return 0
  { "$server" available s3 && "$server" fetch s3; } || { echo 'bench: no Go or boto3: objects are left out' >&2; return 0; }
  port=$((20000 + RANDOM % 12000))
  export AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=secret AWS_REGION=us-east-1 ENDPOINT=http://127.0.0.1:$port
  "$server" s3 "$port" "$folder/data" >/dev/null 2>&1 &
  local service=$!
  # shellcheck disable=SC2064
  trap "kill $service; wait $service 2>/dev/null; rm -rf '$folder'" EXIT
  until (exec 7<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
  "$server" client make bench
  input=$(made "lines-$count-100.txt" "seq -f '%0100.0f' $count")
  "$server" client put bench in/lines <"$input"
  compare objects-source "$rounds" 1.25 \
    "sstream-source dir s3://bench/in --endpoint $ENDPOINT --available-now --output text >/dev/null" \
    "$server client get bench in/ >/dev/null"
  compare objects-sink "$rounds" 1.25 \
    "sstream-sink files s3://bench/ours\$RANDOM\$RANDOM --endpoint $ENDPOINT --batch 1h <$input" \
    "$server client put bench theirs\$RANDOM\$RANDOM <$input"
  kill "$service"
  wait "$service" 2>/dev/null || true
  trap 'rm -rf "$folder"' EXIT
}
objects
