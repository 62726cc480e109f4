"""Restarts: by policy and by health; what died is cleared, why is told."""
import contextlib
import os
import pathlib
import re
import resource
import signal
import subprocess

import pytest

from harness import DEADLINE, HALE, PORT, SVC, clean_env, until

LISTEN = ["--listen", "8080"]
AT_ONCE = ["--backoff", "0"]
FAST = ["--interval", "100ms", "--timeout", "200ms", "--retries", "2"]
KILL, TERM, STOP = signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP
RESTARTS = 1000


def pid_line(box):
    return int(box.out.expect(r"^ids pid=(\d+)")[1])


def kill_service(box, pid, sig=KILL):
    os.kill(box.outer(pid), sig)


def becomes(box, path, status):
    until(lambda: box.get(path).status == status, f"{path} is {status}")


# --- the policy ----------------------------------------------------------------

@pytest.mark.parametrize("policy, words, starts", [
    ("never", "say up exit 3", 1), ("on-failure", "say up exit 0", 1),
    ("on-failure", "say up exit 3", 4), ("on-failure", "say up die 9", 4),
    ("always", "say up exit 0", 4), ("always", "say up exit 3", 4)])
def test_the_policy_says_who_is_started_again(hale, policy, words, starts):
    code, out, err = hale("--restart", policy, *AT_ONCE, "--max-restarts", "3", words).end()
    assert out == ["up"] * starts
    assert code == (137 if "die" in words else int(words.split()[-1]))
    assert sum("restarting" in line for line in err) == starts - 1


def test_a_limit_of_what_never_happens_is_one_warning(hale):
    code, _, err = hale("--max-restarts", "3", "exit 4").end()
    assert (code, err[0]) == (4, "hale: --max-restarts: nothing restarts the service")


def test_a_remapped_code_is_no_failure(hale):
    code, out, _ = hale("--restart", "on-failure", "-e", "3", "say up exit 3").end()
    assert (code, out) == (0, ["up"])


def test_the_wait_doubles(hale):
    code, _, err = hale("--restart", "always", "--backoff", "10ms..35ms", "--max-restarts", "4",
                        "exit 1").end()
    assert code == 1
    assert [m[1] for line in err if (m := re.search(r"restarting .* in (\S+) ", line))] \
        == ["10ms", "20ms", "35ms", "35ms"]


def test_sigterm_in_the_wait_ends_at_once_with_the_last_code(hale):
    box = hale(*LISTEN, "--restart", "always", "--backoff", "1h", "--stop-timeout", "1h",
               "--drain", "1h", "--linger", "1h", "exit 7")
    box.err.expect("restarting .* in 1h")
    until(lambda: box.status()["next_start_ms"] > 0, "it waits")
    box.signal(TERM)
    assert box.code() == 7


def test_a_stopped_service_is_not_started_again(hale):
    box = hale("--restart", "always", *AT_ONCE, "catch quit 15 0 say up pause")
    box.out.expect("^up$")
    box.signal(TERM)
    assert box.code() == 0


def test_a_program_that_has_vanished_is_tried_again(hale, tmp_path):
    program = tmp_path / "program"
    program.symlink_to(SVC)
    box = hale(*LISTEN, "--restart", "always", "--backoff", "20ms",
               [str(program), "ids", "say", "up", "pause"])
    first = pid_line(box)
    program.unlink()
    kill_service(box, first)
    box.err.expect("cannot start .*no such file")
    assert box.status()["last_exit"]["code"] == 127
    program.symlink_to(SVC)
    assert pid_line(box) != first


@pytest.mark.parametrize("backoff, line, code", [
    ("1h", "restarting", 5), ("10ms..1h", "cannot start .*no such file", 127)])
def test_a_stop_in_the_wait_ends_with_the_code_of_the_last_end_or_failed_start(
        hale, tmp_path, backoff, line, code):
    program = tmp_path / "program"
    program.symlink_to(SVC)
    box = hale("--restart", "always", "--backoff", backoff,
               [str(program), "say", "up", "read", "exit", "5"])
    box.out.expect("^up$")
    program.unlink()
    box.tell("go")
    box.err.expect(line)
    box.signal(signal.SIGTERM)
    assert box.code() == code


# --- a start that the machine refuses --------------------------------------------

UID = 54322  # RLIMIT_NPROC counts what belongs to it, and does not hold for root


