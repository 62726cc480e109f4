# SPDX-License-Identifier: MIT
"""hale against real TLS servers from packages, of this system and of Debian's
newest suite. What each is told to speak, it is held to: one version, one suite,
one group. The line that names their versions is at the end of the run."""
import contextlib
import dataclasses
import hashlib
import shutil
import subprocess

import pytest

import harness
import newer
import pki
import tls_programs as programs
import tls_servers as servers
from tls_programs import AES128, AES256, BIG, CHACHA, GROUPS, Setting, client, leaf, root

# What is missing is a failure, so that CI cannot lose a server in silence; but
# for a machine that Debian's packages are not made for.
pytestmark = pytest.mark.skipif(not shutil.which("apt-get"), reason="no Debian packages")


# The families

def system(name):
    path = shutil.which(name, path=harness.PATH)
    assert path, f"there is no {name}: scripts/bootstrap test"
    return path


def nss(home, where, version):
    made = programs.Nss(home, where)
    made.version = "NSS " + version.split(":")[-1].split("-")[0]
    return made


def nss_installed():
    return subprocess.run(("dpkg-query", "-W", "-f", "${Version}", "libnss3-tools"), check=True,
                          capture_output=True, text=True).stdout


NSS = "libnss3-tools"
MAKERS = {
    "OpenSSL": lambda home: programs.Openssl(home, system("openssl")),
    "newest OpenSSL": lambda home: programs.Openssl(home, newer.program("openssl")),
    "GnuTLS": lambda home: programs.Gnutls(home, system("gnutls-serv")),
    "newest GnuTLS": lambda home: programs.Gnutls(home, newer.program("gnutls-serv")),
    "NSS": lambda home: nss(home, system, nss_installed()),
    "newest NSS": lambda home: nss(home, newer.program, newer.version(NSS)),
    "nginx": lambda home: programs.Nginx(home, settings_of("nginx")),
    "Node.js": lambda home: programs.Node(home, settings_of("Node.js")),
    "Go": lambda home: programs.Go(home, settings_of("Go")),
    "newest Go": lambda home: programs.Caddy(home, settings_of("newest Go"), False),
    "newest Go FIPS": lambda home: programs.Caddy(home, settings_of("newest Go FIPS"), True),
    "rustls": programs.Rustls,
}

# The matrix

V13, V12 = Setting("1.3"), Setting("1.2")
SUITES = [Setting("1.3", c) for c in (AES128, AES256, CHACHA)] + [
    Setting("1.2", c, key=k) for c in (AES128, AES256, CHACHA) for k in ("p256", "rsa2048")]
# All but X25519 take a HelloRetryRequest in TLS 1.3, and NSS puts a cookie in each of its
# own. NSS takes a key of a curve only where it may exchange keys on that: an RSA key here.
EXCHANGES = [Setting(v, group=g, key="rsa2048") for v in ("1.3", "1.2") for g in GROUPS]
KEYS = [Setting("1.3", key=k) for k in ("rsa2048", "p384", "p521")] + [
    Setting("1.2", key=k) for k in ("p384", "p521")]
PLAIN = [*SUITES, *EXCHANGES, *KEYS, Setting("both")]
CLIENTS = [Setting(v, client=c) for v in ("1.3", "1.2") for c in ("required", "optional")]
CLIENT_KEYS = ("rsa2048", "p256", "p384", "p521")


def can(name, s):
    """Is that a server's to be told? Go chooses among the suites of TLS 1.3 by itself."""
    if name == "rustls":	# cannot be told; Debian builds it without TLS 1.2
        return s in (Setting("1.3"), *(Setting("1.3", key=k) for k in ("rsa2048", "p384")))
    if "Go" in name and s.high == "1.3" and s.cipher != AES128:
        return False
    if "FIPS" in name:	# what SP 800-140C does not list
        return s.group != "X25519" and s.cipher != CHACHA
    return True


FIRST = AES128 if harness.has_aes() else CHACHA	# of those that hale offers


def told(name, settings):
    """Those of the settings that a server can have. One that chooses the suite of TLS 1.3 by
    itself takes what the client prefers."""
    chooses = name in ("Go", "newest Go", "rustls")
    return [dataclasses.replace(s, cipher=FIRST) if chooses and s.high == "1.3" else s
            for s in settings if can(name, s)]


