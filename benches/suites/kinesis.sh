# Kinesis: against a loop of boto3's, on one kinesalite that is started for this. Records are 100 bytes;
# KINESIS_RECORDS of them (100 thousand) in four shards. The service takes most of the time, for both.
# shellcheck shell=bash

kinesis() {
  local count=${KINESIS_RECORDS:-100000} rounds=5 name port input wants='' server=connect/kinesis/tests/server
  local -a names_here=(kinesis-source kinesis-sink)
  if [ "${list:-}" ]; then
    printf '%s\n' "${names_here[@]}"
    return 0
  fi
  for name in "${names_here[@]}"; do wanted "$name" && wants=yes; done
  [ "$wants" ] || return 0
  { "$server" available && "$server" fetch; } || { echo 'bench: no npm or boto3: Kinesis is left out' >&2; return 0; }

  port=$((20000 + RANDOM % 12000))
  "$server" run "$port" >/dev/null 2>&1 &
  local service=$!
  # shellcheck disable=SC2064
  trap "kill $service; rm -rf '$folder'" EXIT
  until (exec 7<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
  export AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=bench ENDPOINT=http://127.0.0.1:$port
  input=$(made "records-$count-100.txt" "seq -f '%0100.0f' $count")
  for name in in out; do "$server" client create "$name" 4; done

  "$server" client put in <"$input"
  compare kinesis-source "$rounds" 1.25 \
    "sstream-source kinesis in --endpoint $ENDPOINT --available-now --batch 100ms --output text >/dev/null" \
    "$server client count in $count >/dev/null"
  compare kinesis-sink "$rounds" 1.25 "sstream-sink kinesis out --endpoint $ENDPOINT --key . <$input" \
    "$server client put out <$input"
  kill "$service"
  trap 'rm -rf "$folder"' EXIT
}

kinesis
