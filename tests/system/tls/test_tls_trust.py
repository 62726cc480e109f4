# SPDX-License-Identifier: MIT
"""Where trust comes from in an image, and bodies that pass through TLS whole."""
import contextlib
import hashlib
import os
import shutil
import ssl
import subprocess
import time

import pytest

import harness
import tls_servers as servers
from pki import ext, leaf, put, root, seq, tlv

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")

V = ssl.TLSVersion
BOTH = pytest.mark.parametrize("version", [V.TLSv1_3, V.TLSv1_2], ids=["1.3", "1.2"])

SYSTEM_FILE = "etc/ssl/certs/ca-certificates.crt"
# Where distributions keep their bundle; the first one that exists counts.
BUNDLES = [SYSTEM_FILE, "etc/pki/tls/certs/ca-bundle.crt",
           "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
           "etc/ssl/ca-bundle.pem", "etc/ssl/cert.pem"]
HASHED = "etc/ssl/certs/01234567.0"


def other(which=5):
    """A root that signed nothing here."""
    return root("CN=Other", which=which)


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
    assert "trusted CAs: the anchors in hale" in done.stderr


@pytest.mark.static_only
def test_the_file_of_the_image_comes_before_the_anchors_in_hale(image, server):
    image.put(SYSTEM_FILE, root())
    assert image.get(server.port).stdout == "ok\n"


@pytest.mark.static_only
@pytest.mark.parametrize("path", BUNDLES)
def test_the_bundle_is_found_where_distributions_keep_it(image, server, path):
    image.put(path, root())
    assert image.get(server.port).stdout == "ok\n"
    for later in BUNDLES[BUNDLES.index(path) + 1:]:
        image.put(later, "damaged")
    assert image.get(server.port).stdout == "ok\n"
    image.put(path, other())
    done = image.get(server.port)
    assert done.returncode == 60
    assert f"(trusted CAs: /{path})" in done.stderr


@pytest.mark.static_only
@pytest.mark.parametrize("name", [HASHED, "etc/ssl/certs/own-ca.pem"])
def test_a_directory_without_a_bundle_counts_too(image, server, name):
    image.put("etc/ssl/certs/readme", "words\n")
    done = image.get(server.port)
    assert "trusted CAs: the anchors in hale" in done.stderr
    image.put("etc/ssl/certs/b.pem", other())
    done = image.get(server.port)
    assert done.returncode == 60
    assert "(trusted CAs: /etc/ssl/certs)" in done.stderr
    image.put(name, root())
    assert image.get(server.port).stdout == "ok\n"


@pytest.mark.static_only
def test_the_environment_comes_before_the_files_of_the_image(image, server):
    image.put(SYSTEM_FILE, root())
    name = image.put("other.pem", other())
    done = image.get(server.port, SSL_CERT_FILE=name)
    assert done.returncode == 60
    assert "(trusted CAs: /other.pem)" in done.stderr
    image.put("certs/one", root())
    done = image.get(server.port, SSL_CERT_FILE=name, SSL_CERT_DIR="/certs")
    assert done.stdout == "ok\n", done.stderr
    assert image.get(server.port, SSL_CERT_FILE="", SSL_CERT_DIR="").stdout == "ok\n"


@pytest.mark.static_only
def test_each_variable_leaves_the_default_of_the_other(image, server):
    """As with OpenSSL and Go; of the default directory only hashed names count
    then, or the bundle in it could not be replaced."""
    name = image.put("other.pem", other())
    image.put("certs/one", other(6))
    image.put(SYSTEM_FILE, root())
    assert image.get(server.port, SSL_CERT_DIR="/certs").stdout == "ok\n"
    image.put(SYSTEM_FILE, other(7))
    done = image.get(server.port, SSL_CERT_DIR="/certs")
    assert f"(trusted CAs: /{SYSTEM_FILE} and /certs)" in done.stderr
    image.put(HASHED, root())
    assert image.get(server.port, SSL_CERT_FILE=name).stdout == "ok\n"
    image.put(HASHED, other(8))
    done = image.get(server.port, SSL_CERT_FILE=name)
    assert "(trusted CAs: /other.pem and /etc/ssl/certs)" in done.stderr
    done = image.get(server.port, SSL_CERT_FILE=name, SSL_CERT_DIR="/certs")
    assert "(trusted CAs: /other.pem and /certs)" in done.stderr


