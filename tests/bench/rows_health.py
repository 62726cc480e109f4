# SPDX-License-Identifier: MIT
"""The row of the supervisor's own checks, beside a client that is executed."""

import json
import os
import shutil
import statistics
import subprocess
import time
import urllib.request

import rows
import subjects

CHECKS_S = 60
URLS = 5                # each twice a second: ten checks a second
INTERVAL = "500ms"
CURLS = 60              # one a second, for as long


def _cpu_ms(usage):
    return (usage.ru_utime + usage.ru_stime) * 1000


def _hale_cpu_ms(bench, url):
    """CPU of hale and its checkers, and how many checks that was."""
    port = subjects.next_port()
    words = ["-s", "--listen", f"127.0.0.1:{port}", "--interval", INTERVAL]
    words += ["--check", url] * URLS
    hale = subprocess.Popen([bench.programs.hale, *words, "--",
                             bench.programs.path("sleeper")],
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    subjects.wait_for_port(port)
    time.sleep(CHECKS_S)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/status") as answer:
        checks = json.load(answer)["checks"]
    hale.terminate()
    _, _, usage = os.wait4(hale.pid, 0)     # what it has waited for included
    hale.returncode = 0
    return _cpu_ms(usage), sum(check.get("passed", 0) for check in checks)


def _curl_cpu_ms(url):
    """CPU of one curl, as a health check runs it; None without curl."""
    curl = shutil.which("curl")
    if curl is None:
        return None
    taken = []
    for _ in range(CURLS):
        process = subprocess.Popen([curl, "-q", "-fsS", "-o", "/dev/null", url])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        taken.append(_cpu_ms(usage))
    return statistics.mean(taken)


def checks(bench):
    floor = next(server for server in bench.servers if server.name == "floor")
    with floor.started() as server:
        url = f"http://127.0.0.1:{server.port}/"
        bench.progress(f"checks: {CHECKS_S} s")
        spent, count = _hale_cpu_ms(bench, url)
        curl = _curl_cpu_ms(url)
    cells = {"hale": f"{spent:.0f}"}
    good = None
    note = f"{count} checks"
    if curl is not None:
        cells["curl"] = f"{curl * CHECKS_S:.0f}"
        good = spent < curl * CHECKS_S and count >= 10 * CHECKS_S * 0.9
        note += "; curl once a second, docker exec itself not counted"
    return [rows.Row(f"ten checks a second for {CHECKS_S} s: CPU, ms",
                     "< curl once a second", cells, good=good, note=note)]


ROWS = {"checks": checks}
