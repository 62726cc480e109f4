"""A C web service with libmicrohttpd: dynamic, by the COPY lines of scripts/copy-lines."""
# SPDX-License-Identifier: MIT

import re

import pytest

from conftest import (BUILDX, HERE, answers_what_is_under_way, printed_lines,
                      serves_through_its_drain, written_lines)
from containers import docker

IMAGE, TITLE = "c", "[C service](tests/images/c), dynamic"
TODAY, NEEDS = "C on Debian slim, with its libraries", ()
HARD = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


@pytest.fixture
def clock(run):
    box = run(options=(*HARD, "--health-start-interval=500ms"))
    box.logs.wait("listening on port 8080")
    return box


@pytest.fixture(scope="module")
def built(image):
    """Its build stage."""
    docker(*BUILDX, "--target", "build", "-t", "c:build", str(HERE / "c"), timeout=600)
    return "c:build"


def test_its_copy_lines_are_what_the_script_prints(built):
    lines = printed_lines(built, "/app")
    assert "/libmicrohttpd.so.12" in lines and lines in written_lines(IMAGE)


@pytest.mark.keeps("HTTP on 8080", "Debian's shared libraries")
def test_it_tells_the_time(clock):
    status, text = clock.get(8080, "/")
    assert status == 200 and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n", text)
    assert clock.get(8080, "/x") == (404, "there is only /\n")


@pytest.mark.gains("health without a shell or curl", "probes on 4253")
def test_it_becomes_healthy_and_answers_probes(clock):
    clock.events.wait("health_status: healthy")
    assert clock.get(4253, "/readyz") == (200, "ok")


@pytest.mark.gains("a drain before the stop")
def test_it_serves_through_its_drain_and_ends_in_order(run):
    serves_through_its_drain(run(options=(*HARD, "-e", "HALE_DRAIN=1m")), 8080, "/")


def test_a_request_that_is_under_way_is_answered_before_the_end(run):
    answers_what_is_under_way(run(options=("-e", "HALE_DRAIN=0")), 8080, "/")


@pytest.mark.gains("a missing loader named")
def test_without_its_copy_lines_hale_names_the_loader(built, tmp_path):
    text = re.sub(r"(?ms)^COPY --from=build /lib64.*?^(?=USER)", "", written_lines(IMAGE))
    (tmp_path / "Dockerfile").write_text(text)
    (tmp_path / "main.c").write_text((HERE / "c" / "main.c").read_text())
    docker(*BUILDX, "-t", "c:bare", str(tmp_path), timeout=600)
    said = docker("run", "--rm", "--network", "none", "c:bare", check=False)
    assert said.returncode == 126
    assert "it needs /lib64/ld-linux-x86-64.so.2, which is not here" in said.stderr


@pytest.mark.loses("a shell and Debian's packages inside")
def test_nothing_else_is_in_the_image(clock):
    assert docker("exec", clock.id, "sh", check=False).returncode != 0
