"""Docker Compose: a service waits for the health of another."""
# SPDX-License-Identifier: MIT

import json
import os
import pathlib
import subprocess
import time
import types
import uuid

import pytest

from containers import docker

FILE = pathlib.Path(__file__).with_name("compose.yaml")


def find_compose():
    """As a plugin of docker, or the older command of that name."""
    if docker("compose", "version", check=False).returncode == 0:
        return ("docker", "compose")
    return ("docker-compose",)


@pytest.fixture
def compose(service_image):
    """Run compose on the file beside; what it started is removed."""
    command = find_compose()
    project = f"hale-test-{uuid.uuid4().hex[:12]}"
    env = {**os.environ, "COMPOSE_PROJECT_NAME": project}

    def call(*words, init="/hale", check=True):
        done = subprocess.run(
            (*command, "-f", FILE, *words), capture_output=True, text=True,
            env={**env, "INIT": init}, timeout=120)
        assert not check or done.returncode == 0, (words, done)
        return done

    def state(name):
        box = call("ps", "-a", "-q", name).stdout.strip()
        return json.loads(docker("inspect", box).stdout)[0]["State"] if box else None

    def events():
        label = "com.docker.compose"
        return docker(
            "events", "--since", "0", "--until", str(int(time.time()) + 1),
            "--filter", f"label={label}.project={project}", "--format",
            '{{index .Actor.Attributes "%s.service"}} {{.Action}}' % label,
        ).stdout.splitlines()

    yield types.SimpleNamespace(call=call, state=state, events=events)
    call("down", "-t", "1", check=False)


def test_the_second_starts_after_the_first_is_healthy(compose):
    compose.call("up", "-d")
    assert compose.state("first")["Health"]["Status"] == "healthy"
    seen = compose.events()
    assert seen.index("first health_status: healthy") < seen.index("second start")


def test_the_second_does_not_start_while_no_hale_keeps_the_first(compose):
    # An ended first would do, but Compose v1 takes it for healthy.
    done = compose.call("up", "-d", init="/service sleep 0", check=False)
    assert done.returncode != 0
    first = compose.state("first")
    assert first["Running"] and first["Health"]["Status"] == "unhealthy"
    assert "no supervisor answers here" in first["Health"]["Log"][0]["Output"]
    second = compose.state("second")
    assert second is None or second["Status"] == "created"


def test_compose_stop_drains_and_keeps_the_services_code(compose):
    compose.call("up", "-d", "first")
    compose.call("stop", "-t", "20")
    assert compose.state("first")["ExitCode"] == 143
