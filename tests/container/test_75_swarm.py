"""Docker Swarm: a task counts as running when healthy, and is replaced when not."""
# SPDX-License-Identifier: MIT

import json
import uuid

import pytest

from conftest import HARD
from containers import docker, free_port, until


@pytest.fixture
def swarm(engine):
    """A swarm of one: our own engine only, for a swarm changes an engine."""
    if not engine.private:
        pytest.skip("this engine is not ours to make a swarm of")
    docker("swarm", "leave", "--force", check=False)  # of a run cut short
    docker("swarm", "init", "--advertise-addr", "127.0.0.1",
           "--listen-addr", f"127.0.0.1:{free_port()}")
    yield
    docker("swarm", "leave", "--force")
    # It would stay on this machine after the engine has gone.
    until(lambda: docker("network", "rm", "docker_gwbridge", check=False)
          .returncode == 0, "the swarm's bridge removed")


def state_of(box):
    return json.loads(docker("inspect", box).stdout)[0]["State"]


def test_an_unhealthy_task_is_stopped_in_order_and_replaced(swarm, service_image):
    name = f"hale-test-{uuid.uuid4().hex[:12]}"

    def healthy():
        return docker("ps", "-q", "--no-trunc", "--filter", f"name={name}.1.",
                      "--filter", "health=healthy").stdout.split()

    docker("service", "create", "--name", name, "--detach", "--no-resolve-image",
           *HARD, "--env", "EXIT_CODE=7", "--stop-grace-period", "20s",
           "--health-interval", "1s", "--health-retries", "1",
           "--restart-delay", "0s", service_image)
    (first,) = until(healthy, "a healthy task")
    docker("exec", first, "/hale", "drain", "0")
    (second,) = until(lambda: [box for box in healthy() if box != first],
                      "another task in its place")
    assert second != first
    ended = state_of(first)
    assert (ended["Status"], ended["ExitCode"]) == ("exited", 7)
    docker("service", "rm", name)
    until(lambda: not docker("ps", "-q", "--filter", f"name={name}").stdout,
          "the service's end")
