# The five jobs of benches/peers and benches/flames: their data, and our lines for them.
# shellcheck shell=bash

lines=$(log 2000000)
words=$(made peers-words.txt 'awk "BEGIN { seed = 1; for (i = 0; i < 500000; i++) { line = \"\"; for (j = 0; j < 9; j++) {
  seed = (seed * 16807) % 2147483647; r = seed / 2147483647; line = line (j ? \" \" : \"\") \"word\" int(3000 * r * r) }; print line } }"')
# A thousand seconds of requests, and a million keys, each twice.
requests=$(made peers-requests.jsonl 'awk "BEGIN { seed = 1; for (i = 0; i < 1000000; i++) { seed = (seed * 16807) % 2147483647;
  printf \"{\\\"time\\\":%.0f,\\\"level\\\":\\\"%s\\\",\\\"host\\\":\\\"host%d\\\",\\\"user\\\":\\\"u%d\\\",\\\"ms\\\":%d}\\n\",
  1700000000000 + i, seed % 20 ? \"INFO\" : \"ERROR\", seed % 97, seed % 997, seed % 777 } }"')
pairs=$(made peers-pairs.jsonl 'awk "BEGIN { for (i = 0; i < 2000000; i++) printf \"{\\\"key\\\":\\\"k%07d\\\",\\\"n\\\":%d}\\n\", (i * 7919) % 1000000, i % 10 }"')

# ours JOB: the line, which writes its result to stdout.
ours() {
  case $1 in
  filter) echo "sstream-filter ERROR --batch 1h <$lines | sstream-reduce count --output text" ;;
  words) echo "sstream-flatmap --split ' ' --batch 1h <$words | sstream-reduce --by-value count --output text" ;;
  group) echo "sstream-reduce --input json --batch 1h --by .level count --output text <$requests" ;;
  top) echo "sstream-window 1m --time .time --watermark 0s --input json --batch 1h --by .user count <$requests | sstream-reduce --by .start top:10 --of .result | sstream-flatmap '.[1][]' --output text" ;;
  state) echo "sstream-state --input json --batch 1h --by .key --of .n sum --output text <$pairs" ;;
  *) return 1 ;;
  esac
}

input_of() {
  case $1 in filter) echo "$lines" ;; words) echo "$words" ;; group | top) echo "$requests" ;; state) echo "$pairs" ;; esac
}
