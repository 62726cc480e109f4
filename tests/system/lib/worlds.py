"""Scripted name servers, and worlds of their own for those who ask them.

A world is a thread that has its own network, mounts and host name: what it starts sees
an /etc with nothing but the files given, and the servers on port 53 of its loopback.
"""
import concurrent.futures
import contextlib
import copy
import ctypes
import dataclasses
import heapq
import itertools
import os
import pathlib
import re
import selectors
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

import harness

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWNET = 0x20000, 0x4000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
A, CNAME, SOA, NS, OPT, AAAA, TXT = 1, 5, 6, 2, 41, 28, 16
TYPES = {"A": A, "AAAA": AAAA}
LOOK_S = 0.02  # from one look at its memory to the next
LIMIT_S = 60  # for any program in a world
# glibc asks for a family only where an interface has an address of it. What the servers'
# addresses name is reached, and refuses each connection at once.
NETWORK = """link set lo up
addr add 198.51.100.7/32 dev lo
addr add 2001:db8:ffff::7/128 dev lo nodad
addr add fe80::53/64 dev lo nodad
route add local 192.0.2.0/24 dev lo src 198.51.100.7
route add local 198.18.0.0/15 dev lo src 198.51.100.7
route add local 2001:db8::/32 dev lo
"""


# --- messages --------------------------------------------------------------

