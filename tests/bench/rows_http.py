# SPDX-License-Identifier: MIT
"""Rows of the client: one HTTP check, and a plain transfer, beside curl."""

import contextlib
import functools
import http.server
import os
import re
import shutil
import socketserver
import statistics
import subprocess
import tempfile
import threading

import rows

RUNS_PER_ROUND = 40
TRANSFER_MIB = 256
INSTRUCTIONS_MAX = 60000
PEAK_KB_MAX = 120
CPU_OF_CURL_MAX = 0.05


def clients(bench, url):
    """{name: command} of a health check; curl's is what images write."""
    found = {"hale": [bench.programs.hale, "check", url]}
    if curl := shutil.which("curl"):
        found["curl"] = [curl, "-q", "-fsS", "-o", "/dev/null", url]
    return found


def instructions(command):
    """Of the whole process, its start included; None without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           *command], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def http_check(bench):
    floor = next(server for server in bench.servers if server.name == "floor")
    with floor.started() as server:
        commands = clients(bench, f"http://127.0.0.1:{server.port}/")
        # What the start and the end of a bare static program cost here.
        timed = commands | {"floor": [bench.programs.path("stamp")]}
        cpu = {name: [] for name in timed}
        for done in range(bench.rounds):
            for name, command in timed.items():
                bench.progress(f"http check: round {done + 1}/{bench.rounds}, {name}")
                lines = bench.tool("once", "cpu", RUNS_PER_ROUND, *command)
                cpu[name].append(statistics.median(int(line[0]) for line in lines))
        peaks = {name: bench.tool("once", "memory", 1, *command)[0]
                 for name, command in commands.items()}
        bench.progress("http check: instructions")
        counts = {name: instructions(command) for name, command in commands.items()}
    of_curl = rows.ratio(cpu, "hale", "curl")
    known = {name: count for name, count in counts.items() if count is not None}
    return [
        rows.Row("one HTTP check: instructions", f"<= {INSTRUCTIONS_MAX:,}",
                 {name: f"{count:,}" for name, count in known.items()},
                 good=rows.within(known.get("hale"), INSTRUCTIONS_MAX)),
        rows.Row("one HTTP check: private memory / VmHWM, KB", f"private <= {PEAK_KB_MAX}",
                 {name: " / ".join(peak) for name, peak in peaks.items()},
                 good=rows.within(int(peaks["hale"][0]), PEAK_KB_MAX)),
        rows.Row("one HTTP check: CPU us", f"<= {CPU_OF_CURL_MAX} x curl",
                 {name: f"{value / 1000:.0f}" for name, value in rows.medians(cpu).items()},
                 rows.times(of_curl), rows.within(of_curl, CPU_OF_CURL_MAX),
                 f"{rows.noise(cpu['hale']):.2f}"),
    ]


@contextlib.contextmanager
def file_server(folder):
    """Python's own: it sends a file by sendfile, and CPU is not its matter."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *unused):
            pass

        def copyfile(self, source, outputfile):
            self.connection.sendfile(source)

    class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/file"
    server.shutdown()


def http_transfer(bench):
    with tempfile.TemporaryDirectory(prefix="hale-bench-") as folder:
        with open(os.path.join(folder, "file"), "wb") as file:
            file.truncate(TRANSFER_MIB << 20)
        with file_server(folder) as url:
            commands = {"hale": [bench.programs.hale, "get", "-sfo", "/dev/null", url]}
            if curl := shutil.which("curl"):
                commands["curl"] = [curl, "-q", "-sfo", "/dev/null", url]
            cpu = {name: [] for name in commands}
            for done in range(bench.rounds):
                for name, command in commands.items():
                    bench.progress(f"transfer: round {done + 1}/{bench.rounds}, {name}")
                    cpu[name].append(int(bench.tool("once", "cpu", 1, *command)[0][0]))
            peaks = {name: bench.tool("once", "memory", 1, *command)[0]
                     for name, command in commands.items()}
    of_curl = rows.ratio(cpu, "hale", "curl")
    return [rows.Row(f"get {TRANSFER_MIB} MiB, plain: CPU ms, VmHWM KB", "<= curl",
                     {name: f"{value / 1e6:.0f}, {peaks[name][1]}"
                      for name, value in rows.medians(cpu).items()},
                     rows.times(of_curl), rows.within(of_curl, 1.0),
                     f"{rows.noise(cpu['hale']):.2f}")]


ROWS = {"http-check": http_check, "http-get": http_transfer}
