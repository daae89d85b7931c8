# shellcheck shell=bash
# For scripts that run a server for tests, demos and benchmarks: what is fetched once into the user's cache.

# fetch_once FOLDER ERROR COMMAND…: has the command fill the folder, unless one that ended well has. Whoever comes meanwhile
# waits. What it prints goes to FOLDER.log; when it fails the end of that and the error are printed, and the script ends.
fetch_once() {
  local folder=$1 error=$2
  shift 2
  [ -e "$folder/complete" ] && return
  mkdir -p "$(dirname "$folder")"
  exec 8>"$folder.lock"
  flock 8
  if [ ! -e "$folder/complete" ]; then
    rm -rf "$folder"
    mkdir "$folder"
    "$@" >"$folder.log" 2>&1 || { tail -n 5 "$folder.log" >&2; echo "$error" >&2; exit 1; }
    touch "$folder/complete"
  fi
  exec 8>&-
}

# jars_of POM FOLDER: has Maven put there what a project needs when it runs.
jars_of() {
  mvn -B -q -f "$1" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$2"
}
