"""A peer of another make: libzmq, by pyzmq.

peer.py pull|sub|push|pub|xpub ENDPOINT… [--bind] [--topic PREFIX]… [--count N] [--delay S] [--hwm N]
        [--certificate FILE] [--server-key FILE]

Lines of stdin are messages, parts of messages are between tabs; what is received goes to stdout in the
same form. An xpub waits until somebody has subscribed.
"""
import argparse
import sys
import time

import zmq
import zmq.auth

parser = argparse.ArgumentParser()
parser.add_argument("role", choices=["pull", "sub", "push", "pub", "xpub"])
parser.add_argument("endpoint", nargs="+")
parser.add_argument("--bind", action="store_true")
parser.add_argument("--topic", action="append", default=[])
parser.add_argument("--count", type=int, default=-1)
parser.add_argument("--delay", type=float, default=0)
parser.add_argument("--hwm", type=int)
parser.add_argument("--certificate")
parser.add_argument("--server-key")
options = parser.parse_args()

socket = zmq.Context.instance().socket(getattr(zmq, options.role.upper()))
if options.hwm is not None:
    socket.hwm = options.hwm
if options.certificate:
    socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(options.certificate)
    if options.server_key:
        socket.curve_serverkey = zmq.auth.load_certificate(options.server_key)[0]
    else:
        socket.curve_server = True
for topic in options.topic:
    socket.subscribe(topic.encode())
for endpoint in options.endpoint:
    socket.bind(endpoint) if options.bind else socket.connect(endpoint)

if options.role in ("pull", "sub"):
    while options.count != 0:
        parts = socket.recv_multipart()
        sys.stdout.buffer.write(b"\t".join(parts) + b"\n")
        sys.stdout.buffer.flush()
        options.count -= 1
        time.sleep(options.delay)
else:
    if options.role == "xpub":
        socket.recv()
    for line in sys.stdin.buffer:
        socket.send_multipart(line.rstrip(b"\n").split(b"\t"))
        if options.delay:
            time.sleep(options.delay)
    socket.close()
    zmq.Context.instance().term()
