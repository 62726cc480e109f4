"""The service's life in a locked-down container, seen from outside."""
# SPDX-License-Identifier: MIT

import json
import time

from containers import docker, until


def states_of(box):
    """Process states in the container, as the host's ps sees them."""
    return docker("top", box.id, "-o", "pid,stat,comm").stdout.splitlines()[1:]


def test_becomes_healthy_by_the_images_own_health_check(run):
    box = run(options=("--health-interval=0s",))  # 0: the image's
    box.events.wait("health_status: healthy")
    health = box.inspect()["State"]["Health"]
    assert health["Status"] == "healthy"
    assert [probe["ExitCode"] for probe in health["Log"]] == [0]


def test_answers_from_outside_on_its_own_port_and_the_services(service):
    assert service.get(4253, "/healthz") == (200, "ok")
    assert service.get(4253, "/readyz") == (200, "ok")
    assert service.get(4253, "/livez") == (200, "ok")
    assert service.get(8080, "/")[1].endswith("uid 65532\n")


def test_is_pid_1_and_the_service_is_its_child(service):
    status, text = service.get(4253, "/status")
    facts = json.loads(text)
    assert status == 200
    assert facts["pid"] == 1
    assert f"pid {facts['service']['pid']} " in service.get(8080, "/")[1]


def test_status_and_check_work_through_docker_exec(service):
    assert service.hale("check").returncode == 0
    status = service.hale("status", "--json")
    assert status.returncode == 0
    assert json.loads(status.stdout)["state"] == "running"
    assert service.hale("status").stdout


def test_docker_stop_ends_in_order_with_the_services_code(run):
    box = run(options=("-e", "EXIT_CODE=7"))
    box.logs.wait("service: serving")
    docker("stop", "-t", "20", box.id)
    box.logs.wait("service: ended in order")
    assert box.exit_code() == 7


def test_docker_stop_after_a_drain_is_graceful(run):
    box = run(options=("-e", "HALE_DRAIN=1s"))
    box.logs.wait("service: serving")
    before = time.monotonic()
    docker("stop", "-t", "20", box.id)
    took_s = time.monotonic() - before
    assert box.exit_code() == 0
    assert 1 <= took_s < 15


def test_a_drain_is_seen_from_outside_while_the_service_serves(run):
    box = run(options=("-e", "HALE_DRAIN=5m"))
    box.logs.wait("service: serving")
    docker("kill", "-s", "TERM", box.id)
    until(lambda: box.get(4253, "/readyz")[0] == 503, "readiness goes off")
    assert "drain" in box.get(4253, "/readyz?verbose")[1]
    assert box.get(4253, "/livez") == (200, "ok")
    assert box.get(8080, "/")[0] == 200
    assert json.loads(box.get(4253, "/status")[1])["state"] == "draining"
    docker("kill", "-s", "TERM", box.id)  # the second ends the drain
    box.logs.wait("service: ended in order")
    assert box.exit_code() == 0


def test_hale_drain_turns_the_container_unhealthy(service):
    service.events.wait("health_status: healthy")
    assert service.hale("drain", "1ms").returncode == 0
    service.events.wait("health_status: unhealthy")
    assert service.hale("check").returncode == 1
    assert service.get(8080, "/")[0] == 200


def test_a_service_that_ignores_the_stop_is_killed_by_hale(run):
    box = run(options=("-e", "IGNORE_TERM=1", "-e", "HALE_STOP_TIMEOUT=300ms"))
    box.logs.wait("service: serving")
    before = time.monotonic()
    docker("stop", "-t", "25", box.id)
    assert time.monotonic() - before < 15
    box.logs.wait("SIGKILL")
    assert box.exit_code() == 137


def test_docker_kill_sends_a_signal_through_to_the_service(service):
    docker("kill", "-s", "USR1", service.id)
    service.logs.wait("service: got user defined signal 1")
    docker("kill", "-s", "HUP", service.id)
    service.logs.wait("service: got hangup")
    assert service.get(8080, "/")[0] == 200


def test_orphans_are_reaped_and_counted(service):
    service.get(8080, "/orphans?n=20")
    until(lambda: json.loads(service.get(4253, "/status")[1])["orphans_reaped"] >= 20,
          "20 orphans reaped")
    assert not [line for line in states_of(service) if line.split()[1][0] == "Z"]


def test_the_services_own_exit_code_is_the_containers(once):
    for code in (0, 3, 255):
        assert once("/service", "exit", str(code)).returncode == code


def test_a_missing_program_is_127_and_one_clear_line(once):
    done = once("/nothere")
    assert done.returncode == 127
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("hale: ") and "/nothere" in done.stderr


def test_a_wrong_option_is_2_and_one_clear_line(once):
    done = once("--drain=soon", "/service")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--drain" in done.stderr and "soon" in done.stderr


def test_a_container_started_again_becomes_healthy_again(service):
    service.events.wait("health_status: healthy")
    docker("restart", "-t", "20", service.id)
    service.events.wait("restart")
    service.events.wait("health_status: healthy")
