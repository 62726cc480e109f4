"""The workshop API: Go with Prometheus' client library, which people put on Alpine."""
# SPDX-License-Identifier: MIT

import http.client
import json
import re
import subprocess
import urllib.parse
import urllib.request

import pytest

from authority import HURRY
from conftest import answers_what_is_under_way
from containers import docker, free_port, until

IMAGE, TITLE = "workshop", "[workshop API](tests/images/workshop)"
TODAY, NEEDS = "Go on Alpine, 10-15 MB", ("go",)
# The stand-in's libraries are no modules.
OPTIONS = ("--build-arg", "GOFLAGS=")


@pytest.fixture
def workshop(shared, image):
    return shared(image, "-e", "SEATS=1")


def post(box, path):
    link = http.client.HTTPConnection("127.0.0.1", box.ports[8080], timeout=5)
    link.request("POST", path)
    answer = link.getresponse()
    return answer.status, json.loads(answer.read())


def scrape(box, port):
    status, text = box.get(port, "/metrics")
    assert status == 200
    return text


def names(text):
    return set(re.findall("^# TYPE ([a-z_]+) ", text, re.M))


@pytest.mark.keeps("/api and /health")
def test_the_last_seat_is_taken_once(workshop):
    assert [w["id"] for w in json.loads(workshop.get(8080, "/api")[1])] == ["containers", "go"]
    assert post(workshop, "/api/go/seats")[0] == 200
    assert post(workshop, "/api/go/seats") == (409, {"error": "there is no seat left"})
    assert json.loads(workshop.get(8080, "/api/go")[1])["seats"] == 0
    assert workshop.get(8080, "/api/rust")[0] == 404
    assert workshop.get(8080, "/health")[0] == 200


@pytest.mark.keeps("Prometheus metrics")
@pytest.mark.gains("hale's metrics beside them")
def test_promtool_finds_nothing_wrong_with_either_scrape(workshop):
    workshop.get(8080, "/api/rust")
    until(lambda: workshop.get(4253, "/readyz")[0] == 200, "it is ready")
    its, hale = scrape(workshop, 8080), scrape(workshop, 4253)
    for text in (its, hale):
        done = subprocess.run(("promtool", "check", "metrics"), input=text, text=True,
                              capture_output=True, timeout=30)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert 'workshop_requests_total{code="404",method="get"}' in its
    assert all(name.startswith("process_") for name in names(its) & names(hale))


@pytest.fixture
def prometheus(workshop, tmp_path):
    """A real one that scrapes both ports; it answers queries."""
    targets = ", ".join(f"'127.0.0.1:{port}'" for port in workshop.ports.values())
    (tmp_path / "prometheus.yml").write_text(f"""
global: {{ scrape_interval: 200ms }}
scrape_configs:
- {{ job_name: workshop, static_configs: [ {{ targets: [ {targets} ] }} ] }}
""")
    at = f"127.0.0.1:{free_port()}"
    server = subprocess.Popen(
        ("prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--web.listen-address={at}",
         f"--storage.tsdb.path={tmp_path}/data"), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)

    def ask(query):
        url = f"http://{at}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return [float(one["value"][1]) for one in json.load(answer)["data"]["result"]]
        except OSError:
            return None  # not up yet
    yield ask
    server.kill()
    server.wait()


def test_a_prometheus_takes_both_of_one_service_and_of_one_process(prometheus):
    until(lambda: prometheus("up") == [1, 1], "both are scraped")
    until(lambda: prometheus('hale_verdict{verdict="ready"}') == [1], "hale's says ready")
    assert len(prometheus("workshop_seats_free")) == 2
    its, hale = until(lambda: prometheus("process_start_time_seconds"), "both know the start")
    assert abs(its - hale) < 0.1


@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_docker_and_probers_see_its_health(workshop):
    until(lambda: workshop.inspect()["State"]["Health"]["Status"] == "healthy", "it is healthy")
    assert workshop.get(4253, "/readyz") == (200, "ok")


@pytest.mark.gains("a drain before the stop")
def test_it_takes_seats_during_the_drain_and_hale_s_metrics_say_so(run):
    box, ready = run(options=(HURRY, "-e", "HALE_DRAIN=1m")), 'hale_verdict{verdict="ready"} 1\n'
    until(lambda: box.hale("check", "--ready").returncode == 0, "it is ready")
    assert ready in scrape(box, 4253)
    docker("kill", "-s", "TERM", box.id)
    until(lambda: box.get(4253, "/readyz")[0] == 503, "it drains")
    assert ready not in scrape(box, 4253)
    assert post(box, "/api/go/seats")[0] == 200
    docker("kill", "-s", "TERM", box.id)  # a second one ends the wait
    assert box.exit_code() == 0
    box.logs.wait("stopped in order")


def test_a_request_that_is_under_way_is_answered_before_the_end(run):
    answers_what_is_under_way(run(options=("-e", "HALE_DRAIN=0")), 8080, "/health")


@pytest.mark.loses("a shell inside")
def test_there_is_no_shell(workshop):
    assert docker("exec", workshop.id, "sh", "-c", "true", check=False).returncode != 0
