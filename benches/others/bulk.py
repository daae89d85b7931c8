"""bulk.py URL INDEX: a loop over `_bulk`, as a program of one's own would have it: the lines of stdin, with an id each, in
requests of 5 MiB.
"""
import http.client
import json
import sys
import urllib.parse

url, index = sys.argv[1:3]
connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)


def send(body):
    connection.request("POST", "/_bulk?filter_path=errors,items.*.error", "".join(body), {"Content-Type": "application/x-ndjson"})
    answer = json.loads(connection.getresponse().read())
    if answer["errors"]:
        sys.exit(f"bulk.py: {answer}")


body, size = [], 0
for number, line in enumerate(sys.stdin):
    action = json.dumps({"create": {"_index": index, "_id": f"loop-of-the-benchmark-{number}"}})
    body.append(f"{action}\n{json.dumps({'message': line[:-1]})}\n")
    size += len(body[-1])
    if size >= 5 << 20:
        send(body)
        body, size = [], 0
if body:
    send(body)
