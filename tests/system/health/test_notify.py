"""What the service says of itself: sd_notify, the watchdog, a descriptor."""
import ctypes.util
import os
import re
import shutil
import signal
import socket
import sys

import pytest

from harness import DEADLINE, FIRST, HALE, clean_env, readable, svc, until

LISTEN = ["--listen", "8080"]
AT_ONCE = ["--backoff", "0"]
STOP, CONT = signal.SIGSTOP, signal.SIGCONT
NOBODY = 65534
PYTHON = [sys.executable, "-S", "-c"]

needs_systemd_notify = pytest.mark.skipif(shutil.which("systemd-notify") is None,
                                          reason="there is no systemd-notify")
needs_libsystemd = pytest.mark.skipif(ctypes.util.find_library("systemd") is None,
                                      reason="there is no libsystemd")

# Does what the lines of its standard input say: "MESSAGE" is sent, with \n
# where it has ";". "as UID" becomes another user.
TALKER = r"""
import os, socket, sys
def send(text):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect("\0" + os.environ["NOTIFY_SOCKET"][1:])
    s.send(text)
print("up", os.getpid(), flush=True)
for line in sys.stdin:
    line = line.rstrip("\n")
    if line.startswith("as "):
        os.setgid(int(line[3:])); os.setuid(int(line[3:]))
    elif line.startswith("child "):
        if os.fork() == 0:
            send(line[6:].encode()); os._exit(0)
        os.wait()
    elif line == "wait":
        continue
    else:
        send(line.replace(";", "\n").encode("latin-1"))
    print("done", line, flush=True)
"""


@pytest.fixture
def talker(hale):
    def start(*options, **more):
        box = hale(*LISTEN, *options, [*PYTHON, TALKER], **more)
        box.service = int(box.out.expect(r"^up (\d+)$")[1])

        def say(text):
            box.tell(text)
            box.out.expect("^done ")

        box.say = say
        return box
    return start


def becomes(box, path, status):
    until(lambda: box.get(path).status == status, f"{path} is {status}")


# --- READY, STOPPING, STATUS, MAINPID --------------------------------------------

def test_it_is_ready_when_it_says_so(talker):
    box = talker("--notify")
    assert [box.get(p).status for p in ("/readyz", "/startupz", "/livez")] == [503, 503, 200]
    assert "[-]notify failed: it has not said yet that it is ready" in box.get("/readyz").body
    box.say("READY=1")
    becomes(box, "/readyz", 200)
    assert box.get("/startupz").status == 200


def test_stopping_turns_readiness_off(talker):
    box = talker("--notify")
    box.say("READY=1")
    becomes(box, "/readyz", 200)
    box.say("STOPPING=1")
    becomes(box, "/readyz", 503)
    assert "it says that it is stopping" in box.get("/readyz").body
    assert box.get("/livez").status == 200


def test_the_status_is_shown(talker):
    box = talker("--notify")
    box.say("STATUS=Loading <table> \x1b[31m\xc2\x9b 3 of 5")
    until(lambda: box.status()["service"]["status"], "it is there")
    assert box.status()["service"]["status"] == "Loading <table> ?[31m? 3 of 5"
    assert "says      Loading <table> ?[31m? 3 of 5\n" in box.run(HALE, "status").stdout
    assert "Loading &lt;table> ?[31m" in box.get("/").body


def test_several_lines_and_unknown_ones_in_a_message(talker):
    box = talker("--notify")
    box.say("X_FOO=1;STATUS=hi;MAINPID=77;=;nonsense;FDSTORE=1;READY=1;")
    becomes(box, "/readyz", 200)
    assert box.status()["service"]["status"] == "hi"
    assert box.status()["service"]["main_pid"] == 77


def test_all_is_forgotten_with_a_restart(talker):
    box = talker("--notify", "--restart", "always", *AT_ONCE)
    box.say("READY=1;STATUS=old;MAINPID=77")
    becomes(box, "/readyz", 200)
    os.kill(box.outer(box.service), signal.SIGKILL)
    box.out.expect(r"^up \d+$")
    assert [box.get(p).status for p in ("/readyz", "/startupz", "/livez")] == [503, 503, 200]
    assert box.status()["service"]["status"] == ""
    box.say("READY=1")
    becomes(box, "/readyz", 200)


