"""docker exec, and hale beside others: --init, shared namespaces, sockets."""
# SPDX-License-Identifier: MIT

import http.client
import json
import socket

import pytest

from containers import docker, free_port, until


def test_exec_check_tells_by_its_code_and_in_words(service):
    done = service.hale("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert service.hale("drain", "0").returncode == 0
    done = service.hale("check")
    assert done.returncode == 1
    assert "drain" in done.stdout + done.stderr
    assert service.hale("check", "--live").returncode == 0


def test_exec_status_is_a_table_and_json(service):
    lines = service.hale("status").stdout.splitlines()
    assert any(line.split() == ["ready", "yes"] for line in lines)
    facts = json.loads(service.hale("status", "--json").stdout)
    assert facts["verdicts"] == {"startup": True, "ready": True, "live": True}
    assert facts["drain_ms"] == 0


def test_exec_drain_answers_after_the_drain_as_a_prestop_hook_needs(service):
    assert service.hale("drain", "300ms").returncode == 0
    assert service.get(4253, "/readyz")[0] == 503
    assert service.get(4253, "/livez") == (200, "ok")
    assert service.status()["state"] == "draining"
    docker("stop", "-t", "20", service.id)
    assert service.exit_code() == 0


def test_exec_by_root_works_and_by_another_user_it_only_looks(service):
    root, other = ("--user", "0"), ("--user", "4711")
    assert service.hale("check", options=root).returncode == 0
    refused = service.hale("drain", "0", options=other)
    assert refused.returncode == 1
    assert refused.stderr.startswith("hale: ") and refused.stderr.count("\n") == 1
    assert service.get(4253, "/readyz") == (200, "ok")
    assert service.hale("drain", "0", options=root).returncode == 0
    assert service.get(4253, "/readyz")[0] == 503


def test_exec_of_a_wrong_word_is_2_and_the_service_stays(service):
    done = service.hale("status", "--yaml")
    assert done.returncode == 2 and "--yaml" in done.stderr
    assert service.get(8080, "/")[0] == 200


def test_check_in_a_container_without_hale_as_init_says_so(service_image):
    done = docker("run", "--rm", "--network", "none", service_image,
                  "check", check=False)
    assert done.returncode == 1
    assert "no supervisor answers here" in done.stderr


@pytest.fixture
def under_init(run):
    """Docker's own init is PID 1 and hale its child."""
    def start(*words):
        box = run(*words, options=("--init", "-e", "EXIT_CODE=7"))
        box.logs.wait("service: serving")
        return box
    return start


def test_under_dockers_init_hale_says_it_is_not_pid_1_and_works(under_init):
    box = under_init()
    box.events.wait("health_status: healthy")
    assert box.status()["pid"] > 1
    assert box.get(4253, "/readyz") == (200, "ok")
    docker("stop", "-t", "20", box.id)
    assert box.exit_code() == 7
    warning, end = box.hale_lines()
    assert "not PID 1 and not a subreaper (-s)" in warning
    assert end.endswith("exited with code 7")


def test_under_dockers_init_a_subreaper_reaps_and_is_silent(under_init):
    box = under_init("-s", "/service")
    box.get(8080, "/orphans?n=5")
    until(lambda: box.status()["orphans_reaped"] >= 5, "five orphans reaped")
    docker("stop", "-t", "20", box.id)
    assert box.exit_code() == 7
    (end,) = box.hale_lines()
    assert end.endswith("exited with code 7")


def test_in_the_hosts_pid_namespace_hale_keeps_its_own_service(run):
    box = run(options=("--pid", "host"))
    box.logs.wait("service: serving")
    box.events.wait("health_status: healthy")
    assert box.status()["pid"] > 1
    docker("stop", "-t", "20", box.id)
    box.logs.wait("service: ended in order")
    assert box.exit_code() == 0


def test_containers_that_share_pids_answer_each_for_itself(run, service):
    beside = run("/service", "sleep", "0",
                 options=("--pid", f"container:{service.id}"), network="none")
    beside.logs.wait("service: sleeping")
    assert beside.status()["service"]["pid"] != service.status()["service"]["pid"]
    assert beside.hale("drain", "0").returncode == 0
    assert beside.hale("check").returncode == 1
    assert service.hale("check").returncode == 0


def test_containers_that_share_pids_and_network_answer_each_for_itself(
        run, service):
    # As in a Kubernetes pod with shareProcessNamespace.
    port = free_port()
    beside = run("/service", "sleep", "0", network=f"container:{service.id}",
                 options=("--pid", f"container:{service.id}",
                          "-e", f"HALE_LISTEN=127.0.0.1:{port}"))
    beside.logs.wait("service: sleeping")
    beside.events.wait("health_status: healthy")
    assert beside.status()["service"]["pid"] != service.status()["service"]["pid"]
    assert service.hale("drain", "0").returncode == 0
    assert service.hale("check").returncode == 1
    assert beside.hale("check").returncode == 0


def test_a_port_in_use_is_one_line_and_1_before_the_service_starts(run, service):
    beside = run(network=f"container:{service.id}", options=(
        "-e", f"HALE_LISTEN={4253 if service.published else service.ports[4253]}"))
    assert beside.exit_code() == 1
    (line,) = beside.hale_lines()
    assert line.startswith("hale: cannot listen on ")
    assert "4253" in line or str(service.ports[4253]) in line
    assert line.endswith(": Address in use")
    assert docker("logs", beside.id).stdout == ""
    assert service.get(4253, "/readyz") == (200, "ok")


def test_a_socket_in_a_shared_folder_answers_without_any_network(run, tmp_path):
    tmp_path.chmod(0o777)
    box = run("/service", "sleep", "0", network="none", options=(
        "-v", f"{tmp_path}:/run/hale", "-e", "HALE_LISTEN=unix:/run/hale/s",
        "-e", "HALE_CHECK="))
    box.logs.wait("service: sleeping")
    link = http.client.HTTPConnection("hale", timeout=5)
    link.sock = socket.socket(socket.AF_UNIX)
    link.sock.connect(str(tmp_path / "s"))
    link.request("GET", "/readyz")
    answer = link.getresponse()
    assert (answer.status, answer.read()) == (200, b"ok")
    link.close()
