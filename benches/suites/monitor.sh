# What it costs to see what goes on.
# shellcheck shell=bash

# grows NAME ROUNDS LIMIT_MS OURS THEIRS: by how many ms 99 % of the ends of a
# pipeline come later than those of another; the median of the rounds'
# differences, as the two run by turns.
grows() {
  local name=$1 rounds=$2 limit=$3 ours=$4 theirs=$5 round
  wanted "$name" || return 0
  local reader=${CARGO_TARGET_DIR:-target}/release/examples/end_latency
  for ((round = 0; round < rounds; round++)); do
    echo "[$(bash -o pipefail -c "$ours | $reader" | jq .p99_ms), $(bash -o pipefail -c "$theirs | $reader" | jq .p99_ms)]"
  done | jq -s --arg ours "$ours" --arg theirs "$theirs" '
    def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
    { $ours, $theirs, p99_ms: ., growth_ms: (map(.[0] - .[1]) | median) }' >"$folder/$name.json"
  record "$name" 'ms more for 99 %' "$(jq .growth_ms "$folder/$name.json")" "$limit" "$folder/$name.json"
}

# A day of batches of a second, as five stages' ends tell of them.
day() {
  local path=$data/day.trace
  mkdir -p "$data"
  [ -s "$path" ] || { awk 'BEGIN {
    print "{\"sstream\":1,\"interval\":1000,\"stages\":[\"source tcp\",\"filter ERROR\",\"map .user\",\"window 30s 1s count\",\"sink null\"],\"pipeline\":\"0123456789abcdef\"}"
    for (i = 1; i <= 86400; i++) {
      t = 1469283000000 + i * 1000
      printf "{\"end\":%.0f,\"records\":1,\"trace\":[", t
      for (n = 0; n < 5; n++)
        printf "%s[\"%s\",%d,%d,0,%.3f,%.0f]", n ? "," : "", substr("abcde", n + 1, 1), 900 + i % 77, 900 + i % 77, 1 + i % 13 / 7, t + n * 3
      print "]}"
    }
    print "{\"close\":\"eof\"}" }' >"$path.tmp" && mv "$path.tmp" "$path"; }
  echo "$path"
}

# page_memory NAME LIMIT_MIB LOG: the most memory that the page's server held
# when it had read a trace log and given all of it to a browser.
page_memory() {
  local name=$1 limit=$2 log=$3 pid address key
  wanted "$name" || return 0
  : >"$folder/ui"
  sstream-ui --listen 127.0.0.1:0 "$log" 2>"$folder/ui" &
  pid=$!
  until address=$(sed -n 's|.*http://\([0-9.:]*\)/.*|\1|p' "$folder/ui") && [ "$address" ]; do sleep 0.05; done
  ask() { # PATH: the answer's last line
    exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
    tail -n 1 <&3
    exec 3<&-
  }
  key=$(ask /api/v1/applications | jq -r '.[0].id')
  ask "/api/v1/applications/$key/streaming/columns" | jq '{batches: (.batchId | length)}' >"$folder/batches.json"
  jq -s --argjson kib "$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")" '.[0] + {kib: $kib}' "$folder/batches.json" \
    >"$folder/$name.json"
  kill "$pid"
  wait "$pid" || true
  record "$name" 'MiB of the page server' "$(jq '.kib / 1024' "$folder/$name.json")" "$limit" "$folder/$name.json"
}

monitor() {
  local log day
  if [ "${list:-}" ]; then log=LOG day=DAY; else log=$(log 2000000) day=$(day); fi
  local input="cat $log $log $log $log"
  # Where there is no runtime directory, nothing is published.
  local unseen='env XDG_RUNTIME_DIR=/nonexistent'

  # Throughput of at least 0.97 and 0.9 is 1.031 and 1.111 times the time.
  compare trace-and-publishing 20 1.031 \
    "$input | sstream-source stdin | sstream-filter ERROR | sstream-window 30s 10s count > $folder/out" \
    "$input | $unseen sstream-source stdin --no-trace | $unseen sstream-filter ERROR | $unseen sstream-window 30s 10s count > $folder/out"
  compare top-in-the-pipeline 20 1.111 \
    "$input | sstream-source stdin | sstream-filter ERROR | sstream-top 2> $folder/top | sstream-window 30s 10s count > $folder/out" \
    "$input | sstream-source stdin | sstream-filter ERROR | sstream-window 30s 10s count > $folder/out"
  # In its most expensive place, in front of all records.
  compare top-before-the-filter 20 1.111 \
    "$input | sstream-source stdin | sstream-top 2> $folder/top | sstream-filter ERROR | sstream-window 30s 10s count > $folder/out" \
    "$input | sstream-source stdin | sstream-filter ERROR | sstream-window 30s 10s count > $folder/out"

  local rate='sstream-source rate 100000 --batch 1ms --stop-after 3s'
  grows delay-of-1ms-batches 7 1 \
    "$rate | sstream-filter . | sstream-filter ." \
    "$unseen $rate --no-trace | $unseen sstream-filter . | $unseen sstream-filter ."

  page_memory page-of-a-day 50 "$day"
}
monitor
