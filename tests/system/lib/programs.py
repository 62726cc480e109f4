"""What the tests with real programs from packages share."""
import pathlib
import re
import shutil
import struct

import pytest

from harness import FIRST, PATH, PORT, until

TERM, INT, QUIT, USR1, USR2, HUP, WINCH, KILL = 15, 2, 3, 10, 12, 1, 28, 9
PROBES = ["--listen", "8080"]
SERVED = 8000  # where each program serves, in the network of its own box
BIG = 300_000  # bytes of nginx's page that takes about a second to serve


def path_of(name):
    return shutil.which(name, path=PATH)


def needs(name):
    return pytest.mark.skipif(path_of(name) is None, reason=f"there is no {name}")


def page(box, path="/", port=SERVED):
    """The answer, or None while nothing listens there."""
    try:
        return box.get(path, port=port)
    except (ConnectionRefusedError, ConnectionResetError, AttributeError):
        return None  # the last: the connection was closed without an answer


def serves(box, wanted, port=SERVED):
    """Waits until the page has this in its body."""
    seen = [None]

    def has_it():
        seen[0] = page(box, port=port)
        return seen[0] and wanted in seen[0].body
    try:
        until(has_it, f"it serves {wanted}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it serves {seen[0] and seen[0].body}") from None


def refuses(box, port=SERVED):
    """Waits until nothing accepts connections there any more."""
    def refused():
        try:
            box.connect(port).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            pass  # it closed the port with this connection still in its queue
        return False
    until(refused, f"port {port} is closed")


def is_ready(box, status=200):
    """Waits for hale's answer; it may not listen yet."""
    def answers():
        answer = page(box, "/readyz", PORT)
        return answer and answer.status == status
    until(answers, f"/readyz is {status}")


def hears(box, sig, pid=FIRST):
    """Waits until the process has a handler for the signal."""
    def caught():
        status = pathlib.Path(box.inner(f"proc/{pid}/status")).read_text()
        return int(re.search(r"^SigCgt:\t(.*)$", status, re.M)[1], 16) >> sig - 1 & 1
    until(caught, f"{pid} has a handler for signal {sig}")


def service_pid(box):
    return box.status()["service"]["pid"]


def stop(box, sig, words):
    """Sends the signal, waits for the program's own words, then for the end."""
    box.signal(sig)
    box.err.expect(words)
    return box.code()


APACHE = path_of("apache2") or path_of("httpd")
MODULES = next((path.parent for path in pathlib.Path("/usr/lib/apache2").rglob("mod_echo.so")),
               None)
FPM = next(map(str, pathlib.Path("/usr/sbin").glob("php-fpm*")), None)
needs_apache = pytest.mark.skipif(APACHE is None or MODULES is None,
                                  reason="there is no Apache with mod_echo")
needs_fpm = pytest.mark.skipif(FPM is None, reason="there is no php-fpm")


class Nginx:
    def __init__(self, directory):
        self.conf, self.pid = directory / "nginx.conf", directory / "nginx.pid"
        self.argv = [path_of("nginx") or "nginx", "-e", "stderr", "-c", str(self.conf)]
        self.front = [*self.argv, "-g", "daemon off;"]
        (directory / "big").write_bytes(b"x" * BIG)
        self.write("one")

    def write(self, word):
        at = self.conf.parent
        temporary = "".join(f"{name}_temp_path {at}/{name};\n" for name in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.conf.write_text(f"""
user root;
worker_processes 1;
pid {self.pid};
error_log stderr notice;
events {{}}
http {{
access_log off;
{temporary}
server {{
  listen 127.0.0.1:{SERVED};
  location / {{ return 200 "{word}\\n"; }}
  location /big {{ root {at}; limit_rate {BIG}; limit_rate_after 1k; }}
}} }}
""")


class HAProxy:
    """It passes connections on to the port after its own."""

    def __init__(self, directory):
        self.conf = directory / "haproxy.cfg"
        self.write("one")

    def argv(self, *flags):
        return [path_of("haproxy") or "haproxy", *flags, "-f", str(self.conf)]

    def write(self, word, more=""):
        self.conf.write_text(f"""
global
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend front
  bind 127.0.0.1:{SERVED}
  http-request return status 200 content-type text/plain string {word}
listen tcp
  mode tcp
  bind 127.0.0.1:{SERVED + 1}
  server echo 127.0.0.1:{SERVED + 2}
{more}
""")


class Apache:
    ECHO = SERVED + 1

    def __init__(self, directory):
        self.conf = directory / "httpd.conf"
        self.argv = [APACHE or "apache2", "-f", str(self.conf)]
        self.front = [*self.argv, "-DFOREGROUND"]
        self.write("one")

    def write(self, word):
        at = self.conf.parent
        loads = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in (
            "mpm_event", "unixd", "authz_core", "alias", "echo")
            if MODULES and (MODULES / f"mod_{name}.so").exists())
        self.conf.write_text(f"""{loads}
ServerRoot {at}
ServerName localhost
DefaultRuntimeDir {at}
PidFile {at}/httpd.pid
ErrorLog /dev/stderr
User #65534
Group #65534
StartServers 1
Listen 127.0.0.1:{SERVED}
Listen 127.0.0.1:{self.ECHO}
Redirect 404 /
ErrorDocument 404 {word}
<VirtualHost 127.0.0.1:{self.ECHO}>
  ProtocolEcho On
</VirtualHost>
""")


