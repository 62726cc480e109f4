"""The Nth system call of a kind fails, by strace: never a crash, a hang past
the deadline, a success that is none, or a file that looks whole."""
import hashlib
import os
import re
import shutil
import subprocess

import pytest

import harness
import httpd

BODY = os.urandom(200_000)
DIGEST = hashlib.sha256(BODY).digest()
# The start of a process and its end, what cannot fail, and close: a descriptor
# that strace keeps open is nothing that the kernel does.
PASSED_OVER = {"execve", "exit", "exit_group", "arch_prctl", "set_tid_address", "getpid",
               "getppid", "gettid", "rt_sigreturn", "set_robust_list", "rseq", "close"}
NTH = 3     # the first calls of each kind, and all of them

pytestmark = [pytest.mark.static_only,
              pytest.mark.skipif(not shutil.which("strace"), reason="no strace")]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = httpd.Server({"/": lambda c, r: c.answer(BODY)}, tmp_path_factory.mktemp("server"))
    yield made
    made.close()


def traced(folder, words, *options):
    return subprocess.run(["strace", "-f", "-qq", *options, harness.HALE, *words], cwd=folder,
                          capture_output=True, timeout=harness.DEADLINE)


def calls_of(folder, log, words):
    """How often a good run makes each call."""
    done = traced(folder, words, "-o", log)
    assert done.returncode == 0, done.stderr
    counts = {}
    for call in re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.M):
        counts[call] = counts.get(call, 0) + 1
    return {call: count for call, count in counts.items() if call not in PASSED_OVER}


def get_is_honest(folder, done):
    files = list(folder.iterdir())
    if done.returncode == 0:
        return len(files) == 1 and hashlib.sha256(files[0].read_bytes()).digest() == DIGEST
    return files == []


def check_is_honest(folder, done):
    return (done.returncode == 0) == (done.stdout in (b"200 OK\n", b"exit 0\n"))


COMMANDS = {
    "get": (["get", "-sS", "-m", "3", "-o", "out", "URL"], get_is_honest),
    "check": (["check", "--timeout", "3s", "URL"], check_is_honest),
    "exec": (["check", "--timeout", "3s", "exec:/bin/true"], check_is_honest),
}


@pytest.mark.parametrize("error", ["ENOMEM", "EINTR", "EIO"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_call_that_fails_is_told_or_mended(server, tmp_path, name, error):
    words, is_honest = COMMANDS[name]
    words = [server.url.replace("127.0.0.1", "localhost") if word == "URL" else word
             for word in words]
    folder = tmp_path / "folder"
    folder.mkdir()
    for call, count in calls_of(folder, tmp_path / "log", words).items():
        turns = [str(turn) for turn in range(1, min(count, NTH) + 1)]
        if error != "EINTR":    # for ever interrupted is not failed
            turns.append("1+")
        for turn in turns:
            for file in folder.iterdir():
                file.unlink()
            done = traced(folder, words, "-o", "/dev/null", "-e",
                          f"inject={call}:error={error}:when={turn}")
            what = f"{call} number {turn}: {error}: exit {done.returncode}, {done.stderr}"
            assert 0 <= done.returncode < 128, what
            assert is_honest(folder, done), what
