# SPDX-License-Identifier: MIT
"""Rows of names: one HTTP check of a name that a server on loopback answers.

BENCH_BEFORE names another hale to compare with, as the one before a change.
"""

import contextlib
import os
import shutil
import socket
import statistics
import struct
import subprocess
import tempfile
import threading

import rows

RUNS_PER_ROUND = 40
OF_BEFORE_MAX = 0.9
NAME = "http.test"
A = 1


class NameServer:
    """Answers A with 127.0.0.1 and everything else with no data, at 127.0.0.1:53."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 53))   # in a network namespace of our own
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                query, client = self.sock.recvfrom(512)
                if not query:
                    return
                end = query.index(0, 12) + 5
                kind = struct.unpack_from(">H", query, end - 4)[0]
                record = b"\xc0\x0c" + struct.pack(">HHIH4B", A, 1, 60, 4, 127, 0, 0, 1)
                found = record if kind == A else b""
                head = query[:2] + struct.pack(">5H", 0x8180, 1, bool(found), 0, 0)
                self.sock.sendto(head + query[12:end] + found, client)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", 53))
        self.sock.close()


@contextlib.contextmanager
def resolv_conf():
    """A wrapper for commands: they see a resolv.conf of ours in /etc."""
    with tempfile.NamedTemporaryFile("w", prefix="hale-bench-", suffix=".conf") as file:
        file.write("nameserver 127.0.0.1\n")
        file.flush()
        os.chmod(file.name, 0o644)
        yield ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && "$@"',
               file.name]


def clients(bench, url):
    found = {"hale": [bench.programs.hale, "check", url]}
    if before := os.environ.get("BENCH_BEFORE"):
        found["before"] = [os.path.abspath(before), "check", url]
    if curl := shutil.which("curl"):
        found["curl"] = [curl, "-q", "-fsS", "-o", "/dev/null", url]
    return found


def system_calls(wrap, command):
    """By the command and its children; None without strace."""
    if shutil.which("strace") is None:
        return None
    with tempfile.NamedTemporaryFile(prefix="hale-bench-") as lines:
        subprocess.run([*wrap, "strace", "-f", "-qq", "-o", lines.name, *command], check=True,
                       stdout=subprocess.DEVNULL)
        # A call that another process's cut in two is "<unfinished ...>" at first.
        return sum(b"(" in line and b" resumed>" not in line and b" +++" not in line
                   for line in lines)


def name_check(bench):
    floor = next(server for server in bench.servers if server.name == "floor")
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.closing(NameServer()))
        wrap = stack.enter_context(resolv_conf())
        port = stack.enter_context(floor.started()).port
        asked = clients(bench, f"http://{NAME}:{port}/")
        cpu = {name: [] for name in asked}
        for done in range(bench.rounds):
            for name, command in asked.items():
                bench.progress(f"name check: round {done + 1}/{bench.rounds}, {name}")
                words = [*wrap, bench.programs.path("once"), "cpu", str(RUNS_PER_ROUND), *command]
                lines = subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE)
                cpu[name].append(statistics.mean(map(int, lines.stdout.split())))
        bench.progress("name check: system calls")
        calls = {name: system_calls(wrap, command) for name, command in asked.items()}
    known = {name: count for name, count in calls.items() if count is not None}
    to = "before" if "before" in asked else "curl"
    bound = OF_BEFORE_MAX if to == "before" else 1.0
    of_calls = known["hale"] / known[to] if {"hale", to} <= set(known) else None
    of_cpu = rows.ratio(cpu, "hale", to)
    return [
        rows.Row("one HTTP check by name: system calls", f"<= {bound} x {to}",
                 {name: f"{count}" for name, count in known.items()},
                 rows.times(of_calls), rows.within(of_calls, bound)),
        rows.Row("one HTTP check by name: CPU us", f"<= {bound} x {to}",
                 {name: f"{value / 1000:.0f}" for name, value in rows.medians(cpu).items()},
                 rows.times(of_cpu), rows.within(of_cpu, bound),
                 f"{rows.noise(cpu['hale']):.2f}"),
    ]


ROWS = {"name-check": name_check}
