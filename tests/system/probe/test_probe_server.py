"""The probe server: what it answers, and that no client can keep others out."""
import collections
import contextlib
import os
import pathlib
import re
import resource
import select
import socket
import threading
import time

import pytest

from harness import FIRST, HALE, TOP, Connection, fill_socket, svc, until

LISTEN = ["--listen", "8080"]
HEAD_MAX = int(re.search(r"#define HTTP_HEAD_MAX\s+(\d+)",
                         (TOP / "include/net/http.h").read_text())[1])
CONNECTIONS = 64
HEAD_S = 5  # a head's time
OWN_FDS = 8  # 0 1 2, epoll, timer, signalfd, one port, the local socket
METHODS = "GET, HEAD, OPTIONS"
VERDICTS = ["/livez", "/readyz", "/startupz", "/healthz", "/health"]


@pytest.fixture
def server(hale):
    """hale with a service that is up, and a port."""
    def start(*argv, service="catch say up pause", listen=LISTEN, **options):
        box = hale(*listen, *argv, service, **options)
        box.out.expect("^up$")
        return box
    return start


# --- endpoints ---------------------------------------------------------------

@pytest.mark.parametrize("path", VERDICTS)
def test_a_verdict_that_passes_is_200_and_ok(server, path):
    answer = server().get(path)
    assert (answer.status, answer.reason, answer.body) == (200, "OK", "ok")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-length"] == "2"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path, checks", [
    ("livez", ["service"]), ("readyz", ["service", "drain"]), ("startupz", ["service"]),
    ("healthz", ["service", "drain"])])
def test_verbose_lists_every_check_of_the_verdict(server, path, checks):
    box = server()
    want = "".join(f"[+]{name} ok\n" for name in checks) + f"{path} check passed\n"
    for query in ("verbose", "verbose=1", "verbose=true", "x=y&verbose"):
        answer = box.get(f"/{path}?{query}")
        assert (answer.status, answer.body) == (200, want)


def test_a_failed_verdict_lists_its_checks_without_being_asked(server):
    box = server()
    box.run(HALE, "drain", "0")
    answer = box.get("/readyz")
    assert answer.status == 503 and answer.reason == "Service Unavailable"
    assert re.fullmatch(r"\[\+\]service ok\n\[-\]draining: [^\n]+\nreadyz check failed\n",
                        answer.body)


def test_an_excluded_check_does_not_fail_the_verdict(server):
    box = server()
    box.run(HALE, "drain", "0")
    assert box.get("/readyz?exclude=drain").status == 200
    assert box.get("/readyz?exclude=service&exclude=drain").status == 200
    assert box.get("/readyz?exclude=service").status == 503
    assert box.get("/readyz?exclude=dr%61in").status == 200
    assert "[+]drain excluded: ok\n" in box.get("/readyz?verbose&exclude=drain").body


def test_an_unknown_name_in_exclude_is_named_and_changes_nothing(server):
    box = server()
    answer = box.get("/readyz?verbose&exclude=etcd")
    assert answer.status == 200
    assert 'no matches for "etcd"\n' in answer.body


def test_status_is_json_with_what_a_program_wants(server):
    box = server()
    status = box.status()
    assert (status["pid"], status["service"]["pid"]) == (1, FIRST)
    assert status["state"] == "running"
    assert status["verdicts"] == {"startup": True, "ready": True, "live": True}
    assert {"name": "service", "ok": True, "output": ""} in status["checks"]
    assert status["listen"] == ["[::]:8080"]
    assert box.get("/status").headers["content-type"] == "application/json"
    assert box.status()["requests"] == status["requests"] + 2


def test_status_shows_no_arguments_and_no_environment(hale):
    env = {"PASSWORD": "hunter2"}
    box = hale(*LISTEN, "say up say secret-argument pause", env=env)
    box.out.expect("^up$")
    answers = "".join(box.get(path).body for path in ("/status", "/livez?verbose"))
    assert "hunter2" not in answers and "secret-argument" not in answers


@pytest.mark.parametrize("path", ["/nothing", "/livez/", "/LIVEZ", "/livezz", "/live",
                                  "/livez//", "/%6civez", "*", "/liv\xc3\xa9z",
                                  "/" + "x" * 16000])
