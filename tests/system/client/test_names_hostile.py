"""Name servers, and those who pretend to be one, that send what they should not.

Whatever comes, a look-up ends within its deadline, nothing wrong is believed, the right
answer is taken where it comes afterwards, and memory stays bounded.
"""
import concurrent.futures
import contextlib
import dataclasses
import itertools
import random
import select
import socket
import struct
import threading

import pytest

import worlds
from harness import DEADLINE, HALE, SLOWER, has_own_memory
from worlds import (A, AAAA, CNAME, NXDOMAIN, SILENT, Say, Setup, Zone, address, cname,
                    encode_name, record)

DEADLINE_S = 1 * SLOWER  # a program's own
LATER_S = 0.7 * SLOWER  # that a program may take beyond its own deadline, on a busy machine
RSS_KB = 1536
SIDE_BY_SIDE = 4
RIGHT_V4, RIGHT_V6 = "192.0.2.1", "2001:db8::1"
RIGHT = f"{RIGHT_V4} {RIGHT_V6}"
EVIL_V4, EVIL_V6 = "192.0.2.66", "2001:db8::66"
ZONE = Zone({"db.test": RIGHT, "db.b.test": RIGHT})
NOTHING = "nothing"
EITHER = "either"
ROWS = {}


@dataclasses.dataclass
class Row:
    setup: Setup
    gives: str
    host: str = "db.test"


def row(title, script, gives=NOTHING, host="db.test", text="", more=None):
    assert title not in ROWS
    ROWS[title] = Row(Setup({"127.0.0.1": script, **(more or {})},
                            "nameserver 127.0.0.1\n" + text), gives, host)


def right(q):
    return ZONE(q).message(q)


def evil(q, **how):
    """An answer with addresses that nobody may believe."""
    return Say((address(EVIL_V6 if q.type == AAAA else EVIL_V4),), **how).message(q)


def changed(message, at, data):
    return message[:at] + data + message[at + len(data):]


def spoofs(title, forge, **rest):
    """Two rows: forged answers alone, and the right one after them."""
    row(title, forge, **rest)
    row(title + ", then the right answer", lambda q: [*listed(forge(q)), right(q)], RIGHT, **rest)


def listed(said):
    return list(said) if isinstance(said, (list, tuple)) else [said]


# --- it is not the answer to this question ---------------------------------

def other_id(q, by=1):
    return changed(evil(q), 0, struct.pack("!H", (q.id + by) % 65536))


def asking(name="db.test", kind=None, klass=1):
    """Answers as though this had been asked."""
    def forge(q):
        asked = encode_name(name) + struct.pack("!HH", kind or q.type, klass)
        return evil(q, question=asked)
    return forge


spoofs("another id", other_id)
spoofs("an id of 0", lambda q: changed(evil(q), 0, b"\0\0") if q.id else SILENT)
spoofs("its bytes turned", lambda q: changed(evil(q), 0, q.raw[1::-1])
       if q.raw[0] != q.raw[1] else SILENT)
spoofs("100 other ids", lambda q: [other_id(q, by) for by in range(1, 101)])
spoofs("another name", asking("dc.test"))
spoofs("a longer name", asking("db.test.evil"))
spoofs("a shorter name", asking("db"))
spoofs("the root", asking(""))
spoofs("another class", asking(klass=3))
spoofs("another type", asking(kind=worlds.TXT))
spoofs("the other family's question", lambda q: asking(kind=A if q.type == AAAA else AAAA)(q))
spoofs("no question", lambda q: evil(q, question=b""))
spoofs("two questions", lambda q: changed(evil(q, question=q.section * 2), 4, b"\0\2"))
spoofs("a question, not an answer", lambda q: changed(evil(q), 2, b"\1"))
spoofs("its own question sent back", lambda q: q.raw)
spoofs("another kind of message", lambda q: changed(evil(q), 2, bytes([0x81 | 4 << 3])))
spoofs("NXDOMAIN with another id", lambda q: changed(NXDOMAIN.message(q), 0, b"\0\0")
       if q.id else SILENT)
spoofs("NXDOMAIN for another name", lambda q: Say(
    rcode=3, question=encode_name("dc.test") + q.section[-4:]).message(q))


class Elsewhere:
    """Answers rightly by another socket than the one that was asked."""

    def __init__(self, where, port=53):
        self.at = (where, port)

    def __call__(self, q):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(self.at)
            sock.sendto(evil(q), q.peer)


