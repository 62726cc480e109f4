# SPDX-License-Identifier: MIT
"""Rows of TLS: one verified check, and 1 GiB, beside curl, against nginx.

A test root cannot be among the anchors in the binary, so hale reads it from a
file of one; `hale+bundle` reads curl's bundle of all roots instead.
"""

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import rows
import rows_http

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../system/lib"))
import pki  # noqa: E402

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
RUNS_PER_ROUND = 20
TRANSFER_MIB = 1024
INSTRUCTIONS_MAX = 30_000_000
PEAK_KB_MAX = 300
CPU_OF_CURL_MAX = 0.1
CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 64; }}
http {{
	access_log off; sendfile on; client_body_temp_path {folder};
	server {{
		listen 127.0.0.1:{port} ssl; root {folder};
		ssl_certificate {chain}; ssl_certificate_key {key};
		ssl_protocols TLSv1.2; ssl_ecdh_curve X25519;
		ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;
		ssl_session_tickets off;
	}}
}}
"""


class Server:
    def __init__(self, folder, port):
        root = pki.root("O=Hale, CN=Bench Root")
        leaf = pki.leaf(root, "IP:127.0.0.1")
        self.root = root.file
        self.bundle = os.path.join(folder, "bundle.pem")
        with open(self.bundle, "w", encoding="utf-8") as file:
            with open(BUNDLE, encoding="utf-8") as all_roots:
                file.write(all_roots.read())
            file.write(root.pem)
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=folder, port=port, chain=leaf.file,
                                     key=leaf.key.file))
        self.url = f"https://127.0.0.1:{port}/"
        self.process = subprocess.Popen(["nginx", "-c", config, "-p", folder],
                                        stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def nginx():
    """An nginx that serves `small` and `large`, once it accepts."""
    with tempfile.TemporaryDirectory(prefix="hale-bench-") as folder:
        os.chmod(folder, 0o755)
        with open(os.path.join(folder, "small"), "w", encoding="ascii") as file:
            file.write("ok\n")
        with open(os.path.join(folder, "large"), "wb") as file:
            file.truncate(TRANSFER_MIB << 20)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = Server(folder, port)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.05)
            yield server
        finally:
            server.process.terminate()
            server.process.wait()


def commands(bench, server, path, hale, curl):
    url = server.url + path
    found = {"hale": [bench.programs.hale, *hale, "--cacert", server.root, url],
             "hale+bundle": [bench.programs.hale, *hale, "--cacert", server.bundle, url]}
    if program := shutil.which("curl"):
        found["curl"] = [program, "-q", *curl, "--cacert", server.bundle, url]
    return found


def https_check(bench):
    if shutil.which("nginx") is None:
        return []
    with nginx() as server:
        asked = commands(bench, server, "small", ["check"], ["-fsS", "-o", "/dev/null"])
        cpu = {name: [] for name in asked}
        for done in range(bench.rounds):
            for name, command in asked.items():
                bench.progress(f"https check: round {done + 1}/{bench.rounds}, {name}")
                lines = bench.tool("once", "cpu", RUNS_PER_ROUND, *command)
                # The clock of rusage ticks in jiffies on some kernels: means.
                cpu[name].append(statistics.mean(int(line[0]) for line in lines))
        peaks = {name: bench.tool("once", "memory", 1, *command)[0]
                 for name, command in asked.items()}
        bench.progress("https check: instructions")
        counts = {name: rows_http.instructions(command) for name, command in asked.items()}
    of_curl = rows.ratio(cpu, "hale", "curl")
    known = {name: count for name, count in counts.items() if count is not None}
    return [
        rows.Row("one HTTPS check: M instructions",
                 f"<= {INSTRUCTIONS_MAX / 1e6:.0f}",
                 {name: f"{count / 1e6:.1f}" for name, count in known.items()},
                 good=rows.within(known.get("hale"), INSTRUCTIONS_MAX)),
        rows.Row("one HTTPS check: private memory / VmHWM, KB", f"VmHWM <= {PEAK_KB_MAX}",
                 {name: " / ".join(peak) for name, peak in peaks.items()},
                 good=rows.within(int(peaks["hale"][1]), PEAK_KB_MAX)),
        rows.Row("one HTTPS check: CPU us", f"<= {CPU_OF_CURL_MAX} x curl",
                 {name: f"{value / 1000:.0f}" for name, value in rows.medians(cpu).items()},
                 rows.times(of_curl), rows.within(of_curl, CPU_OF_CURL_MAX),
                 f"{rows.noise(cpu['hale']):.2f}"),
    ]


def https_transfer(bench):
    if shutil.which("nginx") is None:
        return []
    with nginx() as server:
        asked = commands(bench, server, "large", ["get", "-sfo", "/dev/null"],
                         ["-sfo", "/dev/null"])
        del asked["hale+bundle"]
        cpu = {name: [] for name in asked}
        for done in range(min(bench.rounds, 5)):
            for name, command in asked.items():
                bench.progress(f"https get: round {done + 1}, {name}")
                cpu[name].append(int(bench.tool("once", "cpu", 1, *command)[0][0]))
    of_curl = rows.ratio(cpu, "hale", "curl")
    return [rows.Row(f"get {TRANSFER_MIB} MiB, AES-128-GCM: CPU ms", "<= curl",
                     {name: f"{value / 1e6:.0f}"
                      for name, value in rows.medians(cpu).items()},
                     rows.times(of_curl), rows.within(of_curl, 1.0),
                     f"{rows.noise(cpu['hale']):.2f}")]


ROWS = {"https-check": https_check, "https-get": https_transfer}
