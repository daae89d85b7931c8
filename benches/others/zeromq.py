"""zeromq.py push|pull ENDPOINT [COUNT]: a loop of pyzmq, as a program of one's own would have it.

push connects and sends the lines of stdin; pull is bound, and takes COUNT messages.
"""
import sys

import zmq

role, endpoint = sys.argv[1:3]
socket = zmq.Context.instance().socket(zmq.PUSH if role == "push" else zmq.PULL)
if role == "push":
    socket.connect(endpoint)
    for line in sys.stdin.buffer:
        socket.send(line[:-1])
    socket.close()
    zmq.Context.instance().term()
else:
    socket.bind(endpoint)
    for _ in range(int(sys.argv[3])):
        socket.recv()
