"""A stand-in for MongoDB that does on demand what real servers do on bad days:
hostile.py PORT… [--cert FILE --key FILE] [--user NAME:PASSWORD] [--set NAME]

Several ports are members of a replica set, of which the first is the primary. It keeps the documents of insert and update, all members the
same, and writes them to the file `documents` in its directory, as [COLLECTION, OPERATIONS, DOCUMENT] a line, where an operation is one
that changed it. Each line of the file `faults` is for one such command, the first one for the next:

  items CODE          every second document is not done, and has this code; of an ordered command none behind it
  refuse CODE [LABEL] nothing is done
  concern CODE        all is done, and not as safely as was wanted
  cut                 all is done, and of the answer half is sent
  drop                all is done, and nothing is sent
  slow SECONDS        the same, after so long
  step PORT           nothing is done: that member is the primary from now on
  page                nothing is done, and the answer is a page of HTML

With --user nothing is done for anybody else, who logs in by SCRAM-SHA-256. What came goes to the file `requests`, a JSON line each.
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import socketserver
import ssl
import struct
import threading
import time

import bson
from bson import json_util

arguments = argparse.ArgumentParser()
arguments.add_argument("ports", type=int, nargs="+")
arguments.add_argument("--cert")
arguments.add_argument("--key")
arguments.add_argument("--user")
arguments.add_argument("--set")
arguments = arguments.parse_args()

lock = threading.Lock()
documents = {}
primary = arguments.ports[0]


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
    listed = sorted(documents.items(), key=lambda item: (item[0][0], str(item[1][1]["_id"])))
    replace_file("documents", "".join(json_util.dumps([space, *kept]) + "\n" for (space, _), kept in listed))


def value_at(document, path):
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def insert(space, document):
    if (space, repr(document["_id"])) in documents:
        return {"code": 11000, "keyPattern": {"_id": 1}, "errmsg": "E11000 duplicate key"}
    documents[space, repr(document["_id"])] = (1, document)
    return None


def update(space, operation):
    wanted = {path: value["$eq"] if isinstance(value, dict) else value for path, value in operation["q"].items()}
    found = [key for key, (_, document) in documents.items()
             if key[0] == space and all(value_at(document, path) == value for path, value in wanted.items())]
    change = operation["u"]
    if found:
        count, document = documents[found[0]]
        document = {**document, **change["$set"]} if "$set" in change else {"_id": document["_id"], **change}
        documents[found[0]] = (count + 1, document)
    else:
        document = {**wanted, **change["$set"]} if "$set" in change else change
        document.setdefault("_id", bson.ObjectId())
        documents[space, repr(document["_id"])] = (1, document)


class Login:
    """The server's side of SCRAM-SHA-256."""

    def __init__(self, first):
        name, password = arguments.user.split(":")
        self.bare = first.removeprefix("n,,")
        parts = dict(part.split("=", 1) for part in self.bare.split(","))
        self.is_known = parts["n"] == name
        salt = b"salt and pepper"
        self.salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 4096)
        self.challenge = f"r={parts['r']}server,s={base64.b64encode(salt).decode()},i=4096"

    def mac(self, key, message):
        return hmac.new(key, message.encode(), "sha256").digest()

    def check(self, last):
        """What shows that the password is known here too; nothing where the client does not know it."""
        without, proof = last.rsplit(",p=", 1)
        message = f"{self.bare},{self.challenge},{without}"
        key = self.mac(self.salted, "Client Key")
        signature = self.mac(hashlib.sha256(key).digest(), message)
        wanted = bytes(a ^ b for a, b in zip(key, signature))
        if not self.is_known or base64.b64decode(proof) != wanted:
            return None
        server = self.mac(self.mac(self.salted, "Server Key"), message)
        return f"v={base64.b64encode(server).decode()}"


def refusal(code, words="as you wished", labels=()):
    return {"ok": 0.0, "code": code, "errmsg": words, "errorLabels": list(labels)}