def encode_name(name):
    """In labels, none of them compressed. Of bytes nothing is encoded."""
    if isinstance(name, bytes):
        return name
    labels = [label.encode("latin-1") for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(kind, data, owner=None, ttl=60):
    """A record in bytes; without an owner it is the question's name."""
    data = encode_name(data) if kind in (CNAME, NS) else data
    owner = b"\xc0\x0c" if owner is None else encode_name(owner)
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def address(text, owner=None):
    v6 = ":" in text
    data = socket.inet_pton(socket.AF_INET6 if v6 else socket.AF_INET, text)
    return record(AAAA if v6 else A, data, owner)


def cname(target, owner=None):
    return record(CNAME, target, owner)


@dataclasses.dataclass
class Question:
    """What somebody asked, and where."""
    server: str
    proto: str
    peer: tuple
    raw: bytes
    at: float = dataclasses.field(default_factory=time.monotonic)

    def __post_init__(self):
        self.id = struct.unpack("!H", self.raw[:2])[0]
        at, labels = 12, []
        while self.raw[at]:
            labels.append(self.raw[at + 1:at + 1 + self.raw[at]].decode("latin-1"))
            at += 1 + self.raw[at]
        self.name = ".".join(labels)
        self.type = struct.unpack("!H", self.raw[at + 1:at + 3])[0]
        self.end = at + 5
        self.room = 512  # bytes that an answer by UDP may have
        self.edns = self.raw[10:12] == b"\0\1"
        if self.edns:
            self.room = max(512, struct.unpack("!H", self.raw[self.end + 3:self.end + 5])[0])

    @property
    def section(self):
        return self.raw[12:self.end]

    @property
    def what(self):
        return self.name, {A: "A", AAAA: "AAAA"}.get(self.type, self.type)


@dataclasses.dataclass
class Say:
    """An answer. What has no room in a datagram is cut off, and TC set."""
    records: tuple = ()
    rcode: int = 0
    authority: tuple = ()
    additional: tuple = ()
    delay: float = 0
    tc: bool = None
    ra: bool = True
    aa: bool = False
    question: bytes = None

    def message(self, q):
        asked = q.section if self.question is None else self.question
        kept = list(self.records)
        size = 12 + len(asked) + sum(map(len, [*kept, *self.authority, *self.additional]))
        cut = q.proto == "udp" and size > q.room
        while cut and kept and size > q.room:
            size -= len(kept.pop())
        flags = 0x8000 | (q.raw[2] & 1) << 8 | self.aa << 10 | self.ra << 7 | self.rcode
        flags |= (cut if self.tc is None else self.tc) << 9
        head = struct.pack("!HHHHHH", q.id, flags, 1 if asked else 0, len(kept),
                           len(self.authority), len(self.additional))
        return head + asked + b"".join([*kept, *self.authority, *self.additional])

    def late(self, delay):
        return dataclasses.replace(self, delay=delay)


SILENT = None
NODATA, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = map(lambda n: Say(rcode=n), range(6))
NOTAUTH = Say(rcode=9)
LAME = Say(ra=False, authority=(record(NS, "ns.elsewhere.test", "elsewhere.test"),))
SOA_DATA = encode_name("ns.test") + encode_name("me.test") + struct.pack("!IIIII", *[60] * 5)
WITH_SOA = (record(SOA, SOA_DATA, "test"),)
WRONG = {"SERVFAIL": SERVFAIL, "REFUSED": REFUSED, "NOTIMP": NOTIMP, "FORMERR": FORMERR,
         "NXDOMAIN": NXDOMAIN, "NOTAUTH": NOTAUTH, "lame": LAME, "silent": SILENT}


class Zone:
    """A server that knows names: {"db.test": "192.0.2.1 2001:db8::1", "www.test":
    "-> db.test", "x.test AAAA": SERVFAIL}. A value may be a function of the question."""

    def __init__(self, names, other=NXDOMAIN, delay=0):
        self.names = {name.lower(): value for name, value in names.items()}
        self.other, self.delay = other, delay

    def found(self, name, kind):
        kind = "a" if kind == A else "aaaa"
        key = name.lower()
        return self.names.get(f"{key} {kind}", self.names.get(key, self.other))

    def __call__(self, q):
        value, records, owner = self.found(q.name, q.type), [], None
        while isinstance(value, str) and value.startswith("-> "):
            records.append(cname(value[3:], owner))
            owner = value[3:]
            value = self.found(owner, q.type)
        if callable(value):
            value = value(q)
        if isinstance(value, str):
            records += [address(word, owner) for word in value.split()
                        if (":" in word) == (q.type == AAAA)]
            value = Say()
        if not isinstance(value, Say):
            return value
        return dataclasses.replace(value, records=(*records, *value.records),
                                   delay=value.delay or self.delay)


class FirstLost:
    """Loses the first question for each name and type."""

    def __init__(self, server):
        self.server, self.seen = server, set()

    def __call__(self, q):
        if q.what in self.seen:
            return self.server(q)
        self.seen.add(q.what)
        return SILENT


def by_proto(udp, tcp):
    return lambda q: (udp if q.proto == "udp" else tcp)(q)


def always(say):
    return lambda q: say


# --- servers ---------------------------------------------------------------

class Servers:
    """Name servers that one thread serves. {"127.0.0.1": script}: a script is called
    with a Question and returns a Say, bytes, a list of these, or None for silence. A
    script with tcp = None has no TCP; tcp may also be what serves a connection."""

    def __init__(self, scripts):
        self.asked = []
        self.scripts = scripts  # may be changed
        self._select = selectors.DefaultSelector()
        self._later, self._count = [], itertools.count()
        self._wake, self._woken = socket.socketpair()
        self._add(self._woken, None)
        self._open = [self._wake]
        for where, script in scripts.items():
            self._listen(where, script)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _add(self, sock, work):
        self._select.register(sock, selectors.EVENT_READ, work)

    def _listen(self, where, script):
        family = socket.AF_INET6 if ":" in where else socket.AF_INET
        at = socket.getaddrinfo(where, 53, family, socket.SOCK_DGRAM,
                                flags=socket.AI_NUMERICHOST)[0][4]
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind(at)
        self._add(udp, lambda: self._datagram(udp, where))
        if getattr(script, "tcp", True) is None:
            return
        tcp = socket.socket(family)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind(at)
        tcp.listen(16)
        self._add(tcp, lambda: self._accept(tcp, where))

    def _serve(self):
        while True:
            left = self._later[0][0] - time.monotonic() if self._later else None
            for key, _ in self._select.select(left if left is None else max(0, left)):
                if key.fileobj == self._woken:
                    return
                with contextlib.suppress(OSError):
                    key.data()
            while self._later and self._later[0][0] <= time.monotonic():
                with contextlib.suppress(OSError):
                    heapq.heappop(self._later)[2]()

    def _answer(self, question, said, send):
        for one in said if isinstance(said, (list, tuple)) else [said]:
            if one is None:
                continue
            delay = getattr(one, "delay", 0)
            data = one if isinstance(one, bytes) else one.message(question)
            if delay:
                heapq.heappush(self._later, (time.monotonic() + delay, next(self._count),
                                             lambda data=data: send(data)))
            else:
                send(data)

    def _datagram(self, sock, where):
        data, peer = sock.recvfrom(65535)
        question = Question(where, "udp", peer, data)
        question.sock = sock
        self.asked.append(question)
        self._answer(question, self.scripts[where](question),
                     lambda data: sock.sendto(data, peer))

    def _accept(self, listener, where):
        sock, peer = listener.accept()
        script = self.scripts[where]
        if hasattr(script, "tcp"):
            script.tcp(sock)
            return
        got = bytearray()

        def more():
            data = sock.recv(65536)
            got.extend(data)
            if not data:
                self._select.unregister(sock)
                sock.close()
            while len(got) >= 2 and len(got) >= 2 + (size := got[0] << 8 | got[1]):
                question = Question(where, "tcp", peer, bytes(got[2:2 + size]))
                del got[:2 + size]
                self.asked.append(question)
                self._answer(question, script(question), lambda data: sock.sendall(
                    struct.pack("!H", len(data)) + data))
        self._add(sock, more)

    def close(self):
        self._wake.send(b"x")
        self._thread.join()
        for key in list(self._select.get_map().values()):
            key.fileobj.close()
        self._select.close()
        self._wake.close()


# --- worlds ----------------------------------------------------------------

@dataclasses.dataclass
class Setup:
    """resolv and hosts are the files' text, None: there is none; etc False: no /etc."""
    servers: dict
    resolv: str = None
    hosts: str = None
    hostname: str = "box"
    network: str = ""
    etc: bool = True


@dataclasses.dataclass
class Ran:
    code: int
    out: str
    err: str
    seconds: float
    asked: list
    rss: int = 0  # KB, at most

    def questions(self, proto=None, server=None):
        """What was asked, in order."""
        return [q for q in self.asked if proto in (None, q.proto)
                and server in (None, q.server)]


def greatest_memory(pid):
    """In KB; 0: it is gone."""
    with contextlib.suppress(OSError):
        text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        if found := re.search(r"^VmHWM:\s+(\d+) kB$", text, re.M):
            return int(found[1])
    return 0


def ok(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), what)


