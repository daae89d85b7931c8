# Keys dealt over two threads, against one: two free cores are needed for it to say something.
# shellcheck shell=bash

keyed() {
  local whole= tenths= few= data_keys=
  if [ -z "${list:-}" ]; then
    whole=$(made keyed-whole.framed 'benches/make-batches 1000000')
    tenths=$(made keyed-tenths.framed 'benches/make-batches 100000')
    few=$(made keyed-few.framed "mawk 'BEGIN { srand(7); for (i = 0; i < 6000000; i++) printf \"[\\\"k%d\\\",%d]\\n\", int(rand() * 3000), i % 1000 }' | sstream-source stdin --input json --batch 1000000n")
    data_keys=$(made data-keys.jsonl "awk 'BEGIN { for (i = 0; i < 3000000; i++) printf \"{\\\"user%d\\\":%d}\\n\", (i * 7919) % 1000003, i % 9 }'")
  fi

  # 1.7 times as fast is 0.588 of the time.
  compare state-two-threads 7 0.588 \
    "sstream-state sum --emit changed -j 2 < $whole > $folder/out" "sstream-state sum --emit changed < $whole > $folder/out"
  compare state-of-all-two-threads 7 0.588 \
    "sstream-state sum -j 2 < $tenths > $folder/out" "sstream-state sum < $tenths > $folder/out"
  compare window-two-threads 5 0.588 \
    "sstream-window 3s 1s sum --by-key -j 2 < $whole > $folder/out" "sstream-window 3s 1s sum --by-key < $whole > $folder/out"

  # The same against two of one thread side by side, which on two free cores take as long as one: where others use them too,
  # that is what there is to share.
  compare state-two-threads-of-what-there-is 7 0.588 \
    "sstream-state sum --emit changed -j 2 < $whole > $folder/out" \
    "sstream-state sum --emit changed < $whole > $folder/out & sstream-state sum --emit changed < $whole > $folder/other && wait \$!"
  compare window-two-threads-of-what-there-is 5 0.588 \
    "sstream-window 3s 1s sum --by-key -j 2 < $whole > $folder/out" \
    "sstream-window 3s 1s sum --by-key < $whole > $folder/out & sstream-window 3s 1s sum --by-key < $whole > $folder/other && wait \$!"

  # A few thousand keys of six million values.
  compare state-of-few-keys-two-threads 7 0.8 \
    "sstream-state sum --emit changed -j 2 < $few > $folder/out" "sstream-state sum --emit changed < $few > $folder/out"

  # JSON whose keys are data, 51 MB: 0.51 GB/s.
  time_of json-of-keys-that-are-data 10 100 "sstream-source stdin --input json --batch 1h < $data_keys > /dev/null"
}
keyed
