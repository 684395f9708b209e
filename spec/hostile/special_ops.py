"""Rows of the group ops that take more sockets than Lua's clients could: functions
as those of special.py, of the rooms in ops_rows.lua."""
import os
import resource
import select
import signal

import hostile_lib
from wire import Wrong, describe

LIMIT = 100  # seconds: an answer on a busy machine


def text(payload):
    return hostile_lib.F(1, payload)


def be_patient(peer):
    peer.limit = LIMIT
    peer.socket.settimeout(LIMIT)
    return peer


def expect_leaves(stage, leave, count):
    be_patient(stage.watcher)
    for _ in range(count):
        stage.expect_leave(leave)


# --- O13 ---

PROCESSES, SOCKETS = 5, 25


def answer_pings(stage, ready):
    """A process of clients that do nothing else."""
    peers = {}
    for _ in range(SOCKETS):
        peer = be_patient(stage.connect())
        peer.upgrade("/pinged")
        peers[peer.socket] = peer
    os.write(ready, b"r")
    while True:
        for readable in select.select(list(peers), [], [])[0]:
            kind, payload = peers[readable].read_frame()
            if kind == "ping":
                peers[readable].send(hostile_lib.F(10, payload))


def fork_clients(stage, ready):
    """In a process group of its own: should we die, stopped ones are ended by HUP."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        try:
            answer_pings(stage, ready)
        finally:
            os._exit(1)
    return pid


def stopped_processes(writes, stage):
    """Of five processes four are stopped: their 100 clients leave, and nobody else
    does while the fifth goes on."""
    heard, ready = os.pipe()
    children = [fork_clients(stage, ready) for _ in range(PROCESSES)]
    try:
        os.close(ready)
        for _ in children:
            if not os.read(heard, 1):
                raise Wrong("its clients can't connect")
        for child in children[1:]:
            os.kill(child, signal.SIGSTOP)
        expect_leaves(stage, (1006, False), SOCKETS * (PROCESSES - 1))
        stage.probe()
        os.kill(children[0], signal.SIGKILL)
        expect_leaves(stage, (1006, False), SOCKETS)
    finally:
        os.close(heard)
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


# --- O14 ---

MEMBERS, MESSAGES, SIZE = 200, 10000, 1024
BATCH = 100  # messages on their way at a time, so that only one member is slow


def message(number):
    return number.to_bytes(4, "big") * (SIZE // 4)


def batch_from(number):
    """What is sent, under a mask of zeros, and what each member gets."""
    messages = [message(number + at) for at in range(BATCH)]
    sent = b"".join(b"\x82\xfe\x04\x00\0\0\0\0" + one for one in messages)
    return sent, b"".join(b"\x82\x7e\x04\x00" + one for one in messages)


def receive_whole(peer, buffer):
    """Like recv with MSG_WAITALL, which a Python socket with a time-out can't."""
    view = memoryview(buffer)
    at = 0
    while at < len(buffer):
        size = peer.socket.recv_into(view[at:])
        if size == 0:
            raise Wrong("a member that reads was closed")
        at += size


def broadcast_from(number, members):
    sent, wanted = batch_from(number)
    members[0].send(sent)
    buffer = bytearray(len(wanted))
    for member in members:
        receive_whole(member, buffer)
        if buffer != wanted:
            raise Wrong(f"messages {number} and on came otherwise than in order")


def expect_closed_as_slow(peer, stage):
    """What it gets is a beginning of all the messages, then 1013."""
    count = 0
    while (frame := peer.read_frame()) == ("binary", message(count)):
        count += 1
    if frame != ("close", 1013):
        raise Wrong(f"{describe(frame)} came after {count} messages")
    peer.send(hostile_lib.F(8, hostile_lib.C(1013)))
    peer.read_end()
    expect_leaves(stage, (1013, True), 1)
    return count


