"""What `hale get` does in its own way: files, digests, tokens, words, TLS."""
import base64
import contextlib
import hashlib
import os
import pty
import select
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

import harness
import httpd
import pki
import tls_servers

BODY = b"hello from the script\n"
BIG = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(BODY).hexdigest()


def half(connection, request):
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")
    connection.hold()


def busy(fields):
    """Refuses the first request of each two."""
    turn = [0]

    def answer(connection, request):
        turn[0] += 1
        if turn[0] % 2:
            connection.answer(b"", "503 Service Unavailable", *fields())
        else:
            connection.answer(BODY)
    return answer


def in_a_moment():
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
    return [f"Retry-After: {date}"]


SCRIPTS = {
    "/ok": lambda c, r: c.answer(BODY), "/half": half,
    "/big": lambda c, r: c.answer(BIG), "/404": lambda c, r: c.answer(b"", "404 Not Found"),
    "/empty": lambda c, r: c.answer(b""),
    "/nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/same": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 22\r\n\r\n",
    "/zero": lambda c, r: c.answer(b"\0binary"),
    "/after": busy(lambda: ["Retry-After: 2"]), "/after-date": busy(in_a_moment),
    "/late": busy(lambda: ["Retry-After: 3600"]),
    "/very-late": busy(lambda: ["Retry-After: 100000"]),
    "/to-localhost": lambda c, r: c.answer(
        b"", "302 Found", f"Location: http://localhost:{c.server.port}/ok"),
    "/to-tls": lambda c, r: c.answer(b"", "302 Found", f"Location: {c.server.tls_url}/ok"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = httpd.Server(dict(SCRIPTS), tmp_path_factory.mktemp("server"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def root():
    return pki.root("O=Hale, CN=Test Root")


@pytest.fixture(scope="module")
def cert(root):
    return pki.leaf(root, "DNS:localhost", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def secure(server, cert, tmp_path_factory):
    context = tls_servers.context(pki.put(cert), cert.key.file)
    made = httpd.Server(dict(SCRIPTS), tmp_path_factory.mktemp("secure"), tls=context)
    server.tls_url = made.url
    yield made
    made.close()


def get(*words, cwd=None, env=None, **options):
    return subprocess.run([harness.HALE, "get", *map(str, words)], capture_output=True, cwd=cwd,
                          timeout=harness.DEADLINE, env={"PATH": harness.PATH, **(env or {})},
                          **options)


# Files


@contextlib.contextmanager
def start(*words, cwd):
    """hale get, which ends within the deadline or is ended."""
    with subprocess.Popen([harness.HALE, "get", "-s", *words], cwd=cwd,
                          env={"PATH": harness.PATH}) as run:
        try:
            yield run
            run.wait(harness.DEADLINE)
        finally:
            run.kill()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_no_part_of_a_file(server, tmp_path, sig):
    with start("-o", "out", server.url + "/half", cwd=tmp_path) as run:
        (part,) = harness.until(lambda: list(tmp_path.iterdir()), "the part")
        assert part.name.startswith(".out.") and part.name.endswith(".part")
        run.send_signal(sig)
    assert run.returncode == -sig
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_stays_until_the_new_one_is_whole(server, tmp_path):
    (tmp_path / "out").write_bytes(b"old")
    with start("-o", "out", server.url + "/half", cwd=tmp_path) as run:
        harness.until(lambda: len(list(tmp_path.iterdir())) == 2, "the part")
        assert (tmp_path / "out").read_bytes() == b"old"
        run.terminate()
    assert (tmp_path / "out").read_bytes() == b"old"


def test_the_mode_of_a_file_stays_and_a_link_is_followed(server, tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "real").chmod(0o751)
    (tmp_path / "link").symlink_to("real")
    assert get("-s", "-o", "link", server.url + "/ok", cwd=tmp_path).returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == BODY
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o751


def test_a_link_that_leads_nowhere_stays_a_link(server, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/new")
    assert get("-s", "-f", "-o", "link", server.url + "/404", cwd=tmp_path).returncode == 22
    assert list((tmp_path / "folder").iterdir()) == []
    assert get("-s", "-o", "link", server.url + "/ok", cwd=tmp_path).returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "new").read_bytes() == BODY


def test_links_to_links_stay_too(server, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "first").symlink_to("folder/second")
    (tmp_path / "folder" / "second").symlink_to("../end")
    assert get("-s", "-o", "first", server.url + "/ok", cwd=tmp_path).returncode == 0
    assert (tmp_path / "first").is_symlink() and (tmp_path / "folder" / "second").is_symlink()
    assert (tmp_path / "end").read_bytes() == BODY


def test_links_to_links_lead_to_a_file_that_is_there(server, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "first").symlink_to("folder/second")
    (tmp_path / "folder" / "second").symlink_to(tmp_path / "end")
    (tmp_path / "end").write_bytes(b"old")
    old = (tmp_path / "end").stat().st_ino
    assert get("-s", "-o", "first", server.url + "/ok", cwd=tmp_path).returncode == 0
    assert (tmp_path / "first").is_symlink() and (tmp_path / "folder" / "second").is_symlink()
    assert (tmp_path / "end").read_bytes() == BODY
    assert (tmp_path / "end").stat().st_ino != old


@pytest.mark.parametrize("after", [lambda path: path.unlink(),
                                   lambda path: (path.unlink(), path.write_bytes(b"another"))],
                         ids=["removed", "replaced"])
def test_a_descriptor_is_the_file_that_has_lost_its_name(server, tmp_path, after):
    with open(tmp_path / "out", "w+b") as file:
        after(tmp_path / "out")
        there = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        assert get("-s", "-o", f"/dev/fd/{file.fileno()}", server.url + "/ok", cwd=tmp_path,
                   pass_fds=[file.fileno()]).returncode == 0
        assert file.read() == BODY
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == there


def test_a_link_whose_end_has_too_long_a_name_is_an_error(server, tmp_path):
    folder = tmp_path / "/".join(["d" * 200] * 10)
    folder.mkdir(parents=True)
    (folder / "link").symlink_to("e" * 200 + "/" + "f/" * 1000 + "g")
    done = get("-s", "-S", "-o", str(folder / "link"), server.url + "/ok", cwd=tmp_path)
    assert done.returncode == 23
    assert [path.name for path in folder.iterdir()] == ["link"]


@pytest.mark.static_only
@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
@pytest.mark.parametrize("error, text", [("EACCES", b"Permission denied"), ("EIO", b"I/O error"),
                                         ("ELOOP", b"Symbolic link loop")])
def test_a_link_that_the_kernel_does_not_follow_is_not_followed(server, tmp_path, error, text):
    """Somebody else's link in a folder like /tmp, with fs.protected_symlinks."""
    (tmp_path / "file").write_bytes(b"ours")
    (tmp_path / "link").symlink_to("file")
    done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-P", tmp_path / "link", "-e",
                           f"inject=stat,newfstatat,statx:error={error}", harness.HALE, "get",
                           "-sS", "-o", tmp_path / "link", server.url + "/ok"], capture_output=True)
    assert done.returncode == 23 and text in done.stderr, done.stderr
    assert (tmp_path / "link").is_symlink() and (tmp_path / "file").read_bytes() == b"ours"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]


@pytest.mark.static_only
@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
@pytest.mark.parametrize("mode, begun", [(0o640, "0600"), (0o444, "0400"), (0o777, "0600"),
                                         (None, "0666")])
def test_the_new_file_is_never_open_to_more_than_the_old_one(server, tmp_path, mode, begun):
    if mode is not None:
        (tmp_path / "out").write_bytes(b"old")
        (tmp_path / "out").chmod(mode)
    subprocess.run(["strace", "-qq", "-e", "trace=open,openat", "-o", tmp_path / "log",
                    harness.HALE, "get", "-s", "-o", "out", server.url + "/ok"],
                   cwd=tmp_path, check=True)
    (line,) = [line for line in (tmp_path / "log").read_text().splitlines() if ".part" in line]
    assert f", {begun}) = " in line
    if mode is not None:
        assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == mode


@pytest.mark.parametrize("how", [">", ">>"])
def test_our_own_stdout_under_a_name_loses_nothing(server, tmp_path, how):
    subprocess.run(["sh", "-c", f"(echo before; {harness.HALE} get -s -o /dev/stdout "
                    f"{server.url}/ok; echo behind) {how} out"], cwd=tmp_path, check=True)
    assert (tmp_path / "out").read_bytes() == b"before\n" + BODY + b"behind\n"


def test_a_new_file_has_the_umasks_mode(server, tmp_path):
    get("-s", "-o", "out", server.url + "/ok", cwd=tmp_path, umask=0o027)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640


def test_a_pipe_is_written_as_it_is(server, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as cat:
        assert get("-s", "-o", "pipe", server.url + "/ok", cwd=tmp_path).returncode == 0
        assert cat.communicate(timeout=harness.DEADLINE)[0] == BODY
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="chown needs root")
def test_a_file_keeps_its_owner(server, tmp_path):
    """Above all one with a set-user-ID bit: it would lend root's rights."""
    (tmp_path / "out").write_bytes(b"old")
    os.chown(tmp_path / "out", 65532, 65533)
    (tmp_path / "out").chmod(0o4755)
    assert get("-s", "-o", "out", server.url + "/ok", cwd=tmp_path).returncode == 0
    kept = (tmp_path / "out").stat()
    assert (kept.st_uid, kept.st_gid, stat.S_IMODE(kept.st_mode)) == (65532, 65533, 0o4755)
    assert (tmp_path / "out").read_bytes() == BODY


@pytest.mark.skipif(os.geteuid() != 0, reason="chown needs root")
def test_a_file_that_cannot_keep_its_owner_loses_the_set_id_bits(server, tmp_path):
    """Root without CAP_CHOWN: they would lend root's rights in place of the old owner's."""
    (tmp_path / "out").write_bytes(b"old")
    os.chown(tmp_path / "out", 65532, 65533)
    (tmp_path / "out").chmod(0o6755)
    done = subprocess.run(["setpriv", "--bounding-set", "-chown", harness.HALE, "get", "-sS", "-o",
                           "out", server.url + "/ok"], cwd=tmp_path, capture_output=True,
                          timeout=harness.DEADLINE)
    assert (done.returncode, done.stderr) == (0, b"")
    new = (tmp_path / "out").stat()
    assert (new.st_uid, stat.S_IMODE(new.st_mode)) == (0, 0o755)
    assert (tmp_path / "out").read_bytes() == BODY


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_new_try_starts_a_file_anew_where_no_other_can_be_made(server, tmp_path):
    (tmp_path / "out").write_bytes(b"old")
    server.scripts["/two-tries"] = lambda c, r: c.answer(
        b"come back later\n", "503 Busy") if not hasattr(server, "tried") \
        and not setattr(server, "tried", True) else c.answer(BODY)
    done = subprocess.run(["unshare", "--mount", "sh", "-c",
                           f"mount --bind {tmp_path} {tmp_path} && "
                           f"mount -o remount,ro,bind {tmp_path} && mount -t tmpfs none /mnt && "
                           f"echo old >/mnt/out && mount --bind /mnt/out {tmp_path}/out && "
                           f"{harness.HALE} get -sS --retry 1 -o {tmp_path}/out "
                           f"{server.url}/two-tries; cat {tmp_path}/out"], capture_output=True)
    assert done.stdout == BODY, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("readonly", [False, True])
def test_a_file_that_is_a_mount_point_gets_the_bytes(server, tmp_path, readonly):
    """As Docker mounts single files; the folder around it may be read-only."""
    (tmp_path / "source").write_bytes(b"old and longer than the new one, which is cut")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "out").write_bytes(b"")
    remount = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} &&"
    done = subprocess.run(["unshare", "--mount", "sh", "-c",
                           f"{remount if readonly else ''} "
                           f"mount --bind {tmp_path}/source {folder}/out && "
                           f"exec {harness.HALE} get -sS -o {folder}/out {server.url}/ok"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "source").read_bytes() == BODY
    assert [entry.name for entry in folder.iterdir()] == ["out"]


def test_a_full_disk_is_exit_23_and_no_file(server, tmp_path):
    done = subprocess.run(["unshare", "--mount", "sh", "-c",
                           f"mount -t tmpfs -o size=64k none {tmp_path} && cd {tmp_path} && "
                           f"{harness.HALE} get -sS -o out {server.url}/big; echo $?; ls -A"],
                          capture_output=True, text=True)
    assert done.stdout == "23\n" and "No space left" in done.stderr


def test_a_closed_stdout_is_exit_23(server):
    done = subprocess.run(["sh", "-c", f"{harness.HALE} get -sS {server.url}/big | head -c 1 >&2; "
                           f"exec >&-; {harness.HALE} get -sS {server.url}/ok"],
                          capture_output=True)
    assert done.returncode == 23


def test_a_head_that_stdout_does_not_take_is_exit_23_with_a_reason(server):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([harness.HALE, "get", "-sS", "-D-", "-o/dev/null",
                               server.url + "/ok"], stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=harness.DEADLINE)
    assert done.returncode == 23
    assert done.stderr == "hale: get: (23) cannot write to stdout: No space left on device\n"


def test_a_reader_that_leaves_ends_it(server):
    with subprocess.Popen([harness.HALE, "get", "-sS", server.url + "/big", server.url + "/big"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdout.read(1)
        run.stdout.close()
        assert run.wait(harness.DEADLINE) == 23


# Ours: --sha256, --bearer-file


def test_the_right_digest_is_taken(server, tmp_path):
    done = get("-sS", "--sha256", DIGEST.upper(), "-o", "out", server.url + "/ok", cwd=tmp_path)
    assert done.returncode == 0 and (tmp_path / "out").read_bytes() == BODY


def test_another_digest_is_refused(server, tmp_path):
    (tmp_path / "out").write_bytes(b"old")
    done = get("-sS", "--sha256", "0" * 64, "-o", "out", server.url + "/ok", cwd=tmp_path)
    assert done.returncode == 90 and b"does not match" in done.stderr
    assert (tmp_path / "out").read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "g" * 64])
def test_what_is_no_digest_is_refused(server, digest):
    assert get("--sha256", digest, server.url + "/ok").returncode == 2


def test_a_token_is_read_from_its_file_for_each_request(server, tmp_path):
    (tmp_path / "token").write_text("abc.def\n")
    server.take_requests()
    assert get("-s", "--bearer-file", "token", server.url + "/ok", cwd=tmp_path).returncode == 0
    (request,) = server.take_requests()
    assert request.field("Authorization") == "Bearer abc.def"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"a b", b"a\r\nX-Evil: 1"])
