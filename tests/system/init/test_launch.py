"""The start of the service where the machine makes it hard."""
import fcntl
import os
import re
import shutil
import signal

import pytest

from harness import FIRST, HALE, SECOND, SVC, svc, until

NOBODY = 65534
TERM = 15
SYS = {"clone": 56, "fork": 57, "vfork": 58, "timerfd_create": 283, "signalfd4": 289,
       "epoll_create1": 291}
x86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="system call numbers")


# --- a working directory that hale's user may not search -----------------------------

@pytest.fixture
def closed_directory(tmp_path):
    """Only root may search it."""
    directory = tmp_path / "root"
    directory.mkdir(mode=0o700)
    return directory


@pytest.mark.parametrize("options", [
    [], ["--restart", "always", "--backoff", "1ms", "--max-restarts", "2"],
    ["--interval", "1h", "--check", "exec:/bin/true"], ["--on-unhealthy", "restart", "-q"]],
    ids=str)
def test_a_directory_that_may_not_be_searched_is_no_obstacle(hale, closed_directory, options):
    code, out, err = hale(*options, "cwd say up exit 7", uid=NOBODY, cwd=closed_directory).end()
    lives = 3 if "--restart" in options else 1
    assert (code, out) == (7, [f"cwd {closed_directory}", "up"] * lives), err


def test_a_check_runs_in_the_directory_that_may_not_be_searched(hale, closed_directory):
    box = hale("--listen", "8080", "--interval", "1h", "--check", "exec:/bin/pwd",
               "say up pause", uid=NOBODY, cwd=closed_directory)
    box.out.expect("^up$")
    until(lambda: box.get("/readyz").status == 200, "ready")
    assert box.check()["output"] == f"exit 0: {closed_directory}"


# --- an exec that does not end ---------------------------------------------------------

class Held:
    """A copy of svc whose open waits for a lease (fcntl(2)) that the test holds."""

    def __init__(self, path, mode="r"):
        self.path = str(path)
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        shutil.copy(SVC, path)
        self.file = open(path, mode)
        fcntl.fcntl(self.file, fcntl.F_SETLEASE, fcntl.F_WRLCK)

    def let_go(self):
        fcntl.fcntl(self.file, fcntl.F_SETLEASE, fcntl.F_UNLCK)


@pytest.fixture
def held(tmp_path):
    return Held(tmp_path / "held")


@pytest.fixture
def busy(tmp_path):
    """The same, and then it is open for writing, so that its exec fails."""
    return Held(tmp_path / "busy", "r+")


LOADING = "its program is still being loaded after 100 ms"
OPEN_FOR_WRITING = "its file is open for writing"


def test_an_exec_that_hangs_does_not_hold_the_probes(hale, held):
    box = hale("--listen", "8080", [held.path, "say", "up", "pause"])
    box.err.expect(LOADING)
    assert box.get("/livez").status == 200
    assert box.get("/startupz").status == 503
    answer = box.get("/readyz?verbose")
    assert answer.status == 503
    assert "[-]service failed: its program is still being loaded" in answer.body
    assert box.status()["state"] == "starting"
    assert 'hale_service_state{state="starting"} 1' in box.get("/metrics").body
    held.let_go()
    box.out.expect("^up$")
    box.err.expect("its program is loaded now")
    assert box.get("/readyz").status == 200
    box.signal(TERM)
    assert box.code() == 143


@pytest.mark.parametrize("options", [[], ["--stop-signal", "WINCH"], ["--restart", "always"]],
                         ids=str)
def test_a_stop_ends_a_service_whose_exec_hangs(hale, held, options):
    box = hale(*options, [held.path, "say", "up", "pause"])
    box.err.expect(LOADING)
    box.signal(TERM)
    assert box.code() == 137
    assert box.out.rest() == []


def test_a_hung_exec_has_one_life(hale, held):
    """The one that was killed when the time was up does not run as well."""
    box = hale([held.path, "say", "up", "exit", "5"])
    box.err.expect(LOADING)
    held.let_go()
    assert box.end()[:2] == (5, ["up"])


def test_no_descriptor_is_left_in_a_service_whose_exec_hung(hale, held):
    box = hale([held.path, "fds", "signals", "ids", "exit", "0"])
    box.err.expect(LOADING)
    held.let_go()
    code, out, _ = box.end()
    assert (code, out[:2]) == (0, ["fds 0 1 2", f"mask={0:016x} ignored={0:016x}"])
    assert re.fullmatch(r"ids pid=(\d+) ppid=1 pgid=\1 sid=\1 .*", out[2])


