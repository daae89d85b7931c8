"""A stand-in for Cassandra that does on demand what real servers do on bad days:
hostile.py PORT [--cert FILE --key FILE] [--user NAME:PASSWORD]

It has one table, ks.t, with the columns p and k (text, the key, whose first part is the partition's), n (bigint) and v (text), and keeps its
rows as Cassandra does, each cell with a time: of two the later wins, and of two of one time the greater one. They are in the file `rows` in
its directory, as {p, k, n, v, at, writes} a line,
where `at` is the time of the newest cell and `writes` says how often the row was written. Each line of the file `faults` is for one request
that writes rows, the first one for the next:

  refuse CODE         nothing is done
  half CODE           the first half of the rows is written, and it is refused
  bad VALUE           it is refused as invalid, now and always, where a row has this n
  done CODE           all is done, and it is refused
  drop                all is done, nothing is sent, and the connection is closed
  cut                 all is done, and of the answer half is sent
  slow SECONDS        all is done, and is answered after so long
  late                all is done, and is answered after the next request is
  forget              nothing is done: the statement is not known any more
  page                nothing is done, and the answer is a page of HTML
  long                nothing is done, and an answer of 2 GiB begins
  stranger            nothing is done, and a request is answered that was not sent
  junk                nothing is done, and the answer is random bytes

With --user nobody else is let in. What came goes to the file `requests`, a JSON line each.
"""
import argparse
import json
import os
import random
import socketserver
import ssl
import struct
import threading
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("--cert")
arguments.add_argument("--key")
arguments.add_argument("--user")
arguments = arguments.parse_args()

lock = threading.Lock()
rows = {}
refused = set()
COLUMNS = [("p", 0x0D, "partition_key"), ("k", 0x0D, "clustering"), ("n", 0x02, "regular"), ("v", 0x0D, "regular")]
ERROR, READY, AUTHENTICATE, RESULT, AUTH_SUCCESS = 0x00, 0x02, 0x03, 0x08, 0x10


def string(text):
    return struct.pack(">H", len(text)) + text.encode()


def value(text):
    return struct.pack(">i", len(text)) + text.encode()


def replace_file(name, text):
    with open(name + ".new", "w") as file:
        file.write(text)
    os.replace(name + ".new", name)


def next_fault():
    try:
        lines = open("faults").read().splitlines()
    except FileNotFoundError:
        return ["none"]
    if not lines:
        return ["none"]
    replace_file("faults", "".join(line + "\n" for line in lines[1:]))
    return lines[0].split()


def keep():
    text = ""
    for key in sorted(rows):
        cells, writes = rows[key]
        shown = {name: cell[1] for name, cell in cells.items()}
        text += json.dumps({**shown, "at": max(cell[0] for cell in cells.values()), "writes": writes}) + "\n"
    replace_file("rows", text)


class Reader:
    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, form):
        fields = struct.unpack_from(form, self.body, self.at)
        self.at += struct.calcsize(form)
        return fields[0]

    def bytes(self, length):
        self.at += length
        return self.body[self.at - length:self.at]

    def value(self):
        length = self.take(">i")
        return self.bytes(length) if length >= 0 else {-1: None, -2: "unset"}[length]

    def row(self):
        """The values of one row."""
        count = self.take(">H")
        assert count == len(COLUMNS), count
        return [self.value() for _ in range(count)]


def write(row, at):
    key = row[0].decode(), row[1].decode()
    cells, writes = rows.get(key, ({}, 0))
    for (name, kind, _), given in zip(COLUMNS, row):
        if given == "unset":
            continue
        shown = None if given is None else struct.unpack(">q", given)[0] if kind == 0x02 else given.decode()
        if name not in cells or (at, str(shown)) > (cells[name][0], str(cells[name][1])):
            cells[name] = (at, shown)
    rows[key] = (cells, writes + 1)