class ElsewhereAndRight(Elsewhere):
    def __call__(self, q):
        super().__call__(q)
        return right(q)


for name, where in (("another port", ("127.0.0.1", 5353)), ("another address", ("127.0.0.66",)),
                    ("another address and port", ("127.0.0.66", 5353))):
    row(f"from {name}", Elsewhere(*where))
    row(f"from {name}, then the right answer", ElsewhereAndRight(*where), RIGHT)


def second_server(q):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.2", 53))
        sock.sendto(evil(q), q.peer)
    return SILENT


row("from the second server, which was not asked", second_server,
    text="nameserver 127.0.0.2\n")
row("a datagram of 60,000 bytes", lambda q: [evil(q) + bytes(60000)], EITHER)
row("an answer of 60,000 bytes without TC, then the right one", lambda q: [
    changed(Say(tuple(address(f"198.18.{i >> 8}.{i & 255}") for i in range(3000)))
            .message(dataclasses.replace(q, proto="tcp")), 0, struct.pack("!H", q.id ^ 1)),
    right(q)], RIGHT)
row("the answer to A for both", lambda q: right(q) if q.type == A else [
    changed(right(dataclasses.replace(q, raw=q.raw[:q.end - 4] + b"\0\1\0\1")), 0, q.raw[:2])],
    EITHER)


class Old:
    """In the second domain, first answers once more what was asked in the first."""

    def __init__(self):
        self.old = []

    def __call__(self, q):
        if q.name == "db.b.test":
            return [*(evil(old) for old in self.old), right(q)]
        self.old.append(q)
        return [NXDOMAIN, NXDOMAIN]


row("late answers for the domain before", Old(), RIGHT, host="db", text="search a.test b.test\n")
row("each answer ten times", lambda q: [right(q)] * 10, RIGHT)

# --- what is broken --------------------------------------------------------

def raw(q, *records, count=None, rest=b""):
    """Answer records as they are, and what the head says of their number."""
    body = b"".join(records)
    return struct.pack("!HHHHHH", q.id, 0x8180, 1, len(records) if count is None else count,
                       0, 0) + q.section + body + rest


def evil_record(q, owner):
    """Owner in bytes."""
    return address(EVIL_V6 if q.type == AAAA else EVIL_V4, owner)


# By where they stand in the message.
OWNERS = {
    "a pointer to itself": lambda at: struct.pack("!H", 0xc000 | at),
    "two pointers that point at each other": lambda at: struct.pack(
        "!HH", 0xc000 | at + 2, 0xc000 | at),
    "a pointer forward": lambda at: struct.pack("!H", 0xc000 | at + 40),
    "a pointer beyond the end": lambda at: b"\xff\xff",
    "a pointer into the head": lambda at: b"\xc0\2",
    "labels that lead back to themselves": lambda at: b"\1a" + struct.pack("!H", 0xc000 | at),
    "a label of the reserved kind 01": lambda at: b"\x42ab\0",
    "a label of the reserved kind 10": lambda at: b"\x82ab\0",
    "a name of 300 bytes": lambda at: (b"\x3f" + b"a" * 63) * 5 + b"\0",
    "a name of 4,000 labels": lambda at: b"\1a" * 4000 + b"\0",
    "a label that goes beyond the end": lambda at: b"\x3fa",
}


def owned(q, owner):
    """An address whose owner is this."""
    return raw(q, evil_record(q, owner(q.end)))


def aliased(q, owner):
    """An alias for this, and an address that the alias has as its owner."""
    alias = record(CNAME, owner(q.end + 12))
    return raw(q, alias, evil_record(q, struct.pack("!H", 0xc000 | q.end + 12)))


for title, make in OWNERS.items():
    row(title, lambda q, o=make: owned(q, o))
    row(title + ", then the right answer", lambda q, o=make: [owned(q, o), right(q)], RIGHT)
    row(title + " as an alias", lambda q, o=make: aliased(q, o))


def chain_of_pointers(q):
    """Each points at the one before it: 2,000 steps to a name."""
    at = q.end + 12
    steps = b"".join(struct.pack("!H", 0xc000 | (12 if i == 0 else at + 2 * i - 2))
                     for i in range(2000))
    return raw(q, record(worlds.TXT, steps),
               evil_record(q, struct.pack("!H", 0xc000 | at + 2 * 1999)))


