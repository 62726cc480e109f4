"""Corners that only an engine has: dropped capabilities, odd stop signals, pause,
memory, working directories, few processes, few descriptors, and a terminal."""
# SPDX-License-Identifier: MIT

import contextlib
import http.client
import re
import time

import pytest

from containers import docker, until

DOCKERS_S = 20  # docker stop's own patience: hale is to be done long before
STOP = ("stop", "-t", str(DOCKERS_S))
SOON_S = DOCKERS_S / 2
CTRL_C = b"\x03"
CTRL_Z = b"\x1a"
MAY_CHANGE_USER = ("--user", "0", "--cap-add", "SETUID", "--cap-add", "SETGID")
OTHER_USER = (*MAY_CHANGE_USER, "-e", "BECOME=1000")
# A check that nothing answers: the service is sick half a second after its start.
SICK = ("-e", "HALE_LIVE_CHECK=tcp://127.0.0.1:1", "-e", "HALE_INTERVAL=200ms",
        "-e", "HALE_RETRIES=2")
# A single failure ends the container, once the service has been ready.
CHECKED = ("-e", "HALE_CHECK=http://127.0.0.1:8080/", "-e", "HALE_INTERVAL=100ms",
           "-e", "HALE_RETRIES=1", "-e", "HALE_START_PERIOD=60s",
           "-e", "HALE_ON_UNHEALTHY=exit")
SMALL = ("--memory", "48m", "--memory-swap", "48m")


def setting(name, value):
    return ("-e", f"HALE_{name}={value}")


