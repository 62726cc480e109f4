"""What comes from outside reaches no terminal as it came: escape sequences,
the 8-bit controls in both forms, newlines and what is not UTF-8."""
import json
import os
import re
import struct
import subprocess
import sys

import pytest

import httpd
from harness import HALE, SVC, clean_env, svc, until

HOSTILE = b"\x1b]0;owned\x07\x1b[2J\x9b31m\xc2\x9b1m\xc2\x85\x7f\r\xff\xc3"
NAME = os.fsdecode(HOSTILE)
LINE = HOSTILE + b"\n[+]all ok\n"  # where a newline can be
FAST = ["--interval", "100ms", "--retries", "1"]
ASKED = ["/readyz", "/livez?verbose", "/startupz?verbose", "/healthz?verbose", "/status?text",
         "/status", "/metrics", "/"]


def is_plain(data):
    """UTF-8 without a control but newlines."""
    text = data if isinstance(data, str) else data.decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text), repr(text)
    assert r"\x" not in text  # what Lines shows a byte as
    return text


def bodies(box):
    """Every endpoint's body, by the port."""
    found = {}
    for path in ASKED:
        connection = box.connect()
        connection.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        data = b""
        while piece := connection.sock.recv(65536):
            data += piece
        connection.close()
        found[path] = is_plain(data.partition(b"\r\n\r\n")[2])
        assert "\n[+]all ok" not in found[path]
    json.loads(found["/status"])
    return found


def outputs(box):
    """What hale's own commands print there."""
    found = []
    for words in (["status"], ["status", "--json"], ["check"], ["check", "--live"]):
        done = box.run(HALE, *words)
        found.append(is_plain(done.stdout) + is_plain(done.stderr))
    return found


def script(path):
    path.write_bytes(b"#!/no/" + HOSTILE.replace(b"\r", b"") + b"\n")


def dynamic(path):
    """An ELF program whose loader has such a name."""
    loader = b"/no/" + LINE + b"\0"
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1,
                       0, 0, 0)
    path.write_bytes(head + struct.pack("<IIQQQQQQ", 3, 4, 120, 0, 0, len(loader), len(loader), 1)
                     + loader)


def dangling(path):
    path.symlink_to(os.fsdecode(b"no" + LINE.replace(b"/", b"")))


BROKEN = pytest.mark.parametrize("make, said", [
    (script, "is a script for /no/?]0;owned??[2J?31m?1m"),
    (dynamic, "needs /no/?]0;owned??[2J?31m?1m"), (dangling, "it is a link to no?]0;owned")])
ELF = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the ELF file is of x86_64")


def put(make, path):
    make(path)
    if not path.is_symlink():
        path.chmod(0o755)


@ELF
@BROKEN
@pytest.mark.parametrize("name", ["app", "app" + NAME])
def test_why_a_program_cannot_be_started_is_a_plain_line(hale, tmp_path, make, said, name):
    put(make, tmp_path / name)
    code, _, err = hale([str(tmp_path / name)]).end()
    assert code in (126, 127) and said in is_plain(err[0])


@ELF
@BROKEN
def test_why_a_restart_fails_is_plain_in_every_answer(hale, tmp_path, make, said):
    program = tmp_path / "app"
    program.symlink_to(SVC)
    box = hale("--listen", "8080", "--restart", "always", "--backoff", "1ms..1h",
               [str(program), "say", "up", "read"])
    box.out.expect("^up$")
    program.unlink()
    put(make, program)
    box.tell("end")
    is_plain(box.err.expect("cannot start ").string)
    found = bodies(box)
    status, _, check, _ = outputs(box)
    for text in (found["/status?text"], found["/readyz"], status, check):
        assert said in text


@pytest.mark.parametrize("check", [
    f"exec:/bin/echo '{NAME}' \"\n[+]all ok\"", f"exec:/no/{NAME.replace(chr(13), '')}",
    f"unix:/no/{NAME}", f"unix:@{NAME}", f"http+unix:/no/{NAME}:/x"])
def test_a_checks_words_and_its_name_are_plain_everywhere(hale, check):
    box = hale("--listen", "8080", "-v", *FAST, "--check", check, "say up pause")
    box.out.expect("^up$")
    until(lambda: any(c.get("passed", 0) + c.get("failed", 0)
                      for c in box.status()["checks"]), "a result")
    bodies(box)
    outputs(box)
    box.signal(15)
    is_plain("\n".join(box.end()[2]))