def test_an_unknown_path_is_404(server, path):
    answer = server().get(path)
    assert (answer.status, answer.reason) == (404, "Not Found")


def test_a_full_url_as_the_target_is_understood(server):
    box = server()
    assert box.get("http://any.name:99/readyz?verbose").status == 200
    assert box.get("http://any.name/nothing").status == 404
    assert box.get("http://any.name").headers["content-type"].startswith("text/html")
    assert box.get("https://any.name/readyz").status == 200
    assert box.get("https://any.name//nothing").status == 404


@pytest.mark.parametrize("path", ["//readyz", "///readyz", "http://any.name//readyz"])
def test_slashes_that_a_joined_url_has_too_many_are_one(server, path):
    box = server()
    assert box.get(path).body == "ok"
    box.run(HALE, "drain", "0")
    assert box.get(path).status == 503


def test_a_query_in_raw_utf_8_is_passed_over_or_shown_as_text(server):
    box = server()
    assert box.get("/readyz?caf\xc3\xa9=\xff").body == "ok"
    shown = box.get("/readyz?verbose&exclude=caf\xc3\xa9\xc2\x9b31m\xff").body
    assert 'no matches for "caf\xe9?31m?"\n' in shown


def test_the_page_has_healthzs_status_and_is_shown_all_the_same(server):
    box = server()
    assert (box.get("/").status, box.connect().ask("/", method="HEAD").status) == (200, 200)
    box.run(HALE, "drain", "0")
    page = box.get("/")
    assert page.status == 503 and page.body.startswith("<!doctype html>")
    assert box.connect().ask("/", method="HEAD").status == 503


# --- methods and versions ------------------------------------------------------

@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "options",
                                    "X-Y"])
def test_another_method_is_405_and_says_which_are_allowed(server, method):
    connection = server().connect()
    answer = connection.ask("/readyz", method=method)
    assert (answer.status, answer.headers["allow"]) == (405, METHODS)
    assert connection.ask("/readyz").status == 200


@pytest.mark.parametrize("path", [*VERDICTS, "/", "*"])
def test_options_has_the_status_of_the_verdict(server, path):
    box = server()
    answer = box.connect().ask(path, method="OPTIONS")
    assert (answer.status, answer.body, answer.headers["allow"]) == (200, "ok", METHODS)
    box.run(HALE, "drain", "0")
    answer = box.connect().ask(path, method="OPTIONS", version="1.0")
    is_ready = path in ("/livez", "/startupz")
    assert (answer.status, answer.headers["allow"]) == (200 if is_ready else 503, METHODS)
    assert ("[-]draining: " in answer.body) != is_ready


@pytest.mark.parametrize("path, status", [("/status", 200), ("/metrics", 200), ("/nothing", 404)])
def test_options_of_what_is_no_verdict(server, path, status):
    answer = server().connect().ask(path, method="OPTIONS")
    assert (answer.status, answer.headers.get("allow")) == (
        status, METHODS if status == 200 else None)
    assert (answer.body == "") == (status == 200)


@pytest.mark.parametrize("path", [*VERDICTS, "/status", "/nothing"])
def test_head_has_the_fields_of_get_and_no_body(server, path):
    connection = server().connect()
    head, get = connection.ask(path, method="HEAD"), connection.ask(path)
    assert (head.status, head.headers["content-type"]) == (get.status,
                                                           get.headers["content-type"])
    assert int(head.headers["content-length"]) >= 2
    assert get.body


def test_a_request_with_a_body_is_answered_and_the_connection_ends(server):
    for headers, body in (("Content-Length: 5\r\n", "hello"),
                          ("Transfer-Encoding: chunked\r\n", "0\r\n\r\n")):
        connection = server().connect()
        connection.send(f"GET /livez HTTP/1.1\r\nHost: x\r\n{headers}\r\n{body}")
        answer = connection.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert connection.ended()


def test_a_body_is_never_taken_for_the_next_request(server):
    connection = server().connect()
    smuggled = "GET /status HTTP/1.1\r\nHost: x\r\n\r\n"
    connection.send(f"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: {len(smuggled)}\r\n\r\n"
                    f"{smuggled}")
    assert connection.answer().body == "ok"
    assert connection.ended()


