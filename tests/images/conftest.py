"""The images that people really build, on scratch with hale, in the newest engine.

Each has a folder and test_NAME.py, which says by IMAGE, TITLE, TODAY (how it is built
as a rule) and NEEDS (what its Dockerfile starts from) what it is of, by OPTIONS with
which options it is built, by FOLDER where, if it is a folder's second image. A test's
mark is words in the README's table: `keeps` is what the original did and the image does
too, `gains` what the original could not do, `loses` what it could and the image cannot.
A whole run that passes writes the table; with IMAGES_TABLE=check it must be that one,
but for the figures. A run that skips a test does neither.
"""
# SPDX-License-Identifier: MIT

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tarfile
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "container"), str(ROOT / "tests" / "lib")]
pytest_plugins = ["engines", "authority", "readme_table"]
pytest.register_assert_rewrite("engines", "containers", "readme_table")

from containers import Container, docker, until  # noqa: E402
from engines import BUILD_S, build  # noqa: E402
import readme_table  # noqa: E402

HERE = ROOT / "tests" / "images"
TABLE = "make images: sizes and promises"  # its mark
HEAD = ("image", "as built today", "here", "pulled", "keeps", "gains", "loses")
MARKS = HEAD[4:]
ORDER = ("auth", "workshop", "info", "hello", "devops", "node", "node-scratch",
         "rust", "c", "java")
BUILDX = ("buildx", "build", "--network=host")
BOTH = ("--platform", "linux/amd64,linux/arm64")
# What our Dockerfiles start from: a target of stand-ins.Dockerfile, or of hale's own.
STAND_INS = {"go": "golang:1.22-bookworm", "postgres": "postgres:15", "redis": "redis:7",
             "distroless": "gcr.io/distroless/static-debian12:nonroot",
             "node": "node:22-bookworm-slim", "rust": "rust:1-bookworm"}
OURS = {"hale": "hale:0.1.0", "base": "hale-base:0.1.0", "tz": "hale-base:0.1.0-tz"}
CAS = "/etc/ssl/certs/ca-certificates.crt"  # this machine's, for what builds download
COMPOSE = {"2.40": "sid testing", "2.26": "stable"}  # the suites of Debian that have it
ROWS = {}  # IMAGE: its Row


class Row:
    """A line of the README's table."""

    def __init__(self, module):
        self.title, self.today = module.TITLE, module.TODAY
        self.size = self.pulled = 0  # bytes
        self.words = {mark: [] for mark in MARKS}

    def cells(self):
        """A figure of the README's stays while it is true to a tenth of a megabyte."""
        old = re.search(re.escape(f"| {self.title} | {self.today} | ") +
                        r"([\d.]+) MB \| ([\d.]+) MB", readme_table.README.read_text())
        now = (self.size / 1e6, self.pulled / 1e6)
        then = tuple(map(float, old.groups())) if old else now
        return (self.title, self.today,
                *(f"{was if abs(new - was) < 0.1 else new:.1f} MB" for new, was in zip(now, then)),
                *("; ".join(self.words[mark]) for mark in MARKS))


def row_of(module):
    return ROWS.setdefault(module.IMAGE, Row(module))


def pytest_configure(config):
    for mark in MARKS:
        config.addinivalue_line("markers", f"{mark}(words): a word of the README's table")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What a test has shown gets into the table, once."""
    outcome = yield
    if call.when != "call" or not outcome.get_result().passed:
        return
    for mark in item.iter_markers():
        if mark.name in MARKS:
            said = row_of(item.module).words[mark.name]
            said += [words for words in mark.args if words not in said]


def rows():
    """The table's lines: first what all images share, which the others leave out."""
    shared = {mark: [words for words in ROWS[ORDER[0]].words[mark]
                     if all(words in ROWS[image].words[mark] for image in ORDER)]
              for mark in MARKS}
    for row in ROWS.values():
        row.words = {mark: [words for words in row.words[mark] if words not in shared[mark]]
                     for mark in MARKS}
    return [("all of them", "", "", "", *("; ".join(shared[mark]) for mark in MARKS)),
            *(ROWS[image].cells() for image in ORDER)]


def without_sizes(table):
    return re.sub(r"[\d.]+ MB", "", table)


def pytest_sessionfinish(session, exitstatus):
    """A whole run only: every image, and no test left out or skipped."""
    if set(ROWS) == set(ORDER) and readme_table.is_whole(exitstatus):
        check = os.environ.get("IMAGES_TABLE") == "check"
        readme_table.put(session, TABLE, HEAD, rows(),
                         without_sizes if check else None)


@pytest.fixture(scope="session")
def tell(request):
    """Print a line at once, though tests print dots."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(line):
        with capture.global_and_fixture_disabled():
            print(f"\nimages: {line}", flush=True)
    return say


@pytest.fixture(scope="session", autouse=True)
def at_newest(newest):
    """Every docker command of these tests asks the newest engine."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in newest.env.items():
            patch.setenv(name, value)
        yield newest


@pytest.fixture(scope="session")
def bridged(at_newest):
    """The same, to run containers whose ports are fixed."""
    if at_newest.network != "bridge":
        pytest.skip("this engine has no bridge")
    return at_newest


