#!/usr/bin/env python3
"""Bytes of the server's resident memory that an idle client takes, over TCP and TLS,
without compression and with it:

    idle.py MOONROOM_BINARY CERT KEY

Each client has sent a message and got it back before it goes idle, so that
whatever a connection keeps is there. The first clients are not counted: what the
server has only once comes with them."""
import os
import re
import resource
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import zlib

FIRST, MORE = 500, 2000
MESSAGE = b"an idle client has said this, and heard it again; " * 20
MASK = bytes(4)
TAIL = b"\0\0\xff\xff"
HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n{}\r\n"
)
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
SCRIPT = """
local moonroom = require "moonroom"
local Echo = moonroom.Room:extend("Echo")
function Echo:on_text(client, text) client:send(text) end
return Echo
"""
COMPRESSED = ["--compression", "on"]
TAKEOVER = [*COMPRESSED, "--compression-takeover", "on"]
SMALL = ["--compression-window-bits", "10"]
SCENARIOS = [
    ("plain", [], False),
    ("permessage-deflate", COMPRESSED, False),
    ("permessage-deflate, context takeover", TAKEOVER, False),
    ("the same, windows of 10 bits", [*TAKEOVER, *SMALL], False),
    ("TLS", [], True),
    ("TLS, permessage-deflate", COMPRESSED, True),
]


class Server:
    """A Moonroom of its own on a free port."""

    def __init__(self, binary, script, flags):
        self.process = subprocess.Popen(
            [binary, "run", "--listen", "127.0.0.1:0", *flags, script],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        self.port = None
        said = b""
        while not self.port:
            line = self.process.stderr.readline()
            if not line:
                sys.exit(f"idle.py: the server ended: {said.decode()}")
            said += line
            found = re.search(rb"https?://[\w.:\[\]-]+:(\d+)/", line)
            self.port = found and int(found[1])

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024

    def stop(self):
        self.process.kill()
        self.process.wait()


def frame(payload, first):
    size = len(payload)
    header = [size] if size < 126 else [126, *size.to_bytes(2, "big")]
    header[0] |= 0x80
    return bytes([first, *header]) + MASK + payload


def request(is_compressed):
    head = HANDSHAKE.format(OFFER if is_compressed else "").encode()
    if not is_compressed:
        return head + frame(MESSAGE, 0x81)
    compressor = zlib.compressobj(1, zlib.DEFLATED, -9)
    data = compressor.compress(MESSAGE) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return head + frame(data.removesuffix(TAIL), 0xC1)


def read_echo(client):
    """Reads the 101 and the frame behind it."""
    came = b""
    while b"\r\n\r\n" not in came or len(came.split(b"\r\n\r\n", 1)[1]) < 4:
        came += client.recv(65536)
    head, rest = came.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 101 "):
        sys.exit(f"idle.py: {head[:200]!r} came")
    size = rest[1] if rest[1] < 126 else 2 + int.from_bytes(rest[2:4], "big")
    while len(rest) < 2 + size:
        rest += client.recv(65536)


def connect(port, tls, said):
    client = socket.create_connection(("127.0.0.1", port))
    if tls:
        client = tls.wrap_socket(client, server_hostname="localhost")
    client.sendall(said)
    read_echo(client)
    return client


def measure(server, tls, is_compressed):
    said = request(is_compressed)
    clients = [connect(server.port, tls, said) for _ in range(FIRST)]
    before = server.memory()
    clients += [connect(server.port, tls, said) for _ in range(MORE)]
    grown = server.memory() - before
    poll = select.poll()
    for client in clients:
        poll.register(client, select.POLLIN)
    gone = poll.poll(0)
    for client in clients:
        client.close()
    if gone:
        sys.exit(f"idle.py: {len(gone)} clients were not left alone")
    return grown / MORE


def main(binary, certificate, key):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < FIRST + MORE + 100:
        sys.exit(f"idle.py: needs {FIRST + MORE + 100} descriptors, may have {hard}")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT)
        script.flush()
        for name, flags, is_secure in SCENARIOS:
            tls = None
            if is_secure:
                flags = [*flags, "--tls-cert", certificate, "--tls-key", key]
                tls = ssl.create_default_context(cafile=certificate)
            flags = ["--ping-interval", "0", *flags]
            server = Server(binary, script.name, flags)
            try:
                size = measure(server, tls, "--compression" in flags)
                print(f"{size:10.0f}  {name}", flush=True)
            finally:
                server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
