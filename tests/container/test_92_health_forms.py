"""Health checks as people write them, in a scratch image whose curl and sh are hale."""
# SPDX-License-Identifier: MIT

import json
import os
import pathlib
import subprocess
import uuid

import pytest

from conftest import go_build
from containers import docker, until
from test_70_compose import find_compose

FILE = pathlib.Path(__file__).with_name("health.yaml")
URL = "http://localhost:8080/health"
# As in the documentation of Docker, Compose and the images that people copy from.
COMMANDS = {
    "curl": f"curl -f {URL} || exit 1",
    "curl, quiet": f"curl -sf {URL} > /dev/null || exit 1",
    "curl, all to nowhere": f"curl --fail --silent {URL} >/dev/null 2>&1 || exit 1",
    "wget": f"wget --no-verbose --tries=1 --spider {URL} || exit 1",
    "busybox' wget": f"wget -q -O /dev/null {URL} || exit 1",
    "nc": "nc -z localhost 8080 && curl -fs " + URL,
}
# What is not hale's, in an image where a program would be there to start.
NO_WAY = {
    "a program by its path": "/service exit 0",
    "a program by its path behind a good one": "true && /service exit 0",
    "exec": "exec /service exit 0",
    "a substitution": "curl $(/service exit 0)",
    "backquotes": "curl `/service exit 0`",
    "hale itself": "hale -- /service exit 0",
    "hale by its path": "/usr/bin/hale -- /service exit 0",
    "hale by its path's link": "/bin/sh -c '/service exit 0'",
    "hale as an init": "tini -- /service exit 0",
    "a pipe": "true | /service exit 0",
    "a group": "(/service exit 0)",
    "env": "env /service exit 0",
}


@pytest.fixture(scope="module")
def image(images, on_base):
    return on_base("compat", lambda binary: go_build("service", binary), "Dockerfile.compat")


def health(box):
    return json.loads(docker("inspect", box).stdout)[0]["State"]["Health"]


def until_it_is(box, status):
    """The last result's exit code and output, once the container has this status."""
    until(lambda: health(box)["Status"] == status, f"{box} is {status}")
    last = health(box)["Log"][-1]
    return last["ExitCode"], last["Output"]


def tell(box, path):
    done = docker("exec", box, "curl", "-sS", f"http://localhost:8080{path}")
    assert done.stderr == ""


def turn(box):
    """Healthy, unhealthy and healthy again; what the failed check left behind."""
    until_it_is(box, "healthy")
    tell(box, "/sick")
    code, text = until_it_is(box, "unhealthy")
    tell(box, "/well")
    until_it_is(box, "healthy")
    return code, text


@pytest.fixture
def start(image):
    boxes = []

    def run(*options):
        boxes.append(docker("run", "-d", "--network", "none", "--cap-drop", "ALL", "--read-only",
                            *options, image).stdout.strip())
        return boxes[-1]

    yield run
    for box in boxes:
        docker("rm", "-f", box, check=False)


def test_the_shell_form_in_a_dockerfile(start, image):
    config = json.loads(docker("inspect", image).stdout)[0]["Config"]
    assert config["Healthcheck"]["Test"] == ["CMD-SHELL", COMMANDS["curl"]]
    code, text = turn(start())
    assert code == 1
    assert "curl: (22) The requested URL returned error: 503" in text


@pytest.mark.parametrize("line", COMMANDS.values(), ids=COMMANDS)
def test_docker_runs_health_cmd(start, line):
    code, text = turn(start("--health-cmd", line, "--health-interval", "1s",
                            "--health-retries", "1"))
    assert code in (1, 22)
    assert text == "" or not line.endswith("2>&1 || exit 1")


@pytest.mark.parametrize("form, expected", [("list", 22), ("string", 1)])
def test_composes_forms(image, form, expected):
    command = (*find_compose(), "-f", FILE)
    env = {**os.environ, "COMPOSE_PROJECT_NAME": f"hale-test-{uuid.uuid4().hex[:12]}"}

    def compose(*words):
        return subprocess.run((*command, *words), capture_output=True, text=True, env=env,
                              timeout=120, check=True).stdout.strip()

    try:
        compose("up", "-d", form)
        assert turn(compose("ps", "-q", form))[0] == expected
    finally:
        compose("down", "-t", "1")


def test_a_user_who_is_nobody_and_limits_make_no_difference(start):
    turn(start("--user", "4711:4711", "--security-opt", "no-new-privileges",
               "--pids-limit", "12", "--memory", "32m"))


@pytest.mark.parametrize("line", NO_WAY.values(), ids=NO_WAY)
def test_its_sh_starts_no_program_of_the_image(start, line):
    box = start()
    done = docker("exec", box, "sh", "-c", line, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("sh: ") and done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_its_sh_is_no_shell_for_people(start):
    box = start()
    done = docker("exec", box, "sh", check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
