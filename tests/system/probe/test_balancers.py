"""Real balancers from packages check hale, in every form that they have, and
come to its own verdict."""
import csv
import pathlib
import re
import shutil
import socket
import subprocess

import pytest

from harness import DEADLINE, HALE, PATH, PORT, clean_env, until

FRONT = 9000  # where a balancer itself is asked
HAPROXY = shutil.which("haproxy", path=PATH)
APACHE = shutil.which("apache2", path=PATH) or shutil.which("httpd", path=PATH)
MODULES = next((path.parent for path in pathlib.Path("/usr/lib/apache2").rglob(
    "mod_proxy_hcheck.so")), None)
needs_haproxy = pytest.mark.skipif(HAPROXY is None, reason="there is no haproxy")
needs_apache = pytest.mark.skipif(APACHE is None or MODULES is None,
                                  reason="there is no Apache with mod_proxy_hcheck")


class Balancer:
    """A balancer in the box's network, in the foreground."""

    def __init__(self, box, directory, config, command):
        self.box, self.directory = box, directory
        (directory / "conf").write_text(config)
        self.log = directory / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["nsenter", f"--net=/proc/{box.pid}/ns/net", "--", *command], env=clean_env(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def finds(self, wanted):
        """Waits until it has this opinion of hale."""
        seen = [None]

        def agrees():
            assert self.process.poll() is None, f"it has ended: {self.log.read_text()}"
            seen[0] = self.opinion()
            return seen[0] == wanted
        try:
            until(agrees, f"it finds {wanted}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it finds {seen[0]}: {self.log.read_text()}") from None

    def still_finds(self, wanted):
        """After some more of its checks."""
        before = self.connections()
        until(lambda: self.connections() >= before + 4, "it checks on")
        assert until(self.opinion, "it has an opinion") == wanted

    def connections(self):
        """Accepted so far in the box's network."""
        text = pathlib.Path(f"/proc/{self.box.pid}/net/snmp").read_text()
        names, values = (line.split() for line in text.splitlines() if line.startswith("Tcp:"))
        return int(values[names.index("PassiveOpens")])

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class HAProxy(Balancer):
    def __init__(self, box, directory, checks, server=""):
        self.socket = directory / "stats"
        lines = "".join(f"  {line}\n" for line in checks)
        super().__init__(box, directory, f"""
global
  stats socket {self.socket}
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend front
  bind 127.0.0.1:{FRONT}
  default_backend back
backend back
{lines}
  server hale 127.0.0.1:{PORT} check inter 50ms fall 1 rise 1 {server}
""", [HAPROXY, "-db", "-f", str(directory / "conf")])

    def opinion(self):
        """("UP", "L7OK 200") and the like; None in a check and before the first."""
        try:
            with socket.socket(socket.AF_UNIX) as stats:
                stats.settimeout(DEADLINE)
                stats.connect(str(self.socket))
                stats.sendall(b"show stat\n")
                with stats.makefile() as answer:
                    table = csv.DictReader(answer.read().removeprefix("# ").splitlines())
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        row = next(row for row in table if row["svname"] == "hale")
        result = f"{row['check_status']} {row['check_code']}".strip()
        return None if result.startswith(("INI", "*")) else (row["status"], result)


class Apache(Balancer):
    WANTED = ("mpm_event", "unixd", "watchdog", "authz_core", "slotmem_shm", "proxy",
              "proxy_http", "proxy_balancer", "lbmethod_byrequests", "proxy_hcheck")

    def __init__(self, box, directory, member):
        loads = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n"
                        for name in self.WANTED if (MODULES / f"mod_{name}.so").exists())
        super().__init__(box, directory, f"""{loads}
ServerRoot {directory}
ServerName localhost
DefaultRuntimeDir {directory}
PidFile {directory}/pid
ErrorLog {directory}/log
User #65534
Group #65534
Listen 127.0.0.1:{FRONT}
StartServers 1
<Proxy balancer://hale>
  BalancerMember http://127.0.0.1:{PORT} hcinterval=100ms hcpasses=1 hcfails=1 {member}
</Proxy>
ProxyPass /through balancer://hale
<Location /manager>
  SetHandler balancer-manager
</Location>
""", [APACHE, "-DFOREGROUND", "-f", str(directory / "conf")])

    def opinion(self):
        """"Init Ok", or "Init HcFl" where its health check fails."""
        try:
            page = self.box.connect(port=FRONT)
        except ConnectionRefusedError:
            return None
        page.send("GET /manager HTTP/1.0\r\nHost: localhost\r\n\r\n")
        with page.sock, page.sock.makefile() as answer:
            match = re.search(r"<td>(Init [^<]*?) *</td>", answer.read())
        return match and match[1]


