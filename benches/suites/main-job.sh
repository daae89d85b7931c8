# The main job: source, filter, window.
# shellcheck shell=bash

main_job() {
  local log
  [ "${list:-}" ] && log=LOG || log=$(log 2000000)

  # grep writes to a file: into /dev/null it would stop at the first match.
  compare count-against-grep 20 1.1 \
    "sstream-source stdin < $log | sstream-filter ERROR | sstream-window 30s 10s count > $folder/out" \
    "cat $log | grep -c ERROR > $folder/out"

  compare filter-against-grep 20 2 \
    "sstream-filter ERROR < $log | sstream-window 30s 10s count > $folder/out" \
    "grep ERROR < $log | wc -l > $folder/out"

  time_of start-to-exit 50 20 \
    "echo ERROR | sstream-source stdin | sstream-filter ERROR | sstream-window 30s 10s count > $folder/out"

  resident memory-on-1-gb 10 "cat $log $log $log $log $log" \
    'sstream-source stdin' 'sstream-filter ERROR' 'sstream-window 30s 10s count'

  latency batches-of-1ms 5 \
    'sstream-source rate 100000 --batch 1ms --stop-after 10s | sstream-filter . | sstream-filter .'
}
main_job