BAD_HEADS = {
    "no version": ("GET /livez\r\n\r\n", 'the request line has no HTTP version: "GET"'),
    "no host": ("GET /livez HTTP/1.1\r\n\r\n", "Host is missing: HTTP/1.1 needs it"),
    "a host of two words": ("GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n",
                            'Host is not a host name: "a b"'),
    "two hosts": ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "Host appears twice"),
    "space before colon": ("GET /livez HTTP/1.1\r\nHost : x\r\n\r\n",
                           'a space stands before the colon of the field: "Host"'),
    "no colon": ("GET /livez HTTP/1.1\r\nHost: x\r\nAccept\r\n\r\n",
                 'a field\'s line has no colon: "Accept"'),
    "folded line": ("GET /livez HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
                    "a field's line is folded"),
    "two lengths": ("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                    "Content-Length: 0\r\n\r\n", "Content-Length appears twice"),
    "negative length": ("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                        'Content-Length is not a number: "-1"'),
    "length and chunks": ("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n",
                          "Content-Length and Transfer-Encoding exclude each other"),
    "zero byte": ("GET /livez HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
                  'a control byte is in the field: "A"'),
    "bare CR": ("GET /livez HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
                'a control byte is in the field: "Host"'),
    "escape in a name": ("GET /livez HTTP/1.1\r\nHost: x\r\n\x1b[31m: b\r\n\r\n",
                         'this cannot be a field\'s name: "?[31m"'),
    "two spaces": ("GET  /livez HTTP/1.1\r\nHost: x\r\n\r\n",
                   'the request line has no target: "GET"'),
    "lower-case version": ("GET /livez http/1.1\r\nHost: x\r\n\r\n",
                           'the request line does not end in an HTTP version: "http/1.1"'),
    "TLS hello": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\x00" * 40,
                  "this looks like TLS: plain HTTP is spoken here"),
    "SSH": ("SSH-2.0-OpenSSH_9.6\r\n", 'this is not an HTTP request: "SSH-2.0-OpenSSH_9.6"'),
    "binary": ("\xff\xfe\x00\x01\r\n\r\n", 'this is not an HTTP request: "????"'),
    "PROXY header": ("PROXY UDP4 a b 1 2\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
                     "the line of the PROXY header is not a protocol, two addresses and two "
                     "ports"),
}


@pytest.mark.parametrize("head, why", BAD_HEADS.values(), ids=BAD_HEADS.keys())
def test_a_bad_head_is_400_in_words_and_the_end(server, head, why):
    box = server("-v")
    connection = box.connect()
    connection.send(head)
    answer = connection.answer()
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert answer.body == why + "\n"
    assert connection.ended()
    box.err.expect(f"^hale: a probe cannot be read: {re.escape(why)}$")


def test_without_verbose_a_bad_head_is_no_line_of_the_log(server):
    box = server()
    for head, _ in BAD_HEADS.values():
        assert box.connect().send(head).answer().status == 400
    box.signal(9)
    assert not [line for line in box.err.rest() if "probes know only" not in line]


@pytest.mark.parametrize("version", ["2.0", "3.0", "0.9"])
def test_another_http_version_is_505(server, version):
    connection = server().connect()
    answer = connection.ask("/livez", version=version)
    assert (answer.status, answer.reason) == (505, "HTTP Version Not Supported")
    assert connection.ended()


def test_verbose_says_why_a_client_by_http_2_is_cut_off(server):
    box = server("-v")
    ping = bytes([0, 0, 8, 6, 0, 0, 0, 0, 0]) + bytes(8)   # where SETTINGS must come first
    box.connect().send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + ping)
    box.err.expect("an HTTP/2 client is cut off: PROTOCOL_ERROR$")


def head_of(length):
    start = "GET /livez HTTP/1.1\r\nHost: x\r\nA: "
    return start + "x" * (length - len(start) - 4) + "\r\n\r\n"


@pytest.mark.parametrize("length, status", [
    (HEAD_MAX - 1, 200), (HEAD_MAX, 200), (HEAD_MAX + 1, 431), (10 * HEAD_MAX, 431)])
def test_a_head_has_its_bound(server, length, status):
    connection = server().connect()
    connection.send(head_of(length))
    answer = connection.answer()
    assert answer.status == status
    assert ("connection" in answer.headers) == (status == 431)
    if status == 431:
        assert answer.body == f"the request's head is longer than {HEAD_MAX} bytes\n"


