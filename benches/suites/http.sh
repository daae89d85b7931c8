# HTTP: the intake, which eight curls POST lines to at once: 1 GB of lines of 100 bytes, in bodies of 8 MB, each answered
# when its batch has left.
# shellcheck shell=bash

http() {
  local port body line curl round
  wanted http-lines || return 0
  port=$((20000 + RANDOM % 12000))
  body=$(made lines-8m.txt "seq -f '%0100.0f' 80000")
  sstream-source http "$port" --batch 100ms --max-waiting 256MiB 2>/dev/null | sstream-sink null &
  # shellcheck disable=SC2064
  trap "kill $! 2>/dev/null; rm -rf '$folder'" EXIT
  until curl -sS -o /dev/null -d x "http://127.0.0.1:$port/" 2>/dev/null; do sleep 0.1; done
  # One connection for all that a curl sends.
  curl="curl -sSf $(for round in $(seq 16); do printf -- '-o /dev/null -T %s http://127.0.0.1:%s/ ' "$body" "$port"; done)"
  line="for n in 1 2 3 4 5 6 7 8; do $curl & curls+=(\$!); done; for one in \${curls[@]}; do wait \$one || exit 1; done"
  seconds "$line" >/dev/null
  for round in 1 2 3 4 5; do seconds "$line"; done |
    jq -s '{what: "8 curls, 16 bodies of 8.08 MB each", seconds: ., median_s: (sort | .[length / 2 | floor])}' >"$folder/http-lines.json"
  record http-lines 's for 1 GB of lines' "$(jq .median_s "$folder/http-lines.json")" 5 "$folder/http-lines.json"
  kill %% 2>/dev/null || true
  trap 'rm -rf "$folder"' EXIT
}
http
