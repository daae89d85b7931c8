# Flume: against an agent's avro source and Flume's own client, fetched for this. Events are 100 bytes, FLUME_EVENTS of
# them (600 thousand).
# shellcheck shell=bash

flume() {
  local count=${FLUME_EVENTS:-600000} rounds=5 agent=connect/testkit/flume/agent name wants='' ours theirs input part
  local -a names_here=(flume-source flume-sink)
  if [ "${list:-}" ]; then
    printf '%s\n' "${names_here[@]}"
    return 0
  fi
  for name in "${names_here[@]}"; do wanted "$name" && wants=yes; done
  [ "$wants" ] || return 0
  "$agent" available 2>/dev/null || { echo 'bench: no Java and Maven: Flume is left out' >&2; return 0; }

  ours=$((20000 + RANDOM % 6000)) theirs=$((26000 + RANDOM % 6000))
  input=$(made "entries-$count-100.txt" "seq -f '%0100.0f' $count")
  part=$(made "entries-$((count / 2))-100.txt" "seq -f '%0100.0f' $((count / 2))")
  cat >"$folder/agent.conf" <<CONF
a.sources = s
a.channels = c
a.sinks = k
a.sources.s.type = avro
a.sources.s.bind = 127.0.0.1
a.sources.s.port = $theirs
a.sources.s.channels = c
a.channels.c.type = memory
a.channels.c.capacity = 2000000
a.channels.c.transactionCapacity = 20000
a.channels.c.byteCapacity = 0
a.sinks.k.type = null
a.sinks.k.batchSize = 10000
a.sinks.k.channel = c
CONF
  for name in ours theirs; do
    printf 'client.type = default\nhosts = h\nhosts.h = 127.0.0.1:%s\nbatch-size = 5000\n' "${!name}" >"$folder/$name.properties"
  done
  FLUME_JVM=-Xmx1g "$agent" run "$folder/agent.conf" 2>"$folder/agent.log" &
  local server=$!
  sstream-source flume "$ours" --batch 50ms --max-waiting 256MiB 2>/dev/null | sstream-sink null &
  # shellcheck disable=SC2064
  trap "kill $server $! 2>/dev/null; rm -rf '$folder'" EXIT
  until (exec 7<>"/dev/tcp/127.0.0.1/$theirs") 2>/dev/null; do sleep 0.1; done

  # Two clients at once, calls of 5,000 events, each answered: by us when its batch has left. They start for a second
  # and more, against either.
  clients() {
    echo "export FLUME_JVM=-Xmx256m; for n in 1 2; do $agent client -P $folder/$1.properties -F $part 2>/dev/null & clients[n]=\$!; done; wait \${clients[1]} && wait \${clients[2]}"
  }
  compare flume-source "$rounds" 1.25 "$(clients ours)" "$(clients theirs)"
  compare flume-sink "$rounds" 1.25 "sstream-sink flume 127.0.0.1:$theirs --per-call 5000 <$input" \
    "FLUME_JVM=-Xmx256m $agent client -P $folder/theirs.properties -F $input 2>/dev/null"
  kill "$server" %% 2>/dev/null || true
  trap 'rm -rf "$folder"' EXIT
}
flume
