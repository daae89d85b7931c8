# MongoDB: against a loop over pymongo's insert_many (benches/others/insert_many.py), on one FerretDB that is started for this.
# Documents are lines of 100 bytes; MONGODB_DOCUMENTS of them (50 thousand), each time into a new collection. The server
# takes most of the time, for both.
# shellcheck shell=bash

mongodb() {
  local count=${MONGODB_DOCUMENTS:-50000} rounds=5 port url input peer=connect/mongodb/tests/peer
  wanted mongodb-sink || return 0
  { "$peer" available && "$peer" can-serve; } || { echo 'bench: no Go or pymongo: MongoDB is left out' >&2; return 0; }
  port=$((20000 + RANDOM % 12000))
  url=mongodb://127.0.0.1:$port/bench
  "$peer" serve "$port" "$folder/data" >/dev/null 2>&1 &
  local service=$!
  # shellcheck disable=SC2064
  trap "kill $service; wait $service 2>/dev/null; rm -rf '$folder'" EXIT
  until (exec 7<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
  input=$(made "lines-$count-100.txt" "seq -f '%0100.0f' $count")
  compare mongodb-sink "$rounds" 1.25 \
    "sstream-sink mongodb $url --collection ours\$RANDOM\$RANDOM --doc '{message: .}' <$input" \
    "$peer python benches/others/insert_many.py $url theirs\$RANDOM\$RANDOM <$input"
  kill "$service"
  wait "$service" 2>/dev/null || true
  trap 'rm -rf "$folder"' EXIT
}
mongodb
