"""A dockerd whose --init-path is hale: `docker run --init` of images that know nothing of it."""
# SPDX-License-Identifier: MIT

import json

import pytest

from conftest import ROOT, go_build
from containers import Container, docker, until
from engines import started
from test_10_image import files_of
from test_93_inits import GET, states

PLAIN = "hale-test:plain"


@pytest.fixture(scope="module")
def archive(images, service_image, tmp_path_factory):
    """For `docker load`: a distribution's image with a service, and the one with hale."""
    context = tmp_path_factory.mktemp("plain")
    go_build("service", context / "service")
    (context / "Dockerfile").write_text(
        "FROM debian:bookworm-slim\nCOPY service /service\n"
        'ENV PORT=8080 EXIT_CODE=7\nCMD ["/service"]\n')
    docker("build", "-t", PLAIN, str(context))
    docker("save", "-o", str(context / "images.tar"), PLAIN, service_image)
    tar, members = files_of(images.hale)
    hale = ROOT / "build" / "docker-init"
    hale.unlink(missing_ok=True)
    hale.write_bytes(tar.extractfile(members["hale"]).read())
    hale.chmod(0o755)
    return context / "images.tar"


@pytest.fixture(scope="module", params=["init", "newest"])
def daemon(request, archive):
    """Debian's engine and the newest; every docker command of this file asks it."""
    with started(request.param) as facts, pytest.MonkeyPatch.context() as patch:
        for name in set(facts) & {"DOCKER_HOST", "PATH", "DOCKER_CONFIG"}:
            patch.setenv(name, facts[name])
        docker("load", "-i", str(archive))
        yield request.param


@pytest.fixture
def run(daemon):
    boxes = []

    def start(*words, image=PLAIN, options=()):
        boxes.append(Container(None, image, ("--init", "--cap-drop", "ALL", *options), words,
                               network="none"))
        return boxes[-1]

    yield start
    for box in boxes:
        box.remove()


def test_docker_info_shows_the_inits_version_and_does_not_warn(daemon):
    log = ROOT / "build" / f"engine-{daemon}.log"
    start = log.stat().st_size  # it may have run before hale was laid
    info = json.loads(docker("info", "-f", "{{json .}}").stdout)
    assert info["InitBinary"] == str(ROOT / "build" / "docker-init")
    assert info["InitCommit"]["ID"] not in ("", "N/A")
    said = docker("info")
    assert f"init version: {info['InitCommit']['ID']}" in said.stdout
    assert "init" not in said.stderr
    assert "docker-init version" not in log.read_bytes()[start:].decode()


def test_hale_is_the_first_process_and_the_service_its_child(run):
    box = run()
    box.logs.wait("service: serving")
    said = docker("exec", box.id, "sh", "-c",
                  "tr '\\0' ' ' </proc/1/cmdline; readlink /proc/1/exe").stdout
    *words, file = said.split()
    assert words == ["/sbin/docker-init", "--", "/service"]
    assert file.endswith("/sbin/docker-init")  # as the image has /sbin


def test_orphans_are_reaped(run):
    box = run()
    box.logs.wait("service: serving")
    docker("exec", box.id, "bash", "-c", GET, "/orphans?n=5")
    until(lambda: len(states(box)) <= 4 and "Z" not in states(box), "the orphans are gone")


def test_a_stop_and_the_services_code(run):
    box = run()
    box.logs.wait("service: serving")
    docker("stop", "-t", "20", box.id)
    assert box.exit_code() == 7
    box.logs.wait("service: ended in order")


@pytest.mark.parametrize("words, code", [
    (("/service", "exit", "3"), 3), (("/service", "die", "9"), 137), (("/nonexistent",), 127)])
def test_exit_codes(run, words, code):
    assert run(*words).exit_code() == code


def test_an_images_own_hale_below_it_is_the_one_that_is_asked(run, service_image):
    box = run(image=service_image, options=("--read-only", "--user", "65532",
                                            "--health-interval=1s"))
    box.logs.wait("service: serving")
    box.events.wait("health_status: healthy")
    assert box.status()["pid"] > 1 and box.status()["checks"]
    assert box.hale("check").returncode == 0
    docker("stop", "-t", "20", box.id)
    box.logs.wait("service: ended in order")

