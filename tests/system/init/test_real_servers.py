"""Real servers from packages under hale: started, reloaded and stopped by the
signals of their images, with the exit code and words of their own."""
import os
import socket

import pytest

from harness import DEADLINE, FIRST, SECOND, Connection, until
from programs import (BIG, HUP, INT, KILL, PROBES, QUIT, SERVED, TERM, USR1, USR2, WINCH, Apache,
                      HAProxy, Nginx, hears, is_ready, needs, needs_apache, page, refuses, serves,
                      service_pid, stop)

HOUR = "1h"  # a time that no test waits for


# --- nginx -----------------------------------------------------------------------

@pytest.fixture
def nginx(tmp_path):
    return Nginx(tmp_path)


def download(box):
    """A download of the big page that has begun."""
    connection = box.connect(SERVED).send("GET /big HTTP/1.1\r\nHost: x\r\n"
                                          "Connection: close\r\n\r\n")
    connection.buffer += connection.sock.recv(1)
    return connection


@needs("nginx")
@pytest.mark.parametrize("sig, words", [
    (QUIT, r"signal 3 \(SIGQUIT\) received from 1, shutting down"),
    (TERM, r"signal 15 \(SIGTERM\) received from 1, exiting"),
    (INT, r"signal 2 \(SIGINT\) received from 1, exiting")])
def test_nginx_is_stopped_by_the_signal_that_came(hale, nginx, sig, words):
    box = hale("--stop-on", "QUIT", "--restart", "always", nginx.front)
    serves(box, "one")
    assert stop(box, sig, words) == 0
    assert not any(line.startswith("hale:") for line in box.err.rest())


@needs("nginx")
def test_nginx_serves_what_was_asked_for_before_the_quit(hale, nginx):
    box = hale("--stop-on", "QUIT", "--stop-timeout", HOUR, nginx.front)
    serves(box, "one")
    connection = download(box)
    box.signal(QUIT)
    refuses(box)
    assert connection.answer().body == "x" * BIG
    assert box.code() == 0


@needs("nginx")
def test_nginx_that_serves_for_ever_is_killed_after_the_stop_timeout(hale, nginx):
    box = hale("--stop-on", "QUIT", "--stop-timeout", "200ms", nginx.front)
    serves(box, "one")
    connection = download(box)
    assert stop(box, QUIT, rf"^hale: \S*nginx \(pid {FIRST}\) did not stop in time: killing") == 137
    connection.close()


@needs("nginx")
def test_nginx_serves_on_while_hale_drains_and_a_second_quit_ends_that(hale, nginx):
    box = hale(*PROBES, "--stop-on", "QUIT", "--drain", HOUR, nginx.front)
    serves(box, "one")
    box.signal(QUIT)
    is_ready(box, 503)
    assert page(box).body == "one\n"
    assert stop(box, QUIT, "SIGQUIT.* shutting down") == 0


@needs("nginx")
def test_a_quit_that_is_not_named_is_no_stop_and_nginx_is_started_again(hale, nginx):
    box = hale(*PROBES, "--restart", "always", "--backoff", "0", nginx.front)
    serves(box, "one")
    before = service_pid(box)
    box.signal(QUIT)
    box.err.expect(r"^hale: restarting \S*nginx in 0ms \(restart 1\)")
    serves(box, "one")
    assert service_pid(box) != before
    assert stop(box, TERM, "SIGTERM.* exiting") == 0


@needs("nginx")
def test_nginx_reads_its_new_configuration_by_hup(hale, nginx):
    box = hale(*PROBES, nginx.front)
    serves(box, "one")
    nginx.write("two")
    box.signal(HUP)
    box.err.expect(f"worker process {SECOND} exited with code 0")  # the old one
    serves(box, "two")
    nginx.conf.write_text("nonsense")
    box.signal(HUP)
    box.err.expect(r"\[emerg\]")
    assert (page(box).body, service_pid(box)) == ("two\n", FIRST)
    assert stop(box, TERM, "exiting") == 0


@needs("nginx")
def test_nginx_whose_master_was_killed_gets_its_port_back(hale, nginx):
    """Its workers serve on without a master: they hold the port."""
    box = hale(*PROBES, "--restart", "on-failure", "--backoff", "0", nginx.front)
    serves(box, "one")
    os.kill(box.outer(FIRST), KILL)
    box.err.expect(rf"^hale: \S*nginx \(pid {FIRST}\) was killed by SIGKILL")
    until(lambda: box.status()["restarts"] == 1 and nginx.pid.read_text() != f"{FIRST}\n")
    serves(box, "one")
    assert int(nginx.pid.read_text()) == service_pid(box)
    assert stop(box, TERM, "exiting") == 0


@needs("nginx")
def test_nginx_in_the_foreground_refuses_to_change_its_binary(hale, nginx):
    """Its parent is the one it was started by, so it takes USR2 for a mistake:
    the upgrade is a new container, not a signal."""
    box = hale(*PROBES, nginx.front)
    serves(box, "one")
    box.signal(USR2)
    box.err.expect("changing binary signal is ignored")
    assert (page(box).body, service_pid(box)) == ("one\n", FIRST)


