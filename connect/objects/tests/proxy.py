"""A proxy before an S3 server that has bad days: proxy.py PORT SERVER-PORT.

The file `faults` has what goes wrong from now on, a line each: METHOD PART TIMES ACTION [ARGUMENT]. The first TIMES requests of
METHOD whose path has PART in it are answered so:

  status CODE   an error of that status
  cut BYTES     the answer ends after so many bytes of its content
  lose          the server does it, and the answer is lost
  say FILE      with the content of a file

Each request goes to the file `requests`: METHOD PATH STATUS.
"""

import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, behind = int(sys.argv[1]), int(sys.argv[2])
lock, counts = threading.Lock(), {}


def fault(method, path):
    with lock:
        try:
            lines = open("faults").read().splitlines()
        except FileNotFoundError:
            return None
        for line in lines:
            of, part, times, *action = line.split()
            if of == method and part in path and counts.get(line, 0) < int(times):
                counts[line] = counts.get(line, 0) + 1
                return action
    return None


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def tell(self, status):
        with lock, open("requests", "a") as requests:
            requests.write(f"{self.command} {self.path} {status}\n")

    def say(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        action = fault(self.command, self.path)
        if action and action[0] == "status":
            self.tell(action[1])
            return self.say(int(action[1]), b"<Error><Code>Bad</Code><Message>a bad day</Message></Error>")
        if action and action[0] == "say":
            self.tell("said")
            return self.say(200, open(action[1], "rb").read())
        try:
            server = http.client.HTTPConnection("127.0.0.1", behind, timeout=60)
            server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                server.putheader(name, value)
            server.endheaders(body or None)
            answer = server.getresponse()
        except OSError:
            self.close_connection = True
            return None
        self.tell(answer.status)
        if action and action[0] == "lose":
            answer.read()
            self.close_connection = True
            return None
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        is_chunked = answer.getheader("Content-Length") is None and self.command != "HEAD"
        if is_chunked:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        left = int(action[1]) if action and action[0] == "cut" else None
        while self.command != "HEAD" and (piece := answer.read(min(65536, 65536 if left is None else left))):
            self.wfile.write(piece)
            if left is not None:
                left -= len(piece)
                if left == 0:
                    self.close_connection = True
                    break
        server.close()
        return None

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


Server(("127.0.0.1", port), Proxy).serve_forever()
