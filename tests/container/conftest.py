"""Images of hale and of a static Go service, in containers of a real engine.

No test sleeps: it follows a stream (docker logs, docker events) to the line it
waits for, or asks again until a deadline through `until`.
"""
# SPDX-License-Identifier: MIT

import http.client
import json
import os
import pathlib
import queue
import shutil
import socket
import subprocess
import threading
import time
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES = ROOT / "tests" / "images"
DEADLINE_S = 30  # for anything that should happen soon
BUILD_S = 1800  # for an image with its toolchain on a slow machine
VERSION = "0.0.0-test"
COMMIT = "c0ffee0000000000000000000000000000000000"
HARD = ("--read-only", "--user", "65532", "--cap-drop", "ALL")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """In CI a skipped container test is a failed one."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI counts as failed: {report.longrepr}"


def until(ask, what, deadline_s=DEADLINE_S):
    """Ask again until the answer is true; it is returned."""
    end = time.monotonic() + deadline_s
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        threading.Event().wait(0.05)


class Lines:
    """The lines a command prints, followed as they come."""

    def __init__(self, *words):
        self.seen = []
        self.coming = queue.Queue()
        self.command = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.command.stdout:
            self.coming.put(line.rstrip("\n"))
        self.coming.put(None)

    def wait(self, text, deadline_s=DEADLINE_S):
        """The first line not seen before that holds the text."""
        end = time.monotonic() + deadline_s
        while True:
            try:
                line = self.coming.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"no line with {text!r} in {self.seen}"
            self.seen.append(line)
            if text in line:
                return line

    def close(self):
        self.command.kill()
        self.command.wait()
        self.reader.join()
        self.command.stdout.close()


def docker(*words, check=True, timeout=120):
    """Run docker; its result, with stdout and stderr apart."""
    done = subprocess.run(
        ("docker", *words), capture_output=True, text=True, timeout=timeout
    )
    assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
    return done


class Container:
    """One running container of the service image."""

    def __init__(self, engine, image, run_options, words):
        self.ports = {8080: 8080, 9000: 9000}
        options = list(run_options)
        if engine.network == "host":
            self.ports = {port: free_port() for port in self.ports}
            options += ["--network", "host"]
            options += ["-e", f"PORT={self.ports[8080]}"]
            options += ["-e", f"HALE_LISTEN={self.ports[9000]}"]
        else:
            options += ["-p", "127.0.0.1::8080", "-p", "127.0.0.1::9000"]
        self.id = docker("run", "-d", *options, image, *words).stdout.strip()
        if engine.network != "host":
            for port in self.ports:
                line = docker("port", self.id, f"{port}/tcp").stdout.split()[0]
                self.ports[port] = int(line.rsplit(":", 1)[1])
        self.logs = Lines("docker", "logs", "-f", self.id)
        self.events = Lines("docker", "events", "--since", "0", "--filter",
                            f"container={self.id}", "--format", "{{.Action}}")

    def get(self, port, path):
        """Status and body of one GET through the published port."""
        link = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=5)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def hale(self, *words):
        """Run hale inside by docker exec."""
        return docker("exec", self.id, "/hale", *words, check=False)

    def exit_code(self, deadline_s=DEADLINE_S):
        """Wait for the container's end."""
        return int(docker("wait", self.id, timeout=deadline_s).stdout)

    def inspect(self):
        return json.loads(docker("inspect", self.id).stdout)[0]

    def remove(self):
        self.logs.close()
        self.events.close()
        docker("rm", "-f", self.id, check=False)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="session")
def engine():
    """A Docker engine, private where none answers; ended if started here."""
    start = subprocess.run(
        (ROOT / "scripts" / "engine", "start"), stdout=subprocess.PIPE, text=True
    )
    if start.returncode != 0:
        pytest.skip("no Docker engine here and none can be started")
    facts = dict(line.split("=", 1) for line in start.stdout.split())
    os.environ["DOCKER_HOST"] = facts["DOCKER_HOST"]
    os.environ["PRIVATE"] = facts["PRIVATE"]
    yield types.SimpleNamespace(
        private=facts["PRIVATE"] == "yes", network=facts["NETWORK"]
    )
    if facts["STARTED"] == "yes":
        subprocess.run((ROOT / "scripts" / "engine", "stop"), check=True)


@pytest.fixture(scope="session")
def images(engine):
    """hale and base, by Dockerfile.scratch, as a user would build them."""
    subprocess.run((ROOT / "scripts" / "base-image",), check=True)
    names = types.SimpleNamespace(hale="hale-test:hale", base="hale-test:base")
    net = ("--network=host",) if engine.private else ()
    for target, name in vars(names).items():
        docker(
            "build", *net, "-f", str(ROOT / "Dockerfile.scratch"),
            "--target", target, "-t", name,
            "--build-arg", f"VERSION={VERSION}",
            "--build-arg", f"COMMIT_SHA={COMMIT}",
            "--build-arg", "BUILD_TIME=2026-01-02T03:04:05Z",
            str(ROOT), timeout=BUILD_S,
        )
    return names


@pytest.fixture(scope="session")
def service_image(images, tmp_path_factory):
    """The static Go service on hale's base image."""
    context = tmp_path_factory.mktemp("service")
    subprocess.run(
        ("go", "build", "-trimpath", "-ldflags=-s -w",
         "-o", context / "service", "."),
        cwd=IMAGES / "service", check=True, timeout=BUILD_S,
        env={**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off",
             "GOFLAGS": "", "GOCACHE": str(ROOT / "build" / "go-cache")},
    )
    shutil.copy(IMAGES / "Dockerfile.service", context / "Dockerfile")
    docker("build", "-t", "hale-test:service",
           "--build-arg", f"BASE={images.base}", str(context))
    return "hale-test:service"


@pytest.fixture
def run(engine, service_image):
    """Run containers of the service image; removed after the test."""
    started = []

    def start(*words, options=()):
        # A second's interval: the image's own is tried by one test.
        box = Container(engine, service_image,
                        (*HARD, "--health-interval=1s", *options), words)
        started.append(box)
        return box

    yield start
    for box in started:
        box.remove()


@pytest.fixture
def service(run):
    """A service that answers."""
    box = run()
    box.logs.wait("service: serving")
    return box


@pytest.fixture
def once(service_image):
    """Run a container that ends by itself; no network, so only hale talks."""
    def start(*words):
        return docker("run", "--rm", *HARD, "--network", "none",
                      service_image, *words, check=False)
    return start
