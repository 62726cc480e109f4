"""The devops app: Go on scratch, beside the bare scratch image of the very same program."""
# SPDX-License-Identifier: MIT

import io
import subprocess
import tarfile

import pytest

from authority import HURRY, SITE
from conftest import answers_what_is_under_way, measure, serves_through_its_drain
from containers import docker, until

IMAGE, TITLE = "devops", "[devops app](tests/images/devops)"
TODAY, NEEDS = "Go on Alpine, 13.2 MB, or on bare scratch, ~6 MB", ("go",)
BARE = ("--target", "bare")
ADDED = ("/hale", "/etc/ssl/certs/ca-certificates.crt")


@pytest.fixture(scope="module")
def bare(build_image):
    return build_image("devops", *BARE, tag="devops:bare")


def bytes_of(image, name):
    box = docker("create", image, "/none").stdout.strip()
    try:
        done = subprocess.run(("docker", "cp", f"{box}:{name}", "-"), capture_output=True,
                              check=True, timeout=30)
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
            return tar.next().size
    finally:
        docker("rm", box)


@pytest.fixture
def both(shared, image, bare):
    """A container of ours, and a bare one whose check is as on Alpine."""
    return shared(image), shared(bare, "--health-cmd", "curl -f http://localhost:8080/health",
                                 "--health-interval=200ms")


@pytest.fixture
def devops(run):
    def start(*options, image="devops:1"):
        box = run(options=("--read-only", "--cap-drop", "ALL", HURRY, *options), image=image)
        box.logs.wait("listening on :8080")
        return box
    return start


@pytest.mark.keeps("HTTP on 8080")
def test_it_runs_with_and_without_hale(both):
    assert [box.get(8080, "/health") for box in both] == [(200, "ok\n")] * 2


@pytest.mark.gains("HTTPS out")
def test_https_works_where_the_bare_image_trusts_nobody(
        devops, image, build_image, trusting, site):
    """The site's CA is one of the image's here, as if it were public."""
    hale = ("--build-arg", f"HALE={trusting('hale:0.1.0')}")
    boxes = [devops(*site.hosts, "-e", f"SITES={SITE}", image=name) for name in (
        build_image("devops", *hale, tag="devops:corp"),
        build_image("devops", *hale, *BARE, tag="devops:bare-corp"))]
    here, on_bare = (box.get(8080, "/")[1] for box in boxes)
    assert here == f"{SITE}: 200 OK\n"
    assert "x509: certificate signed by unknown authority" in on_bare


@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_its_health_is_seen_and_a_bare_image_s_check_needs_a_shell(both):
    box, old = both
    until(lambda: box.inspect()["State"]["Health"]["Status"] == "healthy", "it is healthy")
    assert box.get(4253, "/readyz") == (200, "ok")
    log = until(lambda: old.inspect()["State"]["Health"]["Log"], "its check has run")
    assert log[0]["ExitCode"] != 0 and "/bin/sh" in log[0]["Output"]


@pytest.mark.gains("`hale status` and `hale get` inside")
def test_it_can_be_looked_into_and_the_bare_image_cannot(both):
    box, old = both
    assert box.hale("status").stdout.startswith("state     running\n")
    assert box.hale("get", "-fsS", "http://localhost:8080/health").stdout == "ok\n"
    for command in (("sh",), ("/hale", "status"), ("wget", "http://localhost:8080/")):
        done = docker("exec", old.id, *command, check=False)
        assert done.returncode != 0 and "exec failed" in done.stdout + done.stderr


@pytest.mark.gains("a drain before the stop")
def test_it_serves_through_its_drain_and_ends_in_order(devops):
    serves_through_its_drain(devops("-e", "HALE_DRAIN=1m"), 8080, "/health")


def test_a_request_that_is_under_way_is_answered_before_the_end(devops):
    answers_what_is_under_way(devops("-e", "HALE_DRAIN=0"), 8080, "/health")


@pytest.mark.loses("a shell inside (of Alpine)")
def test_there_is_no_shell(both):
    assert docker("exec", both[0].id, "sh", "-c", "true", check=False).returncode != 0


def test_it_is_bigger_by_hale_and_the_ca_file_which_are_less_than_half_a_megabyte_to_pull(
        image, bare, capsys):
    """On disk they are more than that: 403 KB of hale, 183 KB of PEM."""
    with_hale, without = measure(image), measure(bare)
    disk, pulled = (with_hale[i] - without[i] for i in range(2))
    with capsys.disabled():
        print(f"\nwith hale: {disk} bytes more, {pulled} as pulled; without: {without}")
    assert disk == sum(bytes_of(image, name) for name in ADDED) < 600_000
    assert 0 < pulled < 500_000
