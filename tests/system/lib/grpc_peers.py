# SPDX-License-Identifier: MIT
"""gRPC clients and health servers of real libraries, for the tests of hale's own.

The programs are tests/grpc/peer.*, each in its library; README.md there has their verbs
and flags. The fixture `peers` gives them, and ends what they started with the test:

    go = peers("go", box)       # box: in whose network it is; else the test's own
    go.check("127.0.0.1:8080", "live", timeout=1).status == "SERVING"
    go.checks(target, n=1000, one_connection=True, parallel=100).counts == {"SERVING": 1000}
    go.list(target) == ({"": "SERVING"}, Outcome(code="OK"))
    with go.watch(target) as watch: watch.status() ... watch.end().code
    with go.serve(services={"a": "NOT_SERVING"}) as server: server.set("a", "SERVING")

A flag is a keyword: --one-connection is one_connection=True. Times are seconds.
"""
import contextlib
import dataclasses
import fcntl
import functools
import hashlib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

import pytest

import harness

SOURCES = harness.TOP / "tests/grpc"
OUT = harness.TOP / "build/grpc"
GO_CACHE = harness.TOP / "build/go-cache"
GO_CODE = pathlib.Path("/usr/share/gocode")
PYTHON = "/usr/bin/python3"
BUILD_S = 280   # all of grpc-go, on a busy machine
NAMES = ("go", "python", "js")   # @grpc/grpc-js is of a version that tests/grpc pins
NEWEST = ("newest go",)   # grpcio has had no newer version in Debian for years
ALL = NAMES + NEWEST
# What grpc-go needs of what its packages depend on: those of its tests and tools are more.
GO_NEEDS = (r"^golang-([0-9.]+-(go|src)|golang-x-(net|sys|text)-dev"
            r"|google-(protobuf|genproto)-dev|github-golang-protobuf-[0-9-]+-dev)$")
HEALTH = "/grpc.health.v1.Health/"


# What the programs need

class Missing(Exception):
    """Why there is no such peer here, in words."""


