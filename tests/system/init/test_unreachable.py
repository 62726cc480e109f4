"""A service that hale may not signal, and one that SIGKILL does not end."""
import contextlib
import os
import pathlib
import shutil
import signal
import tempfile
import time

import pytest

from harness import FIRST, HALE, svc, until

LISTEN = ["--listen", "8080"]
CHECK = ["--live-check", "tcp:127.0.0.1:9", "--interval", "100ms", "--retries", "1"]
TERM, STOP, CONT = signal.SIGTERM, signal.SIGSTOP, signal.SIGCONT
NOBODY, USER = 65534, 1000
NO_FORK = ["57:-1:11", "56:17:11"]  # fork(2), clone(2) as fork: EAGAIN
x86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="system call numbers")
FREEZER = pathlib.Path("/sys/fs/cgroup/freezer")
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


# --- without CAP_KILL -------------------------------------------------------------

@pytest.fixture
def no_kill(box):
    """As `docker run --cap-drop ALL --cap-add SETUID --cap-add SETGID`: root's
    hale, and a service that has become another user."""
    def start(*options, words, **more):
        b = box("setpriv", "--bounding-set", "-all,+setuid,+setgid", HALE, *options,
                *AS_NOBODY, *svc(words), **more)
        b.out.expect("^up$")
        return b
    return start


@pytest.fixture
def barred(box):
    """An unprivileged hale whose service has become root: no way to signal it."""
    top = pathlib.Path(tempfile.mkdtemp(dir="/tmp"))  # tmp_path is root's alone
    top.chmod(0o755)
    to_root = top / "to-root"
    shutil.copy(shutil.which("setpriv"), to_root)
    to_root.chmod(0o4755)

    def start(*options, words="catch say up pause", **more):
        b = box(HALE, *options, str(to_root), "--reuid=0", "--regid=0", "--clear-groups",
                *svc(words), uid=USER, **more)
        b.out.expect("^up$")
        return b
    yield start
    shutil.rmtree(top)


@pytest.mark.parametrize("options", [[], ["-g"]])
def test_a_stop_gets_to_a_service_of_another_user(no_kill, options):
    b = no_kill(*options, words="catch quit 15 23 say up pause")
    b.signal(TERM)
    b.out.expect("^got 15 ")
    assert b.code() == 23


def test_so_do_other_signals(no_kill):
    b = no_kill(words="catch say up pause")
    b.signal(signal.SIGHUP)
    b.out.expect("^got 1 ")


def test_the_stop_timeout_kills_a_service_of_another_user(no_kill):
    b = no_kill("--stop-timeout", "50ms", words="ignore all say up pause")
    b.signal(TERM)
    assert b.code() == 137


def test_a_restart_replaces_a_service_of_another_user(no_kill):
    b = no_kill(*LISTEN, "--on-unhealthy", "restart", "--stop-timeout", "50ms",
                *CHECK, words="ignore all say up pause")
    b.out.expect("^up$")  # again
    assert b.status()["restarts"] >= 1


@x86_64
@pytest.mark.static_only  # musl's fork(), which is refused here, is not glibc's
def test_no_process_for_a_signal_is_no_lack_of_permission(no_kill):
    """As under a limit of pids, for the stop and the kill: the timeout decides."""
    b = no_kill("--stop-timeout", "100ms", refuse=NO_FORK, words="say up pause")
    b.signal(TERM)
    assert b.code() == 137
    err = b.err.rest()
    assert [line for line in err if "did not stop in time: killing" in line]
    assert not [line for line in err if "cannot signal" in line]


def test_pid_1_leaves_where_nobody_hears_the_stop(barred):
    b = barred("--stop-timeout", "1h")
    b.signal(TERM)
    assert b.code() == 137
    err = b.err.rest()
    assert [line for line in err if "cannot signal" in line and "Operation not permitted" in line
            and "CAP_KILL" in line]
    assert [line for line in err if "has not ended: leaving, which kills it" in line]


def test_a_signal_that_does_not_arrive_is_not_forwarded(barred):
    b = barred("-v", *LISTEN)
    for _ in range(2):
        b.signal(signal.SIGUSR1)
        b.get("/livez")  # the signal's turn was before
    assert b.status()["signals_forwarded"] == 0
    b.signal(TERM)
    assert b.code() == 137
    err = b.err.rest()
    assert [line for line in err if "cannot signal" in line]
    assert not [line for line in err if "forwarded" in line]
    assert len([line for line in err if "cannot forward SIGUSR1 to" in line]) == 2


def test_the_drain_comes_first_all_the_same(barred):
    b = barred(*LISTEN, "--drain", "1h")
    b.signal(TERM)
    until(lambda: b.status()["state"] == "draining", "the drain")
    b.signal(TERM)
    assert b.code() == 137


