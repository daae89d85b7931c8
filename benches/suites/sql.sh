# A batch of 2 million lines of 100 bytes in SQL, and totals that live on under a checkpoint, beside sstream-reduce, sqlite3 and DuckDB (two threads).
# Needs CONNECT=sql built, sqlite3, and for DuckDB `pip install duckdb` in the Python that PYTHON names.
# shellcheck shell=bash

lines='awk -v lines=2000000 "BEGIN { seed = 1; split(\"INFO INFO INFO INFO INFO INFO WARN ERROR DEBUG TRACE\", levels, \" \")
  for (i = 0; i < 60; i++) rest = rest \"x\"
  for (i = 0; i < lines; i++) { seed = (seed * 16807) % 2147483647
    line = sprintf(\"{\\\"time\\\":%.0f,\\\"level\\\":\\\"%s\\\",\\\"host\\\":\\\"h%d\\\",\\\"ms\\\":%d,\\\"text\\\":\\\"\", 1700000000000 + i,
      levels[seed % 10 + 1], seed % 50, seed % 997)
    print line substr(rest, 1, 97 - length(line)) \"\\\"}\" } }"'

# 100 batches of 10,000 transactions of 1 million accounts.
transactions='awk "BEGIN { seed = 1; for (batch = 0; batch < 100; batch++) { line = \"\"
  for (i = 0; i < 10000; i++) { seed = (seed * 16807) % 2147483647
    line = line sprintf(\"%s{\\\"acc\\\":%d,\\\"amount\\\":%d}\", i ? \",\" : \"\", seed % 1000000, seed % 997) }
  print \"[\" line \"]\" } }"'

in_sql() {
  local lines_file= python=${PYTHON:-python3} query='select level, count(*) as n from batch group by level' ours=
  [ "${list:-}" ] || lines_file=$(made sql-lines.jsonl "$lines")
  ours="sstream-sql --input json --batch 1h '$query' < $lines_file > $folder/out"

  compare sql-against-reduce 9 3 "$ours" \
    "sstream-reduce --input json --batch 1h --by .level count < $lines_file > $folder/out"
  echo "$query" >"$folder/query"
  resident sql-memory 64 "cat $lines_file" "sstream-sql --input json --batch 1h \"\$(cat $folder/query)\""

  # Each line a row, as .import takes it: text mode has no quotes to look for.
  cat >"$folder/import.sql" <<'END'
create table batch(line);
.mode ascii
.separator "\037" "\n"
.import /dev/stdin batch
select line ->> '$.level' as level, count(*) from batch group by level;
END
  compare sql-against-sqlite3 5 0.333 "$ours" \
    "sqlite3 :memory: '.read $folder/import.sql' < $lines_file > $folder/out"

  # Named, whatever the ratio is.
  if [ "${list:-}" ] || "$python" -c 'import duckdb' 2>/dev/null; then
    cat >"$folder/duck.py" <<END
import duckdb
base = duckdb.connect(config={"threads": 2})
base.sql("""$query""".replace("batch", "read_ndjson('$lines_file')")).show()
END
    compare sql-against-duckdb 9 100 "$ours" "$python $folder/duck.py > $folder/out"
  elif wanted sql-against-duckdb; then
    echo 'sql-against-duckdb: left out: no duckdb in this Python'
  fi

  # Named, whatever the ratio is: a table on disk beside keys in memory.
  local transactions_file=
  [ "${list:-}" ] || transactions_file=$(made sql-transactions.jsonl "$transactions")
  echo 'insert into total select acc, sum(amount) from batch group by acc
    on conflict do update set amount = amount + excluded.amount;
    select count(*) as changed from batch' >"$folder/keep"
  compare sql-living-against-state 5 100 \
    "rm -rf $folder/ck; sstream-source queue $transactions_file --checkpoint $folder/ck |
      sstream-sql --init 'create table total(acc integer primary key, amount)' \"\$(cat $folder/keep)\" > $folder/out" \
    "rm -rf $folder/ck; sstream-source queue $transactions_file --checkpoint $folder/ck |
      sstream-state --by .acc --of .amount sum --emit changed | sstream-reduce count > $folder/out"
}
in_sql
