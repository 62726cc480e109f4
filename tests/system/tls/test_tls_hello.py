# SPDX-License-Identifier: MIT
"""What hale says first in TLS, how often both sides speak, what it does with
sessions and with requests to begin anew, and how it ends a handshake."""
import selectors
import shutil
import socket
import ssl
import subprocess

import pytest

import harness
import tls_servers as servers
from pki import Cert, basic, leaf, purpose, put, root, san

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")

V = ssl.TLSVersion
BOTH = pytest.mark.parametrize("version", [V.TLSv1_3, V.TLSv1_2], ids=["1.3", "1.2"])

SNI, GROUPS, POINTS, SIGNATURES, ALPN, EXTENDED_MASTER, TICKET = 0, 10, 11, 13, 16, 23, 35
PSK, VERSIONS, COOKIE, PSK_MODES, SHARES = 41, 43, 44, 45, 51


def run(*argv):
    return subprocess.run((harness.HALE,) + argv, env={}, capture_output=True, text=True,
                          timeout=harness.DEADLINE, check=False)


def take(data, size):
    """A vector with its length in `size` bytes: what is inside, and the rest."""
    n = int.from_bytes(data[:size], "big")
    return data[size:size + n], data[size + n:]


class Hello:
    """A ClientHello, from the message with its head."""

    def __init__(self, message):
        assert message[0] == 1 and take(message[1:], 3)[1] == b""
        self.message, hello = message, message[4:]
        self.version, self.random = hello[:2], hello[2:34]
        self.session, rest = take(hello[34:], 1)
        suites, rest = take(rest, 2)
        self.suites = [suites[i:i + 2].hex() for i in range(0, len(suites), 2)]
        self.compressions, rest = take(rest, 1)
        listed, rest = take(rest, 2)
        assert rest == b""
        self.order, self.extensions = [], {}
        while listed:
            number = int.from_bytes(listed[:2], "big")
            assert number not in self.extensions
            self.order.append(number)
            self.extensions[number], listed = take(listed[2:], 2)

    def numbers(self, extension, size):
        """A list of two-byte numbers, whose length has `size` bytes."""
        inside, rest = take(self.extensions[extension], size)
        assert rest == b""
        return [inside[i:i + 2].hex() for i in range(0, len(inside), 2)]


def read_record(peer):
    """(head, body)"""
    head = peer.recv(5, socket.MSG_WAITALL)
    return head, peer.recv(int.from_bytes(head[3:5], "big"), socket.MSG_WAITALL)


def read_hello(peer):
    head, body = read_record(peer)
    assert head[:3] == b"\x16\x03\x01"	# as old servers want it (RFC 8446, 5.1)
    return Hello(body)


def client_hello(host, *command):
    """What hale sends to that literal host."""
    got = []
    with servers.Server(lambda peer: got.append(read_hello(peer))) as server:
        run(*command or ("check",), f"https://{host}:{server.port}/")
    return got[0]


@pytest.fixture(scope="module")
def hello():
    return client_hello("localhost")


def test_a_name_is_sent_and_http_1_1_asked_for(hello):
    assert hello.extensions[SNI] == b"\0\x0c\0\0\x09localhost"
    assert hello.extensions[ALPN] == b"\0\x09\x08http/1.1"


def test_an_address_is_not_sent_as_a_name():
    assert SNI not in client_hello("127.0.0.1").extensions


def test_one_hello_offers_tls_1_3_and_1_2(hello):
    assert hello.version == b"\x03\x03"
    assert hello.numbers(VERSIONS, 1) == ["0304", "0303"]


def test_tls_1_2_is_not_offered_if_only_1_3_will_do(cert):
    command = ("get", "-sS", "--tlsv1.3", "--cacert", cert.file)
    assert client_hello("localhost", *command).numbers(VERSIONS, 1) == ["0304"]
    for high, code in ((ssl.TLSVersion.TLSv1_3, 0), (ssl.TLSVersion.TLSv1_2, 35)):
        context = servers.context(cert.file, cert.key.file, high=high)
        with servers.Server(servers.https(context)) as server:
            done = run(*command, f"https://127.0.0.1:{server.port}/")
        assert done.returncode == code, done.stderr
        assert code == 0 or "alert 70 (protocol version)" in done.stderr


def test_only_forward_secret_aead_ciphers_are_offered_aes_first_where_the_cpu_has_it(hello):
    offered = []
    for aes, chacha in ((["1301", "1302"], ["1303"]),
                        (["c02b", "c02f", "c02c", "c030"], ["cca9", "cca8"])):
        offered += aes + chacha if harness.has_aes() else chacha + aes
    assert hello.suites == offered + ["00ff"]	# secure renegotiation (RFC 5746, 3.3)


def test_a_share_of_x25519_is_sent_and_other_curves_are_named(hello):
    shares, _ = take(hello.extensions[SHARES], 2)
    assert shares[:4] == b"\0\x1d\0\x20" and len(shares) == 36
    assert hello.numbers(GROUPS, 2) == ["001d", "0017", "0018", "0019"]
    assert hello.extensions[POINTS] == b"\1\0"