def mount(source, target, flags):
    source = source and os.fsencode(source)
    ok(harness.libc.mount(source, os.fsencode(target), None, flags, None), f"mount {target}")


def is_reachable():
    """The kernel gives an IPv6 address its route later, in a work queue."""
    net = pathlib.Path("/proc/thread-self/net")
    routes = {line[:32] for line in (net / "ipv6_route").read_text().splitlines()
              if line[32:36] == " 80 "}
    return {line[:32] for line in (net / "if_inet6").read_text().splitlines()} <= routes


class World:
    """What a thread enters for good."""

    def __init__(self, setup):
        ok(harness.libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET), "unshare")
        socket.sethostname(setup.hostname)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hale-names-"))
        self.files(setup)
        self.nothing = open(os.devnull, "rb")
        subprocess.run(["ip", "-batch", "-"], input=NETWORK + setup.network, check=True,
                       text=True, capture_output=True)
        harness.until(is_reachable, "each of the world's addresses has its route")
        self.alone = not setup.etc
        self.servers = Servers(copy.deepcopy(setup.servers))
        mount(None, "/", MS_REC | MS_PRIVATE)
        mount(self.dir / "etc", "/etc", MS_BIND)

    def files(self, setup):
        etc = self.dir / "etc"
        etc.mkdir()
        (etc / "nsswitch.conf").write_text("hosts: files dns\n")
        (etc / "host.conf").write_text("multi on\n")
        for name, text in (("resolv.conf", setup.resolv), ("hosts", setup.hosts)):
            if text is not None:
                (etc / name).write_bytes(text.encode("latin-1"))
        if not setup.etc:
            (self.dir / "alone").mkdir()
            shutil.copy(harness.HALE, self.dir / "alone/hale")

    def run_alone(self, argv):
        """The same in a root that holds nothing but /hale."""
        home = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.chroot(self.dir / "alone")
            os.chdir("/")
            return self.run("/hale", *argv[1:])
        finally:
            os.fchdir(home)
            os.chroot(".")
            os.close(home)

    def run(self, *argv, **env):
        """A program to its end, with its greatest memory if it took long enough to be seen."""
        if self.alone and argv[0] == harness.HALE:
            return self.run_alone(argv)
        begun, rss = time.monotonic(), 0
        with subprocess.Popen(argv, env=harness.clean_env(**env), stdin=self.nothing,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="backslashreplace") as process:
            while True:
                try:
                    out, err = process.communicate(timeout=LOOK_S)
                    break
                except subprocess.TimeoutExpired:
                    rss = max(rss, greatest_memory(process.pid))
                if time.monotonic() > begun + LIMIT_S:
                    process.kill()
        return Ran(process.returncode, out, err, time.monotonic() - begun, self.servers.asked, rss)

    def close(self):
        self.servers.close()
        self.nothing.close()
        shutil.rmtree(self.dir)


def within(setup, work):
    """Calls work with the world, in its thread; returns what it returned."""
    def live():
        world = World(setup)
        try:
            return work(world)
        finally:
            world.close()

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(live).result()


