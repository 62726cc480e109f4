"""A kubelet's probes and pod life, driven by the test: a round at a time, no clock.

What counts as success, what an event says, which probes run when, and what
becomes of a result follow the kubelet's sources (prober.go, worker.go, the
probe packages; shared/FACTS.md, 1). Only the waiting is left to the test.
"""
import collections
import contextlib
import re
import socket
import struct
import subprocess
import typing
import urllib.parse

BODY_MAX = 10240  # bytes of a body, and of a command's output, that are looked at
REDIRECTS_MAX = 10
TRIES = 3  # of a probe whose result could not be read
LINGER = struct.pack("ii", 1, 1)
REDIRECTS = (301, 302, 303, 307, 308)
SUCCESS, FAILURE, UNKNOWN = "success", "failure", "unknown"


class Unreadable(Exception):
    """No result: neither success nor failure."""


class Result(typing.NamedTuple):
    verdict: str
    text: str
    warning: bool = False


# --- one question ------------------------------------------------------------------

def request(path, host, headers):
    """The bytes of a kube-probe's GET, in the order in which Go writes them."""
    fields = {"Host": host, "User-Agent": "kube-probe/1.20", "Accept": "*/*",
              "Connection": "close", **headers}
    lines = [f"{name}: {value}" for name, value in fields.items() if value]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


def read_head(sock):
    got = b""
    while b"\r\n\r\n" not in got:
        more = sock.recv(65536)
        if not more:
            raise ConnectionResetError("closed without a whole head")
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in
              (line.partition(":") for line in lines)}
    return int(first.split()[1]), fields, body


def read_body(sock, fields, body):
    """The first BODY_MAX bytes; one that ends early is no result."""
    want = min(int(fields.get("content-length", BODY_MAX)), BODY_MAX)
    try:
        while len(body) < want:
            more = sock.recv(65536)
            if not more and "content-length" in fields:
                raise Unreadable("unexpected EOF")
            if not more:
                break
            body += more
    except OSError as why:
        raise Unreadable(str(why)) from why
    return body[:BODY_MAX].decode("latin-1")


def exchange(connect, url, headers, timeout_s):
    """One connection, one GET; status, fields and body."""
    port = url.port or 80
    with contextlib.closing(connect(url.hostname, port)) as sock:
        sock.settimeout(timeout_s)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        sock.sendall(request(path, url.netloc, headers))
        status, fields, body = read_head(sock)
        return status, fields, read_body(sock, fields, body)


def probe_http(connect, url, headers=None, timeout_s=5):
    """Success is 200 to 399. Redirects are followed on the same host alone."""
    at = urllib.parse.urlsplit(url)
    for _ in range(REDIRECTS_MAX + 1):
        try:
            status, fields, body = exchange(connect, at, headers or {}, timeout_s)
        except OSError as why:
            return Result(FAILURE, f'Get "{url}": {type(why).__name__}')
        to = fields.get("location") if status in REDIRECTS else None
        if to is None:
            break
        target = urllib.parse.urlsplit(urllib.parse.urljoin(at.geturl(), to))
        if target.hostname != at.hostname:
            return Result(SUCCESS, body, warning=True)
        at = target
    else:
        return Result(FAILURE, f'Get "{url}": stopped after {REDIRECTS_MAX} redirects')
    if 200 <= status < 400:
        return Result(SUCCESS, body, warning=status >= 300)
    return Result(FAILURE, f"HTTP probe failed with statuscode: {status}")


def probe_tcp(connect, host, port):
    """A connection is all."""
    try:
        connect(host, port).close()
    except OSError as why:
        return Result(FAILURE, f"dial tcp {host}:{port}: {type(why).__name__}")
    return Result(SUCCESS, "")


def probe_exec(run, command):
    """Exit code 0, and what it printed is the text."""
    try:
        done = run(*command)
    except subprocess.TimeoutExpired:
        return Result(FAILURE, f"command {' '.join(command)!r} timed out")
    text = (done.stdout + done.stderr)[:BODY_MAX]
    return Result(SUCCESS if done.returncode == 0 else FAILURE, text)


# --- what becomes of the answers ----------------------------------------------------

class Worker:
    """One probe of a container, from its start to its end or to its restart."""

    FIRST = {"Readiness": FAILURE, "Liveness": SUCCESS, "Startup": UNKNOWN}

    def __init__(self, kind, ask, events, failures=1, successes=1):
        self.kind, self.ask, self.events = kind, ask, events
        self.thresholds = {FAILURE: failures, SUCCESS: successes}
        self.verdict = self.FIRST[kind]
        self.last, self.run, self.asked, self.on_hold = None, 0, 0, False

    def try_to_ask(self):
        """A result that cannot be read is asked for again, then thrown away."""
        for _ in range(TRIES):
            with contextlib.suppress(Unreadable):
                return self.ask()
        return None

    def round(self):
        if self.on_hold:  # until the container is restarted
            return
        self.asked += 1
        result = self.try_to_ask()
        if result is None:
            return
        if result.verdict == FAILURE:
            self.events[f"{self.kind} probe failed: {result.text}"] += 1
        if result.warning:
            self.events[f"{self.kind} probe warning: {result.text}"] += 1
        self.run = self.run + 1 if result.verdict == self.last else 1
        self.last = result.verdict
        if self.run < self.thresholds[result.verdict]:
            return
        self.verdict = result.verdict
        if self.verdict == FAILURE and self.kind != "Readiness":
            self.on_hold, self.run = True, 0


class Pod:
    """A container's three probes; events are counted by their text.

    ask(kind) is the question, of the kind Startup, Readiness or Liveness, and
    returns its Result.
    """

    def __init__(self, ask, **thresholds):
        self.events = collections.Counter()
        self.is_deleted = False
        self.startup, self.liveness, self.readiness = (
            Worker(kind, lambda kind=kind: ask(kind), self.events,
                   **thresholds.get(kind.lower(), {}))
            for kind in ("Startup", "Liveness", "Readiness"))

    @property
    def is_started(self):
        return self.startup.verdict == SUCCESS

    @property
    def is_ready(self):
        return self.is_started and self.readiness.verdict == SUCCESS

    @property
    def is_to_restart(self):
        return FAILURE in (self.startup.verdict, self.liveness.verdict)

    def round(self):
        """Every probe that runs now is asked once."""
        if not self.is_started and not self.is_deleted:
            self.startup.round()
        if not self.is_started:
            return self
        if not self.is_deleted:
            self.liveness.round()
        self.readiness.round()
        return self

    def delete(self):
        """From here on readiness alone is asked; the test stops the container."""
        self.is_deleted = True

    def failures(self, kind):
        """{text: count} of the events about that probe."""
        return {text: n for text, n in self.events.items()
                if re.match(f"{kind} probe failed: ", text)}
