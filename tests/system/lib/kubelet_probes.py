"""One probe, as the kubelet does it: HTTP, TCP or a command in the container.

A probe asks one place once and gives an Outcome, or raises Errored: then the
kubelet has learnt nothing. What becomes of either is kubelet.py's subject.

The words are those of the kubelet and of Go, since they end up in events. Two
things are left out: HTTPS offers no HTTP/2, and a connection goes to one
address (the kubelet has but one, the pod's).
"""
import contextlib
import dataclasses
import errno
import os
import select
import socket
import ssl
import struct
import subprocess
import time
import urllib.parse

SUCCESS, WARNING, FAILURE, UNKNOWN = "success", "warning", "failure", "unknown"
AGENT = "kube-probe/1.30"
BODY_MAX = 10240    # bytes of a body that are read
OUTPUT_MAX = 10240  # bytes of a command's output that are kept
REQUESTS_MAX = 10   # of one probe: the first and 9 redirects
REDIRECTS = (301, 302, 303, 307, 308)
NO_BODY = (204, 304)
WAITING, READING = "while awaiting headers", "while reading body"


@dataclasses.dataclass(frozen=True)
class Outcome:
    kind: str
    text: str = ""


class Errored(Exception):
    """The probe itself went wrong: its result counts neither way."""


class Late(Exception):
    """The probe's time is up."""


class Broken(Exception):
    """The exchange ended before there was an answer; the text says how."""


class CannotStart(Exception):
    """There is no such command in the container."""


class Timer:
    """The time that one probe has for all that it does."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def wait(self, sock, events):
        """Until the socket is ready; raises Late when the time is up first."""
        poll = select.poll()
        poll.register(sock, events)
        if not poll.poll(max(0, self.end - time.monotonic()) * 1000):
            raise Late


class Node:
    """Where probes come from and go to: here, this machine itself."""

    ip = "127.0.0.1"

    def net(self):
        """Inside, new sockets reach the pod."""
        return contextlib.nullcontext()

    def start(self, argv):
        """Starts a command as an exec probe does: no input, both outputs in one."""
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def check_start(self, code, output):
        """Raises CannotStart where the end of start()'s process means that."""


# --- connections ----------------------------------------------------------------------

def join(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def os_text(error):
    """An errno in Go's words, which are in lower case."""
    return os.strerror(error).lower()


def dial(node, host, port, timer):
    """A new TCP connection that is thrown away quickly: SO_LINGER {1, 1}."""
    try:
        with node.net():
            sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    except FileNotFoundError:  # the container has ended, and its network with it
        raise Broken(f"dial tcp {join(host, port)}: connect: no route to host") from None
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 1))
    sock.setblocking(False)
    try:
        error = sock.connect_ex((host, port))
        if error == errno.EINPROGRESS:
            timer.wait(sock, select.POLLOUT)
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise Broken(f"dial tcp {join(host, port)}: connect: {os_text(error)}")
    except BaseException:
        sock.close()
        raise
    return sock