def settings_of(name):
    return told(name, [*PLAIN, *CLIENTS])


def matrix(names, settings):
    return [pytest.param(n, s, id=f"{n}, {s}") for n in names for s in told(n, settings)]


MATRIX = matrix(MAKERS, PLAIN)
MATRIX_OF_CLIENTS = [pytest.param(n, s, k, id=f"{n}, {s}, {k}") for n in MAKERS
                     for s in told(n, CLIENTS) for k in CLIENT_KEYS
                     if not (s.client == "optional" and k != "p256")]


@pytest.fixture(scope="module")
def family(request, tmp_path_factory):
    """family(name): that server, started when it is first asked for."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = MAKERS[name](tmp_path_factory.mktemp("server"))
        return made[name]

    yield get
    for one in made.values():
        one.close()
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\nTLS servers:", ", ".join(one.version for one in made.values()))


# hale

def hale(*argv):
    return subprocess.run((harness.HALE, *argv), env={}, capture_output=True, check=False,
                          timeout=harness.DEADLINE, stdin=subprocess.DEVNULL)


def identity(kind):
    return ("--cert", client(kind).file, "--key", client(kind).key.file) if kind else ()


def get(port, *options, times=1, path="ok", host="127.0.0.1"):
    return hale("get", "-sSv", "-m", "10", "--cacert", root().file, *options,
                *[f"https://{host}:{port}/{path}"] * times)


def check(port, *options):
    return hale("check", "--timeout", "10s", "--cacert", root().file, *options,
                f"https://127.0.0.1:{port}/ok")


def infos(done):
    """The lines of -v about TLS, without the "* " before them."""
    return [line[2:] for line in done.stderr.decode().splitlines() if line.startswith("* TLS ")]


def spoken(setting, more=""):
    return f"TLS {setting.high}, {setting.suite}, verified{more}"


def served(done, setting, body=programs.OK.encode()):
    assert done.returncode == 0, done.stderr.decode()
    assert infos(done) == [spoken(setting)]
    assert done.stdout == body


def refused(done, codes, *words):
    said = done.stderr.decode()
    assert done.returncode in codes, said
    for w in words:
        assert w in said
    assert done.stdout == b""


def answers(server, setting, done, client_kind=None):
    assert done.returncode == 0, (done.stderr.decode(), server.log(setting)[-2000:])
    assert infos(done) == [spoken(setting)]
    assert server.is_said(done.stdout.decode(), setting, client_kind)


# What all of them are asked

@pytest.mark.parametrize("name, setting", MATRIX)
def test_each_version_suite_group_and_key(family, name, setting):
    server = family(name)
    port = server.port(setting)
    answers(server, setting, get(port))
    done = check(port)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name, setting, kind", MATRIX_OF_CLIENTS)
def test_each_client_certificate(family, name, setting, kind):
    server = family(name)
    answers(server, setting, get(server.port(setting), *identity(kind)), kind)


@pytest.mark.parametrize("name, setting", matrix(MAKERS, CLIENTS))
def test_no_client_certificate(family, name, setting):
    """A server of TLS 1.3 refuses once it has hale's Finished: that is the transfer's
    failure and not the handshake's. Whether the request is sent by then is chance."""
    server = family(name)
    done = get(server.port(setting))
    if setting.client == "optional":
        answers(server, setting, done)
    elif name == "nginx":	# ends the handshake all the same, and answers so
        assert done.returncode == 0, done.stderr.decode()
        assert b"400 No required SSL certificate was sent" in done.stdout
    else:
        refused(done, (55, 56) if setting.high == "1.3" else (35,),
                "the server asked for a client certificate, and got none (--cert, --key)")


# Without an extended master secret a session of TLS 1.2 is not resumed (RFC 7627, 5.3).
HAS_NO_EMS = {"Go"}	# 1.19


@pytest.mark.parametrize("name, setting", matrix(
    MAKERS, (V13, V12, Setting("1.3", AES256), Setting("1.2", AES256), *EXCHANGES)))