def pass_time(seconds):
    """What is tested is that time goes by."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end, "the time has passed", seconds + 5)


def stop(box):
    """docker stop; how long it took, in seconds."""
    began = time.monotonic()
    docker(*STOP, box.id)
    return time.monotonic() - began


def running(box):
    return box.inspect()["State"]["Running"]


@pytest.fixture
def serving(run):
    """A container whose service serves, with some options of docker run."""
    def start(*options, **more):
        box = run(options=options, **more)
        box.logs.wait("service: serving")
        return box
    return start


# --- capabilities ---


def test_a_service_of_another_user_is_stopped_in_order_without_cap_kill(serving):
    box = serving(*OTHER_USER, "-e", "EXIT_CODE=7")
    assert stop(box) < SOON_S
    box.logs.wait("service: ended in order")
    assert box.exit_code() == 7


def test_a_signal_reaches_a_service_of_another_user_without_cap_kill(serving):
    box = serving(*OTHER_USER)
    docker("kill", "-s", "USR1", box.id)
    box.logs.wait("service: got user defined signal 1")
    docker("kill", "-s", "RTMIN+3", box.id)
    box.logs.wait("service: got signal 37")
    assert running(box)


def test_a_service_of_another_user_that_stays_is_killed_without_cap_kill(serving):
    box = serving(*OTHER_USER, "-e", "IGNORE_TERM=1", *setting("STOP_TIMEOUT", "1s"))
    assert stop(box) < SOON_S
    assert box.exit_code() == 137


def test_a_sick_service_of_another_user_is_restarted_without_cap_kill(serving):
    box = serving(*OTHER_USER, *SICK, *setting("ON_UNHEALTHY", "restart"))
    box.logs.wait("service: got terminated")
    box.logs.wait("service: serving")
    assert box.status()["restarts"] >= 1


def test_a_sick_service_of_another_user_ends_the_container_without_cap_kill(serving):
    box = serving(*OTHER_USER, *SICK, *setting("ON_UNHEALTHY", "exit"))
    box.logs.wait("service: got terminated")
    box.logs.wait("service: ended in order")
    assert box.exit_code() == 1


@pytest.fixture(scope="module")
def with_mode(service_image, tmp_path_factory):
    """The service's image with another mode for one file or folder, which COPY
    of a plain builder does not keep, and docker cp does."""
    def make(name, path, mode):
        here = tmp_path_factory.mktemp(name) / path
        made = docker("create", service_image).stdout.strip()
        if docker("cp", f"{made}:/{path}", str(here), check=False).returncode:
            here.mkdir()
        here.chmod(mode)
        docker("cp", str(here), f"{made}:/")
        docker("commit", made, f"hale-test:{name}")
        docker("rm", made)
        return f"hale-test:{name}"
    return make


@pytest.fixture
def out_of_reach(with_mode, serving):
    """A service that has become root, by its set-uid bit, under a hale that
    is not and has no capability: nobody but the kernel may signal it."""
    image = with_mode("setuid", "service", 0o4755)

    def start(*options):
        return serving(*options, "-e", "BECOME=0", image=image)
    return start


def assert_says_why(box):
    lines = [line for line in box.hale_lines() if "CAP_KILL" in line]
    assert len(lines) == 1, box.hale_lines()
    assert "EPERM" in lines[0] or "not permitted" in lines[0]


def test_a_service_that_nobody_may_signal_ends_with_its_container(out_of_reach):
    box = out_of_reach()
    assert stop(box) < SOON_S
    assert box.exit_code() == 137
    assert_says_why(box)


def test_a_sick_service_that_nobody_may_signal_ends_with_its_container(out_of_reach):
    box = out_of_reach(*SICK, *setting("ON_UNHEALTHY", "exit"))
    assert box.exit_code() == 1
    assert_says_why(box)


def test_a_sick_service_that_nobody_may_signal_is_given_up(out_of_reach):
    box = out_of_reach(*SICK, *setting("ON_UNHEALTHY", "restart"),
                       *setting("STOP_TIMEOUT", "1s"))
    box.logs.wait("CAP_KILL")
    until(lambda: box.hale("check").returncode == 1, "it is not live")
    if box.published:
        status, body = until(
            lambda: (lambda got: got[0] == 503 and got)(
                box.get(4253, "/livez?verbose")), "/livez tells the truth")
        assert "failed: " in body, body
    pass_time(2)
    assert running(box)  # it was told to restart, not to exit
    assert_says_why(box)
    assert stop(box) < SOON_S
    assert box.exit_code() == 137


# --- stop signals ---

ENDS_BY = {"SIGQUIT": 3, "SIGINT": 2, "SIGWINCH": 28}
WORDS = {"SIGQUIT": "quit", "SIGINT": "interrupt", "SIGWINCH": "window changed"}


def stops_by(name, *options):
    """The options for an image with this STOPSIGNAL."""
    return ("--stop-signal", name, "-e", f"ENDS_BY={ENDS_BY.get(name, 0)}",
            *(() if name == "SIGINT" else setting("STOP_ON", name)), *options)


@pytest.mark.parametrize("name", ENDS_BY)
def test_the_images_stop_signal_ends_a_restarted_service_for_good(serving, name):
    box = serving(*stops_by(name, *setting("RESTART", "always"), "-e", "EXIT_CODE=5"))
    assert stop(box) < SOON_S
    box.logs.wait(f"service: got {WORDS[name]}")
    assert box.exit_code() == 5
    assert docker("logs", box.id).stdout.count("service: serving") == 1


@pytest.mark.parametrize("name", ENDS_BY)
def test_the_images_stop_signal_starts_the_drain(serving, name):
    box = serving(*stops_by(name, *setting("DRAIN", "60s")))
    until(lambda: box.hale("check").returncode == 0, "it is ready")
    docker("kill", "-s", name, box.id)
    until(lambda: box.hale("check").returncode == 1, "the drain has begun")
    assert "service: got" not in docker("logs", box.id).stdout
    docker("kill", "-s", name, box.id)  # the second ends the drain
    assert box.exit_code() == 0
    assert f"service: got {WORDS[name]}" in docker("logs", box.id).stdout


def test_the_stop_timeout_counts_from_the_images_stop_signal(serving):
    box = serving(*stops_by("SIGUSR1", *setting("STOP_TIMEOUT", "1s")))
    assert stop(box) < SOON_S
    box.logs.wait("service: got user defined signal 1")
    assert box.exit_code() == 137


def test_a_signal_that_is_no_stop_is_the_services_own_under_a_restart_policy(
        serving):
    box = serving("-e", "ENDS_BY=3", *setting("RESTART", "always"))
    docker("kill", "-s", "QUIT", box.id)
    box.logs.wait("service: got quit")
    box.logs.wait("service: serving")
    assert stop(box) < SOON_S
    assert box.exit_code() == 0


# --- pause ---


def freeze(box, seconds):
    docker("pause", box.id)
    pass_time(seconds)
    docker("unpause", box.id)


def test_a_pause_does_not_count_against_the_stop_timeout(serving):
    box = serving("-e", "IGNORE_TERM=1", *setting("STOP_TIMEOUT", "6s"))
    docker("kill", "-s", "TERM", box.id)
    box.logs.wait("service: got terminated")
    freeze(box, 7)
    thawed = time.monotonic()
    assert box.exit_code() == 137
    assert time.monotonic() - thawed > 2


def test_a_pause_does_not_count_against_the_watchdog(serving):
    box = serving(*setting("NOTIFY", "1"), *setting("WATCHDOG", "2s"),
                  *setting("ON_UNHEALTHY", "exit"))
    until(lambda: box.hale("check").returncode == 0, "it is ready")
    freeze(box, 4)
    pass_time(3)
    assert running(box)
    assert box.hale("check").returncode == 0
    assert docker("logs", box.id).stderr == ""


def test_a_pause_does_not_count_against_checks(serving):
    box = serving(*CHECKED, "-e", "HALE_CHECK=http://127.0.0.1:8080/slow?n=300",
                  *setting("TIMEOUT", "1s"), network="none")
    until(lambda: box.hale("check").returncode == 0, "it is ready")
    for _ in range(3):  # each meets a check under way, most likely
        freeze(box, 1.5)
        pass_time(1)
        assert running(box), docker("logs", box.id).stderr
    assert box.hale("check").returncode == 0
    assert docker("logs", box.id).stderr == ""


def test_a_pause_does_not_count_against_the_start_period(serving):
    box = serving("-e", "HALE_CHECK=tcp://127.0.0.1:1", *setting("INTERVAL", "200ms"),
                  *setting("RETRIES", "2"), *setting("START_PERIOD", "6s"),
                  *setting("ON_UNHEALTHY", "exit"))
    freeze(box, 7)
    thawed = time.monotonic()
    assert box.exit_code() == 1
    assert time.monotonic() - thawed > 2


# --- memory ---


def test_a_service_killed_for_memory_is_restarted_and_says_so(run):
    box = run("/service", "eat", "512", options=(
        *SMALL, *setting("RESTART", "always"), *setting("BACKOFF", "10ms..1m")))
    for _ in range(2):
        box.logs.wait("killed by the kernel for memory (limit 48 MiB)")


@pytest.fixture
def widowed(serving):
    """A service whose worker was killed for memory, and not the service with it: the
    kernel sometimes kills both, while what the first held is not free yet."""
    def start(*options):
        for _ in range(8):
            box = serving(*SMALL, *options)
            if not box.published:
                pytest.skip("this engine publishes no ports to ask the service by")
            with contextlib.suppress(OSError, http.client.HTTPException):
                assert "signal: killed" in box.get(8080, "/worker?n=512")[1]
                return box
        raise AssertionError("the kernel killed the service, too, each time")
    return start


def last_words(box):
    """What hale says of a service that is killed by hand."""
    with pytest.raises((OSError, http.client.HTTPException)):
        box.get(8080, "/die?n=9")
    assert box.exit_code() == 137
    return box.hale_lines()[-1]


@pytest.mark.parametrize("options", [
    (), (*setting("CHECK", "http://127.0.0.1:8080/"), *setting("INTERVAL", "500ms"),
         "--health-interval", "1h"),
], ids=["probes", "checks"])
def test_a_kill_after_an_earlier_memory_kill_of_a_worker_is_a_plain_one(
        widowed, options):
    # The service has waited for the worker, so its peak is that of both; what
    # tells is that hale has seen it alive since.
    box = widowed(*options)
    pass_time(5)
    line = last_words(box)
    assert "was killed by SIGKILL" in line and "memory" not in line, line


# --- a working directory of somebody else ---


@pytest.mark.parametrize("option", [
    (), setting("RESTART", "always"), setting("ON_UNHEALTHY", "restart"),
    setting("CHECK", "http://127.0.0.1:8080/"), setting("NOTIFY", "1"),
], ids=lambda option: option[-1] if option else "no option")
def test_a_closed_working_directory_is_no_reason_not_to_start(
        serving, with_mode, option):
    box = serving("--user", "1000", "-w", "/root", "-e", "EXIT_CODE=7", *option,
                  image=with_mode("closed", "root", 0o700), network="none")
    until(lambda: box.hale("check").returncode == 0, "it is ready")
    assert stop(box) < SOON_S
    assert box.exit_code() == 7
    assert "ermission denied" not in docker("logs", box.id).stderr


# --- the limit of processes ---


@pytest.fixture
def crowded(serving):
    """A service that has used up all processes of its container."""
    def start(*options):
        box = serving("--pids-limit", "40", "--health-interval=1h",
                      "-e", "GOMAXPROCS=1", *options)
        if not box.published:
            pytest.skip("this engine publishes no ports to ask the service by")
        assert "resource temporarily unavailable" in box.get(8080, "/fill")[1]
        return box
    return start


def test_checks_that_find_no_process_left_are_no_failure_of_the_service(crowded):
    box = crowded(*CHECKED, *setting("TIMEOUT", "3s"))
    pass_time(2)
    assert running(box), docker("logs", box.id).stderr
    assert box.get(4253, "/livez") == (200, "ok")
    assert stop(box) < SOON_S
    assert box.exit_code() == 0


def test_a_service_that_ate_all_processes_is_restarted(crowded):
    box = crowded(*setting("RESTART", "always"))
    with pytest.raises((OSError, http.client.HTTPException)):
        box.get(8080, "/die?n=9")
    box.logs.wait("service: serving")
    assert until(lambda: box.get(4253, "/readyz") == (200, "ok"), "it is ready")
    assert stop(box) < SOON_S
    assert box.exit_code() == 0


# --- docker run --init ---


@pytest.fixture(scope="module")
def init_path(images, tmp_path_factory):
    """hale as a file of the host's, for an engine to put before a program."""
    path = tmp_path_factory.mktemp("init") / "docker-init"
    made = docker("create", images.hale, "/hale").stdout.strip()
    docker("cp", f"{made}:/hale", str(path))
    docker("rm", made)
    return path


