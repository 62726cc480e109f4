"""`hale check URL...`: what counts as healthy, and the one line that says why."""
import contextlib
import ctypes
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import pytest

import harness
import httpd
import pki
import tls_servers

CLONE_NEWNET = 0x40000000


def ok(connection, request):
    connection.answer(b"all is well\n")


def status(line, body=b"", *fields):
    return lambda connection, request: connection.answer(body, line, *fields)


def to(location, line="302 Found"):
    def answer(connection, request):
        connection.answer(b"", line, "Location: " + location.replace(
            "PORT", str(connection.server.port)))
    return answer


def endless(connection, request):
    connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            connection.send(b"x" * 65536)
    connection.close()


def dripping(connection, request):
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
    connection.hold()


def parts(connection, request):
    connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 16380 + b"need")
    connection.send(b"le" + b"y" * 100)
    connection.close()


def late(*pieces, then="close"):
    """A bad answer whose parts come in segments of their own: each is sent when the
    one before has been read."""
    def answer(connection, request):
        connection.send(b"HTTP/1.1 503 Busy\r\n" + pieces[0])
        for piece in pieces[1:]:
            wait_until_read(connection.sock)
            connection.send(piece)
        getattr(connection, then)()
    return answer


def wait_until_read(sock):
    """Until the peer, a socket of this machine, has nothing unread left."""
    ours, peer = (f"0100007F:{at[1]:04X}" for at in (sock.getsockname(), sock.getpeername()))

    def is_read():
        if struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0] > 0:
            return False
        with open("/proc/net/tcp", encoding="ascii") as file:
            for line in file:
                words = line.split()
                if words[1:3] == [peer, ours]:
                    return words[4].endswith(":00000000")  # rx_queue
        return True
    harness.until(is_read, "all is read")