row("2,000 pointers in a row", chain_of_pointers, EITHER)
for size in (0, 3, 5, 15, 17, 65535):
    def sized(q, size=size):
        data = (b"\xc0\0\2\x42" + bytes(13))[:size]
        return raw(q, b"\xc0\x0c" + struct.pack("!HHIH", q.type, 1, 60, size) + data)
    row(f"an address of {size} bytes", sized)
row("an IPv4 address of 16 bytes", lambda q: raw(q, record(A, bytes(16))))
row("an IPv6 address of 4 bytes", lambda q: raw(q, record(AAAA, b"\xc0\0\2\x42")))
row("fewer records than it says", lambda q: raw(q, evil_record(q, b"\xc0\x0c"), count=65535))
row("no answer, it says, and there is one", lambda q: raw(q, evil_record(q, b"\xc0\x0c"), count=0))
row("no questions, it says, and there is one", lambda q: changed(evil(q), 4, b"\0\0"))
row("9 questions, it says", lambda q: changed(evil(q), 4, b"\0\x09"))
row("all prefixes of the right answer", lambda q: [right(q)[:n] for n in range(len(right(q)))])
row("all prefixes of the right answer, then the whole", lambda q: [
    right(q)[:n] for n in range(len(right(q)) + 1)], RIGHT)
row("datagrams of no bytes", lambda q: [b""] * 50)
row("datagrams of no bytes, then the right answer", lambda q: [b""] * 50 + [right(q)], RIGHT)
row("an address of class CHAOS", lambda q: raw(
    q, changed(evil_record(q, b"\xc0\x0c"), 4, b"\0\3")))
row("an address as authority only", lambda q: Say(
    authority=(evil_record(q, b"\xc0\x0c"),)).message(q))
row("an address beside only", lambda q: Say(
    additional=(evil_record(q, b"\xc0\x0c"),)).message(q))
row("an address of another name", lambda q: raw(q, evil_record(q, encode_name("dc.test"))))
row("a broken end behind the right answer", lambda q: changed(
    right(q) + b"\xff" * 9, 10, b"\0\5"), EITHER)
for code in (1, 2, 3, 4, 5):
    row(f"an address with the code {code}", lambda q, code=code: evil(q, rcode=code))

# --- aliases ---------------------------------------------------------------

def aliases(*chain):
    """CNAMEs one after the other."""
    return tuple(cname(to, None if i == 0 else chain[i - 1]) for i, to in enumerate(chain))


row("an alias to itself", lambda q: Say((cname("db.test"),)))
row("two aliases in a circle", lambda q: Say(aliases("a.test", "db.test")))
row("an alias, and an address of neither", lambda q: Say(
    (cname("a.test"), evil_record(q, encode_name("c.test")))))
row("two aliases for one name, each with an address", lambda q: Say((
    cname("a.test"), cname("b.test"), evil_record(q, encode_name("b.test")),
    address(RIGHT_V6 if q.type == AAAA else RIGHT_V4, "a.test"))), EITHER)
row("a thousand aliases", lambda q: Say((*aliases(*(f"a{i}.test" for i in range(1000))), address(
    EVIL_V6 if q.type == AAAA else EVIL_V4, "a999.test"))), EITHER)
row("a thousand aliases in reverse", lambda q: Say(tuple(reversed((
    *aliases(*(f"a{i}.test" for i in range(1000))), address(
        EVIL_V6 if q.type == AAAA else EVIL_V4, "a999.test"))))), EITHER)
row("a circle of 500 aliases", lambda q: Say(
    aliases(*(f"a{i}.test" for i in range(500)), "db.test")))
MANY = [f"198.18.{i >> 8}.{i & 255}" for i in range(4000)]
random.Random(1).shuffle(MANY)


# --- TCP -------------------------------------------------------------------

class Tcp:
    """Says by UDP that the answer needs TCP; serve(talk) is what TCP does then, in a
    thread of its own, until the client goes or the row ends."""

    def __init__(self, serve):
        self.serve = serve
        self.ends = []

    def __deepcopy__(self, _):
        return Tcp(self.serve)

    def __call__(self, q):
        return Say(tc=True)

    def tcp(self, sock):
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=self.live, args=(sock, theirs), daemon=True)
        thread.start()
        self.ends.append((ours, thread))

    def live(self, sock, stop):
        with sock, stop, contextlib.suppress(OSError):
            sock.settimeout(DEADLINE)
            self.serve(Talk(sock, stop))

    def close(self):
        for end, thread in self.ends:
            end.close()
            thread.join()


