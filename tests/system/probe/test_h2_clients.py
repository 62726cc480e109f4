# SPDX-License-Identifier: MIT
"""HTTP/2 by programs from packages: hale's answers are those of HTTP/1.1."""
import contextlib
import dataclasses
import pathlib
import re
import shutil
import subprocess

import pytest

import curls
import grpc_peers
import harness
import newer
from harness import HALE, PATH, PORT, clean_env, until

URL = f"http://127.0.0.1:{PORT}"
FRONT = 9000   # where nginx is asked
KEEP = ["--http2-prior-knowledge"]
HTTP_1 = ["--http1.1"]
UP, DOWN = "SERVING", "NOT_SERVING"


@pytest.fixture(params=["this system's", "newest"])
def curl(request):
    """What runs curl in a box, and whose first word is its path."""
    found = curls.newest() if request.param == "newest" else shutil.which("curl", path=PATH)
    if request.param == "newest" and not isinstance(found, curls.Curl):
        pytest.skip(found)
    if not found:
        pytest.skip("there is no curl")
    return getattr(found, "program", found)


@pytest.fixture(params=["this system's", "newest"])
def program(request):
    """program("h2load") is its path."""
    def path(name):
        if request.param == "newest":
            return newer.program(name)
        return shutil.which(name, path=PATH) or pytest.skip(f"there is no {name}")
    return path


def connections(box):
    """Accepted so far in the box's network."""
    text = pathlib.Path(f"/proc/{box.pid}/net/snmp").read_text()
    names, values = (line.split() for line in text.splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("PassiveOpens")])


def output(box, *argv):
    """What a command in the box's network prints."""
    done = subprocess.run(["nsenter", f"--net=/proc/{box.pid}/ns/net", "--", *argv],
                          env=clean_env(), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, timeout=harness.DEADLINE)
    assert done.returncode == 0, done
    return done.stdout


# --- curl ------------------------------------------------------------------------

@dataclasses.dataclass
class Answer:
    version: str
    status: int
    fields: dict
    body: str

    @property
    def shape(self):
        """All but its version, with one number for every number: some count."""
        fields = {name: value for name, value in self.fields.items() if name != "connection"}
        return re.sub(r"[0-9.]+", "0", f"{fields}\n{self.body}")


def ask(box, curl, path, *words):
    head, _, body = output(box, curl, "-sS", "-i", *words, URL + path).partition("\n\n")
    first, *fields = head.splitlines()
    version, status = first.split(" ")[:2]
    return Answer(version, int(status), {name.lower(): value for name, value in
                                         (field.split(": ", 1) for field in fields)}, body)


REQUESTS = {
    "/livez": [], "/readyz?verbose": [], "/readyz?exclude=nothing": [], "/status": [],
    "/status?text": [], "/metrics": [], "/": [], "/nothing": [], "//readyz": [],
    "/healthz": ["-I"], "/metrics?": ["-I"], "/status?x": ["-X", "OPTIONS"],
    "/livez?x": ["-X", "DELETE"], "/livez?y": ["-d", "hello"],
    "/livez?z": ["-d", "hello", "-X", "GET"],
    "/metrics?om": ["-H", "Accept: application/openmetrics-text"],
}


@pytest.mark.parametrize("is_ready", [True, False], ids=["ready", "draining"])
def test_an_answer_is_that_of_http_1(ready, curl, is_ready):
    box = ready()
    if not is_ready:
        assert box.run(HALE, "drain", "0").returncode == 0
    seen = set()
    for path, words in REQUESTS.items():
        for _ in range(5):  # times change, and in the page a unit with them
            old, new = ask(box, curl, path, *words, *HTTP_1), ask(box, curl, path, *words, *KEEP)
            assert (old.version, new.version, new.status) == ("HTTP/1.1", "HTTP/2", old.status)
            if new.shape == old.shape:
                break
        assert new.shape == old.shape, path
        assert "-I" in words or int(new.fields["content-length"]) == len(new.body.encode()), path
        seen.add(new.status)
    assert seen == ({200, 404, 405} if is_ready else {200, 404, 405, 503})
    assert ask(box, curl, "/livez", "-X", "PUT", *KEEP).fields["allow"] == "GET, HEAD, OPTIONS"


