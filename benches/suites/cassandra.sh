# Cassandra: against a loop over the Python driver's execute_concurrent (benches/others/rows.py), on one node that is started for this.
# Rows are objects with a text of 100 bytes; CASSANDRA_ROWS of them (100 thousand), in partitions of 100 keys and with a key each. Both write the same rows
# again and again. The server takes much of the time, for both.
# shellcheck shell=bash

cassandra() {
  local count=${CASSANDRA_ROWS:-100000} rounds=5 port input here=connect/cassandra/tests
  wanted cassandra-sink || wanted cassandra-sink-keys || return 0
  { "$here/cassandra/server" available && "$here/peer" available; } ||
    { echo 'bench: no Java, Maven or Python: Cassandra is left out' >&2; return 0; }
  port=$((20000 + RANDOM % 12000))
  CASSANDRA_JVM=-Xmx1g "$here/cassandra/server" run "$port" "$folder/data" >/dev/null 2>&1 &
  local service=$!
  # shellcheck disable=SC2064
  trap "kill $service; wait $service 2>/dev/null; rm -rf '$folder'" EXIT
  until "$here/peer" ask "$port" "CREATE KEYSPACE IF NOT EXISTS bench WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}" >/dev/null 2>&1; do
    sleep 0.2
  done
  "$here/peer" ask "$port" "$(printf '%s;\n' 'CREATE TABLE bench.wide (p int, n int, message text, PRIMARY KEY (p, n))')
CREATE TABLE bench.flat (p int, n int, message text, PRIMARY KEY (n))"
  echo cassandra >"$folder/password"
  input=$(made "rows-$count-100.jsonl" "seq $count | awk '{ printf \"{\\\"p\\\":%d,\\\"n\\\":%d,\\\"message\\\":\\\"%0100d\\\"}\\n\", \$1 % 100, \$1, \$1 }'")
  local ours="sstream-sink cassandra 127.0.0.1:$port --user cassandra --password-file $folder/password"
  compare cassandra-sink "$rounds" 1.25 "$ours --table bench.wide --input json <$input 2>/dev/null" \
    "$here/peer python benches/others/rows.py $port bench.wide <$input"
  compare cassandra-sink-keys "$rounds" 1.25 "$ours --table bench.flat --input json <$input 2>/dev/null" \
    "$here/peer python benches/others/rows.py $port bench.flat <$input"
  kill "$service"
  wait "$service" 2>/dev/null || true
  trap 'rm -rf "$folder"' EXIT
}
cassandra