SCRIPTS = {
    "/late-reason": late(b"Content-Length: 18\r\n\r\n", b"[-]queue ", b"is full\nx"),
    "/late-chunk": late(b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nin \r\n7",
                        b"\r\nchunks\n\r\n", then="hold"),
    "/late-page": late(b"\r\n", b"<html>", then="hold"),
    "/half-reason": late(b"\r\n", b"half", then="hold"),
    "/long-reason": late(b"\r\n", b"x" * 5000, then="hold"),
    "/": ok, "/ok": ok, "/endless": endless, "/dripping": dripping, "/parts": parts,
    "/created": status("201 Created"), "/none": status("204 No Content"),
    "/moved": status("304 Not Modified"),
    "/bad": status("503 Service Unavailable", b"[-]database failed\nmore\n"),
    "/page": status("500 Internal Server Error", b"<html>long"),
    "/evil": b"HTTP/1.1 500 a\x1b[31mb\x07\r\nContent-Length: 0\r\n\r\n",
    "/404": status("404 Not Found"),
    "/here": to("/ok"), "/there": to("http://localhost:PORT/bad"),
    "/same": to("http://127.0.0.1:PORT/bad"), "/loop": to("/loop"),
    "/hint": b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "/chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"3\r\nnee\r\n3\r\ndle\r\n0\r\n\r\n",
    "/huge-head": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000 + b"\r\n\r\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = httpd.Server(SCRIPTS, tmp_path_factory.mktemp("server"))
    yield made
    made.close()


class Ran:
    def __init__(self, words, timeout=harness.DEADLINE, **options):
        begun = time.monotonic()
        done = subprocess.run([harness.HALE, *map(str, words)], capture_output=True, text=True,
                              timeout=timeout, env={"PATH": harness.PATH}, **options)
        self.seconds = time.monotonic() - begun
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr


def check(*words, **options):
    return Ran(["check", *words], **options)


HEAD_MAX = 65536


def head(length):
    """An answer whose head has so many bytes, with a Location behind them."""
    start, end = b"HTTP/1.1 302 Found\r\nContent-Security-Policy: ", b"\r\nLocation: /ok\r\n\r\n"
    return start + b"p" * (length - len(start) - len(end)) + end


def test_a_long_head_hides_neither_status_nor_location(server):
    """As long as in get; the kubelet's own bound is far beyond."""
    policy = b"Content-Security-Policy: " + b"p" * 17000
    server.scripts["/policy"] = (b"HTTP/1.1 200 OK\r\n" + policy
                                 + b"\r\nContent-Length: 4\r\n\r\nbody")
    server.scripts["/most"], server.scripts["/more"] = head(HEAD_MAX), head(HEAD_MAX + 1)
    assert check(server.url + "/policy").out == "200 OK\n"
    assert check("--contains", "body", server.url + "/policy").code == 0
    server.take_requests()
    assert check("--status", "200", server.url + "/most").out == "200 OK\n"
    assert [request.target for request in server.take_requests()] == ["/most", "/ok"]
    assert check(server.url + "/more").out == "the answer's head is longer than 65536 bytes\n"


GOOD = {"/ok": "200 OK\n", "/created": "201 Created\n", "/none": "204 No Content\n",
        "/moved": "304 Not Modified\n", "/here": "200 OK\n", "/there": "302 Found\n",
        "/hint": "200 OK\n", "/endless": "200 OK\n", "/dripping": "200 OK\n"}
BAD = {"/bad": "503 Service Unavailable: [-]database failed\n", "/404": "404 Not Found\n",
       "/page": "500 Internal Server Error\n", "/evil": "500 a?[31mb?\n",
       "/same": "503 Service Unavailable: [-]database failed\n",
       "/loop": "more than 9 redirects\n",
       "/huge-head": "the answer's head is longer than 65536 bytes\n",
       "/late-reason": "503 Busy: [-]queue is full\n",
       "/late-chunk": "503 Busy: in chunks\n", "/late-page": "503 Busy\n",
       "/half-reason": "503 Busy: half\n", "/long-reason": f"503 Busy: {'x' * 120}\n"}


@pytest.mark.parametrize("path", GOOD)
def test_what_the_kubelet_takes_for_healthy_is_healthy(server, path):
    ran = check(server.url + path)
    assert (ran.code, ran.out, ran.err) == (0, GOOD[path], "")


@pytest.mark.parametrize("path", BAD)
def test_what_the_kubelet_takes_for_sick_is_sick_and_says_why(server, path):
    ran = check(server.url + path)
    assert (ran.code, ran.out, ran.err) == (1, BAD[path], "")


def test_the_request_is_the_kubelets(server):
    server.take_requests()
    check(server.url + "/ok?a=b")
    (request,) = server.take_requests()
    assert request.line == "GET /ok?a=b HTTP/1.1"
    fields = dict(request.fields)
    assert fields.pop("User-Agent").startswith("hale/")
    assert fields == {"Host": f"127.0.0.1:{server.port}", "Accept": "*/*", "Connection": "close"}


def test_headers_and_a_login_are_sent(server):
    server.take_requests()
    url = server.url.replace("//", "//me:s%40@") + "/ok"
    assert check("-H", "Host: example.com", "--header", "X-A: 1", "-H", "Accept:", url).code == 0
    (request,) = server.take_requests()
    assert request.field("Host") == "example.com" and request.field("X-A") == "1"
    assert request.field("Accept") is None
    assert request.field("Authorization") == "Basic bWU6c0A="


@pytest.mark.parametrize("login", ["@", ":@"])
def test_an_empty_login_is_none(server, login):
    server.take_requests()
    assert check(server.url.replace("//", "//" + login) + "/ok").code == 0
    (request,) = server.take_requests()
    assert request.field("Authorization") is None


def test_a_login_is_kept_in_a_redirect(server):
    server.take_requests()
    assert check(server.url.replace("//", "//me:pw@") + "/here").code == 0
    first, second = server.take_requests()
    assert first.field("Authorization") == second.field("Authorization") == "Basic bWU6cHc="


def test_what_the_user_sends_is_for_the_origin_that_was_named(server, tmp_path):
    """A login and a field, a Host among them: another port of the host may be
    another's, and a login may have any name."""
    other = httpd.Server({"/ok": ok, "/back": to(server.url + "/ok")}, tmp_path)
    server.scripts["/to-port"] = to(f"http://127.0.0.1:{other.port}/ok")
    server.scripts["/to-port-and-back"] = to(f"http://127.0.0.1:{other.port}/back")
    server.take_requests()
    fields = ["-H", "Cookie: a=b", "-H", "X-Api-Key: 1", "-H", "Host: app"]
    try:
        assert check(server.url.replace("//", "//me:pw@") + "/to-port").code == 0
        assert check("-H", "Authorization: x", *fields, server.url + "/to-port").code == 0
        assert check(*fields, server.url + "/to-port-and-back").code == 0
        mine = server.take_requests()
        assert [request.field("Authorization") for request in mine] \
            == ["Basic bWU6cHc=", "x", None, None]
        assert mine[-1].target == "/ok" and mine[-1].field("X-Api-Key") is None
        asked = other.take_requests()
        assert len(asked) == 3
        for request in asked:
            assert request.field("Host") == f"127.0.0.1:{other.port}"
            assert {"Authorization", "Cookie", "X-Api-Key"}.isdisjoint(
                name for name, _ in request.fields)
    finally:
        other.close()


def test_what_the_user_sends_stays_behind_where_https_leads_to_http(server, tmp_path):
    root = pki.root()
    cert = pki.leaf(root, "IP:127.0.0.1")
    secure = httpd.Server({"/plain": to(server.url + "/ok")}, tmp_path,
                          tls=tls_servers.context(pki.put(cert), cert.key.file))
    fields = ["--cacert", root.file, "-H", "X-Api-Key: 1", "-H", "Authorization: x"]
    server.take_requests()
    try:
        assert check(*fields, secure.url + "/plain").code == 0
    finally:
        secure.close()
    (first,), (second,) = secure.take_requests(), server.take_requests()
    assert first.field("X-Api-Key") == "1" and first.field("Authorization") == "x"
    assert second.field("X-Api-Key") is None and second.field("Authorization") is None


def test_what_the_user_sends_stays_with_the_origin(server):
    """A relative Location, and an absolute one to the same scheme, host and port."""
    server.take_requests()
    server.scripts["/absolute"] = to("http://127.0.0.1:PORT/ok")
    for path in "/here", "/absolute":
        assert check("-H", "Host: app", "-H", "X-Api-Key: 1", server.url + path).code == 0
    for request in server.take_requests():
        assert (request.field("Host"), request.field("X-Api-Key")) == ("app", "1")


def test_an_empty_location_leads_nowhere(server):
    """As with Go's client, which the kubelet uses: the status counts."""
    server.scripts["/to-nowhere"] = to("")
    assert check(server.url + "/to-nowhere").code == 0
    assert check("--status", "200", server.url + "/to-nowhere").code == 1


@pytest.mark.parametrize("words, path, code", [
    (["--status", "404"], "/404", 0), (["--status", "200"], "/created", 1),
    (["--status", "200-299,404"], "/404", 0), (["--status", "200", "--status", "302"], "/here", 0),
    (["--status", "200"], "/here", 0), (["--status", "302"], "/loop", 0),
    (["--status", "500-599"], "/ok", 1)])
def test_status_says_what_is_healthy(server, words, path, code):
    assert check(*words, server.url + path).code == code


@pytest.mark.parametrize("path, text, code, out", [
    ("/ok", "is well", 0, '200 OK, contains "is well"\n'),
    ("/ok", "is sick", 1, '200 OK, but the body does not contain "is sick"\n'),
    ("/parts", "needle", 0, '200 OK, contains "needle"\n'),
    ("/chunks", "needle", 0, '200 OK, contains "needle"\n'),
    ("/dripping", "needle", 1, "200 OK, but the body: timed out\n"),
    ("/endless", "needle", 1,
     '200 OK, but the first 256 KiB of the body do not contain "needle"\n'),
    ("/endless", "xxx", 0, '200 OK, contains "xxx"\n'),
    ("/bad", "database", 1, "503 Service Unavailable: [-]database failed\n")])
def test_contains_reads_as_far_as_it_must(server, path, text, code, out):
    ran = check("--timeout", "1s", "--contains", text, server.url + path)
    assert (ran.code, ran.out) == (code, out)


def test_the_exit_code_of_a_failure_can_be_chosen(server):
    assert check("--critical-exit", "2", server.url + "/bad").code == 2
    assert check("--critical-exit", "2", server.url + "/ok").code == 0
    assert check("--critical-exit", "2", "tcp:127.0.0.1:1", server.url + "/ok").code == 2


@pytest.mark.parametrize("words, said", [
    (["--critical-exit", "0", "tcp:a:1"], "expected 1 to 255"),
    (["tcp:127.0.0.1"], "expected tcp://HOST:PORT"), (["tcp:a:b"], "expected a port"),
    (["ftp://a/"], "expected http://"), (["unix:relative"], "expected unix:/PATH"),
    (["http://a b/"], "expected no space"), (["exec:"], "expected exec:PROGRAM"),
    (["exec:a 'b"], "expected exec:PROGRAM"), (["http+unix://nothing/"], "expected http+unix:"),
    (["unix:/" + "x" * 200], "expected unix:/PATH"),
    (["--status", "99", "http://a/"], "expected a status"),
    (["--status", "300-200", "http://a/"], "expected a status"),
    (["-H", "no colon", "http://a/"], "expected a header"),
    (["--live", "http://a/"], "exclude each other"), (["--nonsense"], "unknown option")])
def test_wrong_words_are_refused_before_anything_is_asked(words, said):
    ran = check(*words)
    assert ran.code == 2 and said in ran.err and ran.err.count("\n") == 1


@pytest.mark.parametrize("words, said", [
    (["--timeout", "0", "tcp:a:1"], '--timeout "0": expected more than 0, as a duration '),
    (["--status", "700", "http://a/"],
     '--status "700": expected a status from 100 to 599, or a range such as 200-299'),
    (["exec:a 'b"], 'check "exec:a": expected exec:PROGRAM [ARG...] with a closing quote'),
    (["exec:a b\\"], "a byte after each \\"),
    (["http://a:${NO_PORT}/x"], 'check "http://a:...": NO_PORT is unset or empty'),
    (["http://a:${NO_PORT/x"], 'check "http://a:...": expected ${NAME} or ${NAME:-DEFAULT}'),
    (["tcp:a:1", "||", "exit", "1"], 'check "||": expected a URL alone: no shell reads'),
    (["tcp:a:1", "&&", "echo"], "no shell reads"), (["tcp:a:1", "|| exit 1"], "no shell reads"),
    (["http://a/||exit 1"], "no shell reads"),
    (["http+unix:/" + "x" * 200 + ":/"], "expected http+unix:"),
    (["http://a/" + "x" * 5000], "expected a URL of at most 4096 bytes"),
    (["exec:a || exit 1"], "expected one program: no shell reads ||, && and |"),
    (["exec:a | grep b"], "expected one program"), (["exec:a && b"], "expected one program"),
    (["exec:true", "--contains", "x"], "check: --contains does not apply to this URL"),
    (["tcp:a:1", "unix:/s", "--status", "204"], "--status does not apply to any of these URLs"),
    (["https://a/", "--key", "k"], "check: --key, which needs --cert, does not apply to this URL"),
    (["unix:/s", "-4"], "-4 does not apply"),
    (["8080"], 'check "8080": expected a URL such as http://localhost:8080/, not a number'),
    (["http://a:${EMPTY}/"], 'check "http://a:...": EMPTY is unset or empty'),
    (["http://a/ || exit 1"], 'check "http://a/...": expected a URL alone: no shell reads')])
def test_wrong_words_are_named_as_what_they_are(words, said):
    ran = check(*words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1) and said in ran.err


def test_a_shells_words_in_quotes_are_the_programs():
    assert check("exec:sh -c 'false || exit 0'").out == "exit 0\n"


def test_a_reason_that_never_ends_is_not_waited_for(server):
    """The time for it is far below this check's."""
    def half(connection, _request):
        connection.send(b"HTTP/1.1 503 Busy\r\n\r\nhalf")
        connection.hold()

    server.scripts["/endless"] = half
    ran = check("--timeout", "60s", server.url + "/endless")
    assert (ran.code, ran.out) == (1, "503 Busy: half\n") and ran.seconds < 20


def test_a_status_that_was_not_asked_for_is_shown_with_those_that_were(server):
    ran = check("--status", "204,300-399", server.url + "/ok")
    assert (ran.code, ran.out) == (1, "200 OK (expected 204,300-399): all is well\n")


@pytest.mark.parametrize("words", [["--timeout", "0"], ["--try-timeout", "0s"]])
def test_wait_takes_no_time_of_nothing_either(words):
    ran = Ran(["wait", *words, "tcp:a:1"])
    assert ran.code == 2 and ran.err.startswith(
        f"hale: {words[0]} \"{words[1]}\": expected more than 0, as a duration such as ")


@pytest.mark.parametrize("command", ["check", "wait"])
def test_a_variable_in_a_url_is_the_environments(server, command):
    """CMD ["/hale", "check", "http://localhost:${PORT}/ok"] has no shell that would do it."""
    env = {"PATH": harness.PATH, "PORT": str(server.port), "EMPTY": "", "HALE_X": "ok"}
    for url in ("http://127.0.0.1:${PORT}/${HALE_X}", "tcp:${HOST:-127.0.0.1}:${PORT}",
                "unix:${EMPTY:-" + server.unix + "}", "http://127.0.0.1:${PORT}/${EMPTY:-}ok"):
        done = subprocess.run([harness.HALE, command, "exec:sh -c '[ ${PORT} = $PORT ]'", url],
                              capture_output=True, text=True, env=env, timeout=harness.DEADLINE,
                              check=False)
        assert done.returncode == 0, done


def test_tcp_is_an_accepted_connection(server):
    for host, address in ("//localhost", "::1"), ("127.0.0.1", "127.0.0.1"):
        assert check(f"tcp:{host}:{server.port}").out == (
            f"connected to {address} port {server.port}\n")
    ran = check("tcp:127.0.0.1:1")
    assert (ran.code, ran.out) == (1, "127.0.0.1 port 1: Connection refused\n")


@pytest.mark.parametrize("scheme", ["tcp:", "http://"])
def test_a_refused_connection_names_the_host_that_was_asked_and_the_address(scheme):
    ran = check(scheme + "localhost:1")
    assert (ran.code, ran.out) == (1, "localhost: ::1 port 1: Connection refused\n")
    ran = check("http://[::1]:1/")
    assert (ran.code, ran.out) == (1, "::1 port 1: Connection refused\n")


@pytest.mark.parametrize("command", ["check", "wait"])
@pytest.mark.parametrize("scheme", ["tcp:", "http://"])
def test_one_family_alone_can_be_asked(server, command, scheme):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        six = f"localhost:{listener.getsockname()[1]}"
        if scheme == "tcp:":
            assert Ran([command, "-6", "tcp:" + six]).code == 0
        ran = Ran([command, "--timeout", "300ms", "--ipv4", scheme + six])
        assert ran.code == 1 and "127.0.0.1 port" in ran.out and "::1" not in ran.out
    url = f"{scheme}localhost:{server.port}"
    assert Ran([command, "-4", url]).code == Ran([command, "-46", url]).code == 0
    ran = Ran([command, "--timeout", "300ms", "-6", f"{scheme}127.0.0.1:{server.port}"])
    assert ran.code == 1 and "127.0.0.1: not an IPv6 address\n" in ran.out


@pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_localhost_is_found_on_either_family(family, host):
    with socket.create_server((host, 0), family=family) as listener:
        ran = check(f"tcp:localhost:{listener.getsockname()[1]}")
    assert ran.code == 0 and host in ran.out


def test_unix_sockets_by_path_and_by_name(server, tmp_path):
    assert check(f"unix:{server.unix}").code == 0
    assert check(f"unix:@{server.abstract}").code == 0
    assert check(f"unix:{tmp_path}/none").out == f"{tmp_path}/none: No such file or directory\n"


def test_http_over_a_unix_socket(server):
    quoted = server.unix.replace("/", "%2F")
    assert check(f"http+unix://{quoted}/ok").out == "200 OK\n"
    assert check(f"http+unix:{server.unix}:/bad").code == 1
    assert check(f"http+unix://%40{server.abstract}/here").out == "200 OK\n"
    assert check(f"http+unix:{server.unix}").out == "200 OK\n"


@pytest.mark.static_only
def test_localhost_needs_no_file(server, tmp_path):
    (tmp_path / "hale").write_bytes(open(harness.HALE, "rb").read())
    (tmp_path / "hale").chmod(0o755)
    done = subprocess.run(["/usr/sbin/chroot", tmp_path, "/hale", "check",
                           f"http://localhost:{server.port}/ok"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "200 OK\n")


@pytest.mark.static_only
def test_a_root_without_name_servers_says_so(tmp_path):
    (tmp_path / "hale").write_bytes(open(harness.HALE, "rb").read())
    (tmp_path / "hale").chmod(0o755)
    for words in ["check", "http://some.name/"], ["check", "tcp:some.name:1"]:
        done = subprocess.run(["unshare", "--net", "/usr/sbin/chroot", tmp_path, "/hale", *words],
                              capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (
            1, "some.name: no name server answered: 127.0.0.1 (Network unreachable); "
               "/etc/resolv.conf names no name server\n")


@contextlib.contextmanager
def answering(sock, rcode):
    """Answers every question that comes to sock with rcode and no record."""
    asked = []
    end = socket.socketpair()

    def serve():
        while end[1] not in select.select([sock, end[1]], [], [])[0]:
            question, peer = sock.recvfrom(512)
            asked.append(question)
            sock.sendto(question[:2] + bytes([0x81, 0x80 | rcode]) + question[4:6]
                        + bytes(6) + question[12:], peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield asked
    finally:
        end[0].send(b"x")
        thread.join()
        for one in (sock, *end):
            one.close()


@pytest.mark.static_only
@pytest.mark.parametrize("rcode, timeout, why", [
    (0, "5s", "127.0.0.1 says that some.name has no address"),
    (3, "5s", "127.0.0.1 says that some.name does not exist"),
    (2, "500ms", "no name server has an answer for some.name: 127.0.0.1 (server failure)"),
    (5, "500ms", "no name server has an answer for some.name: 127.0.0.1 (question refused)")])
def test_a_look_up_that_fails_is_reported_as_what_it_was(tmp_path, rcode, timeout, why):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/resolv.conf").write_text("nameserver 127.0.0.1\nsearch test\n")
    (tmp_path / "hale").write_bytes(open(harness.HALE, "rb").read())
    (tmp_path / "hale").chmod(0o755)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with subprocess.Popen(["/usr/sbin/chroot", tmp_path, "/hale", "check", "--timeout", timeout,
                           "tcp:some.name:1"], stdout=subprocess.PIPE, text=True,
                          preexec_fn=lonely(theirs), close_fds=False) as asker:
        sock = socket.socket(fileno=socket.recv_fds(ours, 1, 1)[1][0])
        with answering(sock, rcode) as asked:
            out, _ = asker.communicate(timeout=harness.DEADLINE)
    assert (asker.returncode, out) == (
        1, f"some.name: {why} (also tried some.name.test)\n") and asked


def lonely(give_to=None):
    """For a child: its own network, where a name server never answers, unless
    who gets its socket by give_to does so."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter():
        if libc.unshare(CLONE_NEWNET) < 0:
            os._exit(99)
        import fcntl
        import struct
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))  # IFF_UP
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("127.0.0.1", 53))
        if give_to is not None:
            socket.send_fds(give_to, [b"x"], [silent.fileno()])
        silent.set_inheritable(True)
        silent.detach()
    return enter


@pytest.mark.static_only
@pytest.mark.parametrize("words, code", [
    (["check", "--timeout", "300ms", "http://some.name/"], 1),
    (["wait", "-q", "--timeout", "300ms", "tcp:some.name:1"], 1),
    (["get", "-s", "-m", "0.3", "http://some.name/"], 28),
    (["get", "-s", "--connect-timeout", "0.3", "http://some.name/"], 28)])
def test_a_name_server_that_never_answers_is_left_at_the_deadline(tmp_path, words, code):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    (tmp_path / "hale").write_bytes(open(harness.HALE, "rb").read())
    (tmp_path / "hale").chmod(0o755)
    begun = time.monotonic()
    done = subprocess.run(["/usr/sbin/chroot", tmp_path, "/hale", *words], capture_output=True,
                          text=True, preexec_fn=lonely(), close_fds=False)
    assert done.returncode == code, done.stderr
    assert 0.25 < time.monotonic() - begun < 4  # musl itself would take 10 s


@pytest.mark.parametrize("words, code, out", [
    ("exec:true", 0, "exit 0"), ("exec:false", 1, "exit 1"),
    ("exec:/bin/echo one  two", 0, "exit 0: one two"),
    ("exec:/bin/echo 'one  two' \"three \\\"four\" five\\ six", 0,
     'exit 0: one  two three "four five six'),
    ("exec:sh -c 'echo first; echo last >&2; exit 3'", 1, "exit 3: last"),
    ("exec:sh -c 'kill -9 $$'", 1, "killed by SIGKILL"),
    ("exec:sh -c 'printf \"a\\033b\"'", 0, "exit 0: a?b"),
    ("exec:/nonexistent/program x", 1, "cannot run /nonexistent/program: there is no such file"),
    ("exec:/etc/passwd", 1, "cannot run /etc/passwd: it is not executable (chmod +x)"),
    ("exec:cat", 0, "exit 0"),
    ("exec:echo $HOME *", 0, "exit 0: $HOME *")])
def test_exec_runs_a_program_without_a_shell(words, code, out):
    ran = check(words)
    assert (ran.code, ran.out) == (code, out + "\n")


def test_exec_output_is_drained_and_bounded():
    ran = check("--timeout", "10s", "exec:sh -c 'yes | head -c 3000000; echo the end'")
    assert ran.code == 0 and len(ran.out) < 300


def test_a_late_program_is_killed_with_all_it_started(tmp_path):
    pids = tmp_path / "pids"
    ran = check("--timeout", "1s",
                f"exec:sh -c 'sleep 1000 & echo $$ $! >{pids}; trap \"\" TERM; wait'")
    assert (ran.code, ran.out) == (1, "sh: timed out\n")
    for pid in pids.read_text().split():
        harness.until(lambda p=pid: not os.path.exists(f"/proc/{p}")
                      or "Z (zombie)" in open(f"/proc/{p}/status", encoding="ascii").read(),
                      f"the end of {pid}")


def test_a_program_that_leaves_a_child_with_its_output_does_not_hold_the_check():
    ran = check("--timeout", "10s", "exec:sh -c 'sleep 1000 & echo done'")
    assert (ran.code, ran.out) == (0, "exit 0: done\n") and ran.seconds < 8


def test_a_program_dies_with_its_checker(tmp_path):
    pid_file = tmp_path / "pid"
    with subprocess.Popen([harness.HALE, "check", "--timeout", "100s",
                           f"exec:sh -c 'echo $$ >{pid_file}; exec sleep 1000'"]) as checker:
        pid = harness.until(lambda: pid_file.exists() and pid_file.read_text().strip(), "its pid")
        checker.kill()
    harness.until(lambda: not os.path.exists(f"/proc/{pid}")
                  or "Z (zombie)" in open(f"/proc/{pid}/status", encoding="ascii").read(),
                  "its end")


@pytest.mark.parametrize("ignored", [signal.SIGPIPE, signal.SIGCHLD, 32, 33, 34, 64])
def test_a_program_gets_default_signals(ignored):
    # grep itself, behind no shell: one may block signals around its own fork.
    masks = "grep -E '^Sig(Blk|Ign):.*[1-9a-f]' /proc/self/status"
    ran = subprocess.run([harness.HALE, "check", f"exec:{masks}"],
                         capture_output=True, text=True, restore_signals=False,
                         preexec_fn=lambda: (harness.ignore(ignored),
                                             signal.pthread_sigmask(signal.SIG_BLOCK,
                                                                    {signal.SIGTERM})))
    assert (ran.returncode, ran.stdout) == (1, "exit 1\n")


@pytest.mark.parametrize("urls, code", [(["exec:true"], 0), (["exec:false"], 1),
                                        (["exec:true", "exec:false"], 1)])
def test_ignored_ends_of_children_hide_nothing(urls, code):
    done = subprocess.run([harness.HALE, "check", *urls], capture_output=True, preexec_fn=lambda:
                          signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert done.returncode == code


def test_all_of_several_must_pass_side_by_side(server):
    good = check(server.url + "/ok", "exec:sleep 0.5", "exec:sleep 0.5", "exec:sleep 0.5")
    assert good.code == 0 and good.seconds < 1.4
    assert sorted(good.out.splitlines()) == [
        *["[+]exec:sleep exit 0"] * 3, f"[+]{server.url}/ok 200 OK"]
    bad = check(server.url + "/ok", "tcp:127.0.0.1:1")
    assert bad.code == 1
    assert sorted(bad.out.splitlines()) == [
        f"[+]{server.url}/ok 200 OK",
        "[-]tcp:127.0.0.1:1 127.0.0.1 port 1: Connection refused"]


@pytest.mark.parametrize("command", ["check", "wait"])
def test_a_login_is_not_shown(server, command):
    url = server.url.replace("//", "//me:secret@") + "/ok"
    ran = Ran([command, url, "exec:true"])
    assert ran.code == 0 and "secret" not in ran.out and server.url + "/ok" in ran.out
    ran = Ran([command, "--timeout", "200ms", url.replace("/ok", "/bad"), "exec:true"])
    assert ran.code == 1 and "secret" not in ran.out + ran.err


@pytest.mark.parametrize("command", ["check", "wait"])
@pytest.mark.parametrize("url, shown, expected", [
    ("http://127.0.0.1:65536/", "http://127.0.0.1:65536/", "a port of 0 to 65535"),
    ("127.0.0.1:8x", "127.0.0.1:...", "a port of 0 to 65535"),
    ("http://a b/", "http://a...", "no space in it; a space is written %20"),
    ("http://a/b c", "http://a/b...", "no space in it; a space is written %20"),
    ("http://u@a:80@b/", "http://b/", "only one @ before the path; another is written %40"),
    ("http:/a/", "http:/a/", "// after the scheme"),
    ("http:///x", "http:///x", "a host"),
    ("tcp://h:65536", "tcp://h:65536", "a port of 0 to 65535"),
    ("tcp:h", "tcp:h", "tcp://HOST:PORT"), ("tcp:", "tcp:", "tcp://HOST:PORT"),
    ("http://" + "h" * 256, "http://" + "h" * 256, "a host of at most 255 bytes")])
def test_what_is_wrong_with_a_url_is_named(command, url, shown, expected):
    done = subprocess.run([harness.HALE, command, url], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f'hale: {command} "{shown}": expected {expected}\n'


def test_what_does_not_fit_is_named(server):
    done = check("-H", "X: " + "y" * 9000, server.url + "/ok")
    assert done.code == 1 and done.out == "the request is longer than 8192 bytes\n"
    done = check("--contains", "y" * 8192, server.url + "/ok")
    assert done.code == 1
    assert done.out == "200 OK, but --contains has more than 8191 bytes\n"
    assert "but the body does not" in check("--contains", "y" * 8191, server.url + "/ok").out


def test_quiet_prints_nothing(server):
    ran = check("-q", server.url + "/bad", server.url + "/ok")
    assert (ran.code, ran.out, ran.err) == (1, "", "")


def test_a_server_that_never_answers_is_left_at_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ran = check("--timeout", "300ms", f"http://127.0.0.1:{port}/")
    assert (ran.code, ran.out) == (1, f"127.0.0.1 port {port}: timed out\n") and ran.seconds < 5


def test_a_unix_socket_whose_queue_is_full_is_left_at_the_deadline(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(tmp_path / "s"))
        listener.listen(0)
        first.connect(str(tmp_path / "s"))
        ran = check("--timeout", "300ms", f"unix:{tmp_path}/s")
    assert ran.code == 1 and ran.out.endswith(": timed out\n") and ran.seconds < 5


@contextlib.contextmanager
def speaking(data, greets=False):
    """Says this, whatever it is asked, or before it is asked, and ends. Gives its port."""
    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                with listener.accept()[0] as sock:
                    if not greets:
                        sock.recv(4096)
                    sock.sendall(data)
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(4096):
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


OTHERS = {
    "HTTP/3.0": (b"HTTP/3.0 200 OK\r\n\r\n", "HTTP/3.0", ""),
    "HTTP/1.2": (b"HTTP/1.2 200 OK\r\n\r\n", "HTTP/1.2", ""),
    "HTTP/2 as a word": (b"HTTP/2 200\r\n\r\n", "HTTP/2", ""),
    "HTTP/2's SETTINGS": (bytes.fromhex("00000604000000000000010000000000"),
                          "HTTP/2; is grpc:// meant?", ""),
    "HTTP/2's empty SETTINGS": (bytes.fromhex("000000040000000000"),
                                "HTTP/2; is grpc:// meant?", ""),
    "HTTP/2's preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                         'HTTP/2: "PRI * HTTP/2.0"', "; is tcp:"),
    "a TLS alert": (bytes.fromhex("15030100020246"), "TLS: use https://", ""),
    "a TLS handshake": (bytes.fromhex("160303003a0200"), "TLS: use https://", ""),
    "SSH": (b"SSH-2.0-OpenSSH_9.2p1\r\n", 'SSH: "SSH-2.0-OpenSSH_9.2p1"', "; is tcp:"),
    "SMTP": (b"220 mail.test ESMTP\r\n", 'SMTP or FTP: "220 mail.test ESMTP"', "; is tcp:"),
    "FTP": (b"220-welcome\r\n220 x\r\n", 'SMTP or FTP: "220-welcome"', "; is tcp:"),
    "redis": (b"-ERR wrong number\r\n", '"-ERR wrong number"', "; is tcp:"),
    "binary": (b"J\0\x01\x1b[31m", '"J???[31m"', "; is tcp:"),
    "much": (b"x" * 500, f'"{"x" * 60}"', "; is tcp:"),
}


@pytest.mark.parametrize("who", OTHERS)
def test_what_is_not_http_is_named(who):
    """And a port of which nobody said that it speaks HTTP gets a hint."""
    data, got, hint = OTHERS[who]
    expected = "expected HTTP/1.0 or HTTP/1.1, got " + got
    with speaking(data, greets=who in ("SSH", "SMTP", "FTP")) as port:
        ran = check(f"http://127.0.0.1:{port}/")
        assert (ran.code, ran.out) == (1, expected + "\n")
        hint = hint and f"; is tcp:127.0.0.1:{port} meant?"
        assert check(f"127.0.0.1:{port}").out == expected + hint + "\n"


@pytest.mark.parametrize("data, out", [
    (b"", "localhost: 127.0.0.1 port {port}: empty reply; is tcp:localhost:{port} meant?\n"),
    (b"HTTP/1.1 404 Not Found\r\n\r\n", "404 Not Found\n"),
    (b"HTTP/1.1 2000 x\r\n\r\n", "malformed\n")])
def test_only_a_port_without_http_gets_the_hint(data, out):
    with speaking(data) as port:
        assert check(f"http://localhost:{port}").out.endswith("is https:// meant?\n") == (not data)
        assert check(f"localhost:{port}").out == out.replace("{port}", str(port))
        assert "tcp:" not in check(f"http://localhost:{port}").out


def test_a_server_that_leaves_http_is_not_healthy_unless_that_was_asked_for(server):
    server.scripts["/upgrade"] = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                  b"\r\n\x81\x05hello")
    ran = check(server.url + "/upgrade")
    assert (ran.code, ran.out) == (1, "101 Switching Protocols: expected an answer in HTTP\n")
    assert check("--status", "101", "-H", "Upgrade: websocket", server.url + "/upgrade").out \
        == "101 Switching Protocols\n"


def test_https_on_a_plain_port_fails_in_words(server):
    ran = check("--timeout", "1s", server.url.replace("http", "https") + "/")
    assert ran.code == 1 and len(ran.out) > 3


def test_no_verification_is_said_loudly(server):
    ran = check("--insecure", server.url + "/ok")
    assert ran.code == 0 and "NOT verified" in ran.err


def test_a_closed_stdout_is_a_failure(server):
    done = subprocess.run([harness.HALE, "check", server.url + "/ok"], stderr=subprocess.PIPE,
                          text=True, preexec_fn=lambda: os.close(1))
    assert done.returncode == 1 and "stdout" in done.stderr