def test_a_session_is_resumed_within_one_command(family, name, setting):
    server = family(name)
    done = get(server.port(setting), "-H", "Connection: close", times=2)
    assert done.returncode == 0, done.stderr.decode()
    resumed = name not in HAS_NO_EMS or setting.high == "1.3"
    assert infos(done) == [spoken(setting), spoken(setting, ", resumed" if resumed else "")]
    first, second = server.parts(done.stdout.decode())
    assert server.is_said(first, setting)
    assert server.is_said(second, setting, resumed=resumed)


@pytest.mark.parametrize("name, setting", matrix(
    MAKERS, [s for s in CLIENTS if s.client == "required"]))
def test_a_session_with_a_client_certificate_is_resumed(family, name, setting):
    """The server knows the client by the session then; Caddy resumes none of those,
    whichever client asks."""
    server = family(name)
    done = get(server.port(setting), "-H", "Connection: close", *identity("rsa2048"), times=2)
    assert done.returncode == 0, done.stderr.decode()
    resumed = "newest Go" not in name and (name not in HAS_NO_EMS or setting.high == "1.3")
    assert infos(done) == [spoken(setting), spoken(setting, ", resumed" if resumed else "")]
    first, second = server.parts(done.stdout.decode())
    assert server.is_said(first, setting, "rsa2048")
    assert server.is_said(second, setting, "rsa2048", resumed=resumed)


@pytest.mark.parametrize("name, setting", matrix(("nginx", "Node.js", "Go"), SUITES))
def test_a_body_of_many_records(family, name, setting):
    served(get(family(name).port(setting), path="big"), setting, BIG)


@pytest.mark.parametrize("setting", SUITES, ids=str)
def test_a_body_of_many_records_is_sent(family, setting, tmp_path):
    (tmp_path / "big").write_bytes(BIG)
    done = get(family("Node.js").port(setting), "-T", str(tmp_path / "big"))
    served(done, setting, hashlib.sha256(BIG).hexdigest().encode())


# What only OpenSSL's and GnuTLS's servers can be told

OPENSSLS = ("OpenSSL", "newest OpenSSL")
GNUTLSS = ("GnuTLS", "newest GnuTLS")


def each(names, *settings):
    return pytest.mark.parametrize("name, setting", [
        pytest.param(n, s, id=f"{n}, {s}") for n in names for s in settings])


@contextlib.contextmanager
def started(family, name, setting, *options, **more):
    """A server of that family with options of its own; its port."""
    port = programs.free_port()
    with family(name).start(setting, port, *options, **more):
        yield port


TICKETS = {	# options, and whether a session is resumed
    "1.3, tickets that the server remembers": ("1.3", ("-no_ticket",), True),
    "1.3, one ticket": ("1.3", ("-num_tickets", "1"), True),
    "1.3, nine tickets": ("1.3", ("-num_tickets", "9"), True),
    "1.3, no ticket": ("1.3", ("-num_tickets", "0"), False),
    "1.2, by id": ("1.2", ("-no_ticket",), True),
    "1.2, neither id nor ticket": ("1.2", ("-no_ticket", "-no_cache"), False),
}


@pytest.mark.parametrize("which", TICKETS)
@pytest.mark.parametrize("name", OPENSSLS)
def test_a_session_is_resumed_as_the_server_allows(family, name, which):
    version, options, resumed = TICKETS[which]
    setting = Setting(version)
    with started(family, name, setting, *options) as port:
        done = get(port, times=3)
    assert done.returncode == 0, done.stderr.decode()
    again = spoken(setting, ", resumed" if resumed else "")
    assert infos(done) == [spoken(setting), again, again]
    assert done.stdout == b"ok\n" * 3


@each(OPENSSLS, V13, V12)
def test_a_session_that_the_server_has_forgotten_is_begun_anew(family, name, setting):
    """The second connection reaches another process, with other keys for its tickets."""
    server = family(name)
    replaced = []

    def talk(peer):
        """The second connection is passed to another server than the first."""
        with server.start(setting, inner := programs.free_port()):
            replaced.append(inner)
            relay.to = inner
            relay.relay(peer)

    with servers.Relay(None, 1 << 30) as relay:
        relay.talk = talk
        done = get(relay.port, times=2)
    assert len(replaced) == 2
    assert done.returncode == 0, done.stderr.decode()
    assert infos(done) == [spoken(setting), spoken(setting)]