@needs_systemd_notify
def test_the_real_systemd_notify(hale):
    """It waits for its BARRIER=1, so that it would hang where that is lost."""
    box = hale(*LISTEN, "--notify", ["/bin/sh", "-c",
               "systemd-notify --ready --status='Up and running' && echo told; exec cat"])
    box.out.expect("^told$")
    assert box.get("/readyz").status == 200
    assert box.status()["service"]["status"] == "Up and running"


@needs_libsystemd
def test_a_service_that_uses_libsystemd(hale):
    code = r"""
import ctypes, ctypes.util, sys
lib = ctypes.CDLL(ctypes.util.find_library("systemd") or "libsystemd.so.0")
usec = ctypes.c_uint64()
print("enabled", lib.sd_watchdog_enabled(0, ctypes.byref(usec)), usec.value, flush=True)
print("sent", lib.sd_notify(0, b"READY=1\nSTATUS=by libsystemd"), flush=True)
print("barrier", lib.sd_notify_barrier(0, ctypes.c_uint64(10000000)), flush=True)
for line in sys.stdin:
    lib.sd_notify(0, b"WATCHDOG=1")
"""
    box = hale(*LISTEN, "--notify", "--watchdog", "1h", [sys.executable, "-c", code])
    box.out.expect("^enabled 1 3600000000$")
    box.out.expect("^sent 1$")
    box.out.expect("^barrier [01]$")
    assert box.get("/readyz").status == 200
    assert box.status()["service"]["status"] == "by libsystemd"


# --- who may speak ---------------------------------------------------------------

def test_a_child_and_another_user_of_the_service_may_speak(talker):
    box = talker("--notify")
    box.say("child STATUS=child")
    until(lambda: box.status()["service"]["status"] == "child", "the child was heard")
    box.say(f"as {NOBODY}")
    box.say("STATUS=nobody")
    until(lambda: box.status()["service"]["status"] == "nobody", "the service was heard")
    box.say("child READY=1")
    becomes(box, "/readyz", 200)


def notify_name(box):
    environ = open(f"/proc/{box.outer(box.service)}/environ").read().split("\0")
    return "\0" + next(e for e in environ if e.startswith("NOTIFY_SOCKET=@")).split("@")[1]


def send_to(name, text=b"READY=1"):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(name)
        sock.send(text)


@pytest.mark.parametrize("how", ["a child", "an orphan"])
def test_a_descendant_of_another_user_may_speak(hale, how):
    """As in `su www-data -c gunicorn`: the service itself stays root. The
    speaker stays too: of one that has ended nobody can say who it was."""
    code = TALKER.replace("if os.fork() == 0:", "if os.fork() == 0:\n"
                          "            if 'orphan' in sys.argv and os.fork(): os._exit(0)\n"
                          f"            os.setgid({NOBODY}); os.setuid({NOBODY})")
    code = code.replace("os._exit(0)\n        os.wait", "sys.stdin.read()\n        os.wait")
    box = hale(*LISTEN, "--notify", [*PYTHON, code, how.split()[1]])
    box.out.expect("^up")
    box.tell("child READY=1")
    becomes(box, "/readyz", 200)


def send_and_stay(name, text=b"READY=1"):
    """Ends only once the message was judged: hale has then read one more, and
    so closed the descriptor that came with it."""
    read, write = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(name)
        sock.send(text)
        socket.send_fds(sock, [b"X=1"], [write])
    os.close(write)
    assert readable(read, DEADLINE), "hale keeps a descriptor that was sent to it"
    return os.read(read, 1)


def test_a_refused_ready_is_a_warning_once_a_start_and_the_reason(talker):
    box = talker("--notify", "--restart", "always", *AT_ONCE)
    why = rf"pid \d+, user {NOBODY}%s: it does not descend from hale$"
    for start in (1, 2):
        name = notify_name(box)
        for _ in range(3):
            box.inside(lambda: send_and_stay(name), uid=NOBODY)
        assert re.search(r"^\[-\]notify failed: it has not said yet that it is ready; a READY=1 of "
                         + why % " was refused", box.get("/readyz").body, re.M)
        os.kill(box.outer(box.service), signal.SIGKILL)
        box.err.expect("restarting")
        assert len(re.findall("refused a notification of " + why % r" \(READY=1\)", box.err.seen,
                              re.M)) == start
        box.service = int(box.out.expect(r"^up (\d+)$")[1])
        assert "was refused" not in box.get("/readyz").body
    box.say("READY=1")
    becomes(box, "/readyz", 200)


