"""A client and a server of Scribe, by thriftpy2.

send PORT       sends the lines of stdin, --batch of them a call, with a --category; --old is the form
                without a version. With --retry a call that is not answered OK is made again, also over a
                new connection: each time a line `again`. Without, the answers are printed.
ask PORT NAME   calls a method without arguments, and prints what it answers.
serve PORT      keeps entries in the file `got`, CATEGORY TAB MESSAGE a line, synced before they are
                answered; with --cert, a certificate and its key in one file, in TLS, as send with --ca. The first line of the file `results`, if there is one, is what the next
                call is answered instead, as `TRY_LATER` or `error`, without being kept; with `kept` before it,
                as `kept error`, it is kept all the same, as when an answer is lost. With --null nothing
                is kept, and all is answered OK, as fast as thriftpy2 can.
"""
import argparse
import json
import os
import sys
import threading
import time

import thriftpy2
from thriftpy2.protocol import TBinaryProtocolFactory
from thriftpy2.protocol.cybin import TCyBinaryProtocolFactory
from thriftpy2.rpc import make_client, make_server
from thriftpy2.transport import TFramedTransportFactory
from thriftpy2.transport.framed import TCyFramedTransportFactory

arguments = argparse.ArgumentParser()
arguments.add_argument("what", choices=["send", "ask", "serve"])
arguments.add_argument("port", type=int)
arguments.add_argument("method", nargs="?")
arguments.add_argument("--batch", type=int, default=1)
arguments.add_argument("--category", default="tests")
arguments.add_argument("--old", action="store_true")
arguments.add_argument("--retry", action="store_true")
arguments.add_argument("--null", action="store_true")
arguments.add_argument("--ca")
arguments.add_argument("--cert")
arguments = arguments.parse_args()

scribe = thriftpy2.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "scribe.thrift"), "scribe_thrift")


def client():
    if arguments.old:
        protocol, transport = TBinaryProtocolFactory(strict_read=False, strict_write=False), TFramedTransportFactory()
    else:
        protocol, transport = TCyBinaryProtocolFactory(), TCyFramedTransportFactory()
    # A certificate is that of a name.
    return make_client(scribe.scribe, "localhost" if arguments.ca else "127.0.0.1", arguments.port,
                       proto_factory=protocol, trans_factory=transport, timeout=60000, cafile=arguments.ca)


def send():
    lines = sys.stdin.read().splitlines()
    connection = None
    for at in range(0, len(lines), arguments.batch):
        entries = [scribe.LogEntry(arguments.category, line) for line in lines[at:at + arguments.batch]]
        while True:
            try:
                connection = connection or client()
                result = connection.Log(entries)
            except Exception as error:
                connection, result = None, error
            if not arguments.retry:
                print({0: "OK", 1: "TRY_LATER"}.get(result, repr(result)), flush=True)
            if result == 0 or not arguments.retry:
                break
            print("again", flush=True)
            time.sleep(0.05)


class Handler:
    lock = threading.Lock()
    # A server that was killed may have left the last line undone: nobody was answered.
    if arguments.what == "serve" and not arguments.null and os.path.exists("got"):
        whole = open("got", "rb").read()
        with open("got", "r+b") as file:
            file.truncate(whole.rfind(b"\n") + 1)
    got = open("got", "a") if arguments.what == "serve" and not arguments.null else None

    def wish(self):
        try:
            lines = open("results").read().splitlines()
        except FileNotFoundError:
            return None
        with open("results.new", "w") as file:
            file.write("".join(line + "\n" for line in lines[1:]))
        os.replace("results.new", "results")
        return lines[0] if lines else None

    def Log(self, messages):
        if arguments.null:
            return scribe.ResultCode.OK
        with self.lock:
            wish = self.wish()
            if wish is None or wish.startswith("kept "):
                self.got.write("".join(f"{entry.category}\t{json.dumps(entry.message)}\n" for entry in messages))
                self.got.flush()
                os.fsync(self.got.fileno())
            if wish and wish.endswith("error"):
                raise RuntimeError("as you wished")
            return scribe.ResultCode.TRY_LATER if wish else scribe.ResultCode.OK


def serve():
    protocol, transport = TBinaryProtocolFactory(strict_read=False), TFramedTransportFactory()
    if arguments.null:
        protocol, transport = TCyBinaryProtocolFactory(), TCyFramedTransportFactory()
    server = make_server(scribe.scribe, Handler(), "127.0.0.1", arguments.port,
                         proto_factory=protocol, trans_factory=transport, client_timeout=None,
                         certfile=arguments.cert)
    server.serve()


def ask():
    try:
        print(getattr(client(), arguments.method)())
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


{"send": send, "ask": ask, "serve": serve}[arguments.what]()
