# Sequences of records: the first b of a key within a minute of an a.
# shellcheck shell=bash

# A record a millisecond, up to 5 s out of order, of 10,000 keys: 200 of each, one in ten seconds.
steps='awk -v lines=2000000 "BEGIN { seed = 1; for (i = 0; i < lines; i++) { seed = (seed * 16807) % 2147483647;
  printf \"{\\\"t\\\":%.0f,\\\"k\\\":\\\"k%d\\\",\\\"step\\\":\\\"%s\\\"}\\n\",
  1700000000000 + i - seed % 5000, seed % 10007 % 10000, substr(\"abc\", 1 + int(seed / 1000) % 3, 1) } }"'

matching() {
  local lines= pattern=
  [ "${list:-}" ] || lines=$(made steps.jsonl "$steps")
  pattern="'a -> b' --by .k --define 'a=.step == \"a\"' --define 'b=.step == \"b\"' --within 1m"

  # 2 s: a million records a second.
  time_of match-by-event-time 5 2000 \
    "sstream-match --input json $pattern --time .t --watermark 10s < $lines > $folder/out"
  time_of match-by-arrival 5 2000 "sstream-match --input json $pattern < $lines > $folder/out"
  time_of match-beyond-memory 3 8000 \
    "sstream-match --input json $pattern --time .t --watermark 10s --memory 16MiB < $lines > $folder/out"
  resident match-beyond-memory-most 32 "cat $lines" \
    "sstream-match --input json $pattern --time .t --watermark 10s --memory 16MiB"
  resident match-memory 1000 "cat $lines" "sstream-match --input json $pattern --time .t --watermark 10s"
}
matching