# --- haproxy ---------------------------------------------------------------------

@pytest.fixture
def haproxy(tmp_path):
    return HAProxy(tmp_path)


def loaded(box, word):
    """Waits until it serves and hears signals: the master executes itself once
    more when its worker serves already, and what comes in between is lost."""
    serves(box, word)
    hears(box, TERM)


class Held:
    """A connection through haproxy, with both of its ends."""

    def __init__(self, box):
        with box.net():
            server = socket.create_server(("127.0.0.1", SERVED + 2))
        with server:
            server.settimeout(DEADLINE)
            self.client = box.connect(SERVED + 1)
            self.server = Connection(server.accept()[0])

    def still_works(self):
        self.client.send("ping")
        assert self.server.sock.recv(4, socket.MSG_WAITALL) == b"ping"

    def close(self):
        """The server's end only when haproxy has passed on the client's: a worker
        of 2.6 for which both end at once sometimes crashes at its own end."""
        self.client.close()
        self.server.ended()
        self.server.close()


@needs("haproxy")
def test_haproxy_is_ready_when_it_says_so_and_after_each_reload(hale, haproxy):
    box = hale(*PROBES, "--notify", haproxy.argv("-Ws"))
    is_ready(box)
    loaded(box, "one")
    for sig, word in ((USR2, "two"), (HUP, "three")):
        haproxy.write(word)
        box.signal(sig)
        loaded(box, word)
        is_ready(box)
    assert (service_pid(box), box.status()["restarts"]) == (FIRST, 0)
    assert stop(box, TERM, r"All workers exited\. Exiting\.\.\. \(0\)") == 0


@needs("haproxy")
def test_haproxy_that_cannot_read_its_new_configuration_keeps_the_old_one(hale, haproxy):
    box = hale(*PROBES, "--notify", haproxy.argv("-Ws"))
    is_ready(box)
    loaded(box, "one")
    haproxy.write("two", "nonsense")
    box.signal(USR2)
    box.err.expect("Loading failure!")
    is_ready(box)
    assert (page(box).body, service_pid(box)) == ("one", FIRST)


@needs("haproxy")
@pytest.mark.parametrize("flag", ["-Ws", "-W", "-db"])
def test_haproxy_keeps_its_connections_through_the_stop_of_its_image(hale, haproxy, flag):
    box = hale("--stop-on", "USR1", "--restart", "always", haproxy.argv(flag))
    (serves if flag == "-db" else loaded)(box, "one")
    held = Held(box)
    box.signal(USR1)
    refuses(box)
    held.still_works()
    held.close()
    assert box.code() == 0


@needs("haproxy")
def test_haproxy_that_waits_for_its_clients_is_killed_after_the_stop_timeout(hale, haproxy):
    box = hale("--stop-on", "USR1", "--stop-timeout", "300ms", haproxy.argv("-W"))
    loaded(box, "one")
    held = Held(box)
    assert stop(box, USR1, rf"^hale: \S*haproxy \(pid {FIRST}\) did not stop in time") == 137
    held.close()


@needs("haproxy")
@pytest.mark.parametrize("options, flag, code", [
    ([], "-Ws", 0), ([], "-db", 143), (["--stopped-ok"], "-db", 0)])
def test_haproxy_cuts_its_connections_by_term(hale, haproxy, options, flag, code):
    box = hale(*options, haproxy.argv(flag))
    (serves if flag == "-db" else loaded)(box, "one")
    held = Held(box)
    box.signal(TERM)
    assert box.code() == code
    held.close()


# --- Apache ----------------------------------------------------------------------

@pytest.fixture
def apache(tmp_path):
    return Apache(tmp_path)


def echo(connection):
    connection.send("ping\n")
    assert connection.sock.recv(5, socket.MSG_WAITALL) == b"ping\n"


@needs_apache
def test_apache_keeps_its_connections_through_the_stop_of_its_image(hale, apache):
    box = hale("--stop-on", "WINCH", "--restart", "always", apache.front)
    serves(box, "one")
    connection = box.connect(apache.ECHO)
    echo(connection)
    box.signal(WINCH)
    box.err.expect("AH00492: caught SIGWINCH, shutting down gracefully")
    refuses(box)
    echo(connection)
    connection.close()
    assert box.code() == 0


@needs_apache
@pytest.mark.parametrize("sig", [TERM, INT])
def test_apache_is_stopped_by_term_and_int(hale, apache, sig):
    box = hale("--stop-on", "WINCH", "--restart", "always", apache.front)
    serves(box, "one")
    assert stop(box, sig, "AH00491: caught SIGTERM, shutting down") == 0


@needs_apache
@pytest.mark.parametrize("sig", [USR1, HUP])
def test_apache_reads_its_new_configuration(hale, apache, sig):
    box = hale(*PROBES, "--stop-on", "WINCH", apache.front)
    serves(box, "one")
    apache.write("two")
    box.signal(sig)
    serves(box, "two")
    assert (service_pid(box), box.status()["restarts"]) == (FIRST, 0)
    assert stop(box, WINCH, "caught SIGWINCH") == 0
