"""The hello web service: Go, which people put on Alpine."""
# SPDX-License-Identifier: MIT

import pytest

from containers import docker, until

IMAGE, TITLE, TODAY = "hello", "[hello web](tests/images/hello)", "Go on Alpine, ~15 MB"
NEEDS = ("go",)
HARD = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


@pytest.fixture
def hello(run):
    box = run(options=(*HARD, "--health-interval=1s"))
    box.logs.wait("listening on :8080")
    return box


@pytest.mark.keeps("HTTP on 8080")
def test_it_greets(hello):
    assert hello.get(8080, "/") == (200, f"Hello from 127.0.0.1:{hello.ports[8080]}\n")


@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_it_becomes_healthy_and_answers_probes(hello):
    hello.events.wait("health_status: healthy")
    assert hello.get(4253, "/readyz") == (200, "ok")


@pytest.mark.gains("a drain before the stop")
def test_it_serves_through_the_drain_and_ends_in_order(hello):
    until(lambda: hello.get(4253, "/readyz") == (200, "ok"), "it is ready")
    with_drain = docker("stop", "-t", "10", hello.id)
    assert with_drain.returncode == 0
    hello.logs.wait("stopped in order")
    assert hello.exit_code() == 0


@pytest.mark.loses("a shell inside")
def test_there_is_no_shell(hello):
    assert docker("exec", hello.id, "sh", "-c", "true", check=False).returncode != 0