class Talk:
    """A connection that questions come by."""

    def __init__(self, sock, stop):
        self.sock, self.stop, self.got = sock, stop, b""

    def question(self):
        """The next one; OSError where there is none."""
        while len(self.got) < 2 or len(self.got) < 2 + struct.unpack("!H", self.got[:2])[0]:
            if self.stop in select.select([self.sock, self.stop], [], [])[0]:
                raise ConnectionAbortedError
            data = self.sock.recv(4096)
            if not data:
                raise ConnectionAbortedError
            self.got += data
        size = 2 + struct.unpack("!H", self.got[:2])[0]
        raw_question, self.got = self.got[2:size], self.got[size:]
        return worlds.Question("127.0.0.1", "tcp", None, raw_question)

    def is_stopped(self, seconds):
        """Waits so long."""
        return bool(select.select([self.stop], [], [], seconds)[0])


def framed(message):
    return struct.pack("!H", len(message)) + message


def tcp(title, gives=NOTHING):
    """A row of what a TCP server sends to its question."""
    def add(serve):
        row("TCP: " + title, Tcp(serve), gives)
        return serve
    return add


def says(title, gives=NOTHING, leave=False):
    """What it sends is made of each question; then it waits for the next, or ends."""
    def add(make):
        def serve(talk):
            while True:
                for part in listed(make(talk.question())):
                    talk.sock.sendall(part)
                if leave:
                    return
        row("TCP: " + title, Tcp(serve), gives)
        return make
    return add


def every(seconds, make):
    """Sends the next part each so many seconds."""
    def serve(talk):
        while True:
            for part in make(talk.question()):
                if talk.is_stopped(seconds):
                    return
                talk.sock.sendall(part)
    return serve


tcp("one byte a second")(every(1, lambda q: (bytes([b]) for b in framed(right(q)))))
tcp("one byte each 2 ms", RIGHT)(every(0.002, lambda q: (bytes([b]) for b in framed(right(q)))))
tcp("other answers without end")(every(0, lambda q: itertools.repeat(framed(other_id(q)))))
tcp("lengths of 0 without end")(every(0, lambda q: itertools.repeat(bytes(4096))))
tcp("one length of 0 each 10 ms")(every(0.01, lambda q: itertools.repeat(b"\0\0")))
tcp("junk without end")(every(0, lambda q: itertools.repeat(random.Random(1).randbytes(65536))))
says("nothing")(lambda q: [])
says("the end at once", leave=True)(lambda q: [])
says("a length and the end", leave=True)(lambda q: [b"\1\0"])
says("half a length and the end", leave=True)(lambda q: [b"\1"])
says("a length of 0")(lambda q: [b"\0\0"])
says("a length of 0 and the end", leave=True)(lambda q: [b"\0\0"])
says("a length of 65,535 and no more")(lambda q: [b"\xff\xff"])
says("a length of 65,535, half of it and the end", leave=True)(
    lambda q: [b"\xff\xff" + right(q) + bytes(30000)])
says("a length of 11")(lambda q: [framed(right(q)[:11])])
says("half an answer and the end", leave=True)(lambda q: [framed(right(q))[:-5]])
says("an answer that says truncated again", EITHER)(lambda q: [framed(evil(q, tc=True))])
says("another id")(lambda q: [framed(other_id(q))])
says("another question")(lambda q: [framed(asking("dc.test")(q))])
says("another id, then the right answer", EITHER)(
    lambda q: [framed(other_id(q)), framed(right(q))])
says("the right answer and junk behind it", EITHER)(
    lambda q: [framed(right(q)) + b"\xff" * 1000])
says("65,535 bytes, padded with other records", RIGHT)(lambda q: [framed(padded(right(q)))])


def padded(message):
    """To 65,535 bytes, with TXT records behind the others."""
    left, count = 65535 - len(message), struct.unpack("!H", message[6:8])[0]
    while left:
        size = min(left, 4000)
        size = left // 2 if 0 < left - size < 12 else size
        message += record(worlds.TXT, bytes(size - 12))
        left, count = left - size, count + 1
    return changed(message, 6, struct.pack("!H", count))


