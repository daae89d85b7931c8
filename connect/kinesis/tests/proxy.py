"""Stands before Kinesis, and does what the real one does and kinesalite does not: checks signatures, by
botocore, and has bad days. Usage: proxy.py PORT UPSTREAM [CERTIFICATE KEY]

What it does is in the file `faults` of its directory, read at each request, a line each:

    throttle ACTION P       ProvisionedThroughputExceeded, with this probability
    error ACTION P          500
    cut ACTION P            the connection breaks off in the middle of the answer, after the deed
    expire P                an iterator has expired
    partial P               of a PutRecords each record is refused with this probability
    trim SEQUENCE           records up to this one are not there any more
    refuse ACTION NAME      a refusal by this name
    behind                  whoever reads is never at the end of a shard
    later SECONDS           its clock is ahead
    expired ID              the key of this ID has expired

It is an endpoint of credentials too, at /role and as the metadata service of an instance: what they give is in
the file `credentials`. Each request is a line of the file `requests`: its time, the action, the status, the key's ID.
"""

import http.client
import json
import random
import ssl
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

port, upstream = int(sys.argv[1]), int(sys.argv[2])
SECRETS = {"AKTEST": "secret-of-tests", "AKNEXT": "secret-of-others"}
chance = random.Random(5)
lock = threading.Lock()
log = open("requests", "a", buffering=1)


def faults():
    try:
        with open("faults") as file:
            return [line.split() for line in file if line.strip()]
    except FileNotFoundError:
        return []


def signature(handler, body):
    given = dict(part.strip().split("=", 1) for part in handler.headers["authorization"].split(" ", 1)[1].split(","))
    key_id, _, region, service, _ = given["Credential"].split("/")
    names = given["SignedHeaders"].split(";")
    headers = {name: handler.headers[name] for name in names}
    request = AWSRequest("POST", "http://h/", headers=headers, data=body)
    request.context["timestamp"] = handler.headers["x-amz-date"]
    token = handler.headers.get("x-amz-security-token")
    auth = SigV4Auth(Credentials(key_id, SECRETS.get(key_id, ""), token), service, region)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    needed = {"host", "x-amz-date", "x-amz-target"} | ({"x-amz-security-token"} if token else set())
    return key_id, needed <= set(names) and auth.signature(text, request) == given["Signature"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/x-amz-json-1.1"):
        ahead = sum(float(words[1]) for words in faults() if words[0] == "later")
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + ahead, usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, name, words="as the test has it", status=400):
        self.answer(status, json.dumps({"__type": name, "message": words}).encode())
        return status

    def credentials(self):
        with open("credentials") as file:
            self.answer(200, file.read().encode(), "application/json")

    def do_GET(self):
        if self.path == "/role":
            if self.headers.get("authorization") == "token-of-tests":
                return self.credentials()
        elif self.headers.get("x-aws-ec2-metadata-token") == "instance-token":
            if self.path.endswith("/security-credentials/"):
                return self.answer(200, b"role", "text/plain")
            if self.path.endswith("/security-credentials/role"):
                return self.credentials()
        self.answer(401, b"", "text/plain")

    def do_PUT(self):
        self.answer(200, b"instance-token", "text/plain")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        action = self.headers["x-amz-target"].split(".")[1]
        key_id, is_right = signature(self, body)
        status = self.serve(action, key_id, is_right, body)
        log.write(f"{time.monotonic():.3f} {action} {status} {key_id}\n")

    def serve(self, action, key_id, is_right, body):
        if not is_right:
            return self.refuse("InvalidSignatureException", "the signature is another one")
        is_cut, refused = False, []
        for fault, *words in faults():
            with lock:
                drawn = chance.random()
            if fault == "refuse" and words[0] == action:
                return self.refuse(words[1])
            if fault == "expired" and words[0] == key_id:
                return self.refuse("ExpiredTokenException")
            if fault == "throttle" and words[0] == action and drawn < float(words[1]):
                return self.refuse("ProvisionedThroughputExceededException", "Rate exceeded for shard")
            if fault == "error" and words[0] == action and drawn < float(words[1]):
                return self.refuse("InternalFailure", status=500)
            if fault == "expire" and action == "GetRecords" and drawn < float(words[0]):
                return self.refuse("ExpiredIteratorException")
            if fault == "cut" and words[0] == action and drawn < float(words[1]):
                is_cut = True
            if fault == "partial" and action == "PutRecords":
                asked = json.loads(body)
                with lock:
                    refused = [chance.random() < float(words[0]) for _ in asked["Records"]]
                asked["Records"] = [record for record, no in zip(asked["Records"], refused) if not no]
                body = json.dumps(asked).encode()
        answer, status = (b'{"Records":[]}', 200) if refused and all(refused) else self.forward(body)
        if refused and status == 200:
            taken = iter(json.loads(answer)["Records"])
            no = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
            results = [no if is_no else next(taken) for is_no in refused]
            answer = json.dumps({"FailedRecordCount": sum(refused), "Records": results}).encode()
        trims = [int(words[1]) for words in faults() if words[0] == "trim"]
        is_behind = ["behind"] in faults()
        if (trims or is_behind) and action == "GetRecords" and status == 200:
            kept = json.loads(answer)
            if trims:
                kept["Records"] = [record for record in kept["Records"] if int(record["SequenceNumber"]) > trims[0]]
            if is_behind:
                kept["MillisBehindLatest"] = 1000
            answer = json.dumps(kept).encode()
        if is_cut:
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(answer) + 10))
            self.end_headers()
            self.wfile.write(answer[: len(answer) // 2])
            self.wfile.flush()
            self.close_connection = True
            return "cut"
        self.answer(status, answer)
        return status

    def forward(self, body):
        names = ["content-type", "x-amz-target", "x-amz-date", "authorization"]
        for _ in range(2):
            try:
                if not getattr(self, "service", None):
                    self.service = http.client.HTTPConnection("127.0.0.1", upstream, timeout=30)
                self.service.request("POST", "/", body, {name: self.headers[name] for name in names})
                answer = self.service.getresponse()
                return answer.read(), answer.status
            except OSError:
                self.service = None
        return json.dumps({"__type": "ServiceUnavailable", "message": "nobody is there"}).encode(), 503


class Server(ThreadingHTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", port), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
