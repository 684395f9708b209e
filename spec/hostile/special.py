"""Rows that are more than bytes out, answer in: functions of a row's bytes (a
list of writes) and the stage that run.py sets."""
import threading
from contextlib import ExitStack

import hostile_lib
from expected import FILE
from wire import Wrong, describe

PINGS = 20000
# Bytes and turns of the server: who was read from so often, or wasn't, is clear.
FLOOD, PATIENCE = 64 << 20, 50
BIG = 8 << 20  # of the file public/s/big


def check_status(peer, status):
    answer = peer.read_answer()
    if answer.status != status:
        raise Wrong(f"http:{answer.status} came instead of {status}")
    return answer


def each_is_404(writes, stage):
    """A connection for each write."""
    for write in writes:
        with stage.connect() as peer:
            peer.send(write)
            check_status(peer, 404)


def pipelined_files(writes, stage):
    with stage.connect() as peer:
        peer.send(*writes)
        for _ in range(500):
            if check_status(peer, 200).body != FILE:
                raise Wrong("another body than the file's came")
        peer.finish()
        peer.read_end()


def pipelined_unread(writes, stage):
    """A probe is a few turns of the server, in each of which it could answer."""
    with stage.connect(receives=65536) as peer:
        sender = threading.Thread(target=peer.send, args=writes)
        sender.start()
        for _ in range(PATIENCE):
            stage.probe()
        stage.measure()
        for _ in range(10000):
            if check_status(peer, 200).body != b"hello":
                raise Wrong("another body than the handler's came")
        sender.join()


def file_read_late(writes, stage):
    """Who says nothing is dropped when handshake_timeout is over; that is how we
    learn that it is, and how long it takes."""
    with stage.connect(receives=65536) as peer:
        peer.send(*writes)
        for _ in range(2):
            before = stage.process.cpu()
            with stage.connect() as silent:
                silent.read_end()
        spent = stage.process.cpu() - before
        if spent > 0.2:
            raise Wrong(f"{spent} s of work while nobody wanted anything")
        if len(check_status(peer, 200).body) != BIG:
            raise Wrong("the file did not come whole")


def half_a_message_fifty_times(writes, stage):
    """All at once, and still waited for after somebody else's echo: memory is
    looked at while they are there."""
    with ExitStack() as stack:
        peers = [stack.enter_context(stage.connect()) for _ in range(50)]
        for peer in peers:
            peer.upgrade("/echo")
            peer.send(*writes)
        stage.probe()
        stage.measure()
        if not all(peer.is_silent() for peer in peers):
            raise Wrong("a message of which more may come was answered")
    for _ in peers:
        stage.expect_leave((1006, False))


def pings_unread(writes, stage):
    """Some pongs come, then 1008: max_control_frames is 1000 a second."""
    with stage.connect() as peer:
        peer.upgrade("/echo")
        peer.send(*writes)
        stage.measure()
        pongs = 0
        while (frame := peer.read_frame()) != ("close", 1008):
            if frame != ("pong", b"p" * 125):
                raise Wrong(f"a {frame[0]} came among the pongs")
            pongs += 1
        if not 1 <= pongs < PINGS:
            raise Wrong(f"{PINGS} pings were answered with {pongs} pongs")
    stage.expect_leave((1008, False))


def answers_unread(writes, stage):
    """In the end no request is read either. A probe is a few turns of the server,
    in each of which it would read."""
    with stage.connect(receives=4096) as peer:
        sent = waited = 0
        while waited < PATIENCE:
            if peer.send_some(writes[0]):
                sent, waited = sent + len(writes[0]), 0
            else:
                stage.probe()
                waited += 1
            if sent > FLOOD:
                raise Wrong(f"{sent >> 20} MiB of requests were read, no answer was")
        stage.measure()


def echoes_unread(writes, stage):
    """What has begun comes whole; then the Close, and none but whole echoes
    before it. It is answered in time."""
    with stage.connect(receives=65536) as peer:
        peer.upgrade("/echo")
        peer.send(*writes)
        stage.measure()
        echo = ("binary", b"a" * 1048576)
        echoes = 0
        while (frame := peer.read_frame()) == echo:
            echoes += 1
        if frame != ("close", 1013):
            raise Wrong(f"{describe(frame)} came after {echoes} echoes")
        if not 1 <= echoes < 64:
            raise Wrong(f"{echoes} of 64 messages came back")
        peer.send(hostile_lib.F(8, hostile_lib.C(1013)))
        peer.read_end()
    stage.expect_leave((1013, True))


def bad_then_good(writes, stage):
    """A new connection's message is not spoilt by what came over another."""
    for _ in range(3):
        with stage.connect() as peer:
            peer.upgrade("/echo", hostile_lib.PMD)
            peer.send(*writes)
            peer.expect_frames([("close", 1007)])
            peer.read_end()
        stage.expect_leave((1007, False))
        with stage.connect() as peer:
            peer.upgrade("/echo", hostile_lib.PMD)
            peer.send(hostile_lib.F(1, hostile_lib.Z(b"Hello"), rsv=4))
            peer.expect_frames([("text", b"Hello")])
            peer.leave()
        stage.expect_leave((1000, True))


def two_hundred_resets(writes, stage):
    peers = [stage.connect() for _ in range(200)]
    for peer in peers:
        peer.upgrade("/echo")
        peer.send(*writes)
    stage.probe()
    stage.measure()
    for peer in peers:
        peer.reset()
    for _ in peers:
        stage.expect_leave((1006, False))
