"""`hale get` beside the real curl: the same words, the same server.

Each case is one command line. Exit code, stdout, the requests that matter and
the files left behind must be those of the newest curl; where hale differs on purpose
the case says so, and how. An older curl runs beside it: where curl has changed, the
case says since when, and what came before.
"""
import os
import re
import subprocess
import urllib.parse

import pytest

import curls
import harness
import httpd

BODY = b"hello from the script\n"
BIG = bytes(range(256)) * 1024          # 256 KiB
LIMIT = 30                              # seconds for one command


def ok(fields=(), body=BODY, status="200 OK"):
    return lambda connection, request: connection.answer(body, status, *fields)


def redirect(to, status="302 Found"):
    def answer(connection, request):
        connection.answer(b"moved\n", status,
                          "Location: " + to.replace("PORT", str(connection.server.port)))
    return answer


def lead(connection, request):
    """Location is what the query says, byte for byte."""
    place = urllib.parse.unquote_to_bytes(request.target.partition("?")[2])
    place = place.replace(b"PORT", str(connection.server.port).encode())
    connection.send(b"HTTP/1.1 302 Found\r\nLocation: " + place +
                    b"\r\nContent-Length: 0\r\n\r\n")


def echo(connection, request):
    text = request.line.encode() + b"\n" + request.body
    connection.answer(text, "200 OK", "Content-Type: text/plain")


def then_close(data):
    def answer(connection, request):
        connection.send(data)
        connection.close()
    return answer


def then_reset(data):
    def answer(connection, request):
        connection.send(data)
        connection.reset()
    return answer


def then_hold(data):
    def answer(connection, request):
        connection.send(data)
        connection.hold()
    return answer


def flaky(failures, status="503 Service Unavailable", *fields):
    """Fails as often as asked, for each client anew."""
    seen = {"count": 0}

    def answer(connection, request):
        seen["count"] += 1
        if seen["count"] % (failures + 1):
            connection.answer(b"not yet\n", status, *fields)
        else:
            connection.answer(BODY)
    return answer


def partial(connection, request):
    """Serves BIG with byte ranges."""
    wanted = request.field("Range")
    if wanted is None:
        return connection.answer(BIG)
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    first, last = int(first), int(last or len(BIG) - 1)
    if first >= len(BIG):
        return connection.answer(b"no such range\n", "416 Range Not Satisfiable",
                                 f"Content-Range: bytes */{len(BIG)}")
    return connection.answer(BIG[first:last + 1], "206 Partial Content",
                             f"Content-Range: bytes {first}-{last}/{len(BIG)}")


def breaks_off(connection, request):
    """BIG from where it is asked; each second answer ends in the middle."""
    first = int((request.field("Range") or "bytes=0-")[6:-1])
    turn = connection.server.turn = getattr(connection.server, "turn", 0) + 1
    if turn % 2 == 0:
        return partial(connection, request)
    status = "206 Partial Content" if first else "200 OK"
    connection.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(BIG) - first}\r\n"
                    f"Content-Range: bytes {first}-{len(BIG) - 1}/{len(BIG)}\r\n\r\n".encode()
                    + BIG[first:first + 5000])
    connection.hold()


def tunnel(connection, request):
    """CONNECT: what the host's name asks for."""
    if request.target.startswith("tunnel."):
        return connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    if request.target.startswith("away."):
        return redirect("http://127.0.0.1:PORT/ok")(connection, request)
    connection.answer(b"no\n", "403 Forbidden")


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"

