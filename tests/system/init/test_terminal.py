"""Terminals: handed over, taken back, never stolen."""
import fcntl
import os
import re
import signal
import struct
import subprocess
import termios

import pytest

from harness import HALE, PORT, SVC, Lines, clean_env, svc, until

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


GOES_ON = r"was stopped by SIGTSTP and no shell can continue it: sending SIGCONT"


@pytest.mark.parametrize("second", [False, True])
def test_ctrl_z_is_undone_where_nobody_would_continue_the_service(hale, second):
    """PID 1, or the leader of a session, as under ssh -t: its parent is in another."""
    box = hale("--listen", str(PORT), "ids pause", tty="leader", second=second)
    pid = ids(box)[0]
    box.press("Z")
    box.err.expect(GOES_ON)
    assert [box.get().status for _ in range(2)] == [200, 200]  # not in the same turn
    until(lambda: box.state(pid) == "S", "the service goes on")
    box.press("C")
    assert box.code() == 128 + INT


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


# --- Ctrl-Z where nobody can continue the service ---------------------------

def test_a_sigstop_of_the_service_is_not_undone(hale):
    box = hale("ids pause", tty="leader")
    pid = ids(box)[0]
    os.kill(box.outer(pid), signal.SIGSTOP)
    until(lambda: box.state(pid) == "T", "the service is stopped")
    assert box.run(HALE, "status").returncode == 0  # hale had its turn
    assert box.state(pid) == "T"
    box.signal(CONT)
    until(lambda: box.state(pid) == "S", "the service goes on")


def test_ctrl_z_after_ctrl_z_is_undone_and_told_of_once(hale):
    box = hale("catch default 20 quit 2 0 say up pause", tty="leader")
    box.out.expect("^up$")
    for _ in range(3):
        box.press("Z")
        box.out.expect(f"got {CONT} ")
    box.press("C")
    assert box.code() == 0
    assert len(re.findall(GOES_ON, "\n".join(box.err.rest()))) == 1


# --- a controlling terminal that none of the three streams is -----------------

def redirected(box, words, tty, *options):
    """hale under a shell's job, all its streams elsewhere; what the service says."""
    read, write = os.pipe()
    line = " ".join([HALE, *options, "--", SVC, "to", str(write), words])
    job = box("/bin/sh", "-c", f"exec {line} </dev/null >/dev/null 2>&1", tty=tty, second=True,
              fds=[write])
    os.close(write)
    return job, Lines(read)


def test_ctrl_z_works_where_all_streams_are_redirected(box):
    job, lines = redirected(box, "ids pause", "fg")
    pid, _, pgid, sid, _ = [int(n) for n in lines.expect(IDS).groups()]
    assert (pgid, sid) == (pid, 0)  # the session of the shell, outside
    assert job.foreground() == job.outer(pid)
    for _ in range(2):
        job.press("Z")
        job.report.expect("^stopped ")
        until(lambda: job.state(pid) == "T", "the service is stopped")
        job.shell_fg()
        until(lambda: job.state(pid) == "S", "the service goes on")
    job.press("C")
    assert (job.code(), job.last_foreground()) == (128 + INT, job.pid)
    os.close(lines.fd)


def test_a_redirected_background_start_does_not_steal_the_terminal(box):
    job, lines = redirected(box, "ids say up pause", "bg")
    pid, _, pgid, sid, _ = [int(n) for n in lines.expect(IDS).groups()]
    lines.expect("^up$")
    assert (pgid, sid, job.foreground()) == (pid, 0, job.process.pid)
    job.signal(signal.SIGTERM)
    assert (job.code(), job.last_foreground()) == (143, job.process.pid)
    os.close(lines.fd)


@pytest.mark.parametrize("options", [[], ["--restart", "always"]])
def test_the_descriptor_of_the_terminal_is_hales_alone(box, options):
    _, lines = redirected(box, "fds pause", "fg", *options)
    assert len(lines.expect("^fds (.*)")[1].split()) == 4  # with that of `to`
    os.close(lines.fd)


# --- Ctrl-C is a stop ----------------------------------------------------------

STOPPED_BY_KEY = ["--restart", "always", "--backoff", "1ms..1ms"]


