# Windows by event time, against the same by batch time, and long windows against short ones.
# shellcheck shell=bash

# A record a millisecond, up to 5 s out of order: 10,000 keys in .k, ten in .j.
events='awk -v lines=2000000 "BEGIN { seed = 1; for (i = 0; i < lines; i++) { seed = (seed * 16807) % 2147483647;
  printf \"{\\\"t\\\":%.0f,\\\"k\\\":\\\"k%d\\\",\\\"j\\\":\\\"k%d\\\",\\\"n\\\":%d}\\n\",
  1700000000000 + i - seed % 5000, seed % 10007 % 10000, seed % 10, seed % 777 } }"'

event_time() {
  local lines= window= by_batch=
  [ "${list:-}" ] || lines=$(made events.jsonl "$events")
  window='sstream-window --input json --time .t --watermark 10s'
  by_batch="sstream-reduce --input json --by .k count < $lines > $folder/out"

  # 34 windows of each key are given out, 339,000 results; by batch time 10,000 a batch.
  compare event-window-against-reduce 10 1.5 "$window 1m --by .k count < $lines > $folder/out" "$by_batch"
  # The same in Spark's Structured Streaming, in one JVM, from the file to a sink that drops all.
  beside event-window-against-spark 0.333 windows 9 "$lines" "$window 1m --by .k count < $lines > $folder/out"

  # With hardly any results: what a record costs.
  compare event-hour-against-reduce 10 1.5 "$window 1h --by .k count < $lines > $folder/out" "$by_batch"

  # Ten keys, so that what is given out (20,000 and 56,000 results) does not count.
  local aggregation
  for aggregation in count 'max --of .n'; do
    compare "event-panes-${aggregation%% *}" 10 1.5 \
      "$window 1h 1s --by .j $aggregation < $lines > $folder/out" \
      "$window 1m 1s --by .j $aggregation < $lines > $folder/out"
  done
}
event_time
