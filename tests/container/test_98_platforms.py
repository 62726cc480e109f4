"""One image for two platforms, by an engine that can hold such, and both of them run.

Nothing here is emulated but the programs of the arm64 container: the engine's runtime
"foreign" (foreign_runtime.py) gives these a kernel that starts them by qemu.
"""
# SPDX-License-Identifier: MIT

import io
import json
import os
import platform
import shutil
import subprocess
import tarfile
import types

import pytest

from conftest import (COMMIT, HARD, IMAGES, ROOT, SAME_COMPILER, VERSION, build, go_build,
                      make_hale)
from containers import Container, docker, until
from test_10_image import files_of

PLATFORMS = ("linux/amd64", "linux/arm64")
NATIVE = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}.get(platform.machine())
BASE, SERVICE = "hale-test:two", "hale-test:two-service"
BUILDX = ("buildx", "build")
BOTH = ("--platform", ",".join(PLATFORMS))
MOUNTED_BY_CONTAINERS = (6, 7)  # the first Linux whose binfmt_misc they have themselves


@pytest.fixture(scope="module", autouse=True)
def at_newest(newest):
    """Every docker command of this file asks the newest engine."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in newest.env.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def builder(at_newest):
    """What build() takes of an engine, whose only image is the builder's base."""
    subprocess.run((ROOT / "scripts" / "base-image",), check=True)
    return types.SimpleNamespace(net=("--network=host",))


@pytest.fixture(scope="module")
def two(builder):
    """The base image for both platforms."""
    build(builder, "base", BASE, *BOTH, command=BUILDX)
    return BASE


@pytest.fixture(scope="module")
def service(two, tmp_path_factory):
    """The Go service on it, for both."""
    context = tmp_path_factory.mktemp("two")
    for name in PLATFORMS:
        arch = name.split("/")[1]
        go_build("service", context / f"service-{arch}", GOARCH=arch)
    shutil.copy(IMAGES / "Dockerfile.platforms", context / "Dockerfile")
    docker(*BUILDX, *BOTH, "-t", SERVICE, "--build-arg", f"BASE={two}", str(context))
    return SERVICE


def configs_of(archive):
    """The configuration for each platform, of an archive by OCI's rules."""
    with tarfile.open(archive) as tar:
        def blob(of):
            return json.load(tar.extractfile("blobs/" + of["digest"].replace(":", "/")))
        (index,) = json.load(tar.extractfile("index.json"))["manifests"]
        manifests = [m for m in blob(index)["manifests"] if m["platform"]["os"] != "unknown"]
        return {f"{m['platform']['os']}/{m['platform']['architecture']}":
                blob(blob(m)["config"]) for m in manifests}


@pytest.fixture
def saved(tmp_path):
    def save(image):
        docker("save", "-o", str(tmp_path / "saved"), image)
        return configs_of(tmp_path / "saved")
    return save


def test_one_build_gives_an_image_for_both_platforms(two, saved):
    configs = saved(two)
    assert set(configs) == set(PLATFORMS)
    for name, whole in configs.items():
        config = whole["config"]
        assert f"{whole['os']}/{whole['architecture']}" == name
        assert config["Entrypoint"] == ["/hale"]
        assert config["User"] == "65532:65532"
        assert config["Healthcheck"]["Test"] == ["CMD", "/hale", "check", "-t", "2s"]
        assert config["Labels"]["org.opencontainers.image.version"] == VERSION
        assert config["Labels"]["org.opencontainers.image.revision"] == COMMIT


@pytest.mark.skipif(not SAME_COMPILER, reason="another compiler than the builder's")
@pytest.mark.parametrize("name", PLATFORMS)
def test_hale_of_the_image_is_what_make_gives(two, name):
    tar, members = files_of(two, "--platform", name)
    theirs = tar.extractfile(members["hale"]).read()
    assert theirs == make_hale("" if name == NATIVE else name.split("/")[1])


def test_an_archive_of_both_can_be_loaded(builder, two, saved, tmp_path):
    archive = tmp_path / "archive"
    build(builder, "base", "hale-test:loaded", *BOTH, "-o", f"type=oci,dest={archive}",
          command=BUILDX)
    assert set(configs_of(archive)) == set(PLATFORMS)
    docker("load", "-i", str(archive))
    assert set(saved("hale-test:loaded")) == set(PLATFORMS)


def test_a_platform_that_hale_is_not_made_for_is_one_clear_line(builder, two):
    done = build(builder, "hale", "hale-test:none", "--platform", "linux/arm/v6",
                 "--progress", "plain", command=BUILDX, check=False)
    assert done.returncode != 0
    lines = {line.split("arch: ", 1)[1] for line in done.stderr.splitlines()
             if "arch: " in line}
    assert len(lines) == 1, done.stderr
    assert "hale is not made for 'arm/v6', only for amd64" in lines.pop()


@pytest.fixture
def box(newest, service, request):
    """A container for the platform."""
    options = ("--platform", request.param)
    if request.param != NATIVE:
        linux = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2])
        if linux < MOUNTED_BY_CONTAINERS:
            pytest.skip("this kernel has one binfmt_misc for the whole machine")
        options += ("--runtime", "foreign")
    started = Container(newest, service, (*HARD, "--health-interval=1s", *options,
                                          "-e", "EXIT_CODE=7"), (),
                        None if newest.network == "bridge" else "none")
    yield started
    started.remove()


def elf_machine(box):
    """The e_machine of the container's hale, as readelf calls it."""
    tar = subprocess.run(("docker", "cp", f"{box.id}:/hale", "-"), check=True,
                         capture_output=True).stdout
    head = tarfile.open(fileobj=io.BytesIO(tar)).extractfile("hale").read(20)
    return {62: "linux/amd64", 183: "linux/arm64"}[int.from_bytes(head[18:], "little")]


@pytest.mark.parametrize("box", PLATFORMS, indirect=True)
def test_it_becomes_healthy_answers_and_stops_in_order(box, request):
    assert elf_machine(box) == request.node.callspec.params["box"]
    box.logs.wait("service: serving")
    box.events.wait("health_status: healthy")
    assert box.hale("check").returncode == 0
    assert box.status()["state"] == "running"
    if box.published:
        until(lambda: box.get(4253, "/readyz") == (200, "ok"), "it is ready")
        assert box.get(8080, "/")[0] == 200
    docker("stop", "-t", "20", box.id)
    box.logs.wait("service: ended in order")
    assert box.exit_code() == 7
    (line,) = box.hale_lines()
    assert line.endswith("exited with code 7"), line
