"""Runs rows of the tables against a server, and prints a line for each: its id,
a tab, and "ok" or what was wrong.

    run.py PORT PID bounded|unbounded CA|- ID...
                           PID: the server's, whose memory is bounded, or not
                           looked at; CA: what its certificate is verified with,
                           "-" where it isn't spoken to over TLS
    run.py bytes ID...     prints the rows' writes in hex, separated by commas
"""
import csv
import os
import re
import ssl
import sys

import hostile_lib

import expected
import expected_more
import special
import special_ops
import special_tls
from wire import LIMIT, LISTS, Peer, Wrong

HERE = os.path.dirname(os.path.abspath(__file__))
EXPECTED = {
    **expected.HTTP,
    **expected.FRAME,
    **expected_more.HTTP,
    **expected_more.FRAME,
    **expected.DEFLATE,
    **expected_more.DEFLATE,
    **expected.TLS,
    **expected.OPS,
}
SPECIAL = {"ops": special_ops, "tls": special_tls}  # by group; else special
PATHS = {"ECHO": "/echo", "TEXTONLY": "/textonly", "PMD": "/echo"}  # of the fixtures
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20}


def read_rows():
    rows = {}
    for name in ("hostile.tsv", "more.tsv"):
        with open(os.path.join(HERE, name), encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
                rows[row["id"]] = row
    return rows


def writes_of(row):
    if not row["py"]:
        return []
    value = eval(row["py"], vars(hostile_lib))
    return [value] if isinstance(value, bytes) else value


def bound_of(row):
    """How many bytes more the row may take; None: any number."""
    found = re.search(r"rss\+<(\d+)(KiB|MiB)", row["bound"])
    return int(found[1]) * UNITS[found[2]] if found else None


def limit_of(row):
    """Ten times the seconds that the row gives for a reply."""
    found = re.search(r"reply<=(\d+)ms", row["bound"])
    return int(found[1]) / 100 if found else LIMIT


class Process:
    """The server's, as proc(5) shows it."""

    def __init__(self, pid):
        self.pid = pid

    def _read(self, name):
        with open(f"/proc/{self.pid}/{name}", encoding="ascii") as file:
            return file.read()

    def _memory(self, name):
        found = re.search(rf"^{name}:\s+(\d+) kB", self._read("status"), re.M)
        if not found:
            raise Wrong("the server has died")
        return int(found[1]) * 1024

    def memory(self):
        return self._memory("VmRSS")

    def peak(self):
        return self._memory("VmHWM")

    def reset_peak(self):
        """Makes peak() begin anew; where that isn't allowed there is no peak."""
        try:
            with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as refs:
                refs.write("5")
        except PermissionError:
            self.peak = self.memory

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu(self):
        """Seconds."""
        user, system = self._read("stat").rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Stage:
    """The server, and what is looked at after each row."""

    def __init__(self, port, pid, is_bounded, tls):
        self.port = port
        self.tls = tls  # for its clients; None: they speak plainly
        self.process = Process(pid)
        self.is_bounded = is_bounded
        self.limit = LIMIT
        self.watcher = None

    def connect(self, **how):
        """A new client: see Peer."""
        return Peer(self.port, tls=self.tls, **how)

    def watch(self):
        """Hears of every on_leave, from the next row's on."""
        self.watcher = self.connect()
        self.watcher.upgrade("/leaves")
        with self.connect() as peer:
            peer.upgrade("/echo")
            peer.send(hostile_lib.F(8, hostile_lib.C(4000)))
        while self.watcher.read_frame() != ("text", b"4000 True"):
            pass

    def expect_leave(self, leave):
        """on_leave was called, for nobody else in between: so never twice."""
        code, clean = leave
        self.watcher.expect_frames([("text", b"%d %s" % (code, str(clean).encode()))])

    def probe(self):
        """A new echo works."""
        with self.connect() as peer:
            peer.upgrade("/echo")
            peer.expect_echo()
            peer.leave()
        self.expect_leave((1000, True))

    def begin(self, limit):
        self.limit = limit
        self.peak = 0
        self.process.reset_peak()
        self.before = self.process.memory()

    def measure(self):
        self.peak = max(self.peak, self.process.peak())

    def check_memory(self, bound):
        self.measure()
        grown = self.peak - self.before
        if self.is_bounded and bound is not None and grown > bound:
            raise Wrong(f"the server's memory has grown by {grown >> 10} KiB")


def check_answer(wanted, answer):
    if answer.status != wanted.status:
        raise Wrong(f"http:{answer.status} came instead of {wanted.status}")
    fields = {**wanted.fields}
    if wanted.length:
        fields["content-length"] = wanted.length
    for name, value in fields.items():
        got = answer.fields.get(name)
        is_listed = name in LISTS and value in (got or "").split(", ")
        if got != value and not is_listed:
            raise Wrong(f"{name} is {got!r}, not {value!r}")
    if wanted.lacks and wanted.lacks in answer.body:
        raise Wrong(f"the body is {answer.body!r}")


def finish(row, wanted, peer):
    """What comes after the answer and the frames: see the row's conn_after."""
    if wanted.is_closed:
        if row["conn_after"] != "any" or wanted.status is None:
            peer.read_end()
    elif wanted.leave:
        peer.expect_echo()
        peer.leave()


def converse(row, wanted, writes, stage):
    with stage.connect(limit=stage.limit) as peer:
        if row["via"] == "ws":
            peer.upgrade(PATHS[row["fixture"]])
        elif row["via"] == "pmd":
            peer.upgrade(PATHS[row["fixture"]], hostile_lib.PMD)
        peer.send(*writes)
        if wanted.end == "rst":
            peer.reset()
            return
        if wanted.end == "fin":
            peer.finish()
        if wanted.status is not None:
            is_head = writes[0].startswith(b"HEAD ")
            check_answer(wanted, peer.read_answer(is_head))
        peer.expect_frames(wanted.frames)
        finish(row, wanted, peer)


def check_permitted(row, wanted):
    """What is expected here must be what the row says."""
    text = row["expect"]
    codes = [content for kind, content in wanted.frames if kind == "close"]
    for code in [wanted.status, *codes]:
        is_said = code is None or re.search(rf"\b{code}\b", text)
        if not is_said and "close reply" not in text:
            raise Wrong(f"{code} is expected, but the row says {text!r}")
    if wanted.is_dropped and "drop" not in text:
        raise Wrong(f"the end is expected, but the row says {text!r}")
    if row["conn_after"] != "any" and not wanted.run:
        if wanted.is_closed != (row["conn_after"] == "closed"):
            raise Wrong(f"the row wants it {row['conn_after']} afterwards")


def run_row(row, stage):
    wanted = EXPECTED.get(row["id"])
    if wanted is None:
        raise Wrong("no expectation is written for this row")
    check_permitted(row, wanted)
    writes = writes_of(row)
    stage.begin(limit_of(row))
    if wanted.run:
        module = SPECIAL.get(row["group"], special)
        getattr(module, wanted.run)(writes, stage)
    else:
        converse(row, wanted, writes, stage)
        if wanted.leave:
            stage.expect_leave(wanted.leave)
    stage.probe()
    stage.check_memory(bound_of(row))


def result_of(row, stage):
    try:
        if not stage.watcher:
            stage.watch()
        run_row(row, stage)
        return "ok"
    except (Wrong, OSError, ValueError) as error:
        stage.watcher = None  # it may hear of this row again
        return f"{type(error).__name__}: {error}"


# The greediest of the rows: what it makes the server keep is its working set.
WARM_UP = ("F40", "F46", "F67", "H01", "D20", "D21")


def is_served_with(row, other):
    """Whether one server has the fixtures of both."""
    return (row["fixture"] == "PMD") == (other["fixture"] == "PMD")


def main(first, *rest):
    rows = read_rows()
    rowless = EXPECTED.keys() - rows.keys()
    if rowless:
        sys.exit(f"expected, but in no table: {rowless}")
    if first == "bytes":
        for row_id in rest:
            print(row_id, ",".join(w.hex() for w in writes_of(rows[row_id])), sep="\t")
        return
    hostile_lib.PORT = int(first)
    pid, bounded, authority, *ids = rest
    tls = None if authority == "-" else ssl.create_default_context(cafile=authority)
    stage = Stage(hostile_lib.PORT, int(pid), bounded == "bounded", tls)
    for row_id in WARM_UP if stage.is_bounded and not tls else ():
        if is_served_with(rows[row_id], rows[ids[0]]):
            result_of({**rows[row_id], "bound": ""}, stage)
    for row_id in ids:
        print(row_id, result_of(rows[row_id], stage), sep="\t", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