@pytest.mark.static_only
def test_what_the_environment_names_and_is_absent_is_passed_over(image, server):
    image.put("certs/one", root())
    for env in ({"SSL_CERT_DIR": "/missing:/certs"},
                {"SSL_CERT_FILE": "/missing", "SSL_CERT_DIR": "/certs:/etc/none"}):
        assert image.get(server.port, **env).stdout == "ok\n", env
    name = image.put("own.pem", root())
    assert image.get(server.port, SSL_CERT_FILE=name, SSL_CERT_DIR="/missing").stdout == "ok\n"
    # The anchors in hale stand in for nothing at all, never for a wrong name.
    for env in ({"SSL_CERT_FILE": "/missing"}, {"SSL_CERT_DIR": "/missing"}):
        done = image.get(server.port, **env)
        assert done.returncode == 77 and "/missing: No such file" in done.stderr
    image.put(SYSTEM_FILE, root())
    assert image.get(server.port, SSL_CERT_FILE="/missing").returncode == 77
    assert image.get(server.port, SSL_CERT_DIR="/missing").stdout == "ok\n"


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
    for option, env, words in (
            (("--cacert", "/missing"), {}, "/missing: No such file"),
            (("--cacert", "/etc"), {}, "Is a directory"),
            ((), {"SSL_CERT_FILE": "/" + SYSTEM_FILE}, f"line {lines}: damaged"),
            ((), {"SSL_CERT_DIR": "/hale"}, "/hale: Not a directory")):
        if "SSL_CERT_DIR" in env:
            os.remove(image.root / SYSTEM_FILE)
        done = image.get(server.port, *option, **env)
        assert done.returncode == 77 and words in done.stderr


def piped(how, port):
    """Runs a shell's line in which hale makes two connections."""
    url = f"https://127.0.0.1:{port}/"
    line = how.format(hale=f"{harness.HALE} get -sS -m 5", ca=root().file,
                      urls=f"{url} {url}")
    return subprocess.run(("bash", "-c", line), env={"PATH": harness.PATH},
                          capture_output=True, text=True, check=False,
                          timeout=harness.DEADLINE)


@pytest.mark.parametrize("how", [
    "{hale} --cacert <(cat {ca}) {urls}",
    "cat {ca} | {hale} --cacert /dev/stdin {urls}",
    "{hale} --cacert /dev/stdin {urls} <{ca}",
    "SSL_CERT_FILE=<(cat {ca}) SSL_CERT_DIR=/none {hale} {urls}"])
def test_trust_comes_from_a_pipe_for_all_connections_of_a_command(server, how):
    done = piped(how, server.port)
    assert (done.returncode, done.stdout) == (0, "ok\nok\n"), done.stderr


def test_trust_comes_from_a_pipe_for_all_urls_of_a_check(server):
    """Each is asked by a process of its own, and a pipe is read once."""
    url = f"https://127.0.0.1:{server.port}/"
    done = subprocess.run(("bash", "-c", f"{harness.HALE} check --cacert <(cat {root().file}) "
                           f"{url} {url} {url}"), env={"PATH": harness.PATH}, check=False,
                          capture_output=True, text=True, timeout=harness.DEADLINE)
    assert (done.returncode, done.stdout.count("200 OK")) == (0, 3), done.stdout