def refused(hale, *options, words="catch ids pause"):
    """A box whose hale can start no process from here on; the limit before."""
    box = hale(*LISTEN, *options, words, uid=UID)
    box.service = pid_line(box)
    return box, box.limit(resource.RLIMIT_NPROC, 1, UID)


@pytest.mark.parametrize("options", [
    ["--restart", "always", "--max-restarts", "1"], ["--restart", "on-failure", *AT_ONCE],
    ["--on-unhealthy", "restart", "--max-restarts", "1", "--watchdog", "100ms", *AT_ONCE]])
def test_a_refused_start_is_tried_until_it_succeeds_and_hale_stays_live(hale, options):
    box, before = refused(hale, *options)
    if "--watchdog" not in options:
        kill_service(box, box.service)
    first = box.err.expect("cannot start .*: .*processes.*: trying again in (.*)$")[1]
    second = box.err.expect("cannot start .*: .*processes.*: trying again in (.*)$")[1]
    assert (first, second) == ("1s", "2s" if AT_ONCE[0] not in options else "1s")
    status = box.status()
    assert (status["state"], status["restarts"], status["gave_up"]) == ("restarting", 1, False)
    assert "could not be started" not in status["last_exit"]["reason"]  # that was before
    assert box.get("/livez").status == 200
    assert re.search(r"starts again in \S+: it could not be started: the limit of processes",
                     box.get("/readyz?verbose").body)
    box.limit(resource.RLIMIT_NPROC, before, UID)
    assert pid_line(box) != box.service
    assert box.status()["restarts"] == 1


def test_sigterm_in_the_wait_for_another_try_ends_at_once_with_the_services_code(hale):
    box, _ = refused(hale, "--restart", "always", "--backoff", "1ms..1h", "--stop-timeout", "1h",
                     "--drain", "1h", "--linger", "1h")
    kill_service(box, box.service)
    box.err.expect("trying again in 1s")
    box.signal(TERM)
    assert box.code() == 137


@pytest.mark.static_only  # the sanitizers' runtime does not start there
def test_the_very_first_start_is_not_tried_again(hale):
    code, out, err = hale("--restart", "always", "say up", uid=UID, nproc=1).end()
    assert (code, out) == (126, [])
    assert "limit of processes" in err[-1] and "again" not in err[-1]


# --- what a start gets ---------------------------------------------------------

def test_every_start_gets_what_the_first_one_got(hale, tmp_path):
    """Directory, descriptors, environment, mask; LISTEN_PID is its own pid."""
    with open(tmp_path / "given", "w") as given:
        # hale is PID 1: it is the one that LISTEN_PID names.
        box = hale("--restart", "always", *AT_ONCE, "--max-restarts", "2",
                   "cwd fds env signals ids exit 0", cwd=tmp_path, block=[10], ignore=[1],
                   fds=[given.fileno()], env=clean_env(LISTEN_PID="1", LISTEN_FDS="1"))
        _, out, _ = box.end()
    text = "\n".join(out)
    lives = [life + "ids" + pid for life, pid in
             re.findall(r"(cwd (?:.|\n)*?)ids( pid=\d+)", text)]
    pids = [re.search(r"ids pid=(\d+)", life)[1] for life in lives]
    assert len(set(pids)) == 3
    for life, pid in zip(lives, pids):
        assert f"LISTEN_PID={pid}" in life
    assert len({re.sub(r"(PID=|pid=)\d+", "", life) for life in lives}) == 1


# --- what it left --------------------------------------------------------------

def test_orphans_of_the_dead_are_gone_before_the_next_start(hale):
    """Each start counts who is there: hale and itself."""
    box = hale("--restart", "always", *AT_ONCE, "--max-restarts", "3", [
        "/bin/sh", "-c", "set -- /proc/[0-9]*; echo $#; sleep 1234 & setsid sleep 1235 & "
        "(setsid sh -c 'trap \"\" TERM; sleep 1236 & wait' &) ; exit 1"])
    _, out, _ = box.end()
    assert out == ["2"] * 4


def test_so_are_more_than_are_killed_at_a_time(hale):
    many = "fork { setsid pause } " * 600  # TREE_KILL_MAX is 512
    box = hale("--restart", "always", *AT_ONCE, "--max-restarts", "1", [
        "/bin/sh", "-c", f"set -- /proc/[0-9]*; echo $#; exec {SVC} {many} exit 1"])
    _, out, _ = box.end()
    assert len(out) == 2 and out[0] == out[1]


