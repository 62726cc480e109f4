"""Which process is the service: hot upgrades (MAINPID), daemons that fork."""
import contextlib
import os
import re
import signal
import socket
import sys

import pytest

from harness import FIRST, HALE, SECOND, SVC, libc, until

LISTEN = ["--listen", "8080"]
NOTIFY = [*LISTEN, "--notify"]
TERM, USR1 = signal.SIGTERM, signal.SIGUSR1
NOBODY = 65534
PYTHON = [sys.executable, "-S", "-c"]
SYS_PIDFD_OPEN = 434

# The old process does what the lines of its standard input say; "new" starts
# the new one, which prints the signals that it gets, ends with 23 on SIGTERM
# and names itself on SIGUSR1.
UPGRADER = r"""
import os, select, signal, socket, sys
def send(text):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect("\0" + os.environ["NOTIFY_SOCKET"][1:])
    s.send(text.encode())
def tell(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())
def new(user, name="new"):
    null = os.open("/dev/null", os.O_RDONLY); os.dup2(null, 0)
    if user:
        os.setgid(user); os.setuid(user)
    def got(sig):
        tell(name, "got", int(sig))
        if sig == signal.SIGHUP:
            if os.fork() == 0:
                new(0, "third")
        elif sig == signal.SIGUSR1:
            send(f"MAINPID={os.getpid()}\nREADY=1")
        elif sig == signal.SIGUSR2:
            os._exit(5)
        else:
            os._exit(23)
    heard = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    tell(name, os.getpid())
    while True:
        got(signal.sigwait(heard))
def old_got(sig, _):
    tell("old got", sig)
    os._exit(7)
# Python runs a handler between two steps of its own: a signal right before a
# read would wait for what is read.
woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
signal.set_wakeup_fd(wake)
signal.signal(signal.SIGTERM, old_got)
def lines():
    got, more = b"", b"x"
    while more:
        if 0 in select.select([0, woken], [], [])[0]:
            more = os.read(0, 4096)
            *whole, got = (got + more).split(b"\n")
            yield from map(bytes.decode, whole)
tell("old", os.getpid())
for line in lines():
    word, _, rest = line.partition(" ")
    if word == "new":
        child = os.fork()
        if child == 0:
            new(int(rest or 0))
    elif word == "kill":
        os.kill(child, int(rest))
    elif word == "wait":
        tell("waited", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    elif word == "say":
        send(rest.replace(";", "\n").replace("NEW", str(child)))
    elif word == "quit":
        os._exit(int(rest))
"""


@pytest.fixture
def upgrade(hale):
    """A service with a new process beside it: box.old and box.new are pids."""
    def start(*options, user="", **more):
        box = hale(*NOTIFY, *options, [*PYTHON, UPGRADER], **more)
        box.old = int(box.out.expect(r"^old (\d+)$")[1])
        box.tell(f"new {user}")
        box.new = int(box.out.expect(r"^new (\d+)$")[1])
        return box
    return start


def takes_over(box):
    box.tell("say MAINPID=NEW;READY=1")
    becomes(box, box.new)


def becomes(box, pid):
    until(lambda: box.status()["service"]["pid"] == pid, f"{pid} is the service")


# --- MAINPID -----------------------------------------------------------------

def test_the_process_that_is_named_becomes_the_service(upgrade):
    box = upgrade()
    takes_over(box)
    box.tell("quit 0")
    until(lambda: box.state(box.old) is None, "the old one is reaped")
    assert box.get("/readyz").status == 200
    assert (box.status()["state"], box.status()["restarts"]) == ("running", 0)
    box.signal(TERM)
    box.out.expect("^new got 15$")
    assert box.code() == 23


@pytest.mark.parametrize("options, code", [([], 1), (["-s"], 23)])
def test_without_pid_1_the_exit_code_of_the_new_one_needs_a_subreaper(upgrade, options, code):
    box = upgrade(*options, second=True)
    takes_over(box)
    box.tell("quit 0")
    until(lambda: box.state(box.old) is None, "the old one is reaped")
    box.signal(TERM)
    box.out.expect("^new got 15$")
    assert box.code() == code
    told = any("another process got its exit code" in line for line in box.err.rest())
    assert told == (code == 1)


def test_it_may_name_itself(upgrade):
    box = upgrade()
    box.tell(f"kill {int(USR1)}")
    becomes(box, box.new)
    assert box.get("/readyz").status == 200


@pytest.mark.parametrize("code", [0, 3])
def test_how_the_old_one_ends_does_not_matter(upgrade, code):
    box = upgrade("--restart", "always")
    takes_over(box)
    box.tell(f"quit {code}")
    until(lambda: box.state(box.old) is None, "the old one is reaped")
    assert (box.status()["service"]["pid"], box.status()["restarts"]) == (box.new, 0)


