"""`hale check grpc://...` and `grpcs://...`: what counts as healthy, the one line that
says why, and what a server is asked."""
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest

import grpc_peers
import grpc_script as g
import harness
import pki
import tls_servers

ALPN_H2 = ("h2",)


class Ran:
    def __init__(self, words, **options):
        begun = time.monotonic()
        done = subprocess.run([harness.HALE, *map(str, words)], capture_output=True, text=True,
                              timeout=harness.DEADLINE, env={"PATH": harness.PATH}, **options)
        self.seconds = time.monotonic() - begun
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr


def check(*words, **options):
    return Ran(["check", *words], **options)


def ask(script, *words, service="", scheme="grpc", **how):
    """The one line about a scripted server, and the server."""
    with g.Server(script, **how) as server:
        ran = check(*words, f"{scheme}://127.0.0.1:{server.port}{service}")
        assert ran.err == "" and ran.out.count("\n") == 1
        return ran.code, ran.out[:-1], server


def healthy(script, *words, **how):
    code, said, server = ask(script, *words, **how)
    assert (code, said) == (0, "SERVING")
    return server


def sick(said, script, *words, **how):
    code, out, server = ask(script, *words, **how)
    assert (code, out.replace(str(server.port), "PORT")) == (1, said)


@pytest.fixture(scope="module")
def authority():
    """A root, and the file of a chain and of a key for 127.0.0.1."""
    root = pki.root()
    cert = pki.leaf(root, "IP:127.0.0.1")
    return root.file, pki.put(cert), cert.key.file


def context(authority, alpn=ALPN_H2, **how):
    return tls_servers.context(*authority[1:], high=ssl.TLSVersion.TLSv1_3, alpn=alpn, **how)


# The call

def test_the_call_is_what_servers_insist_on():
    (call,) = healthy(g.answer(), "--timeout", "3s").calls
    fields = dict(call.fields)
    names = [name for name, _ in call.fields]
    assert names[:4] == [":method", ":path", ":scheme", ":authority"]
    assert len(names) == len(fields)
    assert fields.pop(":authority").startswith("127.0.0.1:")
    assert fields.pop("user-agent").startswith("hale/")
    timeout = fields.pop("grpc-timeout")
    assert timeout.endswith("m") and 2000 < int(timeout[:-1]) <= 3000
    assert fields == {":method": "POST", ":scheme": "http", "te": "trailers",
                      ":path": "/grpc.health.v1.Health/Check",
                      "content-type": "application/grpc"}
    settings, headers, data = call.frames
    assert settings == (g.SETTINGS, 0, 0, bytes.fromhex("000100000000" "000200000000"))
    assert headers[:3] == (g.HEADERS, g.END_HEADERS, 1)
    assert data == (g.DATA, g.END_STREAM, 1, bytes(5))


@pytest.mark.parametrize("service, name", [
    ("/", ""), ("/a", "a"), ("/my.pkg.Service", "my.pkg.Service"), ("/a%2Fb%20c", "a/b c"),
    ("/a/b", "a/b"), ("/" + "x" * 3000, "x" * 3000)])
def test_the_service_is_the_path(service, name):
    (call,) = healthy(g.answer(), service=service).calls
    size = bytes([len(name)]) if len(name) < 128 else bytes([len(name) & 127 | 128, len(name) >> 7])
    message = b"\x0a" + size + name.encode() if name else b""
    assert call.message == b"\0" + len(message).to_bytes(4, "big") + message


def test_header_lines_are_metadata():
    (call,) = healthy(g.answer(), "-H", "Authorization: Bearer x", "-H", "X-A-Bin;", "-H", "X-B:",
                      "-H", "Host: app", "-H", "User-Agent: me").calls
    fields = dict(call.fields)
    assert fields["authorization"] == "Bearer x" and fields["x-a-bin"] == ""
    assert fields[":authority"] == "app" and fields["user-agent"] == "me"
    assert {"x-b", "host"}.isdisjoint(fields)
    assert len(fields) == len(call.fields)


