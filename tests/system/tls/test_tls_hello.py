# SPDX-License-Identifier: MIT
"""What hale says first in TLS, what it does with sessions, and with requests
to begin anew."""
import shutil
import ssl
import subprocess

import pytest

import harness
import tls_servers as servers
from pki import Cert, basic, leaf, purpose, put, root, san

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


# What hale says when it ends a handshake

def ends_of(chain, key_file, options, address="127.0.0.1", **tls):
    """How many handshakes of a server end with which of hale's alerts."""
    heard = []
    context = servers.context(chain, key_file, **tls)

    def talk(peer):
        try:
            context.wrap_socket(peer, server_side=True)
        except ssl.SSLError as e:
            heard.append(e.reason)

    with servers.Server(talk) as server:
        done = run("get", "-sS", *options, f"https://{address}:{server.port}/")
    return done, heard


IP = "IP:127.0.0.1"
ALERTS = {
    "an unknown CA": ("TLSV1_ALERT_UNKNOWN_CA", lambda: leaf(root("CN=Other", which=5), IP)),
    "a self-signed one": ("TLSV1_ALERT_UNKNOWN_CA", lambda: Cert("CN=x", exts=(san(IP),))),
    "an expired one": ("SSLV3_ALERT_CERTIFICATE_EXPIRED",
                       lambda: leaf(root(), IP, days=(-4, -2))),
    "one of tomorrow": ("SSLV3_ALERT_CERTIFICATE_EXPIRED",
                        lambda: leaf(root(), IP, days=(1, 2))),
    "one for another host": ("SSLV3_ALERT_BAD_CERTIFICATE", lambda: leaf(root(), "DNS:x")),
    "a wrong signature": ("SSLV3_ALERT_BAD_CERTIFICATE",
                          lambda: leaf(root(which=6), IP)),
    "one for clients": ("SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
                        lambda: leaf(root(), IP, more=(purpose("client"),))),
    "one with a path length and no CA": (
        "SSLV3_ALERT_BAD_CERTIFICATE", lambda: leaf(root(), IP, more=(basic(False, 0),))),
}


@pytest.mark.parametrize("which", ALERTS)
def test_the_server_hears_why_its_certificate_is_refused(which):
    reason, make = ALERTS[which]
    cert = make()
    done, heard = ends_of(cert.file, cert.key.file, ("--cacert", root().file))
    assert done.returncode == 60
    assert heard == [reason]


def test_the_server_hears_of_too_many_certificates():
    cert = leaf(root(), IP)
    done, heard = ends_of(put(cert, *[root()] * 16), cert.key.file,
                          ("--cacert", root().file))
    assert "more than 16 certificates" in done.stderr
    assert heard == ["SSLV3_ALERT_CERTIFICATE_UNKNOWN"]


def test_a_server_that_does_not_speak_tls_hears_no_alert():
    heard = []

    def talk(peer):
        peer.recv(4096)
        peer.sendall(b"HTTP/1.0 400 No\r\n\r\n")
        heard.append(peer.recv(4096))

    with servers.Server(talk) as server:
        run("get", "-sS", f"https://127.0.0.1:{server.port}/")
    assert heard == [b""]


def through_memory(context, peer):
    """(stream, step, out): a server whose records the test has in its hands."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    stream = context.wrap_bio(into, out, server_side=True)

    def step(action):
        while True:
            try:
                result = action()
            except ssl.SSLWantReadError:
                peer.sendall(out.read())
                into.write(peer.recv(65536))
                continue
            peer.sendall(out.read())
            return result

    return stream, step, out


def test_a_damaged_record_is_answered_by_an_alert_in_an_open_connection(cert):
    heard = []
    context = servers.context(cert.file, cert.key.file)

    def talk(peer):
        stream, step, out = through_memory(context, peer)
        step(stream.do_handshake)
        step(lambda: stream.read(4096))
        stream.write(servers.ANSWER)
        record = bytearray(out.read())
        record[-1] ^= 1
        peer.sendall(record)
        try:
            step(lambda: stream.read(1))
        except ssl.SSLError as e:
            heard.append(e.reason)

    with servers.Server(talk) as server:
        done = run("get", "-sS", "--cacert", root().file, f"https://127.0.0.1:{server.port}/")
    assert done.returncode == 56
    assert "does not decrypt" in done.stderr
    assert heard == ["SSLV3_ALERT_BAD_RECORD_MAC"]


def message(number, body):
    return bytes((number,)) + len(body).to_bytes(3, "big") + body


def vector(body, size):
    return len(body).to_bytes(size, "big") + body


def shares(cert, point, got):
    """talk() of a server that signs any X25519 point and keeps hale's answer."""
    def talk(peer):
        ours, theirs = bytes(32), peer.recv(4096)[11:43]
        params = b"\3\0\x1d" + vector(point, 1)
        signed = cert.key.sign(theirs + ours + params, "sha256")
        flight = (message(2, b"\3\3" + ours + b"\0" + b"\xc0\x2b" + b"\0"),
                  message(11, vector(vector(cert.der, 3), 3)),
                  message(12, params + b"\4\3" + vector(signed, 2)), message(14, b""))
        peer.sendall(b"".join(servers.record(22, m) for m in flight))
        got.append(peer.recv(4096))
    return talk


# RFC 7748, 6.1; the numbers of small order, of which 0 and 1 are two.
@pytest.mark.parametrize("number, good", [
    (9, True), (0, False), (1, False), (2**255 - 20, False), (2**255 - 19, False),
    (2**255 - 18, False),
    (325606250916557431795983626356110631294008115727848805560023387167927233504, False),
    (39382357235489614581723060781553021112529911719440698176882885853963445705823, False)])
def test_a_key_share_that_gives_no_secret_ends_the_handshake(number, good):
    cert, got = leaf(root(), IP), []
    with servers.Server(shares(cert, number.to_bytes(32, "little"), got)) as server:
        done = run("get", "-sS", "-m", "5", "--cacert", root().file,
                   f"https://127.0.0.1:{server.port}/")
    assert done.returncode == 35
    if good:	# ClientKeyExchange
        assert got[0][0] == 22
    else:
        assert got == [servers.alert(47)]
        assert "its key share gives no secret" in done.stderr
