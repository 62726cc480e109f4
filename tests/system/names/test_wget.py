# SPDX-License-Identifier: MIT
"""hale called wget beside GNU's wget and busybox'.

One table runs over all three: exit code, stdout and the files that are left. The code is
GNU's, and busybox' is 0 where that is 0, else 1; where one of the three differs, the row
says so, and why.
"""
import shutil
import ssl
import subprocess

import pytest

import harness
import httpd
import pki
import tls_servers

LIMIT = 30   # seconds for one command
PAGE = b"hello\n"
TEN = b"0123456789"


def say(status, *fields, body=PAGE):
    return lambda connection, request: connection.answer(body, status, *fields)


def redirect(to, status="302 Found"):
    return say(status, "Location: " + to, body=b"moved\n")


def echo(connection, request):
    connection.answer(request.line.encode() + b"\n" + request.body)


def fields(connection, request):
    connection.answer("".join(f"{name}: {value}\n" for name, value in request.fields
                              if name.startswith("X-") or value == "me").encode())


def only_get(status):
    def answer(connection, request):
        connection.answer(*((b"", status) if request.method == "HEAD" else (PAGE,)))
    return answer


def then(data, end):
    def answer(connection, _):
        connection.send(data)
        getattr(connection, end)()
    return answer


def ranges(connection, request):
    first = int((request.field("Range") or "bytes=0-")[6:-1])
    if first >= len(TEN):
        return connection.answer(b"", "416 Range Not Satisfiable", "Content-Range: bytes */10")
    status = "206 Partial Content" if first else "200 OK"
    return connection.answer(TEN[first:], status, f"Content-Range: bytes {first}-9/10")


def whole(connection, _):
    """Whatever range is asked for."""
    connection.answer(TEN)


def broken(connection, _):
    """The first time it breaks off in the body."""
    connection.server.turn = getattr(connection.server, "turn", 0) + 1
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
                    + TEN[:4 if connection.server.turn == 1 else 10])
    connection.close()


def flaky(connection, _):
    """Each first time it breaks off."""
    connection.server.turn = getattr(connection.server, "turn", 0) + 1
    if connection.server.turn % 2:
        connection.close()
    else:
        connection.answer(PAGE)