class Handler(socketserver.BaseRequestHandler):
    is_in = not arguments.user
    knows = False
    late = b""

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.request.recv(min(count - len(data), 1 << 20))
            if not more:
                raise ConnectionError
            data += more
        return data

    def send(self, stream, op, body, part=1.0):
        frame = struct.pack(">BBhBi", 0x84, 0, stream, op, len(body)) + body
        self.request.sendall(frame[:int(len(frame) * part)] + self.late)
        self.late = b""

    def refuse(self, stream, code, words="as you wished"):
        self.send(stream, ERROR, struct.pack(">i", code) + string(words))

    def handle(self):
        try:
            while True:
                version, _, stream, op, length = struct.unpack(">BBhBi", self.exactly(9))
                assert version == 4, version
                if self.answer(stream, op, Reader(self.exactly(length))) == "close":
                    return
        except (ConnectionError, ssl.SSLError, TimeoutError):
            return

    def answer(self, stream, op, body):
        if op == 0x01:
            if self.is_in:
                return self.send(stream, READY, b"")
            return self.send(stream, AUTHENTICATE, string("org.apache.cassandra.auth.PasswordAuthenticator"))
        if op == 0x0F:
            _, name, password = body.bytes(body.take(">i")).decode().split("\0")
            self.is_in = f"{name}:{password}" == arguments.user
            if self.is_in:
                return self.send(stream, AUTH_SUCCESS, struct.pack(">i", -1))
            return self.refuse(stream, 0x0100, "Provided username ann and/or password are incorrect")
        if not self.is_in:
            return self.refuse(stream, 0x2100, "You are not logged in")
        if op == 0x07:
            return self.schema(stream)
        if op == 0x09:
            self.knows = True
            described = b"".join(string(name) + struct.pack(">H", kind) for name, kind, _ in COLUMNS)
            head = struct.pack(">i", 4) + string("id") + struct.pack(">iiiH", 1, len(COLUMNS), 1, 0)
            return self.send(stream, RESULT, head + string("ks") + string("t") + described + struct.pack(">ii", 4, 0))
        with lock:
            return self.rows(stream, op, body)

    def schema(self, stream):
        names = b"".join(string(name) + struct.pack(">H", 0x0D) for name in ("column_name", "kind", "type"))
        head = struct.pack(">iii", 2, 1, 3) + string("system_schema") + string("columns") + names
        listed = b"".join(value(name) + value(kind) + value("text") for name, _, kind in COLUMNS)
        self.send(stream, RESULT, head + struct.pack(">i", len(COLUMNS)) + listed)

    def read(self, op, body):
        """The rows of a request, and their time."""
        if op == 0x0A:
            assert body.bytes(body.take(">H")) == b"id"
            consistency, flags = body.take(">H"), body.take(">B")
            assert flags == 0x21, flags
            written = [body.row()]
        else:
            assert op == 0x0D and body.take(">B") == 1, op
            written = []
            for _ in range(body.take(">H")):
                assert body.take(">B") == 1 and body.bytes(body.take(">H")) == b"id"
                written.append(body.row())
            consistency, flags = body.take(">H"), body.take(">B")
            assert flags == 0x20, flags
        return written, consistency, body.take(">q")

    def rows(self, stream, op, body):
        written, consistency, at = self.read(op, body)
        fault, *words = next_fault()
        with open("requests", "a") as file:
            line = {"rows": len(written), "fault": fault, "at": at, "consistency": consistency, "stream": stream}
            file.write(json.dumps(line) + "\n")
        if fault == "bad":
            refused.add(int(words[0]))
        if fault == "forget" or not self.knows:
            self.knows = False
            return self.refuse(stream, 0x2500, "it is not known")
        if fault == "refuse":
            return self.refuse(stream, int(words[0], 16))
        if any(row[2] not in (None, "unset") and struct.unpack(">q", row[2])[0] in refused for row in written):
            return self.refuse(stream, 0x2200, "it is invalid")
        if fault == "page":
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: none\r\n\r\n")
            return "close"
        if fault == "long":
            self.request.sendall(struct.pack(">BBhBi", 0x84, 0, stream, RESULT, 0x7FFFFFFF) + b"x" * 1000)
            return "close"
        if fault == "stranger":
            return self.send(stream + 2048, RESULT, struct.pack(">i", 1))
        if fault == "junk":
            self.request.sendall(random.Random(int(words[0])).randbytes(1000))
            return "close"
        for row in written[:len(written) // 2] if fault == "half" else written:
            write(row, at)
        keep()
        if fault in ("half", "done"):
            return self.refuse(stream, int(words[0], 16))
        if fault == "cut":
            self.send(stream, RESULT, struct.pack(">i", 1), 0.5)
        if fault in ("cut", "drop"):
            return "close"
        if fault == "late":
            self.late = struct.pack(">BBhBi", 0x84, 0, stream, RESULT, 4) + struct.pack(">i", 1)
            return None
        if fault == "slow":
            # Others are answered meanwhile.
            lock.release()
            time.sleep(float(words[0]))
            lock.acquire()
        return self.send(stream, RESULT, struct.pack(">i", 1))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(("127.0.0.1", arguments.port), Handler) as server:
    if arguments.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.cert, arguments.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()