def test_signatures_of_ecdsa_pss_and_rsa_are_taken_but_none_with_sha_1(hello):
    ecdsa, pss, rsa = "0403 0503 0603", "0804 0805 0806", "0401 0501 0601"
    pss_keys = "0809 080a 080b"
    offered = hello.numbers(SIGNATURES, 2)
    assert set(f"{ecdsa} {pss} {rsa}".split()) <= set(offered)
    assert set(offered) <= set(f"{ecdsa} {pss} {rsa} {pss_keys}".split())
    assert len(offered) == len(set(offered))


def test_a_first_hello_looks_like_one_of_tls_1_2_and_is_never_the_same(hello):
    """A session id of 32 bytes is for boxes in the middle (RFC 8446, D.4)."""
    other = client_hello("localhost")
    assert len(hello.session) == len(other.session) == 32
    assert hello.compressions == b"\0"
    assert hello.session != other.session
    assert hello.random != other.random
    assert hello.extensions[SHARES] != other.extensions[SHARES]


def test_nothing_else_is_offered(hello):
    """No early data, no key without an exchange, no status, no compression, no
    smaller records, no certificates after the handshake."""
    assert sorted(hello.order) == [SNI, GROUPS, POINTS, SIGNATURES, ALPN, EXTENDED_MASTER,
                                   TICKET, VERSIONS, PSK_MODES, SHARES]
    assert hello.extensions[EXTENDED_MASTER] == hello.extensions[TICKET] == b""
    assert hello.extensions[PSK_MODES] == b"\1\1"	# psk_dhe_ke


# How often both sides speak

class Flights(servers.Relay):
    """Notes which side each piece comes from: "cscs" is two round trips."""

    def __init__(self, port):
        self.sides = ""
        super().__init__(port, 1 << 30)

    def relay(self, peer):
        """One piece at a time, for both sides wait for each other."""
        with socket.create_connection(("127.0.0.1", self.to)) as server:
            ends = {peer: ("c", server), server: ("s", peer)}
            with selectors.DefaultSelector() as waits:
                for end in ends:
                    waits.register(end, selectors.EVENT_READ)
                while True:
                    for key, _ in waits.select():
                        side, other = ends[key.fileobj]
                        if not (data := key.fileobj.recv(1 << 16)):
                            return
                        if not self.sides.endswith(side):
                            self.sides += side
                        other.sendall(data)


@pytest.mark.parametrize("curve, version, sides", [
    (None, V.TLSv1_3, "cscs"), ("prime256v1", V.TLSv1_3, "cscscs"),
    (None, V.TLSv1_2, "cscscs"), ("prime256v1", V.TLSv1_2, "cscscs")],
    ids=["1.3", "1.3 with HelloRetryRequest", "1.2", "1.2 on another curve"])
def test_round_trips_before_the_request(cert, curve, version, sides):
    """The last one is the request's own. Tickets from the server would get in the way:
    it sends none."""
    context = servers.context(cert.file, cert.key.file, low=version, high=version, curve=curve)
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    talk = servers.https(context, notify=False)
    with servers.Server(talk) as server, Flights(server.port) as relay:
        done = run("get", "-sS", "--cacert", cert.file, f"https://127.0.0.1:{relay.port}/")
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    assert relay.sides[:len(sides)] == sides
    assert relay.sides[len(sides):] in ("", "c")	# hale's close_notify


# Sessions

@pytest.fixture(scope="module")
def cert():
    return leaf(root(), "DNS:localhost", "IP:127.0.0.1")


def served(context, *argv, hosts=("127.0.0.1", "127.0.0.1")):
    """Which connections of a command resumed a session."""
    reused = []

    def talk(peer):
        with servers.shake_hands(context, peer) as stream:
            reused.append(stream.session_reused)
            servers.read_head(stream)
            stream.sendall(servers.ANSWER)
            stream.unwrap()

    with servers.Server(talk) as server:
        done = run("get", "-sS", *argv, *(f"https://{h}:{server.port}/" for h in hosts))
    assert (done.returncode, done.stdout) == (0, "ok\n" * len(hosts)), done.stderr
    return reused


def sessions(cert, version, tickets=True):
    context = servers.context(cert.file, cert.key.file, low=version, high=version)
    if not tickets:
        context.options |= ssl.OP_NO_TICKET
    return context


@BOTH
def test_a_session_is_resumed_within_one_command(cert, version):
    hosts = ("127.0.0.1",) * 3
    reused = served(sessions(cert, version), "--cacert", cert.file, hosts=hosts)
    assert reused == [False, True, True]


@BOTH
def test_a_session_is_resumed_by_what_the_server_keeps(cert, version):
    """With TLS 1.2 by its id; OpenSSL's tickets of TLS 1.3 are then one too."""
    assert served(sessions(cert, version, tickets=False), "--cacert",
                  cert.file) == [False, True]


@BOTH
def test_a_session_is_not_for_another_host(cert, version):
    assert served(sessions(cert, version), "--cacert", cert.file,
                  hosts=("127.0.0.1", "localhost", "127.0.0.1")) == [False] * 3


