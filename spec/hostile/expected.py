"""What Moonroom does with each row: the strictest of the answers that the row
permits, so that a looser one is seen. run.py refuses what a row doesn't permit."""
from dataclasses import dataclass, field

from wire import ACCEPT

FILE = b"here\n"  # in public/s/index.html of the fixture


@dataclass
class Expected:
    status: int = None  # of the answer; None: none is waited for
    fields: dict = field(default_factory=dict)  # that it has
    length: str = None  # its Content-Length, though it has no body (HEAD)
    lacks: bytes = None  # what its body doesn't have
    frames: list = field(default_factory=list)  # then, in this order
    is_dropped: bool = False  # then the end, without an answer
    leave: tuple = None  # on_leave's code and clean; None: no client was there
    end: str = None  # after the bytes we send "fin" or "rst"
    run: str = None  # a function of special*.py instead of all this

    @property
    def is_closed(self):
        closes = self.frames and self.frames[-1][0] == "close"
        return bool(self.is_dropped or closes or self.status not in (None, 101))


def answer(status, **more):
    """Answered as HTTP, which nearly always means refused."""
    return Expected(status=status, **more)


def upgraded(*frames, leave=(1000, True), **fields):
    """101, perhaps with fields (None: without that one), then frames. Where it
    stays open the client leaves by itself."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Expected(status=101, fields=named, frames=list(frames), leave=leave)


def opened(*frames):
    """These frames come; the connection stays open."""
    return Expected(frames=list(frames), leave=(1000, True))


def failed(code, *frames):
    """These frames come, then our Close: the client is at fault."""
    return Expected(frames=[*frames, ("close", code)], leave=(code, False))


def closed(code):
    """The client's Close is answered with the same code, None for none."""
    return Expected(frames=[("close", code)], leave=(code or 1005, True))


def dropped(end, frames=()):
    """A client that goes without a Close."""
    return Expected(
        frames=list(frames), is_dropped=True, leave=(1006, False), end=end
    )


def unanswered(end):
    """A peer that goes before its request is whole."""
    return Expected(is_dropped=True, end=end)


def special(name):
    return Expected(run=name)


def text(payload):
    return ("text", payload)


def binary(payload):
    return ("binary", payload)


def pong(payload):
    return ("pong", payload)


UPGRADE = {"upgrade": "websocket", "connection": "Upgrade"}
WRONG_VERSION = {**UPGRADE, "sec-websocket-version": "13"}

HTTP = {
    "H01": upgraded(sec_websocket_accept=ACCEPT, **UPGRADE),
    "H04": answer(400),
    "H05": answer(426, fields=UPGRADE),
    "H07": answer(426, fields=UPGRADE),
    "H08": upgraded(),
    "H10": answer(400),
    "H11": answer(400),
    "H13": answer(400),
    "H14": answer(400),
    "H16": answer(426, fields=WRONG_VERSION),
    "H17": answer(426, fields=WRONG_VERSION),
    "H19": answer(405, fields={"allow": "GET"}),
    "H20": answer(501),
    "H22": answer(505),
    "H23": answer(505),
    "H25": answer(400),
    "H26": answer(414),
    "H28": answer(431),
    "H29": answer(431),
    "H31": answer(400),
    "H32": answer(400),
    "H34": answer(400),
    "H35": answer(400),
    "H37": answer(400),
    "H38": answer(400),
    "H40": answer(400),
    "H41": upgraded(),
    "H43": answer(400),
    "H44": answer(400),
    "H45": answer(200),
    "H46": answer(400),
    "H47": answer(400),
    "H49": answer(404, lacks=b"root:"),
    "H50": answer(404),
    "H52": answer(404, lacks=b"root:"),
    "H53": special("each_is_404"),
    "H55": answer(200, length=str(len(FILE))),
    "H56": answer(400),
    "H58": answer(400),
    "H59": answer(400),
    "H61": answer(501),
    "H62": answer(400),
    "H64": answer(400),
    "H65": answer(413),
    "H67": answer(400),
    "H68": answer(400),
    "H70": special("pipelined_unread"),
    "H71": answer(403),
    "H73": answer(403),
    "H74": answer(403),
    "H76": answer(400),
    "H77": upgraded(),
    "H79": answer(400),
    "H80": answer(400),
    "H85": answer(400),
    "H86": answer(400),
    "H88": answer(400),
    "H89": upgraded(text(b"early")),
}