def test_a_token_that_cannot_be_one_is_not_sent(server, tmp_path, content):
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    server.take_requests()
    done = get("-sS", "--bearer-file", "token", server.url + "/ok", cwd=tmp_path)
    assert done.returncode == 26 and b"token" in done.stderr
    assert server.take_requests() == []


@pytest.mark.parametrize("word", ["-A", "-e", "-b", "-X", "-r", "--request-target"])
def test_no_option_can_smuggle_a_field_in(server, word):
    server.take_requests()
    done = get("-s", word, "a=b\r\nX-Evil: 1", server.url + "/ok")
    assert done.returncode == 2 and server.take_requests() == []


def test_cookies_and_tokens_stay_on_their_host(server, tmp_path):
    (tmp_path / "token").write_text("abc\n")
    server.take_requests()
    get("-sL", "-b", "a=b", "--bearer-file", tmp_path / "token", server.url + "/to-localhost")
    first, second = server.take_requests()
    assert first.field("Cookie") == "a=b" and first.field("Authorization") == "Bearer abc"
    assert second.field("Cookie") is None and second.field("Authorization") is None


# What does not fit is refused in words, and nothing is sent


@pytest.mark.parametrize("length, code", [(8192, 0), (8193, 3), (20000, 3)])
def test_a_url_is_sent_whole_or_refused(server, length, code):
    url = server.url + "/ok?"
    url += "a" * (length - len(url))
    server.take_requests()
    done = get("-sS", url)
    requests = server.take_requests()
    assert done.returncode == code
    if code == 0:
        assert [request.target for request in requests] == [url.removeprefix(server.url)]
    else:
        assert requests == [] and b"longer than 8192 bytes" in done.stderr