class Handler(socketserver.BaseRequestHandler):
    is_in = False
    login = None

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.request.recv(min(count - len(data), 1 << 20))
            if not more:
                raise ConnectionError
            data += more
        return data

    def receive(self):
        length, number, _, kind = struct.unpack("<iiii", self.exactly(16))
        assert kind == 2013, kind
        body = self.exactly(length - 16)
        at, command = 4, {}
        while at < len(body):
            section, size = body[at], struct.unpack_from("<i", body, at + 1)[0]
            if section == 0:
                command.update(bson.decode(body[at + 1:at + 1 + size]))
            else:
                name, _, rest = body[at + 5:at + 1 + size].partition(b"\0")
                command[name.decode()] = bson.decode_all(rest)
            at += 1 + size
        return number, command

    def send(self, number, document, part=1.0):
        body = b"\0\0\0\0\0" + bson.encode(document)
        message = struct.pack("<iiii", 16 + len(body), 1, number, 2013) + body
        self.request.sendall(message[:int(len(message) * part)])

    def handle(self):
        try:
            while True:
                number, command = self.receive()
                if self.answer(number, command) == "close":
                    return
        except (ConnectionError, ssl.SSLError, TimeoutError):
            return

    def answer(self, number, command):
        name = next(iter(command))
        if name == "hello":
            role = {"isWritablePrimary": self.server.port == primary, "maxWireVersion": 21, "ok": 1.0}
            if arguments.set:
                hosts = [f"localhost:{port}" for port in arguments.ports]
                role.update(setName=arguments.set, hosts=hosts, primary=f"localhost:{primary}")
            return self.send(number, role)
        if name == "saslStart":
            self.login = Login(command["payload"].decode())
            return self.send(number, {"conversationId": 1, "done": False, "payload": self.login.challenge.encode(), "ok": 1.0})
        if name == "saslContinue":
            proof = self.login.check(command["payload"].decode())
            if proof is None:
                return self.send(number, refusal(18, "Authentication failed."))
            self.is_in = True
            return self.send(number, {"conversationId": 1, "done": True, "payload": proof.encode(), "ok": 1.0})
        if arguments.user and not self.is_in:
            return self.send(number, refusal(13, f"Command {name} requires authentication"))
        with lock:
            return self.write(number, name, command)

    def write(self, number, name, command):
        global primary
        space = f"{command['$db']}.{command[name]}"
        operations = command.get("documents") or command.get("updates") or []
        fault, *words = next_fault() if operations else ["none"]
        with open("requests", "a") as file:
            line = {"port": self.server.port, "command": name, "space": space, "operations": len(operations), "fault": fault,
                    "ordered": command.get("ordered"), "concern": command.get("writeConcern")}
            file.write(json.dumps(line) + "\n")
        if fault == "step":
            primary = int(words[0])
        if self.server.port != primary:
            return self.send(number, refusal(10107, "not primary"))
        if fault == "refuse":
            return self.send(number, refusal(int(words[0]), labels=words[1:]))
        if fault == "page":
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: none\r\n\r\n")
            return "close"
        errors = []
        for place, operation in enumerate(operations):
            if fault == "items" and place % 2 == 0:
                error = {"code": int(words[0]), "errmsg": "as you wished"}
                if int(words[0]) == 11000:
                    error["keyPattern"] = {path: 1 for path in operation["q"]}
            else:
                error = (insert if name == "insert" else update)(space, operation)
            if error:
                errors.append({"index": place, **error})
                if command["ordered"]:
                    break
        keep()
        answer = {"n": len(operations) - len(errors), "ok": 1.0}
        if errors:
            answer["writeErrors"] = errors
        if fault == "concern":
            answer["writeConcernError"] = {"code": int(words[0]), "errmsg": "waiting for replication timed out"}
        if fault == "cut":
            self.send(number, answer, 0.5)
        if fault in ("cut", "drop"):
            return "close"
        if fault == "slow":
            # Others are answered meanwhile.
            lock.release()
            time.sleep(float(words[0]))
            lock.acquire()
        return self.send(number, answer)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port):
        self.port = port
        super().__init__(("127.0.0.1", port), Handler)
        if arguments.cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(arguments.cert, arguments.key)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


servers = [Server(port) for port in arguments.ports]
for server in servers[1:]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
servers[0].serve_forever()