@pytest.fixture
def beside():
    """Starts balancers beside hale; all are ended with the test."""
    started = []

    def start(kind, *arguments):
        started.append(kind(*arguments))
        return started[-1]

    yield start
    for balancer in started:
        balancer.close()


@pytest.fixture
def service(sick):
    """One that is not ready, until box.be("200")."""
    def start(*options):
        box = sick("--ready-check", "{}", "--interval", "50ms", "--retries", "1", *options,
                   mode="500")
        until(lambda: box.get("/readyz").status == 503, "it is not ready")
        return box
    return start


def comes_to_hales_verdict(balancer, ready, not_ready):
    """Through every change of it."""
    balancer.finds(not_ready)
    balancer.box.be("200")
    balancer.finds(ready)
    balancer.still_finds(ready)
    assert balancer.box.run(HALE, "drain", "0").returncode == 0
    balancer.finds(not_ready)


# --- HAProxy -------------------------------------------------------------------

PROXY_V2 = "send-proxy-v2 check-send-proxy"
SEND = "http-check send meth {} uri {} ver HTTP/1.1 hdr Host localhost"
HAPROXY_FORMS = {
    "plain": (["option httpchk"], ""),
    "a path alone": (["option httpchk /readyz"], ""),
    "GET": (["option httpchk GET /readyz"], ""),
    "HEAD": (["option httpchk HEAD /readyz"], ""),
    "GET of the root": (["option httpchk GET /"], ""),
    "HEAD of the root": (["option httpchk HEAD /"], ""),
    "two slashes": (["option httpchk GET //readyz"], ""),
    "send GET": (["option httpchk", SEND.format("GET", "/readyz")], ""),
    "send HEAD": (["option httpchk", SEND.format("HEAD", "/readyz")], ""),
    "send OPTIONS": (["option httpchk", "http-check send meth OPTIONS uri /"], ""),
    "send OPTIONS of everything": (["option httpchk", SEND.format("OPTIONS", "*")], ""),
    "send a body": (["option httpchk", SEND.format("GET", "/readyz") + " body hello"], ""),
    "PROXY 1": (["option httpchk GET /readyz"], "check-send-proxy"),
    "PROXY 1 for all": (["option httpchk GET /readyz"], "send-proxy check-send-proxy"),
    "PROXY 1 and the plain form": (["option httpchk"], "check-send-proxy"),
    "PROXY 2": (["option httpchk GET /readyz"], PROXY_V2),
    "PROXY 2 with more in it": (["option httpchk GET /readyz"],
                                f"{PROXY_V2} proxy-v2-options crc32c,unique-id,authority"),
    "PROXY by its rule": (["option httpchk", "http-check connect send-proxy",
                           SEND.format("GET", "/readyz")], ""),
    "HTTP/2": (["option httpchk GET /readyz"], "proto h2"),
    "HTTP/2 for checks only": (["option httpchk HEAD /readyz"], "check-proto h2"),
    "HTTP/2, send with a host": (["option httpchk", SEND.format("GET", "/readyz")], "proto h2"),
    "HTTP/2, send a body": (["option httpchk", SEND.format("GET", "/readyz") + " body hello"],
                            "proto h2"),
    "HTTP/2, send OPTIONS": (["option httpchk", "http-check send meth OPTIONS uri /"], "proto h2"),
    "HTTP/2 behind PROXY 2": (["option httpchk GET /readyz"], f"proto h2 {PROXY_V2}"),
}