def test_a_call_that_is_too_long_is_not_made():
    sick("the request is longer than 8192 bytes", g.answer(), "-H", "X: " + "y" * 8192)
    sick("the request is longer than 8192 bytes", g.answer(), "-H", "y" * 8192 + ": x")
    healthy(g.answer(), "-H", "Y" * 4000 + ": x")


def test_settings_and_pings_are_acknowledged():
    def script(call):
        yield g.HELLO + g.frame(g.PING, payload=b"12345678")
        assert call.read() == (g.SETTINGS, g.ACK, 0, b"")
        assert call.read() == (g.PING, g.ACK, 0, b"12345678")
        yield g.HEAD + g.data(g.message(1))
        yield g.frame(g.PING, payload=b"abcdefgh")
        assert call.read() == (g.PING, g.ACK, 0, b"abcdefgh")
        yield g.trailers(0)
    healthy(script)


def test_an_answer_may_come_byte_by_byte():
    healthy(lambda call: (bytes([byte]) for byte in g.answer()))


def test_an_answer_may_come_before_the_call_is_out():
    """A server that speaks first, and then reads nothing."""
    def talk(peer):
        peer.sendall(g.answer())
        peer.recv(1)
        while peer.recv(65536):
            pass
    with tls_servers.Server(talk) as server:
        assert check(f"grpc://127.0.0.1:{server.port}").out == "SERVING\n"


# What is healthy and what is not

@pytest.mark.parametrize("script", [
    g.HELLO + g.frame(g.WINDOW, payload=b"\0\0\1\0") + g.frame(0x2a, 255, 9, b"unknown")
    + g.headers((":status", "103"), ("link", "x")) + g.HEAD + g.data(b"")
    + g.frame(g.DATA, g.PADDED, 1, b"\3" + g.message(1) + bytes(3)) + g.trailers(0),
    g.frame(g.SETTINGS, payload=bytes.fromhex("fe0300000001" "000400000000"))
    + g.headers(g.OK, ("content-type", "application/grpc+proto"), ("date", "today"),
                ("x-long", "y" * 9000)) + g.data(g.message(1))
    + g.trailers(0, ("grpc-message", "OK")),
    g.HELLO + g.frame(g.HEADERS, 0, 1, g.block(g.OK)) + g.frame(g.CONTINUATION, 0, 1, b"")
    + g.frame(g.CONTINUATION, g.END_HEADERS, 1, g.block(g.GRPC))
    + b"".join(g.data(bytes([byte])) for byte in g.message(1)) + g.trailers(0),
    g.HELLO + g.goaway(2**31 - 1, 0, b"graceful_stop") + g.answer()[len(g.HELLO):],
], ids=["frames", "fields", "parts", "goaway"])
def test_what_real_servers_send_is_read(script):
    healthy(script)


BAD = {
    "NOT_SERVING": g.answer(2), "UNKNOWN": g.answer(0), "SERVICE_UNKNOWN": g.answer(3),
    "a status that is not known": g.answer(4),
    'gRPC status NOT_FOUND: the server knows no service ""': g.only_trailers(5),
    "gRPC status UNIMPLEMENTED: the server has no health service, grpc.health.v1.Health":
        g.only_trailers(12, ("grpc-message", "unknown service")),
    "gRPC status UNAVAILABLE: it's d\N{LATIN SMALL LETTER O WITH DIAERESIS}wn":
        g.only_trailers(14, ("grpc-message", "it%27s d%C3%B6wn%0Amore")),
    "gRPC status UNAUTHENTICATED": g.only_trailers(16),
    "gRPC status INTERNAL: a": g.only_trailers(13, ("grpc-message", b"a\x1bb")),
    "gRPC status unknown: x": g.only_trailers(17, ("grpc-message", "x")),
    "the answer has no grpc-status":
        g.HELLO + g.HEAD + g.data(g.message(1), g.END_STREAM),
    "the answer has no usable message": g.HELLO + g.HEAD + g.trailers(0),
    "the server speaks HTTP/2, but does not answer in gRPC: HTTP status 404":
        g.HELLO + g.headers((":status", "404"), ("content-type", "text/html")),
    "the server speaks HTTP/2, but does not answer in gRPC: HTTP status 200":
        g.HELLO + g.headers(g.OK, ("content-type", "text/plain")),
    "the server speaks HTTP/2, but does not answer in gRPC: HTTP status 502":
        g.HELLO + g.headers((":status", "502")),
    "the server refuses the call: RST_STREAM REFUSED_STREAM":
        g.HELLO + g.frame(g.RST, 0, 1, b"\0\0\0\7"),
    "the server refuses the call: RST_STREAM an unknown error":
        g.HELLO + g.frame(g.RST, 0, 1, b"\0\0\1\0"),
    "the server refuses the call: GOAWAY ENHANCE_YOUR_CALM":
        g.HELLO + g.goaway(0, 11, b"too_many_pings"),
    "the server refuses the call: GOAWAY NO_ERROR": g.HELLO + g.goaway(0, 0),
}