def test_hale_keeps_no_descriptor_of_an_exec_that_hung(hale, held):
    box = hale([held.path, "say", "up", "pause"])
    box.err.expect(LOADING)
    held.let_go()
    box.out.expect("^up$")
    box.err.expect("its program is loaded now")
    until(lambda: len(os.listdir(f"/proc/{box.pid}/fd")) == 7,
          "0 1 2, epoll, timer, signalfd, local socket")


@pytest.mark.parametrize("options", [[], ["--restart", "always", "-e", "126"]], ids=str)
def test_an_exec_that_fails_late_is_explained_as_at_once(hale, busy, options):
    box = hale(*options, [busy.path, "say", "up"])
    box.err.expect(LOADING)
    busy.let_go()
    assert box.err.expect("cannot start").string == (
        f"hale: cannot start {busy.path}: {OPEN_FOR_WRITING}")
    assert box.code() == 126


def two_lives(hale, tmp_path, second, *options):
    """The second is that of a program that is held; both have one name."""
    link = tmp_path / "link"
    link.symlink_to(SVC)
    box = hale("--listen", "8080", "--restart", "always", "--backoff", "1ms", *options,
               [str(link), "say", "up", "read", "exit", "3"])
    box.out.expect("^up$")
    (tmp_path / "new").symlink_to(second.path)
    os.rename(tmp_path / "new", link)
    box.tell("end")
    box.err.expect(LOADING)
    return box


@pytest.mark.parametrize("options", [["--drain", "1h"], ["--stop-timeout", "1h"]])
def test_a_stop_ends_with_a_restart_whose_exec_fails_late(hale, tmp_path, busy, options):
    box = two_lives(hale, tmp_path, busy, *options)
    if "--drain" in options:
        box.signal(TERM)
        until(lambda: box.status()["state"] == "draining", "the drain")
        busy.let_go()
    else:  # both in one turn
        os.kill(box.pid, signal.SIGSTOP)
        until(lambda: box.state(1) == "T", "hale stands still")
        box.signal(TERM)
        busy.let_go()
        until(lambda: box.state(FIRST) in (None, "Z") and box.state(SECOND) in (None, "Z")
              and box.children() <= 2, "what was started has ended")
        os.kill(box.pid, signal.SIGCONT)
    assert box.code() in (126, 137)


def test_a_restart_whose_exec_hangs_does_not_hold_the_probes(hale, tmp_path, held):
    box = two_lives(hale, tmp_path, held)
    assert box.get("/livez").status == 200
    assert box.get("/readyz").status == 503
    held.let_go()
    box.out.expect("^up$")
    until(lambda: box.get("/readyz").status == 200, "ready")


def test_a_restart_whose_exec_fails_late_follows_the_policy(hale, tmp_path, busy):
    box = two_lives(hale, tmp_path, busy, "--max-restarts", "3")
    busy.let_go()
    for _ in range(3):
        assert box.err.expect("cannot start").string.endswith(OPEN_FOR_WRITING)
    assert box.code() == 126


def test_checks_and_the_watchdog_begin_when_the_program_runs(hale, held):
    box = hale("--listen", "8080", "--watchdog", "1h", "--notify", "--interval", "1h",
               "--check", "exec:/bin/true", [held.path, "env", "say", "up", "pause"])
    box.err.expect(LOADING)
    assert box.check()["passed"] == 0
    held.let_go()
    box.out.expect(r"^env WATCHDOG_PID=\d+$")
    until(lambda: box.check()["passed"] == 1, "the check was made")


def test_the_notify_descriptor_is_right_where_the_exec_hung(hale, held):
    box = hale("--listen", "8080", "--notify-fd", "9",
               [held.path, "to", "9", "say", "ready", "pause"])
    box.err.expect(LOADING)
    held.let_go()
    until(lambda: box.get("/readyz").status == 200, "ready")


# --- calls that a profile denies --------------------------------------------------------

EPERM, ENOSYS, EMFILE = 1, 38, 24
CLONE_VM_FLAGS = 0x200111


@x86_64
@pytest.mark.parametrize("call, err", [
    ("signalfd4", EPERM), ("epoll_create1", EPERM), ("epoll_create1", ENOSYS),
    ("timerfd_create", EPERM), ("timerfd_create", ENOSYS)])
def test_a_denied_call_is_named(hale, call, err):
    code, out, lines = hale("say up", refuse=[f"{SYS[call]}:-1:{err}"]).end()
    assert (code, out, len(lines)) == (1, [], 1)
    assert lines[0].startswith(f"hale: cannot set up: {call}: ")