@BOTH
def test_a_session_that_nobody_verified_is_resumed_by_its_kind(cert, version):
    """tests/unit/test_tls.c has those that are not."""
    assert served(sessions(cert, version), "-k") == [False, True]


@BOTH
def test_a_new_command_starts_anew(cert, version):
    context = sessions(cert, version)
    for _ in range(2):
        assert served(context, "--cacert", cert.file, hosts=["127.0.0.1"]) == [False]


def test_a_session_without_extended_master_secret_is_not_resumed(cert):
    """RFC 7627, 5.3."""
    context = sessions(cert, V.TLSv1_2)
    context.options |= 1	# SSL_OP_NO_EXTENDED_MASTER_SECRET
    assert served(context, "--cacert", cert.file) == [False, False]


@BOTH
def test_a_server_that_forgot_a_session_is_served(cert, version):
    contexts = [sessions(cert, version) for _ in range(2)]

    def talk(peer):
        with servers.shake_hands(contexts.pop(), peer) as stream:
            servers.read_head(stream)
            stream.sendall(servers.ANSWER)
            stream.unwrap()

    with servers.Server(talk) as server:
        url = f"https://127.0.0.1:{server.port}/"
        done = run("get", "-sS", "--cacert", cert.file, url, url)
    assert (done.returncode, done.stdout) == (0, "ok\nok\n"), done.stderr


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

def ends_of(chain, key_file, options, version):
    """With which of hale's alerts the handshakes of a server end."""
    heard = []
    context = servers.context(chain, key_file, low=version, high=version)

    def talk(peer):
        try:
            context.wrap_socket(peer, server_side=True)
        except ssl.SSLError as e:
            heard.append(e.reason)

    with servers.Server(talk) as server:
        done = run("get", "-sS", *options, f"https://127.0.0.1:{server.port}/")
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


@BOTH
@pytest.mark.parametrize("which", ALERTS)
def test_the_server_hears_why_its_certificate_is_refused(which, version):
    reason, make = ALERTS[which]
    cert = make()
    done, heard = ends_of(cert.file, cert.key.file, ("--cacert", root().file), version)
    assert done.returncode == 60
    assert heard == [reason]


@BOTH
def test_the_server_hears_of_too_many_certificates(version):
    cert = leaf(root(), IP)
    done, heard = ends_of(put(cert, *[root()] * 16), cert.key.file,
                          ("--cacert", root().file), version)
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


@BOTH
def test_a_damaged_record_is_answered_by_an_alert_in_an_open_connection(cert, version):
    heard = []
    context = servers.context(cert.file, cert.key.file, low=version, high=version)

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


def share_12(cert, point, hello):
    """The first flight of TLS 1.2, with that share of X25519."""
    ours = bytes(32)
    params = b"\3\0\x1d" + vector(point, 1)
    signed = cert.key.sign(hello.random + ours + params, "sha256")
    return b"".join(servers.record(22, m) for m in (
        message(2, b"\3\3" + ours + b"\0" + b"\xc0\x2b" + b"\0"),
        message(11, vector(vector(cert.der, 3), 3)),
        message(12, params + b"\4\3" + vector(signed, 2)), message(14, b"")))


def share_13(_cert, point, hello):
    """The ServerHello of TLS 1.3, with that share of X25519."""
    extensions = b"\0\x2b\0\2\3\4" + b"\0\x33" + vector(b"\0\x1d" + vector(point, 2), 2)
    return servers.record(22, message(2, b"\3\3" + bytes(32) + vector(hello.session, 1)
                                      + b"\x13\x01\0" + vector(extensions, 2)))


def shares(flight, cert, point, got):
    """talk() of a server that has any X25519 point and keeps hale's answer."""
    def talk(peer):
        peer.sendall(flight(cert, point, read_hello(peer)))
        peer.shutdown(socket.SHUT_WR)
        while more := peer.recv(4096):
            got.append(more)
    return talk


# RFC 7748, 6.1; the numbers of small order, of which 0 and 1 are two.
@pytest.mark.parametrize("number, good", [
    (9, True), (0, False), (1, False), (2**255 - 20, False), (2**255 - 19, False),
    (2**255 - 18, False),
    (325606250916557431795983626356110631294008115727848805560023387167927233504, False),
    (39382357235489614581723060781553021112529911719440698176882885853963445705823, False)])
@pytest.mark.parametrize("flight", [share_13, share_12], ids=["1.3", "1.2"])
def test_a_key_share_that_gives_no_secret_ends_the_handshake(number, good, flight):
    """Behind a good one nothing follows but the end."""
    cert, got = leaf(root(), IP), []
    point = number.to_bytes(32, "little")
    with servers.Server(shares(flight, cert, point, got)) as server:
        done = run("get", "-sS", "-m", "5", "--cacert", root().file,
                   f"https://127.0.0.1:{server.port}/")
    assert done.returncode == 35
    answer = b"".join(got)
    if not good:
        assert answer == servers.alert(47)
        assert "the server's key share gives no secret" in done.stderr
        return
    assert "closed the connection during the TLS handshake" in done.stderr
    assert answer[:1] == (b"" if flight is share_13 else b"\x16")	# ClientKeyExchange