def test_while_the_old_one_lives_signals_go_to_the_new_one(upgrade):
    box = upgrade()
    takes_over(box)
    box.signal(USR1)
    box.out.expect("^new got 10$")
    assert box.state(box.old) in "SR"


def test_the_old_one_is_the_service_again_when_the_new_one_has_ended(upgrade):
    box = upgrade()
    takes_over(box)
    box.signal(signal.SIGUSR2)
    box.tell("wait")
    box.out.expect("^waited 5$")
    becomes(box, box.old)
    box.err.expect(rf"\(pid {box.new}\) has ended: python3 \(pid {box.old}\) is the service again$")
    assert box.status()["service"]["program"] == "/usr/bin/python3"  # as it was started
    box.tell("quit 9")
    assert box.code() == 9


def test_a_stop_of_the_new_one_alone_stops_the_old_one_too(upgrade):
    """The old one has the new one's exit code, and hale does not."""
    box = upgrade()
    takes_over(box)
    box.signal(TERM)
    box.out.expect("^new got 15$")
    box.out.expect("^old got 15$")
    assert box.code() == 7


def test_a_service_that_took_over_is_restarted_by_the_policy(upgrade):
    box = upgrade("--restart", "on-failure", "--backoff", "0")
    takes_over(box)
    box.tell("quit 0")
    until(lambda: box.state(box.old) is None, "the old one is reaped")
    box.signal(signal.SIGUSR2)
    box.out.expect("^new got 12$")
    again = int(box.out.expect(r"^old (\d+)$")[1])
    assert again not in (box.old, box.new)
    becomes(box, again)


def test_two_upgrades_one_after_the_other(upgrade):
    box = upgrade()
    takes_over(box)
    first = box.new
    box.tell("new")
    box.new = int(box.out.expect(r"^new (\d+)$")[1])
    takes_over(box)
    box.tell("quit 0")
    until(lambda: box.state(box.old) is None, "the old one is reaped")
    box.signal(TERM)
    box.out.expect("^new got 15$")
    assert box.code() == 23
    assert box.new != first


def test_after_a_second_upgrade_that_fails_the_first_ones_process_is_the_service(upgrade):
    """Its parent is not hale: the very first process still drains."""
    box = upgrade()
    takes_over(box)
    box.tell(f"kill {int(signal.SIGHUP)}")
    third = int(box.out.expect(r"^third (\d+)$")[1])
    box.tell(f"say MAINPID={third}")
    becomes(box, third)
    box.signal(signal.SIGUSR2)
    box.out.expect("^third got 12$")
    becomes(box, box.new)
    box.tell("quit 0")
    until(lambda: box.state(box.old) is None, "the old one is reaped")
    assert box.status()["service"]["pid"] == box.new
    box.signal(TERM)
    assert box.code() == 23


def test_an_upgrade_that_fails_is_a_failure_when_the_old_one_makes_room(upgrade):
    box = upgrade("--restart", "on-failure", "--backoff", "0")
    takes_over(box)
    box.signal(signal.SIGUSR2)
    becomes(box, box.old)
    box.tell("quit 0")
    box.err.expect("exited with code 0, but its successor failed: that counts as code 1")
    box.out.expect(r"^old \d+$")  # it is started again


def test_a_zombie_does_not_become_the_service(upgrade):
    box = upgrade()
    box.tell(f"kill {int(TERM)}")
    until(lambda: box.state(box.new) == "Z", "the new one is a zombie")
    for _ in range(2):
        box.tell("say MAINPID=NEW")
    box.err.expect(rf"MAINPID={box.new} is not followed: no living process")
    box.tell("quit 4")
    assert box.code() == 4
    assert not [line for line in box.err.rest() if "is not followed" in line]  # once is enough


def test_a_checker_of_hales_does_not_become_the_service(upgrade):
    box = upgrade("--ready-check", "exec:/bin/sleep 0.2", "--interval", "300ms", "--timeout", "5s")

    def name_a_checker():
        for pid in box.pids() - {1, box.old, box.new}:
            with contextlib.suppress(OSError):
                # Not its child that is about to be another program.
                with open(box.inner(f"proc/{pid}/stat"), encoding="ascii") as stat:
                    is_one = re.match(r"\d+ \(hale-check\) \S 1 ", stat.read())
                if is_one:
                    box.tell(f"say MAINPID={pid}")
                    return True
        return False

    until(name_a_checker, "a checker is there")
    box.err.expect("is not followed: no living process")
    assert box.status()["service"]["pid"] == box.old


