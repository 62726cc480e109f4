"""The info service: Go, which people put on distroless/static, beside that one.

The original is built by distroless.Dockerfile on what stands in for Google's image. The
same file on hale-base is what somebody gets who changes only the FROM line.
"""
# SPDX-License-Identifier: MIT

import json
import subprocess
import tarfile

import pytest

from authority import HURRY, SITE
from conftest import (HERE, OURS, STAND_INS, answers_what_is_under_way, config_of, measure,
                      serves_through_its_drain)
from containers import docker, until

IMAGE, TITLE = "info", "[info service](tests/images/info)"
TODAY, NEEDS = "Go on distroless/static, ~7 MB", ("go", "distroless")
BASE, DISTROLESS = OURS["tz"], STAND_INS["distroless"]
KEPT = ("-f", str(HERE / "info" / "distroless.Dockerfile"))


@pytest.fixture(scope="module")
def original(build_image):
    return build_image("info", *KEPT, tag="info:distroless", needs=NEEDS)


@pytest.fixture
def both(shared, image, original):
    """A container of ours, and one of the original whose check is as on Alpine."""
    return (shared(image, ports=(8000, 4253)),
            shared(original, "--health-cmd", "wget -qO- http://localhost:8000/healthz",
                   "--health-interval=200ms", ports=(8000, 4253)))


@pytest.fixture
def info(run):
    def start(*options, image="info:1"):
        box = run(options=("--read-only", "--cap-drop", "ALL", HURRY, *options),
                  ports=(8000, 4253), image=image)
        box.logs.wait("listens on :8000")
        return box
    return start


def about(box, path="/"):
    status, text = box.get(8000, path)
    assert status == 200, text
    return json.loads(text)


def files_of(image):
    """The image's files by name."""
    box = docker("create", image, "/none").stdout.strip()
    try:
        with subprocess.Popen(("docker", "export", box), stdout=subprocess.PIPE) as export:
            with tarfile.open(fileobj=export.stdout, mode="r|") as tar:
                return {member.name.rstrip("/"): member for member in tar}
    finally:
        docker("rm", box)


@pytest.mark.keeps("HTTP on 8000", "user nonroot with a home")
def test_it_runs_as_nonroot_with_a_home(both):
    for said in map(about, both):
        assert (said["version"], said["user"]) == ("1.4.0", "nonroot")
        assert said["home"] == "/home/nonroot"


@pytest.mark.keeps("time zones")
def test_it_knows_time_zones(both, info):
    for box in both:
        assert about(box, "/?zone=Europe/Berlin")["time"].split()[-1] in ("CET", "CEST")
    assert about(info("-e", "TZ=Asia/Tokyo"))["time"].endswith(" JST")


@pytest.mark.keeps("HTTPS out")
@pytest.mark.parametrize("dockerfile, base", ((KEPT, DISTROLESS), ((), BASE)))
def test_its_https_trusts_the_cas_of_its_base(
        info, build_image, trusting, site, image, original, dockerfile, base):
    """One of them is ours here, as if it were public: that is what can be shown."""
    name = build_image("info", *dockerfile, "--build-arg", f"BASE={trusting(base)}",
                       tag="info:corp", needs=NEEDS)
    box = info(*site.hosts, "-e", f"UPSTREAM={SITE}", image=name)
    assert box.get(8000, "/upstream") == (200, "hello\n")


@pytest.mark.keeps("/tmp")
def test_the_folders_are_there_with_their_rights(image, original):
    for files in map(files_of, (image, original)):
        assert files["tmp"].mode == 0o1777
        assert files["home/nonroot"].uid == 65532
        assert {"etc/passwd", "etc/group", "etc/nsswitch.conf"} <= set(files)


@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_it_becomes_healthy_and_the_original_s_check_needs_a_shell(both):
    box, old = both
    until(lambda: box.inspect()["State"]["Health"]["Status"] == "healthy", "it is healthy")
    assert box.get(4253, "/readyz") == (200, "ok")
    log = until(lambda: old.inspect()["State"]["Health"]["Log"], "its check has run")
    assert "/bin/sh" in log[0]["Output"] and log[0]["ExitCode"] != 0


@pytest.mark.gains("`hale status` and `hale get` inside")
def test_it_can_be_asked_from_inside_and_the_original_cannot(both):
    box, old = both
    assert box.hale("status").stdout.startswith("state     running\n")
    assert box.hale("get", "-fsS", "http://localhost:8000/healthz").stdout == "ok\n"
    for command in (("sh",), ("/hale", "status")):
        done = docker("exec", old.id, *command, check=False)
        assert done.returncode != 0 and "exec failed" in done.stdout + done.stderr


@pytest.mark.gains("a drain before the stop")
def test_it_serves_through_its_drain_and_the_original_ends_at_once(info, original):
    box, old = info("-e", "HALE_DRAIN=1m"), info(image=original)
    docker("kill", "-s", "TERM", old.id)
    assert old.exit_code() == 0
    serves_through_its_drain(box, 8000, "/healthz")


def test_a_request_that_is_under_way_is_answered_before_the_end(info, image):
    answers_what_is_under_way(info("-e", "HALE_DRAIN=0"), 8000, "/healthz")


@pytest.mark.loses("os-release for scanners", "/etc/services", "/etc/mime.types")
def test_what_the_original_has_besides(original, image):
    theirs, ours = set(files_of(original)), set(files_of(image))
    for name in ("usr/lib/os-release", "etc/services", "etc/protocols", "etc/mime.types"):
        assert name in theirs and name not in ours
    assert config_of(original)["WorkingDir"] == "/home/nonroot"
    assert config_of(image).get("WorkingDir", "/") in ("", "/")


def test_it_is_smaller_than_on_distroless(original, image):
    size, pulled = measure(image)
    other_size, other_pulled = measure(original)
    assert size < other_size and pulled < other_pulled, (size, other_size, pulled, other_pulled)


def test_an_entrypoint_kept_from_distroless_runs_and_is_unhealthy(info, image, build_image):
    """It replaces hale's; the check, which is the base's, says so."""
    kept = build_image("info", *KEPT, "--build-arg", f"BASE={BASE}", tag="info:kept",
                       needs=NEEDS)
    assert config_of(kept)["Entrypoint"] == ["/app"]
    box = info("--health-start-period=1ms", "--health-interval=200ms", image=kept)
    box.events.wait("health_status: unhealthy")
    assert about(box)["user"] == "nonroot"
    check = box.inspect()["State"]["Health"]["Log"][0]
    assert check["ExitCode"] == 1
    assert check["Output"] == ("hale: no supervisor answers here: PID 1 is app; "
                               "ENTRYPOINT must stay hale's\n")