NO_TAKEOVER = (
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
)

DEFLATE = {
    "D01": opened(text(b"Hello")),
    "D04": upgraded(sec_websocket_extensions=None),
    "D05": upgraded(sec_websocket_extensions=None),
    "D07": upgraded(sec_websocket_extensions=None),
    "D08": upgraded(sec_websocket_extensions=None),
    "D09": upgraded(sec_websocket_extensions=NO_TAKEOVER),
    "D11": upgraded(sec_websocket_extensions=None),
    "D13": failed(1002),
    "D14": failed(1002),
    "D16": failed(1002),
    "D19": failed(1009),
    "D20": failed(1009),
    "D21": opened(binary(bytes(1048576))),
    "D22": failed(1009),
    "D23": opened(text(b"")),
    "D25": opened(text(b"Hello"), text(b"next")),
    "D26": failed(1007),
    "D28": opened(text(b"plain")),
    "D29": opened(pong(b"p"), text(b"Hello")),
    "D31": failed(1007),
    "D32": special("bad_then_good"),
}

TLS = {
    "T01": special("plain_http"),
    "T02": special("tls_1_1"),
    "T08": special("long_record"),
    "T10": special("end_in_a_frame"),
    "T11": special("alpn_h2"),
    "T13": special("half_open"),
    "T14": special("reads_late"),
    "T19": special("reset_after_handshake"),
}

FRAME = {
    "F01": opened(text(b"Hello")),
    "F04": failed(1002),
    "F05": failed(1002),
    "F07": failed(1002),
    "F08": failed(1002),
    "F11": failed(1002),
    "F12": opened(pong(b"a" * 125)),
    "F13": failed(1002),
    "F14": failed(1002),
    "F16": failed(1002),
    "F19": failed(1002, text(b"a")),
    "F20": failed(1002),
    "F22": failed(1002),
    "F23": failed(1002),
    "F25": failed(1002),
    "F26": failed(1002),
    "F28": failed(1002),
    "F29": failed(1002),
    "F31": failed(1007),
    "F32": closed(4999),
    "F33": closed(None),
    "F34": failed(1002),
    "F35": failed(1002),
    "F37": failed(1009),
    "F38": failed(1009),
    "F40": opened(binary(b"a" * 1048576)),
    "F41": failed(1009),
    "F43": special("half_a_message_fifty_times"),
    "F44": failed(1007),
    "F46": failed(1007),
    "F47": failed(1007),
    "F49": opened(text(b"\xe2\x82\xac")),
    "F50": failed(1007),
    "F52": opened(text(b"\x00\xef\xbf\xbf\xef\xbb\xbf")),
    "F53": failed(1008),
    # Reading goes on and nothing is closed: what can't leave is replaced by the
    # latest pong (RFC 6455 5.5.3), so the queue never grows.
    "F55": special("pings_unread"),
    "F56": opened(),
    "F58": closed(1000),
    "F59": dropped("fin"),
    "F61": opened(text(b"Hello" * 40)),
    "F62": opened(text(b"Hello")),
    "F63": opened(pong(b"p"), text(b"ab")),
    "F64": closed(1001),
    "F65": failed(1003),
    "F67": opened(*[text(b"a")] * 1000),
    "F70": opened(text(b"")),
}

# The others are in ops_rows.lua alone.
OPS = {
    "O13": special("stopped_processes"),
    "O14": special("one_never_reads"),
    "O23": special("reset_while_queued"),
    "O25": special("little_memory"),
}
