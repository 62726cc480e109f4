"""Images of hale and of a static Go service, in containers of a real engine."""
# SPDX-License-Identifier: MIT

import os
import pathlib
import shutil
import subprocess
import types
import uuid

import pytest

pytest_plugins = ["engines"]
pytest.register_assert_rewrite("engines", "containers")

from containers import Container, Terminal, docker, until  # noqa: E402
from engines import BUILD_S, COMMIT, HARD, ROOT, VERSION, build  # noqa: E402,F401

IMAGES = ROOT / "tests" / "container" / "images"
# Else `make` has another compiler than the builder stage, and gives other bytes.
SAME_COMPILER = "VERSION_CODENAME=bookworm\n" in pathlib.Path("/etc/os-release").read_text()


@pytest.fixture(scope="session")
def images(engine):
    """hale and base; net is what a build needs to reach the mirror."""
    subprocess.run((ROOT / "scripts" / "base-image",), check=True)
    images = types.SimpleNamespace(
        hale="hale-test:hale", base="hale-test:base",
        net=("--network=host",) if engine.private else ())
    for target in ("hale", "base"):
        build(images, target, getattr(images, target))
    return images


def make_hale(arch=""):
    """What `make ARCH=arch` gives for the version and commit of the images; in a
    folder of its own, with the toolchain of the tree."""
    into = f"build/same/{arch or 'native'}"
    env = {name: value for name, value in os.environ.items()
           if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    tools = f"build/{arch}/tool" if arch else "build/tool"
    subprocess.run(("make", "-j2", f"ARCH={arch}", f"B={into}", f"TOOL={tools}",
                    f"VERSION={VERSION}", f"COMMIT={COMMIT}", f"{into}/hale"),
                   cwd=ROOT, env=env, check=True, timeout=BUILD_S)
    return (ROOT / into / "hale").read_bytes()


def go_build(source, binary, **env):
    """Compile one folder of images/, static unless env says else."""
    subprocess.run(
        ("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "."),
        cwd=IMAGES / source, check=True, timeout=BUILD_S,
        env={**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off",
             "GOFLAGS": "", "GOCACHE": str(ROOT / "build" / "go-cache"), **env},
    )


@pytest.fixture(scope="session")
def on_base(images, tmp_path_factory):
    """Put a program on hale's base image as /service; the image's name."""
    def build(name, make, dockerfile="Dockerfile.service"):
        context = tmp_path_factory.mktemp(name)
        make(context / "service")
        shutil.copy(IMAGES / dockerfile, context / "Dockerfile")
        docker("build", "-t", f"hale-test:{name}",
               "--build-arg", f"BASE={images.base}",
               "--build-arg", f"HALE={images.hale}", str(context))
        return f"hale-test:{name}"
    return build


@pytest.fixture(scope="session")
def service_image(on_base):
    """The static Go service."""
    return on_base("service", lambda binary: go_build("service", binary))


@pytest.fixture
def run(engine, service_image):
    """Run containers of the service image; removed after the test."""
    started = []

    def start(*words, options=(), network=None, image=service_image):
        # A second's interval: the image's own is tried by one test.
        box = Container(engine, image,
                        (*HARD, "--health-interval=1s", *options), words,
                        network)
        started.append(box)
        return box

    yield start
    for box in started:
        box.remove()


@pytest.fixture
def service(run):
    """A service that answers, and hale has found that it does."""
    box = run()
    box.logs.wait("service: serving")
    until(lambda: box.get(4253, "/healthz")[0] == 200, "the service is healthy")
    return box


@pytest.fixture
def once(service_image):
    """Run a container that ends by itself; no network, so only hale talks."""
    def start(*words, options=(), image=service_image):
        return docker("run", "--rm", *HARD, "--network", "none", *options,
                      image, *words, check=False)
    return start


@pytest.fixture
def terminal(service_image):
    """Start containers from a terminal, and more terminals on them."""
    name = f"hale-test-{uuid.uuid4().hex[:12]}"
    opened = []

    def show(*words, **size):
        opened.append(Terminal("docker", *words, **size))
        return opened[-1]

    def start(*words, options=(), **size):
        return show("run", "-it", "--name", name, *HARD, "--network", "none",
                    *options, service_image, *words, **size)

    yield types.SimpleNamespace(name=name, run=start, show=show)
    docker("rm", "-f", name, check=False)
    for one in opened:
        one.close()


@pytest.fixture
def pod(run):
    """What a pod's first container is for: it has the network namespace."""
    box = run("sleep", "0", options=("--entrypoint", "/service", "--health-interval=1h"),
              network="none")
    box.logs.wait("service: sleeping")
    return f"container:{box.id}"
