"""The hello web service: Go, which people put on Alpine."""
# SPDX-License-Identifier: MIT

import pytest

from conftest import answers_what_is_under_way, serves_through_its_drain
from containers import docker

IMAGE, TITLE, TODAY = "hello", "[hello web](tests/images/hello)", "Go on Alpine, ~15 MB"
NEEDS = ("go",)
HARD = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


@pytest.fixture
def start(run):
    def start(*options):
        box = run(options=(*HARD, "--health-interval=1s", *options))
        box.logs.wait("listening on :8080")
        return box
    return start


@pytest.fixture
def hello(start):
    return start()


@pytest.mark.keeps("HTTP on 8080")
def test_it_greets(hello):
    assert hello.get(8080, "/") == (200, f"Hello from 127.0.0.1:{hello.ports[8080]}\n")


@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_it_becomes_healthy_and_answers_probes(hello):
    hello.events.wait("health_status: healthy")
    assert hello.get(4253, "/readyz") == (200, "ok")


@pytest.mark.gains("a drain before the stop")
def test_it_serves_through_its_drain_and_ends_in_order(start):
    serves_through_its_drain(start("-e", "HALE_DRAIN=1m"), 8080, "/")


def test_a_request_that_is_under_way_is_answered_before_the_end(start):
    answers_what_is_under_way(start("-e", "HALE_DRAIN=0"), 8080, "/")


@pytest.mark.loses("a shell inside")
def test_there_is_no_shell(hello):
    assert docker("exec", hello.id, "sh", "-c", "true", check=False).returncode != 0
