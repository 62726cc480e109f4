# SPDX-License-Identifier: MIT
"""The row of a flood: who probes and who signals while others pipeline."""

import contextlib
import os
import signal
import struct
import subprocess
import tempfile
import threading
import time

import rows
import subjects

CONNECTIONS = 60
PATH = "/metrics"       # what costs hale most
PROBES = 300
GAP_US = 10000          # between two probes, and two signals
SLOWEST_MS = 100
NOTE = struct.Struct("qq")      # tests/bench/signals.c: when, which


class Signalled:
    """hale, whose service reports each signal that it gets through a FIFO."""

    def __init__(self, bench, stack):
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="hale-bench-"))
        fifo = os.path.join(folder, "notes")
        os.mkfifo(fifo)
        self.notes = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        stack.callback(os.close, self.notes)
        self.port = subjects.next_port()
        command = [bench.programs.hale, "--listen", f"127.0.0.1:{self.port}",
                   "--", "/bin/sh", "-c", f'exec "$0" service 3>{fifo}',
                   bench.programs.path("signals")]
        self.pid = stack.enter_context(subjects.as_pid_1(
            bench.programs, command, service_is_ready=False)).pid
        self.next_note()
        os.set_blocking(self.notes, True)

    def next_note(self, limit_s=10.0):
        """When a signal was handled; the first note says that it can be."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                if note := os.read(self.notes, NOTE.size):
                    return NOTE.unpack(note)[0]
            time.sleep(0.001)   # nobody has opened the other end yet
        raise RuntimeError("the service got no signal")

    def slowest_ms(self, over):
        """Of signals sent one after the other until the event."""
        took = []
        while not over.is_set():
            begun = time.monotonic_ns()
            os.kill(self.pid, signal.SIGUSR1)
            took.append(self.next_note() - begun)
            time.sleep(GAP_US / 1e6)
        return max(took) / 1e6


@contextlib.contextmanager
def pipelining(bench, port):
    command = [bench.programs.path("pipeline"), str(port), str(CONNECTIONS),
               PATH]
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as flood:
        if flood.stdout.readline().strip() != "asking":
            raise RuntimeError("pipeline could not connect")
        yield
        flood.stdin.close()     # it says how much it read, and ends


def probed(bench, port):
    """The slowest probe in ms, and how many had no answer."""
    ((sent, answered, _, _, slowest),) = bench.tool(
        "load", "fresh", port, PROBES, GAP_US)
    return int(slowest) / 1e6, int(sent) - int(answered)


def hale_once(bench):
    with contextlib.ExitStack() as stack:
        hale = Signalled(bench, stack)
        stack.enter_context(pipelining(bench, hale.port))
        over, signals = threading.Event(), []
        thread = threading.Thread(
            target=lambda: signals.append(hale.slowest_ms(over)))
        thread.start()
        try:
            probe, lost = probed(bench, hale.port)
        finally:
            over.set()
            thread.join()
        return probe, lost, signals[0]


def nginx_once(bench, server):
    with server.started() as process, pipelining(bench, process.port):
        return probed(bench, process.port)


def flood(bench):
    rounds = min(bench.rounds, 3)
    nginx = [server for server in bench.servers if server.name == "nginx"]
    ours, theirs = [], []
    for done in range(rounds):
        bench.progress(f"flood: round {done + 1}/{rounds}")
        ours.append(hale_once(bench))
        theirs += [nginx_once(bench, server) for server in nginx]
    probe, lost, sent = (max(each) for each in zip(*ours))
    cells = {"hale": f"{probe:.1f} / {lost} / {sent:.1f}"}
    if theirs:
        probes, losses = zip(*theirs)
        cells["nginx"] = f"{max(probes):.1f} / {max(losses)} / -"
    return [rows.Row(f"{CONNECTIONS} connections pipeline {PATH}: slowest "
                     f"probe, ms / lost of {PROBES} / slowest signal, ms",
                     f"{SLOWEST_MS} / 0 / {SLOWEST_MS}", cells,
                     good=max(probe, sent) <= SLOWEST_MS and lost == 0)]


ROWS = {"flood": flood}
