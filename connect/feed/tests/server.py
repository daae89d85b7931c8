"""A server for the tests of feeds: server.py PORT [--cert FILE --key FILE]

What it gives is in files of its directory, read as they grow: `lines`, as a stream of lines with a keep-alive now
and then; `events`, a line an event, as server-sent events with the line's number as ID, behind Last-Event-ID;
`messages`, a line a message, as a WebSocket's; `items`, a line a JSON value, as pages behind ?cursor=; `page`,
as it is, with an ETag. The first line of the file `statuses`, if there is one, is the status that the next
request is answered, as `503` or `429 Retry-After: 1`. While the file `silent` is there, streams say nothing.
If the file `token` is there, requests must have it. What was asked for goes to the file `asked`.
"""
import argparse
import asyncio
import hashlib
import json
import os
import ssl

from aiohttp import web

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("--cert")
arguments.add_argument("--key")
arguments = arguments.parse_args()

PAGE = 10


def lines(name):
    try:
        with open(name, "rb") as file:
            return file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return []


@web.middleware
async def wishes(request, handler):
    with open("asked", "a") as asked:
        headers = {name: request.headers.get(name) for name in ("Last-Event-ID", "If-None-Match", "User-Agent")}
        print(json.dumps({"path": request.path_qs, **headers}), file=asked)
    if os.path.exists("token") and request.headers.get("Authorization") != "Bearer " + open("token").read().strip():
        return web.Response(status=401, text="who are you?")
    wished = lines("statuses")
    if wished:
        with open("statuses", "wb") as file:
            file.write(b"".join(line + b"\n" for line in wished[1:]))
        status, _, header = wished[0].decode().partition(" ")
        return web.Response(status=int(status), headers=[header.split(": ")] if header else None, text="as you wished")
    return await handler(request)


async def follow(name, start, give, alive):
    """Gives each line from `start` on, and a sign of life between them."""
    number, idle = start, 0
    while True:
        known = lines(name) if not os.path.exists("silent") else []
        for line in known[number:]:
            await give(number + 1, line)
            number += 1
        await asyncio.sleep(0.05)
        idle += 1
        if idle % 4 == 0 and not os.path.exists("silent"):
            await alive()


async def stream_lines(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await follow("lines", 0, lambda _, line: response.write(line + b"\r\n"), lambda: response.write(b"\r\n"))


async def stream_events(request):
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)

    async def give(number, line):
        await response.write(b"id: %d\nevent: add\nda" % number)
        await response.write(b"ta: %s\n\n" % line)

    start = int(request.headers.get("Last-Event-ID") or 0)
    await follow("events", start, give, lambda: response.write(b": alive\n"))


async def websocket(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    if "hello" in request.query:
        with open("hello", "a") as file:
            print((await socket.receive()).data, file=file)
    # Pings are answered while something is waited for.
    reader = asyncio.create_task(socket.receive())

    async def give(_, line):
        await socket.send_str(line.decode())

    async def alive():
        if reader.done():
            raise ConnectionResetError

    await follow("messages", 0, give, alive)


async def items(request):
    start = int(request.query.get("cursor") or 0)
    page = lines("items")[start : start + PAGE]
    return web.json_response({"items": [json.loads(line) for line in page], "next": start + len(page)})


async def page(request):
    with open("page", "rb") as file:
        body = file.read()
    etag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers={"ETag": etag})
    return web.Response(body=body, headers={"ETag": etag})


async def no_more(request):
    return web.Response(status=204)


app = web.Application(middlewares=[wishes])
app.add_routes(
    [
        web.get("/lines", stream_lines),
        web.get("/events", stream_events),
        web.get("/messages", websocket),
        web.get("/items", items),
        web.get("/page", page),
        web.get("/over", no_more),
    ]
)
tls = None
if arguments.cert:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(arguments.cert, arguments.key)
web.run_app(app, host="127.0.0.1", port=arguments.port, ssl_context=tls, print=None, shutdown_timeout=0.1)
