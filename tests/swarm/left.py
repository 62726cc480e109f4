"""What scripts/swarm leaves behind, however it ends: nothing.

This runs outside the swarm's namespaces (pytest --noconftest).
"""
# SPDX-License-Identifier: MIT

import contextlib
import ctypes
import fcntl
import os
import pathlib
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "swarm"
LOCK = ROOT / "build" / "swarm" / "lock"
GONE_S = 60  # for the cleaner
PR_SET_PDEATHSIG = 1
PLACES = ("/run/hale-swarm", "/var/run/docker/netns", "/var/lib/docker", "/etc/docker")


def groups():
    """The cgroup folders of this clone's run; another's may run beside it."""
    at = pathlib.Path("/sys/fs/cgroup")
    crc = subprocess.run("cksum", input=str(ROOT), capture_output=True, text=True).stdout
    name = "hale-swarm-" + crc.split()[0]
    return sorted(map(str, [*at.glob(name), *at.glob(f"*/{name}")]))


def machine():
    """What one run could change for others; other engines come and go."""
    names = set(os.listdir("/sys/class/net")) & {"nodes", "node1", "node2", "node3",
                                                 "docker0", "docker_gwbridge"}
    return {
        "places": [place for place in PLACES if os.path.exists(place)],
        "networks": sorted(names),
        "forward": pathlib.Path("/proc/sys/net/ipv4/ip_forward").read_text(),
        "mounts": sorted(line.split()[4] for line in open("/proc/self/mountinfo")
                         if "hale-swarm" in line),
        "groups": groups(),
        "hostname": os.uname().nodename,
    }


def started(pid):
    """When the process started: with its pid that is its name for ever."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]


def members():
    """{pid: start} of the processes in the cgroups."""
    found = {}
    for at in groups():
        for procs in pathlib.Path(at).rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                for pid in procs.read_text().split():
                    found[pid] = started(pid)
    return found


def alive(of):
    """Those of {pid: start} that still run."""
    found = []
    for pid, start in of.items():
        with contextlib.suppress(OSError):
            if started(pid) == start:
                found.append(pid)
    return found


def await_cleaner():
    deadline = time.monotonic() + GONE_S
    with open(LOCK) as lock:
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                assert time.monotonic() < deadline, "the cleaner does not end"
                time.sleep(0.05)


def hear_signals():
    """What was ignored at a shell's start it cannot trap, as behind `&`."""
    for sig in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, signal.SIG_DFL)
    # Who stops these tests stops the swarm too, though its session is another.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))


@pytest.mark.parametrize("stop", [
    lambda run: os.killpg(run.pid, signal.SIGINT),
    lambda run: run.send_signal(signal.SIGTERM),
    lambda run: run.send_signal(signal.SIGKILL),
], ids=["ctrl-c", "sigterm", "sigkill"])
def test_nothing_is_left_behind(stop):
    before = machine()
    run = subprocess.Popen((SCRIPT, "--hold"), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, text=True, start_new_session=True,
                           preexec_fn=hear_signals)
    with run:
        line = next((line for line in run.stdout if line.startswith("held: ")), None)
        assert line, "the swarm did not come up"
        inside = members()
        assert len(inside) > 8
        stop(run)
        try:
            run.wait(GONE_S)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            raise
        await_cleaner()
    deadline = time.monotonic() + GONE_S
    while alive(inside) and time.monotonic() < deadline:
        time.sleep(0.05)  # for the machine's own init to take in orphans
    assert alive(inside) == []
    assert machine() == before
    assert run.returncode != 0
