"""Terminals: handed over, taken back, never stolen."""
import fcntl
import os
import re
import signal
import struct
import subprocess
import termios

import pytest

from box import HALE, PORT, SVC, Lines, svc, until

IDS = r"ids pid=(-?\d+) ppid=(-?\d+) pgid=(-?\d+) sid=(-?\d+) fg=(-?\d+)"
INT, QUIT, TSTP, CONT, WINCH, HUP = 2, 3, 20, 18, 28, 1


def ids(box):
    return [int(n) for n in box.out.expect(IDS).groups()]


@pytest.mark.parametrize("tty, second", [("leader", False), ("fg", True), ("fg", False)])
def test_the_service_is_the_terminals_foreground(hale, tty, second):
    box = hale("-q", "ids pause", tty=tty, second=second)
    pid, _, pgid, _, fg = ids(box)
    assert pid == pgid == fg
    assert box.foreground() == box.outer(pid)


def test_the_service_stays_in_the_session_of_the_terminal(hale):
    pid, ppid, _, sid, _ = ids(hale("ids pause", tty="leader"))
    assert (ppid, sid) == (1, 1)


@pytest.mark.parametrize("fd", [0, 1, 2])
def test_the_terminal_may_be_any_of_the_three_streams(hale, fd):
    master, slave = os.openpty()
    try:
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        streams[("stdin", "stdout", "stderr")[fd]] = slave
        read, write = os.pipe()
        box = hale(f"to {write} ids pause", tty="leader", fds=[write], **streams)
        os.close(write)
        pid, _, pgid, sid, fg = [int(n) for n in Lines(read).expect(IDS).groups()]
        os.close(read)
        assert (pid, sid, fg) == (pgid, 1, pid)
    finally:
        os.close(master)
        os.close(slave)


def test_without_a_terminal_the_service_has_its_own_session(hale):
    pid, _, pgid, sid, fg = ids(hale("ids pause"))
    assert (pgid, sid, fg) == (pid, pid, -1)


def test_a_terminal_of_another_session_is_not_touched(hale):
    """A terminal as stdin that is nobody's controlling terminal."""
    master, slave = os.openpty()
    try:
        pid, _, _, sid, fg = ids(hale("ids pause", stdin=slave))
        assert (sid, fg) == (pid, -1)
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("key, sig", [("C", INT), ("\\", QUIT), ("Z", TSTP)])
@pytest.mark.parametrize("tty", ["leader", "fg"])
def test_keys_reach_the_service_and_once_only(hale, tty, key, sig):
    box = hale("-q", "catch say up pause", tty=tty, second=tty == "fg")
    box.out.expect("^up$")
    box.press(key)
    box.out.expect(f"got {sig} ")
    box.signal(64)
    box.out.expect("got 64 ")
    assert len(re.findall(rf"got {sig} ", box.out.seen)) == 1


def test_ctrl_c_ends_a_service_that_does_not_catch_it(hale):
    box = hale("say up pause", tty="leader")
    box.out.expect("^up$")
    box.press("C")
    assert box.code() == 128 + INT


def test_a_line_typed_reaches_the_service(hale):
    box = hale("say up read exit 4", tty="leader")
    box.out.expect("^up$")
    box.tell("hello")
    box.out.expect("^read hello")
    assert box.code() == 4


def test_a_terminal_that_could_not_be_given_back_is_not_taken(box):
    """As under unshare: the group that has it is outside of the PID namespace."""
    job = box("unshare", "--pid", "--fork", HALE, "-q", *svc("ids read exit 3"), tty="fg",
              second=True)
    pid, _, pgid, sid, _ = ids(job)
    assert pid == pgid == sid
    job.tell("go on")
    assert (job.code(), job.last_foreground()) == (3, job.pid)


def test_the_terminal_is_taken_back_at_the_end(hale):
    box = hale("-q", "say up read exit 3", tty="fg", second=True)
    box.out.expect("^up$")
    assert box.foreground() != box.pid
    box.tell("end")
    assert (box.code(), box.last_foreground()) == (3, box.pid)


def test_the_terminal_is_taken_back_after_a_failed_start(box):
    started = box(HALE, "-q", "/none", tty="fg", second=True)
    assert (started.code(), started.last_foreground()) == (127, started.pid)


def test_a_background_start_does_not_steal_the_terminal(hale):
    box = hale("-q", "ids catch say up pause", tty="bg", second=True)
    before = box.process.pid  # the shell's group: ns leads the session
    pid, _, pgid, _, _ = ids(box)
    box.out.expect("^up$")
    assert box.foreground() == before
    box.signal(10)
    box.out.expect("got 10 ")


def test_a_background_service_that_ends_leaves_the_terminal_alone(hale):
    box = hale("-q", "say up exit 3", tty="bg", second=True)
    assert (box.code(), box.last_foreground()) == (3, box.process.pid)