def run(setup, *argv, **env):
    return within(setup, lambda world: world.run(*argv, **env))


# --- what they say ---------------------------------------------------------

NONAME, NO_ADDRESS, NO_ANSWER = "does not exist", "has no address", "no answer"
KINDS = {"EAI_NONAME": NONAME, "EAI_NODATA": NO_ADDRESS, "EAI_AGAIN": NO_ANSWER,
         "EAI_FAIL": NO_ANSWER}
# How hale check words these. The order matters: a text may name others in brackets.
WORDS = ((NO_ANSWER, r"no name server|gave? (a )?usable answer"),
         (NONAME, r"does not exist|no such name|not a name that DNS can have"),
         (NO_ADDRESS, r"no address"))
ASK = """import os, socket, sys
try:
    for f, _, _, _, a in socket.getaddrinfo(os.fsencode(sys.argv[1]), None, type=socket.SOCK_STREAM,
                                            flags=socket.AI_ADDRCONFIG):
        print(a[0])
except socket.gaierror as e:
    print(next(n for n in dir(socket) if n.startswith("EAI_") and getattr(socket, n) == e.errno))
    sys.exit(2)
"""
PYTHON = "/usr/bin/python3"


@dataclasses.dataclass
class Found:
    """The addresses in order, or the kind of failure."""
    addresses: list
    kind: str = None
    ran: Ran = None
    exact: str = ""

    @property
    def result(self):
        return self.kind or " ".join(sorted(set(self.addresses)))


def plain(text):
    """An address without its zone, written as inet_ntop does."""
    text = text.partition("%")[0]
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return socket.inet_ntop(family, socket.inet_pton(family, text))


def glibc_kind(setup, host):
    ran = run(setup, PYTHON, "-I", "-S", "-c", ASK, host)
    exact = ran.out.strip()
    return KINDS.get(exact, exact), exact


def ask_glibc(setup, host):
    """By getent ahosts; what kind of failure it was says the same glibc's getaddrinfo."""
    with concurrent.futures.ThreadPoolExecutor(1) as other:
        kind = other.submit(glibc_kind, setup, host)
        ran = run(setup, "getent", "ahosts", host)
        found = [plain(line.split()[0]) for line in ran.out.splitlines() if " STREAM" in line]
        if ran.code == 0:
            kind.cancel()
            return Found(found, ran=ran)
        return Found([], kind.result()[0], ran, kind.result()[1])


def hale_kind(out):
    for kind, pattern in WORDS:
        if re.search(pattern, out):
            return kind
    return f"unknown words: {out}"


def told(ran):
    """The addresses that hale get -v says it found, those of IPv6 first."""
    lines = re.findall(r"^\* (IPv[46]): (.*)$", ran.err, re.M)
    return [a for family in ("IPv6", "IPv4") for head, line in lines if head == family
            for a in line.split(", ") if a != "(none)"]


def url_host(host):
    return f"[{host}]" if ":" in host else host


def tried(setup, *argv):
    """The addresses that a program connects to by TCP, in this order."""
    def work(world):
        log = world.dir / "strace"
        ran = world.run("strace", "-f", "-o", str(log), "-e", "trace=socket,connect", *argv)
        ran.trace = log.read_text()
        return ran

    ran = within(setup, work)
    streams, found = set(), []
    for line in ran.trace.splitlines():
        if made := re.search(r"socket\(AF_INET6?, (SOCK_\w+).* = (\d+)$", line):
            (streams.add if made[1] == "SOCK_STREAM" else streams.discard)(made[2])
        elif (to := re.search(r'connect\((\d+), .*htons\((\d+)\).*"([0-9a-f.:]+)"', line)) \
                and to[1] in streams and to[2] != "53":
            found.append(plain(to[3]))
    ran.tried = found
    return ran


def ask_hale(setup, host, *flags):
    """By hale get -v; the kind of failure by what hale check prints."""
    url = f"http://{url_host(host)}:1/"
    with concurrent.futures.ThreadPoolExecutor(1) as other:
        words = other.submit(run, setup, harness.HALE, "check", "--timeout", "50s",
                             f"tcp://{url_host(host)}:1")
        ran = run(setup, harness.HALE, "get", "-v", "-m", "50", *flags, url)
        if ran.code == 6:
            ran.words = words.result().out
            return Found([], hale_kind(ran.words), ran, ran.words.strip())
    assert ran.code == 7 and told(ran), f"exit {ran.code}, no addresses in:\n{ran.err}"
    return Found([plain(a) for a in told(ran)], ran=ran)
