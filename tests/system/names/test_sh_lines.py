# SPDX-License-Identifier: MIT
"""Real health checks, by busybox' sh with the original tools and by hale called sh, which
stands in a root where there is nothing else but /dev/null."""
import http.server
import os
import shutil
import socket
import stat
import subprocess
import threading

import pytest

import harness
import health_lines

pytestmark = pytest.mark.static_only  # it runs where there is nothing else

BODY = (b'{"status":"UP","ready": true}\n{"status":"green"} {"status":"ready"}\n'
        b'OK akeneo_pim_product is ok, Healthy\n')


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = BODY if self.server.status == 200 else b'{"error":"down"}\n'
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that has left


@pytest.fixture(scope="module")
def ports():
    """A healthy one, one that fails, one where nobody listens."""
    servers = []
    for status in (200, 500):
        servers.append(Quiet(("127.0.0.1", 0), Answer))
        servers[-1].status = status
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nothing else takes it
        yield {"healthy": servers[0].server_port, "failing": servers[1].server_port,
               "absent": closed.getsockname()[1]}
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A root with /bin/sh, which is hale, and /dev/null, as every engine makes it."""
    folder = tmp_path_factory.mktemp("root")
    (folder / "bin").mkdir()
    (folder / "dev").mkdir()
    if os.getuid() == 0:
        os.mknod(folder / "dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    shutil.copy(harness.HALE, folder / "bin/sh")
    return folder


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """A PATH of the original tools: busybox' shell and grep, curl, GNU wget, nc."""
    folder = tmp_path_factory.mktemp("originals")
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed")
    for tool in ("sh", "grep"):
        (folder / tool).symlink_to(busybox)
    for tool in ("curl", "wget", "nc"):  # busybox' nc has no -z in Debian
        if found := shutil.which(tool):
            (folder / tool).symlink_to(found)
    return folder


def environment(port, path):
    there = {name: value.format(port=port)
             for name, value in health_lines.ENVIRONMENT.items()}
    return there | {"PATH": str(path)}


def run(program, line, env, root=None):
    return subprocess.run(
        [program, "-c", line], env=env, capture_output=True, stdin=subprocess.DEVNULL,
        timeout=harness.DEADLINE,
        preexec_fn=None if root is None else lambda: (os.chroot(root), os.chdir("/")))


def by_hale(root, line, port):
    if os.getuid() != 0:
        return run(str(root / "bin/sh"), line, environment(port, root / "bin"))
    return run("/bin/sh", line, environment(port, "/bin"), root)


def names(rows):
    return [row[0][:70].replace("\n", " ") for row in rows]


def test_the_table_is_large_enough():
    lines = [row[0] for row in health_lines.SAME + health_lines.REFUSED]
    assert len(set(lines)) == len(lines) >= 60


@pytest.mark.parametrize("server", ["healthy", "failing", "absent"])
@pytest.mark.parametrize("row", health_lines.SAME, ids=names(health_lines.SAME))
def test_a_line_exits_as_with_the_original_tools(row, server, ports, root, originals):
    line = row[0].format(port=ports[server])
    if line.startswith("nc ") and not (originals / "nc").exists():
        pytest.skip("nc is not installed")
    there = run(str(originals / "sh"), line, environment(ports[server], originals))
    here = by_hale(root, line, ports[server])
    assert here.returncode == there.returncode, (line, there, here)


NO_NULL = b"sh: /dev/null: No such file or directory\n"


@pytest.mark.skipif(os.getuid() != 0, reason="chroot() needs root")
@pytest.mark.parametrize("line,code,printed,told", [
    ("echo a; grep -q a || exit 4", 4, b"a\n", b""),
    ("curl -sf http://127.0.0.1:{port}/ | grep -q OK && echo good", 0, b"good\n", b""),
    ("echo a >/dev/null; echo $?", 0, b"1\n", NO_NULL),
    (">/dev/null; echo $?", 0, b"1\n", NO_NULL),
    ("grep -q a </dev/null || exit 4", 4, b"", NO_NULL),
    ("curl -sf http://127.0.0.1:{port}/ >/dev/null 2>&1 || exit 3", 3, b"", NO_NULL),
    ("exit 0 >/dev/null; echo a", 2, b"", b'sh: "/dev/null": No such file or directory\n'),
    (": 2>/dev/null; echo a", 2, b"", b'sh: "/dev/null": No such file or directory\n'),
])
def test_without_dev_null_what_needs_it_does_not_run(line, code, printed, told, ports, root,
                                                     tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(root / "bin/sh", tmp_path / "bin/sh")
    done = by_hale(tmp_path, line.format(port=ports["healthy"]), ports["healthy"])
    assert (done.returncode, done.stdout, done.stderr) == (code, printed, told)


@pytest.mark.parametrize("row", health_lines.REFUSED, ids=names(health_lines.REFUSED))
def test_a_line_is_refused_in_one_line_that_names_the_word(row, ports, root):
    line, word, _, why = row
    here = by_hale(root, line, ports["healthy"])
    told = here.stderr.decode()
    assert here.returncode == 2 and here.stdout == b"", (line, here)
    assert told.count("\n") == 1 and told.startswith("sh: \"") and "refused" in told, why
    assert told.split('"')[1] == word
