"""The rows of the group tls, as special.py: functions of a row's bytes and the
stage. Its clients speak TLS; those that don't, or not as ours do, are made here."""
import ssl
import time
from contextlib import ExitStack

import hostile_lib
from wire import Peer, Wrong, describe

TIMEOUT = 2  # seconds: the fixture's handshake_timeout
HALF_OPEN = 200
RESETS = 500
# More than the kernels keep for a client that doesn't read, less than send_queue.
BROADCASTS, BROADCAST_SIZE = 35, 100000


def plain(stage, **how):
    """A client without TLS on the TLS port."""
    return Peer(stage.port, **how)


def read_to_end(peer):
    """All that comes until TCP ends, or is reset."""
    came = bytearray()
    try:
        while piece := peer.socket.recv(65536):
            came += piece
    except ConnectionResetError:
        pass
    except TimeoutError:
        raise Wrong(f"no end of TCP in {peer.limit} s; {bytes(came[:100])!r} came") from None
    return bytes(came)


def check_alert(came, *descriptions):
    """An alert record (RFC 8446 6) with one of these, or only the end."""
    if came and (came[0] != 21 or came[-1] not in descriptions):
        raise Wrong(f"{came[:100]!r} is none of the alerts {descriptions}")


class Refused:
    """Asserts that a TLS handshake fails by this alert."""

    def __init__(self, alert):
        self.alert = alert

    def __enter__(self):
        return self

    def __exit__(self, _, error, __):
        if error is None:
            raise Wrong("the handshake succeeded")
        if not isinstance(error, ssl.SSLError):
            return False
        if f"alert {self.alert} " not in str(error):
            raise Wrong(f"{error} came, not the alert {self.alert}")
        return True


def context(**how):
    """One that trusts anybody, with attributes set."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    for name, value in how.items():
        setattr(made, name, value)
    return made


def plain_http(writes, stage):
    """It learns what port this is; a WebSocket it gets none."""
    with plain(stage) as peer:
        peer.send(*writes)
        answer = peer.read_answer()
        if answer.status != 400 or b"TLS" not in answer.body:
            raise Wrong(f"http:{answer.status} {answer.body!r} came")
        peer.read_end()


def tls_1_1(writes, stage):
    old = context(
        minimum_version=ssl.TLSVersion.TLSv1_1,
        maximum_version=ssl.TLSVersion.TLSv1_1,
    )
    old.set_ciphers("ALL:@SECLEVEL=0")
    with Refused("protocol version"):
        Peer(stage.port, tls=old)


def long_record(writes, stage):
    with plain(stage) as peer:
        peer.send(*writes)
        check_alert(read_to_end(peer), 22)  # record_overflow


def end_in_a_frame(writes, stage):
    """FIN without close_notify is no clean end, after whole messages neither."""
    for size in (10, 1000):
        with stage.connect() as peer:
            peer.upgrade("/echo")
            peer.expect_echo()
            peer.send(hostile_lib.F(1, b"a" * size)[: size // 2])
            peer.finish()
            read_to_end(peer)
        stage.expect_leave((1006, False))


def alpn_h2(writes, stage):
    only_h2 = context()
    only_h2.set_alpn_protocols(["h2"])
    with Refused("no application protocol"):
        Peer(stage.port, tls=only_h2)
    both = context()
    both.set_alpn_protocols(["h2", "http/1.1"])
    with Peer(stage.port, tls=both) as peer:
        if peer.socket.selected_alpn_protocol() != "http/1.1":
            raise Wrong(f"{peer.socket.selected_alpn_protocol()} was agreed")
        peer.upgrade("/echo")
        peer.leave()
    stage.expect_leave((1000, True))


def half_open(writes, stage):
    """Half have sent nothing, half the beginning of a ClientHello."""
    with ExitStack() as stack:
        began = time.monotonic()
        peers = [stack.enter_context(plain(stage)) for _ in range(HALF_OPEN)]
        for peer in peers[::2]:
            peer.send(bytes.fromhex("16030100f1010000ed0303"))
        before = time.monotonic()
        stage.probe()
        if time.monotonic() - before > 1:
            raise Wrong("an echo beside them took more than a second")
        stage.measure()
        for peer in peers:
            read_to_end(peer)
        if time.monotonic() - began < TIMEOUT * 0.9:
            raise Wrong("they were dropped before handshake_timeout")


def reads_late(writes, stage):
    """What a full socket took half of goes on where it stopped: all messages come,
    in order and whole."""
    with stage.connect(receives=4096) as slow, stage.connect() as speaker:
        slow.upgrade("/all")
        speaker.upgrade("/all")
        sent = [b"%d " % n + b"b" * BROADCAST_SIZE for n in range(BROADCASTS)]
        for payload in sent:
            speaker.send(hostile_lib.F(2, payload))
            speaker.expect_frames([("binary", payload)])
        stage.probe()
        for number, payload in enumerate(sent):
            frame = slow.read_frame()
            if frame != ("binary", payload):
                raise Wrong(f"message {number} is {describe(frame)}")
        slow.leave()
        speaker.leave()
    for _ in range(2):
        stage.expect_leave((1000, True))


def reset_after_handshake(writes, stage):
    for _ in range(RESETS):
        stage.connect().reset()
    for _ in range(5):
        stage.probe()
    open_now = stage.process.descriptors()
    if open_now > 40:
        raise Wrong(f"{open_now} descriptors are open afterwards")
