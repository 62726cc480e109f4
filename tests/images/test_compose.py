"""The auth service with a real PostgreSQL and Redis, by Docker Compose as its users have it.

It has no row in the table of its own: what it shows is of the auth service's image.
"""
# SPDX-License-Identifier: MIT

import json
import os
import subprocess
import time
import types
import urllib.error
import urllib.request
import uuid

import pytest

from conftest import COMPOSE, HERE, compose_plugin
from containers import docker, free_port, until
from test_auth import IMAGE, NEEDS, OPTIONS, TITLE, TODAY  # noqa: F401

FILE = HERE / "compose" / "compose.yaml"
PORTS = {"PORT": 8080, "ADMIN_PORT": 9000, "PROBE_PORT": 4253}
WHO = {"name": "ada", "password": "correct horse"}


@pytest.fixture
def binary(request):
    """The newest unless a test says which."""
    return compose_plugin(getattr(request, "param", "2.40"))


@pytest.fixture
def compose(bridged, image, binary):
    """Run Compose on the file; all that it made is removed."""
    project = f"hale-{uuid.uuid4().hex[:12]}"
    ports = {port: free_port() for port in PORTS.values()}
    env = {**os.environ, **{name: str(ports[port]) for name, port in PORTS.items()}}
    files = ["-f", FILE]

    def call(*words, check=True):
        done = subprocess.run((binary, "-p", project, *files, *words), env=env, timeout=120,
                              capture_output=True, text=True)
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    def ask(port, path, body=None):
        """Status and body of a request to a published port."""
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{ports[port]}{path}", data,
                                        timeout=10) as got:
                return got.status, got.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def events():
        """(service, exit code or empty, what) of all that happened, in order."""
        label = "com.docker.compose"
        said = docker(
            "events", "--since", "0", "--until", str(int(time.time()) + 1),
            "--filter", f"label={label}.project={project}", "--format",
            '{{index .Actor.Attributes "%s.service"}}|'
            '{{index .Actor.Attributes "exitCode"}}|{{.Action}}' % label).stdout
        return [tuple(line.split("|", 2)) for line in said.splitlines()]

    def state():
        box = call("ps", "-a", "-q", "auth").stdout.strip()
        return json.loads(docker("inspect", box).stdout)[0]["State"]

    yield types.SimpleNamespace(call=call, ask=ask, events=events, state=state, files=files)
    call("down", "-v", "-t", "1", check=False)


@pytest.mark.keeps("Compose starts it when its databases are healthy")
@pytest.mark.parametrize("binary", COMPOSE, indirect=True)
def test_up_waits_for_the_databases_then_for_the_service_and_down_ends_it_first(compose):
    compose.call("up", "--wait")
    seen = [(name, what) for name, _, what in compose.events()]
    for database in ("db", "sessions"):
        assert (seen.index((database, "health_status: healthy"))
                < seen.index(("auth", "start")))
    assert seen.index(("auth", "start")) < seen.index(("auth", "health_status: healthy"))
    assert compose.ask(8080, "/register", WHO)[0] == 201
    status, said = compose.ask(8080, "/login", WHO)
    assert status == 200 and len(json.loads(said)["token"]) == 64

    compose.call("down")
    ends = [(name, code) for name, code, what in compose.events() if what == "die"]
    assert ends[0] == ("auth", "0"), "before its databases, and not killed"
    assert set(ends[1:]) == {("db", "0"), ("sessions", "0")}


@pytest.mark.gains("a database that is down makes it not ready and does not restart it")
def test_without_its_database_it_is_not_ready_yet_live_until_that_is_back(compose):
    compose.call("up", "--wait")
    assert compose.ask(8080, "/register", WHO)[0] == 201
    first = compose.state()["StartedAt"]
    # A frozen one takes connections and says nothing.
    for off, on in (("stop", "start"), ("pause", "unpause")):
        compose.call(off, "db")
        until(lambda: compose.state()["Health"]["Status"] == "unhealthy", "Docker sees that")
        why = compose.state()["Health"]["Log"][-1]["Output"]
        assert "/health failed: 503 Service Unavailable" in why and '"database":"' in why
        assert compose.ask(4253, "/readyz")[0] == 503
        assert compose.ask(4253, "/livez") == (200, "ok")
        if off == "stop":  # its driver waits for a frozen one
            assert compose.ask(8080, "/login", WHO) == (503, '{"error":"try again later"}\n')
        compose.call(on, "db")
        until(lambda: compose.state()["Health"]["Status"] == "healthy", "Docker sees that")
        assert compose.ask(4253, "/readyz") == (200, "ok")
        assert compose.ask(8080, "/login", WHO)[0] == 200
    assert compose.state()["StartedAt"] == first


def test_it_is_not_started_while_a_database_is_unhealthy(compose, tmp_path):
    # Redis listens elsewhere, so that its health check finds nobody.
    worse = tmp_path / "worse.yaml"
    worse.write_text("""services:
  sessions:
    command: ["--port", "1"]
    healthcheck: { start_period: 1ms, interval: 500ms, retries: 1 }
""")
    compose.files += ["-f", worse]
    done = compose.call("up", "--wait", check=False)
    assert done.returncode != 0
    assert "dependency failed to start" in done.stderr
    assert compose.state()["Status"] == "created"
