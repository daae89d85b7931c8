#!/usr/bin/env python3
"""Writes cases.jsonl: what SQLite itself answers on an ordinary table of the records.

A case is {"query", "rows"}; the first line is the batch. Python's sqlite3 is the witness."""
import json
import sqlite3

BATCH = [
    {"host": "a", "level": "ERROR", "ms": 12, "load": 0.5},
    {"host": "b", "level": "INFO", "ms": 7, "load": 1.25},
    {"host": "a", "level": "INFO", "ms": None, "load": 2},
    {"host": "c", "level": "ERROR", "ms": 30, "load": -0.125},
    {"host": "b", "level": "WARN", "ms": 7},
    {"host": "a", "level": "error", "ms": 100, "load": 0.5},
    {"level": "INFO", "ms": 1, "load": 3},
]
QUERIES = [
    "select level, count(*) as n from batch group by level order by n desc, level",
    "select level, count(*) as n from batch group by level",
    "select distinct host from batch",
    "select distinct level from batch order by level desc",
    "select host, level, count(*) as n from batch group by host, level",
    "select host, sum(ms) as s, avg(load) as l, max(ms) as m from batch group by host having count(*) > 1",
    "select count(ms) as c, count(*) as n, min(load) as least, total(ms) as t from batch",
    "select * from batch where ms > 7 order by ms",
    "select host from batch where load is null",
    "select ms, rank() over (order by ms) as r from batch order by r, host",
    "select host, ms, sum(ms) over (partition by host order by rowid) as run from batch order by host, rowid",
    "select a.host, a.ms, b.ms as other from batch a join batch b on a.host = b.host and a.ms < b.ms order by 1, 2, 3",
    "with slow as (select * from batch where ms >= 12) select level, group_concat(host, '+') as hosts from slow group by level",
    "select upper(level) as l, count(*) as n from batch group by 1 order by 1",
    "select case when ms is null then 'none' when ms < 10 then 'fast' else 'slow' end as speed, count(*) as n from batch group by speed",
    "select level from batch where level like 'err%' order by rowid",
    "select ms / 2 as half, ms % 5 as rest, ms || 'ms' as text, -load as minus from batch order by rowid",
    "select host, ms from batch order by host desc, ms limit 3 offset 1",
    "select host from batch union select level from batch",
    "select ms from batch where host = 'a' except select 12",
    "select max(ms), host from batch",
    "select exists (select 1 from batch where ms > 99) as slow, (select min(ms) from batch) as least",
    "select count(*) as n from batch group by host order by host",
    "select host, count(*) as n from batch group by host order by host desc",
    "select level collate nocase as l, count(*) as n from batch group by level collate nocase",
    "select distinct load from batch order by load",
    "select load, count(*) as n from batch group by load",
    "values (1, 'x'), (2.5, null)",
]

names = ["host", "level", "ms", "load"]
db = sqlite3.connect(":memory:")
db.execute(f"create table batch({','.join(names)})")
db.executemany("insert into batch values(?,?,?,?)", [[r.get(n) for n in names] for r in BATCH])
with open(__file__.replace("cases.py", "cases.jsonl"), "w", encoding="utf-8") as out:
    print(json.dumps(BATCH), file=out)
    for query in QUERIES:
        cursor = db.execute(query)
        columns = [column[0] for column in cursor.description]
        rows = [dict(zip(columns, row)) for row in cursor]
        print(json.dumps({"query": query, "rows": rows}), file=out)
