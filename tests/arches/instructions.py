# SPDX-License-Identifier: MIT
"""Counts the instructions of hale's HTTPS on every architecture, by a qemu plugin.

qemu counts all of them in one way, and the same whatever the machine's load is. Each
check is one of the same server: TLS 1.3, X25519, a P-256 leaf below a P-256 root.
"""
import contextlib
import functools
import os
import shutil
import ssl
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "../..")
sys.path.insert(0, os.path.join(TOP, "tests/system/lib"))
import pki  # noqa: E402
import tls_servers  # noqa: E402

QEMU = {"amd64": "x86_64", "arm64": "aarch64", "armhf": "arm", "i386": "i386",
        "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x"}
GCM, CHACHA = "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"
NO_AES = ("-cpu", "qemu64")     # x86-64 without AES and PCLMUL; else qemu has both
SHORT, LONG = 32 << 10, 160 << 10
COMPILE = ("gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-shared", "-fPIC")
_dir = tempfile.TemporaryDirectory(prefix="hale-instructions-")


def binary(arch):
    """Where make puts that architecture's."""
    return os.path.join(TOP, "build", "" if arch == "amd64" else arch, "hale")


def why_not(arch):
    """Why it cannot be counted here, or None."""
    if shutil.which("qemu-" + QEMU[arch]) is None:
        return f"qemu-{QEMU[arch]} is not installed: apt-get install qemu-user"
    if not os.path.exists(binary(arch)):
        return f"{binary(arch)} is not built: make" + (
            "" if arch == "amd64" else f" ARCH={arch}")
    return None


@functools.lru_cache(maxsize=None)
def _plugin():
    path = os.path.join(_dir.name, "counter.so")
    subprocess.run([*COMPILE, "-o", path, os.path.join(HERE, "counter.c")], check=True)
    return path


def count(arch, words, cpu=()):
    """Of that architecture's hale with these words, its start and end included."""
    path = os.path.join(_dir.name, "count")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    done = subprocess.run(["qemu-" + QEMU[arch], *cpu, "-plugin", f"{_plugin()},count={path}",
                           binary(arch), *words], capture_output=True, text=True, check=False,
                          timeout=120)
    assert done.returncode == 0, f"{arch} {cpu} {words}: {done.stderr}"
    with open(path, encoding="ascii") as file:
        return int(file.read())


class Server(tls_servers.Server):
    """Speaks that suite only; /N has N bytes."""

    def __init__(self, suite):
        self.suite = suite
        root = pki.root("O=Hale, CN=Instructions Root")
        leaf = pki.leaf(root, "IP:127.0.0.1")
        self.root = root.file
        self.context = tls_servers.context(leaf.file, leaf.key.file, suites=suite,
                                           low=ssl.TLSVersion.TLSv1_3,
                                           high=ssl.TLSVersion.TLSv1_3)
        self.context.num_tickets = 0
        super().__init__(self.answer)

    def answer(self, peer):
        with tls_servers.shake_hands(self.context, peer) as stream:
            size = int(tls_servers.read_head(stream).split(b" ")[1][1:])
            stream.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                           b"Content-Length: %d\r\n\r\n" % size + bytes(size))
            stream.unwrap()

    def words(self, command, size):
        return (*command, "--cacert", self.root, f"https://127.0.0.1:{self.port}/{size}")


def check(arch, server, cpu=()):
    return count(arch, server.words(("check", "--timeout", "60s"), 3), cpu)


def each_byte(arch, server, cpu=()):
    """Of what is got with that suite; the handshake takes no part."""
    short, long = (count(arch, server.words(("get", "-sSfo", "/dev/null"), size), cpu)
                   for size in (SHORT, LONG))
    return (long - short) / (LONG - SHORT)