def test_trust_comes_from_a_pipe_with_a_name(server, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with subprocess.Popen(f"cat {root().file} >{tmp_path}/fifo", shell=True):
        done = piped(f"{{hale}} --cacert {tmp_path}/fifo {{urls}}", server.port)
    assert (done.returncode, done.stdout) == (0, "ok\nok\n"), done.stderr


def test_a_pipe_that_nobody_writes_to_ends_with_the_time(server):
    ours, theirs = os.pipe()
    done = subprocess.run((harness.HALE, "get", "-sS", "-m", "0.3", "--cacert", "/dev/stdin",
                           f"https://127.0.0.1:{server.port}/"), env={}, stdin=ours,
                          stderr=subprocess.PIPE, check=False, timeout=harness.DEADLINE)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 28, done.stderr


def test_a_pipe_that_is_cut_off_is_damaged(server):
    done = piped("head -c 200 {ca} | {hale} --cacert /dev/stdin {urls}", server.port)
    assert done.returncode == 77
    assert "line 1: the object that begins here has no end" in done.stderr


def renewed(n, *identifier):
    return [root("CN=kubernetes", *identifier, which=40 + i) for i in range(n)]


def test_of_many_cas_of_one_name_that_with_the_right_key_is_taken(tmp_path):
    """As in a bundle of a cluster whose CA was renewed every year."""
    ident = ext("2.5.29.14", tlv(4, b"new"))
    issuer = root("CN=kubernetes", ident, which=39)
    named = ext("2.5.29.35", seq(tlv(0x80, b"new")))
    for more, cas in (((named,), renewed(17, ext("2.5.29.14", tlv(4, b"old")))),
                      ((named,), renewed(17))):
        cert = leaf(issuer, "IP:127.0.0.1", more=more)
        done = ask(tmp_path, cert, *cas, issuer)
        assert done.stdout == "ok\n", done.stderr
    done = ask(tmp_path, cert, *renewed(3, ext("2.5.29.14", tlv(4, b"old"))))
    assert "; a CA of that name is, but with another key)" in done.stderr


def test_more_cas_of_one_name_than_are_tried_are_not_an_unknown_issuer(tmp_path):
    cert = leaf(root("CN=kubernetes", which=39), "IP:127.0.0.1")
    for n in (15, 16):
        done = ask(tmp_path, cert, *renewed(n))
        assert done.returncode == 60
        assert "it is not by" in done.stderr
        done = ask(tmp_path, cert, *renewed(n), root("CN=kubernetes", which=39))
        assert (done.returncode == 0) == (n == 15)
    assert ('certificate of 127.0.0.1: more than 16 trusted CAs may be its issuer, '
            '"CN=kubernetes", and it is none of the 16 that were tried') in done.stderr


def ask(where, cert, *trusted):
    context = servers.context(cert.file, cert.key.file)
    with servers.Server(servers.https(context)) as server:
        return subprocess.run((harness.HALE, "get", "-sS", "--cacert", put(*trusted),
                               f"https://127.0.0.1:{server.port}/"), env={}, cwd=where,
                              capture_output=True, text=True, check=False,
                              timeout=harness.DEADLINE)


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


# As OpenSSL names them; those of TLS 1.2 for a key of RSA.
CIPHERS = {
    "1.3 AES-128": {"suites": "TLS_AES_128_GCM_SHA256"},
    "1.3 AES-256": {"suites": "TLS_AES_256_GCM_SHA384"},
    "1.3 ChaCha20": {"suites": "TLS_CHACHA20_POLY1305_SHA256"},
    "1.2 AES-128": {"ciphers": "ECDHE-RSA-AES128-GCM-SHA256"},
    "1.2 AES-256": {"ciphers": "ECDHE-RSA-AES256-GCM-SHA384"},
    "1.2 ChaCha20": {"ciphers": "ECDHE-RSA-CHACHA20-POLY1305"},
}


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 3_000_001])
def test_a_body_comes_back_as_it_was_sent(cert, tmp_path, cipher, size):
    sent = os.urandom(size)
    (tmp_path / "up").write_bytes(sent)
    version = V.TLSv1_3 if cipher.startswith("1.3") else V.TLSv1_2
    context = servers.context(cert.file, cert.key.file, low=version, high=version,
                              **CIPHERS[cipher])
    seen, spoken = [], []

    def talk(peer):
        with context.wrap_socket(peer, server_side=True) as stream:
            spoken.append(stream.cipher()[0])
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
    assert spoken == list(CIPHERS[cipher].values())


@BOTH
@pytest.mark.parametrize("notify", [True, False], ids=["close_notify", "no close_notify"])
def test_a_body_with_a_length_needs_no_close_notify(cert, notify, version):
    """What it lacks is nothing that an attacker could have cut off."""
    context = servers.context(cert.file, cert.key.file, low=version, high=version)
    with servers.Server(servers.https(context, notify=notify)) as server:
        done = subprocess.run((harness.HALE, "get", "-sS", "--cacert", root().file,
                               f"https://127.0.0.1:{server.port}/"), env={},
                              capture_output=True, text=True, check=False,
                              timeout=harness.DEADLINE)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr


@BOTH
@pytest.mark.parametrize("head, body", [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"half"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nhalf\r\n"),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"half")],
    ids=["a length", "chunks", "neither"])
def test_a_body_that_is_cut_off_is_an_error(cert, head, body, version):
    context = servers.context(cert.file, cert.key.file, low=version, high=version)
    with servers.Server(servers.https(context, head + body, notify=False)) as server:
        done = subprocess.run((harness.HALE, "get", "-sS", "--cacert", root().file,
                               f"https://127.0.0.1:{server.port}/"), env={},
                              capture_output=True, text=True, check=False,
                              timeout=harness.DEADLINE)
    assert done.returncode == 56
    assert "no close_notify" in done.stderr


@pytest.mark.parametrize("record, words", [
    (b"\x15\x03\x03\x00\x02\x01\x5a", "more than 2 MiB of TLS records"),
    (b"\x14\x03\x03\x00\x01\x01", "more than 2 MiB of TLS records"),
    (b"\x16\x03\x03\x00\x04\x00\x00\x00\x00", "sent a message out of turn"),
    (b"\x16\x03\x03\x00\x00", "sent a message out of turn")],
    ids=["warnings", "ChangeCipherSpecs", "HelloRequests", "empty records"])
def test_a_handshake_without_an_end_is_ended(record, words):
    def flood(peer):
        peer.recv(4096)
        with contextlib.suppress(OSError):
            while True:
                peer.sendall(record * 4096)

    with servers.Server(flood) as server:
        done = subprocess.run((harness.HALE, "get", "-sS", f"https://127.0.0.1:{server.port}/"),
                              env={}, capture_output=True, text=True, check=False,
                              timeout=harness.DEADLINE)
    assert done.returncode == 35
    assert words in done.stderr


@BOTH
def test_a_handshake_that_drips_ends_at_the_deadline(cert, version):
    """Each byte comes in time, the whole does not: the deadline is one."""
    context = servers.context(cert.file, cert.key.file, low=version, high=version)
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