def test_a_stranger_is_not_heard(talker):
    """Another user; and root, but from outside the PID namespace."""
    box = talker("--notify", "-v")
    name = notify_name(box)
    box.inside(lambda: send_to(name), uid=NOBODY)
    box.err.expect(rf"refused a notification of pid \d+, user {NOBODY}")
    with box.net():
        send_to(name)
    box.err.expect("refused a notification of pid 0, user 0")
    assert box.get("/readyz").status == 503
    box.inside(lambda: send_to(name))
    becomes(box, "/readyz", 200)


def test_a_flood_and_garbage_do_no_harm(talker):
    box = talker("--notify")
    name = notify_name(box)

    def flood():
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect(name)
            for text in (b"", b"\0", b"\n" * 4096, b"=" * 5000, b"READY=1\0X",
                         b"STATUS=" + b"x" * 9000, os.urandom(4000)) * 50:
                sock.send(text)

    box.inside(flood)
    assert box.get("/readyz").status == 503
    box.say("READY=1;STATUS=fine")
    becomes(box, "/readyz", 200)


def test_a_message_of_4096_bytes_is_heard_and_a_longer_one_is_not_in_part(talker):
    """Cut, it would say READY=1 and a watchdog of 1 ms instead of 1000 s."""
    box = talker("--notify")
    name = notify_name(box)

    def message(length, start, end):
        return start + b"x" * (length - len(start) - len(end)) + end

    long = message(4096, b"READY=1\nX=", b"\nWATCHDOG_USEC=1000") + b"000000"
    box.inside(lambda: send_to(name, long))
    box.err.expect("dropped a notification of more than 4096 bytes")
    assert [box.get(p).status for p in ("/livez", "/readyz")] == [200, 503]
    box.inside(lambda: send_to(name, message(4096, b"X=", b"\nREADY=1")))
    becomes(box, "/readyz", 200)


def test_descriptors_that_are_sent_are_closed(talker):
    box = talker("--notify")
    name = notify_name(box)
    before = len(os.listdir(f"/proc/{box.pid}/fd"))

    def send():
        read, write = os.pipe()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect(name)
            socket.send_fds(sock, [b"FDSTORE=1\nFDNAME=x\nREADY=1"], [write] * 100)
        os.close(write)
        return readable(read, DEADLINE) and os.read(read, 1)  # the end: nobody has the other

    assert box.inside(send) == b""
    becomes(box, "/readyz", 200)
    assert len(os.listdir(f"/proc/{box.pid}/fd")) == before


# --- the environment ---------------------------------------------------------------

def test_the_environment_names_the_socket_and_the_watchdog(hale):
    box = hale("--notify", "--watchdog", "1500ms", "ids env say up pause",
               env=clean_env(NOTIFY_SOCKET="/of/another", WATCHDOG_PID="1", WATCHDOG_USEC="5"))
    pid = box.out.expect(r"^ids pid=(\d+)")[1]
    box.out.expect("^env end$")
    lines = box.out.seen.splitlines()
    assert f"env WATCHDOG_PID={pid}" in lines
    assert "env WATCHDOG_USEC=1500000" in lines
    sockets = [line for line in lines if line.startswith("env NOTIFY_SOCKET=")]
    assert len(sockets) == 1 and sockets[0].startswith("env NOTIFY_SOCKET=@")


def test_the_watchdog_of_hales_own_manager_is_not_the_one_of_a_notify_service(hale):
    _, out, _ = hale("--notify", "env exit 0",
                     env=clean_env(WATCHDOG_PID="1", WATCHDOG_USEC="5")).end()
    assert [line for line in out if "WATCHDOG" in line] == []


def test_a_variable_that_is_there_twice_does_not_come_back(hale):
    """execve(2) lets it be; what is taken out must not be seen behind what is added."""
    twice = ("import os, sys; import ctypes; libc = ctypes.CDLL(None);"
             "env = (ctypes.c_char_p * 5)(b'WATCHDOG_USEC=1', b'WATCHDOG_USEC=2',"
             " b'WATCHDOG_USEC=3', b'A=1', None);"
             "argv = (ctypes.c_char_p * len(sys.argv))(*[a.encode() for a in sys.argv[1:]], None);"
             "libc.execve(argv[0], argv, env)")
    box = hale("--", [*PYTHON, twice, HALE, "-s", "-q", "--notify", *svc("env exit 0")])
    _, out, _ = box.end()
    assert [line.partition("=")[0] for line in out] == ["env A", "env NOTIFY_SOCKET", "env end"]