SOME = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome"
SCRIPTS = {
    "/": say("200 OK"), "/ok": say("200 OK", "X-Is: here"), "/d/": say("200 OK"),
    "/echo": echo, "/fields": fields, "/range": ranges, "/flaky": flaky,
    "/whole": whole, "/broken": broken,
    "/get-405": only_get("405 Method Not Allowed"),
    "/get-501": only_get("501 Not Implemented"),
    "/204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/304": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "/401": say("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'),
    "/404": say("404 Not Found"), "/500": say("500 Internal Server Error"),
    "/503": say("503 Service Unavailable"),
    "/to": redirect("/ok"), "/to-404": redirect("/404"), "/loop": redirect("/loop"),
    "/301": redirect("/echo", "301 Moved Permanently"),
    "/307": redirect("/echo", "307 Temporary Redirect"),
    "/short": then(SOME, "close"), "/nothing": then(b"", "close"),
    "/garbage": then(b"nonsense\r\n\r\n", "close"),
    "/silent": then(b"", "hold"), "/stall": then(SOME, "hold"),
}


class Row:
    """A command line. `files` are there before it. The fields are those of GNU's wget; gnu,
    busybox and hale have those that differ, and why says what for; None: not run."""

    def __init__(self, words, code=0, out=b"", left=(), *, files=None, why=None, **others):
        self.words, self.files, self.why = words.split(), files or {}, why
        self.want = {"code": code, "out": out, "left": {*left}}
        self.others = others
        assert bool(others) == bool(why)

    def wanted(self, who):
        own = self.others.get(who, {})
        if own is None:
            pytest.skip(f"{who}: {self.why}")
        want = {**self.want, **own}
        if who == "busybox" and "code" not in own:
            want["code"] = int(want["code"] != 0)
        want["left"] = {*want["left"], *self.files}
        return want


NO_LONG = "busybox has no such option"
ONLY_1 = {"code": 1}
ABSENT = {"code": 1, "out": b"", "left": ()}
T = "Debian's busybox crashes on -T"
ROWS = {
    # What comes out.
    "-q -O -": Row("-q -O - {url}/ok", out=PAGE),
    "letters joined": Row("-qO- {url}/ok", out=PAGE),
    "a letter's value is the next word": Row("-qO - {url}/ok", out=PAGE),
    "options behind the URL": Row("{url}/ok -q -O -", out=PAGE),
    "no scheme": Row("-qO- 127.0.0.1:{port}/ok", out=PAGE),
    "-O /dev/null": Row("-q -O /dev/null {url}/ok"),
    "-O FILE": Row("-q -O out {url}/ok", left=["out"]),
    "the last -O counts": Row("-q -O a -O b {url}/ok", left=["b"]),
    "-O FILE is overwritten": Row("-q -O out {url}/ok", files={"out": b"old"}),
    "the URL's name": Row("-q {url}/ok", left=["ok"]),
    "a folder's name": Row("-q {url}/d/", left=["index.html"]),
    "no path at all": Row("-q {url}", left=["index.html"]),
    "a query is in the name": Row("-q {url}/ok?a=b", left=["ok?a=b"]),
    "a slash in a query": Row(
        "-q {url}/ok?a=b/c", left=["ok?a=b%2Fc"], hale={"left": ["c"]}, busybox={"left": ["c"]},
        why="hale takes what stands behind the last slash, as busybox does"),
    "a file that is there": Row(
        "-q {url}/ok", files={"ok": b"old"}, left=["ok.1"],
        hale={"code": 3, "left": []}, busybox={"code": 1, "left": []},
        why="GNU counts on; hale refuses, as busybox does"),
    "two URLs": Row("-qO- {url}/ok {url}/d/", out=PAGE + PAGE),
    "two URLs and -O FILE": Row(
        "-q -O out {url}/ok {url}/d/", left=["out"], hale={"code": 2, "left": []},
        why="the others join both in one file"),
    "-P": Row("-q -P sub {url}/ok", left=["sub/ok"], busybox=ABSENT,
              why="busybox does not make the folder"),
    "-c": Row("-q -c {url}/range", files={"range": b"01234"}),
    "-c of what is whole": Row("-q -c {url}/range", files={"range": TEN}, busybox=ONLY_1,
                               why="busybox takes 416 for a failure"),
    "-c of a server without ranges": Row("-q -c {url}/whole", files={"whole": b"01234"}),
    "-nv and -O joined": Row("-nvO- {url}/ok", 1, hale={"code": 2}, busybox=None,
                             why="a wrong command line is 2 in hale; busybox takes both"),
    "-n of a letter that nobody knows": Row(
        "-nx -O- {url}/ok", 1, hale={"code": 2}, busybox=None,
        why="a wrong command line is 2 in hale; busybox takes any letter"),
    "-nv and -nc": Row("-nvc -O- {url}/ok", out=PAGE, busybox=None,
                       why="busybox has no -n of its own"),
    "a folder that is missing": Row("-q -O no/out {url}/ok", 1, hale={"code": 3},
                                    why="GNU's own code for files is 3, but not here"),
    "-O FILE and no page": Row("-q -O out {url}/404", 8, left=["out"], hale={"left": []},
                               busybox={"left": []}, why="GNU leaves an empty file"),
    "-o /dev/null": Row("-o /dev/null -O- {url}/404", 8),
    # Statuses.
    "a redirect": Row("-qO- {url}/to", out=PAGE),
    "a redirect to nothing": Row("-qO- {url}/to-404", 8),
    "too many redirects": Row("-qO- {url}/loop", 8),
    "--max-redirect": Row("--max-redirect=0 -qO- {url}/to", 8, busybox=ABSENT, why=NO_LONG),
    "204": Row("-qO- {url}/204", busybox=None, why="busybox waits for 204's body"),
    "304": Row("-qO- {url}/304", 8),
    "401": Row("-qO- {url}/401", 6),
    "404": Row("-qO- {url}/404", 8),
    "500": Row("-qO- {url}/500", 8),
    "503": Row("-q -O /dev/null {url}/503", 8),
    "the last URL is good": Row(
        "-q {url}/404 {url}/ok", 8, left=["ok"], busybox=ABSENT,
        why="busybox stops at the first failure"),
    "--content-on-error": Row("-qO- --content-on-error {url}/404", 8, PAGE,
                              busybox=ABSENT, why=NO_LONG),
    # --spider.
    "--spider": Row("-q --spider {url}/ok"),
    "--spider and no page": Row("-q --spider {url}/404", 8),
    "--spider of what takes no HEAD": Row(
        "-q --spider {url}/get-405", 8, hale={"code": 0}, busybox={"code": 0},
        why="hale asks with GET and reads no body, as busybox does"),
    "--spider of what knows no HEAD": Row("-q --spider {url}/get-501"),
    "as in a Dockerfile": Row("--no-verbose --tries=1 --spider {url}/ok"),
    "as in many Compose files": Row("-nv -t1 --spider {url}/ok"),
    "the same when it is ill": Row("-nv -t1 --spider {url}/503", 8),
    "--tries and --timeout": Row("-q --tries=1 --timeout=5 --spider {url}/ok", busybox=ABSENT,
                                 why=NO_LONG),
    # What is sent.
    "--post-data": Row("-qO- --post-data=a=b {url}/echo", out=b"POST /echo HTTP/1.1\na=b"),
    "--post-data of 301": Row(
        "-qO- --post-data a=b {url}/301", out=b"GET /echo HTTP/1.1\n",
        busybox={"out": b"POST /echo HTTP/1.1\na=b"}, why="busybox goes on with POST"),
    "--post-data of 307": Row("-qO- --post-data a=b {url}/307",
                              out=b"POST /echo HTTP/1.1\na=b"),
    "--post-file": Row("-qO- --post-file f {url}/echo", files={"f": b"x\ny\n"},
                       out=b"POST /echo HTTP/1.1\nx\ny\n"),
    "--post-file that is missing": Row("-qO- --post-file f {url}/echo", 3),
    "--method and --body-data": Row(
        "-qO- --method=PUT --body-data=x {url}/echo", out=b"PUT /echo HTTP/1.1\nx",
        busybox=ABSENT, why=NO_LONG),
    "--post-data twice": Row("-qO- --post-data=a --post-data=b {url}/echo",
                             out=b"POST /echo HTTP/1.1\nb", busybox=None,
                             why="busybox joins them"),
    "--post-data and --post-file": Row(
        "-qO- --post-data=a --post-file=f {url}/echo", 1, files={"f": b"b"},
        hale={"code": 2}, busybox=None, why="a wrong command line is 2 in hale; busybox sends"),
    "--body-data without --method": Row(
        "-qO- --body-data=x {url}/echo", 1, hale={"code": 2},
        why="a wrong command line is 2 in hale"),
    "--header": Row("-qO- --header X-A:b --header=X-C:d {url}/fields",
                    out=b"X-A: b\nX-C: d\n"),
    "-U": Row("-qO- -U me {url}/fields", out=b"User-Agent: me\n"),
    "--user-agent": Row("-qO- --user-agent=me {url}/fields", out=b"User-Agent: me\n"),
    "a header that is none": Row("-qO- --header none {url}/fields", 2, busybox={"code": 0},
                                 why="busybox sends anything"),
    "-Y off": Row("-qO- -Y off {url}/ok", out=PAGE),
    "--no-proxy": Row("-qO- --no-proxy {url}/ok", out=PAGE, busybox=ABSENT, why=NO_LONG),
    "-4": Row("-4 -qO- http://localhost:{port}/ok", out=PAGE, busybox=ABSENT, why=NO_LONG),
    "--no-check-certificate": Row("-qO- --no-check-certificate {url}/ok", out=PAGE),
    "what is passed over": Row("-qO- --no-cache --progress=dot -w 1 {url}/ok", out=PAGE,
                               busybox=ABSENT, why=NO_LONG),
    "more that is passed over": Row(
        "-qO- --no-hsts --no-config --no-netrc --waitretry=1 {url}/ok",
        out=PAGE, busybox=ABSENT, why=NO_LONG),
    "tries without an end": Row("-qO- --tries=inf {url}/ok", out=PAGE),
    "0 tries": Row("-qO- -t0 {url}/ok", out=PAGE),
    # What breaks off.
    "refused": Row("-qO- http://127.0.0.1:1/", 4),
    "a name that does not exist": Row("-qO- http://no.such.invalid/", 4),
    "silence": Row("-qO- -t1 -T1 {url}/silent", 4, busybox=None, why=T),
    "a stalled body": Row("-q -t1 -T1 -O out {url}/stall", 4, left=["out"], hale={"left": []},
                          busybox=None, why=T + "; hale never leaves half a file"),
    "the dns, connect and read timeouts": Row(
        "-qO- -t1 --dns-timeout=9 --connect-timeout 9 --read-timeout=1 {url}/silent", 4,
        busybox=ABSENT, why=NO_LONG),
    "an end in the body": Row("-qO- -t1 {url}/short", 4, b"some"),
    "no answer at all": Row("-qO- -t1 {url}/nothing", 4),
    "tried again": Row("-qO- -t2 {url}/flaky", out=PAGE, busybox=ABSENT,
                       why="busybox does not try again"),
    "broken off in the body": Row(
        "-qO- {url}/broken", 0, TEN, hale={"code": 4, "out": TEN[:4]},
        busybox={"code": 1, "out": TEN[:4]},
        why="GNU asks for the rest; hale does not write a byte twice"),
    "broken off in the body of stdout by a name": Row(
        "-q -O /dev/stdout {url}/broken", 0, TEN, hale={"code": 4, "out": TEN[:4]},
        busybox={"code": 1, "out": TEN[:4]},
        why="GNU asks for the rest; hale does not write a byte twice"),
    "broken off on the way to nowhere": Row(
        "-q -O /dev/null {url}/broken", 0, hale={"code": 4}, busybox=ONLY_1,
        why="what is not a plain file is not written twice"),
    "broken off in a file": Row("-q -O out {url}/broken", left=["out"], busybox=ONLY_1,
                                why="busybox does not try again"),
    "not HTTP": Row("-qO- -t1 {url}/garbage", 0, b"nonsense\r\n\r\n", hale=ABSENT, busybox=ABSENT,
                    why="GNU takes it for HTTP/0.9"),
    # The command line.
    "no URL": Row("-q", 1, hale={"code": 2}, why="a wrong command line is 2 in hale"),
    "a scheme that nobody knows": Row("-qO- ftpx://127.0.0.1/", 1),
    "an option that nobody knows": Row("--bogus {url}/ok", 2),
    "tries that are no number": Row("-qO- -t x {url}/ok", 0, PAGE, hale={"code": 2, "out": b""},
                                    why="the others take anything for a number"),
}
TOOLS = {"gnu": ["wget"], "busybox": ["busybox", "wget"]}


@pytest.fixture(name="server", scope="module")
def scripted(tmp_path_factory):
    server = httpd.Server(SCRIPTS, str(tmp_path_factory.mktemp("httpd")))
    yield server
    server.close()


def start(words, server, folder, **options):
    words = [word.format(url=server.url, port=server.port) for word in words]
    return subprocess.run(words, cwd=folder, capture_output=True, timeout=LIMIT, check=False,
                          stdin=subprocess.DEVNULL,
                          env={"PATH": harness.PATH, "HOME": str(folder)}, **options)


@pytest.mark.parametrize("who", ["gnu", "busybox", "hale"])
@pytest.mark.parametrize("name", ROWS)
def test_wget_ends_with_the_code_the_output_and_the_files_of_the_table(
        name, who, named, server, tmp_path):
    row, program = ROWS[name], TOOLS.get(who) or [named("wget")]
    if not shutil.which(program[0]):
        pytest.skip(f"there is no {program[0]}: scripts/bootstrap test")
    want = row.wanted(who)
    server.turn = 0
    folder = tmp_path / "here"
    folder.mkdir()
    for file, content in row.files.items():
        (folder / file).write_bytes(content)
    done = start([*program, *row.words], server, folder)
    left = {str(path.relative_to(folder)) for path in folder.rglob("*")
            if path.is_file() and path.name != ".wget-hsts"}
    assert {"code": done.returncode, "out": done.stdout, "left": left} == want, done.stderr


@pytest.fixture(name="wget")
def by_name(named, server, tmp_path):
    def run(line):
        done = start([named("wget"), *line.split()], server, tmp_path)
        return done.returncode, done.stdout.decode(), done.stderr.decode()
    return run


def test_a_file_goes_on_where_it_ends(wget, tmp_path):
    (tmp_path / "range").write_bytes(b"01234")
    assert wget("-qc {url}/range") == (0, "", "")
    assert (tmp_path / "range").read_bytes() == TEN


@pytest.mark.parametrize("there", [b"", b"01", TEN])
def test_a_file_begins_anew_if_the_server_knows_no_ranges(there, wget, tmp_path):
    (tmp_path / "whole").write_bytes(there)
    assert wget("-qc {url}/whole") == (0, "", "")
    assert (tmp_path / "whole").read_bytes() == TEN


def test_a_file_that_broke_off_begins_anew_or_goes_on(wget, server, tmp_path):
    for line, there in (("-q -O out {url}/broken", None), ("-qc -O out {url}/broken", b"")):
        server.turn = 0
        if there is not None:
            (tmp_path / "out").write_bytes(there)
        assert wget(line)[0] == 0
        assert (tmp_path / "out").read_bytes() == TEN


def test_a_failure_is_one_line_even_with_q(wget):
    assert wget("-q --spider {url}/404") \
        == (8, "", "wget: server returned error: HTTP/1.1 404 Not Found\n")
    code, out, err = wget("-qO- http://127.0.0.1:1/")
    assert (code, out, err.count("\n")) == (4, "", 1)
    assert err.startswith("wget: ") and err.endswith("Connection refused\n")


def test_success_is_silent(wget):
    assert wget("--spider {url}/ok") == (0, "", "")


def test_the_heads_are_shown_indented(wget):
    code, out, err = wget("-q -S -O /dev/null {url}/to")
    assert (code, out) == (0, "")
    assert err.startswith("  HTTP/1.1 302 Found\n  Content-Length: 6\n  Location: /ok\n")
    assert "  HTTP/1.1 200 OK\n" in err and "  X-Is: here\n" in err


def test_an_unknown_word_is_named_in_one_line(wget):
    for word in ("--bogus", "-r", "-i", "--mirror", "--use-askpass=x"):
        code, out, err = wget(word + " {url}/ok")
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert word.partition("=")[0] in err


def test_a_refused_connection_is_not_tried_again_unless_asked(wget):
    assert "Will retry" not in wget("-t3 -qO- http://127.0.0.1:1/")[2]
    assert "Will retry" in wget("-t2 --retry-connrefused -qO- http://127.0.0.1:1/")[2]


def test_an_unverified_certificate_is_loud(wget):
    assert "NOT verified" in wget("-qO- --no-check-certificate {url}/ok")[2]


def test_version_says_that_it_is_hale(wget):
    code, out, err = wget("--version")
    assert (code, err) == (0, "") and "hale" in out


def test_hale_says_that_it_is_hale_to_servers(named, tmp_path):
    with_agent = httpd.Server({"/": lambda c, r: c.answer(r.field("User-Agent").encode())},
                              str(tmp_path))
    try:
        assert start([named("wget"), "-qO-", "{url}"], with_agent, tmp_path) \
            .stdout.startswith(b"hale/")
    finally:
        with_agent.close()


@pytest.fixture(name="secure", scope="module")
def secure_server(tmp_path_factory):
    """A server with TLS for localhost, and the file of its root."""
    root = pki.root()
    cert = pki.leaf(root, "DNS:localhost")
    server = httpd.Server(SCRIPTS, str(tmp_path_factory.mktemp("httpsd")),
                          tls_servers.context(pki.put(cert), cert.key.file,
                                              high=ssl.TLSVersion.TLSv1_3))
    yield server, root.file
    server.close()


# Debian's busybox speaks no TLS of its own.
@pytest.mark.parametrize("who", ["gnu", "hale"])
@pytest.mark.parametrize("line, code", [
    ("-qO- https://localhost:{port}/ok", 5),
    ("-qO- --ca-certificate={root} https://localhost:{port}/ok", 0),
    ("-qO- --ca-certificate={root} {url}/ok", 5),
    ("-qO- --no-check-certificate {url}/ok", 0),
    ("-q --spider --ca-certificate {root} https://localhost:{port}/404", 8),
])
def test_a_certificate_that_is_not_accepted_is_5(line, code, who, named, secure, tmp_path):
    server, root = secure
    program = "wget" if who == "gnu" else named("wget")
    done = start([program, *line.replace("{root}", root).split()], server, tmp_path)
    assert (done.returncode, done.stdout) == (code, b"" if code else PAGE)