@pytest.mark.parametrize("length", [100, 8185, 8186, 8192])
def test_a_file_has_the_whole_name_of_its_url(server, tmp_path, length):
    """Also if hale adds a scheme to a URL that is as long as it may be."""
    url = server.url.removeprefix("http://") + "/"
    url += "a/" * ((length - len(url) - len("lastname.bin")) // 2)
    url += "b" * (length - len(url) - len("lastname.bin")) + "lastname.bin"
    server.take_requests()
    get("-s", "-O", url, cwd=tmp_path)
    assert [request.target for request in server.take_requests()] == ["/" + url.partition("/")[2]]
    assert [path.name for path in tmp_path.iterdir()] == [url.rpartition("/")[2]]


@pytest.mark.parametrize("words", [["-p"], []])
@pytest.mark.parametrize("length, code", [(500, 0), (744, 0), (745, 3), (769, 3), (1100, 3)])
def test_a_proxys_login_is_sent_whole_or_refused(server, length, code, words):
    login = "u:" + "p" * (length - 2)
    if words and length == 744:
        code = 3    # CONNECT has more fields
    server.take_requests()
    server.scripts["CONNECT"] = lambda c, r: c.send(b"HTTP/1.1 200 OK\r\n\r\n")
    done = get("-sS", *words, "-x", f"127.0.0.1:{server.port}", "-U", login,
               f"http://127.0.0.1:{server.port}/ok")
    requests = server.take_requests()
    assert done.returncode == code, done.stderr
    if code == 0:
        told = requests[0].field("Proxy-Authorization")
        assert base64.b64decode(told.removeprefix("Basic ")) == login.encode()
    else:
        assert requests == [] and b"(its login, -A) are longer than 1024 bytes" in done.stderr


@pytest.mark.parametrize("words, said", [
    (["-u", "u:" + "p" * 16383], "the login is longer than 16384 bytes"),
    (["-H", "X: " + "y" * 65536], "the request's head is longer than 65536 bytes"),
    (["-r", "0-" * 40000], "the request's head is longer than 65536 bytes"),
    (["-G", "-d", "x" * 65536], "the request's head is longer than 65536 bytes"),
    (["--connect-to", "::" + "h" * 256 + ":1"], "--connect-to's host is longer than 255 bytes"),
    (["--unix-socket", "/" + "s" * 107], "expected 1 to 107 bytes"),
    (["--resolve", "127.0.0.1:PORT:" + ",".join(["127.0.0.1"] * 6434)],
     "--resolve has more than 6433 addresses"),
    (["-o", "f" * 8193], "the file's name is longer than 8192 bytes"),
    (["-A", "a" * 1024, "-p", "-x", "127.0.0.1:1"], "are longer than 1024 bytes"),
    (["-x", "h" * 256], "the host's name is longer than 255 bytes"),
])
def test_what_is_too_long_for_a_request_is_named(server, words, said):
    server.take_requests()
    done = get("-sS", *(word.replace("PORT", str(server.port)) for word in words),
               server.url + "/ok")
    assert said in done.stderr.decode() and done.returncode != 0
    assert server.take_requests() == [] and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("host, said", [
    ("h" * 256, "the host's name is longer than 255 bytes"),
    ("a%20b", "the host's name has an encoded byte that no name has"),
    ("a%2fb", "the host's name has an encoded byte that no name has"),
    ("a%0db", "the host's name has an encoded byte that no name has")])
def test_a_host_that_cannot_be_one_is_named(host, said):
    for words in [], ["-x", "127.0.0.1:1"], ["-p", "-x", "127.0.0.1:1"]:
        done = get("-sS", *words, f"http://{host}/")
        assert done.returncode == 3 and said in done.stderr.decode()


def test_a_long_login_is_sent_whole(server):
    login = "AWS:" + "p" * 5000
    server.take_requests()
    assert get("-s", "-u", login, server.url + "/ok").returncode == 0
    (request,) = server.take_requests()
    sent = request.field("Authorization").removeprefix("Basic ")
    assert base64.b64decode(sent) == login.encode()


def test_a_location_that_is_too_long_is_named(server):
    server.scripts["/far"] = lambda c, r: c.answer(b"", "302 Found", "Location: /" + "a" * 8192)
    done = get("-sSL", server.url + "/far")
    assert done.returncode == 3 and b"Location leads to a URL of more than 8192" in done.stderr


def test_what_w_prints_is_never_cut(server):
    """A field of 60 KB, more often than once."""
    field = "x" * 60000
    server.scripts["/wide"] = lambda c, r: c.answer(b"", "200 OK", "X-Wide: " + field)
    done = get("-s", "-w", "%header{x-wide}," * 5, server.url + "/wide")
    assert done.stdout.decode() == (field + ",") * 5


# What contradicts itself is refused


@pytest.mark.parametrize("words, said", [
    (["-T", "-", "-H", "Transfer-Encoding:", "-H", "Content-Length: 14"], "-H Content-Length"),
    (["-T", "-", "-H", "Transfer-Encoding:"], "-H Transfer-Encoding"),
    (["-T", "-", "-H", "Content-Length: 14"], "-H Content-Length"),
    (["-T", "-", "-H", "Transfer-Encoding: identity"], "-H Transfer-Encoding"),
    (["-T", "-", "-0"], "-0: HTTP/1.0 has no chunks"),
    (["-T", "in", "-0", "-H", "Transfer-Encoding: chunked"], "-0: HTTP/1.0 has no chunks"),
    (["-T", "in", "-H", "Content-Length: 5"], "-H Content-Length contradicts the body, which "
                                              "has 2 bytes"),
    (["-T", "in", "-H", "Content-Length:"], "-H Content-Length"),
    (["-d", "abc", "-H", "Content-Length: 5"], "-H Content-Length contradicts the body, which "
                                               "has 3 bytes"),
    (["-d", "abc", "-H", "Content-Length:"], "-H Content-Length"),
    (["-d", "abc", "-H", "Content-Length: 3", "-H", "Content-Length: 3"], "-H Content-Length"),
    (["-d", "abc", "-H", "Transfer-Encoding: chunked"], "-H Transfer-Encoding"),
    (["-H", "Content-Length: 5"], "-H Content-Length"),
    (["-I", "-H", "Content-Length: 5"], "-H Content-Length"),
    (["-G", "-d", "abc", "-H", "Content-Length: 3"], "-H Content-Length"),
    (["-H", "Transfer-Encoding: chunked"], "-H Transfer-Encoding")])
def test_fields_that_contradict_the_body_are_refused(server, tmp_path, words, said):
    (tmp_path / "in").write_bytes(b"up")
    server.take_requests()
    done = get("-sS", *words, server.url + "/ok", cwd=tmp_path, input=b"0123456789abcd")
    assert done.returncode == 2 and said in done.stderr.decode()
    assert server.take_requests() == [] and done.stderr.count(b"\n") == 1


def test_a_get_that_was_a_post_has_no_length(server):
    server.scripts["/303"] = lambda c, r: c.answer(b"", "303 See Other", "Location: /ok")
    server.take_requests()
    assert get("-sL", "-d", "abc", "-H", "Content-Length: 3", server.url + "/303").returncode == 0
    post, got = server.take_requests()
    assert (post.field("Content-Length"), got.field("Content-Length")) == ("3", None)


@pytest.mark.parametrize("place, asked", [
    ("/d/", "/d/a%20b%C3%A9"), ("", "/a%20b%C3%A9"), ("/d/#x", "/d/a%20b%C3%A9"),
    ("/d/?", "/d/a%20b%C3%A9"), ("?#x", "/a%20b%C3%A9"), ("/d/?q", "/d/?q"), ("?q", "/?q"),
    ("/d", "/d"), ("/d?", "/d?"), ("/d/?to=http://x/y", "/d/?to=http://x/y")])
def test_an_upload_gets_its_files_name_where_the_url_has_neither_one_nor_a_query(
        server, tmp_path, place, asked):
    (tmp_path / "a b\u00e9").write_bytes(b"up")
    server.take_requests()
    assert get("-s", "-T", "a b\u00e9", server.url + place, cwd=tmp_path).returncode == 0
    (request,) = server.take_requests()
    assert (request.line, request.body) == (f"PUT {asked} HTTP/1.1", b"up")


@pytest.mark.parametrize("place, name", [
    ("/dir/a.bin", "a.bin"), ("/dir/a%2fb", "a%2fb"), ("/dir/", "dir"), ("/dir//", "dir"),
    ("/a/../b/?x=/y", "b"), ("/dir/.", "dir"), ("/dir/%2e%2e", "curl_response"),
    ("/..", "curl_response"), ("/", "curl_response"), ("", "curl_response"),
    ("?x=/y", "curl_response"), ("/#/y", "curl_response"), ("//", "curl_response")])
@pytest.mark.parametrize("words", [[], ["--path-as-is"]], ids=["", "as-is"])
def test_a_remote_name_is_the_last_part_of_the_path(server, tmp_path, place, name, words):
    done = get("-s", *words, "--output-dir", tmp_path, "-w", "%{filename_effective}", "-O",
               server.url + place)
    assert (done.returncode, done.stdout.decode()) == (0, f"{tmp_path}/{name}")
    assert [path.name for path in tmp_path.iterdir()] == [name]


# Again


@pytest.mark.parametrize("words, code", [
    (["-o", "nowhere/out"], 23), (["-T", "nothere"], 26), (["--cacert", "nothere"], 77),
    (["--cert", "nothere"], 58)])
def test_what_lies_with_us_is_not_tried_again(secure, tmp_path, words, code):
    trusts = ["-k"] if "--cert" in words or "-o" in words else []
    begun = time.monotonic()
    done = get("-sS", *trusts, "--retry", "1", "--retry-delay", "60", "--retry-all-errors",
               *words, secure.url + "/ok", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert time.monotonic() - begun < 30 and b"Will retry" not in done.stderr


@pytest.mark.parametrize("path", ["/after", "/after-date"])
def test_retry_after_is_kept_to(server, path):
    begun = time.monotonic()
    done = get("-s", "--retry", "1", server.url + path)
    assert done.returncode == 0 and done.stdout == BODY
    assert time.monotonic() - begun > (1.9 if path == "/after" else 1.0)


@pytest.mark.parametrize("status, tries", [
    (408, 2), (429, 2), (500, 2), (502, 2), (503, 2), (504, 2), (522, 2), (524, 2),
    (501, 1), (505, 1), (521, 1), (523, 1), (404, 1)])
def test_statuses_that_may_pass_are_tried_again(server, status, tries):
    server.scripts["/status"] = lambda c, r: c.answer(b"", f"{status} X")
    server.take_requests()
    done = get("-sf", "--retry", "1", "--retry-delay", "0.01", server.url + "/status")
    assert (done.returncode, len(server.take_requests())) == (22, tries)


def test_retry_max_time_ends_the_wish_to_wait(server):
    done = get("-sf", "--retry", "1", "--retry-max-time", "1", server.url + "/late")
    assert done.returncode == 22
    get("-s", server.url + "/late")  # the other half of its turn


def test_a_wish_to_wait_for_days_is_not_taken_for_none(server):
    done = get("-sf", "--retry", "1", "--retry-max-time", "20", server.url + "/very-late")
    assert done.returncode == 22


# Addresses


def test_an_address_that_swallows_everything_costs_a_moment(server):
    """Its queue is full: no connection is refused there, and none is made."""
    with socket.create_server(("127.0.0.2", server.port), backlog=0) as dead:
        fill = [socket.socket() for _ in range(3)]
        for one in fill:
            one.setblocking(False)
            one.connect_ex(dead.getsockname())
        words = ["--resolve", f"x.test:{server.port}:127.0.0.2,127.0.0.1",
                 "-w", "%{remote_ip}", f"http://x.test:{server.port}/ok"]
        done = get("-s", "-m", "10", *words)
        assert (done.returncode, done.stdout) == (0, BODY + b"127.0.0.1")
        only = get("-s", "--connect-timeout", "0.3", f"http://127.0.0.2:{server.port}/ok")
        assert only.returncode == 28
        for one in fill:
            one.close()


# Continuing


@pytest.mark.parametrize("path", ["/empty", "/nothing", "/same"])
def test_an_answer_without_bytes_does_not_continue_a_file(server, tmp_path, path):
    (tmp_path / "out").write_bytes(b"old")
    done = get("-sS", "-C", "-", "-o", "out", server.url + path, cwd=tmp_path)
    assert done.returncode == 33 and b"does not seem to support byte ranges" in done.stderr
    assert (tmp_path / "out").read_bytes() == b"old"
    assert get("-s", "-C", "-", "-o", "new", server.url + path, cwd=tmp_path).returncode == 0


def breaks_off(answers):
    """BIG from where it is asked; each answer is (status, page, bytes before it ends)."""
    left = list(answers)

    def answer(connection, request):
        first = int((request.field("Range") or "bytes=0-")[6:-1])
        status, body, sent = left.pop(0)
        body = BIG[first:] if body is None else body
        connection.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nContent-Range: "
                        f"bytes {first}-{len(BIG) - 1}/{len(BIG)}\r\n\r\n".encode() + body[:sent])
        connection.close()
    return answer


PART, WHOLE = ("206 Partial Content", None, 5000), ("206 Partial Content", None, len(BIG))
PAGE, HALF_A_PAGE = [("503 Busy", b"come back later\n", sent) for sent in (99, 4)]


@pytest.mark.parametrize("words, answers, asked", [
    (["-C", "-"], [PART, PART, WHOLE], [1000, 6000, 11000]),
    (["-C", "-", "-f"], [PAGE, PART, PAGE, WHOLE], [1000, 1000, 6000, 6000]),
    (["-C", "-", "--fail-with-body"], [PART, PAGE, HALF_A_PAGE, PART, WHOLE],
     [1000, 6000, 6000, 6000, 11000]),
    (["-C", "1000"], [PART, PART, WHOLE], [1000, 1000, 1000])])
def test_a_new_try_continues_where_the_file_ends(server, tmp_path, words, answers, asked):
    server.scripts["/part"] = breaks_off(answers)
    server.take_requests()
    (tmp_path / "out").write_bytes(BIG[:1000])
    done = get("-sS", *words, "--retry", "9", "--retry-delay", "0.01", "--retry-all-errors",
               "-o", "out", server.url + "/part", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [request.field("Range") for request in server.take_requests()] == [
        f"bytes={first}-" for first in asked]
    assert (tmp_path / "out").read_bytes() == BIG


def test_a_head_alone_continues_nothing(server):
    assert get("-s", "-I", "-C", "3", server.url + "/ok").returncode == 0


def test_the_head_of_a_failed_try_is_taken_back(server, tmp_path):
    server.scripts["/part"] = breaks_off([PAGE, WHOLE])
    server.take_requests()
    (tmp_path / "out").write_bytes(b"12345")
    done = get("-s", "-I", "-C", "-", "--retry", "1", "--retry-delay", "0.01", "-o", "out",
               server.url + "/part", cwd=tmp_path)
    assert done.returncode == 0
    assert [request.field("Range") for request in server.take_requests()] == ["bytes=5-"] * 2
    out = (tmp_path / "out").read_bytes()
    assert out.startswith(b"12345HTTP/1.1 206 Partial Content\r\n") and out.count(b"HTTP/") == 1


# Words


@pytest.mark.parametrize("words, said", [
    (["-f", "/404"], "(22) The requested URL returned error: 404"),
    (["http://127.0.0.1:1/"], "(7) Failed to connect to 127.0.0.1 port 1 after "),
    (["http://no-such-host.invalid/"], "(6) Could not resolve host: no-such-host.invalid"),
    (["ftp://127.0.0.1/"], '(1) Protocol "ftp" not supported'),
    (["http://a b/"], "(3) URL using bad/illegal format or missing URL: "
                      '"http://a...": expected no space in it; a space is written %20'),
    (["http://a:65536/"], "expected a port of 0 to 65535"),
    (["http:/a/"], 'format or missing URL: "http:/a/": expected // after the scheme'),
    (["http://a@b@c/"], '"http://c/": expected only one @ before the path; another is written %40'),
    (["/[a-c:2]"], "has a pattern ({} or []), which is not expanded here; -g takes it as it is"),
    (["-m", "0.2", "/half"], "(28) Operation timed out after "),
    (["--max-filesize", "3", "/ok"], "(63) Maximum file size exceeded"),
    (["-L", "--max-redirs", "0", "/to-tls"], "(47) Maximum (0) redirects followed"),
    (["--retry", "x", "/ok"], '--retry "x": expected a number'),
    (["--compressed", "/ok"], "--compressed: hale cannot decompress"),
    (["-F", "a=b", "/ok"], "-F: multipart forms"), (["--http2", "/ok"], "only HTTP/1.1"),
    (["-b", "jar", "/ok"], "expected NAME=VALUE"), (["-C", "x", "/ok"], "expected a number or -"),
    (["-k", "/ok"], "NOT verified"), (["/{a,b}"], "has a pattern"), (["/[1-9]"], "has a pattern"),
    (["-o"], "option -o: requires parameter"), (["--nope"], "option --nope: is unknown")])
def test_failures_have_curls_words(server, secure, words, said):
    done = get(*(server.url + word if word.startswith("/") else word for word in words))
    assert said in done.stderr.decode() and done.stderr.count(b"\n") == 1


def test_silence_is_silent_and_s_s_is_not(server):
    assert get("-s", "-f", server.url + "/404").stderr == b""
    assert b"(22)" in get("-sS", "-f", server.url + "/404").stderr


def test_verbose_shows_both_heads(server):
    lines = get("-sv", server.url + "/ok").stderr.decode().splitlines()
    assert f"* Connected to 127.0.0.1 (127.0.0.1) port {server.port}" in lines
    assert "> GET /ok HTTP/1.1" in lines and f"> Host: 127.0.0.1:{server.port}" in lines
    assert "< HTTP/1.1 200 OK" in lines and f"< Content-Length: {len(BODY)}" in lines


def test_help_names_every_option_once():
    text = get("--help").stdout.decode()
    assert text.startswith("Usage: hale get [OPTIONS] URL...\n")
    for option in "--fail", "--sha256", "--bearer-file", "--unix-socket", "--noproxy":
        assert text.count(f" {option} ") == 1
    assert max(len(line) for line in text.splitlines()) <= 100


def on_terminal(*words, cwd):
    """Runs it with a terminal as stdout and stderr; what it shows."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execv(harness.HALE, [harness.HALE, "get", *words])
    shown = b""
    while select.select([fd], [], [], harness.DEADLINE)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def test_progress_is_shown_on_a_terminal_where_o_is_used(server, tmp_path):
    code, shown = on_terminal("-o", "out", server.url + "/big", cwd=tmp_path)
    assert code == 0 and b"100 %, 1.0 MiB of 1.0" in shown
    for words in (["-s", "-o", "out", server.url + "/big"], [server.url + "/ok"]):
        assert b"MiB" not in on_terminal(*words, cwd=tmp_path)[1]


def test_binary_data_does_not_mess_up_a_terminal(server, tmp_path):
    code, shown = on_terminal(server.url + "/zero", cwd=tmp_path)
    assert code == 23 and b"Binary output" in shown and b"\0" not in shown
    assert on_terminal("-o", "-", server.url + "/zero", cwd=tmp_path)[0] == 0


# TLS


def test_https_with_a_ca_file(secure, root):
    done = get("-sS", "--cacert", pki.put(root), secure.url + "/ok")
    assert (done.returncode, done.stdout) == (0, BODY), done.stderr


def test_https_without_trust_is_exit_60_in_words(secure):
    done = get("-sS", secure.url + "/ok")
    assert done.returncode == 60 and b"(60) SSL certificate problem: " in done.stderr
    assert get("-sk", secure.url + "/ok").stdout == BODY


def test_another_name_is_exit_60(secure, root):
    done = get("-sS", "--cacert", pki.put(root), "--resolve",
               f"other.test:{secure.port}:127.0.0.1", f"https://other.test:{secure.port}/ok")
    assert done.returncode == 60 and b"other.test" in done.stderr


def test_no_tls_there_is_exit_35():
    with tls_servers.Server(tls_servers.plain(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as plain:
        assert get("-s", f"https://127.0.0.1:{plain.port}/").returncode == 35


def test_a_missing_ca_file_is_exit_77(secure):
    done = get("-sS", "--cacert", "/nonexistent.pem", secure.url + "/ok")
    assert done.returncode == 77 and b"/nonexistent.pem" in done.stderr


def test_a_missing_client_certificate_is_exit_58(secure, root):
    done = get("-sS", "--cacert", pki.put(root), "--cert", "/nonexistent.pem", secure.url + "/ok")
    assert done.returncode == 58


@pytest.mark.parametrize("key, said", [("/nonexistent.pem", b"No such file"),
                                       (None, b"holds no private key"),
                                       ("other", b"does not belong to the certificate")])
def test_a_client_key_that_is_of_no_use_is_exit_43(secure, root, cert, key, said):
    words = ["--key", pki.key("p256", 7).file if key == "other" else key] if key else []
    done = get("-sS", "--cacert", pki.put(root), "--cert", pki.put(cert), *words,
               secure.url + "/ok")
    assert done.returncode == 43 and said in done.stderr, done.stderr


def test_a_redirect_to_https_is_followed_unless_proto_forbids(server, secure, root):
    words = ["-sL", "--cacert", pki.put(root), server.url + "/to-tls"]
    assert get(*words).stdout == BODY
    assert get("--proto", "=http", *words).returncode == 1


def test_a_large_body_over_tls_is_whole(secure, root, tmp_path):
    get("-s", "--cacert", pki.put(root), "-o", "out", secure.url + "/big", cwd=tmp_path)
    assert (tmp_path / "out").read_bytes() == BIG


@pytest.mark.parametrize("notify", [True, False])
def test_a_body_without_length_needs_the_announced_end_of_tls(cert, root, tmp_path, notify):
    context = tls_servers.context(pki.put(cert), cert.key.file)
    talk = tls_servers.https(context, b"HTTP/1.1 200 OK\r\n\r\nhalf or whole", notify)
    with tls_servers.Server(talk) as server:
        done = get("-sS", "--cacert", pki.put(root), "-o", "out",
                   f"https://127.0.0.1:{server.port}/", cwd=tmp_path)
    assert done.returncode == (0 if notify else 56)
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if notify else [])


def relay(connection, request):
    """A proxy's CONNECT: bytes both ways until one side ends."""
    host, _, port = request.target.rpartition(":")
    with socket.create_connection(("127.0.0.1", int(port))) as there:
        connection.send(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")

        def back():
            while data := there.recv(65536):
                connection.send(data)
            with contextlib.suppress(OSError):  # who asked is gone already
                connection.sock.shutdown(socket.SHUT_WR)
        thread = threading.Thread(target=back, daemon=True)
        thread.start()
        while data := connection.sock.recv(65536):
            there.sendall(data)
        there.shutdown(socket.SHUT_WR)
        thread.join(harness.DEADLINE)
    connection.close()


def test_https_goes_through_a_proxys_tunnel(secure, root, tmp_path):
    proxy = httpd.Server({"CONNECT": relay}, tmp_path)
    try:
        words = ["-sS", "--cacert", pki.put(root), secure.url + "/ok"]
        for extra, env in ((["-x", f"http://u:p@127.0.0.1:{proxy.port}"], {}),
                           ([], {"https_proxy": f"u:p@127.0.0.1:{proxy.port}"})):
            secure.take_requests()
            done = get(*extra, *words, env=env)
            assert (done.returncode, done.stdout) == (0, BODY), done.stderr
            (tunnel,), (inside,) = proxy.take_requests(), secure.take_requests()
            assert tunnel.line == f"CONNECT 127.0.0.1:{secure.port} HTTP/1.1"
            assert tunnel.field("Proxy-Authorization") == "Basic dTpw"
            assert inside.line == "GET /ok HTTP/1.1"
            assert inside.field("Proxy-Authorization") is None
    finally:
        proxy.close()


def test_a_tunnel_that_is_refused_is_exit_7(secure, tmp_path):
    proxy = httpd.Server({"CONNECT": lambda c, r: c.answer(b"no", "403 Forbidden")}, tmp_path)
    try:
        done = get("-sS", "-x", f"127.0.0.1:{proxy.port}", secure.url + "/ok")
        assert done.returncode == 7 and b"CONNECT tunnel failed, response 403" in done.stderr
    finally:
        proxy.close()


def test_check_and_wait_speak_tls(secure, root):
    for words in ["check", "--cacert"], ["wait", "--timeout", "5s", "--cacert"]:
        done = subprocess.run([harness.HALE, *words, pki.put(root), secure.url + "/ok"],
                              capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout.endswith("200 OK\n")
    done = subprocess.run([harness.HALE, "check", secure.url + "/ok"], capture_output=True,
                          text=True)
    assert done.returncode == 1 and "certificate" in done.stdout
