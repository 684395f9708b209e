"""A client's end of a TCP connection, perhaps with TLS over it: bytes out, answers
and frames in."""
import re
import socket
import ssl
import struct
import zlib
from collections import namedtuple

import hostile_lib

# Seconds: ten times the longest that a row allows for a reply.
LIMIT = 10

OPCODES = {0x1: "text", 0x2: "binary", 0x8: "close", 0x9: "ping", 0xA: "pong"}
LISTS = {"connection"}  # fields that may be there twice
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # for hostile_lib.KEY

Answer = namedtuple("Answer", "status fields body")


class Wrong(Exception):
    """What the server did, where it should have done something else."""


class Peer:
    def __init__(self, port, limit=LIMIT, receives=None, tls=None):
        """receives: how many bytes the system keeps for us until we read; tls: an
        SSLContext."""
        self.input = bytearray()
        self.limit = limit
        self.inflates = False
        self.socket = socket.socket()
        if receives:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        self.socket.settimeout(limit)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(
                self.socket,
                server_hostname="localhost",
                suppress_ragged_eofs=False,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *writes):
        for write in writes:
            self.socket.sendall(write)

    def send_some(self, data):
        """Sends what the system takes at once. Returns whether it was anything."""
        self.socket.setblocking(False)
        try:
            return self.socket.send(data) > 0
        except BlockingIOError:
            return False
        finally:
            self.socket.settimeout(self.limit)

    def finish(self):
        """Sends FIN; what comes can still be read."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Sends RST."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()

    def is_silent(self):
        """Whether neither bytes nor an end are there to be read."""
        self.socket.setblocking(False)
        try:
            self.input += self.socket.recv(65536)
            return False
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(self.limit)

    def _receive(self, what):
        """Reads once more. Returns False at the end of TCP."""
        try:
            piece = self.socket.recv(1 << 20)
        except TimeoutError:
            came = bytes(self.input[:100])
            raise Wrong(f"no {what} in {self.limit} s; {came!r} came") from None
        except ConnectionResetError:
            raise Wrong(f"a reset came instead of {what}") from None
        except ssl.SSLEOFError:
            raise Wrong(f"FIN without close_notify instead of {what}") from None
        self.input += piece
        return len(piece) > 0

    def _take(self, size, what):
        while len(self.input) < size:
            if not self._receive(what):
                came = bytes(self.input[:100])
                raise Wrong(f"the end came instead of {what}; {came!r} before")
        taken = bytes(self.input[:size])
        del self.input[:size]
        return taken

    def read_answer(self, is_head=False):
        """Reads an HTTP response whole."""
        while b"\r\n\r\n" not in self.input:
            if not self._receive("HTTP response"):
                raise Wrong(f"the end came, no response, after {bytes(self.input)!r}")
        head = self._take(self.input.index(b"\r\n\r\n") + 4, "head")
        lines = head[:-4].decode("latin-1").split("\r\n")
        first = re.fullmatch(r"HTTP/1\.1 (\d{3}) [ -~]+", lines[0])
        if not first:
            raise Wrong(f"{lines[0]!r} is no status line")
        fields = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            fields.setdefault(name.lower(), []).append(value)
        for name, values in fields.items():
            if len(values) > 1 and name not in LISTS:
                raise Wrong(f"the response has two {name} fields")
            fields[name] = ", ".join(values)
        length = 0 if is_head else int(fields.get("content-length", 0))
        return Answer(int(first[1]), fields, self._take(length, "body"))

    def upgrade(self, path, *fields):
        """fields: further ones, hostile_lib.PMD say, which has to be agreed on."""
        self.send(hostile_lib.HS(path, extra=fields))
        answer = self.read_answer()
        if answer.status != 101:
            raise Wrong(f"the handshake before it was answered with {answer.status}")
        agreed = answer.fields.get("sec-websocket-extensions", "")
        self.inflates = agreed.startswith("permessage-deflate")
        if self.inflates != (hostile_lib.PMD in fields):
            raise Wrong(f"agreed was {agreed!r}")

    def _read_length(self, short):
        length = short
        if short == 126:
            (length,) = struct.unpack(">H", self._take(2, "length"))
        elif short == 127:
            (length,) = struct.unpack(">Q", self._take(8, "length"))
        if length < {126: 126, 127: 65536}.get(short, 0):
            raise Wrong(f"length {length} is not in its shortest form")
        return length

    def read_frame(self):
        """Reads a frame: its kind and payload; of a Close the code (None: an
        empty body)."""
        first, second = self._take(2, "frame")
        kind = OPCODES.get(first & 0x0F)
        is_deflated = self.inflates and first & 0x48 == 0x40
        reserved = first & (0x30 if is_deflated else 0x70)
        if not first & 0x80 or reserved or second & 0x80 or not kind:
            raise Wrong(f"a frame begins with {first:02x} {second:02x}")
        payload = self._take(self._read_length(second), f"rest of a {kind}")
        if is_deflated:
            payload = inflate(payload)
        if kind != "close":
            return kind, payload
        payload[2:].decode()
        if len(payload) == 1 or len(payload) > 125:
            raise Wrong(f"the Close frame is {payload!r}")
        return kind, struct.unpack(">H", payload[:2])[0] if payload else None

    def read_end(self):
        """Waits for the end of TCP, and for nothing before it."""
        while not self.input and self._receive("end of TCP"):
            pass
        if self.input:
            raise Wrong(f"{bytes(self.input[:100])!r} came instead of the end of TCP")

    def expect_frames(self, frames):
        for number, wanted in enumerate(frames, 1):
            came = self.read_frame()
            if came != wanted:
                raise Wrong(
                    f"frame {number} is {describe(came)}, not {describe(wanted)}"
                )

    def expect_echo(self, text=b"and still it echoes"):
        self.send(hostile_lib.F(1, text))
        self.expect_frames([("text", text)])

    def leave(self):
        """The closing handshake, and the end that follows it."""
        self.send(hostile_lib.F(8, hostile_lib.C(1000)))
        self.expect_frames([("close", 1000)])
        self.read_end()


def inflate(payload):
    """RFC 7692 7.2.2, of a message that refers to none before it."""
    try:
        return zlib.decompress(payload + b"\0\0\xff\xff\3\0", -15)
    except zlib.error as error:
        raise Wrong(f"{payload[:40]!r} can't be inflated: {error}") from None


def describe(frame):
    kind, content = frame
    if isinstance(content, bytes) and len(content) > 40:
        return f"{kind} {content[:40]!r}... of {len(content)} bytes"
    return f"{kind} {content!r}"
