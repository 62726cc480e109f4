"""A Rust web service: the standard library alone, static with glibc."""
# SPDX-License-Identifier: MIT

import http.client
import threading
import uuid

import pytest

from conftest import answers_what_is_under_way, serves_through_its_drain
from containers import docker

IMAGE, TITLE = "rust", "[Rust service](tests/images/rust)"
TODAY, NEEDS = "Rust on Debian slim", ("rust",)
HARD = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


@pytest.fixture
def counter(run):
    box = run(options=(*HARD, "--health-start-interval=500ms"))
    box.logs.wait("listening on [::]:8080")
    return box


def ask(box, method, path, body=None):
    link = http.client.HTTPConnection("127.0.0.1", box.ports[8080], timeout=5)
    link.request(method, path, body)
    answer = link.getresponse()
    said = answer.status, answer.read().decode()
    link.close()
    return said


@pytest.mark.keeps("HTTP on 8080")
def test_it_counts_for_many_at_once(counter):
    assert ask(counter, "GET", "/a") == (404, "never counted\n")
    threads = [threading.Thread(target=ask, args=(counter, "POST", "/a", "x" * 2000))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(counter, "GET", "/a") == (200, "20\n")
    assert ask(counter, "PUT", "/a") == (405, "GET or POST\n")


@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_it_becomes_healthy_and_answers_probes(counter):
    counter.events.wait("health_status: healthy")
    assert counter.get(4253, "/readyz") == (200, "ok")


@pytest.mark.gains("a drain before the stop")
def test_it_serves_through_its_drain_and_ends_in_order(run):
    serves_through_its_drain(run(options=(*HARD, "-e", "HALE_DRAIN=1m")), 8080, "/healthz")


def test_a_request_that_is_under_way_is_answered_before_the_end(run):
    answers_what_is_under_way(run(options=("-e", "HALE_DRAIN=0")), 8080, "/healthz")


def test_a_port_that_is_not_a_number_is_the_services_own_line_and_code(once):
    said = once(options=("-e", "PORT=nonsense", "-e", "HALE_LISTEN="))
    assert said.returncode == 1
    assert "cannot listen on [::] port nonsense" in said.stderr


@pytest.fixture
def network(bridged):
    name = f"hale-{uuid.uuid4().hex[:12]}"
    docker("network", "create", name)
    yield name
    docker("network", "rm", name)


def test_static_with_glibc_it_finds_names_in_hosts_and_dns(network, run):
    by_hosts = run(network="none", options=(
        "--add-host", "counter.test:127.0.0.9", "-e", "HOST=counter.test"))
    by_hosts.logs.wait("listening on 127.0.0.9:8080")
    by_dns = run(network=network, options=(
        "--network-alias", "counter.test", "-e", "HOST=counter.test"))
    at = by_dns.inspect()["NetworkSettings"]["Networks"][network]["IPAddress"]
    by_dns.logs.wait(f"listening on {at}:8080")


@pytest.mark.loses("a shell and Debian's packages inside")
def test_nothing_else_is_in_the_image(counter):
    assert docker("exec", counter.id, "sh", check=False).returncode != 0
