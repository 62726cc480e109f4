"""The end on request: stop signal, drain, stop timeout, linger."""
import contextlib
import os
import re
import subprocess
import time

import pytest

from harness import DEADLINE, HALE, PORT, Lines, clean_env, svc, until

TERM, INT, QUIT, USR1, HUP = 15, 2, 3, 10, 1
KILL, STOP, WINCH, LAST = 9, 19, 28, 64
LISTEN = ["--listen", "8080"]
WAIT_FOR_EVER = "1h"  # a time that no test waits for


def up(hale, *argv, **options):
    box = hale(*argv, **options)
    box.out.expect("^up$")
    return box


def state(box):
    return box.status()["state"]


# --- the stop signal ---------------------------------------------------------

@pytest.mark.parametrize("options, sent, got", [
    ([], TERM, TERM), (["--stop-signal", "INT"], TERM, INT), (["--stop-signal=QUIT"], TERM, 3),
    (["--stop-signal", "RTMIN+3"], TERM, 37), (["-r", "TERM:USR1"], TERM, USR1),
    (["-r", "HUP:TERM"], HUP, TERM), (["-r", "HUP:TERM", "--stop-signal", "USR1"], HUP, USR1),
    (["-r", "TERM:USR1", "--stop-signal", "INT"], TERM, INT)])
def test_sigterm_becomes_the_stop_signal(hale, options, sent, got):
    box = up(hale, *options, "catch say up pause")
    box.signal(sent)
    assert box.out.line().startswith(f"got {got} ")


def test_a_service_gets_exactly_one_stop_signal(hale):
    box = up(hale, "catch say up pause")
    box.signal(TERM)
    box.signal(LAST)
    assert [box.out.line()[:7] for _ in range(2)] == ["got 15 ", "got 64 "]


def test_a_sigterm_that_comes_later_is_forwarded_again(hale):
    box = up(hale, "catch say up pause")
    for _ in range(3):
        box.signal(TERM)
        assert box.out.line().startswith("got 15 ")


@pytest.mark.parametrize("sig", [QUIT, HUP, USR1, WINCH])
def test_other_signals_are_no_stop(hale, sig):
    box = up(hale, *LISTEN, "catch say up pause")
    box.signal(sig)
    box.out.expect(f"^got {sig} ")
    assert state(box) == "running"


def test_a_rewritten_away_sigterm_is_no_stop(hale):
    box = up(hale, *LISTEN, "-r", "TERM:0", "catch say up pause")
    box.signal(TERM)
    box.signal(LAST)
    assert box.out.line().startswith("got 64 ")
    assert state(box) == "running"


# --- which signals are a stop --------------------------------------------------

STOPS = [([], TERM), ([], INT), (["--stop-signal", "USR1"], INT), (["--stop-on", "QUIT"], QUIT),
         (["--stop-on", "WINCH", "--stop-on", "USR1"], WINCH), (["--stop-on", "64"], LAST)]


@pytest.mark.parametrize("options, sig", STOPS)
def test_a_stop_is_sent_on_as_what_it_is_and_nothing_is_started_again(hale, options, sig):
    box = up(hale, "--restart", "always", *options, f"catch quit {sig} 7 say up pause")
    box.signal(sig)
    assert box.out.line().startswith(f"got {sig} ")
    assert box.code() == 7


@pytest.mark.parametrize("options, sig", STOPS)
def test_a_stop_drains_first(hale, options, sig):
    box = up(hale, *LISTEN, "--drain", WAIT_FOR_EVER, *options, "catch say up pause")
    box.signal(sig)
    until(lambda: state(box) == "draining", "the drain")
    box.signal(LAST if sig != LAST else QUIT)  # what is no stop still gets there, first
    assert not box.out.line().startswith(f"got {sig} ")
    box.signal(sig)  # no more waiting
    assert box.out.line().startswith(f"got {sig} ")


@pytest.mark.parametrize("options, sig", STOPS)
def test_a_stop_has_its_timeout(hale, options, sig):
    box = up(hale, "--restart", "always", "--stop-timeout", "50ms", *options,
             "ignore all say up pause")
    box.signal(sig)
    assert box.code() == 137


