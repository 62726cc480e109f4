"""How a container ends, and which code that gives: Docker's own semantics."""
# SPDX-License-Identifier: MIT

import pytest

from containers import docker, until

STOP = ("stop", "-t", "20")
SLEEP = ("/service", "sleep", "0")  # does what every signal does by default


@pytest.fixture
def sleeper(run):
    def start(*options, words=SLEEP):
        box = run(*words, options=options)
        box.logs.wait("service: sleeping")
        return box
    return start


@pytest.mark.parametrize("signal, code",
                         [("TERM", 143), ("INT", 130), ("HUP", 129), ("KILL", 137)])
def test_docker_kill_ends_a_plain_service_with_128_and_the_signal(
        sleeper, signal, code):
    box = sleeper()
    docker("kill", "-s", signal, box.id)
    assert box.exit_code() == code


def test_docker_stop_of_a_service_without_a_handler_is_143(sleeper):
    box = sleeper()
    docker(*STOP, box.id)
    assert box.exit_code() == 143
    state = box.inspect()["State"]
    assert state["ExitCode"] == 143 and not state["OOMKilled"]


def test_stopped_ok_makes_a_plain_stop_a_success(sleeper):
    box = sleeper("-e", "HALE_STOPPED_OK=1")
    docker(*STOP, box.id)
    assert box.exit_code() == 0


def test_docker_kills_what_outlives_its_stop_time(run):
    box = run(options=("-e", "IGNORE_TERM=1"))
    box.logs.wait("service: serving")
    docker("stop", "-t", "1", box.id)
    box.logs.wait("service: got terminated")
    assert box.exit_code() == 137


def test_the_images_stop_signal_reaches_the_service(run):
    box = run(options=("--stop-signal", "SIGINT", "-e", "EXIT_CODE=5"))
    box.logs.wait("service: serving")
    docker(*STOP, box.id)
    box.logs.wait("service: got interrupt")
    assert box.exit_code() == 5


def test_docker_stop_can_mean_another_signal_for_the_service(run):
    box = run(options=("-e", "HALE_STOP_SIGNAL=INT", "-e", "EXIT_CODE=6"))
    box.logs.wait("service: serving")
    docker(*STOP, box.id)
    box.logs.wait("service: got interrupt")
    assert box.exit_code() == 6


def test_a_real_time_signal_goes_through_to_the_service(service):
    docker("kill", "-s", "RTMIN+3", service.id)
    service.logs.wait("service: got signal 37")
    assert service.get(8080, "/")[0] == 200


@pytest.mark.parametrize("signal, code", [(9, 137), (15, 143)])
def test_a_service_that_dies_of_a_signal_is_128_and_says_so(once, signal, code):
    done = once("/service", "die", str(signal))
    assert done.returncode == code
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("hale: /service (pid ")


def test_a_core_dumping_service_is_134(once):
    done = once("/service", "die", "6",
                options=("-e", "GOTRACEBACK=crash"))
    assert done.returncode == 134
    assert "SIGABRT" in done.stderr.splitlines()[-1]


def test_a_service_killed_for_memory_is_explained_with_the_limit(run):
    box = run("/service", "eat", "512",
              options=("--memory", "48m", "--memory-swap", "48m"))
    assert box.exit_code() == 137
    (line,) = [at for at in box.hale_lines() if at.startswith("hale: ")]
    assert "killed by the kernel for memory (limit 48 MiB)" in line


def test_a_kill_without_the_memory_limit_is_no_memory_kill(run):
    box = run("/service", "die", "9",
              options=("--memory", "48m", "--memory-swap", "48m"))
    assert box.exit_code() == 137
    (line,) = box.hale_lines()
    assert "memory" not in line and "SIGKILL" in line


def test_a_restart_policy_sees_the_services_code(run):
    box = run("/service", "exit", "3", options=("--restart", "on-failure:2"))
    until(lambda: box.inspect()["RestartCount"] == 2
          and box.inspect()["State"]["Status"] == "exited", "two restarts")
    assert box.inspect()["State"]["ExitCode"] == 3


def test_a_remapped_code_ends_a_restart_policy(run):
    box = run("/service", "exit", "3",
              options=("--restart", "on-failure:5", "-e", "HALE_REMAP_EXIT=3"))
    assert box.exit_code() == 0
    assert box.inspect()["RestartCount"] == 0


def test_a_paused_container_goes_on_where_it_was(service):
    service.events.wait("health_status: healthy")
    before = service.status()["service"]["pid"]
    docker("pause", service.id)
    docker("unpause", service.id)
    assert service.get(4253, "/readyz") == (200, "ok")
    assert service.status()["service"]["pid"] == before


def test_docker_logs_hold_hales_lines_whole_and_the_services_untouched(run):
    box = run(options=("-e", "HALE_VERBOSE=1"))
    box.logs.wait("service: serving")
    docker(*STOP, box.id)
    assert box.exit_code() == 0
    assert docker("logs", box.id).stdout.splitlines() == [
        "service: serving on :" + str(8080 if box.published else box.ports[8080]),
        "service: got terminated", "service: ended in order",
    ]
    lines = box.hale_lines()
    assert all(line.startswith("hale: ") for line in lines)
    for word in ("listening on", "started /service", "SIGTERM", "exited with code 0"):
        assert any(word in line for line in lines), (word, lines)