def test_one_that_another_process_holds_dead_is_not_waited_for(upgrade):
    """Its tracer has not waited for it, so hale cannot reap it: no loop, no wait."""
    box = upgrade()
    takes_over(box)
    box.tell("quit 0")
    until(lambda: box.state(box.old) is None, "the old one is reaped")
    pid = box.outer(box.new)
    assert libc.ptrace(0x4206, pid, None, None) == 0  # PTRACE_SEIZE
    os.kill(pid, signal.SIGKILL)
    box.err.expect("another process got its exit code")
    os.waitpid(pid, 0)  # until then the kernel keeps the namespace
    assert box.code() == 1


def test_without_pidfds_it_takes_over_when_the_old_one_ends(upgrade):
    box = upgrade("-v", refuse=[f"{SYS_PIDFD_OPEN}:-1:38"])
    box.tell("say MAINPID=NEW;READY=1")
    box.err.expect(rf"MAINPID={box.new} is not followed yet: Function not implemented")
    assert box.status()["service"]["pid"] == box.old
    box.tell("quit 1")
    becomes(box, box.new)
    box.signal(TERM)
    assert box.code() == 23


def test_a_subreaper_follows_it_as_pid_1_does(upgrade):
    box = upgrade("-s", second=True)
    takes_over(box)
    box.tell("quit 0")
    until(lambda: box.state(box.old) is None, "the old one is reaped")
    box.signal(TERM)
    assert box.code() == 23


@pytest.mark.parametrize("who", [1, 4000000])
def test_what_is_not_below_hale_does_not_become_the_service(upgrade, who):
    box = upgrade()
    box.tell(f"say MAINPID={who};READY=1")
    box.err.expect(f"MAINPID={who} is not followed: no living process")
    assert box.status()["service"]["pid"] == box.old


def test_a_guest_does_not_become_the_service(upgrade):
    """As what `docker exec` starts: in the namespace, and not below hale."""
    box = upgrade()
    here, there = socket.socketpair()
    name = re.search(r"NOTIFY_SOCKET=@(\S+?)\0", open(box.inner(f"proc/{box.old}/environ"),
                                                      encoding="ascii").read())[1]

    def name_myself():
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(f"MAINPID={os.getpid()}\nREADY=1".encode(), f"\0{name}")
        there.send(b"x")
        return os.getpid()

    guest = box.inside(name_myself)
    assert here.recv(1) == b"x"
    box.err.expect(f"MAINPID={guest} is not followed: no living process")
    assert box.status()["service"]["pid"] == box.old


def test_a_worker_without_rights_cannot_take_the_services_place(upgrade):
    box = upgrade(user=NOBODY)
    box.tell(f"kill {int(USR1)}")
    box.err.expect(rf"MAINPID={box.new} of pid {box.new}, user {NOBODY} is not followed")
    until(lambda: box.get("/readyz").status == 200, "its READY=1 counts")
    assert box.status()["service"]["pid"] == box.old


def test_its_group_is_the_one_that_it_was_started_in(upgrade):
    box = upgrade("-g")
    takes_over(box)
    box.signal(TERM)
    box.out.expect_each("^new got 15$", "^old got 15$")


# --- --follow-orphan ---------------------------------------------------------------

DAEMON = "fork { setsid catch quit 15 9 say ready pause } read"


# A shell's child has the shell's name until it has become the program.
SLEEPER = ["sh", "-c", "sleep 3600 & until [ $(cat /proc/$!/comm) = sleep ]; do :; done"]


def test_the_hint_is_for_the_program_that_was_started(box, tmp_path):
    """Also once another process, of another name, has been followed."""
    nginx = tmp_path / "nginx"
    nginx.write_text(f"#!/bin/sh\n{SVC} setsid fork {{ pause }} fork {{ pause }} exit 0 &\n")
    nginx.chmod(0o755)
    box = box(HALE, "--follow-orphan", "--", str(nginx))
    box.err.expect(r"left svc \(pid \d+\), svc \(pid \d+\) running: start it in the foreground "
                   r"\(daemon off;\)$")
    assert box.code() == 0


def test_a_process_that_was_followed_goes_by_its_own_name(box):
    box = box(HALE, "-v", *LISTEN, "--follow-orphan", "--", *SLEEPER)
    box.err.expect(
        rf"sh \(pid {FIRST}\) exited with code 0: sleep \(pid {SECOND}\) is the service now$")
    assert box.status()["service"]["program"] == "sleep"
    box.signal(TERM)
    box.err.expect(rf"sending SIGTERM to sleep \(pid {SECOND}\)$")
    assert box.code() == 143


