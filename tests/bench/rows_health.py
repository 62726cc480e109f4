# SPDX-License-Identifier: MIT
"""The row of the supervisor's own checks, beside a client that is executed."""

import contextlib
import io
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tarfile
import time
import urllib.request

import rows
import subjects

CHECKS_S = 60
URLS = 5                # each twice a second: ten checks a second
INTERVAL = "500ms"
CURLS = 60              # one a second, for as long
EXECS = 20
IDLE_S = 5              # what the machine does meanwhile without them
ENGINE = pathlib.Path(__file__).parents[2] / "scripts" / "engine"
IMAGE = "hale-bench:curl"


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


@contextlib.contextmanager
def _engine():
    """The environment that reaches a Docker engine, or None without Docker."""
    if not all(map(shutil.which, ("docker", "dockerd", "curl"))):
        yield None
        return
    done = subprocess.run([ENGINE, "start"], capture_output=True, text=True)
    facts = dict(line.split("=", 1) for line in done.stdout.splitlines())
    try:
        yield {**os.environ, **facts} if facts else None
    finally:
        if facts.get("STARTED") == "yes":
            subprocess.run([ENGINE, "stop"], check=True)


def _curl_image(bench):
    """An archive of hale, a sleeping service, and curl with its libraries."""
    curl = shutil.which("curl")
    needs = subprocess.run(["ldd", curl], capture_output=True, text=True, check=True).stdout
    files = {name: name for name in re.findall(r"/\S+", needs)}
    files |= {"/curl": curl, "/hale": bench.programs.hale,
              "/sleeper": bench.programs.path("sleeper")}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", dereference=True) as tar:
        for name, path in files.items():
            tar.add(path, name.lstrip("/"))
    return archive.getvalue()


def _busy_ms():
    """CPU that the whole machine has spent: an exec is many processes' work."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, irq, softirq = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) * 1000 / os.sysconf("SC_CLK_TCK")


def _docker_exec_cpu_ms(bench):
    """CPU of one `docker exec` of curl, engine and all; None without Docker."""
    with _engine() as env:
        if env is None:
            return None

        def docker(*words, **more):
            return subprocess.run(["docker", *words], env=env, capture_output=True, check=True,
                                  **more).stdout.decode().strip()
        docker("import", "-", IMAGE, input=_curl_image(bench))
        box = docker("run", "-d", "--network", "none", IMAGE, "/hale", "--listen", "8080",
                     "/sleeper")
        try:
            ask = ("exec", box, "/curl", "-fsS", "--retry", "9", "--retry-connrefused",
                   "http://127.0.0.1:8080/livez")
            docker(*ask)
            at = [_busy_ms()]
            time.sleep(IDLE_S)
            at.append(_busy_ms())
            begun = time.monotonic()
            for _ in range(EXECS):
                docker(*ask)
            idle = (at[1] - at[0]) * (time.monotonic() - begun) / IDLE_S
            return (_busy_ms() - at[1] - idle) / EXECS
        finally:
            docker("rm", "-f", box)
            docker("rmi", IMAGE)


def checks(bench):
    floor = next(server for server in bench.servers if server.name == "floor")
    with floor.started() as server:
        url = f"http://127.0.0.1:{server.port}/"
        bench.progress(f"checks: {CHECKS_S} s")
        spent, count = _hale_cpu_ms(bench, url)
        curl = _curl_cpu_ms(url)
    bench.progress("checks: docker exec")
    by_exec = _docker_exec_cpu_ms(bench)
    cells = {"hale": f"{spent:.0f}"}
    if curl is not None:
        cells["curl alone"] = f"{curl * CHECKS_S:.0f}"
    good = None
    if by_exec is not None:
        cells["docker exec curl"] = f"{by_exec * CHECKS_S:.0f}"
        good = spent < by_exec * CHECKS_S and count >= 10 * CHECKS_S * 0.9
    return [rows.Row(f"ten checks a second for {CHECKS_S} s: CPU, ms",
                     "< docker exec curl once a second", cells, good=good,
                     note=f"{count} checks")]


ROWS = {"checks": checks}
