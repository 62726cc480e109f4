"""What is in the images, and what they say about themselves."""
# SPDX-License-Identifier: MIT

import io
import json
import re
import subprocess
import tarfile

import pytest

from conftest import COMMIT, ROOT, SAME_COMPILER, VERSION, build, make_hale
from containers import docker

SIZE_MAX = 395 * 1024     # what it is today; 235 KB is the aim (README, Limits)
# The engine itself puts these into every container.
ENGINES_OWN = (".dockerenv", "dev", "proc", "sys", "etc/hostname", "etc/hosts",
               "etc/resolv.conf", "etc/mtab")


def files_of(image, *options):
    """The members of an image's file system, as a container would see them."""
    box = docker("create", *options, image, "/none").stdout.strip()
    try:
        tar = subprocess.run(("docker", "export", box), capture_output=True,
                             check=True, timeout=60).stdout
    finally:
        docker("rm", box)
    whole = tarfile.open(fileobj=io.BytesIO(tar))
    return whole, {
        m.name.rstrip("/"): m for m in whole.getmembers()
        if not m.name.rstrip("/").startswith(ENGINES_OWN)
    }


@pytest.fixture(scope="module")
def base(images):
    return files_of(images.base)


def labels_of(image):
    return json.loads(docker("inspect", image).stdout)[0]["Config"]["Labels"]


CA = {"etc/ssl", "etc/ssl/certs", "etc/ssl/certs/ca-certificates.crt"}


def test_the_hale_image_holds_hale_its_names_and_the_ca_file(images):
    members = files_of(images.hale)[1]
    ours = {name for name in members if not name.startswith("compat")}
    assert ours - {"etc"} == {"hale"} | CA
    (file,) = (m for m in members.values() if m.isreg() and m.size > 300 * 1024)
    assert file.mode & 0o777 == 0o755  # the other binaries are hard links


def test_hale_in_the_image_is_static_and_small(base, tmp_path):
    tar, members = base
    tar.extract(members["hale"], tmp_path)
    segments = subprocess.run(("readelf", "-lW", tmp_path / "hale"), check=True,
                              capture_output=True, text=True).stdout
    assert "LOAD" in segments and "INTERP" not in segments
    assert members["hale"].size < SIZE_MAX


@pytest.mark.skipif(not SAME_COMPILER, reason="another compiler than the builder's")
def test_hale_in_the_image_is_what_make_gives(base):
    tar, members = base
    assert tar.extractfile(members["hale"]).read() == make_hale()


def test_the_readme_tells_the_binarys_size(base):
    readme = (ROOT / "README.md").read_text()
    for said in (r"what it lacks, in (\d+) KB", r"^\| binary, KB \| (\d+) ",
                 r"^- The binary is (\d+) KB"):
        (told,) = re.findall(said, readme, re.M)
        assert abs(int(told) - base[1]["hale"].size / 1024) < 6, said


def test_the_base_image_holds_users_tmp_nsswitch_and_the_ca_file_only(base):
    assert set(base[1]) == CA | {
        "hale", "tmp", "home", "home/nonroot",
        "etc", "etc/passwd", "etc/group", "etc/nsswitch.conf",
    }


def test_the_tz_image_is_the_base_image_with_time_zones(images, base):
    name = "hale-test:tz"
    build(images, "tz", name)
    members = files_of(name)[1]
    zones = {path for path in members if path.startswith("usr")}
    assert set(members) - zones == set(base[1])
    assert members["usr/share/zoneinfo/Europe/Berlin"].size > 500
    one, other = (json.loads(docker("inspect", image).stdout)[0]["Config"]
                  for image in (name, images.base))
    assert "usr/share/zoneinfo/right" not in zones
    for what in ("Entrypoint", "User", "Healthcheck", "Env"):
        assert one[what] == other[what]


def test_tmp_of_the_base_image_is_for_everybody(base):
    assert base[1]["tmp"].mode & 0o7777 == 0o1777


def test_the_base_image_knows_root_and_nonroot(base):
    tar, members = base
    passwd = tar.extractfile(members["etc/passwd"]).read().decode()
    group = tar.extractfile(members["etc/group"]).read().decode()
    assert "root:x:0:0:" in passwd and "nonroot:x:65532:65532:" in passwd
    assert "root:x:0:" in group and "nonroot:x:65532:" in group


def test_the_base_image_runs_hale_as_nonroot_and_asks_it_for_health(images):
    config = json.loads(docker("inspect", images.base).stdout)[0]["Config"]
    assert config["Entrypoint"] == ["/hale"]
    assert config["User"] == "65532:65532"
    assert config["Healthcheck"]["Test"] == ["CMD", "/hale", "check", "-t", "2s"]


def test_labels_name_version_revision_and_time(images):
    for image in (images.hale, images.base):
        labels = labels_of(image)
        assert labels["org.opencontainers.image.version"] == VERSION
        assert labels["org.opencontainers.image.revision"] == COMMIT
        assert labels["org.opencontainers.image.created"] == "2026-01-02T03:04:05Z"
        assert labels["org.opencontainers.image.licenses"] == "MIT AND MPL-2.0"


def test_version_of_the_image_names_version_and_commit(images):
    said = docker("run", "--rm", images.base, "--version").stdout
    assert VERSION in said and COMMIT[:7] in said
    assert "musl 1.2" in said and "BearSSL 0.6" in said
    assert "Mozilla roots " in said