def test_the_readme_names_the_longest_head():
    assert f"heads up to {HEAD_MAX // 1024} KiB" in (TOP / "README.md").read_text()


def test_the_cookies_of_a_single_sign_on_proxy_close_nothing_off(server):
    connection = server().connect()
    cookies = "; ".join(f"session_{n}={'x' * 4000}" for n in range(3))
    assert connection.ask("/status", headers=f"Cookie: {cookies}\r\n").status == 200


def test_a_head_without_end_is_431_and_its_sender_can_read_that(server):
    connection = server().connect()
    connection.send("GET /livez HTTP/1.1\r\n")
    with contextlib.suppress(ConnectionError):
        for _ in range(2000):  # far more than the socket buffers hold
            connection.send("A: " + "x" * 1000 + "\r\n")
    assert connection.answer().status == 431


# --- connections -----------------------------------------------------------------

def test_keep_alive_serves_many_requests_on_one_connection(server):
    box = server()
    connection = box.connect()
    for n in range(500):
        answer = connection.ask(VERDICTS[n % len(VERDICTS)])
        assert (answer.status, "connection" in answer.headers) == (200, False)


@pytest.mark.parametrize("version, headers, stays", [
    ("1.1", "", True), ("1.1", "Connection: close\r\n", False),
    ("1.1", "Connection: Keep-Alive, CLOSE\r\n", False), ("1.0", "", False),
    ("1.0", "Connection: keep-alive\r\n", True), ("1.0", "Connection: close\r\n", False)])
def test_the_connection_stays_or_ends_as_asked(server, version, headers, stays):
    connection = server().connect()
    answer = connection.ask(headers=headers, version=version)
    assert answer.status == 200
    if stays:
        assert connection.ask(headers=headers, version=version).status == 200
    else:
        assert answer.headers["connection"] == "close"
        assert connection.ended()


def test_a_head_that_differs_from_the_last_in_one_byte_means_what_it_says(server):
    box = server()
    client = box.connect()
    for _ in range(3):
        assert client.ask("/livez").status == 200
        assert client.ask("/livey").status == 404
        assert client.ask("/livez", "HEAD").body == ""
        assert client.ask("/livez", "GET", "X: 1\r\n").body == "ok"
        assert client.ask("/livez", "GET", "\x01: 1\r\n").status == 400
        assert client.answer() is None
        client = box.connect()


def test_a_head_like_the_last_is_answered_from_what_came_with_it(server):
    box = server()
    client, head = box.connect(), "GET /livez HTTP/1.1\r\nHost: x\r\n"
    client.send(head + "\r\n")
    assert client.answer().body == "ok"
    client.send(head + "\r\n" + head.replace("livez", "readyz?verbose") + "\r\n")
    assert client.answer().body == "ok"
    assert client.answer().body.endswith("readyz check passed\n")
    client.send(head)
    client.send("Connection: close\r\n\r\n")
    assert client.answer().headers["connection"] == "close"
    assert client.answer() is None


def test_pipelined_requests_are_answered_in_order(server):
    connection = server().connect()
    paths = ["/livez", "/nothing", "/status", "/readyz?verbose"] * 20
    connection.send("".join(f"GET {p} HTTP/1.1\r\nHost: x\r\n\r\n" for p in paths))
    got = [connection.answer() for _ in paths]
    assert [a.status for a in got] == [200, 404, 200, 200] * 20
    assert all("state" in got[n].json() for n in range(2, len(got), 4))


def test_what_is_pipelined_behind_a_close_is_not_answered(server):
    connection = server().connect()
    connection.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                    "GET /status HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.answer().body == "ok"
    assert connection.answer() is None


def test_a_request_may_come_byte_by_byte(server):
    connection = server().connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n":
        connection.send(bytes([byte]))
    assert connection.answer().status == 200


PROXY_1 = b"PROXY TCP4 10.0.0.1 10.0.0.2 40000 8080\r\n"
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n"
PROXY_HEADERS = {
    "version 1": PROXY_1, "version 1, unknown": b"PROXY UNKNOWN\r\n",
    "version 2, local": PROXY_2 + b"\x20\0\0\0",
    "version 2": PROXY_2 + b"\x21\x11\0\x0c" + bytes(12),
    "version 2, as long as may be": PROXY_2 + b"\x21\x11\x07\xf0" + bytes(2032),
}


