# The operators, against the tools that one would write it with.
# shellcheck shell=bash

# Nine words a line, a few thousand different ones.
words='awk -v lines=2000000 "BEGIN { seed = 1; for (i = 0; i < lines; i++) { line = \"\"; for (j = 0; j < 9; j++) {
  seed = (seed * 16807) % 2147483647; r = seed / 2147483647; line = line (j ? \" \" : \"\") \"word\" int(3000 * r * r) }; print line } }"'
json='awk -v lines=1000000 "BEGIN { seed = 1; for (i = 0; i < lines; i++) { seed = (seed * 16807) % 2147483647;
  printf \"{\\\"time\\\":%d,\\\"level\\\":\\\"%s\\\",\\\"user\\\":{\\\"name\\\":\\\"u%d\\\",\\\"id\\\":%d},\\\"msg\\\":\\\"request done in %d ms\\\"}\\n\",
  1700000000000 + i, seed % 20 ? \"INFO\" : \"ERROR\", seed % 9973, seed % 9973, seed % 777 } }"'
# Five million keys of ten bytes, once in order and once more.
pairs='awk "BEGIN { for (n = 0; n < 2; n++) for (i = 0; i < 5000000; i++) printf \"[\\\"k%09d\\\",1]\\n\", (i * 7919) % 5000000 }" |
  sstream-source stdin --input json --batch 1h'

operators() {
  local lines= objects= framed= keys= beyond=
  if [ -z "${list:-}" ]; then
    lines=$(made words.txt "$words")
    objects=$(made objects.jsonl "$json")
    framed=$(made batches.framed "for n in 1 2 3; do sstream-source stdin --batch 1h < $lines | sed 1d | grep -v close; done |
      awk -v n=0 'BEGIN { print \"{\\\"sstream\\\":1,\\\"interval\\\":1000,\\\"stages\\\":[\\\"bench\\\"]}\" }
        /^{\"batch\":/ { sub(/[0-9]+/, 1000 + n * 1000) }
        /^{\"end\":/ { n++; sub(/[0-9]+/, n * 1000); sub(/,\"trace\".*/, \"}\") }
        { print } END { print \"{\\\"close\\\":\\\"eof\\\"}\" }'")
    keys=$(made pairs.framed "$pairs")
    beyond=$(made state-keys.framed 'benches/make-keys 10000000 20')
  fi

  compare word-count-against-mawk 10 0.2 \
    "sstream-flatmap --split ' ' < $lines | sstream-reduce --by-value count > $folder/out" \
    "mawk '{ for (i = 1; i <= NF; i++) c[\$i]++ } END { for (w in c) print w, c[w] }' < $lines > $folder/out"

  # The same by two threads of the one that counts.
  compare words-two-threads-against-mawk 10 0.167 \
    "sstream-flatmap --split ' ' < $lines | sstream-reduce --by-value count -j 2 > $folder/out" \
    "mawk '{ for (i = 1; i <= NF; i++) c[\$i]++ } END { for (w in c) print w, c[w] }' < $lines > $folder/out"

  # Three batches of 18 million words each; Spark took 1.5 s a batch.
  time_of top-10-of-three-batches 10 1500 \
    "sstream-flatmap --split ' ' < $framed | sstream-window 3s 1s --by-value count | sstream-reduce top:10 --of '.[1]' > $folder/out"

  compare map-against-jq 5 0.333 \
    "sstream-map .user.id --input json < $objects > $folder/out" "jq -c .user.id < $objects > $folder/out"

  compare filter-field-against-jq 5 0.2 \
    "sstream-filter --field .level ERROR --input json < $objects > $folder/out" \
    "jq -c 'select(.level == \"ERROR\")' < $objects > $folder/out"

  # 5 million new keys and 5 million updates, at 3 million a second; 120 bytes a key.
  time_of state-of-5-million-keys 5 3333 "sstream-state count --emit changed < $keys | sstream-sink null"
  resident state-memory 572 "cat $keys" 'sstream-state count --emit changed'

  # 10 million keys of 16 bytes, of which 64 MiB hold a part, and 20 batches that change 1 % each: 12 million updates, at
  # 200,000 a second.
  time_of state-beyond-memory 3 60000 \
    "sstream-state sum --emit changed --memory 64MiB < $beyond | sstream-sink null"
  resident state-beyond-memory-most 72 "cat $beyond" 'sstream-state sum --emit changed --memory 64MiB'

  # The same keys, each once and then those of 20 batches once more: 12 million records at 200,000 a second.
  time_of dedup-beyond-memory 3 60000 "sstream-dedup --by '.[0]' --memory 64MiB < $beyond | sstream-sink null"
  resident dedup-beyond-memory-most 72 "cat $beyond" "sstream-dedup --by '.[0]' --memory 64MiB"
}
operators
