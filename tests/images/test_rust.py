"""A Rust web service: the standard library alone, static with glibc."""
# SPDX-License-Identifier: MIT

import http.client
import threading

import pytest

from containers import docker, until

IMAGE, TITLE = "rust", "[Rust service](tests/images/rust)"
TODAY, NEEDS = "Rust on Debian slim", ("rust",)
HARD = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
        "-e", "HALE_DRAIN=1s")


@pytest.fixture
def counter(run):
    box = run(options=(*HARD, "--health-start-interval=500ms"))
    box.logs.wait("listening on [::]:8080")
    return box


def ask(box, method, path, body=None):
    link = http.client.HTTPConnection("127.0.0.1", box.ports[8080], timeout=5)
    link.request(method, path, body)
    answer = link.getresponse()
    said = answer.status, answer.read().decode()
    link.close()
    return said


@pytest.mark.keeps("HTTP on 8080")
def test_it_counts_for_many_at_once(counter):
    assert ask(counter, "GET", "/a") == (404, "never counted\n")
    threads = [threading.Thread(target=ask, args=(counter, "POST", "/a", "x" * 2000))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(counter, "GET", "/a") == (200, "20\n")
    assert ask(counter, "PUT", "/a") == (405, "GET or POST\n")


@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_it_becomes_healthy_and_answers_probes(counter):
    counter.events.wait("health_status: healthy")
    assert counter.get(4253, "/readyz") == (200, "ok")


@pytest.mark.gains("a drain before the stop")
def test_it_drains_and_ends_in_order(counter):
    until(lambda: counter.get(4253, "/readyz") == (200, "ok"), "it is ready")
    docker("stop", "-t", "10", counter.id)
    counter.logs.wait("stopped in order")
    assert counter.exit_code() == 0


def test_a_port_that_is_taken_is_the_services_own_line_and_code(once):
    said = once(options=("-e", "PORT=nonsense", "-e", "HALE_LISTEN="))
    assert said.returncode == 1
    assert "cannot listen on port nonsense" in said.stderr


@pytest.mark.loses("a shell and Debian's packages inside")
def test_nothing_else_is_in_the_image(counter):
    assert docker("exec", counter.id, "sh", check=False).returncode != 0