class Fpm:
    def __init__(self, directory):
        self.conf, self.script = directory / "fpm.conf", directory / "page.php"
        self.go = directory / "go"
        self.argv = [FPM or "php-fpm", "-n", "-R", "-y", str(self.conf)]
        self.front = [*self.argv, "--nodaemonize"]
        self.script.write_text(f"""<?php
error_log("asked");
while (!file_exists("{self.go}")) {{ usleep(2000); clearstatcache(); }}
echo "done ", getenv("WORD");
""")
        self.write("one")

    def write(self, word):
        """Without the timeout its children get QUIT and, at once, TERM."""
        self.conf.write_text(f"""
[global]
error_log = /dev/stderr
process_control_timeout = 1h
[www]
user = root
group = root
listen = 127.0.0.1:{SERVED}
pm = static
pm.max_children = 2
catch_workers_output = yes
env[WORD] = {word}
""")

    def ask(self, box):
        """A request by FastCGI: begin, parameters, no input."""
        def record(kind, data):
            return struct.pack(">BBHHBB", 1, kind, 1, len(data), 0, 0) + data
        given = b"".join(bytes([len(name), len(value)]) + name + value for name, value in (
            (b"REQUEST_METHOD", b"GET"), (b"SCRIPT_FILENAME", str(self.script).encode())))
        connection = box.connect(SERVED)
        connection.send(record(1, bytes([0, 1, 0, 0, 0, 0, 0, 0])) + record(4, given)
                        + record(4, b"") + record(5, b""))
        return connection

    def answer(self, connection):
        """What comes up to the end. It waits for ours before it goes on."""
        connection.ended()
        connection.close()
        return connection.buffer


class Slow:
    """The page /slow, which is finished when the test says so."""

    def __init__(self, directory):
        self.go = directory / "go"

    def ask(self, box):
        """Asks for it and waits until the program has begun with it."""
        connection = box.connect(SERVED).send("GET /slow HTTP/1.1\r\nHost: x\r\n"
                                              "Connection: close\r\n\r\n")
        box.err.expect("^asked$")
        return connection

    def finish(self):
        self.go.touch()


class Gunicorn:
    def __init__(self, directory, slow):
        self.app, self.pid = directory / "app.py", directory / "gunicorn.pid"
        self.argv = [path_of("gunicorn") or "gunicorn", "--chdir", str(directory),
                     "-b", f"127.0.0.1:{SERVED}", "-w", "1", "--pid", str(self.pid),
                     "--graceful-timeout", "3600", "app:app"]
        self.go = slow.go
        self.write("one")

    def write(self, word):
        self.app.write_text(f"""
import os, sys, time
def app(env, start):
    body = b"{word} %d" % os.getppid()
    if env["PATH_INFO"] == "/slow":
        print("asked", file=sys.stderr, flush=True)
        while not os.path.exists("{self.go}"):
            time.sleep(0.002)
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]
""")


class Rack:
    def __init__(self, directory, slow):
        self.rackup, self.conf = directory / "config.ru", directory / "conf.rb"
        self.pid = directory / "server.pid"
        self.go = slow.go
        self.write("one")
        self.conf.write_text(f"""
worker_processes 1
listen "127.0.0.1:{SERVED}"
pid "{self.pid}"
timeout 3600
""")
        self.unicorn = [path_of("unicorn") or "unicorn", "-c", str(self.conf),
                        str(self.rackup)]
        self.puma = [path_of("puma") or "puma", "-b", f"tcp://127.0.0.1:{SERVED}", "-e",
                     "production", "--pidfile", str(self.pid), str(self.rackup)]

    def write(self, word):
        self.rackup.write_text(f"""
run lambda {{ |env|
  if env["PATH_INFO"] == "/slow"
    STDERR.syswrite("asked\\n")
    sleep 0.002 until File.exist?("{self.go}")
  end
  body = "{word} #{{Process.ppid}}"
  [200, {{"Content-Type" => "text/plain", "Content-Length" => body.size.to_s}}, [body]]
}}
""")