def test_with_linger_the_left_get_sigterm_before_the_next_start(hale):
    box = hale("--restart", "always", *AT_ONCE, "--linger", "1h", "--max-restarts", "1",
               "fork { catch quit 15 0 say child pause } read exit 1")
    box.out.expect("^child$")
    box.tell("go")
    box.out.expect("^got 15 ")
    box.out.expect("^child$")


def test_what_docker_exec_started_is_spared(hale):
    box = hale(*LISTEN, "--restart", "always", *AT_ONCE, "fork { setsid pause } ids pause")
    first = pid_line(box)
    guest = subprocess.Popen(["nsenter", "-t", str(box.pid), "-m", "-p", "-r", "-w", "--",
                              "/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        guest.stdin.write(b"in\n")
        guest.stdin.flush()
        assert guest.stdout.readline() == b"in\n"
        kill_service(box, first)
        assert pid_line(box) != first
        guest.stdin.write(b"still\n")
        guest.stdin.flush()
        assert guest.stdout.readline() == b"still\n"
    finally:
        guest.kill()
        guest.communicate()


def test_what_outlives_its_docker_exec_is_killed_by_a_restart(hale):
    """It comes to PID 1, as what the service left does: README, restarts."""
    box = hale(*LISTEN, "--restart", "always", *AT_ONCE, "ids pause")
    first = pid_line(box)
    guest = subprocess.Popen(["nsenter", "-t", str(box.pid), "-m", "-p", "-r", "-w", "--",
                              "/bin/sh", "-c", "sleep 1000 & echo started"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert guest.stdout.readline() == b"started\n"
    guest.wait(DEADLINE)
    kill_service(box, first)
    assert pid_line(box) != first
    assert guest.stdout.read() == b""  # the end: sleep had it open as well
    guest.stdout.close()


# --- by health -----------------------------------------------------------------

def test_an_unhealthy_service_is_restarted_and_live_meanwhile(sick):
    box = sick(*FAST, *AT_ONCE, "--check", "{}", "--on-unhealthy", "restart")
    becomes(box, "/readyz", 200)
    box.be("500")
    assert int(box.out.expect(r"^up (\d+)$")[1]) != box.service
    assert box.get("/livez").status == 200
    becomes(box, "/readyz", 200)
    status = box.status()
    assert status["restarts"] == 1
    assert re.search("stopped as unhealthy .*500 Sick", status["last_exit"]["reason"])


def test_a_stopped_service_is_continued_with_its_stop_and_restarted(sick):
    box = sick(*FAST, *AT_ONCE, "--stop-timeout", "1h", "--check", "{}", "--on-unhealthy",
               "restart")
    becomes(box, "/readyz", 200)
    kill_service(box, box.service, STOP)
    assert int(box.out.expect(r"^up (\d+)$")[1]) != box.service
    assert box.status()["last_exit"]["code"] == 143


def test_a_service_that_ignores_the_stop_is_killed_and_restarted(hale):
    box = hale(*FAST, *AT_ONCE, "--stop-timeout", "50ms", "--check", "tcp://127.0.0.1:9",
               "--on-unhealthy", "restart", "--listen", str(PORT), "ignore 15 say up pause")
    for _ in range(2):
        box.out.expect("^up$")
    assert box.status()["last_exit"]["code"] == 137


def test_exit_stops_it_and_hale_exits_with_1(sick):
    box = sick(*FAST, "--restart", "always", "--check", "{}", "--on-unhealthy", "exit")
    becomes(box, "/readyz", 200)
    box.be("silent")
    assert box.code() == 1
    box.err.expect("stopped as unhealthy")


def test_report_only_reports(sick):
    box = sick(*FAST, "--check", "{}", "--on-unhealthy", "report")
    becomes(box, "/readyz", 200)
    box.be("500")
    becomes(box, "/livez", 503)
    assert (box.status()["restarts"], box.status()["service"]["pid"]) == (0, box.service)


def test_without_a_restart_left_it_is_not_live_any_more(sick):
    box = sick(*FAST, *AT_ONCE, "--max-restarts", "1", "--check", "{}", "--on-unhealthy",
               "restart", mode="500")
    box.out.expect(r"^up \d+$")
    box.err.expect("giving up")
    assert box.get("/livez").status == 503
    assert "given up" in box.get("/livez?verbose").body
    box.be("200")
    box.err.expect("is live again")
    assert box.get("/livez").status == 503
    assert box.status()["gave_up"] is True


def test_a_drain_outlasts_a_restart(hale):
    box = hale(*LISTEN, "--restart", "always", *AT_ONCE, "ids pause")
    first = pid_line(box)
    assert box.run(HALE, "drain", "0").returncode == 0
    kill_service(box, first)
    pid_line(box)
    assert box.get("/readyz").status == 503
    assert box.get("/livez").status == 200


def test_probes_in_the_wait_are_answered_with_the_reason(hale):
    box = hale(*LISTEN, "--restart", "on-failure", "--backoff", "1h", "exit 9")
    box.err.expect("restarting .* in 1h")
    answer = box.get("/readyz")
    assert answer.status == 503
    assert "[-]service failed: the service is being restarted: it exited with code 9\n" \
        in answer.body
    assert re.search(r"starts again in (1h|59m\d+s): it exited with code 9",
                     box.get("/readyz?verbose").body)
    assert box.get("/livez").status == 200
    assert box.get("/startupz").status == 503
    assert "the next start is in" in box.run(HALE, "status").stdout


# --- why it died ---------------------------------------------------------------

@pytest.mark.parametrize("words, code, reason", [
    ("exit 3", 3, "exited with code 3"), ("exit 0", 0, "exited with code 0"),
    ("die 9", 137, "was killed by SIGKILL"), ("die 15", 143, "was killed by SIGTERM")])
def test_the_last_exit_is_told(hale, words, code, reason):
    box = hale(*LISTEN, "--restart", "always", "--backoff", "1h", words)
    box.err.expect("restarting")
    last = box.status()["last_exit"]
    assert (last["code"], last["reason"]) == (code, reason)
    assert f"last end  {reason}, " in box.run(HALE, "status").stdout


def test_a_core_is_told(hale, tmp_path):
    box = hale(*LISTEN, "--restart", "always", "--backoff", "1h", "die 6", core=-1, cwd=tmp_path)
    line = box.err.expect("was killed by SIGABRT.*")[0]
    assert box.status()["last_exit"]["reason"] == line


# --- a thousand ----------------------------------------------------------------

def test_a_thousand_restarts_leak_nothing(hale):
    box = hale(*LISTEN, "--restart", "always", *AT_ONCE, "--notify", "--notify-fd", "9",
               "--check", "exec:/bin/true", "--interval", "1h",
               ["/bin/sh", "-c", "setsid sleep 1234 & echo >&9; exit 1"])

    def used():
        fds = len(os.listdir(f"/proc/{box.pid}/fd"))
        status = pathlib.Path(f"/proc/{box.pid}/status").read_text()
        return fds, int(re.search(r"^RssAnon:\s+(\d+)", status, re.M)[1])

    box.err.expect("restarting")
    until(lambda: box.status()["restarts"] >= 20, "it has warmed up")
    os.kill(box.pid, STOP)
    before = used()
    os.kill(box.pid, signal.SIGCONT)
    until_long(box, lambda: box.status()["restarts"] >= RESTARTS)
    os.kill(box.pid, STOP)
    after, children = used(), box.children()
    os.kill(box.pid, signal.SIGCONT)
    # Some pipes, connections and processes may be there at either time; what
    # leaks is there hundreds of times.
    assert after[0] <= before[0] + 10
    assert after[1] <= before[1] + 256
    assert children <= 10


def until_long(box, condition):
    """Lines of restarts show that it goes on; each is waited for."""
    while not condition():
        for _ in range(50):
            box.err.expect("restarting")


# --- where there is nothing ------------------------------------------------------

@pytest.mark.static_only
def test_an_empty_root_without_proc_and_dev_is_enough(box, empty_root):
    """Checks, notifications, restarts, and what a dead service left is cleared:
    without /proc all of it gets SIGKILL, so that PID 1 has no child left."""
    inside = box("/hale", "--listen", "8080", "--restart", "always", *AT_ONCE, "--notify",
                 "--notify-fd", "3", "--check", "tcp:127.0.0.1:8080", "--interval", "1h", "/svc",
                 *"fork { setsid ignore 15 pause } to 3 say ready to 1 say up read exit 1".split(),
                 root=empty_root, no_proc=True, no_dev=True, read_only=True)
    for _ in range(3):
        inside.out.expect("^up$")
        becomes(inside, "/readyz", 200)
        assert inside.children() == 1
        inside.tell("go")
