# SPDX-License-Identifier: MIT
"""What the kernel knows of a process: system calls, CPU, memory, wake-ups."""

import contextlib
import ctypes
import os
import platform
import shutil
import struct
import subprocess
import tempfile
import time

TRACING = "/sys/kernel/tracing"
SYS_ENTER_ID = TRACING + "/events/raw_syscalls/sys_enter/id"
PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
PERF_TYPE_TRACEPOINT = 2
PERF_ATTR_SIZE = 112
PERF_FLAG_FD_CLOEXEC = 8


class CannotCount(Exception):
    """System calls cannot be counted in this way on this machine."""


class PerfCounter:
    """Counts a process's system calls by a perf tracepoint, unseen by it."""

    def __init__(self, pid):
        self._fd = self._open(pid)

    @staticmethod
    def _open(pid):
        try:
            with open(SYS_ENTER_ID, encoding="ascii") as file:
                event = int(file.read())
            number = PERF_EVENT_OPEN[platform.machine()]
        except (OSError, KeyError) as why:
            raise CannotCount(f"no tracepoint: {why}") from why
        attr = struct.pack("IIQ", PERF_TYPE_TRACEPOINT, PERF_ATTR_SIZE, event)
        attr = attr.ljust(PERF_ATTR_SIZE, b"\0")
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.syscall(number, attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC)
        if fd < 0:
            why = os.strerror(ctypes.get_errno())
            raise CannotCount(f"perf_event_open: {why}")
        return fd

    def read(self):
        return struct.unpack("Q", os.read(self._fd, 8))[0]

    def close(self):
        os.close(self._fd)


class StraceCounter:
    """The same by strace: attaching wakes the process once."""

    def __init__(self, pid):
        if shutil.which("strace") is None:
            raise CannotCount("no perf tracepoint and no strace")
        self._lines = tempfile.NamedTemporaryFile(prefix="hale-bench-")
        self._strace = subprocess.Popen(
            ["strace", "-qq", "-o", self._lines.name, "-p", str(pid)])
        while status_field(pid, "TracerPid") == "0":
            if self._strace.poll() is not None:
                raise CannotCount("strace cannot attach")
            time.sleep(0.01)
        time.sleep(0.2)

    def read(self):
        time.sleep(0.2)     # strace writes behind the process
        with open(self._lines.name, "rb") as file:
            return sum(1 for line in file if b"(" in line)

    def close(self):
        self._strace.terminate()
        self._strace.wait()
        self._lines.close()


@contextlib.contextmanager
def syscall_counter(pid):
    """The best counter this machine has; close to the end of the block."""
    try:
        counter = PerfCounter(pid)
    except CannotCount:
        counter = StraceCounter(pid)
    try:
        yield counter
    finally:
        counter.close()


def how_counted():
    try:
        PerfCounter(os.getpid()).close()
        return "perf tracepoint"
    except CannotCount as why:
        return f"strace ({why})"


def status_field(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii",
              errors="replace") as file:
        for line in file:
            if line.startswith(name + ":"):
                return line.split(":", 1)[1].split()[0]
    raise KeyError(name)


def wake_ups(pid):
    """How often the process gave the CPU away, by will or not."""
    return (int(status_field(pid, "voluntary_ctxt_switches"))
            + int(status_field(pid, "nonvoluntary_ctxt_switches")))


def cpu_ns(pid):
    """CPU time in the kernel's own nanoseconds, user and system."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0])


def all_cpu_ns(pid):
    """The same of all its threads, those that have ended included: as a
    clock, clock_getcpuclockid(3)."""
    scheduled = 2
    return time.clock_gettime_ns(~pid << 3 | scheduled)


def own_memory_kb(pid):
    """Memory that this process alone costs: dirty private pages and tables."""
    dirty = 0
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Private_Dirty:"):
                dirty = int(line.split()[1])
    return dirty + int(status_field(pid, "VmPTE"))


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def socket_count(pid):
    count = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            link = os.readlink(f"/proc/{pid}/fd/{name}")
            count += link.startswith("socket:")
    return count


def wait_asleep(pid, limit_s=5.0):
    """Until the process sleeps and has not run for a while."""
    deadline = time.monotonic() + limit_s
    before = -1
    while time.monotonic() < deadline:
        now = wake_ups(pid)
        if now == before and status_field(pid, "State") == "S":
            return
        before = now
        time.sleep(0.05)