def test_hale_in_the_place_of_docker_init_leaves_the_inner_ones_settings(
        init_path, run):
    # `docker run --init` mounts the daemon's init there and runs it before the
    # image's entrypoint, with the container's environment.
    box = run("--", "/hale", "/service", options=(
        "-v", f"{init_path}:/sbin/docker-init:ro",
        "--entrypoint", "/sbin/docker-init", "-e", "EXIT_CODE=7",
        *setting("RESTART", "on-failure"), *setting("DRAIN", "100ms")))
    box.logs.wait("service: serving")
    if box.published:
        until(lambda: box.get(4253, "/readyz") == (200, "ok"), "it is ready")
    assert stop(box) < SOON_S
    assert box.exit_code() == 7
    lines = [re.sub(r" \(pid \d+\)", "", line) for line in box.hale_lines()]
    assert lines == [
        "hale: not PID 1 and not a subreaper (-s): orphans of the service are not "
        "reaped here",  # the inner one: --init makes it so
        "hale: /service exited with code 7"]  # the outer one is as silent as tini


# --- a terminal ---


def test_ctrl_z_does_not_stop_the_service_of_a_container(terminal):
    screen = terminal.run("/service", "sleep", "0")
    screen.wait("service: sleeping")
    screen.type(CTRL_Z)
    screen.wait("hale: ")
    screen.type(CTRL_C)
    assert screen.exit_code() == 130
    assert sum("hale: " in line for line in screen.seen) == 1, screen.seen


def test_ctrl_c_stops_a_service_that_is_always_restarted(terminal):
    screen = terminal.run(options=(*setting("RESTART", "always"),
                                   "-e", "EXIT_CODE=9"))
    screen.wait("service: serving")
    screen.type(CTRL_C)
    screen.wait("service: got interrupt")
    assert screen.exit_code() == 9


# --- few descriptors ---


@pytest.mark.parametrize("listen", ["", "4253"], ids=["no port", "a port"])
@pytest.mark.parametrize("limit", [4, 5, 6, 7])
def test_with_few_descriptors_it_starts_or_one_line_names_the_limit(
        once, limit, listen):
    # Not by --ulimit: runc itself needs seven to start a container.
    done = once("few", str(limit), "/hale", "/service", "exit", "3", options=(
        "--entrypoint", "/service", "-e", f"HALE_LISTEN={listen}"))
    if done.returncode != 3:
        assert done.stderr.count("\n") == 1, done
        assert "NOFILE" in done.stderr, done
