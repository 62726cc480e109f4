# SPDX-License-Identifier: MIT
"""Where trust comes from in an image, and bodies that pass through TLS whole."""
import hashlib
import os
import shutil
import subprocess
import time

import pytest

import box as harness
import tls_servers as servers
from pki import leaf, put, root

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")

SYSTEM_FILE = "etc/ssl/certs/ca-certificates.crt"


@pytest.fixture(scope="module")
def cert():
    return leaf(root(), "IP:127.0.0.1", kind="rsa2048")


@pytest.fixture(scope="module")
def server(cert):
    with servers.Server(servers.https(servers.context(cert.file, cert.key.file))) as s:
        yield s


class Image:
    """A root with nothing but /hale and what a test puts there."""

    def __init__(self, where):
        self.root = where
        shutil.copy(harness.HALE, where / "hale")

    def put(self, path, *parts):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(put(*parts), target)
        return "/" + path

    def get(self, port, *options, **env):
        return subprocess.run(("/hale", "get", "-sS", *options,
                               f"https://127.0.0.1:{port}/"), env=env, cwd="/",
                              capture_output=True, text=True, check=False,
                              timeout=harness.DEADLINE,
                              preexec_fn=lambda: os.chroot(self.root))


@pytest.fixture
def image(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    return Image(tmp_path)


@pytest.mark.static_only
def test_without_any_file_the_anchors_in_hale_are_asked(image, server):
    done = image.get(server.port)
    assert done.returncode == 60
    assert "trusted are: the anchors in hale" in done.stderr


@pytest.mark.static_only
def test_the_file_of_the_image_comes_before_the_anchors_in_hale(image, server):
    image.put(SYSTEM_FILE, root())
    assert image.get(server.port).stdout == "ok\n"


@pytest.mark.static_only
def test_the_environment_comes_before_the_file_of_the_image(image, server):
    image.put(SYSTEM_FILE, root())
    other = image.put("other.pem", root("CN=Other", which=5))
    assert image.get(server.port, SSL_CERT_FILE=other).returncode == 60
    image.put("certs/one", root())
    done = image.get(server.port, SSL_CERT_FILE=other, SSL_CERT_DIR="/certs")
    assert done.stdout == "ok\n", done.stderr
    assert image.get(server.port, SSL_CERT_DIR="/certs").stdout == "ok\n"
    assert image.get(server.port, SSL_CERT_FILE="", SSL_CERT_DIR="").stdout == "ok\n"


@pytest.mark.static_only
def test_cacert_comes_before_all(image, server):
    good = image.put("good.pem", root())
    image.put(SYSTEM_FILE, root("CN=Other", which=5))
    done = image.get(server.port, "--cacert", good, SSL_CERT_FILE="/missing")
    assert done.stdout == "ok\n", done.stderr


@pytest.mark.static_only
def test_a_damaged_or_missing_source_is_never_passed_over(image, server):
    image.put(SYSTEM_FILE, root(), "-----BEGIN CERTIFICATE-----\nMII?\n")
    done = image.get(server.port)
    lines = root().pem.count("\n") + 2
    assert done.returncode == 77
    assert f"/{SYSTEM_FILE}, line {lines}: damaged" in done.stderr
    for env in ({"SSL_CERT_FILE": "/missing"}, {"SSL_CERT_DIR": "/missing"}):
        done = image.get(server.port, **env)
        assert done.returncode == 77 and "/missing: No such file" in done.stderr
    done = image.get(server.port, "--cacert", "/etc")
    assert done.returncode == 77 and "Is a directory" in done.stderr


@pytest.mark.static_only
def test_insecure_needs_no_source_at_all(image, server):
    image.put(SYSTEM_FILE, "damaged")
    done = image.get(server.port, "-k")
    assert (done.returncode, done.stdout) == (0, "ok\n")


def read_exactly(stream, n):
    got = b""
    while len(got) < n and (more := stream.recv(65536)):
        got += more
    return got


@pytest.mark.parametrize("cipher", ["ECDHE-RSA-AES128-GCM-SHA256",
                                    "ECDHE-RSA-AES256-GCM-SHA384",
                                    "ECDHE-RSA-CHACHA20-POLY1305"])
@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 3_000_001])
def test_a_body_comes_back_as_it_was_sent(cert, tmp_path, cipher, size):
    sent = os.urandom(size)
    (tmp_path / "up").write_bytes(sent)
    context = servers.context(cert.file, cert.key.file, ciphers=cipher)
    seen = []

    def talk(peer):
        with context.wrap_socket(peer, server_side=True) as stream:
            head = b""
            while b"\r\n\r\n" not in head:
                head += stream.recv(65536)
            body = head.split(b"\r\n\r\n", 1)[1]
            body += read_exactly(stream, size - len(body))
            seen.append(hashlib.sha256(body).digest())
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + body)
            stream.unwrap()

    with servers.Server(talk) as server:
        done = subprocess.run((harness.HALE, "get", "-sS", "--cacert", root().file,
                               "-H", "Expect:", "--data-binary", f"@{tmp_path}/up",
                               f"https://127.0.0.1:{server.port}/"), env={},
                              capture_output=True, check=False, timeout=harness.DEADLINE)
    assert done.returncode == 0, done.stderr
    assert seen == [hashlib.sha256(sent).digest()]
    assert done.stdout == sent


def test_a_handshake_that_drips_ends_at_the_deadline(cert):
    """Each byte comes in time, the whole does not: the deadline is one."""
    context = servers.context(cert.file, cert.key.file)
    with servers.Server(servers.https(context)) as whole:
        def drip(peer):
            with servers.socket.create_connection(("127.0.0.1", whole.port)) as up:
                up.sendall(peer.recv(4096))
                for byte in up.recv(4096):
                    peer.sendall(bytes((byte,)))
                    time.sleep(0.01)	# what is tested: it is slow

        with servers.Server(drip) as slow:
            done = subprocess.run((harness.HALE, "get", "-sS", "-m", "1", "--cacert",
                                   root().file, f"https://127.0.0.1:{slow.port}/"),
                                  env={}, capture_output=True, text=True, check=False,
                                  timeout=harness.DEADLINE)
    assert done.returncode == 28, done.stderr
