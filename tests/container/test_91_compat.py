"""The folders of the hale image that bring other tools' names, and what COPY makes of them."""
# SPDX-License-Identifier: MIT

import subprocess

import pytest

from conftest import ROOT
from containers import docker
from test_10_image import files_of

SIZE_MAX = 500 * 1024  # of an image: one copy of the binary, not two
SOURCES = {
    "compat": "COPY --from=hale /compat/ /",
    "compat-scratch": "COPY --from=hale /compat-scratch/ /",
    "compat and sh": "COPY --from=hale /compat/ /\nCOPY --from=hale /compat-sh/ /",
}
ADDED = {
    "compat": set(),
    "compat-scratch": {"bin/grpc_health_probe", "sbin/docker-init", "sbin/tini",
                       "sbin/tini-static", "pause", "tini"},
    "compat and sh": {"bin/sh"},
}


def the_names():
    """All of src/cmd/names.c's table but sh."""
    said = subprocess.run(("make", "-s", "names"), cwd=ROOT, capture_output=True,
                          text=True, check=True)
    return set(said.stdout.split())


@pytest.fixture(params=["classic", "BuildKit"])
def build(images, request, monkeypatch, tmp_path):
    """build(lines) gives an image's name, or None and what the builder said."""
    if request.param == "classic":
        monkeypatch.setenv("DOCKER_BUILDKIT", "0")
        command, net = ("build",), ()
    else:
        for name, value in request.getfixturevalue("newest").client.items():
            monkeypatch.setenv(name, value)
        command, net = ("buildx", "build"), images.net

    def make(lines):
        name = f"hale-test:compat-{request.param.lower()}"
        (tmp_path / "Dockerfile").write_text(f"FROM {images.hale} AS hale\n{lines}\n")
        done = docker(*command, *net, "-t", name, str(tmp_path), check=False)
        return (name, "") if done.returncode == 0 else (None, done.stdout + done.stderr)

    make.kind = request.param
    return make


@pytest.mark.parametrize("which", SOURCES)
def test_copy_brings_the_links_and_one_binary(build, which):
    image, said = build("FROM scratch\n" + SOURCES[which])
    assert image, said
    tar, members = files_of(image)
    files = {name: m for name, m in members.items() if not m.isdir()}
    binaries = [name for name, m in files.items() if m.isreg()]
    assert binaries == ["usr/bin/hale"] and files["usr/bin/hale"].size < SIZE_MAX
    assert files["usr/bin/hale"].mode & 0o777 == 0o755
    links = {name: m.linkname for name, m in files.items() if m.issym()}
    assert set(links) == {f"usr/bin/{name}" for name in the_names()} | ADDED[which] | {"hale"}
    assert set(links.values()) <= {"hale", "usr/bin/hale", "/usr/bin/hale"}
    size = int(docker("image", "inspect", "-f", "{{.Size}}", image).stdout)
    assert size < SIZE_MAX


def test_every_link_runs_hale(build):
    image, said = build("FROM scratch\n" + SOURCES["compat-scratch"])
    assert image, said
    for path in ("/hale", "/usr/bin/hale", "hale"):
        assert "musl" in docker("run", "--rm", image, path, "--version").stdout
    for path in ("/sbin/tini", "tini", "/tini"):
        assert docker("run", "--rm", image, path, "--version").stdout.startswith("tini version")
    assert docker("run", "--rm", image, "curl", "--version").stdout.startswith("curl ")


def test_a_distribution_keeps_its_folders_and_its_shell(build):
    image, said = build("FROM debian:bookworm-slim\n" + SOURCES["compat"])
    assert image, said
    done = docker("run", "--rm", image, "bash", "-c",
                  "readlink /bin /sbin /usr/bin/tini; readlink -f /bin/curl")
    assert done.stdout.split() == ["usr/bin", "usr/sbin", "hale", "/usr/bin/hale"]


def test_one_file_takes_the_place_of_another_behind_a_linked_folder(build):
    image, said = build("FROM debian:bookworm-slim\nCOPY --from=hale /hale /sbin/tini")
    assert image, said
    done = docker("run", "--rm", "--entrypoint", "/sbin/tini", image, "--", "readlink", "/sbin")
    assert done.stdout.split() == ["usr/sbin"]


def test_what_is_for_scratch_has_no_place_in_a_root_with_linked_folders(build):
    # Why /compat/ has no /sbin and no /bin: this is what people would get.
    image, said = build("FROM debian:bookworm-slim\n" + SOURCES["compat-scratch"])
    if build.kind == "BuildKit":
        assert "cannot copy to non-directory" in said
    else:
        done = docker("run", "--rm", image, "/usr/bin/readlink", "/sbin", check=False)
        assert image and done.returncode != 0  # a folder in the link's place


def test_names_are_laid_by_a_line_of_a_dockerfile(build):
    image, said = build('FROM scratch\nCOPY --from=hale /hale /hale\n'
                        'RUN ["/hale","--install-names","/bin"]\n'
                        'RUN ["/hale","--install-names","/bin","sh"]')
    assert image, said
    members = files_of(image)[1]
    links = {name for name, m in members.items() if m.issym()}
    assert links == {f"bin/{name}" for name in the_names() | {"sh"}}
    assert {members[name].linkname for name in links} == {"/hale"}
