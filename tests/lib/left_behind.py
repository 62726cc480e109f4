"""What a script leaves behind that stands on scripts/apart.sh, however it ends: nothing.

Its left.py imports the test from here and gives it a fixture, `script`. They run outside
the script's namespaces (pytest --noconftest).
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
GONE_S = 60  # for the script, and for its cleaner
REAPED_S = 10  # for the machine's own init to take in the orphans of a killed shell
PR_SET_PDEATHSIG = 1
KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
MOUNTS = ("/run", "/sys", "/sys/fs/cgroup")  # apart.sh's own


class Script:
    """scripts/NAME, and what one run could change for others.

    These are places that it may make, sysctls, links (of the network), and where it mounts:
    at one of `mounts`, or at or below one of `below`. Others mount and unmount too.
    """

    def __init__(self, name, places=(), sysctls=(), links=(), mounts=(), below=()):
        self.path = ROOT / "scripts" / name
        self.lock = ROOT / "build" / name / "lock"
        crc = subprocess.run("cksum", input=str(ROOT), capture_output=True, text=True).stdout
        self.group = f"hale-{name}-{crc.split()[0]}"
        run = f"/run/hale-{name}"
        self.places, self.sysctls, self.links = (run, *places), sysctls, links
        self.mounts, self.below = (*MOUNTS, *mounts), (run, *below)

    def groups(self):
        """The cgroup folders of this clone's run; another's may run beside it."""
        at = pathlib.Path("/sys/fs/cgroup")
        return sorted(map(str, [*at.glob(self.group), *at.glob(f"*/{self.group}")]))

    def members(self):
        """{pid: start} of the processes in the cgroups."""
        found = {}
        for at in self.groups():
            for procs in pathlib.Path(at).rglob("cgroup.procs"):
                with contextlib.suppress(OSError):
                    for pid in procs.read_text().split():
                        found[pid] = started(pid)
        return found

    def machine(self):
        """What one run could change for others."""
        with open("/proc/self/mountinfo") as lines:
            mounts = [line.split()[4] for line in lines]
        return {
            "sysctls": {key: pathlib.Path("/proc/sys", key).read_text()
                        for key in self.sysctls},
            "places": [place for place in self.places if os.path.exists(place)],
            "links": [link for link in self.links if os.path.exists(f"/sys/class/net/{link}")],
            "mounts": sorted(at for at in mounts if at in self.mounts or
                             at.startswith(self.below)),
            "groups": self.groups(),
            "hostname": os.uname().nodename,
        }

    def await_cleaner(self):
        """It holds the lock to its end."""
        deadline = time.monotonic() + GONE_S
        with open(self.lock) as lock:
            while True:
                try:
                    return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    assert time.monotonic() < deadline, "the cleaner does not end"
                    time.sleep(0.05)


def started(pid):
    """When the process started: with its pid that is its name for ever."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]


def namespaces(pids):
    found = set()
    for pid in pids:
        for kind in KINDS:
            with contextlib.suppress(OSError):
                found.add(os.readlink(f"/proc/{pid}/ns/{kind}"))
    return found


def everybody():
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            found[pid] = started(pid)
    return found


def alive(of):
    """Those of {pid: start} that still run; a zombie does too."""
    found = []
    for pid, start in of.items():
        with contextlib.suppress(OSError):
            if started(pid) == start:
                found.append(pid)
    return found


def hear_signals():
    """What was ignored at a shell's start it cannot trap, as behind `&`."""
    for sig in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, signal.SIG_DFL)
    # Whatever stops these tests stops the script too, though its session is another.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))


def end_in_time(run):
    try:
        run.wait(GONE_S)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        raise


def end_hold(run, inside):
    """What the script waits for ends by itself."""
    for pid in inside:
        with contextlib.suppress(OSError):
            if b"hold.py" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(int(pid), signal.SIGTERM)


@pytest.mark.parametrize("stop", [
    end_hold,
    lambda run, inside: os.killpg(run.pid, signal.SIGINT),
    lambda run, inside: run.send_signal(signal.SIGTERM),
    lambda run, inside: run.send_signal(signal.SIGKILL),
], ids=["it ends", "ctrl-c", "sigterm", "sigkill"])
@pytest.mark.parametrize("moment", ["held: ", ""], ids=["when all is up", "at its start"])
def test_nothing_is_left_behind(script, stop, moment):
    if stop is end_hold and not moment:
        pytest.skip("there is nothing yet that could end")
    before, own = script.machine(), namespaces(["self"])
    run = subprocess.Popen((script.path, "--hold"), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, text=True, start_new_session=True,
                           preexec_fn=hear_signals)
    inside, seen, theirs = {}, {}, set()
    with run:
        if moment:
            line = next((line for line in run.stdout if line.startswith(moment)), None)
            assert line, "it did not come up"
            inside = script.members()
            seen = everybody()
            theirs = namespaces(inside) - own
            assert len(inside) > 8 and len(theirs) > 6
            assert script.machine()["sysctls"] == before["sysctls"], "changed during the run"
        else:
            while not script.groups():
                assert run.poll() is None, "it ended at once"
                time.sleep(0.001)
        stop(run, inside)
        end_in_time(run)
        script.await_cleaner()
    deadline = time.monotonic() + REAPED_S
    while alive(inside) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(inside) == []
    # A namespace lives by its processes; its number is soon another's.
    assert not namespaces(alive(seen)) & theirs
    assert script.machine() == before
    assert stop is end_hold or run.returncode != 0