@contextlib.contextmanager
def locked():
    """Another run of the tests may build the same."""
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(words, **options):
    """Its output; Missing if it fails."""
    try:
        done = subprocess.run(words, text=True, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, **options)
    except subprocess.TimeoutExpired as error:
        raise Missing(f"{shlex.join(map(str, words))}: not done in {error.timeout} s") from None
    if done.returncode:
        raise Missing(f"{shlex.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def go_program(label, go, code, **env):
    """The path of peer.go, built by this go with the grpc-go in the folder `code`."""
    source = SOURCES / "peer.go"
    version = code / "src/google.golang.org/grpc/version.go"
    if not version.exists():
        raise Missing("there is no grpc-go: scripts/bootstrap test")
    env = {"PATH": harness.PATH, "HOME": os.fspath(OUT), "GOPATH": os.fspath(code),
           "GOCACHE": os.fspath(GO_CACHE), "GOFLAGS": "", "GOENV": "off", "GOPROXY": "off",
           "GO111MODULE": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", **env}
    known = run((go, "version"), env=env, timeout=60).encode()
    digest = hashlib.sha256(source.read_bytes() + version.read_bytes() + known).hexdigest()
    program = OUT / f"{label}-{digest[:12]}"
    with locked():
        if not program.exists():
            for old in OUT.glob(f"{label}-*"):
                old.unlink()
            made = OUT / f"{label}.new"
            run((go, "build", "-o", made, source), env=env, timeout=BUILD_S)
            made.rename(program)
    return program


def system_go():
    go = shutil.which("go", path=harness.PATH)
    if not go:
        raise Missing("there is no go: scripts/bootstrap test")
    return [go_program("peer-go", go, GO_CODE)], {}


def system_python():
    run((PYTHON, "-c", "import grpc"), timeout=60)
    return [PYTHON, SOURCES / "peer.py"], {}


def pinned_js():
    node = shutil.which("node", path=harness.PATH)
    if not node:
        raise Missing("there is no node: scripts/bootstrap test")
    where = harness.TOP / "build/grpcjs"
    run((harness.TOP / "scripts/grpcjs.sh", where), timeout=BUILD_S)
    return [node, SOURCES / "peer.js"], {"NODE_PATH": os.fspath(where / "node_modules")}


def newest_go():
    if not shutil.which("apt-get"):
        raise Missing("no apt-get, and so no packages of Debian's newest suite")
    where = harness.TOP / "build/newest-go"
    run((harness.TOP / "scripts/newer.sh", "-d", GO_NEEDS, where, "golang-go",
         "golang-google-grpc-dev"), timeout=BUILD_S)
    go = (where / "root/usr/bin/go").resolve()
    return [go_program("newest-go", go, where / "root/usr/share/gocode",
                       GOROOT=os.fspath(go.parents[1]))], {}


MAKERS = {"go": system_go, "python": system_python, "js": pinned_js, "newest go": newest_go}


@functools.lru_cache(maxsize=None)
def made(name):
    """(words to start it by, its environment), or why not; tried once in a run."""
    try:
        words, env = MAKERS[name]()
    except Missing as error:
        return f"{name}: {error}"
    return [os.fspath(word) for word in words], env


# What they print

@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a call came to. `status` is the last that it told, if any. `code` is gRPC's,
    such as NOT_FOUND, or UNREACHABLE where no connection was ready in time."""

    status: str = None
    code: str = "OK"
    message: str = ""
    count: int = 1   # calls that came to this

    @property
    def words(self):
        """For comparisons: SERVING, or else the code."""
        return self.status if self.code == "OK" else self.code


def outcome(line):
    """The Outcome that a line tells, or None if it tells something else."""
    match = re.fullmatch(r"(?:(\d+) )?(status|end|unreachable) ?(.*)", line)
    if not match:
        return None
    count, kind, rest = int(match[1] or 1), match[2], match[3]
    if kind == "status":
        return Outcome(status=rest, count=count)
    code, _, message = ("UNREACHABLE", "", rest) if kind == "unreachable" else rest.partition(" ")
    return Outcome(code=code, message=message, count=count)


@dataclasses.dataclass(frozen=True)
class Checks:
    """What many calls of Check came to."""

    outcomes: list
    slowest_ms: float = None
    dials: int = None   # connections that were tried; only Go's client counts them

    @property
    def counts(self):
        """{"SERVING": 98, "UNAVAILABLE": 2}"""
        counts = {}
        for o in self.outcomes:
            counts[o.words] = counts.get(o.words, 0) + o.count
        return counts


@dataclasses.dataclass(frozen=True)
class Told:
    """All streams have been told a status; first and last as time.time() has them."""

    count: int
    status: str
    spread_ms: float
    first: float
    last: float


# Messages, as far as List and call() need them

def fields(message):
    """[(number, value)]; the values are bytes or numbers."""
    at, found = 0, []

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(message):
        key = varint()
        value = varint()
        if key & 7 == 2:
            value, at = message[at:at + value], at + value
        found.append((key >> 3, value))
    return found


STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")


def status_of(message):
    """The status in a HealthCheckResponse."""
    return STATUSES[dict(fields(message)).get(1, 0)]


def statuses_of(message):
    """{service: status} of a HealthListResponse."""
    entries = [dict(fields(entry)) for number, entry in fields(message) if number == 1]
    return {e.get(1, b"").decode(): status_of(e.get(2, b"")) for e in entries}


# The programs

def flag_words(flags):
    words = []
    for name, value in flags.items():
        if value is None or value is False:
            continue
        words.append("--" + name.replace("_", "-"))
        if name == "timeout":
            value = f"{value}s"
        words += [] if value is True else [str(value)]
    return words


class Started:
    """One run of a peer: the lines it prints, and its end."""

    def __init__(self, words, env, box):
        self.words = words
        self.stderr = tempfile.TemporaryFile()
        with box.net() if box else contextlib.nullcontext():
            self.process = subprocess.Popen(words, env=harness.clean_env(**env),
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=self.stderr)
        self.pid = self.process.pid
        self.lines = harness.Lines(self.process.stdout.fileno())

    def says(self):
        """What it has written to the standard error."""
        return os.pread(self.stderr.fileno(), 1 << 20, 0).decode(errors="replace")

    def line(self, within_s=harness.DEADLINE):
        """Its next line, which there must be."""
        try:
            line = self.lines.line(within_s)
        except AssertionError as error:
            raise AssertionError(f"{shlex.join(self.words)}: {error}{self.says()}") from None
        assert line is not None, f"{shlex.join(self.words)} ended:\n{self.lines.seen}{self.says()}"
        return line

    def rest(self, within_s=harness.DEADLINE):
        """The lines up to its end, which must be a good one."""
        found = []
        while (line := self.lines.line(within_s)) is not None:
            found.append(line)
        code = self.process.wait(harness.DEADLINE)
        assert code == 0, f"{shlex.join(self.words)}: exit code {code}\n{self.says()}"
        return found

    def close(self):
        self.process.kill()
        self.process.wait(harness.DEADLINE)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Watch(Started):
    """A client with an open Watch."""

    def next(self, within_s=harness.DEADLINE):
        """The next Outcome: a status, or the end."""
        return outcome(self.line(within_s))

    def status(self, within_s=harness.DEADLINE):
        """The next status; the stream must not end instead."""
        got = self.next(within_s)
        assert got.status, f"the stream ended: {got}"
        return got.status

    def end(self, within_s=harness.DEADLINE):
        """The Outcome of the end, with the last status that came before it, if any."""
        last = None
        while (got := self.next(within_s)).status:
            last = got.status
        return dataclasses.replace(got, status=last)


class Streams(Started):
    """A client with many open Watches."""

    def ready(self, within_s=harness.DEADLINE):
        """Waits until each stream has its first status."""
        line = self.line(within_s)
        assert re.fullmatch(r"ready \d+", line), line
        return self

    def told(self, within_s=harness.DEADLINE):
        """Waits until each has been told the next status."""
        line = self.line(within_s)
        assert line.startswith("told "), line
        _, count, status, *numbers = line.split()
        return Told(int(count), status, *map(float, numbers))

    def ends(self, within_s=harness.DEADLINE):
        """The Outcomes of all streams' ends."""
        return [outcome(line) for line in self.rest(within_s)]


class Server(Started):
    """A server of the health service."""

    def __init__(self, words, env, box):
        super().__init__(words, env, box)
        self.asked = []   # what came with each call, if log=True
        try:
            self.port = int(self.until("port ").split()[1])
        except BaseException:
            self.close()
            raise
        self.target = f"127.0.0.1:{self.port}"

    def until(self, start):
        """Reads up to the line that starts so."""
        while not (line := self.line()).startswith(start):
            self.note(line)
        return line

    def note(self, line):
        kind, method, *words = shlex.split(line)
        assert kind == "asked", line
        self.asked.append({"method": method, **dict(word.split("=", 1) for word in words)})

    def tell(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        assert self.until("set ") == f"set {line}"

    def set(self, name, status):
        """Changes a status; returns when the change is made."""
        self.tell(f"{name} {status}")

    def shutdown(self):
        """Lets it end gracefully, and returns when it has begun with that."""
        self.tell("shutdown")

    def next_asked(self):
        """What came with the next call that has not been returned yet, as a dict."""
        while not self.asked:
            self.note(self.line())
        return self.asked.pop(0)


class Peer:
    """A peer by its name, in a network; what it starts is noted in `started`."""

    def __init__(self, name, box=None, started=None):
        got = made(name)
        if isinstance(got, str):
            pytest.skip(got)
        self.name, self.box = name, box
        self.words, self.env = got   # of Go the first word is a static binary
        self.started = [] if started is None else started

    def start(self, kind, verb, flags, *args):
        words = [*self.words, verb, *flag_words(flags), *map(str, args)]
        self.started.append(kind(words, self.env, self.box))
        return self.started[-1]

    def lines(self, verb, flags, *args, within_s=harness.DEADLINE):
        with self.start(Started, verb, flags, *args) as done:
            return done.rest(within_s)

    @property
    def version(self):
        """Such as "grpc-go 1.33.3"."""
        return self.lines("version", {})[0]

    def check(self, target, service="", **flags):
        """One Check on a new connection, as the kubelet does it."""
        checks = self.checks(target, service, **flags)
        assert len(checks.outcomes) == 1
        return checks.outcomes[0]

    def checks(self, target, service="", within_s=harness.DEADLINE, **flags):
        """Check n times; one_connection=True, parallel=P."""
        outcomes, numbers = [], {}
        for line in self.lines("check", flags, target, service, within_s=within_s):
            if got := outcome(line):
                outcomes.append(got)
            else:
                word, number = line.split()
                numbers[word] = number
        dials = numbers.get("dials")
        return Checks(outcomes, float(numbers["slowest"]) if "slowest" in numbers else None,
                      None if dials is None else int(dials))

    def watch(self, target, service="", **flags):
        """An open Watch."""
        return self.start(Watch, "watch", flags, target, service)

    def streams(self, target, count, service="", **flags):
        """Many open Watches: connections=M, changes=K."""
        return self.start(Streams, "streams", flags, target, service, count)

    def call(self, target, method, message=b"", **flags):
        """(the messages of the answer, Outcome) of any method."""
        *answers, last = self.lines("call", flags, target, method, message.hex())
        return [bytes.fromhex(line.partition(" ")[2]) for line in answers], outcome(last)

    def list(self, target, **flags):
        """({service: status} or None, Outcome) of List."""
        answers, ended = self.call(target, HEALTH + "List", **flags)
        return (statuses_of(answers[0]) if answers else None), ended

    def serve(self, services=None, **flags):
        """A server; `services` are {name: status}."""
        args = [f"--service={name}={status}" for name, status in (services or {}).items()]
        return self.start(Server, "serve", flags, *args)


class Peers:
    """Calling it gives a Peer; close() ends all that those started."""

    def __init__(self):
        self.started = []

    def __call__(self, name, box=None):
        return Peer(name, box, self.started)

    def close(self):
        for each in self.started:
            each.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
