"""What fake-gcs-server lacks of Google Cloud Storage, before it: google.py PORT SERVER-PORT.

Objects are put by the XML API's requests, which that server does not know: PUT of a name, its conditions and what is kept beside it
as headers, and uploads in parts. Each becomes a request of the JSON API, so that whether there is such an object, and what its condition says,
is that server's own answer. All else goes through as it is.
"""

import http.client
import json
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.etree import ElementTree

port, behind = int(sys.argv[1]), int(sys.argv[2])
META, MATCH = "x-goog-meta-", "x-goog-if-generation-match"
lock, uploads = threading.Lock(), {}


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        # Of HEAD it is the length of what is not sent.
        length = dict((name.lower(), value) for name, value in headers).get("content-length", len(body))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def ask(self, method, path, body, headers):
        server = http.client.HTTPConnection("127.0.0.1", behind, timeout=60)
        server.request(method, path, body, headers)
        answer = server.getresponse()
        return answer.status, answer.read(), answer.getheaders()

    def xml(self, name, **children):
        root = ElementTree.Element(name)
        for child, text in children.items():
            ElementTree.SubElement(root, child).text = text
        self.answer(200, ElementTree.tostring(root), [("Content-Type", "application/xml"), ("x-goog-generation", "1")])

    def insert(self, bucket, name, content, headers):
        """An object, by one request of the JSON API: what it is, and its content."""
        beside = {key[len(META):]: value for key, value in headers.items() if key.startswith(META)}
        about = {"name": name, "metadata": beside, "contentType": headers.get("content-type", "application/octet-stream")}
        line = uuid.uuid4().hex
        parts = [("application/json", json.dumps(about).encode()), ("application/octet-stream", content)]
        body = b"".join(f"--{line}\r\nContent-Type: {kind}\r\n\r\n".encode() + part + b"\r\n" for kind, part in parts)
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=multipart"
        if MATCH in headers:
            path += f"&ifGenerationMatch={headers[MATCH]}"
        return self.ask("POST", path, body + f"--{line}--\r\n".encode(), {"Content-Type": f"multipart/related; boundary={line}"})

    def inserted(self, status, body, headers):
        """How the XML API says it."""
        if status != 200:
            return self.answer(status, body, headers)
        made = json.loads(body)
        return self.answer(200, b"", [("ETag", f'"{made["etag"]}"'), ("x-goog-generation", made["generation"])])

    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        bucket, _, name = unquote(url.path).lstrip("/").partition("/")
        query = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        # That server goes by the name that it is called.
        headers = {key.lower(): value for key, value in self.headers.items() if key.lower() != "host"}
        if bucket in ("storage", "upload") or not name:
            return self.answer(*self.ask(self.command, self.path, body or None, headers))
        if "uploads" in query:
            upload = uuid.uuid4().hex
            with lock:
                uploads[upload] = (headers, {})
            return self.xml("InitiateMultipartUploadResult", Bucket=bucket, Key=name, UploadId=upload)
        if "uploadId" in query:
            return self.upload(bucket, name, query, body)
        if self.command == "PUT":
            return self.inserted(*self.insert(bucket, name, body, headers))
        status, content, said = self.ask(self.command, self.path, body or None, headers)
        if status in (200, 206):
            # What is kept beside it, which that server tells in JSON alone.
            _, about, _ = self.ask("GET", f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}", None, {})
            beside = json.loads(about).get("metadata", {})
            known = {key.lower() for key, _ in said}
            said += [(META + key, value) for key, value in beside.items() if (META + key).lower() not in known]
        return self.answer(status, content, said)

    def upload(self, bucket, name, query, body):
        upload = query["uploadId"]
        with lock:
            known = uploads.get(upload)
        if known is None:
            return self.answer(404, b"<Error><Code>NoSuchUpload</Code></Error>")
        headers, parts = known
        if self.command == "PUT":
            parts[int(query["partNumber"])] = body
            return self.answer(200, b"", [("ETag", f'"{query["partNumber"]}"'), ("x-goog-generation", "1")])
        with lock:
            del uploads[upload]
        if self.command == "DELETE":
            return self.answer(204)
        asked = [int(number.text) for number in ElementTree.fromstring(body).iter() if number.tag.endswith("PartNumber")]
        status, said, answered = self.insert(bucket, name, b"".join(parts[number] for number in asked), headers)
        if status != 200:
            return self.answer(status, said, answered)
        return self.xml("CompleteMultipartUploadResult", Bucket=bucket, Key=name, ETag=json.loads(said)["etag"])

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do


ThreadingHTTPServer(("127.0.0.1", port), Front).serve_forever()