def test_stops_can_be_named_in_the_environment(hale):
    env = {**clean_env(), "HALE_STOP_ON": "QUIT,WINCH"}
    box = up(hale, "--restart", "always", "catch quit 28 0 say up pause", env=env)
    box.signal(WINCH)
    assert box.code() == 0


@pytest.mark.parametrize("value", ["KILL", "STOP", "CHLD", "0", "65", "QUITT", ""])
def test_what_cannot_be_a_stop_is_refused_in_words(value):
    done = subprocess.run([HALE, "--stop-on", value, "x"], capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert done.returncode == 2
    assert "--stop-on" in done.stderr and "one signal such as QUIT" in done.stderr


@pytest.mark.parametrize("options, env", [
    (["--stop-on", "QUIT", "-r", "QUIT:0"], {}), (["-r", "QUIT:0"], {"HALE_STOP_ON": "3"})])
def test_a_stop_that_a_rewrite_drops_is_one_warning(hale, options, env):
    code, _, err = hale(*options, "exit 0", env={**clean_env(), **env}).end()
    assert (code, err) == (0, ["hale: --stop-on SIGQUIT: no stop, since --rewrite drops it"])


def test_a_dropped_stop_that_another_signal_becomes_is_a_stop(hale):
    box = up(hale, "--stop-on", "QUIT", "-r", "HUP:QUIT", "-r", "QUIT:0", "--restart", "always",
             "catch quit 3 7 say up pause")
    box.signal(QUIT)
    box.signal(HUP)
    assert box.out.line().startswith(f"got {QUIT} ")
    assert box.code() == 7
    assert not [line for line in box.err.rest() if "drops" in line]


def test_a_flag_of_stops_takes_the_place_of_the_environments(hale):
    env = {**clean_env(), "HALE_STOP_ON": "WINCH"}
    box = up(hale, "--restart", "always", "--stop-on", "QUIT", "catch quit 3 7 say up pause",
             env=env)
    box.signal(WINCH)  # goes to the service as any signal does
    assert box.out.line().startswith(f"got {WINCH} ")
    box.signal(QUIT)
    assert box.code() == 7


def test_the_answer_while_stopping_says_so(hale):
    box = up(hale, *LISTEN, "catch say up pause")
    assert (state(box), box.get("/readyz").status) == ("running", 200)
    box.signal(TERM)
    box.out.expect("^got 15 ")
    assert state(box) == "stopping"
    assert box.get("/readyz").status == 503
    assert box.get("/livez").status == 200


def test_a_service_that_ends_on_the_stop_signal_ends_hale_with_its_code(hale):
    box = up(hale, "--stop-timeout", WAIT_FOR_EVER, "--linger", WAIT_FOR_EVER,
             "catch quit 15 23 say up pause")
    box.signal(TERM)
    assert box.code() == 23


# --- the stop timeout --------------------------------------------------------

def test_a_service_that_ignores_the_stop_is_killed_after_the_timeout(hale):
    box = up(hale, "--stop-timeout", "200ms", "ignore 15 say up pause")
    box.signal(TERM)
    assert box.code() == 137
    box.err.expect("was killed by SIGKILL")


@pytest.mark.static_only
def test_without_proc_the_line_about_the_kill_still_says_what_is_killed(hale):
    box = hale("--stop-timeout", "200ms", "ignore 15 say up pause", no_proc=True)
    box.out.expect("^up$")
    box.signal(TERM)
    box.err.expect("did not stop in time: killing everything$")
    assert box.code() == 137


def test_the_proc_of_another_pid_namespace_is_as_good_as_none(box):
    up = box("unshare", "--pid", "--fork", HALE, "--listen", str(PORT), "--stop-timeout", "200ms",
             *svc("ignore 15 say up read kill parent 15 pause"))
    up.out.expect("^up$")
    assert "process_threads" not in up.get("/metrics").body
    up.tell("go on")
    up.err.expect("did not stop in time: killing everything$")
    assert up.code() == 137


def test_a_stopped_process_is_killed_after_the_timeout_too(hale):
    """The service itself would be continued with its stop."""
    box = up(hale, "--stop-timeout", "200ms", "-v",
             f"fork {{ ids kill self {STOP} }} ignore 15 say up pause")
    pid = re.search(r"^ids pid=(\d+)", box.out.seen, re.M) or box.out.expect(r"^ids pid=(\d+)")
    until(lambda: box.state(pid[1]) == "T", "the child is stopped")
    box.signal(TERM)
    assert box.code() == 137
    assert "it is stopped" not in "\n".join(box.err.rest())


def test_the_timeout_kills_daemons_in_sessions_of_their_own(hale):
    """Seen by linger: hale leaves early only where none is left."""
    box = up(hale, "--stop-timeout", "200ms", "--linger", WAIT_FOR_EVER,
             "fork { setsid ignore 15 fork { setsid ignore all say daemon pause } pause } "
             "ignore 15 say up pause")
    box.signal(TERM)
    assert box.code() == 137


def test_the_timeout_kills_the_adopted_where_hale_is_a_subreaper(hale):
    box = hale("-s", "--stop-timeout", "200ms", "--linger", WAIT_FOR_EVER,
               "fork { fork { setsid ignore all ids pause } } wait ignore 15 say up pause",
               second=True)
    pid = box.out.expect_each(r"^ids pid=(\d+)", "^up$")[0][1]
    daemon = box.outer(pid)
    box.signal(TERM)
    assert box.code() == 137
    until(lambda: not alive(daemon), "the daemon is gone")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_service_that_ends_in_time_is_not_killed(hale):
    box = up(hale, "--stop-timeout", WAIT_FOR_EVER, "catch quit 15 0 say up pause")
    box.signal(TERM)
    assert box.code() == 0


# --- drain -------------------------------------------------------------------

def test_a_drain_turns_readiness_off_while_the_service_serves(hale):
    box = hale(*LISTEN, "--drain", WAIT_FOR_EVER, "http 9090")
    box.out.expect("^http 9090")
    assert box.get("/readyz").status == 200
    box.signal(TERM)
    until(lambda: box.get("/readyz").status == 503, "readiness is off")
    assert box.get("/livez").status == 200
    assert box.get("/startupz").status == 200
    assert box.get("/healthz").status == 503
    assert "[-]draining: SIGTERM came\n" in box.get("/readyz").body
    assert box.get(port=9090).body == "served\n"
    assert (state(box), box.status()["verdicts"]["ready"]) == ("draining", False)


def test_a_second_sigterm_ends_the_drain(hale):
    box = up(hale, *LISTEN, "--drain", WAIT_FOR_EVER, "catch say up pause")
    box.signal(TERM)
    until(lambda: state(box) == "draining", "hale drains")
    box.signal(TERM)
    box.signal(LAST)
    assert [box.out.line()[:7] for _ in range(2)] == ["got 15 ", "got 64 "]


def test_after_a_drain_that_another_stop_ends_the_service_gets_the_last(hale):
    box = up(hale, *LISTEN, "--drain", WAIT_FOR_EVER, "catch quit 2 7 say up pause")
    box.signal(TERM)
    until(lambda: state(box) == "draining", "hale drains")
    box.signal(INT)
    assert box.code() == 7


def test_the_stop_signal_follows_the_drain(hale):
    box = up(hale, "--drain", "300ms", "catch say up pause")
    start = time.monotonic()
    box.signal(TERM)
    assert box.out.line().startswith("got 15 ")
    assert time.monotonic() - start >= 0.3


def test_a_service_that_ends_during_the_drain_ends_hale(hale):
    box = up(hale, "--drain", WAIT_FOR_EVER, "say up read exit 9")
    box.signal(TERM)
    box.tell("end")
    assert box.code() == 9


def test_other_signals_are_forwarded_during_the_drain(hale):
    box = up(hale, *LISTEN, "--drain", WAIT_FOR_EVER, "catch say up pause")
    box.signal(TERM)
    box.signal(HUP)
    assert box.out.line().startswith("got 1 ")
    assert state(box) == "draining"


def test_the_stop_timeout_starts_after_the_drain(hale):
    box = up(hale, "--drain", "400ms", "--stop-timeout", "100ms",
             "catch ignore 15 quit 10 7 say up pause")
    start = time.monotonic()
    box.signal(TERM)
    assert box.code() == 137
    assert time.monotonic() - start >= 0.5


def test_the_drain_command_turns_readiness_off_and_nothing_else(hale):
    box = up(hale, *LISTEN, "catch say up pause")
    done = box.run(HALE, "drain", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert box.get("/readyz").status == 503
    assert state(box) == "draining"
    box.signal(LAST)
    assert box.out.line().startswith("got 64 ")


def test_the_drain_command_returns_after_its_time(hale):
    box = up(hale, "catch say up pause")
    start = time.monotonic()
    assert box.run(HALE, "drain", "300ms").returncode == 0
    assert time.monotonic() - start >= 0.3


def test_the_drain_command_takes_its_time_from_the_supervisor(hale):
    box = up(hale, "--drain", "300ms", "catch say up pause")
    start = time.monotonic()
    assert box.run(HALE, "drain").returncode == 0
    assert time.monotonic() - start >= 0.3


def test_what_was_drained_by_command_is_not_drained_again(hale):
    box = up(hale, "--drain", "300ms", "catch say up pause")
    assert box.run(HALE, "drain").returncode == 0
    box.signal(TERM)
    box.signal(LAST)
    # With a drain to wait for, the other signal would come first.
    assert [box.out.line()[:7] for _ in range(2)] == ["got 15 ", "got 64 "]


def test_a_sigterm_after_the_drain_command_drains_only_the_rest(hale):
    box = up(hale, *LISTEN, "--drain", "50s", "catch say up pause")
    assert box.run(HALE, "drain", "1s").returncode == 0
    box.signal(TERM)
    box.signal(LAST)
    assert box.out.line().startswith("got 64 ")
    left = re.search(r"draining: SIGTERM came, not ready for \S+, (\d+)s left",
                     box.get("/readyz?verbose").body)
    assert int(left[1]) <= 48  # whole seconds, cut


# --- linger ------------------------------------------------------------------

def test_with_linger_the_others_get_sigterm_and_time_to_finish(hale):
    box = hale("--linger", WAIT_FOR_EVER,
               "fork { setsid catch quit 15 0 say ready pause } read exit 5")
    box.out.expect("^ready$")
    box.tell("end")
    box.out.expect("^got 15 ")
    assert box.code() == 5


def test_with_linger_and_none_left_hale_leaves_at_once(hale):
    assert hale("--linger", WAIT_FOR_EVER, "exit 5").code() == 5


def test_those_who_do_not_finish_are_killed_after_the_linger(hale):
    box = hale("--linger", "200ms", "fork { ignore 15 say ready pause } read exit 5")
    box.out.expect("^ready$")
    start = time.monotonic()
    box.tell("end")
    assert box.code() == 5
    assert time.monotonic() - start >= 0.2


def test_the_linger_waits_for_the_last_of_many(hale):
    box = hale("--linger", WAIT_FOR_EVER,
               "fork { catch quit 15 0 say ready pause } "
               "fork { fork { setsid catch quit 10 0 say ready pause } } "
               "read exit 5")
    for _ in range(2):
        box.out.expect("^ready$")
    box.tell("end")
    for _ in range(2):
        box.out.expect("^got 15 ")
    last = max(box.pids())
    box.run("/bin/sh", "-c", f"kill -USR1 {last}")
    assert box.code() == 5


@pytest.mark.parametrize("policy", ["never", "always"])
def test_a_first_stop_takes_no_time_from_what_lingers_and_a_second_does(hale, policy):
    """With a restart policy it ends the restart that the others are waited for."""
    box = hale(*LISTEN, "--restart", policy, "--linger", WAIT_FOR_EVER,
               "fork { catch say ready pause } read exit 5")
    box.out.expect("^ready$")
    box.tell("end")
    box.out.expect("^got 15 ")
    assert box.get("/readyz").status == 503
    box.signal(TERM)
    for _ in range(2):  # the first may be answered in the turn that reads the signal
        assert box.get("/readyz").status == 503
    assert state(box) == "lingering"
    box.signal(TERM)
    assert box.code() == 5


def test_after_a_stop_with_linger_the_code_is_still_the_services(hale):
    box = up(hale, "--linger", WAIT_FOR_EVER,
             "fork { quit 15 0 catch pause } catch quit 15 11 say up pause")
    box.signal(TERM)
    assert box.code() == 11


def test_children_born_during_the_linger_do_not_keep_hale(hale):
    box = hale("--linger", "300ms",
               "fork { ignore 15 say ready fork { ignore 15 pause } pause } read exit 5")
    box.out.expect("^ready$")
    box.tell("end")
    assert box.code() == 5


def test_the_linger_of_a_subreaper_ends_its_adopted_children(hale):
    box = hale("-s", "--linger", WAIT_FOR_EVER,
               "fork { fork { setsid catch quit 15 0 say ready pause } } wait read exit 5",
               second=True)
    box.out.expect("^ready$")
    box.tell("end")
    box.out.expect("^got 15 ")
    assert box.code() == 5


# --- a stop is heard once ----------------------------------------------------

def ticks():
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def started(pid):
    with open(f"/proc/{pid}/stat", encoding="latin-1") as stat:
        return int(stat.read().rpartition(")")[2].split()[19])


@pytest.mark.parametrize("second", [False, True])
def test_a_member_of_the_group_hears_the_stop_once_with_linger(hale, second):
    box = hale(*LISTEN, "-s", "-g", "--linger", WAIT_FOR_EVER, "fork { catch quit 10 0 ids pause } "
               "read catch quit 15 0 say up pause", second=second)
    child = int(box.out.expect("^ids pid=([0-9]+)")[1])
    until(lambda: ticks() > started(box.outer(child)), "a process is older than now")
    box.tell("")
    box.out.expect("^up$")
    box.signal(TERM)
    assert [box.out.line()[:7] for _ in range(2)] == ["got 15 ", "got 15 "]
    until(lambda: state(box) == "lingering")
    os.kill(box.outer(child), USR1)
    assert box.out.line().startswith(f"got {USR1} ")
    assert box.code() == 0


def test_what_is_not_in_the_group_hears_its_first_stop_with_linger(hale):
    box = hale("-g", "--linger", WAIT_FOR_EVER,
               "fork { setsid catch quit 15 0 say child pause } catch quit 15 0 say up pause")
    box.out.expect_each("^up$", "^child$")
    box.signal(TERM)
    assert box.code() == 0
    assert [line[:6] for line in box.out.rest()] == ["got 15", "got 15"]


# --- not PID 1 ---------------------------------------------------------------

@pytest.mark.parametrize("options, told", [
    ([], "reaped here"), (["-s"], None), (["--linger", "1s"], "--follow-orphan do nothing"),
    (["--follow-orphan"], "--follow-orphan do nothing"), (["-s", "--linger", "1s"], None)])
def test_what_needs_pid_1_or_a_subreaper_is_named(options, told):
    done = subprocess.run([HALE, *options, *svc("exit 0")], capture_output=True, text=True,
                          timeout=DEADLINE, check=True, env=clean_env())
    lines = done.stderr.splitlines()
    assert len(lines) == (told is not None)
    assert told is None or lines[0].endswith(told)


@pytest.mark.parametrize("options", [["-s"], []])
def test_the_stop_timeout_kills_every_generation_when_hale_is_not_pid_1(options):
    """Each generation in a session of its own, so that no group helps."""
    depth = 40
    words = "fork { setsid ignore 15 ids " * depth + "pause " + "} pause " * depth
    # On one CPU what is killed may end before hale goes on.
    one_cpu = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    process = subprocess.Popen([*one_cpu, HALE, "-q", *options, "--stop-timeout", "50ms",
                                *svc("ignore 15 ids " + words)],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = Lines(process.stdout.fileno())
    pids = [int(out.expect("^ids pid=([0-9]+)")[1]) for _ in range(depth + 1)]
    try:
        process.send_signal(TERM)
        assert process.wait(DEADLINE) == 137
        assert out.rest() == []  # the end: nobody is left who could write
        pids = []
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, KILL)
        process.kill()
        process.wait()
        process.stdout.close()
