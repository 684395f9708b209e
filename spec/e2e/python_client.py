"""python3-websockets against a server: python_client.py ECHO_PORT FIXTURE_PORT [EXTENSION]

EXTENSION: what it is to be answered, as it offers compression."""

import asyncio
import json
import sys

import websockets
from checks import check
from websockets.exceptions import ConnectionClosed, InvalidStatusCode

ECHO, FIXTURE = sys.argv[1:3]
EXTENSION = sys.argv[3] if len(sys.argv) > 3 else None
MIB = 1 << 20


def connect(port, path, **options):
    options.setdefault("max_size", 2 * MIB)
    return websockets.connect(f"ws://127.0.0.1:{port}{path}", **options)


def noise(length):
    """Bytes without a pattern that a misplaced mask or piece could repeat."""
    state = 0x9E3779B9
    found = bytearray(length)
    for i in range(length):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        found[i] = state >> 24
    return bytes(found)


def same(expected, got):
    """Fails briefly: a megabyte in a message helps nobody."""
    if expected != got:
        raise AssertionError(f"{got!r:.100} instead of {expected!r:.100}")


async def echoes(messages):
    async with connect(ECHO, "/echo") as client:
        for message in messages:
            await client.send(message)
            same(message, await client.recv())


async def text():
    await echoes(["", "a", "x" * 125, "y" * 126, "z" * 65536, "Æ, 月, 🌕", "\0"])


async def binary():
    await echoes([noise(length) for length in (0, 1, 7, 125, 126, 65535, 65536)])


async def megabytes():
    await echoes(["月a" * (MIB // 4), noise(MIB)])


async def pipelined():
    async with connect(ECHO, "/echo") as client:
        for i in range(1000):
            await client.send(str(i) if i % 2 else b"%d" % i)
        for i in range(1000):
            same(str(i) if i % 2 else b"%d" % i, await client.recv())


async def fragments():
    async with connect(ECHO, "/echo") as client:
        await client.send(["one ", "moon ", "🌕", "", " is enough"])
        same("one moon 🌕 is enough", await client.recv())
        data = noise(MIB)
        await client.send(data[at : at + 10007] for at in range(0, MIB, 10007))
        same(data, await client.recv())


async def ping_between_fragments():
    come = []
    async with connect(ECHO, "/echo") as client:

        async def halves():
            yield "half"
            pong = await client.ping("between")
            await pong
            come.append(len(client.messages))
            yield " whole"

        await client.send(halves())
        same("half whole", await client.recv())
    same([0], come)


async def pings():
    async with connect(ECHO, "/echo") as client:
        pongs = [await client.ping(f"ping {i}") for i in range(10)]
        await asyncio.gather(*pongs)


async def answers_ping():
    async with connect(FIXTURE, "/pinging") as client:
        same("pong: are you there?", await client.recv())


async def closes(code):
    async with connect(FIXTURE, "/watch") as watcher:
        same("watching", await watcher.recv())
        async with connect(FIXTURE, f"/watched?key=p{code}") as client:
            await client.close(code, "bye, Ærø")
        same(code, client.close_code)
        seen = json.loads(await watcher.recv())
    expected = {"key": f"p{code}", "code": code, "reason": "bye, Ærø", "clean": True}
    same(expected, seen)


async def ended(client):
    """The code and reason that the server has closed with."""
    try:
        while True:
            await client.recv()
    except ConnectionClosed as closed:
        return closed.rcvd and (closed.rcvd.code, closed.rcvd.reason)


async def closed_by_handler(code):
    async with connect(FIXTURE, "/closing") as client:
        await client.send(f"{code} farewell, Ærø")
        same((code, "farewell, Ærø"), await ended(client))
        same((True, False), (client.closed, client.open))


async def closed_by_on_join():
    async with connect(FIXTURE, "/unwelcome") as client:
        same((4001, "not today"), await ended(client))


async def failing_handler():
    async with connect(FIXTURE, "/failing") as client:
        await client.send("now")
        code, _ = await ended(client)
        same(1011, code)


async def refused_messages():
    async with connect(FIXTURE, "/narrow") as client:
        await client.send(b"no")
        code, _ = await ended(client)
        same(1003, code)
    async with connect(FIXTURE, "/narrow") as client:
        await client.send("x" * 101)
        code, _ = await ended(client)
        same(1009, code)


async def subprotocols():
    for offered, expected in (
        (["chat.v1", "other", "chat.v2"], "chat.v2"),
        (["chat.v1"], "chat.v1"),
        (["unknown"], None),
        (None, None),
    ):
        async with connect(FIXTURE, "/protocols", subprotocols=offered) as client:
            same(expected, client.subprotocol)
            same(expected or "none", await client.recv())


async def refused_upgrades():
    for path, options, status in (
        ("/nowhere", {}, 404),
        ("/echo", {"origin": "http://elsewhere.example"}, 403),
    ):
        try:
            async with connect(ECHO, path, **options):
                raise AssertionError(f"{path} let it in")
        except InvalidStatusCode as refused:
            same(status, refused.status_code)


async def extension():
    async with connect(ECHO, "/echo") as client:
        same(EXTENSION, client.response_headers.get("Sec-WebSocket-Extensions"))
        same(1, len(client.extensions))


async def main():
    if EXTENSION:
        await check("gets compression, which it offers", extension)
    await check("gets text back as it was", text)
    await check("gets binary back as it was", binary)
    await check("gets 1 MiB of text and of binary back", megabytes)
    await check("gets a thousand messages back in order", pipelined)
    await check("may cut a message into fragments", fragments)
    await check("may ping between fragments", ping_between_fragments)
    await check("has each ping answered", pings)
    await check("answers the server's ping", answers_ping)
    for code in (1000, 3000, 4999):
        await check(f"closes with {code} and a reason, which the handler gets", closes, code)
    for code in (1000, 1008, 3000, 4999):
        await check(f"is closed by a handler with {code} and a reason", closed_by_handler, code)
    await check("is closed by on_join", closed_by_on_join)
    await check("gets 1011 where a handler fails", failing_handler)
    await check("gets 1003 and 1009 for messages that the room refuses", refused_messages)
    await check("gets the subprotocol that the room prefers, or none", subprotocols)
    await check("is refused where no room is and where its origin is another", refused_upgrades)


asyncio.run(main())
