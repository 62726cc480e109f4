"""Servers that lie, stall, drip and break off: always an error by the deadline,
never a crash, a hang, or a file that looks whole."""
import contextlib
import resource
import subprocess
import time

import pytest

import harness
import httpd

OK_HEAD = b"HTTP/1.1 200 OK\r\n"
LIMIT_S = "1"


def for_ever(first, again):
    def answer(connection, request):
        connection.send(first)
        with contextlib.suppress(OSError):
            while True:
                connection.send(again)
        connection.close()
    return answer


def drip(data):
    """A byte now and then, as long as somebody listens."""
    def answer(connection, request):
        connection.sock.settimeout(0.05)
        for byte in data:
            with contextlib.suppress(TimeoutError):
                if not connection.sock.recv(1):
                    break
            connection.send(bytes([byte]))
        connection.close()
    return answer


def once(data):
    def answer(connection, request):
        connection.send(data)
        connection.close()
    return answer


def hundred(connection, request):
    count = int(request.target.rpartition("/")[2])
    connection.answer(b"", "302 Found", f"Location: /hundred/{count + 1}")


CHUNKS = OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SCRIPTS = {
    "/headers-for-ever": for_ever(OK_HEAD, b"X-More: and more\r\n" * 100),
    "/header-for-ever": for_ever(OK_HEAD + b"X: ", b"x" * 65536),
    "/status-for-ever": for_ever(b"HTTP/1.1 200 ", b"O" * 65536),
    "/interim-for-ever": for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "/trailers-for-ever": for_ever(CHUNKS + b"1\r\nx\r\n0\r\n", b"T: x\r\n" * 1000),
    "/chunk-line-for-ever": for_ever(CHUNKS + b"1;", b"x" * 65536),
    "/size-for-ever": for_ever(CHUNKS, b"0" * 65536),
    "/body-for-ever": for_ever(OK_HEAD + b"\r\n", b"x" * 65536),
    "/chunks-for-ever": for_ever(CHUNKS, b"1\r\nx\r\n" * 1000),
    "/drip-head": drip(OK_HEAD + b"X: y\r\n" * 1000),
    "/drip-body": drip(OK_HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000),
    "/drip-chunks": drip(CHUNKS + b"1\r\nx\r\n" * 200),
    "/longer-than-told": once(OK_HEAD + b"Content-Length: 5\r\n\r\nhelloEVIL"),
    "/shorter-than-told": once(OK_HEAD + b"Content-Length: 50\r\n\r\nhello"),
    "/far-shorter": once(OK_HEAD + b"Content-Length: 9223372036854775807\r\n\r\nhello"),
    "/over-64-bits": once(OK_HEAD + b"Content-Length: 18446744073709551617\r\n\r\nh"),
    "/minus": once(OK_HEAD + b"Content-Length: -1\r\n\r\nhello"),
    "/plus": once(OK_HEAD + b"Content-Length: +5\r\n\r\nhello"),
    "/hex": once(OK_HEAD + b"Content-Length: 0x5\r\n\r\nhello"),
    "/two-lengths": once(OK_HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    "/nul": once(OK_HEAD + b"X: a\0b\r\nContent-Length: 5\r\n\r\nhello"),
    "/chunk-minus": once(CHUNKS + b"-1\r\nx\r\n0\r\n\r\n"),
    "/chunk-huge": once(CHUNKS + b"ffffffffffffffff\r\nx\r\n0\r\n\r\n"),
    "/chunk-larger": once(CHUNKS + b"10\r\nx\r\n0\r\n\r\n"),
    "/chunk-no-end": once(CHUNKS + b"1\r\nx\r\n"),
    "/chunk-no-last-line": once(CHUNKS + b"1\r\nx\r\n0\r\n"),
    "/chunk-words": once(CHUNKS + b"one\r\nx\r\n"),
    "/chunk-no-crlf": once(CHUNKS + b"1\r\nxx\r\n0\r\n\r\n"),
    "/status-0": once(b"HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n"),
    "/status-words": once(b"HTTP/1.1 OK 200\r\nContent-Length: 0\r\n\r\n"),
    "/only-status": once(OK_HEAD),
    "/tls": once(b"\x15\x03\x03\x00\x02\x02\x28"),
    "/zeros": once(b"\0" * 5000),
    "/a-space-first": once(b" " + OK_HEAD + b"\r\n"),
    "/hundred/0": hundred,
    **{f"/hundred/{count}": hundred for count in range(1, 101)},
    "/to-itself": once(b"HTTP/1.1 302 Found\r\nLocation: ?\r\nContent-Length: 0\r\n\r\n"),
    "/to-a-long-place": once(b"HTTP/1.1 302 Found\r\nLocation: /" + b"a" * 20000 + b"\r\n\r\n"),
}
# The length counts: what lies behind it was never said to be the body.
WHOLE = {"/longer-than-told"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = httpd.Server(SCRIPTS, tmp_path_factory.mktemp("server"))
    yield made
    made.close()


def bounded():
    """No command needs more address space than this; the stack included. (qemu does.)"""
    if not harness.EMULATED:
        resource.setrlimit(resource.RLIMIT_AS, (64 << 20, 64 << 20))


def run(folder, *words):
    begun = time.monotonic()
    done = subprocess.run([harness.HALE, *map(str, words)], cwd=folder, capture_output=True,
                          timeout=harness.DEADLINE, env={"PATH": harness.PATH},
                          preexec_fn=bounded if box_is_plain() else None)
    assert time.monotonic() - begun < 8
    assert done.returncode >= 0, f"killed by {-done.returncode}: {done.stderr}"
    return done


def box_is_plain():
    with open(harness.HALE, "rb") as binary:  # a sanitizer reserves terabytes
        return b"/ld-linux" not in binary.read(4096)


@pytest.mark.parametrize("path", [path for path in SCRIPTS if not path.startswith("/hundred/")]
                         + ["/hundred/0"])
def test_get_ends_with_an_error_and_no_file(server, tmp_path, path):
    (tmp_path / "old").write_bytes(b"old")
    for name in "new", "old":
        done = run(tmp_path, "get", "-sSL", "-m", LIMIT_S, "-o", name, server.url + path)
        if path in WHOLE:
            assert done.returncode == 0 and (tmp_path / name).read_bytes() == b"hello"
        else:
            assert done.returncode not in (0, 2) and done.stderr.count(b"\n") == 1
            assert (tmp_path / "old").read_bytes() == b"old"
            assert [entry.name for entry in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("path", SCRIPTS)
def test_check_ends_by_its_deadline(server, tmp_path, path):
    done = run(tmp_path, "check", "--timeout", "500ms", "--contains", "never there",
               server.url + path)
    assert done.returncode == 1
    assert done.stdout.count(b"\n") == 1 and done.stdout.isascii() and b"\x1b" not in done.stdout


@pytest.mark.parametrize("heads, code", [(9, 0), (10, 56)])
def test_the_heads_of_one_answer_are_bound_together(tmp_path, heads, code):
    """Each of 30 KiB with what is behind them: 300 KiB are the bound, and no
    time-out is."""
    interim = b"HTTP/1.1 103 Early Hints\r\nX: " + b"x" * (30720 - 33) + b"\r\n\r\n"
    assert len(interim) == 30720
    data = interim * heads + OK_HEAD + b"Content-Length: 5\r\n\r\nhello"
    server = httpd.Server({"/": once(data)}, tmp_path)
    try:
        done = run(tmp_path, "get", "-sS", server.url)
        assert done.returncode == code
        assert (done.stdout == b"hello") if code == 0 else \
            (b"all heads of the answer are longer than 307200 bytes" in done.stderr)
    finally:
        server.close()


def test_interim_heads_for_ever_end_without_a_time_out(server, tmp_path):
    """A proxy's too."""
    server.scripts["CONNECT"] = SCRIPTS["/interim-for-ever"]
    for words in [], ["-p", "-x", server.url.removeprefix("http://")]:
        done = run(tmp_path, "get", "-sS", *words, server.url + "/interim-for-ever")
        assert done.returncode == 56 and b"307200" in done.stderr
    done = run(tmp_path, "check", "--timeout", "20s", server.url + "/interim-for-ever")
    assert done.returncode == 1 and b"307200" in done.stdout


def test_a_head_that_is_too_long_is_named(server, tmp_path):
    done = run(tmp_path, "get", "-sS", server.url + "/header-for-ever")
    assert done.returncode == 56 and b"the answer's head is longer than 65536" in done.stderr
    done = run(tmp_path, "get", "-sS", server.url + "/trailers-for-ever")
    assert done.returncode == 56 and b"longer than 4096 bytes" in done.stderr


EXCHANGES = {
    "length": OK_HEAD + b"Content-Length: 11\r\nX: y\r\n\r\nhello world",
    "chunks": CHUNKS + b"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("end", ["reset", "close"])
@pytest.mark.parametrize("name", EXCHANGES)
def test_an_exchange_cut_at_every_byte_leaves_no_file(tmp_path, name, end):
    """Of n bytes only all of them are a success; a reset may also hit the
    request, which makes no difference."""
    whole = EXCHANGES[name]
    cut = [0]

    def answer(connection, request):
        connection.send(whole[:cut[0]])
        getattr(connection, end)()

    folder = tmp_path / "folder"
    folder.mkdir()
    server = httpd.Server({"/": answer}, tmp_path)
    try:
        for count in range(len(whole)):
            cut[0] = count
            done = run(folder, "get", "-s", "-m", "5", "-o", "out", server.url)
            assert done.returncode in ((52, 56, 18) if end == "close" else (56,)), count
            assert list(folder.iterdir()) == [], count
        cut[0] = len(whole)
        assert end == "reset" or run(folder, "get", "-s", "-o", "out", server.url).returncode == 0
    finally:
        server.close()


@pytest.mark.parametrize("body", ["-d", "-T"])
def test_a_server_that_reads_nothing_does_not_hold_us(tmp_path, body):
    (tmp_path / "large").write_bytes(b"x" * (8 << 20))
    server = httpd.Server({"accept": lambda connection: connection.server.gate.wait(20)}, tmp_path)
    import threading
    server.gate = threading.Event()
    try:
        words = ["-T", "large"] if body == "-T" else ["--data-binary", "@large"]
        assert run(tmp_path, "get", "-s", "-m", LIMIT_S, *words, server.url).returncode == 28
    finally:
        server.gate.set()
        server.close()


def test_an_answer_before_the_end_of_the_request_is_taken(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * (32 << 20))

    def refuse(connection):
        connection.until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno\n")
        connection.hold()

    server = httpd.Server({"accept": refuse}, tmp_path)
    try:
        done = run(tmp_path, "get", "-s", "-m", "5", "-w", "%{http_code}", "-T", "large",
                   server.url + "/x")
        assert (done.returncode, done.stdout) in ((0, b"no\n413"), (28, b"413"))
    finally:
        server.close()
