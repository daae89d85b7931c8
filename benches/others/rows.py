"""rows.py PORT TABLE: the objects of stdin, a line each, as rows, by a prepared statement and the Python driver's execute_concurrent, as a program of one's
own would have it.
"""
import itertools
import json
import sys

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster
from cassandra.concurrent import execute_concurrent_with_args

port, table = sys.argv[1:3]
login = PlainTextAuthProvider("cassandra", "cassandra")
cluster = Cluster(["127.0.0.1"], port=int(port), auth_provider=login, protocol_version=4)
session = cluster.connect()
insert = session.prepare(f"INSERT INTO {table} (p, n, message) VALUES (?, ?, ?)")
rows = ((row["p"], row["n"], row["message"]) for row in map(json.loads, sys.stdin))
while some := list(itertools.islice(rows, 10_000)):
    execute_concurrent_with_args(session, insert, some, concurrency=128)
cluster.shutdown()
