"""python3-websockets over TLS with permessage-deflate: wss_python.py PORT CA on|off

The last says whether the server keeps contexts from message to message."""

import asyncio
import os
import ssl
import sys

import websockets
from checks import check
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

PORT, AUTHORITY, TAKEOVER = sys.argv[1:4]
KEEPS_CONTEXT = TAKEOVER == "on"
MIB = 1 << 20
TEXT = ("Im Mondlicht, 月明かり. " * MIB).encode()[:MIB].decode(errors="ignore")


def connect(**options):
    tls = ssl.create_default_context(cafile=AUTHORITY)
    return websockets.connect(
        f"wss://localhost:{PORT}/echo", ssl=tls, max_size=2 * MIB, **options
    )


async def echo(client, message):
    await client.send(message)
    came = await client.recv()
    if came != message:
        raise AssertionError(f"{came!r:.100} came instead of {message!r:.100}")


async def agreement():
    async with connect() as client:
        (agreed,) = client.extensions
        for side in (agreed.local_no_context_takeover, agreed.remote_no_context_takeover):
            assert side == (not KEEPS_CONTEXT), agreed


async def text():
    async with connect() as client:
        for _ in range(3):
            await echo(client, TEXT)


async def random_bytes():
    async with connect() as client:
        for _ in range(3):
            await echo(client, os.urandom(MIB))


# An empty message behind another one: with takeover zlib makes nothing at all of it.
async def many():
    async with connect() as client:
        for size in (1000, 0, 0, 1, 511, 512, 513, 0, 16383, 16384, 16385, 65536, 0):
            await echo(client, "ab" * size)
            await echo(client, os.urandom(size))


async def fragments():
    async with connect() as client:
        await client.send(TEXT[at : at + 50000] for at in range(0, len(TEXT), 50000))
        assert await client.recv() == TEXT


async def windows():
    for bits in range(9, 16):
        offer = ClientPerMessageDeflateFactory(
            server_max_window_bits=bits, client_max_window_bits=bits
        )
        async with connect(compression=None, extensions=[offer]) as client:
            assert client.extensions[0].remote_max_window_bits == bits
            await echo(client, TEXT[:100000])
            await echo(client, os.urandom(100000).hex())


async def main():
    await check("agrees on the extension and on what contexts keep", agreement)
    await check("gets 1 MiB of text back, three times", text)
    await check("gets 1 MiB of random bytes back, three times", random_bytes)
    await check("gets messages of many sizes back, empty ones too", many)
    await check("may cut a compressed message into fragments", fragments)
    await check("may offer windows of every size", windows)


asyncio.run(main())
