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

from conftest import HERE, ROOT
from containers import docker, free_port, until
from test_auth import IMAGE, NEEDS, OPTIONS, TITLE, TODAY  # noqa: F401

FILE = HERE / "compose" / "compose.yaml"
BINARY = "root/usr/libexec/docker/cli-plugins/docker-compose"
SUITES = {"2.40": "sid testing", "2.26": "stable"}  # of Debian, that have about this one
GRACE_S = 15  # stop_grace_period
PORTS = {"PORT": 8080, "ADMIN_PORT": 9000, "PROBE_PORT": 4253}
WHO = {"name": "ada", "password": "correct horse"}


@pytest.fixture(scope="module", params=SUITES)
def binary(request):
    """Compose as a plugin would be, run straight."""
    out = ROOT / "build" / f"compose-{request.param}"
    subprocess.run((ROOT / "scripts" / "newer.sh", out, "docker-compose"), check=True,
                   env={**os.environ, "SUITES": SUITES[request.param]})
    return out / BINARY


@pytest.fixture
def compose(at_newest, image, binary):
    """Run Compose on the file; all that it made is removed."""
    if at_newest.network != "bridge":
        pytest.skip("this engine has no bridge")
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
        """(service, what, exit code or empty) of all that happened, in order."""
        label = "com.docker.compose"
        said = docker(
            "events", "--since", "0", "--until", str(int(time.time()) + 1),
            "--filter", f"label={label}.project={project}", "--format",
            '{{index .Actor.Attributes "%s.service"}}|{{.Action}}|'
            '{{index .Actor.Attributes "exitCode"}}' % label).stdout
        return [tuple(line.split("|")) for line in said.splitlines()]

    def state():
        box = call("ps", "-a", "-q", "auth").stdout.strip()
        return json.loads(docker("inspect", box).stdout)[0]["State"]

    yield types.SimpleNamespace(call=call, ask=ask, events=events, state=state, files=files)
    call("down", "-v", "-t", "1", check=False)


@pytest.mark.keeps("Compose starts it when its databases are healthy")
def test_up_waits_for_the_databases_and_then_for_the_service(compose):
    compose.call("up", "--wait")
    seen = [event[:2] for event in compose.events()]
    for database in ("db", "sessions"):
        assert (seen.index((database, "health_status: healthy"))
                < seen.index(("auth", "start")))
    assert seen.index(("auth", "start")) < seen.index(("auth", "health_status: healthy"))
    assert compose.ask(8080, "/register", WHO)[0] == 201
    status, said = compose.ask(8080, "/login", WHO)
    assert status == 200 and len(json.loads(said)["token"]) == 64

    before = time.monotonic()
    compose.call("down")
    assert time.monotonic() - before < GRACE_S
    assert [(name, code) for name, what, code in compose.events()
            if what == "die" and name == "auth"] == [("auth", "0")]
    ends = [(name, code) for name, what, code in compose.events() if what == "die"]
    assert ends[0] == ("auth", "0"), "it ends before its databases"
    assert set(ends[1:]) == {("db", "0"), ("sessions", "0")}


@pytest.mark.gains("a stopped database makes it not ready, and is not a reason to restart")
def test_a_stopped_database_makes_it_not_ready_yet_live_until_it_is_back(compose):
    compose.call("up", "--wait")
    assert compose.ask(8080, "/register", WHO)[0] == 201
    first = compose.state()["StartedAt"]
    compose.call("stop", "db")
    until(lambda: compose.ask(4253, "/readyz")[0] == 503, "it is not ready")
    until(lambda: compose.state()["Health"]["Status"] == "unhealthy", "Docker sees that")
    assert "readiness" in compose.state()["Health"]["Log"][-1]["Output"]
    assert compose.ask(8080, "/login", WHO) == (503, '{"error":"try again later"}\n')
    assert compose.ask(4253, "/livez") == (200, "ok")
    compose.call("start", "db")
    until(lambda: compose.ask(4253, "/readyz") == (200, "ok"), "it is ready again")
    until(lambda: compose.state()["Health"]["Status"] == "healthy", "Docker sees that")
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
