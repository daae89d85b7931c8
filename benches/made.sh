# Input of benchmarks, under $data.
# shellcheck shell=bash disable=SC2154

# made NAME COMMAND: the path of a file that COMMAND writes, made when it is not there.
made() {
  local path=$data/$1
  mkdir -p "$data"
  [ -s "$path" ] || { bash -o pipefail -c "$2" >"$path.tmp" && mv "$path.tmp" "$path"; }
  echo "$path"
}

# log LINES: the path of a log of so many lines, made when it is not there.
log() { made "log-$1.txt" "benches/make-log $1"; }
