"""Real application servers and workers from packages under hale: what they
have begun is finished, and what they say is heard."""
import subprocess

import pytest

from harness import DEADLINE, FIRST, clean_env, until
from programs import (HUP, INT, PROBES, QUIT, SERVED, TERM, USR1, USR2, Gunicorn, Rack, Slow,
                      is_ready, needs, path_of, refuses, serves, service_pid, stop)

HOUR = "1h"  # a time that no test waits for
NOBODY = "65534"


def has_module(name):
    return subprocess.run(["/usr/bin/python3", "-c", f"import {name}"], check=False,
                          capture_output=True).returncode == 0


@pytest.fixture
def slow(tmp_path):
    return Slow(tmp_path)


# --- gunicorn --------------------------------------------------------------------

@pytest.fixture
def gunicorn(tmp_path, slow):
    return Gunicorn(tmp_path, slow)


@needs("gunicorn")
def test_gunicorn_finishes_its_requests_by_term(hale, gunicorn, slow):
    box = hale(*PROBES, "--notify", "--stop-timeout", HOUR, "--restart", "always", gunicorn.argv)
    is_ready(box)
    connection = slow.ask(box)
    box.signal(TERM)
    box.err.expect("Handling signal: term")
    slow.finish()
    assert connection.answer().body == f"one {FIRST}"
    box.err.expect("Shutting down: Master")
    assert box.code() == 0


@needs("gunicorn")
@pytest.mark.parametrize("options, sig, words", [
    ([], INT, "Handling signal: int"), (["--stop-on", "QUIT"], QUIT, "Handling signal: quit")])
def test_gunicorn_drops_its_requests_by_int_and_quit(hale, gunicorn, slow, options, sig, words):
    box = hale(*PROBES, "--notify", "--restart", "always", *options, gunicorn.argv)
    is_ready(box)
    connection = slow.ask(box)
    assert stop(box, sig, words) == 0
    assert connection.ended()


@needs("gunicorn")
def test_gunicorn_is_killed_with_its_workers_after_the_stop_timeout(hale, gunicorn, slow):
    box = hale(*PROBES, "--notify", "--stop-timeout", "300ms", gunicorn.argv)
    is_ready(box)
    connection = slow.ask(box)
    assert stop(box, TERM,
                rf"^hale: \S*gunicorn \(pid {FIRST}\) did not stop in time: killing") == 137
    assert connection.ended()


@needs("gunicorn")
def test_gunicorn_reads_its_new_application_by_hup(hale, gunicorn):
    box = hale(*PROBES, "--notify", gunicorn.argv)
    is_ready(box)
    serves(box, f"one {FIRST}")
    gunicorn.write("second")
    box.signal(HUP)
    serves(box, f"second {FIRST}")
    assert (service_pid(box), box.get("/readyz").status) == (FIRST, 200)
    assert box.status()["service"]["status"] == "Gunicorn arbiter booted"
    assert stop(box, TERM, "Shutting down: Master") == 0


@needs("gunicorn")
@pytest.mark.parametrize("wrapped", [False, True])
def test_gunicorn_as_another_user_is_ready_when_it_says_so(hale, wrapped):
    """The wrapped one is not hale's child: a shell waits for it."""
    command = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups",
               path_of("gunicorn") or "gunicorn", "-b", f"127.0.0.1:{SERVED}",
               "wsgiref.simple_server:demo_app"]
    if wrapped:
        command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *command]
    box = hale(*PROBES, "--notify", *(["-g"] if wrapped else []), command)
    is_ready(box)
    connection = box.connect(SERVED).send("GET / HTTP/1.0\r\n\r\n")
    connection.ended()  # its worker is there and hears signals
    assert connection.buffer.startswith(b"HTTP/1.0 200 OK")
    box.signal(TERM)
    assert box.code() == (143 if wrapped else 0)


# --- unicorn and puma ------------------------------------------------------------

@pytest.fixture
def rack(tmp_path, slow):
    return Rack(tmp_path, slow)


@needs("unicorn")
def test_unicorn_finishes_its_requests_by_quit(hale, rack, slow):
    box = hale("--stop-on", "QUIT", "--stop-timeout", HOUR, "--restart", "always", rack.unicorn)
    serves(box, f"one {FIRST}")
    connection = slow.ask(box)
    box.signal(QUIT)
    slow.finish()
    assert connection.answer().body == f"one {FIRST}"
    box.err.expect("master complete")
    assert box.code() == 0


@needs("unicorn")
def test_unicorn_finishes_its_requests_where_quit_is_sent_for_term(hale, rack, slow):
    box = hale("--stop-signal", "QUIT", "--restart", "always", rack.unicorn)
    serves(box, f"one {FIRST}")
    connection = slow.ask(box)
    box.signal(TERM)
    slow.finish()
    assert connection.answer().body == f"one {FIRST}"
    assert box.code() == 0


@needs("unicorn")
@pytest.mark.parametrize("sig", [TERM, INT])
def test_unicorn_drops_its_requests_by_term_and_int(hale, rack, slow, sig):
    box = hale("--restart", "always", rack.unicorn)
    serves(box, f"one {FIRST}")
    connection = slow.ask(box)
    assert stop(box, sig, "master complete") == 0
    assert connection.ended()


@needs("unicorn")
def test_unicorn_reads_its_new_application_by_hup(hale, rack):
    box = hale(*PROBES, rack.unicorn)
    serves(box, f"one {FIRST}")
    rack.write("second")
    box.signal(HUP)
    serves(box, f"second {FIRST}")
    assert (service_pid(box), box.status()["restarts"]) == (FIRST, 0)
    assert stop(box, TERM, "master complete") == 0