@pytest.mark.parametrize("header", PROXY_HEADERS.values(), ids=PROXY_HEADERS.keys())
def test_a_proxy_header_ahead_of_a_connections_first_request_is_passed_over(server, header):
    box = server()
    connection = box.connect().send(header)
    assert connection.ask("/livez").body == "ok"
    assert connection.ask("/readyz").body == "ok"
    connection = box.connect().send(header + head_of(HEAD_MAX).encode())
    assert connection.answer().body == "ok"
    connection = box.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in header[:200]:
        connection.send(bytes([byte]))
    assert connection.send(header[200:]).ask("/livez").body == "ok"


def test_a_proxy_header_and_a_close_are_no_request(server):
    box = server("-v")
    before = box.status()["requests"]
    for header in PROXY_HEADERS.values():
        box.connect().send(header).close()
        box.connect().send(header[:10]).reset()
    assert box.status()["requests"] == before + 1
    box.signal(9)
    assert not [line for line in box.err.rest() if "a probe" in line]


def test_a_proxy_header_behind_the_first_request_is_400(server):
    connection = server().connect()
    assert connection.ask().status == 200
    assert connection.send(PROXY_1).answer().status == 400
    assert connection.ended()


def test_lines_may_end_in_lf_alone(server):
    connection = server().connect()
    connection.send("GET /livez HTTP/1.1\nHost: x\n\n")
    assert connection.answer().status == 200


def test_a_client_that_shuts_its_side_down_gets_its_answer(server):
    connection = server().connect()
    connection.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    connection.sock.shutdown(socket.SHUT_WR)
    assert connection.answer().body == "ok"
    assert connection.ended()


def test_clients_that_reset_or_leave_do_no_harm(server):
    box = server()
    for sent in ("", "G", "GET /livez HTTP/1.1\r\n", "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"):
        for leave in (Connection.reset, Connection.close):
            for _ in range(20):
                leave(box.connect().send(sent))
    assert box.get().status == 200


