"""A Java web service: a runtime by jlink, on scratch."""
# SPDX-License-Identifier: MIT

import http.client

import pytest

from conftest import BUILDX, HERE, printed_lines, serves_through_its_drain, written_lines
from containers import docker

IMAGE, TITLE = "java", "[Java service](tests/images/java), jlink"
TODAY, NEEDS = "Java on a JRE image", ()
HARD = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
MIB = 1 << 20


@pytest.fixture
def start(run):
    def make(*words, options=()):
        box = run(*words, options=(*HARD, "--health-start-interval=500ms", *options))
        box.logs.wait("listening on port 8080")
        return box
    return make


def put(box, key, value):
    # A collection of all its memory may come first.
    link = http.client.HTTPConnection("127.0.0.1", box.ports[8080], timeout=60)
    try:
        link.request("PUT", key, value)
        return link.getresponse().status
    finally:
        link.close()


def fill(box):
    """Put until it no longer answers."""
    try:
        for key in range(200):
            put(box, f"/{key}", b"x" * (4 * MIB))
    except (OSError, http.client.HTTPException):
        return
    raise AssertionError("800 MiB fit in")


def test_its_copy_lines_are_what_the_script_prints(image):
    docker(*BUILDX, "--target", "build", "-t", "java:build", str(HERE / "java"), timeout=600)
    lines = printed_lines("java:build", "--skip", "/jre", "/jre/bin/java",
                          "$(find /jre -name '*.so')")
    assert "/libstdc++.so.6" in lines and lines in written_lines(IMAGE)


@pytest.mark.keeps("HTTP on 8080", "read-only, no root")
@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_it_keeps_values_and_is_healthy(start):
    box = start()
    assert put(box, "/a", b"1") == 204
    assert box.get(8080, "/a") == (200, "1")
    assert box.get(8080, "/b")[0] == 404
    box.events.wait("health_status: healthy")
    assert box.get(4253, "/readyz") == (200, "ok")


@pytest.mark.gains("exit code 0 after a stop in good order", "a drain before the stop")
def test_its_143_becomes_0_on_a_stop(start):
    serves_through_its_drain(start(options=("-e", "HALE_DRAIN=1m")), 8080, "/healthz")


def test_a_jvm_alone_ends_with_143(run):
    box = run("-cp", "/app", "Cache", network="none", options=("--entrypoint", "/jre/bin/java"))
    box.logs.wait("listening on port 8080")
    docker("stop", "-t", "10", box.id)
    box.logs.wait("stopped in order")
    assert box.exit_code() == 143


@pytest.mark.keeps("a thread dump by `docker kill -s QUIT`")
def test_sigquit_prints_the_threads_and_it_runs_on(start):
    box = start()
    docker("kill", "-s", "QUIT", box.id)
    box.logs.wait("Full thread dump OpenJDK")
    box.logs.wait('"HTTP-Dispatcher"')
    assert put(box, "/a", b"1") == 204


@pytest.mark.keeps("its heap follows the memory limit")
def test_a_full_heap_ends_it_with_3(start):
    box = start(options=("-m", "128m", "--memory-swap", "128m"))
    fill(box)
    box.logs.wait("Terminating due to java.lang.OutOfMemoryError: Java heap space")
    assert box.exit_code() == 3
    assert not box.inspect()["State"]["OOMKilled"]


@pytest.mark.gains("the kernel's kill for memory explained")
def test_a_heap_beyond_the_memory_limit_is_killed_and_hale_says_so(start):
    box = start("/jre/bin/java", "-Xmx1g", "-cp", "/app", "Cache",
                options=("-m", "128m", "--memory-swap", "128m"))
    fill(box)
    box.logs.wait("was killed by the kernel for memory (limit 128 MiB)")
    assert box.exit_code() == 137


@pytest.mark.loses("a shell, jcmd and jstack inside")
def test_nothing_else_is_in_the_image(once):
    for tool in ("/bin/sh", "/jre/bin/jcmd"):
        assert once(tool).returncode == 127
