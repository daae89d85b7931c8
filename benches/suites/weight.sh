# What the lean tools weigh: their files, what is resident of one that waits, and a start to its end.
# shellcheck shell=bash

# weighs NAME LIMIT_MIB TOOL ARGUMENT…: resident of a tool that waits for input after its start, the median of nine.
weighs() {
  local name=$1 limit=$2 tool round input=$folder/input
  wanted "$name" || return 0
  shift 2
  tool=$(command -v "$1")
  mkfifo "$input"
  exec 9<>"$input"
  for round in 1 2 3 4 5 6 7 8 9; do
    "$tool" "${@:2}" <"$input" >/dev/null 2>&1 9<&- &
    # It waits when its head is out; that it does is asked until it is so.
    until [ "$(awk '{ print $3 }' "/proc/$!/stat" 2>/dev/null)" = S ] && [ "$(ls "/proc/$!/task" | wc -l)" -gt 1 ]; do sleep 0.02; done
    sleep 0.2
    awk -v OFS=, '/^VmRSS|^RssAnon/ { kib[$1] = $2 } END { print "[" kib["VmRSS:"], kib["RssAnon:"] "]" }' "/proc/$!/status"
    kill -KILL $! && wait $! 2>/dev/null || true
  done | jq -s --arg command "$*" --argjson bytes "$(stat -Lc %s "$tool")" \
    '{$command, file_bytes: $bytes, resident_and_own_kib: ., median_kib: (map(.[0]) | sort | .[length / 2 | floor])}' >"$folder/$name.json"
  exec 9<&-
  rm "$input"
  record "$name" 'MiB resident' "$(jq '.median_kib / 1024' "$folder/$name.json")" "$limit" "$folder/$name.json"
  [ "$name" != weight-source ] ||
    record weight-source-file 'MB of the program' "$(jq '.file_bytes / 1e6' "$folder/$name.json")" 6 "$folder/$name.json"
}
weighs weight-source 4.6 sstream-source stdin --batch 1s --output frames
weighs weight-filter 4.8 sstream-filter x --batch 1s --output frames

# The least time counts: what is more is other work of the machine.
start() {
  wanted start-source || return 0
  hyperfine -N --warmup 20 --runs 500 --style none --export-json "$folder/start-source.json" \
    'sstream-source stdin --batch 1s --output frames' >/dev/null 2>&1
  record start-source 'ms, the least of 500' "$(jq '.results[0].min * 1000' "$folder/start-source.json")" 2 "$folder/start-source.json"
}
start
