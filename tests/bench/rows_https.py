# SPDX-License-Identifier: MIT
"""Rows of TLS: one verified check over each version, and 1 GiB, beside curl,
against nginx.

curl is the newest that Debian gives (scripts/newcurl.sh), or the system's if that
cannot be had; its version is its column's name. A test root cannot be among the
anchors in the binary, so hale reads it from a file of one; `hale+bundle` reads
curl's bundle of all roots instead.
"""

import collections
import contextlib
import functools
import glob
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import rows
import rows_http

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(TOP, "tests/system/lib"))
import pki  # noqa: E402

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
NEWEST = os.path.join(TOP, "build/newcurl")
RUNS_PER_ROUND = 20
TRANSFER_MIB = 1024
TRANSFER_ROUNDS = 5
CHECK_ROUNDS = 9
UNBOUND_ROUNDS = 3          # of rows that nothing is asked of
CHACHA_MIB = 256            # four times the CPU a byte
INSTRUCTIONS_MAX = 28_100_000
PRIVATE_KB_MAX = 64
CPU_OF_CURL_MAX = 0.08
TRANSFER_OF_CURL_MAX = 0.95
PATIENT = ("--timeout", "30s")      # valgrind is slow
# What nginx speaks at each of its ports; round trips until the request can go.
Kind = collections.namedtuple("Kind", "what settings round_trips")
V13 = "ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites "
KINDS = {
    "1.3": Kind("TLS 1.3", f"{V13} TLS_AES_128_GCM_SHA256; ssl_ecdh_curve X25519;", 1),
    "hrr": Kind("TLS 1.3 with HelloRetryRequest",
                f"{V13} TLS_AES_128_GCM_SHA256; ssl_ecdh_curve prime256v1;", 2),
    "1.2": Kind("TLS 1.2", "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;"
                " ssl_ecdh_curve X25519;", 2),
    "chacha": Kind("ChaCha20", f"{V13} TLS_CHACHA20_POLY1305_SHA256; ssl_ecdh_curve X25519;", 1),
}
CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 64; }}
http {{
	access_log off; sendfile on; client_body_temp_path {folder};
	root {folder}; ssl_certificate {chain}; ssl_certificate_key {key};
	ssl_session_tickets off;
	{servers}
}}
"""


def free_ports(count):
    """Ports that nobody listens at, each another one."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in sockets]


class Server:
    def __init__(self, folder):
        root = pki.root("O=Hale, CN=Bench Root")
        leaf = pki.leaf(root, "IP:127.0.0.1")
        self.root = root.file
        self.bundle = os.path.join(folder, "bundle.pem")
        with open(self.bundle, "w", encoding="utf-8") as file:
            with open(BUNDLE, encoding="utf-8") as all_roots:
                file.write(all_roots.read())
            file.write(root.pem)
        self.ports = dict(zip(KINDS, free_ports(len(KINDS))))
        servers = [f"server {{ listen 127.0.0.1:{port} ssl; {KINDS[name].settings} }}"
                   for name, port in self.ports.items()]
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=folder, chain=leaf.file, key=leaf.key.file,
                                     servers="\n\t".join(servers)))
        self.process = subprocess.Popen(["nginx", "-c", config, "-p", folder],
                                        stderr=subprocess.DEVNULL)

    def url(self, kind, path):
        return f"https://127.0.0.1:{self.ports[kind]}/{path}"


@contextlib.contextmanager
def nginx():
    """An nginx that serves `small`, `large` and `chacha`, once it accepts."""
    with tempfile.TemporaryDirectory(prefix="hale-bench-") as folder:
        os.chmod(folder, 0o755)
        with open(os.path.join(folder, "small"), "w", encoding="ascii") as file:
            file.write("ok\n")
        for name, mib in ("large", TRANSFER_MIB), ("chacha", CHACHA_MIB):
            with open(os.path.join(folder, name), "wb") as file:
                file.truncate(mib << 20)
        server = Server(folder)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", server.ports["1.3"])).close()
                    break
                time.sleep(0.05)
            yield server
        finally:
            server.process.terminate()
            server.process.wait()


def newest_curl():
    """The words that start the newest curl, or None: its wrapper's, since the
    start of a shell would be counted as curl's."""
    if not os.path.exists(NEWEST + "/version"):     # bench itself has no network
        return None
    loader, = glob.glob(NEWEST + "/root/usr/lib/*/ld-linux-*")
    os.environ["OPENSSL_CONF"] = "/dev/null"    # the system's is for another OpenSSL
    return [loader, "--library-path", os.path.dirname(loader), "--argv0", "curl",
            NEWEST + "/root/usr/bin/curl"]


@functools.lru_cache(maxsize=None)
def curl():
    """(its name with the version, the words that start it), or None."""
    found = newest_curl() or [program for program in [shutil.which("curl")] if program]
    if not found:
        return None
    said = subprocess.run([*found, "--version"], capture_output=True, text=True, check=True)
    return "curl " + said.stdout.split()[1], found


def commands(bench, server, url, hale, arguments):
    found = {"hale": [bench.programs.hale, *hale, "--cacert", server.root, url],
             "hale+bundle": [bench.programs.hale, *hale, "--cacert", server.bundle, url]}
    if curl() is not None:
        name, words = curl()
        found[name] = [*words, "-q", *arguments, "--cacert", server.bundle, url]
    return found


def of_curl(cpu):
    return rows.ratio(cpu, "hale", curl()[0]) if curl() is not None else None


