"""A target for tests: appends its records to the file FILE, synced, and gives its STATE back at the end.

target.py FILE
"""
import json
import os
import sys

state = None
streams = set()
with open(sys.argv[1], "a") as out:
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            streams.add(message["stream"])
            with open("schemas", "a") as schemas:
                schemas.write(line)
        elif message["type"] == "RECORD":
            assert message["stream"] in streams, "a record before its schema"
            out.write(json.dumps(message["record"]) + "\n")
        elif message["type"] == "STATE":
            state = message["value"]
    out.flush()
    os.fsync(out.fileno())
print(json.dumps(state))