@pytest.mark.parametrize("name, setting, options", [
    pytest.param(n, s, o, id=" ".join((f"{n}, {s}", *o))) for n in OPENSSLS for s, o in (
        (V13, ()), (V12, ()),
        (V13, ("-max_send_frag", "512")), (V12, ("-max_send_frag", "512")),
        (V13, ("-record_padding", "1000")), (V13, ("-record_padding", "16384")),
        (Setting("1.3", CHACHA), ()), (Setting("1.3", AES256), ()),
        (Setting("1.2", CHACHA), ()), (Setting("1.2", AES256), ()))])
def test_records_of_each_size(family, name, setting, options):
    server = family(name)
    (server.home / "big").write_bytes(BIG)
    with started(family, name, setting, *options) as port:
        served(get(port, path="big"), setting, BIG)


class Drip(servers.Relay):
    """Passes on so few bytes at a time."""

    def __init__(self, port, size):
        self.size = size
        super().__init__(port, 1 << 30)

    def relay(self, peer):
        peer.setsockopt(servers.socket.IPPROTO_TCP, servers.socket.TCP_NODELAY, 1)
        super().relay(peer)

    def pour(self, source, sink, limit):
        with contextlib.suppress(OSError):
            while data := source.recv(self.size):
                sink.sendall(data)


@each(("OpenSSL", "newest OpenSSL", "GnuTLS", "newest NSS"), V13, V12)
def test_records_that_come_byte_by_byte(family, name, setting):
    server = family(name)
    with Drip(server.port(setting), 1) as relay:
        answers(server, setting, get(relay.port))


@each(OPENSSLS, V13, V12)
def test_a_large_chain(family, name, setting):
    """A leaf of 51 KB below eight CAs."""
    top = root()
    chain = []
    for i in range(8):
        top = pki.ca(f"CN=Level {i}", top)
        chain.insert(0, top)
    last = pki.leaf(top, *(f"DNS:host-{i:06}.example.test" for i in range(1800)),
                    "IP:127.0.0.1")
    with started(family, name, setting,
                 cert=(last.chain_file(*chain), last.key.file)) as port:
        served(get(port), setting)


@each((*OPENSSLS, *GNUTLSS), Setting("1.3", key="pss2048"), Setting("1.2", key="pss2048"))
def test_a_key_that_is_for_rsa_pss_only(family, name, setting):
    server = family(name)
    answers(server, setting, get(server.port(setting)))


@each(OPENSSLS, V13, V12)
def test_a_chain_that_is_signed_by_rsa_pss(family, name, setting):
    top = pki.ca("CN=RSA", root(), kind="rsa2048")
    middle = pki.ca("CN=PSS", top, how=pki.Pss())
    last = pki.leaf(middle, "IP:127.0.0.1")
    with started(family, name, setting,
                 cert=(last.chain_file(middle, top), last.key.file)) as port:
        served(get(port), setting)


@each(OPENSSLS, V13)
def test_a_server_without_middlebox_compatibility(family, name, setting):
    with started(family, name, setting, "-no_middlebox") as port:
        served(get(port), setting)


@each(GNUTLSS, V13)
def test_a_gnutls_server_without_middlebox_compatibility(family, name, setting):
    with started(family, name, setting, priority=":%DISABLE_TLS13_COMPAT_MODE") as port:
        done = get(port)
    assert done.returncode == 0, done.stderr.decode()
    assert infos(done) == [spoken(setting)]


SIGNATURES = [
    pytest.param(n, s, alg, id=f"{n}, {s} {alg}") for n in OPENSSLS for s, alg in (
        *((Setting(v, key="rsa2048"), f"rsa_pss_rsae_sha{h}") for v in ("1.3", "1.2")
          for h in (256, 384, 512)),
        *((Setting("1.2", key="rsa2048"), f"RSA+SHA{h}") for h in (256, 384, 512)),
        *((Setting("1.2", key=k), f"ECDSA+SHA{h}") for k in ("p256", "p384", "p521")
          for h in (256, 384, 512)))]


@pytest.mark.parametrize("name, setting, algorithm", SIGNATURES)
def test_each_signature_of_a_server(family, name, setting, algorithm):
    """TLS 1.3 ties the curve to the hash, so that its keys are asked above."""
    with started(family, name, setting, "-sigalgs", algorithm) as port:
        served(get(port), setting)