def test_a_watchdog_handed_to_hale_is_the_services(hale):
    """Without a notify socket of hale's, the service is to feed the manager above."""
    given = clean_env(NOTIFY_SOCKET="/of/another", WATCHDOG_PID="1", WATCHDOG_USEC="5",
                      LISTEN_PID="1", LISTEN_FDS="1")
    _, out, _ = hale("env exit 0", env=given).end()
    want = dict(given, WATCHDOG_PID=str(FIRST), LISTEN_PID=str(FIRST))
    assert sorted(out) == sorted([f"env {k}={v}" for k, v in want.items()] + ["env end"])


def test_a_watchdog_handed_to_hale_is_that_of_every_life(hale):
    _, out, _ = hale("--restart", "always", "--backoff", "1ms", "--max-restarts", "2",
                     "ids env exit 0", env=clean_env(WATCHDOG_PID="1", WATCHDOG_USEC="5")).end()
    lives = re.findall(r"ids pid=(\d+)(?:.|\n)*?WATCHDOG_PID=(\d+)", "\n".join(out))
    assert len(lives) == 3 and all(pid == named for pid, named in lives)


def test_without_notify_the_environment_is_what_it_was(hale):
    given = clean_env(NOTIFY_SOCKET="/of/another", WATCHDOG_PID="77", WATCHDOG_USEC="5")
    box = hale("env exit 0", env=given)
    _, out, _ = box.end()
    assert sorted(out) == sorted([f"env {k}={v}" for k, v in given.items()] + ["env end"])


# --- the watchdog ------------------------------------------------------------------

def test_a_watchdog_that_is_not_fed_is_found_and_forgiven(talker):
    box = talker("--watchdog", "300ms")
    box.err.expect("is not live: watchdog: never fed in 300ms")
    assert "[-]watchdog failed: watchdog: never fed in 300ms" in box.get("/livez").body
    box.say("WATCHDOG_USEC=3600000000")
    box.say("WATCHDOG=1")
    box.err.expect("is live again")
    assert box.get("/livez").status == 200


def test_a_watchdog_that_is_fed_stays_quiet(hale):
    code = TALKER.replace("for line in sys.stdin:", "import time\nwhile True:\n"
                          "    send(b'WATCHDOG=1'); time.sleep(0.05)\nfor line in sys.stdin:")
    box = hale(*LISTEN, "--watchdog", "2s", "--on-unhealthy", "restart", [*PYTHON, code])
    box.out.expect("^up")
    until(lambda: box.status()["service"]["uptime_ms"] > 2500, "longer than the watchdog")
    assert (box.get("/livez").status, box.status()["restarts"]) == (200, 0)


def test_a_missed_watchdog_is_a_sigabrt_and_a_restart(talker):
    box = talker("--watchdog", "300ms", "--on-unhealthy", "restart", *AT_ONCE)
    box.err.expect("was killed by SIGABRT.*stopped as unhealthy .watchdog: never fed in 300ms")
    assert int(box.out.expect(r"^up (\d+)$")[1]) != box.service
    assert box.status()["last_exit"]["code"] == 134


def test_with_notify_the_watchdog_runs_from_ready(talker):
    box = talker("--notify", "--watchdog", "200ms", "--ready-check", "unix:/none", "--interval",
                 "100ms")
    until(lambda: box.status()["service"]["uptime_ms"] > 600, "longer than the watchdog")
    assert box.get("/livez").status == 200
    box.say("READY=1")
    box.err.expect("is not live: watchdog")


def test_a_trigger_works_without_a_watchdog(talker):
    box = talker("--notify", "--on-unhealthy", "restart", *AT_ONCE)
    box.say("READY=1")
    box.tell("WATCHDOG=trigger")
    box.err.expect("was killed by SIGABRT.*watchdog: triggered by the service itself")
    assert int(box.out.expect(r"^up (\d+)$")[1]) != box.service


def test_a_watchdog_can_be_set_and_taken_away_at_run_time(talker):
    box = talker("--notify")
    box.say("READY=1")
    box.say("WATCHDOG_USEC=200000")
    box.err.expect("is not live: watchdog: never fed in 200ms")
    box.say("WATCHDOG_USEC=0")
    box.err.expect("is live again")


