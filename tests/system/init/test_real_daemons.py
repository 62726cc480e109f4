"""Real programs from packages that make themselves daemons or replace
themselves by a new process, under hale."""
import contextlib
import os

import pytest

from harness import FIRST, until
from programs import (KILL, PROBES, QUIT, SERVED, TERM, USR2, Apache, Fpm, Gunicorn, HAProxy,
                      Nginx, Rack, Slow, hears, is_ready, needs, needs_fpm, page, path_of,
                      service_pid, serves, stop)

def gunicorn(directory):
    return Gunicorn(directory, Slow(directory)).argv


def unicorn(directory):
    return Rack(directory, Slow(directory)).unicorn


def redis(directory):
    return [path_of("redis-server") or "redis-server", "--port", str(SERVED), "--dir",
            str(directory), "--save", ""]


# The name, how it becomes a daemon, what prevents that, its code after SIGTERM.
DAEMONS = [
    pytest.param("nginx", lambda at: Nginx(at).argv, "daemon off;", 0, marks=needs("nginx")),
    pytest.param("haproxy", lambda at: HAProxy(at).argv("-D"), "-W or -db instead of -D", 143,
                 marks=needs("haproxy")),
    pytest.param("haproxy", lambda at: HAProxy(at).argv("-D", "-W"), "-W or -db instead of -D", 0,
                 marks=needs("haproxy")),
    pytest.param("apache2", lambda at: Apache(at).argv, "-DFOREGROUND", 0, marks=needs("apache2")),
    pytest.param("php-fpm", lambda at: [*Fpm(at).argv, "--daemonize"], "--nodaemonize", 0,
                 marks=needs_fpm),
    pytest.param("redis-server", lambda at: [*redis(at), "--daemonize", "yes"], "daemonize no", 0,
                 marks=needs("redis-server")),
    pytest.param("gunicorn", lambda at: [*gunicorn(at), "--daemon"], "without --daemon", 0,
                 marks=needs("gunicorn")),
    pytest.param("unicorn", lambda at: [*unicorn(at), "-D"], "without -D", 0,
                 marks=needs("unicorn")),
]
EACH = pytest.mark.parametrize("name, command, hint, code", DAEMONS)


def follows(box):
    """Waits until the daemon is the service; its pid."""
    return int(box.err.expect(r"^hale: \S* \(pid \d+\) exited with code 0: "
                              r".+ \(pid (\d+)\) is the service now$")[1])


@EACH
def test_a_daemon_ends_the_container_with_words_that_help(hale, tmp_path, name, command, hint,
                                                          code):
    del code  # nobody stops it
    box = hale(command(tmp_path))
    box.err.expect(rf"^hale: \S*{name}\S* \(pid {FIRST}\) exited with code 0 and left "
                   rf".*\(pid \d+\) running: start it in the foreground \({hint}\)$")
    assert box.code() == 0


@EACH
def test_a_daemon_that_is_followed_is_the_service(hale, tmp_path, name, command, hint, code):
    del hint
    box = hale(*PROBES, "--follow-orphan", "--restart", "always", command(tmp_path))
    follows(box)
    if name not in ("php-fpm", "redis-server"):
        until(lambda: page(box), "it serves")
    if code == 0:
        hears(box, TERM, service_pid(box))
    assert box.status()["restarts"] == 0
    box.signal(TERM)
    assert box.code() == code


@needs("nginx")
def test_a_daemon_that_is_followed_is_started_again_when_it_is_killed(hale, tmp_path):
    nginx = Nginx(tmp_path)
    box = hale(*PROBES, "--follow-orphan", "--restart", "on-failure", "--backoff", "0",
               nginx.argv)
    first = follows(box)
    serves(box, "one")
    assert int(nginx.pid.read_text()) == first
    os.kill(box.outer(first), KILL)
    second = follows(box)
    serves(box, "one")
    until(lambda: nginx.pid.read_text() == f"{second}\n", "it is nginx's master")
    assert (service_pid(box), box.status()["restarts"]) == (second, 1)
    assert stop(box, TERM, "SIGTERM.* exiting") == 0


@needs_fpm
def test_php_fpm_names_itself_as_the_main_process_of_its_daemon(hale, tmp_path):
    fpm = Fpm(tmp_path)
    box = hale(*PROBES, "--notify", "--follow-orphan", [*fpm.argv, "--daemonize"])
    is_ready(box)
    assert box.status()["service"]["main_pid"] == service_pid(box) != 2
    fpm.go.touch()
    assert b"done one" in fpm.answer(fpm.ask(box))
    assert stop(box, TERM, "NOTICE: exiting, bye-bye!") == 0


