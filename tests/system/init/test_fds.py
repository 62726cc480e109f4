"""File descriptors: closed, inherited, leaked, full."""
import fcntl
import os
import re
import resource
import socket

import pytest

from harness import FIRST, HALE, SVC, Lines, Pipe, clean_env, fill, svc, until

CLOSED = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]


def open_fds(pid):
    """What the process has open: number to link text."""
    fds = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            fds[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass
    return fds


@pytest.mark.parametrize("closed", CLOSED, ids=str)
def test_closed_streams_are_no_obstacle_and_become_dev_null(hale, closed):
    with Pipe() as pipe:
        box = hale(f"to {pipe.write} ids fds catch quit 15 6 say up pause", close=closed,
                   fds=[pipe.write])
        lines = Lines(pipe.read)
        pid = lines.expect(r"pid=(\d+)")[1]
        assert lines.line() == f"fds 0 1 2 {pipe.write}"
        lines.expect("^up$")
        links = open_fds(box.outer(pid))
        assert {links[fd] for fd in closed} == {"/dev/null"}
        box.signal(15)
        assert box.code() == 6


@pytest.mark.static_only
@pytest.mark.parametrize("closed", CLOSED, ids=str)
def test_without_dev_closed_streams_stay_closed_and_are_not_reused(hale, closed):
    with Pipe() as pipe:
        box = hale("--listen", "8080", f"to {pipe.write} fds catch quit 15 6 say up pause",
                   close=closed, fds=[pipe.write], no_dev=True)
        lines = Lines(pipe.read)
        want = [fd for fd in (0, 1, 2) if fd not in closed] + [pipe.write]
        assert lines.line() == "fds " + " ".join(map(str, want))
        lines.expect("^up$")
        assert box.get().status == 200
        box.signal(15)
        assert box.code() == 6


@pytest.mark.parametrize("closed", CLOSED, ids=str)
def test_no_socket_of_hale_takes_the_place_of_a_closed_stream(hale, closed):
    box = hale("--listen", "8080", "pause", close=closed)
    until(lambda: box.children() == 1, "the service is started")
    fds = open_fds(box.pid)
    assert all("socket" not in fds.get(fd, "") and "anon_inode" not in fds.get(fd, "")
               for fd in closed)


@pytest.mark.parametrize("options", [[], ["--listen", "8080", "-w", "-g", "--drain", "1s"]],
                         ids=str)
def test_nothing_of_hale_leaks_into_the_service(hale, options):
    assert hale(*options, "fds").end()[1] == ["fds 0 1 2"]


def test_inherited_descriptors_reach_the_service_and_hale_keeps_none(hale):
    with Pipe() as pipe:
        high = fcntl.fcntl(pipe.write, fcntl.F_DUPFD, 240)
        box = hale(f"fds to {high} say there pause", fds=[pipe.read, pipe.write, high])
        assert box.out.line() == f"fds 0 1 2 {pipe.read} {pipe.write} {high}"
        assert Lines(pipe.read).line() == "there"
        link = os.readlink(f"/proc/self/fd/{pipe.read}")
        os.close(high)
        until(lambda: link not in open_fds(box.pid).values(), "hale keeps none")


def test_the_last_writer_of_an_inherited_pipe_is_the_service(hale):
    with Pipe() as pipe:
        hale(f"exec {SVC} to {pipe.write} say there to 1 fork {{ read }} exit 0",
             fds=[pipe.write])
        pipe.close_write()
        lines = Lines(pipe.read)
        assert lines.rest() == ["there"]


def test_a_hundred_inherited_descriptors_reach_the_service(hale):
    with Pipe() as pipe:
        many = [fcntl.fcntl(pipe.write, fcntl.F_DUPFD, 100) for _ in range(100)]
        try:
            box = hale("fds pause", fds=many)
            assert box.out.line() == "fds 0 1 2 " + " ".join(map(str, many))
            link = os.readlink(f"/proc/self/fd/{pipe.read}")
            until(lambda: link not in open_fds(box.pid).values(), "hale keeps none")
        finally:
            for fd in many:
                os.close(fd)


def test_hale_has_few_descriptors_of_its_own(hale):
    box = hale("--listen", "8080", "say up pause")
    box.out.expect("^up$")
    until(lambda: len(open_fds(box.pid)) == 8,
          "0 1 2, epoll, timer, signalfd, port, local socket")


@pytest.mark.parametrize("hales, services", [("1", str(FIRST)), ("77", "77")])
def test_listen_pid_becomes_the_services_where_it_was_hales(hale, hales, services):
    env = clean_env(LISTEN_PID=hales, LISTEN_FDS="1", LISTEN_FDNAMES="web")
    _, out, _ = hale("env", env=env).end()
    assert f"env LISTEN_PID={services}" in out
    assert {"env LISTEN_FDS=1", "env LISTEN_FDNAMES=web"} <= set(out)


def test_listen_pid_is_rewritten_among_many_variables_and_no_other_is_touched(hale):
    env = clean_env(**{f"A{n}": str(n) for n in range(200)}, LISTEN_PID="1", LISTEN_PIDS="1",
                    XLISTEN_PID="1")
    _, out, _ = hale("env", env=env).end()
    want = dict(env, LISTEN_PID=str(FIRST))
    assert sorted(out) == sorted([f"env {k}={v}" for k, v in want.items()] + ["env end"])


def test_listen_pid_is_right_when_hale_is_not_the_first_process(box):
    started = box(HALE, "-q", "-s", *svc("fork { } ids env"), second=True,
                  env=clean_env(LISTEN_PID="2"))
    pid = started.out.expect(r"ids pid=(\d+)")[1]
    started.out.expect(f"^env LISTEN_PID={pid}$")


def test_a_socket_handed_over_serves_from_the_service(hale):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fd = listener.fileno()
        box = hale("fds say up pause", fds=[fd], env=clean_env(LISTEN_PID="1", LISTEN_FDS="1"))
        assert box.out.line() == f"fds 0 1 2 {fd}"


def test_the_service_goes_on_when_the_reader_of_stdout_is_gone(hale):
    with Pipe() as pipe:
        pipe.close_read()
        box = hale("ignore 13 say lost exit 4", stdout=pipe.write)
        assert box.code() == 98  # svc's code for a line that it could not write


def test_a_gone_reader_of_stderr_does_not_kill_hale(hale):
    with Pipe() as pipe:
        box = hale("-v", "-w", "say up read orphans 10 exit 4", stderr=pipe.write)
        box.out.expect("^up$")
        pipe.close_read()
        pipe.close_write()
        box.tell("end")
        assert (box.code(), box.killed) == (4, False)


def test_a_log_file_that_may_not_grow_sends_the_service_no_signal(hale, tmp_path):
    with open(tmp_path / "log", "wb") as log:
        box = hale("-v", "catch say up pause", stderr=log.fileno())
    box.out.expect("^up$")
    box.settled()
    resource.prlimit(box.pid, resource.RLIMIT_FSIZE, (0, 0))
    for sig in (10, 64):  # hale's line about the first raises SIGXFSZ
        box.signal(sig)
        box.out.expect(f"^got {sig} ")
    assert "got 25 " not in box.out.seen


def test_a_full_stderr_never_blocks_hale(hale):
    with Pipe() as pipe:
        fcntl.fcntl(pipe.write, 1031, 4096)  # F_SETPIPE_SZ
        fill(pipe.write)
        box = hale("-v", "-w", "--listen", "8080", "orphans 500 say up read exit 4",
                   stderr=pipe.write)
        box.out.expect("^up$")
        until(lambda: box.children() == 1, "all orphans are reaped")
        assert box.get("/livez").status == 200
        box.tell("end")
        assert box.code() == 4


def test_lines_dropped_on_a_full_stderr_are_counted_when_it_has_room(hale):
    with Pipe() as pipe:
        fcntl.fcntl(pipe.write, 1031, 4096)
        fill(pipe.write)
        box = hale("-w", "orphans 30 say up read exit 4", stderr=pipe.write)
        box.out.expect("^up$")
        until(lambda: box.children() == 1, "all orphans are reaped")
        os.read(pipe.read, 4096)
        box.tell("end")
        assert box.code() == 4
        pipe.close_write()
        rest = os.read(pipe.read, 65536).decode()
        assert re.search(r"hale: .*\b30\b.*", rest), rest


def test_a_line_is_written_whole_or_not_at_all(hale):
    with Pipe() as pipe:
        fcntl.fcntl(pipe.write, 1031, 4096)
        fill(pipe.write)
        os.read(pipe.read, 10)  # room for ten bytes: less than a line
        box = hale("exit 4", stderr=pipe.write)
        assert box.code() == 4
        os.set_blocking(pipe.read, False)
        assert set(os.read(pipe.read, 65536)) == set(b"x")


def test_stderr_is_never_made_non_blocking(hale):
    with Pipe() as pipe:
        box = hale("-v", "--listen", "8080", "say up read exit 4", stderr=pipe.write)
        box.out.expect("^up$")
        assert fcntl.fcntl(pipe.write, fcntl.F_GETFL) & os.O_NONBLOCK == 0
        box.tell("end")
        box.code()
        assert fcntl.fcntl(pipe.write, fcntl.F_GETFL) & os.O_NONBLOCK == 0
