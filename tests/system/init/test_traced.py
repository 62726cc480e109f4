"""A child that asks its parent to trace it: hale is no tracer and lets it go."""
import os
import re
import signal

import pytest

from harness import SVC, until

PTRACE = 101 if os.uname().machine == "x86_64" else 117
TRACEME, DETACH, GETSIGINFO, EPERM, ENOSYS = 0, 17, 0x4202, 1, 38
LET_GO = r"pid \d+ made hale its tracer \(PTRACE_TRACEME\): let it go on untraced"
USR1, STOP, TRAP, TSTP, CONT = 10, 19, 5, 20, 18


@pytest.mark.parametrize("tty", [None, "leader", "fg", "bg"])
def test_a_traced_service_gets_its_signals(hale, tty):
    box = hale("traceme catch say up pause", tty=tty, second=tty in ("fg", "bg"))
    box.out.expect("^up$")
    for sig in (USR1, USR1, 64, signal.SIGTERM):
        box.signal(sig)
        box.out.expect(f"got {int(sig)} ")
    assert "stopped" not in box.report.seen


@pytest.mark.parametrize("tty", [None, "leader", "fg"])
def test_a_traced_service_may_exec(hale, tty):
    box = hale(f"traceme exec {SVC} say on exit 3", tty=tty, second=tty == "fg")
    box.out.expect("^on$")
    assert box.code() == 3
    assert "stopped" not in box.report.seen


@pytest.mark.parametrize("how", ["tkill", "kill self"])
def test_a_traced_service_that_waits_for_its_tracer_goes_on(hale, how):
    assert hale(f"traceme {how} {STOP} say on exit 3").end()[:2] == (3, ["on"])


@pytest.mark.parametrize("sig", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, USR1])
def test_a_signal_that_ends_a_traced_service_ends_it(hale, sig):
    assert hale(f"traceme die {int(sig)}", core=0).code() == 128 + int(sig)


def test_a_sigtrap_from_outside_ends_a_traced_service(hale):
    box = hale("traceme say up pause", core=0)
    box.out.expect("^up$")
    box.signal(TRAP)
    assert box.code() == 128 + TRAP


def test_a_stop_from_outside_stops_a_traced_service_and_cont_continues_it(hale):
    box = hale("traceme ids pause")
    pid = int(box.out.expect(r"^ids pid=(\d+)")[1])
    box.signal(TSTP)  # forwarded as SIGSTOP
    until(lambda: box.state(pid) == "T", "the service is stopped, not traced (t)")
    box.signal(CONT)
    until(lambda: box.state(pid) == "S", "the service goes on")


def test_a_traced_orphan_is_let_go(hale):
    box = hale("-w", f"fork {{ fork {{ block {USR1} kill self {USR1} read traceme "
               f"unblock {USR1} }} }} wait say up pause")
    box.out.expect("^up$")
    box.tell("now")  # the orphan is hale's own child by then
    box.err.expect(LET_GO)
    box.err.expect("reaped orphan pid .*SIGUSR1")


def test_a_service_that_asks_again_is_told_of_once(hale):
    again = f"traceme tkill {USR1} " * 50
    code, out, err = hale(f"ignore {USR1} catch {again} exit 3").end()
    assert code == 3
    assert len([line for line in out if line.startswith(f"got {USR1}")]) == 50
    assert len([line for line in err if re.search(LET_GO, line)]) == 1


def test_ctrl_z_suspends_a_traced_service_and_hale(hale):
    box = hale("-q", "traceme ids read exit 3", tty="fg", second=True)
    pid = int(box.out.expect(r"^ids pid=(\d+)")[1])
    box.press("Z")
    box.report.expect("^stopped ")
    until(lambda: box.state(pid) == "T", "the service is stopped")
    box.shell_fg()
    until(lambda: box.foreground() == box.outer(pid), "the service has the terminal again")
    box.tell("go on")
    assert box.code() == 3


@pytest.mark.parametrize("request_, err", [(GETSIGINFO, EPERM), (GETSIGINFO, ENOSYS),
                                           (DETACH, EPERM)])
def test_where_ptrace_is_refused_one_line_says_so_and_a_stop_kills(hale, request_, err):
    box = hale("--stop-timeout", "100ms", "traceme say up catch pause",
               refuse=[f"{PTRACE}:{request_}:{err}"])
    box.out.expect("^up$")
    box.signal(USR1)
    box.err.expect(r"made hale its tracer \(PTRACE_TRACEME\) and stays stopped: ptrace: ")
    box.signal(signal.SIGTERM)
    assert box.code() == 137


def test_where_ptrace_is_refused_ctrl_z_works(hale):
    box = hale("-q", "ids read exit 3", tty="fg", second=True,
               refuse=[f"{PTRACE}:-1:{EPERM}"])
    pid = int(box.out.expect(r"^ids pid=(\d+)")[1])
    box.press("Z")
    box.report.expect("^stopped ")
    box.shell_fg()
    until(lambda: box.foreground() == box.outer(pid), "the service has the terminal again")
    box.tell("go on")
    assert box.code() == 3


THREADS = """
import ctypes, signal, threading
libc = ctypes.CDLL(None)
seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
def ask():
    assert libc.ptrace(0, 0, 0, 0) == 0
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
for _ in range(5):
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
print("seen", bool(seen), flush=True)
"""


def test_a_thread_that_asks_is_let_go(hale):
    """waitpid() reports it by its own number."""
    code, out, err = hale(["/usr/bin/python3", "-c", THREADS]).end()
    assert (code, out) == (0, ["seen True"])
    assert len([line for line in err if re.search(LET_GO, line)]) == 1
