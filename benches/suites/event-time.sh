# Windows by event time, against the same by batch time, and long windows against short ones.
# shellcheck shell=bash

# A record a millisecond, up to 5 s out of order: 10,000 keys in .k, ten in .j.
events='awk -v lines=2000000 "BEGIN { seed = 1; for (i = 0; i < lines; i++) { seed = (seed * 16807) % 2147483647;
  printf \"{\\\"t\\\":%.0f,\\\"k\\\":\\\"k%d\\\",\\\"j\\\":\\\"k%d\\\",\\\"n\\\":%d}\\n\",
  1700000000000 + i - seed % 5000, seed % 10007 % 10000, seed % 10, seed % 777 } }"'

# 20 of them a millisecond, in order.
distinct='awk "BEGIN { for (i = 0; i < 10000000; i++)
  printf \"{\\\"k\\\":\\\"%08x%08x\\\",\\\"t\\\":%.0f}\\n\", (i * 2654435761) % 4294967296, i, 1700000000000 + int(i / 20) }"'

# A million records of equal length in frames, one a millisecond and up to 5 s out of order, over 100,000 keys.
framed='awk "BEGIN { seed = SEED; print \"{\\\"sstream\\\":1,\\\"interval\\\":1000,\\\"stages\\\":[\\\"made\\\"]}\"
  for (batch = 1; batch <= 1000; batch++) {
    printf \"{\\\"batch\\\":%.0f,\\\"records\\\":1000,\\\"bytes\\\":33000}\\n\", 1700000000000 + batch * 1000
    for (i = 0; i < 1000; i++) { seed = (seed * 16807) % 2147483647
      printf \"{\\\"k\\\":\\\"k%05d\\\",\\\"t\\\":%.0f}\\n\", seed % 100000, 1700000000000 + batch * 1000 + i - seed % 5000 }
    printf \"{\\\"end\\\":%.0f,\\\"records\\\":1000}\\n\", 1700000000000 + batch * 1000 }
  print \"{\\\"close\\\":\\\"eof\\\"}\" }"'

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

  # 10 million keys of 16 characters, none twice: 2 million a second, and 64 bytes of each.
  local dedup='sstream-dedup --input json --by .k --within 10m --time .t --watermark 10s'
  [ "${list:-}" ] || lines=$(made distinct.jsonl "$distinct")
  time_of event-dedup-seconds 3 5000 "$dedup < $lines > $folder/out"
  resident event-dedup-memory 610 "cat $lines" "$dedup"

  # 1 million and 1 million records: 1 million a second, some 600,000 results.
  local left= right=
  [ "${list:-}" ] || left=$(made left.frames "${framed/SEED/1}") right=$(made right.frames "${framed/SEED/7}")
  time_of event-join-seconds 5 2000 \
    "sstream-join --by .k --within 0s..1m --time .t --watermark 10s $left $right > $folder/out"
  time_of event-full-join-seconds 5 3000 \
    "sstream-join --type full --by .k --within 0s..1m --time .t --watermark 10s $left $right > $folder/out"
}
event_time
