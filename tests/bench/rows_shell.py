# SPDX-License-Identifier: MIT
"""Row of the shell form of a health check, beside busybox' sh with curl."""

import os
import shutil
import statistics
import tempfile

import rows

RUNS_PER_ROUND = 40
CPU_OF_BUSYBOX_MAX = 0.07


def shells(bench, folder, line):
    """{name: command}; hale is called sh by a link of that name."""
    sh = os.path.join(folder, "sh")
    os.symlink(bench.programs.hale, sh)
    found = {"hale": [sh, "-c", line]}
    if (busybox := shutil.which("busybox")) and shutil.which("curl"):
        found["busybox and curl"] = [busybox, "sh", "-c", line]
    return found


def shell_form(bench):
    floor = next(server for server in bench.servers if server.name == "floor")
    with floor.started() as server, tempfile.TemporaryDirectory(prefix="hale-bench-") as folder:
        line = f"curl -fs http://127.0.0.1:{server.port}/ || exit 1"
        commands = shells(bench, folder, line)
        cpu = {name: [] for name in commands}
        for done in range(bench.rounds):
            for name, command in commands.items():
                bench.progress(f"shell form: round {done + 1}/{bench.rounds}, {name}")
                lines = bench.tool("once", "cpu", RUNS_PER_ROUND, *command)
                cpu[name].append(statistics.median(int(line[0]) for line in lines))
    of_busybox = rows.ratio(cpu, "hale", "busybox and curl")
    return [rows.Row("sh -c 'curl -fs URL || exit 1': CPU us",
                     f"<= {CPU_OF_BUSYBOX_MAX} x busybox sh and curl",
                     {name: f"{value / 1000:.0f}" for name, value in rows.medians(cpu).items()},
                     rows.times(of_busybox), rows.within(of_busybox, CPU_OF_BUSYBOX_MAX),
                     f"{rows.noise(cpu['hale']):.2f}")]


ROWS = {"shell-form": shell_form}