@tcp("an answer before the question")
def answer_first(talk):
    question = struct.pack("!HHHHHH", 0, 0, 1, 0, 0, 0) + encode_name("db.test")
    forged = worlds.Question("", "tcp", None, question + struct.pack("!HH", A, 1))
    for number in range(64):
        talk.sock.sendall(framed(changed(evil(forged), 0, struct.pack("!H", number * 1024))))
    while talk.question():
        pass


@tcp("a reset in the middle")
def reset(talk):
    talk.sock.sendall(framed(right(talk.question()))[:20])
    talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# --- floods ----------------------------------------------------------------

class Flood:
    """From the first question on sends as many datagrams as it can, and after a while
    the right answer."""
    AFTER_S = 0.3

    def __init__(self, make):
        self.make = make
        self.stop, self.threads = threading.Event(), []

    def __deepcopy__(self, _):
        return Flood(self.make)

    def __call__(self, q):
        thread = threading.Thread(target=self.pour, args=[q], daemon=True)
        thread.start()
        self.threads.append(thread)
        return Say(ZONE(q).records, delay=self.AFTER_S)

    def pour(self, q):
        parts = self.make(q)
        while not self.stop.is_set():
            for part in parts:
                with contextlib.suppress(OSError):
                    q.sock.sendto(part, q.peer)

    def close(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


FLOODS = {
    "other ids": lambda q: [other_id(q, by) for by in range(1, 1000)],
    "empty datagrams": lambda q: [b""],
    "random bytes": lambda q: [random.Random(i).randbytes(i) for i in range(1, 600)],
    "its own question": lambda q: [q.raw],
    "broken answers": lambda q: [owned(q, owner) for owner in OWNERS.values()],
    "great datagrams": lambda q: [changed(evil(q) + bytes(60000), 0, bytes(2))],
    "pointers": lambda q: [chain_of_pointers(q)[:-2]],
}
for title, flood in FLOODS.items():
    row("a flood of " + title, Flood(flood), EITHER)


# --- the runs --------------------------------------------------------------

def attack(one, *argv):
    """Runs it, and ends the threads that its servers started."""
    def work(world):
        try:
            return world.run(*argv)
        finally:
            for script in world.servers.scripts.values():
                if hasattr(script, "close"):
                    script.close()

    return worlds.within(one.setup, work)


def both(one):
    url = f"{one.host}:1"
    return (attack(one, HALE, "get", "-v", "-m", str(DEADLINE_S), f"http://{url}/"),
            attack(one, HALE, "check", "--timeout", f"{DEADLINE_S}s", f"tcp://{url}"))


@pytest.fixture(scope="module")
def results(request):
    """The quiet rows side by side; floods are left to their tests."""
    wanted = [item.callspec.params["title"] for item in request.session.items
              if getattr(item, "callspec", None) and item.path == request.path]
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {title: pool.submit(both, ROWS[title]) for title in wanted
               if not title.startswith("a flood of ")}


@pytest.mark.parametrize("title", ROWS)
def test_nothing_wrong_is_believed(title, results):
    one = ROWS[title]
    get, check = results[title].result() if title in results else both(one)
    assert get.asked and check.asked
    for ran in (get, check):
        assert ran.seconds < DEADLINE_S + LATER_S
        assert ran.rss < RSS_KB or not has_own_memory()
    told = {worlds.plain(a) for a in worlds.told(get)}
    assert get.code in {NOTHING: (6, 28), EITHER: (6, 7, 28)}.get(one.gives, (7,)), get.err
    assert check.code == 1, check.out + check.err
    if one.gives == EITHER:
        is_cut = "thousand" in title or "pointers" in title or "60,000" in title \
            or "two aliases" in title or "truncated again" in title
        assert is_cut or told <= set(RIGHT.split())
        return
    assert told == (set() if one.gives == NOTHING else set(map(worlds.plain, one.gives.split())))
    assert EVIL_V4 not in check.out and EVIL_V6 not in check.out


def test_4000_addresses_are_all_tried():
    setup = Setup({"127.0.0.1": Zone({"db.test": " ".join(MANY)})}, "nameserver 127.0.0.1\n")
    assert worlds.tried(setup, HALE, "get", "-m", "30", "http://db.test:1/").tried == MANY
    ran = worlds.run(setup, HALE, "check", "--timeout", "30s", "tcp://db.test:1")
    assert ran.code == 1 and (ran.rss < RSS_KB or not has_own_memory())