def test_exit_leaves_though_the_service_cannot_be_signalled(barred):
    assert barred("--on-unhealthy", "exit", *CHECK).code() == 1


def test_what_cannot_be_restarted_is_not_live(barred):
    b = barred(*LISTEN, "--on-unhealthy", "restart", *CHECK)
    b.err.expect("giving up, it is not live any more")
    answer = b.get("/livez")
    assert (answer.status, "it cannot be signalled" in answer.body) == (503, True)
    assert b.status()["state"] == "running"
    b.signal(TERM)
    assert b.code() == 137


def test_others_than_pid_1_kill_by_the_stop_timeout_and_say_what_they_leave(barred):
    b = barred("-s", "--stop-timeout", "50ms", second=True)
    b.signal(TERM)
    assert b.code() == 137
    b.err.expect("has not ended: leaving it behind")


def test_a_forwarded_signal_that_is_not_heard_is_one_line(barred):
    b = barred(*LISTEN)
    for _ in range(3):
        b.signal(signal.SIGHUP)
    b.err.expect("cannot signal")
    assert b.get("/livez").status == 200
    b.signal(TERM)
    assert b.code() == 137
    assert not [line for line in b.err.rest() if "cannot signal" in line]


# --- what the kernel holds ----------------------------------------------------------

@pytest.fixture
def freeze():
    """freeze(pid) makes a process immune to SIGKILL until thaw() is called."""
    if not (FREEZER / "tasks").exists():
        pytest.skip("there is no freezer of cgroup v1")
    group = FREEZER / f"hale-test-{os.getpid()}"
    group.mkdir()

    def thaw():
        (group / "freezer.state").write_text("THAWED")

    def frozen(pid):
        (group / "tasks").write_text(str(pid))
        (group / "freezer.state").write_text("FROZEN")
        until(lambda: (group / "freezer.state").read_text() == "FROZEN\n", "it is frozen")

    frozen.thaw = thaw
    yield frozen
    thaw()
    for pid in (group / "tasks").read_text().split():  # of a test that failed
        os.kill(int(pid), signal.SIGKILL)
    until(lambda: not (group / "tasks").read_text(), "the group is empty")
    group.rmdir()


def test_who_survives_sigkill_is_not_waited_for_without_end(hale, freeze):
    """Three ways to leave: a stop as PID 1, a stop as another, and `exit`."""
    words = "ignore all ids pause"
    stop = ["--stop-timeout", "50ms"]
    first, other = hale(*stop, words), hale("-s", *stop, words, second=True)
    sick = hale("--on-unhealthy", "exit", *stop, *CHECK, words)
    for b in (first, other, sick):
        freeze(b.outer(b.out.expect(r"^ids pid=(\d+)")[1]))
    first.signal(TERM)
    other.signal(TERM)
    assert other.code() == 137
    other.err.expect("has not ended: leaving it behind")
    first.err.expect("has not ended: leaving, which kills it")
    sick.err.expect("has not ended: leaving, which kills it")
    freeze.thaw()
    assert (first.code(), sick.code()) == (137, 1)


def test_mending_who_survives_sigkill_is_not_live_until_it_ends(hale, freeze):
    b = hale(*LISTEN, "--on-unhealthy", "restart", "--stop-timeout", "50ms", *CHECK,
             "ignore all say up pause")
    b.out.expect("^up$")
    freeze(b.outer(FIRST))
    b.err.expect("does not end, even by SIGKILL")
    answer = b.get("/livez")
    assert (answer.status, "even by SIGKILL" in answer.body) == (503, True)
    freeze.thaw()
    b.out.expect("^up$")
    until(lambda: "even by SIGKILL" not in b.get("/livez").body, "it is mended")


# --- freezes ----------------------------------------------------------------------

@contextlib.contextmanager
def paused(b, *pids):
    """As `docker pause`: hale and the others stand still for longer than a
    stop timeout of a second, which is the one thing here that takes time."""
    outer = [b.pid, *map(b.outer, pids)]
    for pid in outer:
        os.kill(pid, STOP)
    until(lambda: b.state(1) == "T", "hale stands still")
    until(lambda end=time.monotonic() + 1.3: time.monotonic() > end, "the time is up")
    yield
    for pid in outer:
        os.kill(pid, CONT)


def test_a_freeze_does_not_count_against_the_stop_timeout(hale):
    b = hale("--stop-timeout", "1s", "catch say up read exit 3")
    b.out.expect("^up$")
    b.signal(TERM)
    b.out.expect("^got 15 ")
    with paused(b, FIRST):
        pass
    b.tell("done")
    assert b.code() == 3
