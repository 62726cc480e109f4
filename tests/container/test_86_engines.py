"""What Docker does to a container, in Debian's engine and in the newest: its health checks,
its limits, its restarts, its stop."""
# SPDX-License-Identifier: MIT

import contextlib
import dataclasses
import pathlib
import shutil
import threading
import time
import types

import pytest

from conftest import IMAGES, go_build
from containers import Container, docker, until
from engines import HARD, ROOT, started
from test_92_health_forms import health, turn, until_it_is

ENGINES = ["Debian's", "newest"]
# Before API 1.44 an engine has no --health-start-interval.
NEWEST = pytest.mark.parametrize("daemon", ["newest"], indirect=True)
TARGETS = ("asks", "url", "curl", "shell", "none", "quit")
FORMS = {  # the image's health check, and what its failure is
    "asks": (["CMD", "/hale", "check"], 1, "http://localhost:8080/health failed: 503"),
    "url": (["CMD", "/hale", "check", "-t", "2s", "http://localhost:8080/health"], 1, "503"),
    "curl": (["CMD", "curl", "-fsS", "http://localhost:8080/health"], 22, "error: 503"),
    "shell": (["CMD-SHELL", "curl -fsS http://localhost:8080/health || exit 1"], 1,
              "error: 503"),
}
# While the service dies its memory still counts: a check begun then could be the end of hale.
OOM = ("--memory", "48m", "--memory-swap", "48m", "-e", "HALE_INTERVAL=1h")
BACKOFF = ("-e", "HALE_BACKOFF=10ms..10ms")
DRAIN_S = 5


def image_of(target):
    return f"hale-test:forms-{target}"


@pytest.fixture(scope="module")
def archive(images, tmp_path_factory):
    """The images, built by the first engine, for `docker load`."""
    context = tmp_path_factory.mktemp("forms")
    go_build("service", context / "service")
    shutil.copy(IMAGES / "Dockerfile.forms", context)
    for target in TARGETS:
        docker("build", "-t", image_of(target), "-f", str(context / "Dockerfile.forms"),
               "--target", target, "--build-arg", f"BASE={images.base}",
               "--build-arg", f"HALE={images.hale}", str(context))
    docker("save", "-o", str(context / "images.tar"), *map(image_of, TARGETS))
    return context / "images.tar"


@pytest.fixture(scope="module", params=ENGINES)
def daemon(request, engine, archive):
    """The engine that every docker command of a test asks."""
    with contextlib.ExitStack() as stack:
        if request.param != "newest":
            yield types.SimpleNamespace(name=request.param, network=engine.network,
                                        private=engine.private, soon=())
            return
        facts = stack.enter_context(started("newest"))
        # What its package calls docker-init is a link to tini's file.
        place = ROOT / "build" / "docker-init"
        place.unlink(missing_ok=True)
        shutil.copy("/usr/bin/tini-static", place)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name in ("DOCKER_HOST", "PATH", "DOCKER_CONFIG"):
            patch.setenv(name, facts[name])
        docker("load", "-i", str(archive))
        # Else the first check in the start period comes after 5 s, whatever the interval.
        yield types.SimpleNamespace(name="newest", network=facts["NETWORK"], private=True,
                                    soon=("--health-start-interval", "300ms"))


@pytest.fixture
def run(daemon):
    boxes = []

    def start(*words, target="asks", options=(), network="none"):
        if "--health-cmd" in options or target != "none" and "--no-healthcheck" not in options:
            options = (*daemon.soon, *options)
        boxes.append(Container(daemon, image_of(target), (*HARD, *options), words, network))
        return boxes[-1]

    yield start
    for box in boxes:
        box.remove()


@pytest.fixture
def serving(run):
    """A container that is ready, with these options."""
    def start(*options, **more):
        box = run(options=options, **more)
        box.logs.wait("service: serving")
        until(lambda: box.hale("check").returncode == 0, "it is ready")
        return box
    return start


@dataclasses.dataclass
class Stop:
    """A `docker stop` under way."""

    box: Container
    patience_s: int

    def __post_init__(self):
        self.begun = time.monotonic()
        self.thread = threading.Thread(target=docker, args=(
            "stop", "-t", str(self.patience_s), self.box.id))
        self.thread.start()

    def end(self):
        """Seconds that it took."""
        self.thread.join()
        return time.monotonic() - self.begun


def status_of(box):
    """What the kernel says of the container's first process."""
    text = pathlib.Path(f"/proc/{box.inspect()['State']['Pid']}/status").read_text()
    return {key: value.split() for key, value in
            (line.split(":", 1) for line in text.splitlines())}


def answers(box, url, code):
    """Does this URL, asked in the container, answer with this status?"""
    return box.hale("check", "--status", str(code), url).returncode == 0


def states_seen(box):
    """All that Docker has said of its health so far."""
    said = docker("events", "--since", "0", "--until", str(time.time()), "--filter",
                  f"container={box.id}", "--format", "{{.Action}}").stdout
    return [line for line in said.splitlines() if line.startswith("health_status")]