def test_of_its_own_name_the_service_has_what_the_kernel_keeps(box, tmp_path):
    """15 bytes (proc(5), comm)."""
    long = tmp_path / "a-name-of-20-letters"
    long.symlink_to(SVC)
    box = box(HALE, *LISTEN, "--follow-orphan", "--", "sh", "-c",
              f"{long} pause & until [ $(cat /proc/$!/comm) = {long.name[:15]} ]; do :; done")
    box.err.expect(rf"exited with code 0: {long.name[:15]} \(pid {SECOND}\) is the service now$")
    assert box.status()["service"]["program"] == long.name[:15]


def test_after_a_restart_the_service_goes_by_the_name_it_was_started_by(box):
    box = box(HALE, *LISTEN, "--follow-orphan", "--restart", "always", "--backoff", "1ms", "--",
              *SLEEPER)
    box.err.expect(
        rf"sh \(pid {FIRST}\) exited with code 0: sleep \(pid {SECOND}\) is the service now$")
    becomes(box, SECOND)
    box.run("kill", "-9", str(SECOND))
    box.err.expect(rf"sleep \(pid {SECOND}\) was killed by SIGKILL")
    box.err.expect("restarting sh in 1ms")
    box.err.expect(r"sh \(pid \d+\) exited with code 0: sleep \(pid \d+\) is the service now$")


def test_the_one_process_that_is_left_becomes_the_service(hale):
    box = hale(*LISTEN, "--follow-orphan", f"{DAEMON} exit 0")
    box.out.expect("^ready$")
    box.tell("go")
    box.err.expect(
        rf"svc \(pid {FIRST}\) exited with code 0: svc \(pid {SECOND}\) is the service now$")
    becomes(box, SECOND)
    box.signal(TERM)
    box.out.expect("^got 15 ")
    assert box.code() == 9


def test_a_daemon_that_forks_twice_is_followed_to_the_end(hale):
    box = hale(*LISTEN, "--follow-orphan",
               "fork { setsid fork { catch quit 15 9 say ready pause } read } read exit 0")
    box.out.expect("^ready$")
    for _ in range(2):
        box.tell("go")
    becomes(box, SECOND + 1)
    box.signal(TERM)
    assert box.code() == 9


@pytest.mark.parametrize("options, words", [
    (["--follow-orphan"], f"fork {{ pause }} {DAEMON} exit 0"),  # which of two?
    (["--follow-orphan"], f"{DAEMON} exit 4"),  # it failed
    ([], f"{DAEMON} exit 0")])
def test_otherwise_the_end_of_the_service_is_the_end(hale, options, words):
    box = hale(*options, words)
    box.out.expect("^ready$")
    box.tell("go")
    assert box.code() == (4 if "exit 4" in words else 0)


def test_a_stopped_service_is_not_followed(hale):
    box = hale("--follow-orphan", "fork { setsid ignore 15 say ready pause } "
               "catch quit 15 0 say up pause")
    box.out.expect_each("^ready$", "^up$")
    box.signal(TERM)
    assert box.code() == 0


# --- what was left, in words ------------------------------------------------------


def test_a_daemon_that_forks_is_told_from_a_service(hale):
    box = hale(f"{DAEMON} exit 0")
    box.out.expect("^ready$")
    box.tell("go")
    code, _, err = box.end()
    assert code == 0
    assert [line for line in err if "left" in line] == [
        f"hale: {SVC} (pid {FIRST}) exited with code 0 and left svc (pid {SECOND}) running: "
        "start it in the foreground, or use --follow-orphan"]


@pytest.mark.parametrize("options, code", [([], 1), (["--linger", "10s"], 0)])
def test_nothing_is_said_of_a_failure_or_of_those_that_may_linger(hale, options, code):
    box = hale(*options, f"{DAEMON} exit {code}")
    box.out.expect("^ready$")
    box.tell("go")
    assert not [line for line in box.end()[2] if "left" in line]


def test_nothing_is_said_of_the_dead(hale):
    box = hale("fork { exit 0 } read exit 0")
    until(lambda: box.state(SECOND) == "Z", "the child is a zombie")
    box.tell("go")
    assert not [line for line in box.end()[2] if "left" in line]


def test_a_restart_names_what_it_kills(hale):
    box = hale("--restart", "always", "--max-restarts", "1", f"{DAEMON} exit 0")
    box.out.expect("^ready$")
    box.tell("go")
    box.err.expect(rf"exited with code 0 and left svc \(pid {SECOND}\) running")
    box.err.expect(rf"killing what .*svc left: svc \(pid {SECOND}\)$")
