"""`hale wait URL...`: until all answer, or time is up."""
import re
import socket
import subprocess
import threading
import time

import pytest

import harness
import httpd


def start(*words):
    return subprocess.Popen([harness.HALE, "wait", *map(str, words)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env={"PATH": harness.PATH})


def rest_of(wait):
    """What it still prints. communicate() would lose what readline() has read ahead."""
    end = threading.Timer(harness.DEADLINE, wait.kill)
    end.start()
    try:
        return wait.stdout.read(), wait.stderr.read()
    finally:
        end.cancel()


def lives(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return "Z (zombie)" not in file.read()
    except FileNotFoundError:
        return False


def flaky(failures):
    left = [failures]

    def answer(connection, request):
        left[0] -= 1
        if left[0] >= 0:
            connection.answer(b"", "503 Service Unavailable")
        else:
            connection.answer(b"")
    return answer


def moody():
    """Fails in two kinds, the first with another reason each time."""
    tries = [0]

    def answer(connection, request):
        tries[0] += 1
        if tries[0] > 6:
            connection.answer(b"")
        elif tries[0] > 4:
            connection.answer(b"", "404 Not Found")
        else:
            connection.answer(b"%d of 9 tables\n" % tries[0], "503 Busy")
    return answer


@pytest.fixture
def server(tmp_path):
    made = httpd.Server({"/ok": lambda c, r: c.answer(b""), "/soon": flaky(3),
                         "/hold": lambda c, r: c.hold(), "/never": flaky(10 ** 9)}, tmp_path)
    yield made
    made.close()


def test_it_says_at_once_what_it_waits_for_then_only_what_changes(server):
    with start(server.url + "/soon") as wait:
        assert wait.stdout.readline() == f"{server.url}/soon: waiting, at most 1m\n"
        rest, err = rest_of(wait)
    assert wait.returncode == 0 and err == ""
    assert rest == (f"{server.url}/soon: 503 Service Unavailable\n"
                    f"{server.url}/soon: 200 OK\n")
    assert len(server.take_requests()) == 4


def test_a_reason_that_flickers_is_not_a_change(server):
    server.scripts["/moody"] = moody()
    with start(server.url + "/moody") as wait:
        out, _ = rest_of(wait)
    assert wait.returncode == 0 and out.splitlines()[1:] == [
        f"{server.url}/moody: {line}"
        for line in ("503 Busy: 1 of 9 tables", "404 Not Found", "200 OK")]


def test_the_last_reason_is_in_the_last_line(server):
    count = iter(range(1, 10 ** 6))
    server.scripts["/busy"] = lambda c, r: c.answer(b"%d jobs\n" % next(count), "503 Busy")
    with start("--timeout", "1s", server.url + "/busy") as wait:
        out, err = rest_of(wait)
    assert wait.returncode == 1 and out.count("503 Busy: 1 jobs\n") == out.count("503") == 1
    assert re.search(r": 503 Busy: [2-9] jobs\n$", err)


def test_another_exit_code_is_a_change_and_other_words_are_not(tmp_path):
    count = tmp_path / "count"
    script = tmp_path / "ask"
    script.write_text(f"#!/bin/sh\necho x >>{count}\nn=$(wc -l <{count})\necho try $n\n"
                      "[ $n -lt 3 ] && exit 1\n[ $n -lt 4 ] && exit 2\nexit 0\n")
    script.chmod(0o755)
    with start(f"exec:{script}") as wait:
        out, _ = rest_of(wait)
    assert [line.partition(": ")[2] for line in out.splitlines()[1:]] == [
        "exit 1: try 1", "exit 2: try 3", "exit 0: try 4"]


def test_what_is_there_already_takes_one_try(server):
    with start(server.url + "/ok") as wait:
        wait.communicate(timeout=harness.DEADLINE)
    assert wait.returncode == 0 and len(server.take_requests()) == 1


def test_time_is_up(server):
    begun = time.monotonic()
    with start("--timeout", "1s", server.url + "/never", server.url + "/ok") as wait:
        out, err = wait.communicate(timeout=harness.DEADLINE)
    assert wait.returncode == 1 and 0.9 < time.monotonic() - begun < 5
    assert f"{server.url}/ok: 200 OK\n" in out
    told = re.sub(r"after 1\.\ds", "after 1s", err)  # on a busy machine
    assert told == f"hale: {server.url}/never: not there after 1s: 503 Service Unavailable\n"


def test_it_backs_off(server):
    with start("-q", "--timeout", "3s", server.url + "/never") as wait:
        assert wait.communicate(timeout=harness.DEADLINE) == ("", "")
    assert wait.returncode == 1 and 4 <= len(server.take_requests()) <= 8


def test_one_try_that_hangs_is_not_the_last(server):
    with start("--try-timeout", "200ms", "--timeout", "1s", server.url + "/hold") as wait:
        wait.communicate(timeout=harness.DEADLINE)
    assert len(server.take_requests()) >= 2


def test_a_port_that_opens_later_is_found(tmp_path):
    path = tmp_path / "later"
    with start(f"unix:{path}") as wait:
        assert "waiting" in wait.stdout.readline()
        assert "No such file" in wait.stdout.readline()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            out, _ = rest_of(wait)
    assert wait.returncode == 0 and out == f"unix:{path}: connected to {path}\n"


def test_all_urls_are_waited_for_side_by_side(tmp_path):
    begun = time.monotonic()
    with start(*["exec:sleep 0.6"] * 4) as wait:
        wait.communicate(timeout=harness.DEADLINE)
    assert wait.returncode == 0 and time.monotonic() - begun < 2.2


@pytest.mark.parametrize("others, url, code", [
    ("true & true & true &", "exec:false", 1), ("false & false & false &", "exec:true", 0)])
def test_the_end_of_a_foreign_child_is_not_an_answer(others, url, code):
    """Children from before our exec; as PID 1 there are orphans, too."""
    done = subprocess.run(["sh", "-c", f'{others} exec "$0" wait -t 300ms {url} {url}',
                           harness.HALE], capture_output=True, check=False,
                          timeout=harness.DEADLINE, env={"PATH": harness.PATH})
    assert done.returncode == code


def test_an_end_by_signal_leaves_nobody_behind(server):
    with start("--timeout", "100s", server.url + "/hold", server.url + "/never") as wait:
        harness.until(lambda: len(server.requests) >= 2, "both requests")
        children = open(f"/proc/{wait.pid}/task/{wait.pid}/children", encoding="ascii").read()
        assert len(children.split()) == 2
        wait.terminate()
    for pid in children.split():
        harness.until(lambda p=pid: not lives(p), f"the end of {pid}")


@pytest.mark.parametrize("words", [[], ["--timeout", "x", "tcp:a:1"], ["tcp:a"]])
def test_wrong_words_are_refused(words):
    with start(*words) as wait:
        out, err = wait.communicate(timeout=harness.DEADLINE)
    assert wait.returncode == 2 and out == "" and err.count("\n") == 1