def is_over(box, restarts=None):
    """It is not running, and Docker has started it again this often."""
    now = box.inspect()
    return (now["State"]["Status"] == "exited" and
            restarts in (None, now["RestartCount"]))


def test_it_runs_on_the_engine_that_it_says(daemon, capsys):
    version = docker("version", "-f", "{{.Server.Version}}, API {{.Server.APIVersion}}").stdout
    with capsys.disabled():
        print(f"\n{daemon.name} engine is Docker {version.strip()}")
    release = pathlib.Path("/etc/os-release").read_text()
    if daemon.name == "newest":
        assert int(version.split(".")[0]) >= 28
    elif daemon.private and "VERSION_CODENAME=bookworm\n" in release:
        assert version.startswith("20.10.")


# --- health ---

@pytest.mark.parametrize("form", FORMS)
def test_a_health_check_in_an_image_follows_the_service(run, form):
    test, code, text = FORMS[form]
    box = run(target=form)
    assert box.inspect()["Config"]["Healthcheck"]["Test"] == test
    failed, said = turn(box.id)
    assert failed == code and text in said


@pytest.mark.parametrize("line", ["hale check", "curl -fsS http://localhost:8080/health"])
def test_docker_runs_health_cmd_follows_the_service(run, line):
    box = run(target="none", options=("--health-cmd", line, "--health-interval", "300ms",
                                      "--health-retries", "1"))
    code, text = turn(box.id)
    assert code in (1, 22) and "503" in text


@pytest.mark.parametrize("target, options", [("none", ()), ("asks", ("--no-healthcheck",))])
def test_without_a_health_check_docker_asks_nothing_and_hale_still_answers(
        serving, target, options):
    box = serving(*options, target=target)
    assert "Health" not in box.inspect()["State"]
    docker("exec", box.id, "curl", "-fsS", "http://localhost:8080/sick")
    until(lambda: box.hale("check").returncode == 1, "hale has seen it")


@NEWEST
def test_a_start_interval_finds_it_healthy_long_before_the_interval(run):
    box = run(options=("--health-interval", "1h", "--health-start-period", "1h",
                       "--health-start-interval", "300ms"))
    assert until_it_is(box.id, "healthy")[0] == 0
    docker("exec", box.id, "curl", "-fsS", "http://localhost:8080/sick")
    until(lambda: box.hale("check").returncode == 1, "hale has seen it")
    assert health(box.id)["Status"] == "healthy"  # the next check is in an hour


def test_docker_calls_a_paused_container_unhealthy_and_hale_sees_no_failure(serving):
    """Docker does so without a check and without an event; the next check mends it."""
    box = serving()
    until_it_is(box.id, "healthy")
    docker("pause", box.id)
    paused = time.monotonic()
    assert health(box.id)["Status"] == "unhealthy"
    until(lambda: time.monotonic() - paused > 2, "ten of hale's intervals have passed")
    docker("unpause", box.id)
    assert box.hale("check").returncode == 0
    until_it_is(box.id, "healthy")
    assert {line["ExitCode"] for line in health(box.id)["Log"]} == {0}
    assert set(states_seen(box)) == {"health_status: healthy"}
    assert docker("logs", box.id).stderr == ""


def test_hale_status_by_docker_exec_knows_the_check(serving):
    box = serving()
    (check,) = [each for each in box.status()["checks"] if "state" in each]
    assert (check["name"], check["state"]) == ("http://localhost:8080/health", "passing")
    text = box.hale("status").stdout
    assert "state     running" in text and check["name"] in text


# --- rights and limits ---

def test_it_needs_no_right_no_file_and_no_user_under_the_default_filter(serving):
    box = serving("--user", "4711:4711", "--security-opt", "no-new-privileges",
                  "-e", "EXIT_CODE=7")
    until_it_is(box.id, "healthy")
    now = status_of(box)
    assert now["Seccomp"] == ["2"] and now["NoNewPrivs"] == ["1"]
    assert now["Uid"] == ["4711"] * 4
    assert all(int(now[key][0], 16) == 0 for key in ("CapPrm", "CapEff", "CapBnd"))
    Stop(box, 20).end()
    assert box.exit_code() == 7
    assert all("exited with code 7" in line for line in box.hale_lines())


def test_an_out_of_memory_kill_is_explained_by_hale_and_by_docker(run):
    box = run("/service", "eat", "512", options=OOM)
    assert box.exit_code() == 137
    assert "killed by the kernel for memory (limit 48 MiB)" in box.hale_lines()[-1]
    until(lambda: box.inspect()["State"]["OOMKilled"], "Docker has heard of it, too")


# --- restarts ---

def test_docker_restarts_the_container_with_the_services_code(run):
    box = run("/service", "exit", "3", options=("--restart", "on-failure:2"))
    until(lambda: is_over(box, 2), "two restarts")
    assert box.inspect()["State"]["ExitCode"] == 3


