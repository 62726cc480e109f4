"""Real back ends from packages under hale: php-fpm and redis."""
import os
import re

import pytest

from harness import FIRST
from programs import (INT, KILL, PROBES, QUIT, SERVED, TERM, USR2, Fpm, is_ready, needs, needs_fpm,
                      path_of, service_pid, stop)

# --- php-fpm ---------------------------------------------------------------------

@pytest.fixture
def fpm(tmp_path):
    return Fpm(tmp_path)


@needs_fpm
def test_php_fpm_answers_what_was_asked_before_the_stop_of_its_image(hale, fpm):
    box = hale(*PROBES, "--notify", "--stop-on", "QUIT", "--restart", "always", fpm.front)
    is_ready(box)
    connection = fpm.ask(box)
    box.err.expect("asked")
    box.signal(QUIT)
    box.err.expect("NOTICE: Finishing ")
    fpm.go.touch()
    assert b"done one" in fpm.answer(connection)
    box.err.expect("NOTICE: exiting, bye-bye!")
    assert box.code() == 0


@needs_fpm
@pytest.mark.parametrize("sig", [TERM, INT])
def test_php_fpm_is_stopped_at_once_by_term_and_int(hale, fpm, sig):
    box = hale(*PROBES, "--notify", "--restart", "always", fpm.front)
    is_ready(box)
    connection = fpm.ask(box)
    box.err.expect("asked")
    assert stop(box, sig, "NOTICE: Terminating ") == 0
    assert b"done" not in fpm.answer(connection)


@needs_fpm
def test_php_fpm_is_ready_again_after_its_reload_by_usr2(hale, fpm):
    box = hale(*PROBES, "--notify", fpm.front)
    is_ready(box)
    fpm.go.touch()
    assert b"done one" in fpm.answer(fpm.ask(box))
    fpm.write("two")
    box.signal(USR2)
    box.err.expect("NOTICE: ready to handle connections")  # the first one
    box.err.expect("NOTICE: ready to handle connections")
    assert b"done two" in fpm.answer(fpm.ask(box))
    is_ready(box)
    assert (service_pid(box), box.status()["restarts"]) == (FIRST, 0)
    assert box.status()["service"]["status"] == "Ready to handle connections"


# --- redis -----------------------------------------------------------------------

@pytest.fixture
def redis(hale, tmp_path):
    def start(*options, more=()):
        return hale(*PROBES, *options, [
            path_of("redis-server") or "redis-server", "--port", str(SERVED),
            "--dir", str(tmp_path), "--save", "3600 1", *more])
    return start


def tell(box, *words):
    """A command to redis; the first line of its answer."""
    connection = box.connect(SERVED).send(" ".join(words) + "\r\n")
    answer = connection.sock.recv(4096).decode()
    connection.close()
    return answer.split("\r\n")[0]


@needs("redis-server")
@pytest.mark.parametrize("sig, words", [(TERM, "Received SIGTERM scheduling shutdown"),
                                        (INT, "Received SIGINT scheduling shutdown")])
def test_redis_saves_what_it_has_when_it_is_stopped(redis, sig, words):
    notified = ["--supervised", "systemd"]
    box = redis("--notify", "--restart", "always", more=notified)
    is_ready(box)
    assert box.status()["service"]["status"] == "Ready to accept connections"
    assert tell(box, "SET", "key", "value") == "+OK"
    box.signal(sig)
    code, out, _ = box.end()
    assert code == 0
    assert re.search(f"{words}.*DB saved on disk.*bye bye", " ".join(out))
    box = redis("--notify", more=notified)
    is_ready(box)
    assert tell(box, "STRLEN", "key") == ":5"


@needs("redis-server")
@pytest.mark.parametrize("policy, restarts", [("on-failure", 0), ("always", 1)])
def test_redis_that_is_shut_down_by_a_client_has_ended_well(redis, policy, restarts):
    box = redis("--restart", policy, "--backoff", "0")
    box.out.expect("Ready to accept connections")
    box.connect(SERVED).send("SHUTDOWN NOSAVE\r\n")
    box.out.expect("bye bye")
    if restarts:
        box.out.expect("Ready to accept connections")
        assert box.status()["restarts"] == restarts
        box.signal(TERM)
    assert box.code() == 0


@needs("redis-server")
def test_redis_that_was_killed_is_137(redis):
    box = redis()
    box.out.expect("Ready to accept connections")
    os.kill(box.outer(FIRST), KILL)
    box.err.expect(rf"^hale: \S*redis-server \(pid {FIRST}\) was killed by SIGKILL")
    assert box.code() == 137