@x86_64
@pytest.mark.parametrize("denied", [["clone"], ["clone", "vfork"]], ids=str)
def test_a_start_takes_what_is_not_denied(hale, denied):
    """musl forks by fork(2) here, so that this is what is left."""
    refuse = [f"{SYS[call]}:{CLONE_VM_FLAGS if call == 'clone' else -1}:{EPERM}"
              for call in denied]
    box = hale("say up read exit 5", refuse=refuse)
    box.out.expect("^up$")
    box.tell("end")
    assert box.code() == 5
    assert hale("--", ["/no/such"], refuse=refuse).end()[0] == 127


@x86_64
def test_a_denied_start_names_the_calls(hale):
    code, out, lines = hale("say up", refuse=[f"{SYS[call]}:-1:{EPERM}" for call in
                                              ("clone", "vfork", "fork")]).end()
    assert (code, out, len(lines)) == (126, [], 1)
    assert "clone, vfork, fork: Operation not permitted" in lines[0]


# --- small limits -----------------------------------------------------------------------

# A dynamic loader has no descriptor to open a library with.
NO_LOADER = pytest.param(3, marks=pytest.mark.static_only)


@pytest.mark.parametrize("nofile", [NO_LOADER, 4, 5])
def test_too_few_descriptors_are_one_line_with_the_limit_and_what_is_needed(hale, nofile):
    code, out, err = hale("say up", nofile=nofile).end()
    assert (code, out, len(err)) == (1, [], 1)
    assert f"RLIMIT_NOFILE is {nofile} and hale needs 6" in err[0]


def test_six_descriptors_are_enough_to_start_and_what_lacks_is_in_words(hale):
    code, out, err = hale("fds exit 7", nofile=6).end()
    assert (code, out) == (7, ["fds 0 1 2"])
    assert "no local socket" in err[0]


def test_no_descriptor_for_a_listener_is_one_line_with_the_limit(hale):
    code, out, err = hale("--listen", "8080", "--listen", "8081", "say up", nofile=7).end()
    assert (code, out, len(err)) == (1, [], 1)
    assert "8081" in err[0] and "RLIMIT_NOFILE is 7" in err[0]


def test_no_descriptor_for_a_port_is_one_line_with_the_limit_and_what_is_needed(hale):
    code, out, err = hale("--listen", "8080", "say up", nofile=6).end()
    assert (code, out, len(err)) == (1, [], 1)
    assert "cannot listen on [::]:8080: " in err[0]
    assert "RLIMIT_NOFILE is 6 and hale needs 6, and one more for each --listen" in err[0]


def limited(box, limit, *argv, **options):
    return box("/bin/sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *argv, **options)


@pytest.mark.parametrize("soft", [NO_LOADER, 4, 5, 6, 7, 64])
def test_a_small_soft_limit_is_the_services_and_not_hales(box, soft):
    """It is restarted with it as well."""
    started = limited(box, f"-S -n {soft}", HALE, "--listen", "8080", "--restart", "always",
                      "--max-restarts", "1", "--backoff", "1ms", "--notify",
                      *svc("limit exit 7"))
    code, out, _ = started.end()
    assert (code, out) == (7, [f"limit {soft}"] * 2)


def test_a_check_has_the_soft_limit_that_hale_was_given(box):
    started = limited(box, "-S -n 17", HALE, "--listen", "8080", "--check",
                      "exec:/bin/sh -c 'ulimit -n'", *svc("say up pause"))
    started.out.expect("^up$")
    until(lambda: started.get("/readyz").status == 200, "ready")
    assert started.check()["output"] == "exit 0: 17"


H2_SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
H2_HTTP_1_1_REQUIRED = bytes([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13])


@pytest.mark.static_only  # the sanitizers reserve terabytes
@pytest.mark.parametrize("mib", [1, 2, 3, 8, 24])
def test_little_address_space_is_enough(box, mib):
    started = limited(box, f"-v {mib * 1024}", HALE, "--listen", "8080",
                      *svc("say up read exit 7"))
    started.out.expect("^up$")
    assert started.get("/livez").status == 200
    started.connect().send("GET /livez HT").send("TP/1.1\r\nHost: x\r\n\r\n")
    assert started.get("/livez").status == 200
    has_room = mib > 16
    client = started.connect()
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + H2_SETTINGS)
    if not has_room:
        assert not client.ended()   # it has been told something first
        assert client.buffer == H2_SETTINGS + H2_HTTP_1_1_REQUIRED
    started.tell("end")
    assert started.code() == 7
    lacks = [line for line in started.err.rest() if "HTTP/2 is refused" in line]
    assert bool(lacks) != has_room
    assert all(re.search(r"leaves less than \d+ KiB\)", line) for line in lacks)
