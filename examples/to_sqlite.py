"""Counts by word in a SQLite database, each batch in it once, whatever is killed.

    … | sstream-sink exec --keep -- python3 to_sqlite.py FILE

The records are pairs [word, count]. The batch's time is written in the same transaction as its
counts, so that a batch that comes again after a crash is known, and left out.
"""

import itertools
import json
import os
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("create table if not exists counts(word text primary key, count integer)")
database.execute("create table if not exists commits(sink text primary key, batch integer)")
# The same after a restart, and nobody else's. Without a checkpoint there is none, and nothing comes again.
job, stage = os.environ.get("SSTREAM_JOB"), os.environ.get("SSTREAM_STAGE")
sink = job and f"{job}/{stage}"

for head in sys.stdin:
    batch = json.loads(head)
    records = [json.loads(line) for line in itertools.islice(sys.stdin, batch["records"])]
    end = sys.stdin.readline()
    database.execute("begin immediate")
    [newest] = database.execute("select max(batch) from commits where sink = ?", [sink]).fetchone()
    if newest is None or batch["batch"] > newest:
        database.executemany(
            "insert into counts values (?, ?) on conflict do update set count = count + excluded.count", records
        )
        if sink:
            database.execute("insert or replace into commits values (?, ?)", [sink, batch["batch"]])
    database.execute("commit")
    # It is in the database: now, and not before, the batch is done.
    print(end, end="", flush=True)
