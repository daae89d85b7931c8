"""A tap for tests, of what is in the file `numbers`, a number a line.

tap.py [--state FILE] [--lines N]: gives the numbers behind its STATE, and a STATE after every N of them (100).

Beside it the file `tap.runs` says what STATE each run was given. If there is a file `follow` it goes on as
`numbers` grows; what is in a file `extra` is written first.
"""
import json
import os
import sys
import time

arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
every = int(arguments.get("--lines", 100))
state = json.load(open(arguments["--state"])) if "--state" in arguments else {"bookmarks": {"n": 0}}
with open("tap.runs", "a") as runs:
    runs.write(f"{state['bookmarks']['n']}\n")
out = sys.stdout
if os.path.exists("extra"):
    out.write(open("extra").read())
print(json.dumps({"type": "SCHEMA", "stream": "n", "schema": {}, "key_properties": ["n"]}))
print("\x1b[31mINFO begins", file=sys.stderr)
count = 0
with open("numbers") as numbers:
    while True:
        line = numbers.readline()
        if not line.endswith("\n"):
            if not os.path.exists("follow"):
                break
            out.flush()
            numbers.seek(numbers.tell() - len(line))
            time.sleep(0.02)
            continue
        number = int(line)
        if number <= state["bookmarks"]["n"]:
            continue
        out.write('{"type":"RECORD","stream":"n","record":{"n":%d},"time_extracted":"2026-01-02T03:04:05Z"}\n' % number)
        count += 1
        if count % every == 0:
            out.write(json.dumps({"type": "STATE", "value": {"bookmarks": {"n": number}}}) + "\n")
            out.flush()
if count % every:
    out.write(json.dumps({"type": "STATE", "value": {"bookmarks": {"n": number}}}) + "\n")
