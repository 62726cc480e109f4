"""The web app in Node.js: the slim image with hale in it, not scratch."""
# SPDX-License-Identifier: MIT

import http.client
import json

import pytest

from conftest import serves_through_its_drain
from containers import docker, until

IMAGE, TITLE = "node", "[web app in Node.js](tests/images/node), on Node's slim image"
TODAY, NEEDS = "`node:22-bookworm-slim`, `npm ci`", ("node",)
HARD = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
PORTS = (3000, 4253)
IDLE = ("--entrypoint", "node")
FOREVER = "setInterval(() => {}, 1000); console.log('up')"


@pytest.fixture
def app(run):
    box = run(options=(*HARD, "--health-start-interval=500ms"), ports=PORTS)
    box.logs.wait("listening on 3000")
    return box


def ask(box, method, path, value=None):
    """Status and JSON of one request with a JSON body."""
    link = http.client.HTTPConnection("127.0.0.1", box.ports[3000], timeout=5)
    link.request(method, path, value and json.dumps(value),
                 {"Content-Type": "application/json"})
    answer = link.getresponse()
    body = answer.read()
    link.close()
    return answer.status, json.loads(body or b"null")


@pytest.mark.keeps("JSON on 3000", "npm ci", "user `node`, read-only")
def test_it_keeps_a_list(app):
    assert ask(app, "POST", "/todos", {"text": "sleep"}) == (201, {"id": 1, "text": "sleep"})
    assert ask(app, "POST", "/todos", {"text": ""}) == (400, {"error": "text is missing"})
    assert ask(app, "GET", "/todos")[1] == [{"id": 1, "text": "sleep"}]
    who = docker("exec", app.id, "node", "-p", "process.getuid()").stdout
    assert who == "1000\n"


@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_it_becomes_healthy_without_curl(app):
    for tool in ("curl", "wget", "nc"):
        assert docker("exec", app.id, "sh", "-c", f"command -v {tool}",
                      check=False).returncode == 127
    app.events.wait("health_status: healthy")
    assert app.get(4253, "/readyz") == (200, "ok")


@pytest.mark.gains("a drain before the stop")
def test_it_serves_through_its_drain_and_ends_in_order(run):
    box = run(options=(*HARD, "-e", "HALE_DRAIN=1m"), ports=PORTS)
    serves_through_its_drain(box, 3000, "/todos")


@pytest.mark.gains("SIGTERM that reaches Node")
def test_sigterm_ends_a_node_without_a_handler(run):
    box = run("node", "-e", FOREVER, network="none", options=("-e", "HALE_DRAIN=0"))
    box.logs.wait("up")
    docker("stop", "-t", "20", box.id)
    assert box.exit_code() == 143


def test_as_process_1_such_a_node_ignores_it_and_is_killed(run):
    box = run("-e", FOREVER, network="none", options=IDLE)
    box.logs.wait("up")
    docker("stop", "-t", "1", box.id)
    assert box.exit_code() == 137


def zombies(box):
    """How many there are, once docker exec has left an orphan that has ended."""
    docker("exec", box.id, "sh", "-c", "(sh -c : &)")
    return docker("exec", box.id, "sh", "-c",
                  "cat /proc/[0-9]*/status | grep -c '^State:.Z'", check=False).stdout


@pytest.mark.gains("zombies reaped")
def test_orphans_are_reaped(run):
    box = run("node", "-e", FOREVER, network="none")
    box.logs.wait("up")
    for _ in range(3):  # so many there would be by now
        zombies(box)
    until(lambda: zombies(box) == "0\n", "no zombie is left")


def test_node_as_process_1_leaves_zombies(run):
    box = run("-e", FOREVER, network="none", options=IDLE)
    box.logs.wait("up")
    until(lambda: int(zombies(box)) > 2, "zombies pile up")