def join(stage, path, count):
    """Members that read, and one who won't."""
    members = [be_patient(stage.connect()) for _ in range(count - 1)]
    silent = be_patient(stage.connect(receives=65536))
    for peer in (*members, silent):
        peer.upgrade(path)
    return members, silent


def most_queued(member):
    member.send(text(b"queued?"))
    return int(member.read_frame()[1])


def leave_all(members, stage):
    for member in members:
        member.leave()
        stage.expect_leave((1000, True))


def beyond_the_hard_limit(stage):
    members, silent = join(stage, "/all", MEMBERS)
    for number in range(0, MESSAGES, BATCH):
        broadcast_from(number, members)
    stage.measure()
    if expect_closed_as_slow(silent, stage) == MESSAGES:
        raise Wrong("who never read was sent everything")
    leave_all(members, stage)


def beyond_the_soft_limit(stage):
    """It stays above it, and is sent nothing more; it is read when it is closed, and
    so no member any more."""
    members, silent = join(stage, "/soft", 3)
    number = 0
    while most_queued(members[0]) <= 1 << 20:
        broadcast_from(number, members)
        number += BATCH
    while most_queued(members[0]) > 0:
        pass
    expect_closed_as_slow(silent, stage)
    leave_all(members, stage)


def one_never_reads(writes, stage):
    beyond_the_hard_limit(stage)
    beyond_the_soft_limit(stage)


# --- O23 ---

QUEUES, ROUNDS = 20, 3
SLACK = 4 << 20  # bytes that the allocator may keep of 20 MiB


def queue_and_reset(stage):
    peers = []
    for _ in range(QUEUES):
        peers.append(be_patient(stage.connect(receives=4096)))
        peers[-1].upgrade("/unread")
        peers[-1].send(text(b"1 MiB"))
        stage.watcher.expect_frames([("text", b"queued")])
    stage.measure()
    for peer in peers:
        peer.reset()
    expect_leaves(stage, (1006, False), QUEUES)
    stage.probe()


def reset_while_queued(writes, stage):
    be_patient(stage.watcher)
    before = stage.process.memory()
    for _ in range(ROUNDS):
        queue_and_reset(stage)
        kept = stage.process.memory() - before
        if stage.is_bounded and kept > SLACK:
            raise Wrong(f"{kept >> 10} KiB of {QUEUES} MiB were not given back")


# --- O25 ---

CONNECTS, GREEDY = 5000, 2000
PART = hostile_lib.F(2, bytes(60000))  # of the greedy ones' messages, but its last byte


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def try_to_join(stage):
    """A client, or None where it was refused."""
    peer = be_patient(stage.connect())
    try:
        peer.upgrade("/quiet")
        return peer
    except (Wrong, ConnectionError):
        peer.socket.close()
        return None


def is_echoed(peer):
    """Whether its message came back; else it was refused, or the client was."""
    try:
        peer.send(PART[-1:])
        frame = peer.read_frame()
    except (Wrong, ConnectionError):
        return False
    if frame[0] == "binary" and frame[1] != bytes(60000):
        raise ValueError("another message came back")
    return frame[0] == "binary"


def send_part(peer):
    try:
        peer.send(PART[:-1])
    except ConnectionError:
        pass


def joined(stage):
    return [peer for _ in range(CONNECTS) if (peer := try_to_join(stage))]


def little_memory(writes, stage):
    """Some connect and some messages are echoed, some of either may be refused;
    afterwards nothing is."""
    raise_descriptor_limit()
    be_patient(stage.watcher)
    peers = joined(stage)
    greedy = peers[:GREEDY]
    for peer in greedy:
        send_part(peer)
    echoes = sum(is_echoed(peer) for peer in greedy)
    if not 0 < echoes < len(greedy):
        raise Wrong(f"{echoes} of {len(greedy)} messages came back")
    for peer in peers:
        peer.socket.close()
    stage.probe()
    with stage.connect() as peer:
        peer.upgrade("/quiet")
        peer.send(text(b"count"))
        peer.expect_frames([("text", b"1")])