SCRIPTS = {
    "/": ok(),
    "/ok": ok(["Content-Type: text/plain", "X-Test: yes"]),
    "/empty": ok(body=b""),
    "/big": ok(body=BIG),
    "/echo": echo,
    "/range": partial,
    "/breaks-off": breaks_off,
    "CONNECT": tunnel,
    "/to-nowhere": b"HTTP/1.1 302 Found\r\nLocation:\r\nContent-Length: 0\r\n\r\n",
    "/to-mail": redirect("mailto:x@localhost"),
    "/to-login-elsewhere": redirect("http://you:there@localhost:PORT/echo"),
    "/to-accent": lambda c, r: c.send(b"HTTP/1.1 302 Found\r\nLocation: /echo?\xc3\xa9\r\n"
                                      b"Content-Length: 0\r\n\r\n"),
    "/range-other": ok(["Content-Range: bytes 5-26/27"], status="206 Partial Content"),
    "/range-silent": ok(status="206 Partial Content"),
    "/name.txt": ok(),
    "/dir/deep.bin": ok(body=BIG),
    "/created": ok(status="201 Created"),
    "/nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/same": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 22\r\n\r\n",
    "/400": ok(status="400 Bad Request"),
    "/401": ok(["WWW-Authenticate: Basic realm=x"], status="401 Unauthorized"),
    "/404": ok(status="404 Not Found"),
    "/500": ok(status="500 Internal Server Error"),
    "/d/lead": lead,
    "/to-ok": redirect("/ok"),
    "/to-both": b"HTTP/1.1 302 Found\r\nLocation: /echo\r\nLocation: /ok\r\n"
                b"Content-Length: 0\r\n\r\n",
    "/to-one": b"HTTP/1.1 302 Found\r\nLocation: /ok\r\nLocation: /ok\r\n"
               b"Content-Length: 0\r\n\r\n",
    "/to-relative": redirect("ok?x=1"),
    "/to-full": redirect("http://localhost:PORT/echo"),
    "/to-other": redirect("http://localhost:PORT/echo"),
    "/to-self": redirect("http://127.0.0.1:PORT/echo"),
    "/to-302": redirect("http://127.0.0.1:PORT/302"),
    "/to-302-here": redirect("/302"),
    "/there": redirect("http://localhost:PORT/back"),
    "/back": redirect("http://127.0.0.1:PORT/echo"),
    "/to-no-login": redirect("http://@127.0.0.1:PORT/echo"),
    "/to-login": redirect("http://you:there@127.0.0.1:PORT/echo"),
    "/to-404": redirect("/404"),
    "/to-two": redirect("/to-ok"),
    "/to-spaces": redirect("/echo?a b"),
    "/to-else": redirect("gopherx://localhost/"),
    "/to-bad": redirect("http://local host/"),
    "/301": redirect("/echo", "301 Moved Permanently"),
    "/302": redirect("/echo"),
    "/303": redirect("/echo", "303 See Other"),
    "/307": redirect("/echo", "307 Temporary Redirect"),
    "/308": redirect("/echo", "308 Permanent Redirect"),
    "/300-nowhere": ok(status="300 Multiple Choices"),
    "/loop": redirect("/loop"),
    "/chunked": CHUNKED + b"6\r\nhello \r\n5;x=y\r\nworld\r\n0\r\nTrailer: x\r\n\r\n",
    "/chunk-short": then_close(CHUNKED + b"6\r\nhello "),
    "/chunk-none": then_close(CHUNKED),
    "/chunk-bad": then_close(CHUNKED + b"5\r\nhello\r\nzz\r\n"),
    "/v12": then_close(b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "/v30": then_close(b"HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "/left-http": then_close(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nanother"),
    "/close": then_close(b"HTTP/1.1 200 OK\r\n\r\nuntil the end"),
    "/http10": then_close(b"HTTP/1.0 200 OK\r\n\r\nold"),
    "/short": then_close(LENGTH % 100 + b"only this"),
    "/reset": then_reset(LENGTH % 100 + b"only this"),
    "/reset-head": then_reset(b""),
    "/nothing-at-all": then_close(b""),
    "/garbage": then_close(b"this is not HTTP\r\n\r\n"),
    "/http2": then_close(b"HTTP/2 200\r\n\r\n"),
    "/no-colon": then_close(b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"),
    "/length-bad": then_close(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nx"),
    "/continue": b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH % 2 + b"ok",
    "/hints": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + LENGTH % 2 + b"ok",
    "/bare-lf": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "/stall": then_hold(b""),
    "/stall-body": then_hold(LENGTH % 100 + b"some"),
    "/gzip-coding": then_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: br\r\n\r\nx"),
    "/early-garbage": then_close(b"HTTP/1.1 103 Early Hints\r\n\r\nno HTTP\r\n"),
    "/cr": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\rb\r\n\r\nok",
    "/trailer": CHUNKED + b"2\r\nok\r\n0\r\nA: b\r\n\r\n",
    "/folded": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-F: a\r\n  b\r\n\r\nok",
}


FIELDS = ("code", "stdout", "requests", "files")


class Case:
    """A command line. code is hale's exit code, where it is the point.

    since is the version of curl from which on it does as hale does; before has the
    fields of an older one that are not hale's. ours has the fields of hale that differ
    from those of curl (since then) on purpose, and why says what for. A field is a
    value, or a function that makes it of the other side's. free names the fields that
    nobody can foretell.
    """
    def __init__(self, words, *, files=None, env=None, code=None, stdin=b"",
                 since=None, before=None, ours=None, free=(), why=None):
        self.words = words.split() if isinstance(words, str) else words
        self.files = files or {}    # there at the start
        self.env = env or {}
        self.code = code
        self.stdin = stdin
        self.since = since
        self.before = before or {}
        self.ours = ours or {}
        self.why = why
        self.free = free
        assert bool(ours or free) == bool(why) and (since or not before)


def replaced(old, new):
    """For a field: all of it with new for old, in whatever it holds."""
    def change(field):
        if isinstance(field, bytes):
            return field.replace(old.encode(), new.encode())
        if isinstance(field, str):
            return field.replace(old, new)
        if isinstance(field, dict):
            return {name: change(value) for name, value in field.items()}
        return type(field)(map(change, field))
    return change


def without(name):
    """For requests: the last one without this header."""
    def change(requests):
        *others, (line, fields, body) = requests
        return [*others, (line, [field for field in fields if field[0] != name], body)]
    return change


def with_header(name, value):
    """For requests: the last one with this header, too."""
    def change(requests):
        *others, (line, fields, body) = requests
        return [*others, (line, sorted([*fields, (name, value)]), body)]
    return change


# Where a Location leads from /d/lead, and what curl calls the place.
PLACES = ["x", "./x", "../x", "/x", "?y", "x#f", "/a/../b", "../../../x", ".", "..", "/.", "x/.",
          "/x#a#b", "a b?c d", "x?y=//z", "x%20y", "%zz%2"]
ENCODED = ["\u00e9", "%c3%a9", "/a%2fb?c=%7e", "%7e?%aa", "x?\u00e9", "/x#%aa\u00e9"]
ELSEWHERE = ["//127.0.0.1:PORT/z", "//127.0.0.1:PORT", "http://127.0.0.1:PORT?x",
             "HTTP://127.0.0.1:PORT/", "http://127.0.0.1:PORT/#f", "http://127.0.0.1:PORT#f",
             "http://LOCALHOST:PORT/x"]
NOWHERE = ["http://127.0.0.1:80/", "http://127.0.0.1", "https://127.0.0.1:443/q", "mailto:x",
           "http://[::1]/x", "a:b"]
# What is asked for, and what curl calls it.
ASKED = ["127.0.0.1:{port}", "{url}", "{url}/", "{url}?x", "{url}#f", "{url}/#f", "{url}/x#f",
         "{url}/x#f#g", "127.0.0.1:{port}/x#f", "127.0.0.1:{port}?x#f", "HTTP://127.0.0.1:{port}/",
         "{url}/a/../b", "{url}/./", "127.0.0.1:{port}/a/../b", "{url}/%41", "{url}//x",
         "http://LOCALHOST:{port}/", "http://localhost:0{port}/x",
         "http://[::1]:{port}", "[::1]:{port}", "http://127.0.0.1:/x", "http://127.0.0.1:09"]


def lowered(field):
    """%XX as curl has written a byte until 8.21, in all but what stands there so."""
    return re.sub(rb"%[0-9A-F]{2}", lambda found: found[0].lower(), field)


def lowered_last(requests):
    *others, (line, fields, body) = requests
    return [*others, (lowered(line.encode()).decode(), fields, body)]


def one_request(_):
    return [("GET /ok HTTP/1.1", [("accept", "*/*"), ("host", "127.0.0.1:{port}")], b"")]


LEFT = "curl leaves the part it got, hale never leaves half a file"
CASES = {
    # What comes out.
    "a plain URL": Case("{url}/ok", code=0),
    "no scheme means http": Case("127.0.0.1:{port}/ok", code=0),
    "no path means /": Case("{url}", code=0),
    "an address with a final dot": Case(
        "-s -w %{url_effective} http://127.0.0.1.:{port}/ok", code=0, since="8.21.0",
        before={"code": 6, "stdout": b"http://127.0.0.1.:{port}/ok", "requests": []}),
    "the scheme in capitals": Case("HTTP://127.0.0.1:{port}/ok", code=0),
    "a fragment is not sent": Case("{url}/echo#part", code=0),
    "a query without a path": Case("{url}?a=b", code=0),
    "dots are resolved": Case("{url}/a/../echo", code=0),
    "dots stay with --path-as-is": Case("--path-as-is {url}/a/../ok", code=0),
    "localhost": Case(["-s", "-w", "%{remote_ip}", "http://localhost:{port}/ok"], code=0,
                      since="8.14.1", before={"stdout": replaced("::1", "127.0.0.1")}),
    "a v6 address": Case("http://[::1]:{port}/ok", code=0),
    "-4": Case("-4 http://localhost:{port}/ok", code=0),
    "-6": Case("-6 http://localhost:{port}/ok", code=0),
    "an empty body": Case("{url}/empty", code=0),
    "a large body": Case("{url}/big -o out", code=0),
    "a chunked body": Case("{url}/chunked", code=0),
    "a body to the end": Case("{url}/close", code=0),
    "an HTTP/1.0 answer": Case("{url}/http10", code=0),
    "204 has no body": Case("{url}/nothing", code=0),
    "304 has no body": Case("{url}/same", code=0),
    "100 is skipped": Case("{url}/continue", code=0),
    "103 is skipped": Case("{url}/hints", code=0),
    "bare line feeds": Case("{url}/bare-lf", code=0),
    "a folded field": Case("{url}/folded", code=0),
    "two URLs": Case("{url}/ok {url}/chunked", code=0),
    "--url": Case("--url {url}/ok", code=0),
    "the last URL's code counts": Case("-f -s {url}/404 {url}/ok", code=0),
    "--fail-early": Case("-f -s --fail-early {url}/404 {url}/ok", code=22),
    "-i prints the head": Case("-i {url}/ok", code=0),
    "-i prints each head of -L": Case("-iL {url}/to-two", code=0),
    "-i prints an interim head": Case("-i {url}/hints", code=0),
    "-I asks with HEAD": Case("-I {url}/ok", code=0),
    "-D writes the head": Case("-s -D head {url}/ok", code=0),
    "-D is made anew": Case("-s -D head {url}/ok {url}/404", files={"head": b"old"}, code=0),
    "-D of what cannot be reached": Case("-s -D head http://127.0.0.1:1/",
                                         files={"head": b"old"}, code=7),
    "-D - prints it": Case("-s -D - -o out {url}/ok", code=0),
    "-D with -L writes all": Case("-s -L -D head {url}/to-ok", code=0),
    "-o": Case("-s -o out {url}/ok", code=0),
    "-o of an empty body": Case("-s -o out {url}/empty", code=0),
    "-o replaces": Case("-s -o out {url}/ok", files={"out": b"old and longer than that"},
                        code=0),
    "-o and 304 leaves the old file": Case("-s -o out {url}/same", files={"out": b"old"}, code=0),
    "-o and 304 makes no file": Case("-s -o out {url}/same", code=0),
    "-o empty": Case(["-s", "-o", "", "{url}/ok"], code=2),
    "-o once for each URL": Case("-s -o a -o b {url}/ok {url}/chunked", code=0),
    "-o less often than URLs": Case("-s -o a {url}/ok {url}/chunked", code=0),
    "-ofile in one word": Case("-sofile {url}/ok", code=0),
    "-o -": Case("-s -o - {url}/ok", code=0),
    "-o /dev/null": Case("-s -o /dev/null {url}/ok", code=0),
    "-o with a missing folder": Case("-s -o no/out {url}/ok", code=23),
    "--create-dirs": Case("-s --create-dirs -o a/b/out {url}/ok", code=0),
    "--output-dir": Case("-s --output-dir d -o out {url}/ok", files={"d/x": b""}, code=0),
    "-O": Case("-s -O {url}/dir/deep.bin", code=0),
    "-O drops the query": Case("-s -O {url}/name.txt?x=/y", code=0),
    **{f"-O without a name: {path}": Case(
        ["-s", "-O", "-w", "%{filename_effective}", "{url}" + path], code=0, since="8.14.1",
        before={"code": 23, "stdout": b"", "requests": [], "files": {}})
       for path in ["", "/", "/?x", "/?a/b", "/dir/", "/dir/deep.bin/?q", "/.."]},
    "-O without a name replaces": Case(
        "-s -O {url}/", files={"curl_response": b"old"}, code=0, since="8.14.1",
        before={"code": 23, "requests": [], "files": {"curl_response": b"old"}}),
    "-O twice without a name": Case("-s -OO {url}/ {url}/dir/", code=0, since="8.14.1",
                                    before={"code": 23, "requests": [], "files": {}}),
    "-O without a name in another folder": Case(
        "-s -O --output-dir d {url}/", files={"d/x": b""}, code=0, since="8.14.1",
        before={"code": 23, "requests": [], "files": {"d/x": b""}}),
    "-O keeps %XX": Case("-s -O {url}/a%2fb", code=0, since="8.21.0",
                         before={"requests": replaced("%2F", "%2f")}),
    "-O twice": Case("-sOO {url}/name.txt {url}/dir/deep.bin", code=0),
    "-fsSLo": Case("-fsSLo out {url}/to-ok", code=0),

    # -f and its kin.
    "404 without -f is success": Case("{url}/404", code=0),
    "-f 404": Case("-fsS {url}/404", code=22),
    "-f 400": Case("-fs {url}/400", code=22),
    "-f 401": Case("-fs {url}/401", code=22),
    "-f 500": Case("--fail --silent {url}/500", code=22),
    "-f 200": Case("-f {url}/ok", code=0),
    "-f leaves an old file alone": Case("-fs -o out {url}/404", files={"out": b"old"}, code=22),
    "-f -i shows the head": Case("-fsi {url}/404", code=22),
    "-f after a redirect": Case("-fsL {url}/to-404", code=22),
    "--no-fail takes it back": Case("-f --no-fail {url}/404", code=0),
    "--fail-with-body": Case("-s --fail-with-body {url}/404", code=22),
    "--fail-with-body -o": Case("-s --fail-with-body -o out {url}/404", code=22),

    # -w
    "-w %{http_code}": Case(["-s", "-o", "/dev/null", "-w", "%{http_code}", "{url}/404"], code=0),
    "-w many": Case(["-s", "-w", r"\n%{response_code} %{size_download} %{content_type}\t"
                     "%{num_redirects} %{method} %{scheme} %{http_version} 100%% %{remote_ip}"
                     " %{urlnum} %{exitcode} [%{errormsg}] %{filename_effective}|%{num_headers}",
                     "-o", "out", "{url}/ok"], code=0, since="8.14.1",
                    before={"stdout": replaced(" http ", " HTTP ")}),
    "-w %{http_connect}": Case(["-s", "-p", "-x", "127.0.0.1:{port}", "-w", "%{http_connect}",
                                "http://tunnel.test/ok"], code=0),
    "-w %{http_connect} of a refusal": Case(["-s", "-p", "-x", "127.0.0.1:{port}", "-w",
                                             "%{http_connect}", "http://no.test/ok"], code=7,
                                            since="8.21.0", before={"code": 56}),
    "-w %header{}": Case(["-s", "-w", "%header{X-Test}", "{url}/ok"], code=0),
    "-w after a failure": Case(["-s", "-w", "%{http_code} %{exitcode}", "http://127.0.0.1:1/"],
                               code=7),
    "-w %{redirect_url}": Case(["-s", "-w", "%{redirect_url}", "{url}/to-relative"], code=0),
    "-w %{url_effective}": Case(["-sL", "-w", "%{url_effective} %{num_redirects}",
                                 "{url}/to-two"], code=0),
    **{f"-w %{{redirect_url}} of {place}": Case(
        ["-s", "-w", "%{redirect_url}", "{url}/d/lead?" + urllib.parse.quote(place)])
       for place in PLACES + ELSEWHERE + NOWHERE},
    **{f"-L -w %{{url_effective}} of {place}": Case(
        ["-sL", "-w", "%{url_effective}", "{url}/d/lead?" + urllib.parse.quote(place)])
       for place in PLACES + ELSEWHERE},
    **{f"-w %{{url_effective}} {url}": Case(["-s", "-m", "5", "-w", "%{url_effective}", url])
       for url in ASKED},
    # Bytes in %XX, which curl has written in upper case since 8.21.
    **{f"-w %{{redirect_url}} of {place}": Case(
        ["-s", "-w", "%{redirect_url}", "{url}/d/lead?" + urllib.parse.quote(place)],
        since="8.21.0", before={"stdout": lowered}) for place in ENCODED},
    **{f"-L -w %{{url_effective}} of {place}": Case(
        ["-sL", "-w", "%{url_effective}", "{url}/d/lead?" + urllib.parse.quote(place)],
        since="8.21.0", before={"stdout": lowered, "requests": lowered_last})
       for place in ENCODED if "#" not in place},
    **{f"-w %{{url_effective}} {url}": Case(
        ["-s", "-w", "%{url_effective}", "{url}" + url], since="8.21.0",
        before={"requests": lowered_last}) for url in ["/\u00e9", "/%7e?%7e", "/a%2fb"]},
    "--path-as-is of %2e": Case("-s --path-as-is {url}/a/%2e%2e/b", since="8.21.0",
                                before={"requests": lowered_last}),
    "%XX in a query stays as it is": Case(["-s", "{url}/echo?%aa%Aa\u00e9"], code=0),
    "%XX that is none stays": Case("-s {url}/%zz%2?%", code=0),
    # A login, which curl has left out of both since 8.23.
    **{f"-w %{{redirect_url}} of {place}": Case(
        ["-s", "-w", "%{redirect_url}", "{url}/d/lead?" + place],
        since="8.23.0", before={"stdout": replaced("//127", "//u:p@127")})
       for place in ["http://u:p@127.0.0.1:PORT/", "http://u:p@127.0.0.1"]},
    "-L -w %{url_effective} of http://u:p@127.0.0.1:PORT/": Case(
        ["-sL", "-w", "%{url_effective}", "{url}/d/lead?http://u:p@127.0.0.1:PORT/"],
        since="8.23.0", before={"stdout": replaced("//127", "//u:p@127")}),
    **{f"-w %{{url_effective}} {login}@": Case(
        ["-s", "-w", "%{url_effective}", f"{before}{login}@127.0.0.1:{{port}}/x"],
        since="8.23.0", before={"stdout": replaced("//127", f"//{login}@127")})
       for before, login in [("http://", "u:p"), ("", "u:p"), ("http://", "u"),
                             ("http://", ":p"), ("http://", "u%40:p")]},
    "-L -w %{url_effective} keeps no login": Case(
        ["-sL", "-w", "%{url_effective}", "http://u:p@127.0.0.1:{port}/302"],
        since="8.23.0", before={"stdout": replaced("//127", "//u:p@127")}),
    "-w %{url_effective} of no URL": Case(
        ["-s", "-w", "%{url_effective}", "{url}/a b"], code=3, since="8.23.0",
        before={"stdout": b"{url}/a b"}),
    "-w %{url_effective} --path-as-is": Case(["-s", "--path-as-is", "-w", "%{url_effective}",
                                              "{url}/a/../b"]),
    **{f"-w %{{url_effective}} -G {path}": Case(
        ["-sL", "-G", "-d", "a=b", "-w", "%{url_effective}", "{url}" + path])
       for path in ["/x#f", "/x?y#f", "", "/to-ok"]},
    "-w %{url_effective} -T": Case(["-s", "-T", "in", "-w", "%{url_effective}", "{url}/d/?x"],
                                   files={"in": b"up"}, since="8.14.1",
                                   before={"stdout": replaced("/?x", "/in?x"),
                                           "requests": replaced("/?x", "/in?x")}),
    "-w %{content_type} of the last head": Case(["-sL", "-w", "[%{content_type}]", "{url}/to-ok"]),
    "-w %{method} of any length": Case(["-s", "-X", "M" * 100, "-w", "%{method}", "{url}/ok"]),
    "-w %{size_header} with trailers": Case(["-s", "-w", "%{size_header}", "{url}/trailer"],
                                            since="8.23.0", ours={"stdout": b"ok47"},
                                            why="trailers are no part of a head"),
    "-w %{size_header}": Case(["-s", "-w", "%{size_header}", "{url}/ok"], code=0),
    "-w @file": Case("-s -w @fmt {url}/ok", files={"fmt": b"<%{http_code}>\n"}, code=0),
    "-w without its file": Case("-s -w @nothere {url}/ok", code=26, since="8.14.1",
                                before={"code": 0, "stdout": BODY, "requests": one_request}),
    "-w an unknown variable": Case(["-s", "-w", "a%{nonsense}b", "{url}/ok"], code=0),
    "-w for each URL": Case(["-s", "-w", "%{http_code}\\n", "{url}/ok", "{url}/404"], code=0),

    # Requests.
    "-X": Case("-X DELETE {url}/echo", code=0),
    "-H": Case(["-H", "X-Own: a b", "-H", "Accept: text/plain", "{url}/ok"], code=0),
    "-H Name: leaves ours out": Case(["-H", "Accept:", "-H", "Host:", "{url}/ok"], code=0),
    "-H Name; sends it empty": Case(["-H", "X-Empty;", "{url}/ok"], code=0),
    "-H Host": Case(["-H", "Host: example.com", "{url}/ok"], code=0),
    "-H Host twice": Case(["-H", "Host: a", "-H", "host: b", "{url}/ok"], code=0),
    "-H Host: and then one": Case(["-H", "Host:", "-H", "Host: b", "{url}/ok"], code=0),
    "-H Content-Length: 0 and no body": Case(["-X", "POST", "-H", "Content-Length: 0",
                                              "{url}/ok"], code=0),
    "a zone is not a part of Host": Case("--unix-socket {unix} http://[fe80::1%25eth0]:81/ok",
                                         code=0),
    "a zone is not a part of Host through a proxy": Case(
        "-x 127.0.0.1:{port} http://[fe80::1%25eth0]/ok", code=0, since="8.14.1",
        ours={"requests": replaced("%25eth0", "")},
        why="curl puts the zone into the request's line; it means nothing to the proxy"),
    "-H @file": Case("-H @h {url}/ok", files={"h": b"X-A: 1\r\nX-B: 2\n\n"}, code=0),
    **{f"-H {line!r}": Case(
        ["-s", "-H", line, "{url}/ok"], ours={"requests": one_request},
        why="a blank before the colon makes it another field, or none (RFC 9112, 5.1)")
       for line in [" X: y", "X : y"]},
    "-H Name; with a value is none": Case(["-H", "X;y", "{url}/ok"], code=0),
    "-A": Case("-A me {url}/ok", code=0),
    "-A empty": Case(["-A", "", "{url}/ok"], code=0),
    "-e": Case("-e http://from/ {url}/ok", code=0),
    "-b": Case("-b a=b;c=d {url}/ok", code=0),
    "-b twice": Case("-b a=b -b c=d {url}/ok", code=0, since="8.21.0",
                     before={"requests": replaced("; ", ";")}),
    "-u wins over the URL's login": Case("-u me:secret http://you:x@127.0.0.1:{port}/ok", code=0),
    "-u": Case("-u me:secret {url}/ok", code=0),
    "-u empty": Case(["-u", "", "{url}/ok"], code=0, since="8.21.0",
                     before={"requests": with_header("authorization", "Basic Og==")}),
    "-U empty": Case(["-x", "127.0.0.1:{port}", "-U", "", "http://x.test/ok"], code=0,
                     since="8.21.0",
                     before={"requests": with_header("proxy-authorization", "Basic Og==")}),
    "-u with colons": Case("-u me:a:b {url}/ok", code=0),
    "a login in the URL": Case("http://me:s%40crt@127.0.0.1:{port}/ok", code=0),
    "--oauth2-bearer": Case("--oauth2-bearer tok {url}/ok", code=0),
    "-d": Case("-d a=b {url}/echo", code=0),
    "-d twice": Case("-d a=b --data c=d {url}/echo", code=0),
    "-d empty": Case(["-d", "", "{url}/echo"], code=0),
    "-d @file": Case("-d @in {url}/echo", files={"in": b"a\r\nb\n"}, code=0),
    "-d @-": Case("-d @- {url}/echo", stdin=b"from\nstdin", code=0),
    "--data-binary @file": Case("--data-binary @in {url}/echo",
                                files={"in": b"a\r\nb\n\x00c"}, code=0),
    "--data-raw @": Case("--data-raw @in {url}/echo", code=0),
    "--data-urlencode": Case(["--data-urlencode", "a=b c&d", "--data-urlencode", "=x y",
                              "--data-urlencode", "\u00e9", "{url}/echo"], code=0),
    "--data-urlencode file": Case("--data-urlencode n@in {url}/echo", files={"in": b"a b\n"},
                                  code=0),
    "--json": Case(["--json", '{"a":1}', "{url}/echo"], code=0),
    "--json @file": Case("--json @in {url}/echo", files={"in": b'{"a":\n1}'}, code=0),
    "-d with its own type": Case(["-d", "x", "-H", "Content-Type: text/x", "{url}/echo"], code=0),
    "-d -X PUT": Case("-d x -X PUT {url}/echo", code=0),
    "-G": Case("-G -d a=b -d c=d {url}/echo", code=0),
    "-G with nothing": Case(["-G", "-d", "", "{url}/echo"], code=0),
    "-G with what no URL has": Case(["-s", "-G", "-d", "a b", "{url}/echo"], code=3),
    "-G cannot smuggle a field in": Case(["-s", "-G", "--data-binary", "a\r\nX-Evil: 1",
                                          "{url}/echo"], code=3),
    "-G behind a query": Case("-G -d a=b {url}/echo?x=y", code=0),
    "-T": Case("-T in {url}/echo", files={"in": b"uploaded"}, code=0),
    "-T adds the name": Case("-T in {url}/dir/", files={"in": b"uploaded"}, code=0),
    "-T adds the name where there is no path": Case("-T in {url}", files={"in": b"x"}, code=0),
    "-T adds no name to a query": Case("-T in {url}/dir/?a=b", files={"in": b"x"}, code=0,
                                       since="8.14.1",
                                       before={"requests": replaced("/?a", "/in?a")}),
    "-T adds the name encoded": Case(["-T", "a b\u00e9", "{url}/dir/"],
                                     files={"a b\u00e9": b"x"}, code=0, since="8.21.0",
                                     before={"requests": lowered_last}),
    "-T in chunks": Case(["-T", "in", "-H", "Transfer-Encoding: chunked", "{url}/echo"],
                         files={"in": b"uploaded"}, code=0),
    "-T goes with one URL": Case("-T in {url}/a {url}/echo", files={"in": b"up"}, code=0),
    "-T once for each URL": Case("-T a -T b {url}/x {url}/dir/", files={"a": b"1", "b": b"2"},
                                 code=0),
    "-T more often than URLs": Case("-T a -T nothere {url}/x", files={"a": b"1"}, code=0),
    "-T empty is none": Case(["-T", "", "-T", "b", "{url}/x", "{url}/y"], files={"b": b"2"},
                             code=0),
    "-T and a URL in the query": Case("-T in 127.0.0.1:{port}/dir/?to=http://x/y",
                                      files={"in": b"up"}, code=0, since="8.14.1",
                                      before={"requests": replaced("/?to", "/in?to")}),
    "-T and a URL in the query without a path": Case(
        "-T in 127.0.0.1:{port}?to=http://x/y", files={"in": b"up"}, code=0, since="8.14.1",
        before={"stdout": b"no such script\n", "requests": replaced("/?to", "/in?to")}),
    "-T -H Transfer-Encoding: leaves it out": Case(
        ["-T", "in", "-H", "Transfer-Encoding:", "{url}/x"], files={"in": b"up"}, code=0),
    "-T -H Content-Length as it is": Case(["-T", "in", "-H", "Content-Length: 2", "{url}/x"],
                                          files={"in": b"up"}, code=0),
    "-d -H Transfer-Encoding: leaves it out": Case(
        ["-d", "abc", "-H", "Transfer-Encoding:", "{url}/echo"], code=0),
    "-T -": Case("-T - {url}/echo", stdin=b"streamed", code=0),
    "-T missing ends all": Case("-s -T nothere -T in {url}/x {url}/y", files={"in": b"up"},
                                code=26),
    "-T missing": Case("-s -T nothere {url}/echo", code=26),
    "-r": Case("-s -r 0-9 -o out {url}/range", code=0),
    "-r one number": Case("-s -r 5 {url}/echo", code=0),
    "a path that is no ASCII": Case("{url}/a\u00e9", code=0, since="8.21.0",
                                    before={"requests": lowered_last}),
    "--request-target": Case("--request-target /echo?own {url}/other", code=0),
    "-0": Case("-0 {url}/echo", code=0),

    # Redirects.
    "302 without -L": Case("{url}/302", code=0),
    "-L": Case("-L {url}/to-two", code=0),
    "-L relative": Case("-L {url}/to-relative", code=0),
    "-L to another host": Case("-L {url}/to-full", code=0),
    "-L keeps the login on its host": Case("-L -u me:secret {url}/302", code=0),
    "-L keeps the URL's login": Case("-L http://me:secret@127.0.0.1:{port}/302", code=0),
    "-L drops the URL's login at its own URL": Case(
        "-L http://me:secret@127.0.0.1:{port}/to-self", code=0, since="8.14.1",
        before={"requests": with_header("authorization", "Basic bWU6c2VjcmV0")}),
    "-L drops the URL's login for good": Case(
        "-L http://me:secret@127.0.0.1:{port}/to-302", code=0, since="8.14.1",
        before={"requests": lambda new: [new[0], *(with_header(
            "authorization", "Basic bWU6c2VjcmV0")([request])[0] for request in new[1:])]}),
    "-L drops the URL's login on a way back": Case(
        "-L http://me:secret@127.0.0.1:{port}/there", code=0, since="8.14.1",
        before={"requests": with_header("authorization", "Basic bWU6c2VjcmV0")}),
    "-L keeps -u on a way back": Case("-L -u me:secret {url}/there", code=0),
    "-L keeps -u at its own URL": Case("-L -u me:secret {url}/to-self", code=0),
    "-L keeps the URL's login through two relative places": Case(
        "-L http://me:secret@127.0.0.1:{port}/to-302-here", code=0),
    "--location-trusted drops the URL's login, too": Case(
        "--location-trusted http://me:secret@127.0.0.1:{port}/to-other", code=0,
        since="8.14.1",
        before={"requests": with_header("authorization", "Basic bWU6c2VjcmV0")}),
    "-L takes no empty login of a Location": Case(
        "-L {url}/to-no-login", code=0, since="8.21.0",
        before={"requests": with_header("authorization", "Basic Og==")}),
    "-L drops the URL's login on another": Case(
        "-L http://me:secret@127.0.0.1:{port}/to-other", code=0),
    "-L takes the login of a Location": Case("-L {url}/to-login", code=0),
    "-L drops the login on another": Case("-L -u me:secret {url}/to-other", code=0),
    "-L keeps -b on its host": Case("-L -b a=b {url}/302", code=0),
    "-L with -b to another host": Case("-L -b a=b {url}/to-other", code=0, since="8.21.0",
                                       before={"requests": with_header("cookie", "a=b")}),
    "-L with -e to another host": Case("-L -e http://from/ {url}/to-other", code=0),
    "-L drops Authorization and Cookie": Case(
        ["-L", "-H", "Authorization: x", "-H", "Cookie: a=b", "{url}/to-other"], code=0),
    "--location-trusted keeps them": Case("--location-trusted -u me:secret {url}/to-other",
                                          code=0),
    "-L drops -H Host on another": Case(["-L", "-H", "Host: example.com", "{url}/to-other"],
                                        code=0),
    "-L with spaces": Case("-L {url}/to-spaces", code=0),
    "-L 301 makes GET of POST": Case("-L -d a=b {url}/301", code=0),
    "-L 302 makes GET of POST": Case("-L -d a=b {url}/302", code=0),
    "-L 303 makes GET of POST": Case("-L -d a=b {url}/303", code=0),
    "-L 307 keeps POST": Case("-L -d a=b {url}/307", code=0),
    "-L 308 keeps POST": Case("-L -d a=b {url}/308", code=0),
    "--post301": Case("-L --post301 -d a=b {url}/301", code=0),
    "-X stays in spite of 303": Case("-L -X PUT -d a=b {url}/303", code=0),
    "-I -L stays HEAD": Case("-I -L {url}/302", code=0),
    "-T -L 302 stays PUT": Case("-L -T in {url}/302", files={"in": b"up"}, code=0),
    "-T - cannot be sent twice": Case("-s -L -T - {url}/307", stdin=b"up", code=65,
                                      free=("requests",),
                                      why="curl may find out before the second request"),
    "-T -L 307 is sent twice": Case("-s -L -T in {url}/307", files={"in": b"up"}, code=0),
    "-T -L 303 becomes GET": Case("-L -T in {url}/303", files={"in": b"up"}, code=0),
    "-G -L sends the data once": Case("-L -G -d token=x {url}/302", code=0),
    "-L with an empty Location": Case(["-sL", "-w", "%{redirect_url}", "{url}/to-nowhere"], code=0),
    "-L to what is no host": Case("-sL {url}/to-mail", code=1),
    "-L drops the login of a Location elsewhere": Case(
        "-L {url}/to-login-elsewhere", code=0, since="8.21.0",
        ours={"requests": without("authorization")},
        why="a page is not to make us log in at another host"),
    "-L to what is no ASCII": Case("-L {url}/to-accent", code=0, since="8.21.0",
                                   before={"stdout": lowered, "requests": lowered_last}),
    "-L with two places": Case(
        "-sL {url}/to-both", code=8, since="8.21.0",
        before={"code": 0, "stdout": b"GET /echo HTTP/1.1\n",
                "requests": lambda new: new + [("GET /echo HTTP/1.1", *new[0][1:])]}),
    "two places without -L": Case("-s {url}/to-both", code=8, since="8.21.0",
                                  before={"code": 0}),
    "-L with one place twice": Case("-sL {url}/to-one", code=0),
    "-L with nowhere to go": Case("-L {url}/300-nowhere", code=0),
    "-L in a circle": Case("-sL {url}/loop", code=47),
    "--max-redirs": Case("-sL --max-redirs 1 {url}/to-two", code=47),
    "--max-redirs enough": Case("-sL --max-redirs 2 {url}/to-two", code=0),
    "--max-redirs 0": Case("-sL --max-redirs 0 {url}/to-ok", code=47),
    "-L to another scheme": Case("-sL {url}/to-else", code=1),
    "-L to no URL": Case("-sL {url}/to-bad", code=3),

    # What goes wrong.
    "refused": Case("-s http://127.0.0.1:1/", code=7),
    "no such name": Case("-s http://no-such-host.invalid/", code=6),
    "no such name with words": Case("-sS http://no-such-host.invalid/", code=6),
    "an unknown scheme": Case("-s gopherx://127.0.0.1/", code=1),
    "two @ before the path": Case("-s http://user@example.com:80@127.0.0.1:{port}/", code=3),
    "two @ before the proxy's path": Case("-s -x u@v:p@127.0.0.1:{port} http://x.test/", code=5),
    **{f"-s {path} has a pattern": Case(["-s", "{url}" + path], code=3) for path in
       ["/[x]", "/x]", "/}x", "/{", "/["]},
    **{f"-s {path} has a pattern that curl expands": Case(
        ["-s", "{url}" + path], ours={"code": 3, "stdout": b"", "requests": []},
        why="curl expands it") for path in
       ["/[a-c:2]", "/[1-9]", "/{a,b}", "/{a}", "/[01-10:3]"]},
    **{f"-g {path}": Case(["-s", "-g", "{url}" + path], code=0) for path in
       ["/[a-c:2]", "/[1-9]", "/[x]", "/}", "/{a,b}"]},
    "an address in the query": Case(["-s", "{url}/x?a=[::1]"], code=0),
    "a bad port": Case("-s http://127.0.0.1:99999/", code=3),
    "a space in the URL": Case(["-s", "{url}/a b"], code=3),
    "half a scheme": Case("-s http:", code=3),
    "-g takes braces": Case("-s -g {url}/{x}[y]", code=0),
    "no host": Case("-s http:///x", ours={"code": 3}, why="curl takes x as the host"),
    "an unknown option": Case("--nonsense {url}/ok", code=2),
    "an unknown letter": Case("-sY! {url}/ok", code=2),
    "an option without its value": Case("{url}/ok -o", code=2),
    "a value that is no number": Case("-m x {url}/ok", code=2),
    **{f"-m {value}": Case(["-s", "-m", value, "{url}/ok"], code=code) for value, code in
       {"5": 0, "5.5": 0, "0": 0, "1000000000": 0, "-1": 2, "": 2, ".": 2, "1.x": 2,
        "99999999999999999999": 2}.items()},
    **{f"{option} {value}": Case(
        ["-s", option, value, "{url}/ok"], code=2, since="8.14.1",
        before={"code": 0, "stdout": BODY, "requests": one_request})
       for option, value in [("-m", ".5"), ("-m", "5."), ("--connect-timeout", "5."),
                             ("-m", "9223372036854775")]},
    **{f"-m {value}": Case(
        ["-s", "-m", value, "{url}/ok"], since="8.14.1",
        ours={"code": 2, "stdout": b"", "requests": []},
        why="curl passes the letters over: 1m would be a second")
       for value in ["1s", "1m", "1,5", "1 "]},
    **{f"--retry-delay {value}": Case(["-s", "--retry-delay", value, "{url}/ok"], code=2)
       for value in [".5", "5.", "99999999999999999999"]},
    "--retry-delay 1s": Case("-s --retry-delay 1s {url}/ok", since="8.21.0",
                             ours={"code": 2, "stdout": b"", "requests": []},
                             why="curl passes the letters over"),
    "--retry -1": Case("-s --retry -1 {url}/ok", code=2),
    "--max-redirs -1": Case("-sL --max-redirs -1 {url}/302", code=0),
    "--max-redirs -2": Case("-sL --max-redirs -2 {url}/302", code=2),
    "--max-filesize -1": Case("-s --max-filesize -1 {url}/ok", code=2),
    "--max-filesize 1k": Case("-s --max-filesize 1k {url}/big", code=63),
    "--max-filesize 1M": Case("-s --max-filesize 1M {url}/ok", code=0),
    "--max-filesize 1.5k": Case("-s --max-filesize 1.5k {url}/ok", code=0, since="8.21.0",
                                before={"code": 2, "stdout": b"", "requests": []}),
    "--max-filesize 1.5k and more": Case("-s --max-filesize 1.5k {url}/big", code=63,
                                         since="8.21.0", before={"code": 2, "requests": []}),
    "--max-filesize 1x": Case("-s --max-filesize 1x {url}/ok", code=2),
    "-f and --fail-with-body": Case("-s -f --fail-with-body {url}/404", code=22, since="8.21.0",
                                    before={"code": 2, "stdout": b"", "requests": []}),
    "--fail-with-body and -f": Case("-s --fail-with-body -f {url}/404", code=22, since="8.21.0",
                                    before={"code": 2, "requests": []}),
    "--fail-with-body --no-fail": Case("-s --fail-with-body --no-fail {url}/404", code=0,
                                       since="8.21.0", before={"code": 22}),
    "-f --no-fail-with-body": Case(
        "-s -f --no-fail-with-body {url}/404", code=0, since="8.21.0",
        before={"code": 22, "stdout": b""}),
    "-f, --fail-with-body and --no-fail": Case(
        "-s -f --fail-with-body --no-fail {url}/404", since="8.21.0",
        before={"code": 2, "stdout": b"", "requests": []}),
    **{f"{option} empty": Case(
        ["-s", option, "", "{url}/ok"], code=2, since="8.14.1",
        before={"code": 0, "stdout": BODY, "requests": made_of})
       for option, made_of in [
        ("-X", lambda _: [(" /ok HTTP/1.1", *one_request(_)[0][1:])]),
        ("-r", lambda _: with_header("range", "bytes=")(one_request(_))),
        ("--oauth2-bearer", lambda _: with_header("authorization", "Bearer")(one_request(_))),
        ("--output-dir", one_request)]},
    **{f"{option} empty": Case(["-s", option, "", "{url}/ok"], code=2, since="8.14.1",
                               before={"code": 7})
       for option in ["--unix-socket", "--abstract-unix-socket"]},
    **{word: Case(
        [word, "{url}/echo"], code=0, since="8.21.0",
        before={"code": 2, "stdout": b"", "requests": []})
       for word in ["--request=PUT", "--retry=1", "--data=a=b", "--user-agent="]},
    "--request= with nothing": Case(["--request=", "{url}/ok"], code=2),
    "a flag with a value": Case(
        ["-s", "--fail=no", "{url}/ok"], since="8.21.0", why="curl fails in spite of the no",
        ours={"code": 2, "stdout": b"", "requests": []}),
    "-4 and -6": Case("-4 -6 {url}/ok", code=0, since="8.21.0",
                      before={"code": 7, "stdout": b"", "requests": []}),
    "no URL": Case("-s", code=2),
    "an empty URL": Case(["-s", ""], code=2, since="8.14.1", before={"code": 3}),
    "a scheme that starts with a digit": Case("-s 1http://x", since="8.14.1", before={"code": 1},
                                              ours={"code": 6}, why="hale takes it as a host"),
    "-I and -d": Case("-I -d x {url}/ok", code=2),
    "a short body": Case("-s -o out {url}/short", code=18, ours={"files": {}}, why=LEFT),
    "a short chunk": Case("-s -o out {url}/chunk-short", code=18, ours={"files": {}}, why=LEFT),
    "chunks that never come": Case("-s {url}/chunk-none", code=18),
    "a broken chunk": Case("-s -o out {url}/chunk-bad", code=56, ours={"files": {}}, why=LEFT),
    "a broken chunk on stdout": Case("-s {url}/chunk-bad", code=56),
    "a short body on stdout": Case("-s {url}/short", code=18),
    "a reset in the body": Case("-s -o out {url}/reset", code=56, ours={"files": {}}, why=LEFT),
    "a reset before the head": Case("-s {url}/reset-head", code=56),
    "HTTP/1.2": Case("-s -w %{errormsg} {url}/v12", code=1, since="8.14.1", ours={
        "stdout": b"Unsupported HTTP version (1.2) in response"}, why="it names the version"),
    "HTTP/3.0": Case("-s -w %{errormsg} {url}/v30", since="8.14.1", ours={
        "code": 1, "stdout": b"Unsupported HTTP version (3.0) in response"},
                     why="curl takes it"),
    "101, and what follows it": Case("-s {url}/left-http", code=0),
    "an empty reply": Case("-s {url}/nothing-at-all", code=52),
    "no HTTP": Case("-s {url}/garbage", code=1),
    "HTTP/2 without asking": Case("-s {url}/http2", ours={"code": 1}, why="curl takes it"),
    "no HTTP behind an interim head": Case("-s {url}/early-garbage", since="8.14.1",
                                           ours={"code": 1}, why="as without that head"),
    "a bare CR in a field": Case("-s {url}/cr", code=8, since="8.21.0",
                                 before={"code": 0, "stdout": b"ok"}),
    "a field without a colon": Case("-s {url}/no-colon", code=8),
    "a length that is none": Case("-s {url}/length-bad", code=8),
    "an unknown transfer coding": Case("-s {url}/gzip-coding", code=61, since="8.14.1",
                                       before={"code": 0}),
    "-m over": Case("-s -m 0.3 {url}/stall", code=28),
    "-m over in the body": Case("-s -m 0.3 -o out {url}/stall-body", code=28, ours={"files": {}},
                                why=LEFT),
    "--max-filesize": Case("-s --max-filesize 100 {url}/big", code=63),
    "-C with the file there": Case("-s -C - -o out {url}/range", files={"out": BIG[:1000]},
                                   code=0),
    "-C without a file": Case("-s -C - -o out {url}/range", code=0),
    "-C of a whole file": Case("-s -C - -o out {url}/range", files={"out": BIG}, code=0),
    "-C N": Case("-s -C 100 -o out {url}/range", files={"out": BIG[:100]}, code=0),
    "-C and another part": Case("-s -C - -o out {url}/range-other", files={"out": b"old"},
                                code=33),
    "-C and an unnamed part": Case("-s -C - -o out {url}/range-silent", files={"out": b"old"},
                                   code=33),
    "-C and an error's page": Case("-s -C - -o out {url}/404", files={"out": b"old"}, code=33),
    "-C -f and an error's page": Case("-sf -C - -o out {url}/404", files={"out": b"old"}, code=22),
    **{f"-C and an answer without bytes: {path}": Case(
        ["-s", "-C", "-", "-o", "out", "{url}" + path], files={"out": b"old"}, code=33,
        since="8.14.1", before={"code": 0}) for path in ["/nothing", "/empty", "/same"]},
    "-C -f and no content": Case("-sf -C - -o out {url}/nothing", files={"out": b"old"}, code=33,
                                 since="8.14.1", before={"code": 0}),
    "-C N and an empty body on stdout": Case("-s -C 5 {url}/empty", code=33, since="8.14.1",
                                             before={"code": 0}),
    "-C of nothing and an empty body": Case("-s -C - -o out {url}/empty", files={"out": b""},
                                            code=0),
    "-C -f of a whole file": Case("-sf -C - -o out {url}/range", files={"out": BIG}, code=0,
                                  since="8.14.1", before={"code": 22}),
    "-C of a whole file without ranges": Case("-s -C - -o out {url}/ok", files={"out": BODY},
                                              code=0),
    "-C 0": Case("-s -C 0 -o out {url}/ok", files={"out": b"old"}, code=0),
    "-C refused by the server": Case("-s -C - -o out {url}/ok", files={"out": b"old"}, code=33),
    "a file that is no file": Case("-s -o . {url}/ok", code=23),

    # Again.
    "--retry": Case("-s --retry 2 --retry-delay 1 {url}/flaky-1", code=0),
    "--retry -f": Case("-fs --retry 1 --retry-delay 1 {url}/flaky-1", code=0),
    "--retry in vain": Case("-fs --retry 1 --retry-delay 1 {url}/flaky-5", code=22),
    "--retry -o": Case("-s --retry 1 --retry-delay 1 -o out {url}/flaky-1", code=0),
    "--retry not for 404": Case("-fs --retry 3 {url}/404", code=22),
    "--retry-connrefused": Case("-s --retry 1 --retry-delay 1 --retry-connrefused "
                                "http://127.0.0.1:1/", code=7),
    "--retry not for refused": Case("-s --retry 3 http://127.0.0.1:1/", code=7),
    "--retry-all-errors": Case("-s --retry 1 --retry-delay 1 --retry-all-errors {url}/garbage",
                               code=1),
    "--retry -C": Case("-s -m 1 --retry 1 --retry-delay 1 -C - -o out {url}/breaks-off",
                       files={"out": BIG[:1000]}, code=0, since="8.21.0",
                       before={"requests": replaced("bytes=6000-", "bytes=1000-")}),
    "--retry -C without a file": Case(
        "-s -m 1 --retry 1 --retry-delay 1 -C - -o out {url}/breaks-off", code=0),
    **{f"--retry after {status}": Case(
        f"-s --retry 1 --retry-delay 1 {{url}}/busy-{status}", code=0, since="8.21.0",
        before={"stdout": b"not yet\n", "requests": lambda new: new[:1]})
       for status in (522, 524)},
    **{f"--retry not for {status}": Case(
        f"-s --retry 1 --retry-delay 1 {{url}}/busy-{status}", code=0)
       for status in (425, 501, 505, 520, 521, 523, 599)},
    "--retry not for a CONNECT refused": Case(
        "-s --retry 1 --retry-delay 1 --retry-connrefused -p -x 127.0.0.1:{port} "
        "http://no.test/ok", code=7, since="8.21.0", before={"code": 56}),
    "--retry-all-errors not for -T": Case("-s --retry 1 --retry-delay 9 --retry-all-errors "
                                          "-T nothere {url}/x", code=26),
    "--retry after a time-out": Case("-s -m 0.3 --retry 1 --retry-delay 1 {url}/stall", code=28),

    # Other ways.
    "--resolve": Case("--resolve example.test:{port}:127.0.0.1 http://example.test:{port}/ok",
                      code=0),
    "--resolve v6": Case("--resolve example.test:{port}:[::1] http://example.test:{port}/ok",
                         code=0),
    "--resolve any host": Case("--resolve *:{port}:127.0.0.1 http://example.test:{port}/ok",
                               code=0),
    **{f"--resolve {words}": Case(
        ["-s", "-w", "%{remote_ip}",
         *(word for entry in words.split() for word in ("--resolve", entry)),
         "http://localhost:{port}/ok"]) for words in [
        "localhost:{port}:127.0.0.2 localhost:{port}:127.0.0.1",
        "localhost:{port}:127.0.0.1 *:{port}:127.0.0.2",
        "*:{port}:127.0.0.2 localhost:{port}:127.0.0.1",
        "+localhost:{port}:127.0.0.1", "LOCALHOST:{port}:127.0.0.1",
        "other:{port}:nonsense", "other:99999:127.0.0.1", "other:x:127.0.0.1",
        "localhost:{port}:127.0.0.1,x", "localhost:{port}:[::1", "localhost:{port}:localhost",
        "localhost:{port}:127.0.0.1,", "localhost:{port}:"]},
    **{f"--resolve {words} is none": Case(
        ["-s", "-w", "%{remote_ip}",
         *(word for entry in words.split() for word in ("--resolve", entry)),
         "http://localhost:{port}/ok"], since="8.14.1",
        before={"stdout": replaced("::1", "127.0.0.1")}) for words in [
        "localhost:{port}:127.0.0.2 -localhost:{port}", "-nonsense"]},
    "--resolve of another family": Case("-s -6 --resolve x.test:{port}:127.0.0.1 "
                                        "http://x.test:{port}/ok", code=6),
    "--resolve malformed": Case("-s --resolve nonsense {url}/ok", code=49),
    "--connect-to": Case("--connect-to example.test:80:127.0.0.1:{port} http://example.test/ok",
                         code=0),
    "--connect-to any": Case("--connect-to ::127.0.0.1:{port} http://example.test/ok", code=0),
    "--connect-to without a good port": Case("-s --connect-to ::127.0.0.1:x {url}/ok", code=49),
    "--connect-to behind a proxy": Case("-s -x 127.0.0.1:{port} --connect-to "
                                        "x.test:80:tunnel.test:81 http://x.test/echo", code=0),
    "--unix-socket": Case("--unix-socket {unix} http://x/ok", code=0),
    "--unix-socket missing": Case("-s --unix-socket /nonexistent http://x/", code=7),
    "--abstract-unix-socket": Case("--abstract-unix-socket {abstract} http://x/ok", code=0),
    "-x": Case("-x http://127.0.0.1:{port} http://example.test/ok", code=0),
    "-x with a login": Case("-x http://p:q@127.0.0.1:{port} http://example.test/ok", code=0),
    "-x -U": Case("-x 127.0.0.1:{port} -U p:q http://example.test/ok", code=0),
    "-x -U without a password": Case("-x 127.0.0.1:{port} -U p http://example.test/ok", code=0),
    "http_proxy is empty": Case("-s {url}/ok", code=7,
                                env={"http_proxy": "", "all_proxy": "127.0.0.1:1"}),
    "no_proxy is the end of an address": Case("-s {url}/ok", code=7, env={
        "http_proxy": "127.0.0.1:1", "no_proxy": "0.0.1,.0.0.1,127.0.0.1:80"}),
    **{f"no_proxy is {words!r}": Case(
        "-s {url}/ok", code=7, since="8.14.1",
        before={"code": 0, "stdout": BODY, "requests": one_request},
        env={"http_proxy": "127.0.0.1:1", "no_proxy": words})
       for words in ["x\t127.0.0.1", "x 127.0.0.1"]},
    **{f"no_proxy is {words!r}, which names it": Case(
        "-s {url}/ok", code=0, env={"http_proxy": "127.0.0.1:1", "no_proxy": words})
       for words in ["127.0.0.1 x", "\t127.0.0.1", "x ,\t127.0.0.1 ,y", "127.0.0.1\ty"]},
    "--noproxy with a blank": Case(["-s", "--noproxy", "x 127.0.0.1", "{url}/ok"], code=7,
                                   env={"http_proxy": "127.0.0.1:1"}, since="8.14.1",
                                   before={"code": 0, "stdout": BODY,
                                           "requests": one_request}),
    "http_proxy": Case("http://example.test/ok", env={"http_proxy": "127.0.0.1:{port}"}, code=0),
    "HTTP_PROXY is not read": Case("{url}/ok", env={"HTTP_PROXY": "127.0.0.1:1"}, code=0),
    "all_proxy": Case("http://example.test/ok", env={"all_proxy": "127.0.0.1:{port}"}, code=0),
    "no_proxy": Case("{url}/ok", env={"http_proxy": "127.0.0.1:1", "no_proxy": "127.0.0.1"},
                     code=0),
    "an empty no_proxy hides no NO_PROXY": Case("{url}/ok", code=0, env={
        "http_proxy": "127.0.0.1:1", "no_proxy": "", "NO_PROXY": "127.0.0.1"}),
    "no_proxy is a net": Case("{url}/ok", env={"http_proxy": "127.0.0.1:1",
                                               "no_proxy": "x.test, 127.0.0.0/8"}, code=0),
    "no_proxy is a domain": Case("-s http://a.localhost:{port}/ok --resolve "
                                 "a.localhost:{port}:127.0.0.1",
                                 env={"http_proxy": "127.0.0.1:1", "NO_PROXY": "localhost"},
                                 code=0),
    "--noproxy *": Case("--noproxy * {url}/ok", env={"http_proxy": "127.0.0.1:1"}, code=0),
    "a proxy that refuses": Case("-s {url}/ok", env={"http_proxy": "127.0.0.1:1"}, code=7),
    "a proxy without an address": Case("-s -x no-such-host.invalid {url}/ok", code=5),
    "-p refused": Case("-s -p -x 127.0.0.1:{port} http://example.test/ok", code=7,
                       since="8.21.0", before={"code": 56}),
    "-p led elsewhere": Case("-sfL -p -x 127.0.0.1:{port} http://away.test/ok", code=7,
                             since="8.21.0", before={"code": 56}),
    "-f -p refused": Case("-sf -p -x 127.0.0.1:{port} http://example.test/ok", code=22),
    "-q": Case("-q {url}/ok", code=0),
    "-- ends the options": Case("-s -- {url}/ok", code=0),
    "words behind the URL": Case("{url}/404 -s -f", code=22),
    "--proto": Case("-s --proto =https {url}/ok", code=1),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = httpd.Server(dict(SCRIPTS), tmp_path_factory.mktemp("server"))
    yield made
    made.close()


def fill(text, names):
    """{name} by its value; other braces are -w's."""
    for name, value in names.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def run(program, case, server, folder):
    """Runs one of them in a folder of its own; what it did."""
    names = {"url": server.url, "port": server.port, "unix": server.unix,
             "abstract": server.abstract}
    server.scripts["/flaky-1"] = flaky(1)
    server.scripts["/flaky-5"] = flaky(5)
    for status in (425, 501, 505, 520, 521, 522, 523, 524, 599):
        server.scripts[f"/busy-{status}"] = flaky(1, f"{status} Busy")
    server.turn = 0
    folder.mkdir()
    for name, content in case.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    env = {key: fill(value, names) for key, value in case.env.items()}
    server.take_requests()
    done = subprocess.run([*program, *(fill(word, names) for word in case.words)],
                          input=case.stdin, capture_output=True, cwd=folder, timeout=LIMIT,
                          env={"HOME": str(folder), "PATH": harness.PATH, **env})
    return {
        "code": done.returncode,
        "stdout": done.stdout,
        "stderr": done.stderr.decode(errors="replace"),
        "requests": [request.essence() for request in server.take_requests()],
        "files": {str(path.relative_to(folder)): path.read_bytes()
                  for path in folder.rglob("*") if path.is_file()},
    }


def made(field, of, server):
    """A case's field: as it stands there, or made of the other side's."""
    field = field(of) if callable(field) else field
    return field if isinstance(field, int) else \
        replaced("{port}", str(server.port))(replaced("{url}", server.url)(field))


def differences(case, hale, curl, is_new, server):
    """What of curl's is not as the case says, in words."""
    for what in FIELDS:
        other = what in case.ours if is_new else what in case.before
        if not other or what in case.free:
            hoped = hale[what]
        elif is_new:
            hoped = hale[what]
            if made(case.ours[what], curl[what], server) != hoped:
                yield f"{what}: hale {hoped!r}, not as ours says of {curl[what]!r}"
            elif curl[what] == hoped:
                yield f"{what}: the two do not differ any more: {hoped!r}"
            continue
        else:
            hoped = made(case.before[what], hale[what], server)
            if hoped == hale[what]:
                yield f"{what}: before does not differ from hale's {hoped!r}"
        if curl[what] != hoped and what not in case.free:
            yield f"{what}: {curl[what]!r}, expected {hoped!r}"


@pytest.mark.parametrize("name", CASES)
def test_get_does_what_curl_does(name, server, tmp_path):
    """What is said of both is said of each curl there is."""
    case = CASES[name]
    if not curls.all_of_them():
        pytest.skip("curl is not installed: scripts/bootstrap test")
    hale = run([harness.HALE, "get"], case, server, tmp_path / "hale")
    assert case.code in (None, hale["code"]), hale["stderr"]
    for curl in reversed(curls.all_of_them()):
        did = run([curl.program], case, server, tmp_path / curl.name)
        says = [list(differences(case, hale, did, is_new, server)) for is_new in
                ([True, False] if curl.is_since(case.since) is None else
                 [curl.is_since(case.since)])]
        with curl.judge():
            assert not all(says), "\n".join([*(f"{curl}: {one}" for one in says[0]),
                                             f"{curl} says: {did['stderr']}",
                                             f"hale says: {hale['stderr']}"])


def test_the_newest_curl_is_there():
    """Without it the others compare with this system's alone."""
    curl = curls.newest()
    if not isinstance(curl, curls.Curl):
        pytest.skip(curl)
    assert curl.version >= curls.MEASURED[1]


def test_as_many_command_lines_are_compared_as_the_readme_says():
    assert len(CASES) > 500


def test_every_exit_code_that_is_claimed_was_compared():
    """Each of these was claimed above, by a case that both ran."""
    claimed = {case.code for case in CASES.values()}
    assert claimed >= {0, 1, 2, 3, 5, 6, 7, 8, 18, 22, 23, 26, 28, 33, 47, 52, 56, 63}
