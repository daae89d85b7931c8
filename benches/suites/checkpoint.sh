# What a checkpoint costs. Each run makes its checkpoint and its files anew.
# shellcheck shell=bash

checkpoint() {
  local log
  if [ "${list:-}" ]; then log=LOG; else log=$(log 2000000); fi
  local anew="rm -rf $folder/ck $folder/files; mkdir $folder/files;"

  # At least half the throughput is twice the time. All records go to files of 1 s
  # batches, and then 5 % of them, where the sink has less to do.
  local number logs=''
  for number in 1 2 3 4; do
    logs+=" $folder/copy-$number.log"
    if [ -z "${list:-}" ] && { wanted tail-to-files || wanted tail-filter-to-files; }; then
      cp "$log" "$folder/copy-$number.log"
    fi
  done
  compare tail-to-files 5 2 \
    "$anew sstream-source tail $logs --available-now --checkpoint $folder/ck | sstream-sink files $folder/files/all" \
    "$anew sstream-source tail $logs --available-now | sstream-sink files $folder/files/all"
  compare tail-filter-to-files 7 2 \
    "$anew sstream-source tail $logs --available-now --checkpoint $folder/ck | sstream-filter ERROR | sstream-sink files $folder/files/all" \
    "$anew sstream-source tail $logs --available-now | sstream-filter ERROR | sstream-sink files $folder/files/all"

  # The write-ahead log against dd, which syncs as often: each 64 MiB.
  compare write-ahead-log 5 1.25 \
    "$anew cat $log $log $log $log | sstream-source stdin --checkpoint $folder/ck | sstream-sink null" \
    "$anew cat $log $log $log $log | dd of=$folder/files/dd bs=64M iflag=fullblock oflag=dsync status=none"
}
checkpoint