@pytest.mark.parametrize("said", BAD)
def test_what_is_not_serving_says_why(said):
    sick(said, BAD[said])


@pytest.mark.parametrize("message", [
    g.message(1, compressed=1), 2 * g.message(1), g.message(1)[:-1], b"\0\0\0\0\2\x09\1"])
def test_a_message_that_cannot_be_read_is_sick(message):
    sick("the answer has no usable message", g.HELLO + g.HEAD + g.data(message) + g.trailers(0))


def test_the_service_is_named_where_it_is_sick():
    sick('NOT_SERVING: service "a.B"', g.answer(2), service="/a.B")
    sick('gRPC status NOT_FOUND: the server knows no service "x y"', g.only_trailers(5),
         service="/x%20y")


BROKEN = {
    "data first": g.HELLO + g.data(g.message(1)),
    "a table's end": g.HELLO + g.frame(g.HEADERS, g.END_HEADERS, 1, b"\xff\xff\1"),
    "a long frame": g.HELLO + b"\0\x40\1\4" + bytes(5),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_rules_is_sick(name):
    sick("the answer breaks the rules of HTTP/2 or gRPC", BROKEN[name])


@pytest.mark.parametrize("flood", [
    g.frame(g.PING, payload=bytes(8)), g.frame(g.SETTINGS), g.frame(g.WINDOW, payload=b"\0\0\0\1"),
    g.frame(0x2a, payload=bytes(16384)), g.headers((":status", "100"))],
    ids=["ping", "settings", "window", "unknown", "interim"])
def test_a_flood_is_cut(flood):
    def script(_call):
        yield g.HELLO
        while True:
            yield 100 * flood
    code, said, _ = ask(script, "--timeout", "5s")
    assert (code, said) == (1, "the answer is too long")


def test_a_flood_of_continuations_is_cut():
    def script(_call):
        yield g.HELLO + g.frame(g.HEADERS, 0, 1, b"")
        while True:
            yield g.frame(g.CONTINUATION, 0, 1, g.block(("x", "y" * 4000)))
    sick("the answer is too long", script)
    sick("the answer is too long", g.HELLO + g.HEAD + 2 * g.data(bytes(600)))


# What is not gRPC at all

def talks(data, then_waits=False):
    def talk(peer):
        peer.recv(4096)
        peer.sendall(data)
        if then_waits:
            while peer.recv(4096):
                pass
    return talk


STRANGERS = {
    'expected HTTP/2, got "HTTP/1.1 400 Bad Request"; is http:// meant?':
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "expected HTTP/2, got TLS: use grpcs://": tls_servers.alert(70),
    'expected HTTP/2, got SSH: "SSH-2.0-x"': b"SSH-2.0-x\r\n",
    "127.0.0.1 port PORT: empty reply; is grpcs:// meant?": b"",
    "the server speaks HTTP/2, but does not answer: empty reply": g.HELLO,
}


@pytest.mark.parametrize("said", STRANGERS)
def test_a_server_of_another_kind_is_told_apart(said):
    with tls_servers.Server(talks(STRANGERS[said])) as server:
        ran = check(f"grpc://127.0.0.1:{server.port}")
    said_of_a_reset = said.replace("empty reply", "Connection reset by peer")
    assert ran.code == 1
    assert ran.out.replace(str(server.port), "PORT") in (said + "\n", said_of_a_reset + "\n")


@pytest.mark.parametrize("sent, said", [
    (b"", "127.0.0.1 port PORT: timed out"),
    (g.HELLO + g.HEAD, "the server speaks HTTP/2, but does not answer: timed out")])
def test_a_silent_server_lasts_until_the_deadline(sent, said):
    with tls_servers.Server(talks(sent, then_waits=True)) as server:
        ran = check("--timeout", "300ms", f"grpc://127.0.0.1:{server.port}")
    assert ran.code == 1 and ran.out.replace(str(server.port), "PORT") == said + "\n"
    assert 0.3 <= ran.seconds < 3


def test_a_deadline_holds_while_a_server_drips():
    def script(_call):
        for byte in g.answer()[:-1]:
            yield bytes([byte])
            time.sleep(0.01)
    sick("the server speaks HTTP/2, but does not answer: timed out", script, "--timeout", "400ms")


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        ran = check(f"grpc://127.0.0.1:{port}")
    assert (ran.code, ran.out) == (1, f"127.0.0.1 port {port}: Connection refused\n")


def test_http_asked_of_a_grpc_server_hints_at_grpc(authority):
    hint = "expected HTTP/1.0 or HTTP/1.1, got HTTP/2; is grpc:// meant?\n"
    with tls_servers.Server(talks(g.HELLO)) as server:
        assert check(f"http://127.0.0.1:{server.port}").out == hint
    talk = tls_servers.https(context(authority, ("http/1.1",)), g.HELLO)
    with tls_servers.Server(talk) as server:
        ran = check("--cacert", authority[0], f"https://127.0.0.1:{server.port}")
        assert ran.out == hint.replace("grpc:", "grpcs:")


# TLS

@pytest.mark.parametrize("high", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_grpcs_is_verified_and_offers_h2_alone(authority, high):
    c = tls_servers.context(*authority[1:], high=high, alpn=("http/1.1", "h2"))
    (call,) = healthy(g.answer(), "--cacert", authority[0], scheme="grpcs", tls=c).calls
    assert dict(call.fields)[":scheme"] == "https"
    assert call.stream is not None
    code, said, _ = ask(g.answer(), scheme="grpcs", tls=c)
    assert code == 1 and said.startswith("certificate of 127.0.0.1 comes from an unknown issuer")


@pytest.mark.parametrize("high", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_without_alpn_is_refused(authority, high):
    c = tls_servers.context(*authority[1:], high=high, alpn=None)
    with tls_servers.Server(lambda peer: tls_servers.shake_hands(c, peer).recv(1)) as server:
        ran = check("--cacert", authority[0], f"grpcs://127.0.0.1:{server.port}")
    assert (ran.code, ran.out) == (
        1, "the server does not choose HTTP/2 by ALPN; is https:// meant?\n")


def test_a_server_that_insists_on_http_1_1_is_explained(authority):
    with tls_servers.Openssl(authority[1], authority[1], authority[2], "-alpn", "http/1.1",
                             version=ssl.TLSVersion.TLSv1_3) as server:
        ran = check("--cacert", authority[0], f"grpcs://127.0.0.1:{server.port}")
    assert (ran.code, ran.out) == (
        1, "the server sent alert 120 (no application protocol): it does not speak HTTP/1.1, "
        "or HTTP/2 for grpcs://\n")


def test_grpcs_to_a_plain_server_hints_at_grpc():
    with tls_servers.Server(talks(g.HELLO)) as server:
        ran = check(f"grpcs://127.0.0.1:{server.port}")
    assert (ran.code, ran.out) == (
        1, "wrong version number: the server does not answer in TLS: this is HTTP/2 without TLS "
        "(h2c), as for grpc://\n")


def test_a_client_certificate_is_sent(authority):
    c = context(authority, client_ca=authority[0])
    words = ["--cacert", authority[0], "--cert", authority[1], "--key", authority[2]]
    healthy(g.answer(), *words, scheme="grpcs", tls=c)
    code, said, _ = ask(g.answer(), "--cacert", authority[0], scheme="grpcs", tls=c)
    assert code == 1 and "certificate" in said


# Options, other commands, memory

@pytest.mark.parametrize("words, said", [
    (["grpc://a"], "expected a port, as in grpc://localhost:50051/SERVICE"),
    (["grpcs://a/b"], "expected a port, as in grpc://localhost:50051/SERVICE"),
    (["grpc://a:1/b?c"], "expected no query, fragment or login: the path is the service's name"),
    (["grpc://me:pw@a:1"], 'check "grpc://a:1": expected no query, fragment or login: '),
    (["--status", "200", "grpc://a:1"], "--status does not apply to this URL"),
    (["--contains", "x", "grpcs://a:1"], "--contains does not apply to this URL"),
    (["--cacert", "x", "grpc://a:1"], "--cacert does not apply to this URL")])
def test_wrong_words_are_refused(words, said):
    ran = check(*words)
    assert ran.code == 2 and said in ran.err and ran.err.count("\n") == 1


def test_options_of_http_may_stand_beside_a_grpc_url():
    with g.Server(g.answer()) as server:
        ran = check("--status", "200", f"grpc://127.0.0.1:{server.port}", "http://127.0.0.1:1/")
    assert ran.code == 1 and f"[+]grpc://127.0.0.1:{server.port}" in ran.out


def test_the_exit_code_of_a_failure_can_be_chosen():
    assert ask(g.answer(2), "--critical-exit", "2")[0] == 2


def test_a_check_takes_little_stack():
    long = ("x-long", "y" * 16000)
    script = (g.HELLO + g.frame(g.HEADERS, 0, 1, g.block(g.OK, long))
              + g.frame(g.CONTINUATION, g.END_HEADERS, 1, g.block(g.GRPC, long))
              + g.answer()[len(g.HELLO + g.HEAD):])
    with g.Server(script) as server:
        ran = check(f"grpc://127.0.0.1:{server.port}", preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_STACK, (128 * 1024, 128 * 1024)))
    assert (ran.code, ran.out) == (0, "SERVING\n")


def test_wait_lasts_until_it_serves():
    scripts = [g.answer(2), g.answer(2), g.only_trailers(14), g.answer(1)]
    with g.Server(lambda _call: scripts.pop(0), closes=False) as server:
        url = f"grpc://127.0.0.1:{server.port}"
        ran = Ran(["wait", url])
    assert ran.code == 0 and ran.out.splitlines() == [
        f"{url}: waiting, at most 1m", f"{url}: NOT_SERVING",
        f"{url}: gRPC status UNAVAILABLE", f"{url}: SERVING"]


def test_run_takes_its_verdict_from_a_grpc_check(hale, peers):
    box = hale("--listen", str(harness.PORT), "--interval", "50ms", "--retries", "1",
               "--ready-check", "grpc://127.0.0.1:7777/a -H 'X-A: b'", "say up pause")
    server = peers("go", box).serve({"a": "NOT_SERVING"}, address="127.0.0.1:7777")
    name = "grpc://127.0.0.1:7777/a"

    def is_ready(ready):
        answer = box.get("/readyz?verbose")
        return (answer.status == 200) == ready and name in answer.body
    harness.until(lambda: "NOT_SERVING" in box.get("/readyz?verbose").body, "it is not ready")
    server.set("a", "SERVING")
    harness.until(lambda: is_ready(True), "it is ready")
    server.set("a", "NOT_SERVING")
    harness.until(lambda: is_ready(False), "it is not ready again")


# Real servers

SERVERS = pytest.mark.parametrize("name", grpc_peers.ALL)


@SERVERS
def test_a_real_server_is_understood(peers, name):
    server = peers(name).serve({"a.B": "NOT_SERVING"})
    url = f"grpc://{server.target}"
    assert check(url).out == "SERVING\n"
    assert check(url + "/a.B").out == 'NOT_SERVING: service "a.B"\n'
    assert check(url + "/x").out == 'gRPC status NOT_FOUND: the server knows no service "x"\n'
    server.set("a.B", "SERVING")
    assert check(url + "/a.B").code == 0
    ran = check(f"http://{server.target}/")
    assert ran.out == "expected HTTP/1.0 or HTTP/1.1, got HTTP/2; is grpc:// meant?\n"


@SERVERS
def test_a_real_server_without_health_or_with_errors_is_told_apart(peers, name):
    peer = peers(name)
    ran = check(f"grpc://{peer.serve(no_health=True).target}")
    assert ran.out == ("gRPC status UNIMPLEMENTED: the server has no health service, "
                       "grpc.health.v1.Health\n")
    ran = check(f"grpc://{peer.serve(error='RESOURCE_EXHAUSTED').target}")
    assert ran.out.startswith("gRPC status RESOURCE_EXHAUSTED")
    ran = check("--timeout", "300ms", f"grpc://{peer.serve(silent=True).target}")
    assert ran.code == 1 and ("timed out" in ran.out or "DEADLINE_EXCEEDED" in ran.out)


@SERVERS
def test_a_real_server_is_understood_by_tls(peers, authority, name):
    root, chain, key = authority
    server = peers(name).serve(cert=chain, key=key)
    assert check("--cacert", root, f"grpcs://{server.target}").out == "SERVING\n"
    assert "unknown issuer" in check(f"grpcs://{server.target}").out
    assert "; is grpcs:// meant?" in check(f"grpc://{server.target}").out \
        or "use grpcs://" in check(f"grpc://{server.target}").out


def test_a_go_server_gets_what_was_asked(peers):
    server = peers("go").serve({"a": "SERVING"}, log=True)
    assert check("-t", "5s", "-H", "X-A: b", f"grpc://{server.target}/a").code == 0
    asked = server.next_asked()
    assert asked["method"] == "/grpc.health.v1.Health/Check" and 3 < float(asked["timeout"]) <= 5


@pytest.fixture
def nginx(tmp_path):
    """Starts nginx with this server block's rest; gives the port."""
    program = shutil.which("nginx", path=harness.PATH)
    if not program:
        pytest.skip("there is no nginx: scripts/bootstrap test")
    started = []

    def start(listen, *lines):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        conf = tmp_path / "nginx.conf"
        conf.write_text(
            f"pid {tmp_path}/pid; error_log stderr; daemon off; master_process off;\n"
            "events { } http { access_log off; "
            + " ".join(f"{kind}_temp_path {tmp_path}/{kind};"
                       for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            + f" server {{ listen 127.0.0.1:{port} {listen}; {' '.join(lines)} }} }}\n")
        started.append(subprocess.Popen([program, "-c", conf], stderr=subprocess.DEVNULL))

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        harness.until(listens, "nginx listens")
        return port
    yield start
    for each in started:
        each.send_signal(signal.SIGTERM)
        each.wait(harness.DEADLINE)


def test_nginx_is_not_grpc(nginx):
    port = nginx("http2", "return 404;")
    assert check(f"grpc://127.0.0.1:{port}").out == (
        "the server speaks HTTP/2, but does not answer in gRPC: HTTP status 404\n")


def test_nginx_without_http2_is_told_apart(nginx, authority):
    port = nginx("", "return 200 ok;")
    assert check(f"grpc://127.0.0.1:{port}").out == (
        'expected HTTP/2, got "HTTP/1.1 400 Bad Request"; is http:// meant?\n')
    port = nginx("ssl", "return 200 ok;", f"ssl_certificate {authority[1]};",
                 f"ssl_certificate_key {authority[2]};")
    ran = check("--cacert", authority[0], f"grpcs://127.0.0.1:{port}")
    assert ran.code == 1 and ("by ALPN" in ran.out or "alert 120" in ran.out)


def test_nginx_passes_grpc_on(nginx, peers):
    server = peers("go").serve()
    port = nginx("http2", f"location / {{ grpc_pass grpc://{server.target}; }}")
    assert check(f"grpc://127.0.0.1:{port}").out == "SERVING\n"
    server.close()
    assert "HTTP status 502" in check(f"grpc://127.0.0.1:{port}").out
