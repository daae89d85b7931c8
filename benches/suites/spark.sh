# Jobs on a Spark cluster by sstream-submit, beside the same written for Spark by hand, and on this machine alone.
# shellcheck shell=bash disable=SC2154

# on_spark NAME JOB LINE: both by turns, each on the 2 million lines as one batch.
on_spark() {
  wanted "$1" || return 0
  command -v mvn >/dev/null || { echo "$1: left out, Maven is not there"; return 0; }
  benches/others/spark/by-turns 5 "$2" "$log" "$3" 2>"$folder/stderr" | summary "$3" "ByHand $2" >"$folder/$1.json" ||
    { tail -n 50 "$folder/stderr" >&2; echo "bench: failed: $1" >&2; exit 1; }
  record "$1" 'times as long' "$(jq .ratio "$folder/$1.json")" 1.5 "$folder/$1.json"
}

on_spark_cluster() {
  local log
  [ "${list:-}" ] && log=LOG || log=$(log 2000000)
  local main="sstream-filter ERROR | sstream-map 'split(\" \")[8]' | sstream-window"
  local words="sstream-flatmap --split ' ' | sstream-reduce --by-value count"
  on_spark spark-main-job main "sstream-source dir IN --new-only | $main 9s 3s --by-value count | sstream-sink files OUT"
  on_spark spark-word-count words "sstream-source dir IN --new-only | $words | sstream-sink files OUT"
  time_of main-job-on-one-machine 5 60000 "< $log $main 9s 3s --by-value count > $folder/out"
  time_of word-count-on-one-machine 5 60000 "< $log $words > $folder/out"
}
on_spark_cluster
