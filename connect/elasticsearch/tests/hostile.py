"""A stand-in for Elasticsearch that does on demand what a real server does on bad days:
hostile.py PORT [--cert FILE --key FILE]

It keeps the documents of `_bulk` by their ids, as GET gives them, until DELETE: [[ID, OPERATIONS, DOCUMENT]…], where an operation is one
that changed it. Each line of the file `faults` in its directory is for one request, the first one for the next:

  items STATUS TYPE   every second operation of it is not done, and has this status
  status STATUS       nothing is done
  cut                 all is done, and of the answer half is sent
  drop                all is done, and nothing is sent
  slow SECONDS        the same, after so long
  page                nothing is done, and the answer is a page of HTML

What came goes to the file `requests`, a JSON line each.
"""
import argparse
import gzip
import http.server
import json
import os
import ssl
import threading
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("--cert")
arguments.add_argument("--key")
arguments = arguments.parse_args()

lock = threading.Lock()
documents = {}


def next_fault():
    try:
        lines = open("faults").read().splitlines()
    except FileNotFoundError:
        return []
    if not lines:
        return []
    with open("faults.new", "w") as file:
        file.write("".join(line + "\n" for line in lines[1:]))
    os.replace("faults.new", "faults")
    return lines[0].split()


def operate(action, document):
    """Does an operation: its status."""
    (op, what), = action.items()
    identity = what["_id"]
    if op == "create" and identity in documents:
        return op, 409
    count, old = documents.get(identity, (0, {}))
    document = {**old, **document["doc"]} if op == "update" else document
    documents[identity] = (count + 1, document)
    return op, 200 if count else 201


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def error(self, status, kind="made_up_exception"):
        error = {"type": kind, "reason": "as you wished"}
        self.answer(status, json.dumps({"error": error, "status": status}).encode())

    def do_GET(self):
        with lock:
            listed = [[identity, count, document] for identity, (count, document) in documents.items()]
        self.answer(200, json.dumps(listed).encode())

    def do_DELETE(self):
        with lock:
            documents.clear()
        self.answer(200, b"{}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        lines = [json.loads(line) for line in body.splitlines()]
        operations = list(zip(lines[::2], lines[1::2]))
        with lock:
            fault, *words = next_fault() or ["none"]
            with open("requests", "a") as file:
                line = {"path": self.path, "authorization": self.headers.get("Authorization"),
                        "coding": self.headers.get("Content-Encoding"), "operations": len(operations),
                        "bytes": len(body), "fault": fault}
                file.write(json.dumps(line) + "\n")
            if fault == "status":
                return self.error(int(words[0]))
            if fault == "page":
                return self.answer(200, b"<html>Welcome</html>", "text/html")
            items = []
            for place, operation in enumerate(operations):
                if fault == "items" and place % 2 == 0:
                    op, = operation[0]
                    error = {"type": words[1], "reason": "as you wished"}
                    items.append({op: {"status": int(words[0]), "error": error}})
                else:
                    op, status = operate(*operation)
                    error = {"error": {"type": "version_conflict_engine_exception", "reason": "it is there"}}
                    items.append({op: {"status": status, **(error if status == 409 else {})}})
        answer = json.dumps({"errors": any("error" in result for item in items for result in item.values()), "items": items}).encode()
        if fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer[:len(answer) // 2])
        if fault in ("cut", "drop"):
            self.close_connection = True
            return None
        if fault == "slow":
            time.sleep(float(words[0]))
        return self.answer(200, answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


server = Server(("127.0.0.1", arguments.port), Handler)
if arguments.cert:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(arguments.cert, arguments.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
