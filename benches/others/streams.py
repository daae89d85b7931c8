"""Serves a file over HTTP, for the benchmarks of feeds: streams.py FILE

Whoever asks gets all of it at once. Then the connection stays, as a feed's does; of /whole it ends. Prints its port.
"""
import socket
import sys
import threading

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def give(client):
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += client.recv(4096)
    try:
        client.sendall(HEAD)
        with open(sys.argv[1], "rb") as file:
            client.sendfile(file)
        while b" /whole " not in asked and client.recv(4096):
            pass
    except OSError:
        pass
    client.close()


server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    threading.Thread(target=give, args=server.accept()[:1], daemon=True).start()
