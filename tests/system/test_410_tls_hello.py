# SPDX-License-Identifier: MIT
"""What hale says first in TLS, what it does with sessions, and with requests
to begin anew."""
import shutil
import subprocess

import pytest

import box as harness
import tls_servers as servers
from pki import leaf, root

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")

SNI, MAX_FRAGMENT, GROUPS, ALPN = 0, 1, 10, 16


def run(*argv):
    return subprocess.run((harness.HALE,) + argv, env={}, capture_output=True, text=True,
                          timeout=harness.DEADLINE, check=False)


def take(data, size):
    """A vector with its length in `size` bytes: what is inside, and the rest."""
    n = int.from_bytes(data[:size], "big")
    return data[size:size + n], data[size + n:]


def client_hello(host):
    """(suites, extensions) of what hale sends to that literal host."""
    got = []

    def talk(peer):
        record = peer.recv(5)
        body = b""
        while len(body) < int.from_bytes(record[3:5], "big"):
            body += peer.recv(4096)
        got.append(body)

    with servers.Server(talk) as server:
        run("check", f"https://{host}:{server.port}/")
    hello = got[0][4:]
    assert hello[:2] == b"\x03\x03"
    _, rest = take(hello[34:], 1)
    suites, rest = take(rest, 2)
    _, rest = take(rest, 1)
    listed, _ = take(rest, 2)
    extensions = {}
    while listed:
        number = int.from_bytes(listed[:2], "big")
        extensions[number], listed = take(listed[2:], 2)
    return [suites[i:i + 2].hex() for i in range(0, len(suites), 2)], extensions


def test_a_name_is_sent_and_http_1_1_asked_for():
    _, extensions = client_hello("localhost")
    assert extensions[SNI].endswith(b"localhost")
    assert extensions[ALPN] == b"\0\x09\x08http/1.1"


def test_an_address_is_not_sent_as_a_name():
    assert SNI not in client_hello("127.0.0.1")[1]


def test_records_of_full_size_are_taken():
    assert MAX_FRAGMENT not in client_hello("127.0.0.1")[1]


def test_only_forward_secret_aead_ciphers_are_offered_aes_first_where_the_cpu_has_it():
    aes = ["c02b", "c02f", "c02c", "c030"]
    chacha = ["cca9", "cca8"]
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        has_aes = " aes " in f.read()
    suites = [s for s in client_hello("127.0.0.1")[0] if s != "00ff"]
    assert suites == (aes + chacha if has_aes else chacha + aes)


@pytest.fixture(scope="module")
def cert():
    return leaf(root(), "DNS:localhost", "IP:127.0.0.1")


def test_a_session_is_resumed_within_one_command(cert):
    reused = []
    context = servers.context(cert.file, cert.key.file)
    context.options |= 1 << 14	# SSL_OP_NO_TICKET: sessions by their id

    def talk(peer):
        with context.wrap_socket(peer, server_side=True) as stream:
            reused.append(stream.session_reused)
            servers.read_head(stream)
            stream.sendall(servers.ANSWER)
            stream.unwrap()

    with servers.Server(talk) as server:
        url = f"https://127.0.0.1:{server.port}/"
        done = run("get", "-sS", "--cacert", cert.file, url, url)
    assert done.returncode == 0, done.stderr
    assert reused == [False, True]


def test_a_request_to_begin_anew_is_refused(cert):
    """A server may live with the refusal; OpenSSL's gives up by an alert."""
    chain = cert.file
    with servers.Openssl(chain, chain, cert.key.file, stdin=True) as server:
        hale = subprocess.Popen((harness.HALE, "get", "-sS", "-m", "10", "--cacert", chain,
                                 f"https://127.0.0.1:{server.port}/"), env={},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        server.wait_for(b"GET / ")
        server.say(b"R\n")
        server.wait_for(b"no renegotiation")
        _, err = hale.communicate(timeout=harness.DEADLINE)
    assert hale.returncode == 56
    assert b"alert 40 (handshake failure)\n" in err