@needs_haproxy
@pytest.mark.parametrize("checks, server", HAPROXY_FORMS.values(), ids=HAPROXY_FORMS.keys())
def test_haproxy_comes_to_hales_verdict(service, beside, tmp_path, checks, server):
    comes_to_hales_verdict(beside(HAProxy, service(), tmp_path, checks, server),
                           ("UP", "L7OK 200"), ("DOWN", "L7STS 503"))


@needs_haproxy
def test_haproxy_that_expects_a_text_comes_to_hales_verdict(service, beside, tmp_path):
    """As a whole: it looks at no status then, and reasons have an "ok" in them too."""
    checks = ["option httpchk GET /readyz", "http-check expect rstring ^ok$"]
    comes_to_hales_verdict(beside(HAProxy, service(), tmp_path, checks),
                           ("UP", "L7OK 200"), ("DOWN", "L7RSP"))


@needs_haproxy
@pytest.mark.parametrize("checks", [[], ["option tcp-check"]], ids=["plain", "tcp-check"])
@pytest.mark.parametrize("server", ["", "check-send-proxy", PROXY_V2])
def test_haproxy_that_only_connects_finds_hale_up_and_hale_says_nothing(
        service, beside, tmp_path, checks, server):
    box = service("-v")
    balancer = beside(HAProxy, box, tmp_path, checks, server)
    balancer.finds(("UP", "L4OK"))
    balancer.still_finds(("UP", "L4OK"))
    assert box.run(HALE, "drain", "0").returncode == 0
    balancer.still_finds(("UP", "L4OK"))
    box.signal(15)
    assert "cannot be read" not in "".join(box.end()[2])


@needs_haproxy
def test_haproxys_check_of_http_1_1_without_a_host_is_told_why_it_fails(service, beside,
                                                                        tmp_path):
    box = service("-v")
    balancer = beside(HAProxy, box, tmp_path, ["option httpchk GET /readyz HTTP/1.1"])
    balancer.finds(("DOWN", "L7STS 400"))
    box.err.expect("^hale: a probe cannot be read: Host is missing: HTTP/1.1 needs it$")


@needs_haproxy
@pytest.mark.parametrize("server", ["", "send-proxy", "send-proxy-v2",
                                    "send-proxy-v2 proxy-v2-options unique-id,authority",
                                    "proto h2", "proto h2 send-proxy-v2"])
def test_requests_through_haproxy_are_answered(service, beside, tmp_path, server):
    box = service()
    box.be("200")
    balancer = beside(HAProxy, box, tmp_path, ["option httpchk GET /readyz"], server)
    balancer.finds(("UP", "L7OK 200"))
    client = box.connect(port=FRONT)
    for _ in range(20):  # HAProxy keeps its own connection as well
        assert client.ask("/readyz").body == "ok"
        assert client.ask("/status").json()["state"] == "running"


# --- Apache --------------------------------------------------------------------

@needs_apache
@pytest.mark.parametrize("method", ["OPTIONS", "OPTIONS11", "HEAD", "HEAD11", "GET", "GET11"])
@pytest.mark.parametrize("path", ["/readyz", "/"])
def test_apache_comes_to_hales_verdict(service, beside, tmp_path, method, path):
    comes_to_hales_verdict(beside(Apache, service(), tmp_path, f"hcmethod={method} hcuri={path}"),
                           "Init Ok", "Init HcFl")


@needs_apache
def test_apache_that_only_connects_finds_hale_up(service, beside, tmp_path):
    box = service()
    balancer = beside(Apache, box, tmp_path, "hcmethod=TCP")
    balancer.finds("Init Ok")
    balancer.still_finds("Init Ok")
    assert box.run(HALE, "drain", "0").returncode == 0
    balancer.still_finds("Init Ok")
