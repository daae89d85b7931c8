# Scribe: against thriftpy2's client and server, fetched for this. Entries are 100 bytes, SCRIBE_ENTRIES of them (400 thousand).
# shellcheck shell=bash

scribe() {
  local count=${SCRIBE_ENTRIES:-400000} rounds=5 peer=connect/scribe/tests/peer name wants='' ours theirs input part clients
  local -a names_here=(scribe-source scribe-sink)
  if [ "${list:-}" ]; then
    printf '%s\n' "${names_here[@]}"
    return 0
  fi
  for name in "${names_here[@]}"; do wanted "$name" && wants=yes; done
  [ "$wants" ] || return 0
  "$peer" available 2>/dev/null || { echo 'bench: no Python with thriftpy2: Scribe is left out' >&2; return 0; }

  ours=$((20000 + RANDOM % 6000)) theirs=$((26000 + RANDOM % 6000))
  input=$(made "entries-$count-100.txt" "seq -f '%0100.0f' $count")
  part=$(made "entries-$((count / 4))-100.txt" "seq -f '%0100.0f' $((count / 4))")
  "$peer" serve "$theirs" --null &
  local server=$!
  sstream-source scribe "$ours" --batch 50ms --max-waiting 256MiB 2>/dev/null | sstream-sink null &
  # shellcheck disable=SC2064
  trap "kill $server $! 2>/dev/null; rm -rf '$folder'" EXIT
  until echo ready | "$peer" send "$theirs" >/dev/null 2>&1 && echo ready | "$peer" send "$ours" >/dev/null 2>&1; do sleep 0.1; done

  # Four clients at once, calls of 5,000 entries, each answered: by us when its batch has left.
  clients() {
    echo "for n in 1 2 3 4; do $peer send $1 --batch 5000 --retry <$part & clients[n]=\$!; done; for n in 1 2 3 4; do wait \${clients[n]} || exit 1; done"
  }
  compare scribe-source "$rounds" 1.25 "$(clients "$ours")" "$(clients "$theirs")"
  compare scribe-sink "$rounds" 1.25 "sstream-sink scribe 127.0.0.1:$theirs --category '\"tests\"' <$input" \
    "$peer send $theirs --batch 1000 --retry <$input"
  kill "$server" %% 2>/dev/null || true
  trap 'rm -rf "$folder"' EXIT
}
scribe