@pytest.fixture(scope="session")
def ours(at_newest, tell):
    """hale's own images, under the names that our Dockerfiles start from."""
    tell("building hale for amd64 and arm64")
    subprocess.run((ROOT / "scripts" / "base-image",), check=True)
    net = types.SimpleNamespace(net=("--network=host",))
    for target, name in OURS.items():
        build(net, target, name, *BOTH, command=("buildx", "build"))


@pytest.fixture(scope="session")
def stand_in(ours, tell):
    """Have the public base images of these names; made once a session."""
    made = set()

    def have(*targets):
        for target in sorted(set(targets) - made):
            tell(f"making what stands for {STAND_INS[target]}")
            docker(*BUILDX, "-f", str(HERE / "stand-ins.Dockerfile"), "--target", target,
                   "--secret", f"id=ca,src={CAS}", "-t", STAND_INS[target], str(HERE),
                   timeout=BUILD_S)
            made.add(target)
    return have


def measure(image):
    """Bytes of the image's files, and of its layers as a registry sends them."""
    box = docker("create", image, "/none").stdout.strip()
    with subprocess.Popen(("docker", "export", box), stdout=subprocess.PIPE) as export:
        with tarfile.open(fileobj=export.stdout, mode="r|") as tar:
            size = sum(member.size for member in tar)
    docker("rm", box)
    with subprocess.Popen(("docker", "save", "--platform", "linux/amd64", image),
                          stdout=subprocess.PIPE) as save:
        with tarfile.open(fileobj=save.stdout, mode="r|") as tar:
            pulled = sum(member.size for member in tar if "/sha256/" in member.name)
    return size, pulled


@pytest.fixture(scope="session")
def build_image(stand_in, tell):
    """Build a folder here as its user would; the image's name."""
    def make(folder, *options, tag=None, needs=("go",)):
        stand_in(*needs)
        tell(f"building {tag or folder}")
        docker(*BUILDX, "-t", tag or f"{folder}:1", *options, str(HERE / folder),
               timeout=BUILD_S)
        return tag or f"{folder}:1"
    return make


@pytest.fixture(scope="module")
def image(request, build_image):
    """The image of the module; its size goes into the table."""
    module = request.module
    name = build_image(getattr(module, "FOLDER", module.IMAGE), *getattr(module, "OPTIONS", ()),
                       tag=f"{module.IMAGE}:1", needs=module.NEEDS)
    row = row_of(module)
    row.size, row.pulled = measure(name)
    return name


@pytest.fixture
def run(bridged, image):
    """Start containers of the module's image; removed after the test."""
    started = []

    def start(*words, options=(), network=None, ports=(8080, 4253), image=image):
        started.append(Container(bridged, image, options, words, network, ports))
        return started[-1]

    yield start
    for box in started:
        box.remove()


@pytest.fixture
def once(image):
    """Run a container that ends by itself."""
    def start(*words, options=(), image=image):
        return docker("run", "--rm", "--network", "none", *options, image, *words, check=False)
    return start


def serves_through_its_drain(box, port, path):
    """The box has HALE_DRAIN=1m, of which a second SIGTERM is the end."""
    until(lambda: box.get(4253, "/readyz") == (200, "ok"), "it is ready")
    docker("kill", "-s", "TERM", box.id)
    until(lambda: box.get(4253, "/readyz")[0] == 503, "it drains")
    assert box.get(port, path)[0] == 200
    docker("kill", "-s", "TERM", box.id)
    assert box.exit_code() == 0
    box.logs.wait("stopped in order")


def answers_what_is_under_way(box, port, path):
    """The box has HALE_DRAIN=0: the service's SIGTERM comes in the middle of a request."""
    at = ("127.0.0.1", box.ports[port])
    if box.published:  # straight there, since a proxy takes connections by itself
        (net,) = box.inspect()["NetworkSettings"]["Networks"].values()
        at = (net["IPAddress"], port)

    def refuses():
        try:
            socket.create_connection(at, timeout=5).close()
        except ConnectionRefusedError:
            return True
    with socket.create_connection(at, timeout=30) as link:
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode())
        assert box.get(port, path)[0] == 200  # so the one before has been accepted
        docker("kill", "-s", "TERM", box.id)
        until(refuses, "it takes no new connection")
        link.sendall(b"Connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: link.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert box.exit_code() == 0
    box.logs.wait("stopped in order")


def config_of(image):
    """The image's own configuration."""
    return json.loads(docker("inspect", image).stdout)[0]["Config"]


def printed_lines(image, *words):
    """What scripts/copy-lines prints in that image, without its comments."""
    said = docker("run", "--rm", "--network", "none", "-v", f"{ROOT}/scripts:/s:ro",
                  "--entrypoint", "sh", image, "-c", f"sh /s/copy-lines {' '.join(words)}").stdout
    return "".join(line for line in said.splitlines(True) if not line.startswith("#"))


def written_lines(folder, name="Dockerfile"):
    return (HERE / folder / name).read_text()


def compose_plugin(version="2.40"):
    """Compose of about that version, run straight, without docker before it."""
    out = ROOT / "build" / f"compose-{version}"
    subprocess.run((ROOT / "scripts" / "newer.sh", out, "docker-compose"), check=True,
                   env={**os.environ, "SUITES": COMPOSE[version]})
    return out / "root" / "usr" / "libexec" / "docker" / "cli-plugins" / "docker-compose"
