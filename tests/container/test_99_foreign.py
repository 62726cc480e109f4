"""An image for another platform by the engine of this machine, which holds one at a time."""
# SPDX-License-Identifier: MIT

import platform

import pytest

from conftest import SAME_COMPILER, build, make_hale
from containers import docker
from test_10_image import files_of

OTHER = "amd64" if platform.machine() == "aarch64" else "arm64"
NAME = "hale-test:other"


@pytest.fixture
def buildkit(engine, newest, monkeypatch):
    """The engine's own BuildKit, by a client that has what that asks for."""
    for name, value in newest.client.items():
        monkeypatch.setenv(name, value)
    return ("buildx", "build")


def test_the_engines_buildkit_builds_for_another_platform(images, buildkit):
    build(images, "hale", NAME, "--platform", f"linux/{OTHER}", command=buildkit)
    assert docker("image", "inspect", "-f", "{{.Architecture}}", NAME).stdout.strip() == OTHER
    tar, members = files_of(NAME, "--platform", f"linux/{OTHER}")
    theirs = tar.extractfile(members["hale"]).read()
    assert theirs[18:20] == {"arm64": b"\xb7\0", "amd64": b"\x3e\0"}[OTHER]
    assert not SAME_COMPILER or theirs == make_hale(OTHER)


def test_the_classic_builder_refuses_another_platform(images, monkeypatch):
    # It does not tell a Dockerfile the platform: the image would hold this machine's hale.
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    done = build(images, "hale", "hale-test:classic", "--platform", f"linux/{OTHER}", check=False)
    assert done.returncode != 0
    assert f"linux/{OTHER}" in done.stderr
