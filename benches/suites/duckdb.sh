# JSON by groups, against DuckDB with two threads, whole processes: two million lines, 231 MB.
# shellcheck shell=bash

# A field of each kind; times rise, and hosts are 97.
duckdb_lines='awk "BEGIN { seed = 1; for (i = 0; i < 2000000; i++) { seed = (seed * 16807) % 2147483647;
  printf \"{\\\"time\\\":%.0f,\\\"level\\\":\\\"%s\\\",\\\"host\\\":\\\"host%02d.example.org\\\",\\\"path\\\":\\\"/api/v1/items/%06d\\\",\\\"ms\\\":%d,\\\"ok\\\":%s}\\n\",
  1700000000000 + i, seed % 20 ? \"INFO\" : \"ERROR\", seed % 97, seed % 999983, seed % 777, seed % 50 ? \"true\" : \"false\" } }"'

duckdb() {
  local lines= bin= read
  [ "${list:-}" ] || ! { wanted group-against-duckdb || wanted avg-against-duckdb; } || {
    lines=$(made duckdb-lines.jsonl "$duckdb_lines")
    bin=$(benches/others/venv duckdb duckdb-cli)
  }
  read="from read_json('$lines', format = 'newline_delimited')"
  compare group-against-duckdb 9 1 \
    "sstream-reduce --input json --by .level count < $lines > $folder/out" \
    "$bin/duckdb -csv -c \"set threads = 2; select level, count(*) $read group by level\" > $folder/out"
  compare avg-against-duckdb 9 1.2 \
    "sstream-reduce --input json --by .host --of .ms avg < $lines > $folder/out" \
    "$bin/duckdb -csv -c \"set threads = 2; select host, avg(ms) $read group by host\" > $folder/out"
}
duckdb