def test_what_a_peer_answers_is_plain_in_check_and_wait(tmp_path):
    server = httpd.Server({
        "/reason": lambda c, r: c.send(b"HTTP/1.1 500 " + HOSTILE.replace(b"\r", b"")
                                       + b"\r\nContent-Length: 0\r\n\r\n"),
        "/body": lambda c, r: c.answer(LINE, "500 No")}, tmp_path)
    try:
        for path in ("/reason", "/body"):
            for words in (["check"], ["wait", "--timeout", "100ms"], ["check", "-H", "X: y"]):
                done = subprocess.run([HALE, *words, server.url + path], capture_output=True,
                                      env=clean_env(), timeout=15, check=False)
                assert done.returncode == 1
                is_plain(done.stdout), is_plain(done.stderr)
        done = subprocess.run([HALE, "check", "--contains", NAME, server.url + "/body"],
                              capture_output=True, env=clean_env(), timeout=15, check=False)
        is_plain(done.stdout), is_plain(done.stderr)
        done = subprocess.run([HALE, "get", "-v", server.url + "/reason"], capture_output=True,
                              env=clean_env(), timeout=15, check=False)
        is_plain(done.stderr)
        done = subprocess.run([HALE, "get", server.url + "/body"], capture_output=True,
                              env=clean_env(), timeout=15, check=False)
        assert done.stdout == LINE  # it is the user's
    finally:
        server.close()


def test_the_text_that_a_body_contains_is_shown_plain(tmp_path):
    server = httpd.Server({"/ok": lambda c, r: c.answer(HOSTILE)}, tmp_path)
    try:
        for text in (os.fsdecode(HOSTILE), NAME + "x"):
            done = subprocess.run([HALE, "check", "--contains", text, server.url + "/ok"],
                                  capture_output=True, env=clean_env(), timeout=15, check=False)
            assert "contain" in is_plain(done.stdout)
    finally:
        server.close()


def test_a_status_of_the_service_and_a_listener_are_plain(hale, tmp_path):
    (tmp_path / "s").mkdir()
    path = tmp_path / "s" / NAME
    box = hale("--listen", "8080", "--listen", f"unix:{path}", "-v", "say up pause")
    box.out.expect("^up$")
    assert "s/?]0;owned??[2J" in bodies(box)["/status?text"]
    outputs(box)
    box.signal(15)
    is_plain("\n".join(box.end()[2]))


@pytest.mark.parametrize("words", [
    ["--stop-signal", NAME], [f"--stop-signal={NAME}"], [f"--{NAME}"], [f"-{NAME}"],
    ["--check", "http://" + NAME], ["--check", f"{NAME}=tcp:x"], ["check", "http://" + NAME],
    ["wait", "tcp:" + NAME], ["get", "-m", NAME, "x"], ["get", "ftp" + NAME + "://x"],
    ["get", "http://" + NAME + ".invalid/"], ["get", "-x", "socks5://" + NAME, "http://x"],
    ["get", "-T", "/no/" + NAME, "http://x"],
    ["get", "-w", "%{" + NAME + "}", "http://127.0.0.1:1"], ["status", NAME],
    ["drain", NAME], ["help", NAME], ["check", "--critical-exit", NAME]], ids=repr)
def test_an_error_line_shows_the_command_line_plain(words):
    done = subprocess.run([HALE, *words, *([] if words[0][0] != "-" else ["/bin/true"])],
                          capture_output=True, env=clean_env(), timeout=15, check=False)
    assert done.returncode != 0
    is_plain(done.stdout)
    assert is_plain(done.stderr).startswith("hale: ")


# --- who answers might not be hale ---------------------------------------------------

FAKE = r"""
import socket, sys
body = %r
answer = b"HTTP/1.1 %d X\r\nContent-Length: %%d\r\n\r\n" %% len(body) + body
fake = socket.socket(socket.AF_UNIX)
fake.bind(b"\0hale")
fake.listen()
print("up", flush=True)
while True:
    c, _ = fake.accept()
    c.recv(4096)
    c.sendall(answer)
    c.close()
"""


@pytest.mark.static_only
@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("words", [["check"], ["status"], ["status", "--json"], ["drain", "0"]],
                         ids=str)
def test_an_answer_over_the_local_socket_is_printed_plain(box, words, status):
    body = b"[-]" + HOSTILE + b"\nsecond " + HOSTILE + b"\n"
    fake = box(sys.executable, "-c", FAKE % (body, status), no_proc=True)
    fake.out.expect("^up$")
    done = fake.run(HALE, *words)
    assert "owned" in is_plain(done.stdout) + is_plain(done.stderr) or words[0] == "drain"
    if words[0] == "status" and status == 200:
        assert done.stdout.count("\n") == 2  # newlines stay
