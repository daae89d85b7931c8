"""The Python driver as the foreign client: peer.py PORT STATEMENT [SHOWN]

Runs the statement, and prints each row, or SHOWN of it, an expression in which it is `r`: as JSON, a line each, in the order of
their texts. Several statements have `;` and a newline between.
"""
import json
import logging
import sys

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster

# What it has to say of servers that come and go.
logging.disable(logging.CRITICAL)
port, statements, *shown = sys.argv[1:]
login = PlainTextAuthProvider("cassandra", "cassandra")
cluster = Cluster(["127.0.0.1"], port=int(port), auth_provider=login, protocol_version=4, connect_timeout=10, control_connection_timeout=30)
try:
    session = cluster.connect()
    session.default_timeout = 50
    for statement in statements.split(";\n"):
        rows = session.execute(statement)
    print("".join(sorted(json.dumps(eval(shown[0]) if shown else list(r), default=str) + "\n" for r in rows)), end="")
finally:
    cluster.shutdown()