def test_a_client_that_never_reads_is_no_obstacle(server):
    box = server()
    deaf = box.connect()
    deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    fill_socket(deaf.sock, b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n")
    assert box.get().status == 200


def test_a_client_that_reads_late_gets_every_answer_whole(server):
    box = server()
    late = box.connect()
    request = b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n"
    sent, rest = fill_socket(late.sock, request)
    assert sent > 1000
    rest_of_last = threading.Thread(target=late.sock.sendall, args=[rest])
    rest_of_last.start()
    for _ in range(sent + bool(rest)):
        assert late.answer().json()["state"] == "running"
    rest_of_last.join()


def test_an_answer_is_one_segment_with_its_length(server):
    """A prober that reads once has all of it."""
    box = server()
    for path in ("/livez", "/status", "/readyz?verbose", "/nothing"):
        connection = box.connect()
        connection.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = connection.sock.recv(65536).partition(b"\r\n\r\n")
        assert int(re.search(rb"Content-Length: (\d+)", head)[1]) == len(body) > 0


# --- slow and idle clients ---------------------------------------------------------

def drip(connection, data):
    """A byte whenever nothing comes back for a tenth of a second, up to the end."""
    for byte in data:
        if select.select([connection.sock], [], [], 0.1)[0]:
            break
        connection.send(bytes([byte]))
    return connection.ended()


def test_a_slow_head_is_cut_at_an_absolute_deadline(server):
    box = server()
    start = time.monotonic()
    slow = box.connect().send("GET /livez HTTP/1.1\r\n")
    half = box.connect().send("GET /livez HTTP/1.1\r\nHost: x\r\n")
    behind = box.connect()
    assert behind.ask().status == 200
    behind.send("G")
    assert drip(slow, b"A: " + b"x" * 1000)  # each byte in time, the head never
    assert time.monotonic() - start >= HEAD_S - 0.1
    assert half.ended() and behind.ended()
    assert box.get().status == 200


def test_the_oldest_idle_connection_makes_room_for_a_newcomer(server):
    box = server()
    held = [box.connect() for _ in range(CONNECTIONS)]
    for connection in held:
        assert connection.ask().status == 200
    held[0].ask()  # the oldest by now is the second
    assert box.get().status == 200
    assert held[1].ended()
    assert [c.ask().status for c in held[:1] + held[2:]] == [200] * (CONNECTIONS - 1)


def test_idle_connections_make_room_before_one_that_is_asking(server):
    box = server()
    asking = box.connect()
    asking.send("GET /livez HTTP/1.1\r\n")
    for _ in range(3 * CONNECTIONS):
        connection = box.connect()
        assert connection.ask().status == 200
    asking.send("Host: x\r\n\r\n")
    assert asking.answer().status == 200


def test_a_newcomer_that_has_not_asked_yet_is_not_the_first_to_go(server, tmp_path):
    """Between its connect() and its request hale may accept and go on."""
    path = f"{tmp_path}/probe"
    box = server(listen=[*LISTEN, "--listen", f"unix:{path}"])
    slow = [box.connect().send("GET /livez HTTP/1.1\r\n") for _ in range(CONNECTIONS)]
    until(lambda: open_fds(box) == OWN_FDS + 1 + CONNECTIONS, "they are accepted")
    newcomer = unix(path)
    assert slow[0].ended()
    assert [box.get().status for _ in range(CONNECTIONS // 2)] == [200] * (CONNECTIONS // 2)
    assert newcomer.ask().status == 200


def test_the_time_for_a_head_runs_from_the_connection_on(server, tmp_path):
    """Not from its first byte: else there were twice the time."""
    path = f"{tmp_path}/probe"
    server(listen=["--listen", f"unix:{path}"])
    first = unix(path)
    assert not select.select([first.sock], [], [], HEAD_S / 2)[0]
    second = unix(path)
    second.send("GET /livez HTTP/1.1\r\n")
    first.send("GET /livez HTTP/1.1\r\n")
    ended, _, _ = select.select([first.sock, second.sock], [], [], 3 * HEAD_S)
    assert ended == [first.sock]
    assert first.ended()


def test_at_most_64_connections_are_held(server):
    box = server()
    held = []
    for _ in range(3 * CONNECTIONS):
        held.append(box.connect())
        assert held[-1].ask().status == 200
    assert open_fds(box) == OWN_FDS + CONNECTIONS


def open_fds(box):
    return len(os.listdir(f"/proc/{box.pid}/fd"))


@pytest.fixture
def a_thousand():
    """1,000, or fewer where this process may not have so many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))
    yield min(1000, limit - 100)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("sent", ["", "GET /livez HTTP/1.1\r\nX: "], ids=["idle", "slow"])
def test_with_a_thousand_connections_held_open_every_probe_is_answered(server, a_thousand, sent):
    box = server()
    held = [box.connect().send(sent) for _ in range(a_thousand)]
    until(lambda: open_fds(box) == OWN_FDS + CONNECTIONS, "they are accepted")
    for n in range(200):
        for connection in held[n::200]:  # the slow ones go on
            with contextlib.suppress(ConnectionError):
                connection.send("x" if sent else "")
        assert box.get(VERDICTS[n % len(VERDICTS)]).status == 200
    assert open_fds(box) <= OWN_FDS + CONNECTIONS
    for connection in held:
        connection.close()


def test_under_a_flood_of_slow_connections_probes_and_checks_are_answered(server):
    box = server()
    over = threading.Event()

    def flood():
        """At most 5,000 connections, 200 at a time."""
        held = collections.deque()
        for _ in range(5000):
            if over.is_set():
                break
            with contextlib.suppress(ConnectionError):
                held.append(box.connect().send("GET /livez HTTP/1.1\r\n"))
            if len(held) > 200:
                held.popleft().reset()
        for connection in held:
            connection.close()

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        until(lambda: open_fds(box) == OWN_FDS + CONNECTIONS, "the table is full")
        for _ in range(30):
            assert box.get().status == 200
            assert box.run(HALE, "check").returncode == 0
    finally:
        over.set()
        thread.join()


def test_probes_of_many_threads_at_once_are_all_answered(server):
    box = server()
    failed = []

    def probe():
        try:
            for _ in range(50):
                assert box.get().status == 200
        except Exception as error:  # told by the test's thread
            failed.append(error)

    threads = [threading.Thread(target=probe) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_with_few_descriptors_idle_connections_make_room_as_well(server):
    box = server(nofile=OWN_FDS + 3)
    held = [box.connect().send("G") for _ in range(20)]
    for _ in range(20):
        assert box.get().status == 200
    for connection in held:
        connection.close()
    assert box.get().status == 200


def set_nofile(box, limit):
    resource.prlimit(box.pid, resource.RLIMIT_NOFILE, (limit, resource.getrlimit(
        resource.RLIMIT_NOFILE)[1]))


def test_without_one_free_descriptor_accepting_pauses_and_goes_on_later(server):
    box = server().settled()  # it raises a small limit of its own once
    set_nofile(box, OWN_FDS)
    waiting = box.connect()
    waiting.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    box.err.expect("probes know only whether")
    line = box.err.line()
    assert line.startswith("hale: cannot accept probes for a second: ")
    before = switches(box)
    box.signal(64)  # everything else goes on
    box.out.expect("^got 64 ")
    box.err.line()  # the same, a second later
    assert switches(box) - before < 20  # it did not spin meanwhile
    set_nofile(box, 1024)
    assert waiting.answer().status == 200


def switches(box):
    status = pathlib.Path(f"/proc/{box.pid}/status").read_text()
    return sum(int(n) for n in re.findall(r"ctxt_switches:\t(\d+)", status))


# --- where it listens --------------------------------------------------------------

def test_a_port_alone_is_reached_by_ipv4_and_ipv6(server):
    box = server()
    assert box.get(host="127.0.0.1").status == 200
    assert box.get(host="::1").status == 200


def test_a_port_alone_is_reached_by_both_whatever_the_machines_default(box):
    up = box("/bin/sh", "-c", 'echo 1 >/proc/sys/net/ipv6/bindv6only && exec "$@"', "sh",
             HALE, *LISTEN, *svc("say up pause"))
    up.out.expect("^up$")
    assert [up.get(host=host).status for host in ("127.0.0.1", "::1")] == [200, 200]


@pytest.mark.parametrize("address, host, other", [
    ("127.0.0.1:8080", "127.0.0.1", "::1"), ("[::1]:8080", "::1", "127.0.0.1"),
    ("0.0.0.0:8080", "127.0.0.1", "::1"), ("127.0.0.2:8080", "127.0.0.2", "127.0.0.1")])
def test_an_address_is_the_only_one_that_is_listened_on(server, address, host, other):
    box = server(listen=["--listen", address])
    assert box.get(host=host).status == 200
    with pytest.raises(ConnectionRefusedError):
        box.get(host=other)
    assert box.get("/status", host=host).json()["listen"] == [address]


def test_every_listener_of_several_answers(server, tmp_path):
    box = server(listen=["--listen", "8080", "--listen", "127.0.0.1:9090", "--listen",
                         f"unix:{tmp_path}/probe"])
    assert box.get().status == 200
    assert box.get(port=9090).status == 200
    assert unix(f"{tmp_path}/probe").ask().status == 200


def unix(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(15)
    sock.connect(path)
    return Connection(sock)


def test_without_listen_no_port_is_open(server):
    box = server(listen=[]).settled()
    links = [os.readlink(f"/proc/{box.pid}/fd/{n}") for n in os.listdir(f"/proc/{box.pid}/fd")]
    assert sum("socket" in link for link in links) == 1  # the local one
    with box.net(), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 8080))


def test_a_unix_path_is_open_to_any_user(server, tmp_path):
    path = tmp_path / "probe"
    server(listen=["--listen", f"unix:{path}"])
    assert path.stat().st_mode & 0o777 == 0o666
    assert unix(str(path)).ask("/readyz").status == 200


def test_a_unix_path_is_removed_when_hale_ends(hale, tmp_path):
    path = tmp_path / "probe"
    box = hale("--listen", f"unix:{path}", "say up read exit 3")
    box.out.expect("^up$")
    assert path.exists()
    box.tell("end")
    assert box.code() == 3
    assert not path.exists()


def test_a_unix_path_that_a_dead_hale_left_is_taken_over(server, tmp_path):
    path = tmp_path / "probe"
    killed = server(listen=["--listen", f"unix:{path}"])
    killed.signal(9)
    assert killed.code() == 137
    assert path.exists()
    server(listen=["--listen", f"unix:{path}"])
    assert unix(str(path)).ask().status == 200


def refused(box):
    """The one line of a hale that could not listen; the service was not started."""
    code, out, err = box.end()
    assert (code, out, len(err)) == (1, [], 1), err
    return err[0]


def test_a_unix_path_that_somebody_serves_is_not_taken_away(hale, tmp_path):
    path = str(tmp_path / "probe")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        line = refused(hale("--listen", f"unix:{path}", "say started"))
        assert line.startswith(f"hale: cannot listen on unix:{path}: ")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)


def test_a_plain_file_is_not_removed_for_a_unix_path(hale, tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    refused(hale("--listen", f"unix:{path}", "say started"))
    assert path.read_text() == "data"


@pytest.mark.parametrize("first, second, named", [
    ("8080", "8080", r"\[::\]:8080"), ("127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8080"),
    ("0.0.0.0:8080", "8080", r"\[::\]:8080")])
def test_a_port_in_use_is_one_line_and_exit_1_before_the_service_starts(hale, first, second,
                                                                        named):
    line = refused(hale("--listen", first, "--listen", second, "say started"))
    assert re.fullmatch(f"hale: cannot listen on {named}: .*in use.*", line)


def test_a_port_that_this_user_may_not_have_is_one_line(hale):
    line = refused(hale("--listen", "80", "say started", uid=65532))
    assert re.fullmatch(r"hale: cannot listen on \[::\]:80: .*(denied|permitted).*", line)


def test_an_address_that_this_machine_does_not_have_is_one_line(hale):
    line = refused(hale("--listen", "192.0.2.1:8080", "say started"))
    assert "192.0.2.1:8080" in line


def test_a_unix_path_in_no_directory_is_one_line(hale):
    refused(hale("--listen", "unix:/no/such/directory/probe", "say started"))


SYS_SOCKET = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
AF_INET6, EAFNOSUPPORT = 10, 97
NO_IPV6 = [f"{SYS_SOCKET}:{AF_INET6}:{EAFNOSUPPORT}"]


def test_where_there_is_no_ipv6_a_port_alone_is_listened_on_by_ipv4(server):
    box = server(refuse=NO_IPV6)
    assert box.get(host="127.0.0.1").status == 200
    assert box.status()["listen"] == ["0.0.0.0:8080"]


def test_where_there_is_no_ipv6_an_address_that_needs_it_is_one_line(hale):
    assert "[::1]:8080" in refused(hale("--listen", "[::1]:8080", "say started", refuse=NO_IPV6))


# --- through the life of the service -------------------------------------------------

def test_probes_are_answered_from_the_services_first_instruction_on(hale):
    box = hale(*LISTEN, "say up pause")
    box.out.expect("^up$")
    assert box.get("/readyz").status == 200


def test_a_stopped_service_keeps_no_prober_waiting(hale):
    box = hale(*LISTEN, "ids say up pause")
    pid = box.out.expect(r"pid=(\d+)")[1]
    box.out.expect("^up$")
    box.signal(20)
    until(lambda: box.state(pid) == "T", "the service is stopped")
    assert box.get("/livez").status == 200


def test_probes_while_lingering_say_that_the_service_has_ended(hale):
    box = hale(*LISTEN, "--linger", "1h", "fork { ignore 15 say ready pause } read exit 5")
    box.out.expect("^ready$")
    box.tell("end")
    until(lambda: box.get("/livez").status == 503, "the service has ended")
    assert "has ended" in box.get("/livez").body
    assert box.get("/startupz").status == 503
    box.signal(15)  # takes no time from what lingers
    for _ in range(2):  # the first may be answered in the turn that reads the signal
        assert "has ended" in box.get("/livez").body
    box.signal(15)
    box.signal(2)  # the second stop ends the linger
    assert box.code() == 5


def test_clients_that_are_connected_do_not_delay_the_end(hale):
    box = hale(*LISTEN, "say up read exit 3")
    box.out.expect("^up$")
    held = [box.connect().send("GET ") for _ in range(10)]
    box.tell("end")
    assert box.code() == 3
    assert all(connection.ended() for connection in held)
