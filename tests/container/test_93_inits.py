"""An image's ENTRYPOINT of another init, whose file is that init or hale."""
# SPDX-License-Identifier: MIT

import shutil
import types

import pytest

from conftest import IMAGES, go_build
from containers import Container, docker, until

ENTRYPOINTS = {
    "tini": ("/sbin/tini", "-g", "--"),
    "dumb-init": ("/usr/bin/dumb-init", "--rewrite", "15:3", "--"),
    "catatonit": ("catatonit", "--"),
}
FILES = ("/usr/bin/tini-static", "/usr/bin/dumb-init", "/usr/bin/catatonit")
GET = 'exec 3<>/dev/tcp/localhost/8080; printf "GET $0 HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'


@pytest.fixture(scope="module")
def inits(images, tmp_path_factory):
    """The image's names: as packages have it, and with hale in each one's place."""
    context = tmp_path_factory.mktemp("inits")
    for path in FILES:
        shutil.copy(path, context)
    go_build("service", context / "service")
    shutil.copy(IMAGES / "Dockerfile.inits", context / "Dockerfile")
    names = {}
    for target in ("original", "replaced"):
        names[target] = f"hale-test:inits-{target}"
        docker("build", "-t", names[target], "--target", target,
               "--build-arg", f"HALE={images.hale}", str(context))
    return names


@pytest.fixture(params=["original", "replaced"])
def start(engine, inits, request):
    """start(init, program...): a container whose entrypoint is that init."""
    boxes = []

    def run(init, *words, options=()):
        first, *rest = ENTRYPOINTS[init]
        box = Container(engine, inits[request.param],
                        ("--cap-drop", "ALL", "--entrypoint", first, *options),
                        (*rest, *(words or ("/service",))), network="none")
        boxes.append(box)
        return box

    yield types.SimpleNamespace(run=run, is_hale=request.param == "replaced")
    for box in boxes:
        box.remove()


def states(box):
    """Of all processes in the container, as ps has them: "S", "Z", ..."""
    said = docker("exec", box.id, "sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null", check=False)
    return [line.rsplit(") ", 1)[1][0] for line in said.stdout.splitlines()]


@pytest.mark.parametrize("init", ENTRYPOINTS)
def test_a_stop_reaches_the_service_and_its_code_is_the_containers(start, init):
    box = start.run(init, options=("-e", "ENDS_BY=3"))
    box.logs.wait("service: serving")
    docker("stop", "-t", "20", box.id)
    assert box.exit_code() == 7
    box.logs.wait(f"service: got {'quit' if init == 'dumb-init' else 'terminated'}")
    box.logs.wait("service: ended in order")


@pytest.mark.parametrize("init", ENTRYPOINTS)
def test_a_signal_reaches_the_service(start, init):
    box = start.run(init)
    box.logs.wait("service: serving")
    for name, text in (("USR1", "user defined signal 1"), ("HUP", "hangup")):
        docker("kill", "-s", name, box.id)
        box.logs.wait(f"service: got {text}")
    docker("kill", "-s", "INT", box.id)
    box.logs.wait("service: got interrupt")
    assert box.exit_code() == 7


@pytest.mark.parametrize("init", ENTRYPOINTS)
def test_orphans_are_reaped(start, init):
    box = start.run(init)
    box.logs.wait("service: serving")
    said = docker("exec", box.id, "bash", "-c", GET, "/orphans?n=5").stdout
    assert "orphans left:" in said
    until(lambda: len(states(box)) <= 4 and "Z" not in states(box), "the orphans are gone")


@pytest.mark.parametrize("init", ENTRYPOINTS)
def test_a_services_death_by_a_signal_is_the_containers_code(start, init):
    box = start.run(init, "/service", "die", "9")
    assert box.exit_code() == 137


@pytest.mark.parametrize("init", ENTRYPOINTS)
def test_a_program_that_is_not_there(start, init):
    box = start.run(init, "/nonexistent")
    code = box.exit_code()
    said = box.hale_lines()
    assert code == {"tini": 127, "dumb-init": 2, "catatonit": 1}[init]
    assert "No such file or directory" in said[0] and len(said) == 1
    assert said[0].startswith({"tini": "[FATAL tini (", "dumb-init": "[dumb-init] ",
                               "catatonit": "ERROR (catatonit"}[init])