def test_an_upgrade_to_h2c_is_ignored(ready, curl):
    box = ready()
    before = connections(box)
    told = output(box, curl, "-sS", "--http2", "-w", " %{http_version} %{http_code}\n",
                  f"{URL}/livez", f"{URL}/nothing", f"{URL}/readyz")
    assert re.findall(r" ([0-9.]+) (\d+)$", told, re.M) == [("1.1", "200"), ("1.1", "404"),
                                                           ("1.1", "200")]
    assert connections(box) == before + 1


def body_of(size, tmp_path):
    (tmp_path / "body").write_bytes(b"x" * size)
    return ["--data-binary", f"@{tmp_path}/body"]


@pytest.mark.parametrize("size", [1, 16385, 65535])
def test_a_body_that_fits_into_the_window_is_taken_to_its_end(ready, curl, tmp_path, size):
    """Also where its answer comes first: curl 7.88 would take a reset for an error. It has
    another one where it uses a connection of prior knowledge again."""
    box = ready()
    data = body_of(size, tmp_path)
    for method, status in [("GET", 200), ("POST", 405)] * 10:
        assert ask(box, curl, "/livez", *data, "-X", method, *KEEP).status == status


def test_of_a_larger_body_the_rest_is_not_asked_for(ready, curl, tmp_path):
    if curls.Curl(curl).version < (8, 14, 1):
        pytest.skip("this curl takes a reset without an error for one")
    box = ready()
    data = body_of(1 << 20, tmp_path)
    assert ask(box, curl, "/livez", *data, "-X", "GET", *KEEP).status == 200
    assert ask(box, curl, "/livez", *data, *KEEP).status == 405


# --- nghttp and h2load -----------------------------------------------------------

def test_nghttp_has_several_answers_on_a_connection(ready, program):
    box = ready()
    before = connections(box)
    said = output(box, program("nghttp"), "-v", "--no-dep", f"{URL}/livez",
                  f"{URL}/readyz?verbose", f"{URL}/nothing", f"{URL}/status")
    assert connections(box) == before + 1
    said = re.sub(r"\x1b\[[0-9;]*m", "", said)
    statuses = re.findall(r"recv \(stream_id=(\d+)\) :status: (\d+)", said)
    assert [status for _, status in statuses] == ["200", "200", "404", "200"]
    for stream, _ in statuses:
        assert re.search(f"recv HEADERS frame <length=\\d+, flags=0x04, stream_id={stream}>", said)
        assert re.search(f"recv DATA frame <length=\\d+, flags=0x01, stream_id={stream}>", said)
    assert not re.search("recv (GOAWAY|RST_STREAM|PUSH_PROMISE|CONTINUATION)", said)


@pytest.mark.parametrize("bits", ["4", "8", "11", "16"])
def test_a_body_larger_than_the_window_comes_piece_by_piece(ready, program, bits):
    """The window is of 2^bits - 1 bytes."""
    box = ready()
    whole = box.get("/metrics").body
    assert len(whole) > 2048
    got = output(box, program("nghttp"), "-w", bits, "-W", bits, f"{URL}/metrics")
    assert re.sub(r"[0-9.]+", "0", got) == re.sub(r"[0-9.]+", "0", whole)


@dataclasses.dataclass
class Load:
    succeeded: int
    ok: int
    slowest_ms: float


MS = {"us": 0.001, "ms": 1, "s": 1000}


def load(box, h2load, path, *words):
    said = output(box, h2load, *words, URL + path)
    slowest = re.search(r"^(?:time for request:|request +:) +\S+ +([0-9.]+)([um]?s)", said, re.M)
    return Load(int(re.search(r", (\d+) succeeded, 0 failed, 0 errored, 0 timeout", said)[1]),
                int(re.search(r"status codes: (\d+) 2xx", said)[1]),
                float(slowest[1]) * MS[slowest[2]])


