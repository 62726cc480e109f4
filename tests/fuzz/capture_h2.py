#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""capture_h2.py HALE - what real clients send by HTTP/2, for tests/fuzz/corpus/h2.

Starts HALE behind a proxy of bytes, lets every client that is here ask it, and writes
what each connection sent into client-NAME[-N]. A client that is missing is named; its
file stays as it is.
"""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/system/lib"))
import grpc_peers  # noqa: E402  pylint: disable=wrong-import-position

CORPUS = TOP / "tests/fuzz/corpus/h2"
LARGEST = 12000   # bytes of a file: a prefix of what came
LIMIT_S = 20
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Proxy:
    """Passes connections on to a port; `sent` has what each client has sent."""

    def __init__(self, to):
        self.to, self.sent = to, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client = self.listener.accept()[0]
            server = socket.create_connection(("127.0.0.1", self.to))
            self.sent.append(bytearray())
            for source, sink, log in ((client, server, self.sent[-1]),
                                      (server, client, bytearray())):
                threading.Thread(target=self.copy, args=(source, sink, log), daemon=True).start()

    @staticmethod
    def copy(source, sink, log):
        with contextlib.suppress(OSError):
            while got := source.recv(65536):
                log += got
                sink.sendall(got)
            sink.shutdown(socket.SHUT_WR)


def accepts(port):
    """Waits for who listens there."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), LIMIT_S).close()
            return
    raise TimeoutError(f"nobody listens on port {port}")


@contextlib.contextmanager
def running(*words):
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def peer(name, target):
    """A gRPC library: Checks, a Watch that ends, List, errors, and long metadata."""
    made = grpc_peers.made(name)
    if isinstance(made, str):
        return made
    words, env = made
    calls = [["check", "--timeout", "5s", "--one-connection", "--n", "4", "--parallel", "2",
              target],
             ["check", "--timeout", "5s", "--one-connection", target, "none"],
             ["check", "--timeout", "5s", "--metadata", "8000", target, "live"],
             ["check", "--timeout", "5s", "--gzip", target, "live"],
             ["watch", "--timeout", "1s", "--no-block", target, "ready"],
             ["call", "--timeout", "5s", target, grpc_peers.HEALTH + "List"]]
    for call in calls:
        subprocess.run([*words, *call], env=env, timeout=LIMIT_S, check=False,
                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return None


def tool(words, target):
    """A program that asks by itself."""
    program = shutil.which(words[0], path=PATH)
    if program is None:
        return "it is not here"
    subprocess.run([program, *(word.replace("TARGET", target) for word in words[1:])],
                   timeout=LIMIT_S, check=False, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return None


def haproxy(proxy, target):
    """Its check, over h2."""
    program = shutil.which("haproxy", path=PATH)
    if program is None:
        return "it is not here"
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as conf:
        conf.write("defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n"
                   f"  timeout server 5s\nfrontend f\n  bind 127.0.0.1:{free_port()}\n"
                   "  default_backend b\nbackend b\n  option httpchk GET /readyz\n"
                   f"  server s {target} check inter 100ms proto h2 check-proto h2\n")
        conf.flush()
        with running(program, "-f", conf.name):
            end = time.monotonic() + LIMIT_S
            while not any(proxy.sent) and time.monotonic() < end:
                pass
    return None


def nginx(target):
    """A call that it passes on."""
    program, made = shutil.which("nginx", path=PATH), grpc_peers.made("go")
    if program is None or isinstance(made, str):
        return "it or grpc-go is not here"
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        conf = pathlib.Path(folder, "conf")
        conf.write_text(f"daemon off; pid {folder}/pid; error_log /dev/null; events {{}}\n"
                        f"http {{ access_log off; server {{ listen 127.0.0.1:{port} http2;\n"
                        f"location / {{ grpc_pass grpc://{target}; }} }} }}\n", encoding="ascii")
        with running(program, "-p", folder, "-c", str(conf)):
            accepts(port)
            subprocess.run([*made[0], "check", "--timeout", "5s", f"127.0.0.1:{port}", "live"],
                           env=made[1], timeout=LIMIT_S, check=False, stdout=subprocess.DEVNULL)
    return None


def keep(name, sent):
    """One file for each connection that differs in length from those before it."""
    kept = set()
    for bytes_ in sent:
        if bytes_ and len(bytes_) not in kept:
            number = f"-{len(kept) + 1}" if kept else ""
            kept.add(len(bytes_))
            (CORPUS / f"client-{name}{number}").write_bytes(bytes_[:LARGEST])
    return len(kept)


def main(hale):
    port = free_port()
    CORPUS.mkdir(exist_ok=True)
    with running(hale, "--listen", f"127.0.0.1:{port}", "sleep", "600"):
        accepts(port)
        for name, ask in [
                *((name, lambda proxy, target, name=name: peer(name.replace("_", " "), target))
                  for name in ("go", "newest_go", "python", "js")),
                *((words[0], lambda proxy, target, words=words: tool(words, target)) for words in (
                    ["curl", "-s", "--http2-prior-knowledge", "-d", "x=y", "http://TARGET/livez",
                     "http://TARGET/readyz", "http://TARGET/"],
                    ["nghttp", "-n", "http://TARGET/livez", "http://TARGET/status"],
                    ["h2load", "-n", "30", "-m", "10", "http://TARGET/livez"])),
                ("haproxy", haproxy), ("nginx", lambda proxy, target: nginx(target))]:
            proxy = Proxy(port)
            trouble = ask(proxy, f"127.0.0.1:{proxy.port}")
            print(f"{name}: {trouble or f'{keep(name, proxy.sent)} files'}")


if __name__ == "__main__":
    main(sys.argv[1])