@pytest.mark.parametrize("name, version, algorithm, kind", [
    pytest.param(n, v, a, k, id=f"{n}, {v} {a} {k}") for n in OPENSSLS for v, a, k in (
        ("1.3", "rsa_pss_rsae_sha256", "rsa2048"), ("1.3", "rsa_pss_rsae_sha384", "rsa2048"),
        ("1.3", "rsa_pss_rsae_sha512", "rsa2048"), ("1.2", "RSA+SHA256", "rsa2048"),
        ("1.2", "RSA+SHA384", "rsa2048"), ("1.2", "RSA+SHA512", "rsa2048"),
        ("1.2", "ECDSA+SHA256", "p256"), ("1.2", "ECDSA+SHA384", "p256"),
        ("1.2", "ECDSA+SHA256", "p521"), ("1.2", "ECDSA+SHA512", "p521"),
        ("1.2", "rsa_pss_rsae_sha256", "rsa2048"))])
def test_each_signature_of_a_client(family, name, version, algorithm, kind):
    setting = Setting(version, client="required")
    with started(family, name, setting, "-client_sigalgs", algorithm) as port:
        served(get(port, *identity(kind)), setting)


@each(OPENSSLS, V13, V12)
def test_a_client_whose_key_cannot_sign_has_no_certificate(family, name, setting):
    """The server may go on without, or says what it thinks of that."""
    for client, goes_on in (("optional", True), ("required", False)):
        asked = Setting(setting.version, client=client)
        with started(family, name, asked, "-client_sigalgs", "ECDSA+SHA256") as port:
            done = get(port, *identity("rsa2048"))
        if goes_on:
            served(done, asked)
        else:
            refused(done, (55, 56) if setting.high == "1.3" else (35,),
                    "the server cannot use this client certificate, and got none; "
                    "the server sent alert ")


@each(OPENSSLS, V13, V12)
def test_a_client_certificate_of_an_unknown_ca(family, name, setting):
    stranger = pki.leaf(pki.root("CN=Other", which=5), which=3, subject="CN=stranger")
    port = family(name).port(Setting(setting.version, client="required"))
    done = get(port, "--cert", stranger.file, "--key", stranger.key.file)
    refused(done, (55, 56) if setting.high == "1.3" else (35,), "alert 48 (unknown CA)")


@each(OPENSSLS, V13, V12)
def test_the_one_application_protocol_is_http_1_1(family, name, setting):
    for offer in ("http/1.1", "h2,http/1.1", "http/1.0,http/1.1"):
        with started(family, name, setting, "-alpn", offer) as port:
            served(get(port), setting)
    with started(family, name, setting, "-alpn", "h2") as port:
        refused(get(port), (35,), "alert 120 (no application protocol)")


@each(GNUTLSS, V13, V12)
def test_a_gnutls_server_that_insists_on_http_1_1(family, name, setting):
    with started(family, name, setting, "--alpn=http/1.1", "--alpn-fatal") as port:
        done = get(port)
    assert done.returncode == 0, done.stderr.decode()
    assert infos(done) == [spoken(setting)]


@each(OPENSSLS, V13, V12)
def test_the_server_name_is_sent(family, name, setting):
    other = pki.leaf(root(), "DNS:other.test", which=7)
    options = ("-servername", "localhost", "-servername_fatal", "-cert2",
               leaf("p256").file, "-key2", leaf("p256").key.file)
    with started(family, name, setting, *options, cert=(other.file, other.key.file)) as port:
        served(get(port, host="localhost"), setting)


# The extended master secret of TLS 1.2 (RFC 7627)

@each(("newest GnuTLS",), V12)
def test_a_server_that_insists_on_the_extended_master_secret(family, name, setting):
    with started(family, name, setting, priority=":%FORCE_SESSION_HASH") as port:
        done = get(port, times=2)
    assert done.returncode == 0, done.stderr.decode()
    assert infos(done) == [spoken(setting), spoken(setting, ", resumed")]


@pytest.mark.parametrize("name, options, more", [
    ("newest OpenSSL", ("-no_ems",), {}),
    ("newest OpenSSL", ("-no_ems", "-no_ticket"), {}),
    ("GnuTLS", (), {"priority": ":%NO_SESSION_HASH"}),
    ("newest GnuTLS", (), {"priority": ":%NO_SESSION_HASH"})])