@pytest.mark.parametrize("path, words", {
    "/livez": ("-c8", "-m100"), "/metrics": ("-c8", "-m100"), "/readyz?verbose": ("-c64", "-m1"),
    "/livez?w=1": ("-c8", "-m100", "-w1", "-W1"), "/metrics?w=10": ("-c8", "-m1", "-w10", "-W10"),
}.items())
def test_every_request_of_a_load_is_answered(ready, program, path, words):
    """-w and -W: with windows of 1 byte, or of a kilobyte."""
    got = load(ready(), program("h2load"), path, "-n2000", *words)
    assert (got.succeeded, got.ok) == (2000, 2000)


def test_no_answer_waits_for_the_client_to_acknowledge_another(ready, program):
    """A kernel acknowledges what came alone 40 ms later. One of some loads, as this machine
    may be busy, has no such answer."""
    box = ready()
    slowest = [load(box, program("h2load"), "/livez", "-n800", "-c4", "-m100").slowest_ms
               for _ in range(10)]
    assert min(slowest) < 30, slowest


# --- nginx ahead of it -----------------------------------------------------------

@pytest.fixture
def nginx(tmp_path):
    """Starts nginx in a box's network; it speaks HTTP/2, and gRPC to hale."""
    path = shutil.which("nginx", path=PATH) or pytest.skip("there is no nginx")
    started = []

    def start(box, upstream=""):
        temporary = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (tmp_path / "conf").write_text(f"""
user root;
daemon off;
worker_processes 1;
pid {tmp_path}/pid;
error_log {tmp_path}/log info;
events {{}}
http {{
access_log off;
{temporary}
upstream hale {{ server 127.0.0.1:{PORT}; {upstream} }}
server {{
  listen 127.0.0.1:{FRONT} http2;
  location / {{ grpc_pass grpc://hale; grpc_read_timeout 1h; }}
}} }}
""")
        started.append(subprocess.Popen(
            ["nsenter", f"--net=/proc/{box.pid}/ns/net", "--", path, "-c", tmp_path / "conf"],
            env=clean_env(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

        def listens():
            assert started[-1].poll() is None, (tmp_path / "log").read_text()
            with contextlib.suppress(ConnectionRefusedError):
                box.connect(FRONT).close()
                return True
        until(listens, "nginx listens")
        return f"127.0.0.1:{FRONT}"

    yield start
    for one in started:
        one.terminate()
        one.wait(harness.DEADLINE)


GO = pytest.mark.parametrize("name", ("go", "newest go"))


@GO
def test_calls_through_nginx_are_answered(ready, nginx, peers, name):
    box = ready("--grpc-service", "mine")
    at, go = nginx(box), peers(name, box)
    assert [go.check(at, service).words for service in ("", "live", "mine", "none")] \
        == [UP, UP, UP, "NOT_FOUND"]
    assert go.list(at)[0] == dict.fromkeys(("", "live", "ready", "startup", "mine"), UP)
    assert go.check(at, metadata=2000).status == UP
    assert go.call(at, grpc_peers.HEALTH + "Other")[1].code == "UNIMPLEMENTED"
    assert go.checks(at, n=200, parallel=50, one_connection=True).counts == {UP: 200}
    watch = go.watch(at)
    assert watch.status() == UP
    assert box.run(HALE, "drain", "0").returncode == 0
    assert watch.status() == DOWN
    box.signal(15)
    assert watch.end().code == "UNAVAILABLE"


@GO
def test_nginx_keeps_its_connections_to_hale(ready, nginx, peers, name):
    box = ready()
    at, go = nginx(box, "keepalive 4;"), peers(name, box)
    before = connections(box)
    assert go.checks(at, n=100, one_connection=True).counts == {UP: 100}
    assert go.check(at, "none").code == "NOT_FOUND"
    assert go.check(at, "x" * 600).code == "RESOURCE_EXHAUSTED"
    assert go.checks(at, n=100, one_connection=True).counts == {UP: 100}
    assert connections(box) <= before + 4 + 2   # Go's, and nginx's