@pytest.mark.parametrize("tty", ["leader", "fg"])
@pytest.mark.parametrize("words, code", [
    ("catch quit 2 0 say up pause", 0), ("say up pause", 128 + INT),
    ("catch quit 2 7 say up pause", 7)])
def test_ctrl_c_stops_a_service_that_would_be_restarted(hale, tty, words, code):
    box = hale("-v", *STOPPED_BY_KEY, words, tty=tty, second=tty == "fg")
    box.out.expect("^up$")
    box.press("C")
    box.err.expect(r"the terminal sent SIGINT to .*svc \(pid \d+\)")
    assert box.code() == code
    assert "restarting" not in "\n".join(box.err.rest())


def test_ctrl_c_reaches_a_service_that_would_be_restarted_once(hale):
    box = hale(*STOPPED_BY_KEY, "catch say up pause", tty="leader")
    box.out.expect("^up$")
    for key, sig in (("C", INT), ("\\", QUIT), ("C", INT)):
        box.press(key)
        box.out.expect(f"got {sig} ")
    fcntl.ioctl(box.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    box.out.expect(f"got {WINCH} ")
    box.signal(64)
    box.out.expect("got 64 ")
    assert [len(re.findall(f"got {sig} ", box.out.seen)) for sig in (INT, QUIT, WINCH)] \
        == [2, 1, 1]


def test_ctrl_backslash_is_no_stop(hale):
    box = hale(*STOPPED_BY_KEY, "say up pause", tty="leader", core=0)
    box.out.expect("^up$")
    box.press("\\")
    box.out.expect("up$")  # once more, after the key's echo


@pytest.mark.parametrize("leave", ["setpgid", "setsid"])
def test_ctrl_c_is_sent_on_to_a_service_that_has_left_hales_group(hale, leave):
    box = hale("-q", *STOPPED_BY_KEY, f"{leave} catch quit 2 6 say up pause", tty="leader")
    box.out.expect("^up$")
    box.press("C")
    assert box.code() == 6


def test_a_child_of_the_service_that_signals_its_group_does_not_stop_hale(hale):
    box = hale("--listen", "8080", "-q", *STOPPED_BY_KEY,
               "ignore 15 fork { kill 0 15 say sent pause } say up pause", tty="leader")
    box.out.expect_each("^up$", "^sent$")
    assert [box.status()["state"] for _ in range(2)] == ["running"] * 2
    box.press("C")
    assert box.code() == 128 + INT


def test_ctrl_c_ends_the_wait_for_a_restart(hale):
    box = hale("--restart", "always", "--backoff", "1h..1h", "exit 3", tty="leader")
    box.err.expect("restarting .* in 1h")
    until(lambda: box.children() == 0, "the service is gone")
    box.press("C")
    assert box.code() == 3


def test_ctrl_c_and_the_stop_timeout(hale):
    box = hale("--stop-timeout", "50ms", "catch say up pause", tty="leader")
    box.out.expect("^up$")
    box.press("C")
    box.err.expect("did not stop in time: killing")
    assert box.code() == 137


def test_ctrl_c_ends_readiness_and_needs_no_drain(hale):
    box = hale("-v", "--drain", "1h", "--listen", str(PORT), "catch say up pause", tty="leader")
    box.out.expect("^up$")
    box.press("C")
    box.out.expect(f"got {INT} ")
    box.err.expect("is not ready any more: stopping$")
    assert box.get("/readyz").status == 503
    box.press("C")
    box.out.expect(f"got {INT} ")
    box.signal(64)
    box.out.expect("got 64 ")
    assert len(re.findall(f"got {INT} ", box.out.seen)) == 2


def test_ctrl_c_counts_as_hales_stop_signal(hale):
    box = hale("--stopped-ok", "--restart", "always", "say up pause", tty="leader")
    box.out.expect("^up$")
    box.press("C")
    assert box.code() == 0


def test_a_ctrl_c_that_hale_was_to_ignore_is_no_stop(hale):
    """As a shell without job control starts it with &."""
    box = hale(*STOPPED_BY_KEY, "--listen", str(PORT), "say up pause", tty="leader",
               ignore=[INT])
    box.out.expect("^up$")
    box.press("C")
    assert [box.get("/readyz").status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("tty", ["leader", "fg"])
def test_a_service_that_would_be_restarted_is_in_the_foreground(hale, tty):
    box = hale("-q", *STOPPED_BY_KEY, "ids read exit 3", tty=tty, second=tty == "fg")
    pid, ppid, pgid, _, fg = ids(box)
    assert pgid == fg == ppid != pid
    box.tell("hello")
    box.out.expect("^read hello")


def test_in_the_background_a_service_that_would_be_restarted_has_its_own_group(hale):
    box = hale("-q", *STOPPED_BY_KEY, "ids catch quit 15 0 say up pause", tty="bg", second=True)
    pid, _, pgid, _, _ = ids(box)
    box.out.expect("^up$")
    assert pid == pgid
    assert box.foreground() == box.process.pid
    box.signal(signal.SIGTERM)
    assert box.code() == 0


def test_ctrl_c_stops_it_once_it_was_restarted_in_the_foreground(hale):
    """Started by & and brought forward: the first Ctrl-C is the service's own."""
    box = hale("-q", *STOPPED_BY_KEY, "ids say up read pause", tty="bg", second=True)
    pid, _, pgid, _, _ = ids(box)
    box.report.expect("^stopped ")  # it reads
    box.shell_fg()
    until(lambda: box.foreground() == box.outer(pid), "the service has the terminal")
    box.press("C")
    _, ppid, pgid, _, fg = ids(box)
    assert ppid == pgid == fg
    box.out.expect("up$")
    box.press("C")
    assert (box.code(), box.last_foreground()) == (128 + INT, box.pid)


def test_ctrl_z_and_fg_work_on_a_service_that_would_be_restarted(hale):
    box = hale("-q", *STOPPED_BY_KEY, "fork { ids pause } catch default 20 quit 2 0 ids "
               "pause", tty="fg", second=True)
    both = [ids(box)[0] for _ in range(2)]
    for _ in range(2):
        box.press("Z")
        box.report.expect("^stopped ")
        until(lambda: [box.state(pid) for pid in both] == ["T", "T"], "both are stopped")
        box.shell_fg()
        until(lambda: [box.state(pid) for pid in both] == ["S", "S"], "both go on")
    box.press("C")
    assert (box.code(), box.last_foreground()) == (0, box.pid)


def test_ctrl_z_has_no_effect_on_a_first_process_whose_service_would_be_restarted(hale):
    box = hale(*STOPPED_BY_KEY, "ids catch default 20 quit 2 0 say up pause", tty="leader")
    pid = ids(box)[0]
    box.out.expect("^up$")
    box.press("Z")
    box.signal(64)
    box.out.expect("got 64 ")
    assert box.state(pid) != "T"
    box.press("C")
    assert box.code() == 0


def test_a_hang_up_reaches_a_service_that_would_be_restarted_once(hale):
    read, write = os.pipe()
    box = hale(*STOPPED_BY_KEY, f"to {write} catch quit 64 0 say up pause", tty="leader",
               fds=[write])
    os.close(write)
    lines = Lines(read)
    lines.expect("^up$")
    os.close(box.master)
    box.master = None
    lines.expect(f"^got {HUP} ")
    box.signal(signal.SIGTERM)
    lines.expect("^got 15 ")
    box.signal(64)
    lines.expect("^got 64 ")
    assert lines.seen.count(f"got {HUP} ") == 1
    os.close(read)
    assert box.code() == 0


def test_a_pipelines_other_end_is_not_stopped_by_hales_stop(box):
    """It shares hale's group; with -g only the service's processes are meant."""
    words = "fork { catch quit 15 0 say child pause } catch quit 15 0 ids pause"
    job = box("/bin/sh", "-c", f"trap 'echo script got it' TERM; {HALE} -gsq --restart always "
              f"-- {SVC} {words} | {SVC} catch {'read ' * 5}; echo end", tty="fg", second=True)
    found = job.out.expect_each("^read child$", f"^read {IDS}")
    os.kill(job.outer(int(found[1][2])), signal.SIGTERM)
    job.out.expect("^end$")
    assert job.out.seen.count("read got 15") == 2
    assert "script got it" not in job.out.seen
    assert not re.search("^got 15", job.out.seen, re.M)


def test_an_orphan_that_is_followed_in_hales_group_is_killed_without_hale(hale):
    box = hale("-sq", "--follow-orphan", "--stop-timeout", "100ms",
               "fork { ignore 15 ids read pause } exit 0", tty="fg", second=True)
    pid, _, pgid, _, fg = ids(box)
    assert pgid == fg != pid
    until(lambda: box.children() == 1, "the service has ended")
    box.tell("go on")  # read by the one that is left
    box.out.expect("^read go on")
    box.signal(signal.SIGTERM)
    assert (box.code(), box.killed) == (137, False)


NAMES_ITS_CHILD = """
import os, signal, socket
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child == 0:
    signal.pause()
to = os.environ["NOTIFY_SOCKET"].replace("@", chr(0), 1)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(f"MAINPID={child}\\nREADY=1".encode(), to)
signal.pause()
"""


def test_a_main_process_in_hales_group_is_killed_without_hale(hale):
    box = hale("-v", "--notify", "--stop-timeout", "100ms",
               ["/usr/bin/python3", "-c", NAMES_ITS_CHILD], tty="fg", second=True)
    box.err.expect(r"names \S+ \(pid [0-9]+\): that is the service now")
    box.signal(signal.SIGTERM)
    box.err.expect("did not stop in time: killing")
    box.code()  # whose parent dies first decides whether hale hears its status
    assert not box.killed


def test_a_service_that_signals_its_group_does_not_stop_hale(hale):
    """A script's `kill 0`."""
    box = hale(*STOPPED_BY_KEY, "say up read kill 0 15 pause", tty="leader")
    for _ in range(2):
        box.out.expect("^up$")
        box.tell("on")
    box.out.expect("^up$")
    box.press("C")
    assert box.code() == 128 + INT


# --- a stopped service is stopped ---------------------------------------------

@pytest.mark.parametrize("tty", [None, "leader"])
@pytest.mark.parametrize("options", [[], ["--restart", "always"]])
def test_a_service_that_stopped_itself_hears_the_stop(hale, tty, options):
    box = hale("-v", *options, f"catch quit 15 0 ids kill self {signal.SIGSTOP:d}", tty=tty)
    pid = ids(box)[0]
    until(lambda: box.state(pid) == "T", "the service is stopped")
    box.signal(signal.SIGTERM)
    box.err.expect("it is stopped: sending SIGCONT to")
    assert box.code() == 0


@pytest.mark.parametrize("tty", [None, "leader"])
def test_a_service_that_goes_on_again_gets_no_sigcont_with_its_stop(hale, tty):
    box = hale("catch ids pause", tty=tty)
    pid = ids(box)[0]
    os.kill(box.outer(pid), signal.SIGSTOP)
    until(lambda: box.state(pid) == "T", "the service is stopped")
    os.kill(box.outer(pid), signal.SIGCONT)
    box.out.expect(f"got {CONT} ")
    for sig in (15, 64):
        box.signal(sig)
        box.out.expect(f"got {sig} ")
    assert box.out.seen.count(f"got {CONT} ") == 1


# --- bash as the job-control shell ----------------------------------------------

PLAIN, RESTARTED = f"{HALE} -sq", f"{HALE} -sq --restart on-failure --backoff 1ms..1ms"


@pytest.fixture
def bash(box):
    """An interactive bash with a terminal; say(line) types."""
    def start(*argv, second=True):
        words = " ".join([*argv, "bash --norc --noprofile -i"])
        shell = box("/bin/sh", "-c", f"exec {words} 2>&1", tty="leader", second=second,
                    env=clean_env(PS1="", HISTFILE="", TERM="dumb"))
        shell.tell("bind 'set enable-bracketed-paste off'; stty -echo; echo it is $((6 * 7))")
        shell.out.expect("it is 42$")
        return shell
    return start


def code(shell):
    shell.tell("echo code $?.")
    return int(shell.out.expect(r"code (\d+)\.$")[1])


def use_job_control(shell):
    shell.tell(f"{SVC} say up pause")
    shell.out.expect("up$")
    shell.press("Z")
    shell.out.expect("Stopped")
    prompt = shell.foreground()
    shell.tell("fg")
    until(lambda: shell.foreground() != prompt, "the job has the terminal")
    shell.press("C")
    until(lambda: shell.foreground() == prompt, "the shell has the terminal")
    assert code(shell) == 128 + INT


@pytest.mark.parametrize("hale_words", [PLAIN, RESTARTED])
def test_in_bash_keys_and_jobs_work_on_hale(bash, hale_words):
    shell = bash()
    shell.tell(f"{hale_words} -- {SVC} catch default 20 quit 2 0 say up pause")
    shell.out.expect("up$")
    for _ in range(2):
        shell.press("Z")
        shell.out.expect("Stopped")
        shell.tell("jobs | wc -l | sed s/^/jobs:/; fg")
        shell.out.expect("jobs:1$")
        shell.out.expect(f"got {CONT} ")
    shell.press("C")
    shell.out.expect(f"got {INT} ")
    assert code(shell) == 0


@pytest.mark.parametrize("hale_words", [PLAIN, RESTARTED])
def test_in_bash_a_pipeline_with_hale_is_one_job(bash, hale_words):
    shell = bash()
    shell.tell(f"set -o pipefail; {hale_words} -- {SVC} catch default 20 quit 2 3 say up pause "
               "| (trap '' INT; cat)")
    shell.out.expect("up$")
    shell.press("Z")
    shell.out.expect("Stopped")
    shell.tell("fg")
    shell.out.expect(f"got {CONT} ")
    shell.press("C")
    shell.out.expect(f"got {INT} ")
    assert code(shell) == 3  # with on-failure, too: Ctrl-C is a stop


@pytest.mark.parametrize("hale_words", [PLAIN, RESTARTED])
def test_in_bash_ctrl_z_gives_the_prompt_back_where_all_is_redirected(bash, tmp_path, hale_words):
    shell, fifo = bash(), tmp_path / "fifo"
    os.mkfifo(fifo)
    fd = os.open(fifo, os.O_RDWR)
    lines = Lines(fd)
    shell.tell(f"{hale_words} -- {SVC} catch default 20 quit 2 0 say up pause "
               f"</dev/null >{fifo} 2>&1")
    lines.expect("^up$")
    shell.press("Z")
    shell.out.expect("Stopped")
    shell.tell("fg")
    lines.expect(f"^got {CONT} ")
    shell.press("C")
    lines.expect(f"^got {INT} ")
    assert code(shell) == 0
    os.close(fd)


@pytest.mark.parametrize("hale_words", [PLAIN, RESTARTED])
def test_in_bash_a_job_in_the_background_comes_forward_by_fg(bash, hale_words):
    shell = bash()
    shell.tell(f"{hale_words} -- {SVC} say up read exit 0 &")
    shell.out.expect("up$")
    assert code(shell) == 0  # the prompt works

    def is_stopped():  # it reads; an fg in this very moment may be needed twice
        shell.tell("jobs; echo these $((6 * 7))")
        return "Stopped" in shell.out.expect("Stopped|these 42$")[0]

    until(is_stopped, "the job is stopped")
    prompt = shell.foreground()
    shell.tell("fg")
    until(lambda: shell.foreground() != prompt, "the job has the terminal")
    shell.tell("hello")
    shell.out.expect("read hello$")
    assert code(shell) == 0


@pytest.mark.parametrize("hale_words", [PLAIN, RESTARTED])
def test_in_bash_a_job_in_the_background_ends_by_kill(bash, hale_words):
    shell = bash()
    shell.tell(f"{hale_words} -- {SVC} catch quit 15 4 say up pause &")
    shell.out.expect("up$")
    shell.tell("kill %1; wait %1")
    assert code(shell) == 4
    assert shell.out.seen.count("got 15 ") == 1


@pytest.mark.parametrize("hale_words", [PLAIN, RESTARTED])
def test_a_shell_under_hale_under_a_shell_has_job_control(bash, hale_words):
    shell = bash()
    shell.tell(f"{hale_words} -- bash --norc --noprofile -i")
    shell.tell("bind 'set enable-bracketed-paste off'; echo inner $((6 * 7))")
    shell.out.expect("inner 42$")
    use_job_control(shell)
    shell.tell("exit 0")
    assert code(shell) == 0
    shell.tell("echo outer $((6 * 9))")
    shell.out.expect("outer 54$")


@pytest.mark.parametrize("options", [[], ["--restart", "on-failure"]])
def test_a_shell_under_hale_as_the_first_process_has_job_control(bash, options):
    shell = bash(HALE, "-q", *options, "--", second=False)
    use_job_control(shell)
    shell.tell("exit 0")
    assert shell.code() == 0
