# Feeds: against curl, which reads the same stream: a million messages of 100 bytes. Of lines it does nothing but copy
# bytes, a gigabyte a second, so that we may take longer; of events a sed behind it takes the data. Our pipeline is
# ended by head, which has seen as many as there are: a feed has no end. So is curl's, though its stream ends.
# shellcheck shell=bash

# feed NAME LIMIT FILE CURLS-FILTER OPTION…: one of the two.
feed() {
  local name=$1 limit=$2 file=$3 filter=$4 messages=1000000 url
  wanted "$name" || return 0
  coproc server { exec python3 benches/others/streams.py "$file"; }
  # shellcheck disable=SC2064,SC2154
  trap "kill $server_PID 2>/dev/null; rm -rf '$folder'" EXIT
  read -r url <&"${server[0]}"
  url=http://127.0.0.1:$url/
  # Whoever writes to a head that is through is told so by the system, in one way or another.
  compare "$name" 5 "$limit" \
    "{ sstream-source feed $url ${*:5} --batch 100ms --output text 2>/dev/null || true; } | head -n $messages | tail -n 1 | grep -q 0$messages" \
    "curl -sN ${url}whole $filter| head -n $messages | tail -n 1 | grep -q 0$messages"
  kill "$server_PID"
  wait "$server_PID" 2>/dev/null || true
  trap 'rm -rf "$folder"' EXIT
}

if [ "${list:-}" ]; then
  printf '%s\n' feed-lines feed-events
elif wanted feed-lines || wanted feed-events; then
  feed feed-lines 1.25 "$(made lines-million.txt "seq -f '%0100.0f' 1000000")" ''
  feed feed-events 1.25 "$(made events-million.txt "seq -f 'data: %0100.0f' 1000000 | sed G")" "| sed -n 's/^data: //p' " --events
fi
