"""Other ways to build an image with hale, and to run one."""
# SPDX-License-Identifier: MIT

import signal
import subprocess

import pytest

from conftest import go_build
from containers import Lines, docker, until

LIMITS = {
    "no-new-privileges": ("--security-opt", "no-new-privileges"),
    "few descriptors": ("--ulimit", "nofile=32:32"),
    "root": ("--user", "0"),
    "a uid nobody knows": ("--user", "4711:4711"),
    "a private cgroup namespace": ("--cgroupns", "private"),
    "one CPU and little memory": ("--cpus", "0.5", "--memory", "64m"),
    "a writable root": ("--read-only=false",),
}


def test_an_empty_image_with_hale_copied_in_becomes_healthy(on_base, run):
    image = on_base("copy", lambda to: go_build("service", to), "Dockerfile.copy")
    box = run(image=image)
    box.logs.wait("service: serving")
    box.events.wait("health_status: healthy")
    said = docker("cp", f"{box.id}:/etc/ssl/certs/ca-certificates.crt", "-", check=False)
    assert "-----BEGIN CERTIFICATE-----" in said.stdout  # for the service's own HTTPS
    if box.published:
        assert box.get(4253, "/readyz") == (200, "ok")
    assert box.status()["drain_ms"] == 3000
    docker("kill", "-s", "TERM", box.id)
    until(lambda: box.hale("check").returncode == 1, "the drain has begun")
    docker("kill", "-s", "TERM", box.id)  # the second ends the drain
    assert box.exit_code() == 0


@pytest.mark.parametrize("options", LIMITS.values(), ids=LIMITS)
def test_it_becomes_healthy_and_stops_in_order_with(run, options):
    box = run(options=(*options, "-e", "EXIT_CODE=7"))
    box.logs.wait("service: serving")
    box.events.wait("health_status: healthy")
    docker("stop", "-t", "20", box.id)
    assert box.exit_code() == 7


def test_a_memory_kill_is_explained_in_a_private_cgroup_namespace(run):
    box = run("/service", "eat", "512", options=(
        "--cgroupns", "private", "--memory", "48m", "--memory-swap", "48m"))
    assert box.exit_code() == 137
    assert "killed by the kernel for memory (limit 48 MiB)" in box.hale_lines()[-1]


def test_docker_runs_standard_input_is_the_services(service_image):
    done = subprocess.run(
        ("docker", "run", "--rm", "-i", "--network", "none", service_image,
         "/service", "read", "0"),
        input="one\ntwo\n", capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        "service: read one", "service: read two", "service: read end"]
    assert done.returncode == 0


def test_ctrl_c_at_docker_run_without_a_terminal_is_forwarded(service_image):
    front = Lines("docker", "run", "--rm", "--network", "none",
                  "-e", "EXIT_CODE=8", service_image)
    try:
        front.wait("service: serving")
        front.command.send_signal(signal.SIGINT)
        front.wait("service: got interrupt")
        assert front.command.wait(30) == 8
    finally:
        front.close()