def blind_tls():
    """A probe by HTTPS believes every certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Wire:
    """A connection with a timer: plain, or TLS inside."""

    def __init__(self, sock, timer):
        self.sock, self.timer = sock, timer
        # Both ends, as Go names them: the own port makes each text another one.
        self.ends = "->".join(join(*end[:2]) for end in (sock.getsockname(), sock.getpeername()))
        self.rest = b""

    def shake_hands(self):
        self.sock = blind_tls().wrap_socket(self.sock, do_handshake_on_connect=False)
        self._do(self.sock.do_handshake)

    def _do(self, function, *arguments):
        """Calls until the socket no longer asks for patience."""
        while True:
            try:
                return function(*arguments)
            except (BlockingIOError, ssl.SSLWantReadError):
                events = select.POLLIN
            except ssl.SSLWantWriteError:
                events = select.POLLOUT
            except ssl.SSLError as error:
                raise Broken(f"remote error: tls: {error.reason}") from None
            except OSError as error:
                raise Broken(f"read tcp {self.ends}: read: {os_text(error.errno)}") from None
            self.timer.wait(self.sock, events)

    def send(self, data):
        while data:
            data = data[self._do(self.sock.send, data):]

    def fill(self):
        """More bytes; False at the end."""
        data = self._do(self.sock.recv, 65536)
        self.rest += data
        return bool(data)

    def line(self):
        """The next line without its end; None where the connection ended before it."""
        while b"\n" not in self.rest:
            if not self.fill():
                return None
        line, _, self.rest = self.rest.partition(b"\n")
        return line.removesuffix(b"\r").decode("latin-1")

    def take(self, count):
        """So many bytes, or fewer where the connection ends before them."""
        while len(self.rest) < count and self.fill():
            pass
        part, self.rest = self.rest[:count], self.rest[count:]
        return part

    def close(self):
        self.sock.close()


# --- HTTP -----------------------------------------------------------------------------

def request_bytes(target, host, fields):
    """A request as Go writes it: Host, User-Agent, the others in the order of
    their names, and last the close that every probe asks for."""
    agent = [f"User-Agent: {fields['User-Agent']}"] if fields.get("User-Agent") else []
    others = [f"{name}: {value}" for name, value in sorted(fields.items())
              if name not in ("User-Agent", "Host")]
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", *agent, *others, "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class Reply:
    """The head of an answer."""

    def __init__(self, wire):
        self.status = 100
        while 100 <= self.status < 200:  # "100 Continue" and its like come before it
            self._read_head(wire)

    def _read_head(self, wire):
        first = wire.line()
        if first is None:
            raise Broken("EOF")
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/") or not rest[:3].isdigit():
            raise Broken("net/http: HTTP/1.x transport connection broken: "
                         f'malformed HTTP response "{first}"')
        self.version, self.status = version, int(rest[:3])
        self.fields = {}
        while (line := wire.line()) != "":
            if line is None:
                raise Broken("unexpected EOF")
            name, _, value = line.partition(":")
            self.fields.setdefault(name.lower(), value.strip())

    def is_chunked(self):
        return self.fields.get("transfer-encoding", "").lower() == "chunked"


def chunks(wire):
    """The parts of a chunked body."""
    while (line := wire.line()) is not None:
        size = int(line.partition(";")[0], 16)
        if size == 0:
            return
        while size:
            part = wire.take(min(size, 4096))
            if not part:
                raise Errored("unexpected EOF")
            size -= len(part)
            yield part
        wire.line()
    raise Errored("unexpected EOF")


def whole_body(wire, reply):
    """At most BODY_MAX bytes: what follows is not read, so nothing of it matters."""
    if reply.status in NO_BODY:
        return b""
    if reply.is_chunked():
        body = b""
        for part in chunks(wire):
            body += part
            if len(body) >= BODY_MAX:
                break
        return body[:BODY_MAX]
    length = reply.fields.get("content-length")
    if length is None:  # up to the connection's end
        return wire.take(BODY_MAX)
    wanted = min(int(length), BODY_MAX)
    body = wire.take(wanted)
    if len(body) < wanted:
        raise Errored("unexpected EOF")
    return body


def read_body(wire, reply):
    """What goes wrong behind the head is an error, whatever the head says."""
    try:
        return whole_body(wire, reply)
    except Late:
        raise Errored("context deadline exceeded (Client.Timeout or context cancellation "
                      f"{READING})") from None
    except Broken as error:
        raise Errored(str(error)) from None


def hostname(url):
    """As it is written: Go compares capitals too."""
    host = urllib.parse.urlsplit(url).netloc.rpartition("@")[2]
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def next_url(url, first, reply):
    """Where a redirect is followed to, which is never another host; else None."""
    location = reply.fields.get("location")
    if reply.status not in REDIRECTS or not location:
        return None
    after = urllib.parse.urljoin(url, location)
    return after if hostname(after) == hostname(first) else None


def ask(node, timer, url, first, host, fields):
    """One request on a connection of its own: head and body. The body of a
    redirect that is followed is not read."""
    parts = urllib.parse.urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    wire = Wire(dial(node, hostname(url), port, timer), timer)
    try:
        if parts.scheme == "https":
            wire.shake_hands()
        wire.send(request_bytes(target, host or parts.netloc, fields))
        reply = Reply(wire)
        return reply, b"" if next_url(url, first, reply) else read_body(wire, reply)
    finally:
        wire.close()


@dataclasses.dataclass
class Http:
    """httpGet. fields are httpHeaders; a timer other than Timer is for tests."""

    path: str
    port: int = 8080
    host: str = None
    scheme: str = "http"
    fields: dict = dataclasses.field(default_factory=dict)
    timeout: float = 1
    timer: type = Timer

    def probe(self, node):
        timer = self.timer(self.timeout)
        first = after = f"{self.scheme}://{join(self.host or node.ip, self.port)}{self.path}"
        fields = self._all_fields()
        host = given = fields.get("Host")
        for _ in range(REQUESTS_MAX):
            url = after
            try:
                reply, body = ask(node, timer, url, first, host, fields)
            except Late:
                return self._failed(url, "context deadline exceeded "
                                         f"(Client.Timeout exceeded {WAITING})")
            except Broken as error:
                return self._failed(url, error)
            after = next_url(url, first, reply)
            if after is None:
                return self._judge(reply, body)
            is_absolute = urllib.parse.urlsplit(reply.fields["location"]).scheme
            host = None if is_absolute else given
            if not (url.startswith("https:") and after.startswith("http:")):
                fields["Referer"] = url
        return self._failed(url, f"stopped after {REQUESTS_MAX} redirects")

    def _all_fields(self):
        fields = {"-".join(word.capitalize() for word in name.split("-")): value
                  for name, value in self.fields.items()}
        fields.setdefault("User-Agent", AGENT)
        if fields.setdefault("Accept", "*/*") == "":
            del fields["Accept"]
        return fields

    @staticmethod
    def _failed(url, why):
        return Outcome(FAILURE, f'Get "{url}": {why}')

    @staticmethod
    def _judge(reply, body):
        text = body.decode(errors="replace")
        if 300 <= reply.status < 400:
            return Outcome(WARNING, f"Probe terminated redirects, Response body: {text}")
        if 200 <= reply.status < 300:
            return Outcome(SUCCESS, text)
        return Outcome(FAILURE, f"HTTP probe failed with statuscode: {reply.status}")


# --- TCP and commands -----------------------------------------------------------------

@dataclasses.dataclass
class Tcp:
    """tcpSocket: a connection is all that it wants."""

    port: int = 8080
    host: str = None
    timeout: float = 1
    timer: type = Timer

    def probe(self, node):
        host = self.host or node.ip
        try:
            dial(node, host, self.port, self.timer(self.timeout)).close()
        except Late:
            return Outcome(FAILURE, f"dial tcp {join(host, self.port)}: i/o timeout")
        except Broken as error:
            return Outcome(FAILURE, str(error))
        return Outcome(SUCCESS)


@dataclasses.dataclass
class Exec:
    """exec: a command in the container, without a shell. One that is late is
    left to itself: `left` holds them, and end() is for a test's end."""

    argv: list
    timeout: float = 1
    left: list = dataclasses.field(default_factory=list)

    def probe(self, node):
        try:
            running = node.start(self.argv)
            output, _ = running.communicate(timeout=self.timeout)
            node.check_start(running.returncode, output)
        except subprocess.TimeoutExpired:
            self.left.append(running)
            return Outcome(FAILURE, f'command "{" ".join(self.argv)}" timed out')
        except (OSError, CannotStart) as error:
            raise Errored(f"failed to exec in container: {error}") from None
        text = output[:OUTPUT_MAX].decode(errors="replace")
        return Outcome(SUCCESS if running.returncode == 0 else FAILURE, text)

    def end(self):
        for running in self.left:
            running.kill()
            running.communicate()
        self.left.clear()
