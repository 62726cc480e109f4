# SPDX-License-Identifier: MIT
"""hale called nc beside netcat-openbsd: nc -z, as health checks use it.

Debian's busybox nc knows neither -z nor -v, so there is no third column.
"""
import shutil
import socket
import subprocess

import pytest

import harness

NC = "nc.openbsd"


@pytest.fixture(name="place")
def listeners(tmp_path):
    """The words of a command line: an open port, one that is closed, a socket."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket() as closed, \
            socket.socket(socket.AF_UNIX) as unix:
        closed.bind(("127.0.0.1", 0))   # it does not listen
        unix.bind(str(tmp_path / "sock"))
        unix.listen()
        yield {"open": tcp.getsockname()[1], "above": tcp.getsockname()[1] + 1,
               "closed": closed.getsockname()[1], "sock": tmp_path / "sock"}


def run(program, line, place):
    words = [word.format(**place) for word in line.split()]
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=harness.DEADLINE,
                          env={"PATH": harness.PATH})
    return done.returncode, done.stdout, done.stderr


# A command line, the code of both, a word of what both say on stderr ("": nothing);
# what hale has instead, with its reason.
ROWS = [
    ("-z 127.0.0.1 {open}", 0, ""),
    ("-z 127.0.0.1 {closed}", 1, ""),
    ("-zv 127.0.0.1 {open}", 0, "Connection to 127.0.0.1 {open} port [tcp/*] succeeded!"),
    ("-zv 127.0.0.1 {closed}", 1, "connect to 127.0.0.1 port {closed} (tcp) failed: "),
    ("-zv 127.0.0.1 {closed}", 1, "Connection refused"),
    ("-vz -w1 127.0.0.1 {open}", 0, "succeeded"),
    ("-z -w 2 localhost {open}", 0, ""),
    ("-zw2 localhost {open}", 0, ""),
    ("-z4 localhost {open}", 0, ""),
    ("-zn 127.0.0.1 {open}", 0, ""),
    ("-zN 127.0.0.1 {open}", 0, ""),
    ("-z -q 1 127.0.0.1 {open}", 0, ""),
    ("127.0.0.1 {open} -z", 0, ""),
    ("-z 127.0.0.1 {open}-{open}", 0, ""),
    ("-z 127.0.0.1 {closed} {open}", 0, ""),
    ("-zv 127.0.0.1 {closed} {closed}", 1, "refused"),
    ("-zU {sock}", 0, ""),
    ("-zvU {sock}", 0, ""),
    ("-zU {sock}.not", 1, "No such file or directory"),
    ("-z no.such.invalid 80", 1, "no.such.invalid"),
    ("-z 127.0.0.1", 1, "port", "PORT"),
    ("-z 127.0.0.1 0", 1, "port"),
    ("-z 127.0.0.1 70000", 1, "port"),
    ("-z -w x 127.0.0.1 {open}", 1, "timeout", "-w: expected seconds"),
    ("-z -w 1s 127.0.0.1 {open}", 1, "timeout", "-w: expected seconds"),
    ("-z -w 1.5 127.0.0.1 {open}", 1, "timeout", "-w: expected seconds"),
    ("-z 127.0.0.1 {open}-", 1, "port number invalid", "expected 1 to 65535"),
    ("-z 127.0.0.1 {open}-x", 1, "port number invalid", "expected 1 to 65535"),
    ("-z 127.0.0.1 {closed}-{closed}-1", 1, "port number invalid", "expected 1 to 65535"),
    ("-z 127.0.0.1 {above}-{open}", 0, ""),
    ("-zn localhost {open}", 1, "localhost"),
    ("-zn ::1 {closed}", 1, ""),
    ("-zU {sock}.not", 1, ".not: No such file", "nc: /"),
    ("-zU {sock}" + 200 * "x", 1, "File name too long", ": too long"),
    ("-Q", 1, "-- 'Q'", "-Q: unknown option"),
]
REFUSED = [  # what has no word with -z, and why hale ends with 1
    ("127.0.0.1 {open}", "-z"),             # data would be sent
    ("-l {open}", "-l"),                    # nor listened
    ("-zu 127.0.0.1 {closed}", "-u"),       # UDP: nobody knows whether it is open
    ("-z 127.0.0.1 http", "http"),          # there is no /etc/services in an empty image
]


@pytest.mark.parametrize("who", ["openbsd", "hale"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_nc_ends_with_the_code_and_the_word_of_the_table(row, who, named, place):
    line, want, *words = row
    program = NC if who == "openbsd" else named("nc")
    if not shutil.which(program):
        pytest.skip(f"there is no {program}: scripts/bootstrap test")
    code, out, err = run(program, line, place)
    word = words[-1 if who == "hale" else 0].format(**place)
    assert (code, out) == (want, ""), err
    assert word in err if word else err == ""


def test_an_empty_path_has_its_reason(named):
    done = subprocess.run([named("nc"), "-zU", ""], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=harness.DEADLINE)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'nc: "": malformed\n'


@pytest.mark.parametrize("line, word", REFUSED)
def test_what_is_not_a_mere_connection_is_refused_in_one_line(line, word, named, place):
    code, out, err = run(named("nc"), line, place)
    assert (code, out, err.count("\n")) == (1, "", 1) and word in err


def test_a_port_that_is_silent_ends_with_w(named):
    """A full backlog: nobody accepts, and the kernel drops what comes."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        at = full.getsockname()
        held = [socket.socket() for _ in range(4)]
        for each in held:
            each.setblocking(False)
            each.connect_ex(at)
        try:
            code, _, err = run(named("nc"), f"-zv -w 1 {at[0]} {at[1]}", {})
        finally:
            for each in held:
                each.close()
        assert code == 1 and "failed: " in err
