"""What scripts/kubernetes leaves behind, however it ends: nothing.

This runs outside the cluster's namespaces (pytest --noconftest).
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
SCRIPT = ROOT / "scripts" / "kubernetes"
LOCK = ROOT / "build" / "kubernetes" / "lock"
GONE_S = 60  # for the cleaner
PR_SET_PDEATHSIG = 1
REAPED_S = 10  # for the machine's own init to take in the orphans of a killed shell
SYSCTLS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic",
           "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
           "kernel/keys/root_maxbytes", "net/ipv4/ip_forward")
PLACES = ("/run/hale-kubernetes", "/run/containerd", "/run/cni", "/etc/cni",
          "/var/lib/kubelet", "/var/lib/cni", "/var/lib/containerd", "/var/log/pods",
          "/var/log/containers", "/usr/libexec/kubernetes", "/opt/cni")
KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "uts")


def groups():
    """The cgroup folders of this clone's run; another's may run beside it."""
    at = pathlib.Path("/sys/fs/cgroup")
    crc = subprocess.run("cksum", input=str(ROOT), capture_output=True, text=True).stdout
    name = "hale-kubernetes-" + crc.split()[0]
    return sorted(map(str, [*at.glob(name), *at.glob(f"*/{name}")]))


def mounts():
    """What of the cluster's mounts could be seen here; others mount and unmount too."""
    ours = ("/run", "/sys", "/sys/fs/cgroup", "/var/lib", "/var/log")
    with open("/proc/self/mountinfo") as lines:
        places = [line.split()[4] for line in lines]
    return sorted(at for at in places if at in ours or
                  at.startswith(("/proc/sys/", *PLACES)))


def machine():
    """What one run could change for others."""
    return {
        "sysctls": {key: pathlib.Path("/proc/sys", key).read_text() for key in SYSCTLS},
        "places": [place for place in PLACES if os.path.exists(place)],
        "bridge": os.path.exists("/sys/class/net/cni0"),
        "mounts": mounts(),
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
    # Who stops these tests stops the cluster too, though its session is another.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))


def end_in_time(run):
    try:
        run.wait(GONE_S)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        raise


def end_pytest(run, inside):
    """What the script waits for ends by itself."""
    for pid in inside:
        with contextlib.suppress(OSError):
            if b"hold.py" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(int(pid), signal.SIGTERM)


@pytest.mark.parametrize("stop", [
    end_pytest,
    lambda run, inside: os.killpg(run.pid, signal.SIGINT),
    lambda run, inside: run.send_signal(signal.SIGTERM),
    lambda run, inside: run.send_signal(signal.SIGKILL),
], ids=["it ends", "ctrl-c", "sigterm", "sigkill"])
@pytest.mark.parametrize("moment", ["held: ", ""], ids=["with a pod", "at its start"])
def test_nothing_is_left_behind(stop, moment):
    if stop is end_pytest and not moment:
        pytest.skip("there is nothing yet that could end")
    before, own = machine(), namespaces(["self"])
    run = subprocess.Popen((SCRIPT, "--hold"), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, text=True, start_new_session=True,
                           preexec_fn=hear_signals)
    inside, seen, theirs = {}, {}, set()
    with run:
        if moment:
            line = next((line for line in run.stdout if line.startswith(moment)), None)
            assert line, "the cluster did not come up"
            inside = members()
            seen = everybody()
            theirs = namespaces(inside) - own
            assert len(inside) > 8 and len(theirs) > 6
            assert machine()["sysctls"] == before["sysctls"], "changed during the run"
        else:
            while not groups():
                time.sleep(0.001)
        stop(run, inside)
        end_in_time(run)
        await_cleaner()
    deadline = time.monotonic() + REAPED_S
    while alive(inside) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(inside) == []
    # A namespace lives by its processes; its number is soon another's.
    assert not namespaces(alive(seen)) & theirs
    assert machine() == before
    assert stop is end_pytest or run.returncode != 0