def test_hale_restarts_the_service_first_and_docker_the_container_when_it_gives_up(run):
    box = run("/service", "exit", "3", options=(
        "--restart", "on-failure:2", "-e", "HALE_RESTART=on-failure",
        "-e", "HALE_MAX_RESTARTS=2", "-e", "HALE_VERBOSE=1", *BACKOFF))
    until(lambda: is_over(box, 2), "two restarts")
    assert box.inspect()["State"]["ExitCode"] == 3
    starts = [line for line in box.hale_lines() if "started /service" in line]
    assert len(starts) == 3 * 3


def test_while_hale_restarts_the_service_docker_sees_one_container(serving):
    box = serving("--restart", "always", "-e", "HALE_RESTART=on-failure", *BACKOFF)
    for restarts in (1, 2):
        docker("exec", box.id, "curl", "-sS", "http://localhost:8080/die?n=9", check=False)
        box.logs.wait("service: serving")
        assert box.status()["restarts"] == restarts
    assert box.inspect()["RestartCount"] == 0
    Stop(box, 20).end()
    assert is_over(box, 0)
    assert box.inspect()["State"]["ExitCode"] == 0


@pytest.mark.parametrize("policy", ["always", "unless-stopped"])
def test_a_service_that_ends_well_is_started_again_until_docker_stop(run, policy):
    box = run("/service", "exit", "0", options=("--restart", policy))
    until(lambda: box.inspect()["RestartCount"] >= 2, "two restarts")
    Stop(box, 20).end()
    until(lambda: is_over(box), "it stays stopped")
    assert box.inspect()["State"]["ExitCode"] == 0


def test_on_unhealthy_exit_lets_docker_restart_what_it_would_leave_unhealthy(serving):
    box = serving("--restart", "on-failure:1", "-e", "HALE_ON_UNHEALTHY=exit")
    docker("exec", box.id, "curl", "-fsS", "http://localhost:8080/sick")
    until(lambda: box.inspect()["RestartCount"] == 1, "a restart")
    until_it_is(box.id, "healthy")


def test_docker_restart_stops_in_order_and_it_is_healthy_again(serving):
    box = serving()
    until_it_is(box.id, "healthy")
    docker("restart", "-t", "20", box.id)
    until_it_is(box.id, "healthy")
    assert docker("logs", box.id).stdout.count("service: ended in order") == 1
    assert box.inspect()["RestartCount"] == 0


# --- the stop ---

def test_docker_stop_drains_and_the_service_answers_until_the_end(serving):
    box = serving("-e", f"HALE_DRAIN={DRAIN_S}s", network=None)
    stop = Stop(box, 20)
    until(lambda: box.get(4253, "/readyz")[0] == 503, "readiness is off")
    assert box.get(8080, "/health")[0] == 200
    assert DRAIN_S <= stop.end() < 20
    assert box.exit_code() == 0
    assert "service: ended in order" in docker("logs", box.id).stdout


def test_a_second_sigterm_ends_the_drain_of_docker_stop(serving):
    box = serving("-e", "HALE_DRAIN=1h")
    stop = Stop(box, 60)
    until(lambda: answers(box, "http://localhost:4253/readyz", 503), "readiness is off")
    docker("kill", "-s", "TERM", box.id)
    assert stop.end() < 30
    assert box.exit_code() == 0


def test_a_docker_stop_shorter_than_the_drain_kills_a_service_that_was_never_asked(serving):
    box = serving("-e", "HALE_DRAIN=1h")
    assert 1 <= Stop(box, 1).end() < 15
    assert box.exit_code() == 137
    assert "service: got" not in docker("logs", box.id).stdout


def test_the_stopsignal_of_an_image_drains_and_ends_the_service(serving):
    box = serving("-e", "HALE_DRAIN=1s", target="quit")
    assert 1 <= Stop(box, 20).end() < 15
    assert box.exit_code() == 0
    assert "service: got quit" in docker("logs", box.id).stdout


@pytest.mark.parametrize("signal, code", [("TERM", 0), ("KILL", 137)])
def test_docker_kill(serving, signal, code):
    box = serving()
    docker("kill", "-s", signal, box.id)
    assert box.exit_code() == code


# --- another init ---

def test_below_dockers_init_hale_warns_and_everything_works(serving):
    box = serving("--init", "-e", "EXIT_CODE=7", "-e", "HALE_DRAIN=1s")
    until_it_is(box.id, "healthy")
    first = pathlib.Path(f"/proc/{box.inspect()['State']['Pid']}")
    assert b"HALE_" not in (first / "exe").read_bytes()  # it is tini
    line = (first / "cmdline").read_text().split("\0")
    assert line[:4] == ["/sbin/docker-init", "--", "/hale", "/service"]
    assert box.status()["pid"] > 1
    assert 1 <= Stop(box, 20).end() < 15  # tini passes the signal on
    assert box.exit_code() == 7
    assert "not PID 1 and not a subreaper (-s)" in box.hale_lines()[0]