# --- upgrades --------------------------------------------------------------------

def upgrade(box, old_pid_file, new_pid_file):
    """USR2; the new main process, when it has said where it is."""
    before = old_pid_file.read_text().strip()
    box.signal(USR2)

    def new_pid():
        with contextlib.suppress(FileNotFoundError):  # it is renamed meanwhile
            text = new_pid_file.read_text().strip()
            return text if text != before else None
    return int(until(new_pid, "there is a new one"))


def outer_kill(box, pid, sig):
    os.kill(box.outer(pid), sig)


@needs("gunicorn")
def test_gunicorn_is_upgraded_by_usr2_and_the_new_one_is_the_service(hale, tmp_path):
    new = Gunicorn(tmp_path, Slow(tmp_path))
    box = hale(*PROBES, "--notify", "--follow-orphan", "--restart", "on-failure", new.argv)
    is_ready(box)
    serves(box, f"one {FIRST}")
    new.write("second")
    pid = upgrade(box, new.pid, tmp_path / "gunicorn.pid.2")
    serves(box, f"second {pid}")
    assert service_pid(box) == FIRST
    box.signal(QUIT)  # no stop: the old one's, who is the service still
    assert follows(box) == pid
    box.err.expect(rf"\[{pid}\] \[INFO\] Master has been promoted")
    is_ready(box)
    assert (service_pid(box), box.status()["restarts"]) == (pid, 0)
    assert page(box).body == f"second {pid}"
    box.signal(TERM)
    box.err.expect(rf"\[{pid}\] \[INFO\] Shutting down: Master")
    assert box.code() == 0


@needs("gunicorn")
def test_gunicorns_upgrade_that_is_called_off_leaves_the_old_one_the_service(hale, tmp_path):
    new = Gunicorn(tmp_path, Slow(tmp_path))
    box = hale(*PROBES, "--notify", "--follow-orphan", new.argv)
    is_ready(box)
    serves(box, f"one {FIRST}")
    new.write("second")
    pid = upgrade(box, new.pid, tmp_path / "gunicorn.pid.2")
    serves(box, f"second {pid}")
    outer_kill(box, pid, TERM)
    until(lambda: box.state(pid) is None, "the new one has ended")
    serves(box, f"one {FIRST}")
    assert (service_pid(box), box.get("/readyz").status) == (FIRST, 200)
    assert stop(box, TERM, rf"\[{FIRST}\] \[INFO\] Shutting down: Master") == 0


@needs("gunicorn")
def test_gunicorns_upgrade_without_following_ends_with_its_old_one(hale, tmp_path):
    new = Gunicorn(tmp_path, Slow(tmp_path))
    box = hale(*PROBES, new.argv)
    serves(box, f"one {FIRST}")
    pid = upgrade(box, new.pid, tmp_path / "gunicorn.pid.2")
    box.signal(QUIT)
    box.err.expect(rf"^hale: \S*gunicorn \(pid {FIRST}\) exited with code 0 and left "
                   rf".*\(pid {pid}\)")
    assert box.code() == 0


@needs("unicorn")
def test_unicorn_is_upgraded_by_usr2_and_the_new_one_is_the_service(hale, tmp_path):
    rack = Rack(tmp_path, Slow(tmp_path))
    box = hale(*PROBES, "--follow-orphan", "--restart", "on-failure", rack.unicorn)
    serves(box, f"one {FIRST}")
    rack.write("second")
    pid = upgrade(box, rack.pid, rack.pid)
    serves(box, f"second {pid}")
    box.signal(QUIT)
    assert follows(box) == pid
    assert (service_pid(box), box.status()["restarts"]) == (pid, 0)
    serves(box, f"second {pid}")
    assert stop(box, TERM, "master complete") == 0


@needs("nginx")
def test_nginx_that_is_followed_changes_its_binary_by_usr2(hale, tmp_path):
    nginx = Nginx(tmp_path)
    box = hale(*PROBES, "--follow-orphan", "--restart", "on-failure", nginx.argv)
    follows(box)
    serves(box, "one")
    nginx.write("two")
    pid = upgrade(box, nginx.pid, nginx.pid)
    box.signal(QUIT)
    assert follows(box) == pid
    serves(box, "two")
    assert (service_pid(box), box.status()["restarts"]) == (pid, 0)
    assert stop(box, TERM, "SIGTERM.* exiting") == 0
