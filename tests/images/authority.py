"""A CA of one's own, and a site that has its certificate: a plugin of tests/images.

Also the images whose CAs have that one among them, as if it were a public one.
"""
# SPDX-License-Identifier: MIT

import pathlib
import sys

import pytest

from containers import Container, docker
from engines import BUILD_S

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system" / "lib"))

import pki  # noqa: E402

RECIPES = ROOT / "tests" / "images" / "recipes"
HURRY = "--health-start-interval=200ms"  # the first check; Docker's default is 5 s
SITE = "https://site.test:8443/"


@pytest.fixture(scope="session")
def corp(tmp_path_factory):
    """A folder: corp-ca.pem, what it issued to the site, and a CA that issued nothing."""
    folder = tmp_path_factory.mktemp("corp")
    folder.chmod(0o755)
    ca, other = pki.root("O=Corp, CN=Corp Root", which=1), pki.root("CN=Other", which=2)
    site = pki.leaf(ca, "DNS:site.test", "DNS:localhost")
    for name, text in (("corp-ca.pem", ca.pem), ("site.pem", site.pem),
                       ("site.key", pathlib.Path(site.key.file).read_text()),
                       ("other-ca.pem", other.pem)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    return folder


@pytest.fixture(scope="module")
def shared(bridged):
    """Start containers for all tests of a module, each once: for what changes nothing."""
    started = {}

    def start(image, *options, ports=(8080, 4253)):
        if (image, options) not in started:
            started[image, options] = Container(
                bridged, image, ("--read-only", "--cap-drop", "ALL", HURRY, *options), (),
                ports=ports)
            started[image, options].logs.wait("listen")
        return started[image, options]
    yield start
    for box in started.values():
        box.remove()


@pytest.fixture(scope="session")
def app(build_image):
    """The service of the recipes."""
    return build_image("recipes", tag="app:1")


@pytest.fixture(scope="session")
def trusting(corp):
    """Build the recipe's image on a base: its CAs, and the own one."""
    def build(base):
        name = f"{base}-corp"
        docker("buildx", "build", "-q", "-f", str(RECIPES / "own-ca.Dockerfile"),
               "--build-arg", f"BASE={base}", "-t", name, str(corp), timeout=BUILD_S)
        return name
    return build


@pytest.fixture(scope="session")
def site(bridged, app, corp):
    """The service with HTTPS, which hale checks; its options and names for others."""
    box = Container(bridged, app, (
        "-v", f"{corp}:/corp:ro", "-e", "TLS_CERT=/corp/site.pem", "-e", "TLS_KEY=/corp/site.key",
        "-e", "SSL_CERT_FILE=/corp/corp-ca.pem", HURRY,
        "-e", "HALE_CHECK=https://localhost:8443/healthz"), (), ports=(8443, 4253))
    box.logs.wait("listening on :8443")
    at = box.inspect()["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    box.hosts = ("--add-host", f"site.test:{at}")
    yield box
    box.remove()