def verdict(value, bound):
    return None if bound is None else rows.within(value, bound)


def check_commands(bench, server, kind):
    return commands(bench, server, server.url(kind, "small"), ["check", *PATIENT],
                    ["-fsS", "-o", "/dev/null"])


def check_cpu(bench, server, kind, rounds, bound):
    asked = check_commands(bench, server, kind)
    cpu = {name: [] for name in asked}
    for done in range(min(bench.rounds, rounds)):
        for name, command in asked.items():
            bench.progress(f"https check, {kind}: round {done + 1}, {name}")
            lines = bench.tool("once", "cpu", RUNS_PER_ROUND, *command)
            # The clock of rusage ticks in jiffies on some kernels: means.
            cpu[name].append(statistics.mean(int(line[0]) for line in lines))
    ratio = of_curl(cpu)
    return rows.Row(f"one HTTPS check, {KINDS[kind].what}: CPU us",
                    f"<= {bound} x curl" if bound else "-",
                    {name: f"{value / 1000:.0f}" for name, value in rows.medians(cpu).items()},
                    rows.times(ratio), verdict(ratio, bound),
                    f"{rows.noise(cpu['hale']):.2f}")


def check_instructions(bench, server, kind, bound):
    bench.progress(f"https check, {kind}: instructions")
    counts = {name: rows_http.instructions(command)
              for name, command in check_commands(bench, server, kind).items()}
    known = {name: count for name, count in counts.items() if count is not None}
    return rows.Row(f"one HTTPS check, {KINDS[kind].what}: M instructions",
                    f"<= {bound / 1e6:.1f}" if bound else "-",
                    {name: f"{count / 1e6:.1f}" for name, count in known.items()},
                    good=verdict(known.get("hale"), bound))


def check_memory(bench, server):
    os.sync()   # a page of a fresh file counts as dirty until it is written
    peaks = {name: bench.tool("once", "memory", 1, *command)[0]
             for name, command in check_commands(bench, server, "1.3").items()}
    return rows.Row("one HTTPS check, TLS 1.3: private memory / VmHWM, KB",
                    f"private <= {PRIVATE_KB_MAX}",
                    {name: " / ".join(peak) for name, peak in peaks.items()},
                    good=rows.within(int(peaks["hale"][0]), PRIVATE_KB_MAX))


def count_round_trips(command):
    """How often the server was waited for until the request could go: what we send
    in one go is a flight, the last two are the request and the close_notify."""
    done = subprocess.run(["strace", "-qq", "-e", "trace=sendto,recvfrom", *command],
                          capture_output=True, text=True, check=True)
    calls = re.findall(r"^(sendto|recvfrom)\(.* = (\d+)$", done.stderr, re.MULTILINE)
    heard = [name == "recvfrom" for name, _ in calls]
    flights = sum(1 for before, now in zip([True] + heard, heard) if before and not now)
    return flights - 2


def round_trips(bench, server):
    if shutil.which("strace") is None:
        return []
    kinds = ("1.3", "hrr", "1.2")
    found = [count_round_trips(check_commands(bench, server, kind)["hale"]) for kind in kinds]
    bounds = [KINDS[kind].round_trips for kind in kinds]
    return [rows.Row("TLS handshake, round trips: 1.3 / 1.3 with HelloRetryRequest / 1.2",
                     " / ".join(map(str, bounds)), {"hale": " / ".join(map(str, found))},
                     good=found == bounds)]


def https_check(bench):
    if shutil.which("nginx") is None:
        return []
    with nginx() as server:
        return [
            check_instructions(bench, server, "1.3", INSTRUCTIONS_MAX),
            check_instructions(bench, server, "hrr", None),
            check_instructions(bench, server, "1.2", None),
            check_memory(bench, server),
            check_cpu(bench, server, "1.3", CHECK_ROUNDS, CPU_OF_CURL_MAX),
            check_cpu(bench, server, "1.2", UNBOUND_ROUNDS, None),
            *round_trips(bench, server),
        ]


def transfer(bench, server, kind, path, what, rounds, bound):
    asked = commands(bench, server, server.url(kind, path), ["get", "-sfo", "/dev/null"],
                     ["-sfo", "/dev/null"])
    del asked["hale+bundle"]
    cpu = {name: [] for name in asked}
    for done in range(min(bench.rounds, rounds)):
        for name, command in asked.items():
            bench.progress(f"get {what}: round {done + 1}, {name}")
            cpu[name].append(int(bench.tool("once", "cpu", 1, *command)[0][0]))
    ratio = of_curl(cpu)
    return rows.Row(f"get {what}: CPU ms", f"<= {bound} x curl" if bound else "-",
                    {name: f"{value / 1e6:.0f}" for name, value in rows.medians(cpu).items()},
                    rows.times(ratio), verdict(ratio, bound),
                    f"{rows.noise(cpu['hale']):.2f}")


def https_transfer(bench):
    if shutil.which("nginx") is None:
        return []
    with nginx() as server:
        return [
            transfer(bench, server, "1.3", "large",
                     f"{TRANSFER_MIB} MiB, TLS 1.3, AES-128-GCM", TRANSFER_ROUNDS,
                     TRANSFER_OF_CURL_MAX),
            transfer(bench, server, "chacha", "chacha",
                     f"{CHACHA_MIB} MiB, TLS 1.3, ChaCha20-Poly1305", UNBOUND_ROUNDS, None),
        ]


ROWS = {"https-check": https_check, "https-get": https_transfer}