def test_a_session_without_extended_master_secret_is_never_resumed(family, name, options, more):
    with started(family, name, V12, *options, **more) as port:
        done = get(port, times=2)
    assert done.returncode == 0, done.stderr.decode()
    assert infos(done) == [spoken(V12), spoken(V12)]


# KeyUpdate (RFC 8446, 4.6.3)

class Talk:
    """openssl s_server on a pipe, which tells of all messages: the test answers itself."""

    def __init__(self, server):
        port = programs.free_port()
        self.server = server.start(V13, port, "-msg", mode="", stdin=subprocess.PIPE)
        self.hale = subprocess.Popen(
            (harness.HALE, "get", "-sSv", "-m", "10", "--cacert", root().file,
             f"https://127.0.0.1:{port}/"), env={}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def wait_for(self, text):
        harness.until(lambda: text in self.server.says(), text)

    def say(self, text):
        """One read() of its for each: a letter in front is a command."""
        self.server.process.stdin.write(text)
        self.server.process.stdin.flush()

    def answer(self):
        self.say(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")

    def messages(self, direction):
        """What it has sent (">>>") or got ("<<<"), but for records."""
        return [line.split("], ")[-1] for line in self.server.says().splitlines()
                if line.startswith(direction) and "Record" not in line and "Inner" not in line]

    def updates(self, direction):
        return self.messages(direction).count("KeyUpdate")

    def end(self):
        out, err = self.hale.communicate(timeout=harness.DEADLINE)
        return subprocess.CompletedProcess((), self.hale.returncode, out, err)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hale.kill()
        self.hale.communicate()
        self.server.close()


@pytest.mark.parametrize("name", OPENSSLS)
@pytest.mark.parametrize("letter, is_asked", [(b"k", False), (b"K", True)])
def test_a_server_changes_its_keys(family, name, letter, is_asked):
    """K asks for new keys of hale's too. Several that ask before hale has read may be
    answered by one; what hale sends last, its close_notify, is then under the new keys."""
    with Talk(family(name)) as talk:
        talk.wait_for("GET / HTTP/1.1")
        for n in (1, 2, 3):
            talk.say(letter + b"\n")
            harness.until(lambda n=n: talk.updates(">>>") == n, "KeyUpdate")
        talk.answer()
        served(talk.end(), V13)
        talk.wait_for("shutting down SSL")
        assert talk.messages("<<<")[-1] == "warning close_notify"
        assert talk.updates("<<<") in ((1, 2, 3) if is_asked else (0,))


# What stays refused, in words

@pytest.mark.parametrize("name, options", [
    ("newest OpenSSL", ("-groups", "X25519MLKEM768")),
    ("newest OpenSSL", ("-groups", "SecP256r1MLKEM768:MLKEM512")),
    ("newest NSS", ("-I", "x25519mlkem768"))])
def test_a_server_of_post_quantum_groups_only_is_refused(family, name, options):
    with started(family, name, V13, *options) as port:
        refused(get(port), (35,), "handshake failure")


@pytest.fixture(scope="module")
def ml_dsa(tmp_path_factory):
    """A certificate and its key, which the newest OpenSSL makes."""
    home = tmp_path_factory.mktemp("ml-dsa")
    cert, key = home / "cert.pem", home / "key.pem"
    subprocess.run((newer.program("openssl"), "req", "-x509", "-newkey", "ML-DSA-44", "-nodes",
                    "-config", "/etc/ssl/openssl.cnf", "-keyout", key, "-out", cert, "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
                   check=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    return cert, key


def test_a_server_with_an_ml_dsa_certificate_only_is_refused(family, ml_dsa):
    with started(family, "newest OpenSSL", V13, cert=ml_dsa) as port:
        refused(get(port), (35,), "handshake failure")


@each(OPENSSLS, Setting("1.3", group="X448"))
def test_a_server_with_a_group_of_its_own_is_refused(family, name, setting):
    with started(family, name, setting) as port:
        refused(get(port), (35,), "handshake failure")


@each(OPENSSLS, V12)
def test_a_server_of_another_cipher_is_refused(family, name, setting):
    for cipher in ("ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-CCM"):
        with started(family, name, setting, "-cipher", cipher) as port:
            refused(get(port), (35,), "handshake failure")
