"""Real back ends from packages under hale: php-fpm and redis."""
import os
import pathlib
import re
import struct

import pytest

from programs import (INT, KILL, PROBES, QUIT, SERVED, TERM, USR2, is_ready, needs, path_of,
                      service_pid, stop)

# --- php-fpm ---------------------------------------------------------------------

FPM = next(map(str, pathlib.Path("/usr/sbin").glob("php-fpm*")), None)
needs_fpm = pytest.mark.skipif(FPM is None, reason="there is no php-fpm")


class Fpm:
    def __init__(self, directory):
        self.conf, self.script = directory / "fpm.conf", directory / "page.php"
        self.go = directory / "go"
        self.argv = [FPM or "php-fpm", "-n", "-R", "-y", str(self.conf)]
        self.front = [*self.argv, "--nodaemonize"]
        self.script.write_text(f"""<?php
error_log("asked");
while (!file_exists("{self.go}")) {{ usleep(2000); clearstatcache(); }}
echo "done ", getenv("WORD");
""")
        self.write("one")

    def write(self, word):
        """Without the timeout its children get QUIT and, at once, TERM."""
        self.conf.write_text(f"""
[global]
error_log = /dev/stderr
process_control_timeout = 1h
[www]
user = root
group = root
listen = 127.0.0.1:{SERVED}
pm = static
pm.max_children = 2
catch_workers_output = yes
env[WORD] = {word}
""")

    def ask(self, box):
        """A request by FastCGI: begin, parameters, no input."""
        def record(kind, data):
            return struct.pack(">BBHHBB", 1, kind, 1, len(data), 0, 0) + data
        given = b"".join(bytes([len(name), len(value)]) + name + value for name, value in (
            (b"REQUEST_METHOD", b"GET"), (b"SCRIPT_FILENAME", str(self.script).encode())))
        connection = box.connect(SERVED)
        connection.send(record(1, bytes([0, 1, 0, 0, 0, 0, 0, 0])) + record(4, given)
                        + record(4, b"") + record(5, b""))
        return connection

    def answer(self, connection):
        """What comes up to the end. It waits for ours before it goes on."""
        connection.ended()
        connection.close()
        return connection.buffer


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
    assert (service_pid(box), box.status()["restarts"]) == (2, 0)
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
    os.kill(box.outer(2), KILL)
    box.err.expect(r"^hale: \S*redis-server \(pid 2\) was killed by SIGKILL")
    assert box.code() == 137
