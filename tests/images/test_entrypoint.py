"""What an entrypoint script did, without a shell: by Docker Compose, with a real PostgreSQL.

It has no row in the table: it is a recipe, which the README shows.
"""
# SPDX-License-Identifier: MIT

import contextlib
import json
import os
import subprocess
import types
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest

from conftest import HERE, compose_plugin
from containers import docker, free_port, until

FILE = HERE / "entrypoint" / "compose.yaml"
IMAGE, NEEDS = "guestbook:1", ("go", "postgres")
SECRET = "of the file"


@pytest.fixture(scope="module")
def guestbook(build_image):
    return build_image("entrypoint", tag=IMAGE, needs=NEEDS)


@contextlib.contextmanager
def project(binary, *files):
    """Run Compose on the file, and more; all that it made is removed."""
    name = f"hale-{uuid.uuid4().hex[:12]}"
    port = free_port()
    env = {**os.environ, "PORT": str(port)}
    files = [word for file in (FILE, *files) for word in ("-f", file)]

    def call(*words, check=True):
        done = subprocess.run((binary, "-p", name, *files, *words), env=env, timeout=120,
                              capture_output=True, text=True)
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    def box(service):
        """What docker inspect shows of its container."""
        number = call("ps", "-a", "-q", service).stdout.strip()
        return json.loads(docker("inspect", number).stdout)[0]

    def ask(body=None):
        """Status and body of a request."""
        data = body and urllib.parse.urlencode(body).encode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", data, timeout=10) as got:
                return got.status, got.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    try:
        yield types.SimpleNamespace(call=call, box=box, ask=ask)
    finally:
        call("down", "-v", "-t", "1", check=False)


@pytest.fixture(scope="module")
def binary(bridged, guestbook, tmp_path_factory):
    secret = tmp_path_factory.mktemp("secret") / "db_password"
    secret.write_text(f"{SECRET}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DB_PASSWORD_FILE", str(secret))
        yield compose_plugin()


@pytest.fixture(scope="module")
def compose(binary):
    """All of it, up and healthy."""
    with project(binary) as made:
        made.call("up", "-d", "--wait", "app")
        yield made


def test_it_waits_migrates_and_serves_in_this_order(compose):
    assert compose.ask({"name": "ada"})[0] == 201
    assert compose.ask() == (200, '["ada"]\n')
    until(lambda: compose.box("app")["State"]["Health"]["Status"] == "healthy", "it is healthy")
    wait, migrate, app = (compose.box(name)["State"] for name in ("wait", "migrate", "app"))
    assert (wait["ExitCode"], migrate["ExitCode"]) == (0, 0)
    assert wait["FinishedAt"] < migrate["StartedAt"] < migrate["FinishedAt"] < app["StartedAt"]


def test_its_user_default_and_secret_are_where_the_dockerfile_has_them(compose):
    box = compose.box("app")
    assert "log level info" in compose.call("logs", "app").stdout
    assert SECRET not in json.dumps(box["Config"])
    with open(f"/proc/{box['State']['Pid']}/status") as status:
        assert "Uid:\t65532\t65532" in status.read()


def test_without_its_database_it_is_not_ready_and_is_not_restarted(compose):
    number = compose.box("app")["Id"]

    def ready():
        return docker("exec", number, "/hale", "check", "--ready", check=False).returncode == 0
    compose.call("kill", "db")
    until(lambda: not ready(), "it is not ready")
    assert docker("exec", number, "/hale", "check", "--live").returncode == 0
    compose.call("start", "db")
    until(ready, "it is ready again")
    until(lambda: compose.ask()[0] == 200, "it serves again")
    assert compose.box("app")["RestartCount"] == 0


def test_a_migration_that_fails_keeps_the_app_from_starting(binary, tmp_path):
    more = tmp_path / "more.yaml"
    more.write_text("services: {migrate: {environment: {DB_USER: nobody}}}")
    with project(binary, more) as made:
        done = made.call("up", "-d", check=False)
        assert done.returncode == 1
        assert "service \"migrate\" didn't complete successfully: exit 1" in done.stderr
        said = made.call("logs", "migrate").stdout
        assert "migrate: pq: password authentication failed" in said
        assert made.box("app")["State"]["Status"] == "created"


def test_a_wait_in_vain_names_the_database(guestbook):
    done = docker("run", "--rm", "--network", "none", "--entrypoint", "/hale", guestbook,
                  "wait", "--timeout", "200ms", "tcp://127.0.0.1:5432", check=False)
    assert done.returncode == 1
    assert "127.0.0.1 port 5432: Connection refused" in done.stderr