@needs("puma")
@pytest.mark.parametrize("options, sig, code", [
    ([], INT, 0), ([], TERM, 143), (["--stopped-ok"], TERM, 0),
    (["--stop-signal", "INT"], TERM, 0)])
def test_puma_finishes_its_requests_and_then_dies_by_the_term(hale, rack, slow, options, sig,
                                                              code):
    box = hale(*options, "--stop-timeout", HOUR, "--restart", "always", rack.puma)
    serves(box, "one")
    connection = slow.ask(box)
    box.signal(sig)
    refuses(box)
    slow.finish()
    assert connection.answer().body == "one 1"
    box.out.expect("Gracefully stopping, waiting for requests to finish")
    assert box.code() == code


@needs("puma")
def test_puma_takes_its_new_application_by_usr2_in_its_own_place(hale, rack):
    box = hale(*PROBES, rack.puma)
    serves(box, "one")
    rack.write("second")
    box.signal(USR2)
    box.out.expect(r"\* Restarting\.\.\.")
    serves(box, "second")
    assert (service_pid(box), box.status()["restarts"]) == (FIRST, 0)


@needs("puma")
def test_puma_starts_its_workers_anew_one_by_one_by_usr1(hale, rack):
    """It waits until puma waits: a signal in the middle of puma's own log line
    is its end (deadlock; recursive locking)."""
    box = hale(*PROBES, [*rack.puma, "-w", "1"])
    box.out.expect(r"Worker 0 .* booted .* phase: 0")
    until(lambda: box.state(FIRST) == "S", "puma waits")
    box.signal(USR1)
    box.out.expect(r"Worker 0 .* booted .* phase: 1")
    serves(box, f"one {FIRST}")
    assert (service_pid(box), box.status()["restarts"]) == (FIRST, 0)


# --- celery ----------------------------------------------------------------------

needs_celery = pytest.mark.skipif(
    not (path_of("redis-server") and has_module("celery") and has_module("redis")),
    reason="there is no celery with redis")


class Celery:
    """A worker with one task, and redis in the same network."""

    def __init__(self, hale, directory, slow, *options, wrapper=(), more=()):
        (directory / "tasks.py").write_text(f"""
import os, sys, time
from celery import Celery
app = Celery("tasks", broker="redis://127.0.0.1:{SERVED}/0", backend="redis://127.0.0.1:{SERVED}/0")
@app.task
def slow():
    print("asked", file=sys.__stderr__, flush=True)
    while not os.path.exists("{slow.go}"):
        time.sleep(0.002)
    print("finished", file=sys.__stderr__, flush=True)
""")
        self.box = hale(*options, [*wrapper, "/usr/bin/python3", "-W", "ignore", "-m", "celery",
                                   "--workdir", str(directory), "-A", "tasks", "worker",
                                   "-c", "1", "-l", "INFO", "--without-mingle",
                                   "--without-gossip", *more])
        net = ["nsenter", f"--net=/proc/{self.box.pid}/ns/net", "--"]
        self.redis = subprocess.Popen(
            [*net, path_of("redis-server"), "--port", str(SERVED), "--save", ""],
            env=clean_env(), cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.box.err.expect(r"celery@.* ready\.$")
        subprocess.run([*net, "/usr/bin/python3", "-c", "import tasks; tasks.slow.delay()"],
                       env=clean_env(), cwd=directory, check=True, timeout=DEADLINE)
        self.box.err.expect("^asked$")

    def close(self):
        self.redis.terminate()
        self.redis.wait(DEADLINE)


@pytest.fixture
def celery(hale, tmp_path, slow):
    started = []

    def start(*options, **more):
        started.append(Celery(hale, tmp_path, slow, *options, **more))
        return started[-1].box
    yield start
    for one in started:
        one.close()


@needs_celery
@pytest.mark.parametrize("sig", [TERM, INT])
def test_celery_finishes_its_task_when_it_is_stopped(celery, slow, sig):
    box = celery("--stop-timeout", HOUR, "--linger", HOUR, "--restart", "always")
    box.signal(sig)
    box.err.expect(r"worker: Warm shutdown \(MainProcess\)")
    slow.finish()
    box.err.expect("^finished$")
    assert box.code() == 0


@needs_celery
def test_celery_drops_its_task_by_quit(celery):
    box = celery("--stop-on", "QUIT", "--restart", "always")
    box.signal(QUIT)
    code, _, err = box.end()
    assert (code, "worker: Cold shutdown (MainProcess)" in err, "finished" in err) == (
        0, True, False)


@needs_celery
def test_celery_is_killed_with_its_task_after_the_stop_timeout(celery):
    box = celery("--stop-timeout", "300ms")
    assert stop(box, TERM,
                rf"^hale: \S*python3 \(pid {FIRST}\) did not stop in time: killing") == 137


@needs_celery
def test_celery_beside_the_service_hears_the_stop_of_their_group_once(celery, slow):
    """A second SIGTERM would end it without its task. Threads, since a process
    of its pool would end by the first."""
    box = celery("-g", "--linger", HOUR, wrapper=["/bin/sh", "-c", '"$@" & wait', "sh"],
                 more=["-P", "threads"])
    box.signal(TERM)
    box.err.expect(r"worker: Warm shutdown \(MainProcess\)")
    until(lambda: box.state(FIRST) is None, "the service has ended")
    slow.finish()
    box.err.expect("^finished$")
    assert box.code() == 143
    assert "".join([box.err.seen, *box.err.rest()]).count("Warm shutdown") == 1