def test_a_service_that_ends_after_bg_leaves_the_terminal_to_the_shell(hale):
    box = hale("-q", "ids pause", tty="fg", second=True)
    pid = ids(box)[0]
    box.press("Z")
    box.report.expect("^stopped ")
    shell = box.process.pid
    assert box.foreground() == shell
    box.shell_bg()
    until(lambda: box.state(pid) == "S", "the service goes on")
    os.kill(box.outer(pid), signal.SIGKILL)
    assert (box.code(), box.last_foreground()) == (137, shell)


def test_ctrl_z_stops_the_service_and_hale_and_fg_continues_both(hale):
    box = hale("-q", "ids read exit 3", tty="fg", second=True)
    pid = ids(box)[0]
    box.press("Z")
    box.report.expect("^stopped ")
    until(lambda: box.state(pid) == "T", "the service is stopped")
    box.shell_fg()
    until(lambda: box.foreground() == box.outer(pid), "the service has the terminal again")
    box.tell("go on")
    box.out.expect("^read go on")
    assert box.code() == 3


def test_fg_continues_the_services_children_too(hale):
    box = hale("-q", "fork { ids pause } ids read exit 3", tty="fg", second=True)
    both = [ids(box)[0] for _ in range(2)]
    box.press("Z")
    box.report.expect("^stopped ")
    until(lambda: [box.state(pid) for pid in both] == ["T", "T"], "both are stopped")
    box.shell_fg()
    until(lambda: [box.state(pid) for pid in both] == ["S", "S"], "both go on")
    box.tell("go on")
    assert box.code() == 3


def test_ctrl_z_twice_works_twice(hale):
    box = hale("-q", "ids read exit 3", tty="fg", second=True)
    pid = ids(box)[0]
    for _ in range(2):
        box.press("Z")
        box.report.expect("^stopped ")
        until(lambda: box.state(pid) == "T", "the service is stopped")
        box.shell_fg()
        until(lambda: box.foreground() == box.outer(pid), "the service has the terminal again")
        until(lambda: box.state(pid) == "S", "the service goes on")
    box.tell("go on")
    assert box.code() == 3


def test_ctrl_z_stops_all_of_the_shells_job(box):
    """A script around hale, or the other end of a pipe, has hale's group."""
    job = box("/bin/sh", "-c", f"{HALE} -sq -- {SVC} ids read exit 3; exit $?",
              tty="fg", second=True)
    pid = ids(job)[0]
    for _ in range(2):
        job.press("Z")
        job.report.expect("^stopped ")  # the script: it is what the shell waits for
        job.shell_fg()
        until(lambda: job.foreground() == job.outer(pid), "the service has the terminal again")
        until(lambda: job.state(pid) == "S", "the service goes on")
    job.tell("go on")
    assert job.code() == 3


def test_a_background_service_that_reads_the_terminal_is_stopped_until_fg(hale):
    box = hale("-q", "ids read exit 3", tty="bg", second=True)
    pid = ids(box)[0]
    box.report.expect("^stopped ")
    assert box.state(pid) == "T"
    box.shell_fg()
    until(lambda: box.foreground() == box.outer(pid), "the service has the terminal")
    box.tell("go on")
    box.out.expect("^read go on")
    assert (box.code(), box.last_foreground()) == (3, box.pid)


def test_ctrl_z_does_not_stop_hale_where_nobody_would_continue_it(hale):
    """The leader of a session, as under ssh -t: its parent is in another."""
    box = hale("--listen", str(PORT), "ids pause", tty="leader", second=True)
    pid = ids(box)[0]
    box.press("Z")
    until(lambda: box.state(pid) == "T", "the service is stopped")
    assert [box.get().status for _ in range(2)] == [200, 200]  # not in the same turn
    box.signal(CONT)
    until(lambda: box.state(pid) == "S", "the service goes on")


def test_ctrl_z_does_not_stop_the_first_process(hale):
    box = hale("ids pause", tty="leader")
    pid = ids(box)[0]
    box.press("Z")
    until(lambda: box.state(pid) == "T", "the service is stopped")
    until(lambda: box.state(1) == "S", "hale itself is not stopped")
    box.signal(CONT)
    until(lambda: box.state(pid) == "S", "the service goes on")


def test_with_a_terminal_a_sent_tstp_is_forwarded_as_it_is(hale):
    box = hale("catch say up pause", tty="leader")
    box.out.expect("^up$")
    box.signal(TSTP)
    box.out.expect(f"got {TSTP} ")


def test_a_window_change_reaches_the_service(hale):
    box = hale("catch say up pause", tty="leader")
    box.out.expect("^up$")
    fcntl.ioctl(box.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    box.out.expect(f"got {WINCH} ")


def test_a_hang_up_reaches_the_service(hale):
    read, write = os.pipe()
    box = hale(f"to {write} catch quit 1 0 say up pause", tty="leader", fds=[write])
    os.close(write)
    lines = Lines(read)
    lines.expect("^up$")
    os.close(box.master)
    box.master = None
    lines.expect(f"^got {HUP} ")
    os.close(read)
    assert box.code() == 0


def test_a_stop_reaches_a_service_with_a_terminal(hale):
    box = hale("say up pause", tty="leader")
    box.out.expect("^up$")
    box.signal(signal.SIGTERM)
    assert box.code() == 143