@pytest.mark.parametrize("pause", [1.5, 4])
def test_a_frozen_hale_blames_nobody(talker, pause):
    """As after `docker unpause`: the service had no more time than hale."""
    box = talker("--watchdog", "1s", "--on-unhealthy", "exit")
    outer = box.outer(box.service)
    box.err.expect("readiness knows only whether the process runs$")
    os.kill(box.pid, STOP)
    os.kill(outer, STOP)
    # Longer than watchdog and what counts as frozen together.
    with pytest.raises(AssertionError, match="nothing more"):
        box.err.line(timeout=pause)
    os.kill(box.pid, CONT)
    assert box.get("/livez").status == 200
    os.kill(outer, CONT)
    box.say("WATCHDOG_USEC=3600000000")
    box.say("WATCHDOG=1")
    assert box.get("/livez").status == 200


def test_a_freeze_takes_no_time_from_the_start_period(talker):
    """It lasts longer than the period: failures afterwards do not count yet."""
    box = talker("--live-check", "unix:/none", "--interval", "100ms", "--retries", "1",
                 "--start-period", "3s")
    outer = box.outer(box.service)
    os.kill(box.pid, STOP)
    os.kill(outer, STOP)
    with pytest.raises(AssertionError, match="nothing more"):
        box.err.line(timeout=3.5)
    os.kill(outer, CONT)
    os.kill(box.pid, CONT)
    failed = box.check()["failed"]
    until(lambda: box.check()["failed"] > failed + 1, "it was asked again")
    assert box.check()["state"] == "starting"
    box.err.expect("is not live: check unix:/none")  # the rest of it passes


def test_a_sick_service_is_found_by_interval_and_retries_after_the_period(talker):
    box = talker("--live-check", "unix:/none", "--interval", "200ms", "--retries", "3",
                 "--start-period", "1500ms")  # --start-interval is 5 s
    box.err.expect("is not live: check unix:/none")
    assert 1500 <= box.status()["service"]["uptime_ms"] < 1500 + 3 * 200 + 1000


# --- more time ---------------------------------------------------------------------

def test_more_time_to_stop_is_given(hale):
    code = "import signal; signal.signal(15, signal.SIG_IGN)" + TALKER
    box = hale(*LISTEN, "--notify", "--stop-timeout", "1500ms", [*PYTHON, code])
    box.out.expect("^up")
    box.signal(signal.SIGTERM)
    until(lambda: box.status()["state"] == "stopping", "hale has sent it on")
    box.tell("EXTEND_TIMEOUT_USEC=3600000000")
    box.out.expect("^done EXTEND")
    with pytest.raises(AssertionError, match="nothing more"):
        box.report.line(timeout=2.5)
    assert box.status()["state"] == "stopping"


def test_more_time_to_start_is_given(talker):
    box = talker("--notify", "--live-check", "unix:/none", "--interval", "100ms", "--retries", "4",
                 "--start-interval", "50ms")
    box.say("EXTEND_TIMEOUT_USEC=3600000000")

    def check():
        return next(c for c in box.status()["checks"] if c["name"] == "unix:/none")

    until(lambda: check()["failed"] >= 12, "many failures")
    assert check()["state"] == "starting"


# --- the descriptor -----------------------------------------------------------------

@pytest.mark.parametrize("fd", [3, 7, 100])
def test_a_newline_on_the_descriptor_means_ready(hale, fd):
    box = hale(*LISTEN, "--notify-fd", str(fd), ["/bin/bash", "-c",
               f"echo up; read; echo -n booting >&{fd}; read; echo >&{fd}; exec {fd}>&-; read"])
    box.out.expect("^up$")
    assert box.get("/readyz").status == 503
    box.tell("")
    box.tell("")
    becomes(box, "/readyz", 200)


def test_a_descriptor_that_is_closed_without_a_newline_is_never_ready(hale):
    box = hale(*LISTEN, "--notify-fd", "3", ["/bin/sh", "-c",
               "printf no >&3; exec 3>&-; echo closed; read x"])
    box.out.expect("^closed$")
    assert box.get("/readyz").status == 503


def test_the_descriptor_works_after_a_restart(hale):
    box = hale(*LISTEN, "--notify-fd", "5", "--restart", "always", *AT_ONCE, ["/bin/sh", "-c",
               "echo up; read x; echo >&5; read x; echo more >&5; exit 1"])
    for _ in range(3):
        box.out.expect("^up$")
        assert box.get("/readyz").status == 503
        box.tell("")
        becomes(box, "/readyz", 200)
        box.tell("")


def test_only_the_service_gets_the_descriptor(hale):
    box = hale(*LISTEN, "--notify-fd", "3", "fds say up pause")
    assert box.out.expect("^fds (.*)$")[1].split()[:4] == ["0", "1", "2", "3"]
