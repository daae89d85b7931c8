# PostgreSQL: rows by COPY, against psql's \copy of the same rows as CSV, into one server that is started for this.
# POSTGRES_ROWS (a million) rows of a number, a text and a double, each time into a table that was emptied.
# Needs CONNECT=postgres built.
# shellcheck shell=bash

postgres_copy() {
  local count=${POSTGRES_ROWS:-1000000} port json csv ask ours theirs service
  wanted postgres-copy || return 0
  [ -d /usr/lib/postgresql ] || command -v initdb >/dev/null || { echo 'bench: no PostgreSQL: it is left out' >&2; return 0; }
  port=$((20000 + RANDOM % 12000))
  json=$(made "rows-$count.jsonl" "seq $count | mawk '{ printf \"{\\\"n\\\":%d,\\\"s\\\":\\\"user-%d of the shop\\\",\\\"x\\\":%d.%03d}\\n\", \$1, \$1 % 5000, \$1 % 977, \$1 % 1000 }'")
  csv=$(made "rows-$count.csv" "jq -r '[.n, .s, .x] | @csv' $json")
  echo secret >"$folder/pw"
  (cd "$folder" && exec "$OLDPWD/connect/postgres/tests/server" data "$port") >"$folder/server.log" 2>&1 &
  service=$!
  # shellcheck disable=SC2064
  trap "kill $service; wait $service 2>/dev/null; rm -rf '$folder'" EXIT
  ask="PGPASSWORD=secret psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p $port -U app app"
  until bash -c "$ask -c ''" >/dev/null 2>&1; do
    kill -0 "$service" || { cat "$folder/server.log" >&2; exit 1; }
    sleep 0.2
  done
  bash -c "$ask -c 'create unlogged table ours(n bigint, s text, x double precision); create unlogged table theirs(like ours)'"
  ours="$ask -c 'truncate ours' && sstream-source stdin --input json --batch 1h <$json \
    | sstream-sink postgres postgres://app@127.0.0.1:$port/app --password-file $folder/pw --table ours"
  theirs="$ask -c 'truncate theirs' -c \"\\copy theirs from '$csv' csv\""
  compare postgres-copy 7 2.0 "$ours" "$theirs"
  bash -c "$ask -At -c 'select (select (count(*), sum(n), sum(x::numeric)) from ours) = (select (count(*), sum(n), sum(x::numeric)) from theirs)'" |
    grep -qx t || { echo 'bench: the tables differ' >&2; exit 1; }
  kill "$service"
  wait "$service" 2>/dev/null || true
  trap 'rm -rf "$folder"' EXIT
}
postgres_copy
