"""A server for the tests of the HTTP sink: server.py PORT [--cert FILE --key FILE]

What it gets goes to the file `got` in its directory, a JSON line a request, synced before it is
answered. A request whose Idempotency-Key it has is answered and left out. The first line of the file
`statuses`, if there is one, is the status that the next request is answered instead of being
kept, as `503` or `429 Retry-After: 1`; `kept 503` keeps it all the same, as when an answer is lost.
"""
import argparse
import gzip
import http.server
import json
import os
import ssl
import threading

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("--cert")
arguments.add_argument("--key")
arguments = arguments.parse_args()

lock = threading.Lock()
keys = set()
# A server that was killed may have left the last line undone: nobody was answered.
if os.path.exists("got"):
    whole = [line for line in open("got", "rb").read().split(b"\n")[:-1]]
    with open("got.new", "wb") as file:
        file.writelines(line + b"\n" for line in whole)
    os.replace("got.new", "got")
    keys = {json.loads(line)["key"] for line in whole}
got = open("got", "ab")


def next_status():
    try:
        lines = open("statuses").read().splitlines()
    except FileNotFoundError:
        return None
    if not lines:
        return None
    with open("statuses.new", "w") as file:
        file.write("".join(line + "\n" for line in lines[1:]))
    os.replace("statuses.new", "statuses")
    return lines[0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        with lock:
            wish = next_status()
            if wish and not wish.startswith("kept "):
                status, _, header = wish.partition(" ")
                headers = [tuple(header.split(": "))] if header else []
                return self.answer(int(status), headers, b"as you wished\n")
            key = self.headers.get("Idempotency-Key")
            if key not in keys:
                line = {"key": key, "method": self.command, "path": self.path, "type": self.headers.get("Content-Type"),
                        "authorization": self.headers.get("Authorization"), "app": self.headers.get("X-App"),
                        "coding": self.headers.get("Content-Encoding"), "body": body.decode()}
                got.write(json.dumps(line).encode() + b"\n")
                got.flush()
                os.fsync(got.fileno())
                keys.add(key)
            self.answer(int(wish.split()[1]) if wish else 200)

    do_PUT = do_POST
    do_PATCH = do_POST

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
