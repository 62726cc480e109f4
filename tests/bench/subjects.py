# SPDX-License-Identifier: MIT
"""What is compared: inits and probe servers, and how each is started."""

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import measure

_ports = itertools.count(21000)     # in a network namespace of our own

NGINX_CONF = """\
daemon off;
worker_processes 1;
pid {dir}/pid;
error_log /dev/null crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{port}{listen};
        default_type text/plain;
        location / {{ return 200 "ok"; }}
    }}
}}
"""


def next_port():
    return next(_ports)


class Programs:
    """Where hale and the benchmark's own programs are."""

    def __init__(self, hale):
        self.hale = os.path.abspath(hale)
        self.dir = os.path.join(os.path.dirname(self.hale), "bench")

    def path(self, name):
        return os.path.join(self.dir, name)

    def shipped(self, path):
        """A copy, written from front to back as the files of an image are.

        How a file came into the page cache decides in how large pieces the
        kernel maps it: the same bytes, as the linker wrote them, start up to
        3 % slower or faster.
        """
        if not os.access(path, os.X_OK):
            return path
        shipped = self.path("shipped")
        os.makedirs(shipped, exist_ok=True)
        copy = os.path.join(shipped, os.path.basename(path))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(copy)     # new pages, not the old ones anew
        return shutil.copy(path, copy)


class Init:
    """One init; its command line for a service."""

    def __init__(self, name, path, options=lambda: ["--"]):
        self.name = name
        self.path = path
        self._options = options

    def command(self, *service):
        return [self.path, *self._options(), *service]


def inits(programs):
    """All there are on this machine: hale, our floor, the peers."""
    hale = programs.shipped(programs.hale)
    found = [
        Init("hale", hale,
             lambda: ["--listen", f"127.0.0.1:{next_port()}", "--"]),
        Init("floor", programs.shipped(programs.path("floor_init")),
             lambda: [str(next_port())]),
    ]
    for name in ("tini", "tini-static", "dumb-init", "catatonit"):
        path = shutil.which(name)
        if path is not None:
            found.append(Init(name, programs.shipped(path)))
    return [init for init in found if os.access(init.path, os.X_OK)]


def by_name(programs, name):
    """hale as the init of that name: a link to the copy that "hale" is."""
    folder = os.path.join(os.path.dirname(programs.path("shipped")), "names")
    os.makedirs(folder, exist_ok=True)
    link = os.path.join(folder, name)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(link)
    os.symlink(os.path.join(programs.path("shipped"), os.path.basename(programs.hale)), link)
    return Init(f"hale as {name}", link)


class Running:
    """A process under measurement: its pid, the streams of its service."""

    def __init__(self, pid, stdin=None, stdout=None, port=None):
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.port = port


@contextlib.contextmanager
def as_pid_1(programs, command, service_is_ready=True):
    """Runs the command as PID 1 of a new PID namespace."""
    with subprocess.Popen([programs.path("launch"), *command],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, bufsize=1) as launch:
        pid = int(launch.stdout.readline())
        try:
            if service_is_ready:
                _expect(launch.stdout, "ready", command)
            yield Running(pid, launch.stdin, launch.stdout)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _expect(stream, word, command):
    line = stream.readline()
    if line.strip() != word:
        raise RuntimeError(f"{' '.join(command)}: said {line!r}, not {word!r}")


class Server:
    """One probe server: `started()` yields it as Running, with a port."""

    def __init__(self, name, started):
        self.name = name
        self.started = started


def servers(programs):
    found = [
        Server("hale", lambda: _hale_server(programs)),
        Server("floor", lambda: _floor_server(programs)),
    ]
    if os.access(programs.hale, os.X_OK) is False:
        del found[0]
    if nginx_path() is not None:
        found.append(Server("nginx", lambda: _nginx("")))
        found.append(Server("nginx-deferred", lambda: _nginx(" deferred")))
    return found


def nginx_path():
    path = "/usr/sbin/nginx"
    return path if os.access(path, os.X_OK) else shutil.which("nginx")


@contextlib.contextmanager
def _hale_server(programs):
    port = next_port()
    command = [programs.hale, "--listen", f"127.0.0.1:{port}", "--",
               programs.path("sleeper")]
    with as_pid_1(programs, command) as hale:
        hale.port = port
        yield hale


@contextlib.contextmanager
def _floor_server(programs):
    port = next_port()
    with _ended(subprocess.Popen([programs.path("floor_server"),
                                  str(port)])) as server:
        wait_for_port(port)
        yield Running(server.pid, port=port)


@contextlib.contextmanager
def _nginx(listen):
    port = next_port()
    with tempfile.TemporaryDirectory(prefix="hale-bench-") as directory:
        os.chmod(directory, 0o755)
        conf = os.path.join(directory, "nginx.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(NGINX_CONF.format(dir=directory, port=port,
                                         listen=listen))
        command = [nginx_path(), "-p", directory, "-c", conf]
        with _ended(subprocess.Popen(command)) as master:
            wait_for_port(port)
            yield Running(measure.children(master.pid)[0], port=port)


@contextlib.contextmanager
def _ended(process):
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for_port(port, limit_s=10.0):
    deadline = time.monotonic() + limit_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
