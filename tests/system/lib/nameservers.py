"""Name servers from packages in a network of their own, and what is asked there.

A Net is a box with its own /etc/resolv.conf and /etc/hosts. The servers are processes
in it, each on an address of its own, and end with it.
"""
import http.server
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading

from harness import DEADLINE, HALE, clean_env, setns, until
from programs import path_of

A, CNAME, TXT, AAAA = 1, 5, 16, 28
CLOSED = 9  # nobody listens on this port: whoever connects tries every address
OPEN = 8000
MANY = 100
PACKET_OUTGOING = 4

# What every server serves; the addresses are all on loopback.
ZONE = f"""$ORIGIN zone.test.
$TTL 60
@       SOA ns hostmaster 1 3600 600 86400 60
@       NS ns
ns      A 127.1.0.2
a       A 127.9.0.1
six     AAAA ::1
both    A 127.9.0.1
both    AAAA ::1
one     CNAME two
two     CNAME three
three   CNAME both
away    CNAME both.other.test.
lost    CNAME nosuch
empty   CNAME text
text    TXT "no address"
round   CNAME trip
trip    CNAME round
*.wild  A 127.9.0.2
*.alias CNAME both
under_score A 127.9.0.3
x.inner A 127.9.0.4
{'l' * 63} A 127.9.0.5
db.default.svc.cluster A 127.9.0.6
""" + "".join(f"many A 127.9.1.{n}\n" for n in range(1, MANY + 1)) + "".join(
    f"many6 AAAA fd00::{n}\n" for n in range(1, MANY + 1))

OTHER = """$ORIGIN other.test.
$TTL 60
@    SOA ns hostmaster 1 3600 600 86400 60
@    NS ns
ns   A 127.1.0.2
both A 127.9.0.7
both AAAA ::1
"""

# A cluster as CoreDNS serves it: nothing below cluster.local is anybody else's.
CLUSTER = """$ORIGIN cluster.local.
$TTL 30
@    SOA ns.dns hostmaster 1 7200 1800 86400 5
@    NS ns.dns
ns.dns A 10.96.0.10
kubernetes.default.svc A 10.96.0.1
db.default.svc A 127.9.2.1
web.shop.svc A 127.9.2.2
six.shop.svc AAAA ::1
10-244-0-7.shop.pod A 127.9.2.3
db-0.db.default.svc A 127.9.2.4
"""

# One server has the root: what nobody has does not exist, instead of being refused.
ROOT = """$ORIGIN .
$TTL 60
@    SOA ns.test. hostmaster.test. 1 3600 600 86400 60
@    NS ns.test.
ns.test. A 127.1.0.1
"""

ZONES = {"zone.test": ZONE, "other.test": OTHER, "cluster.local": CLUSTER}


# --- DNS messages, as far as the tests need them -----------------------------------

def wire(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(name, kind, ident=0x1234, edns=0):
    """A query as glibc sends it; with edns one OPT record of that size."""
    head = struct.pack(">6H", ident, 0x0100, 1, 0, 0, 1 if edns else 0)
    opt = b"\0" + struct.pack(">HHIH", 41, edns, 0, 0) if edns else b""
    return head + wire(name) + struct.pack(">HH", kind, 1) + opt


def asked(message):
    """Name and type of a message's question."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    return ".".join(labels), struct.unpack_from(">H", message, at + 1)[0]


def rcode(message):
    return message[3] & 15


def truncated(message):
    return bool(message[2] & 2)


# --- the network -------------------------------------------------------------------

class Sniffer:
    """What is asked and connected to on a network's loopback, in order."""

    def __init__(self, net):
        self.sock = net.call(self.open)

    @staticmethod
    def open():
        eth_p_all = 3
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(eth_p_all))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        sock.bind(("lo", eth_p_all))
        sock.setblocking(False)
        return sock

    def packets(self):
        """(protocol, source address, destination address, payload) of all up to now."""
        while True:
            try:
                data, where = self.sock.recvfrom(65535)
            except BlockingIOError:
                return
            if where[2] != PACKET_OUTGOING:  # loopback shows each packet twice
                continue
            if data[0] >> 4 == 4:
                yield (data[9], socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20]),
                       data[(data[0] & 15) * 4:])
            else:
                yield (data[6], *(socket.inet_ntop(socket.AF_INET6, data[at:at + 16])
                                  for at in (8, 24)), data[40:])

    def seen(self, server):
        """What came since the last time: the questions of this server by UDP; how many
        connections to its port 53 were begun; where somebody wanted to connect to at
        the port CLOSED."""
        questions, connections, tried = [], 0, []
        for protocol, _, to, data in self.packets():
            port = struct.unpack_from(">H", data, 2)[0]
            if protocol == socket.IPPROTO_UDP and port == 53 and to == server:
                questions.append(asked(data[8:]))
            if protocol != socket.IPPROTO_TCP or data[13] & 0x12 != 2:  # not a SYN
                continue
            connections += port == 53 and to == server
            tried += [to] if port == CLOSED else []
        return questions, connections, tried

    def close(self):
        self.sock.close()


GLIBC = """
import socket, sys
try:
    for found in socket.getaddrinfo(sys.argv[1], None, type=socket.SOCK_STREAM):
        print(found[4][0])
except socket.gaierror as error:
    sys.exit(-error.errno)
"""


class Web(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 128


class Ok(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_):
        pass


class Net:
    """A network with servers; resolv() says whom its programs ask."""

    def __init__(self, box, directory):
        self.directory = pathlib.Path(directory)
        self.box = box("/bin/sleep", "infinity")
        self.processes, self.web = [], None
        self.config("hosts", "127.0.0.1 localhost\n")
        self.config("resolv.conf", "")
        self.config("nsswitch.conf", "hosts: files dns\n")
        self.config("gai.conf", "")
        for name, text in ZONES.items():
            (self.directory / name).write_text(text)
        (self.directory / "root").write_text(ROOT)

    def config(self, name, text):
        """Puts a file of ours over the machine's in /etc, there or not."""
        file = self.directory / name
        file.write_text(text)
        if not os.path.exists(f"/etc/{name}"):
            return
        done = self.box.run("mount", "--bind", str(file), f"/etc/{name}")
        assert done.returncode == 0, done.stderr

    def resolv(self, *lines):
        """Written in place: what is mounted is this very file."""
        (self.directory / "resolv.conf").write_text("".join(f"{line}\n" for line in lines))

    def call(self, function, *words):
        """Calls it in a thread that is in the network; a socket made there stays in it."""
        result = []

        def run():
            with open(f"/proc/{self.box.pid}/ns/net") as there:
                setns(there)
            result.append(function(*words))
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(DEADLINE)
        assert result, f"{function} failed in the network"
        return result[0]

    def address(self, *words):
        """ip address add..., for what is not below 127."""
        done = self.box.run("ip", "address", "add", *words, "dev", "lo")
        assert done.returncode == 0, done.stderr

    def route(self, prefix):
        """All the addresses of a prefix of IPv6 are on loopback."""
        done = self.box.run("ip", "-6", "route", "add", "local", prefix, "dev", "lo")
        assert done.returncode == 0, done.stderr

    def begin(self, *argv, **streams):
        """A process in the network's namespaces: it ends with PID 1 there."""
        words = ["nsenter", "-t", str(self.box.pid), "-m", "-p", "-n", "--", *map(str, argv)]
        self.processes.append(subprocess.Popen(
            words, stdin=subprocess.DEVNULL, env=clean_env(), cwd=self.directory, **streams))
        return self.processes[-1]

    def start(self, *argv):
        """A server; the file of what it says."""
        path = self.directory / f"log.{len(self.processes)}"
        with open(path, "wb") as log:
            self.begin(*argv, stdout=log, stderr=log)
        return path

    def ask(self, server, name, kind, tcp=False, edns=0, timeout=DEADLINE):
        """The server's answer as it came, or None."""
        query = question(name, kind, edns=edns)

        def exchange():
            how = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
            with socket.socket(socket.AF_INET, how) as sock:
                sock.settimeout(timeout)
                try:
                    sock.connect((server, 53))
                    if not tcp:
                        sock.send(query)
                        return sock.recv(65535)
                    sock.sendall(struct.pack(">H", len(query)) + query)
                    with sock.makefile("rb") as stream:
                        return stream.read(struct.unpack(">H", stream.read(2))[0])
                except (ConnectionRefusedError, TimeoutError):
                    return None
        return self.call(exchange)

    def serves(self, server, log, name="a.zone.test"):
        """Waits until the server answers without an error."""
        def answers():
            got = self.ask(server, name, A, timeout=0.5)
            return got and rcode(got) == 0 and struct.unpack_from(">H", got, 6)[0]
        try:
            until(answers, f"{server} answers")
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {log.read_text()}") from None

    @staticmethod
    def silent(address):
        """A name server that never answers."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, 53))
        return sock

    def listen(self):
        """An HTTP server at the port OPEN of every address, v4 and v6."""
        self.web = self.call(Web, ("::", OPEN), Ok)
        threading.Thread(target=self.web.serve_forever, daemon=True).start()

    def hale(self, *words):
        return self.box.run(HALE, *words)

    def glibc(self, name):
        """glibc's addresses in its order, or the EAI_ number of its failure."""
        done = self.box.run(sys.executable, "-I", "-S", "-c", GLIBC, name)
        return -done.returncode if done.returncode else done.stdout.split()

    def close(self):
        if self.web:
            self.web.shutdown()
            self.web.server_close()
        self.box.close()
        for process in self.processes:
            process.wait(DEADLINE)


# --- the servers: each knows how it is configured --------------------------------------

def unbound(net, at, upstream):
    """A resolver that asks an authoritative server for our zones, and nobody else."""
    stubs = "".join(f"""
stub-zone:
  name: "{zone}"
  stub-addr: {upstream}
  stub-no-cache: yes
""" for zone in (".", *ZONES))
    conf = net.directory / f"unbound.{at}.conf"
    conf.write_text(f"""
server:
  directory: "{net.directory}"
  interface: {at}
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  username: ""
  chroot: ""
  pidfile: "{net.directory}/unbound.{at}.pid"
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "test." nodefault
{stubs}
remote-control:
  control-enable: no
""")
    return net.start(path_of("unbound"), "-d", "-c", conf)


def named(net, at, _):
    """Serves the zones itself. It listens on addresses that an interface has."""
    net.address(f"{at}/8")
    zones = "".join(f'zone "{zone}" {{ type primary; file "{net.directory}/{zone}"; }};\n'
                    for zone in ZONES)
    conf = net.directory / "named.conf"
    conf.write_text(f"""
options {{
  directory "{net.directory}";
  listen-on {{ {at}; }};
  listen-on-v6 {{ none; }};
  pid-file "{net.directory}/named.pid";
  session-keyfile "{net.directory}/session.key";
  managed-keys-directory "{net.directory}";
  recursion no;
  dnssec-validation no;
  check-names primary ignore;
}};
controls {{ }};
{zones}
""")
    return net.start(path_of("named"), "-g", "-n", "1", "-c", conf)


def knotd(net, at, _):
    zones = "".join(f'  - domain: {zone}\n    file: "{net.directory}/{file}"\n'
                    for zone, file in [(".", "root"), *zip(ZONES, ZONES)])
    for name in ("knot-run", "knot-db"):
        (net.directory / name).mkdir()
    conf = net.directory / "knot.conf"
    conf.write_text(f"""
server:
  rundir: "{net.directory}/knot-run"
  user: root:root
  listen: {at}@53
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stderr
    any: info
database:
  storage: "{net.directory}/knot-db"
  journal-db-max-size: 16M
  kasp-db-max-size: 16M
  timer-db-max-size: 16M
zone:
{zones}
""")
    return net.start(path_of("knotd"), "-c", conf)


def nsd(net, at, _):
    zones = "".join(f'zone:\n  name: "{zone}"\n  zonefile: "{net.directory}/{zone}"\n'
                    for zone in ZONES)
    conf = net.directory / "nsd.conf"
    conf.write_text(f"""
server:
  ip-address: {at}
  username: ""
  chroot: ""
  zonesdir: "{net.directory}"
  pidfile: "{net.directory}/nsd.pid"
  xfrdfile: "{net.directory}/xfrd.state"
  zonelistfile: "{net.directory}/zone.list"
  xfrdir: "{net.directory}"
  database: ""
  server-count: 1
remote-control:
  control-enable: no
{zones}
""")
    return net.start(path_of("nsd"), "-d", "-c", conf)


def kresd(net, at, upstream):
    """A resolver that passes everything on."""
    run = net.directory / "kresd"
    run.mkdir()
    conf = net.directory / "kresd.conf"
    conf.write_text(f"""
net.listen('{at}', 53, {{ kind = 'dns' }})
modules.unload('ta_update')
modules.unload('ta_signal_query')
trust_anchors.remove('.')
cache.size = 10 * MB
policy.add(policy.all(policy.STUB('{upstream}')))
""")
    return net.start(path_of("kresd"), "-n", "-c", conf, run)


def dnsmasq(net, at, upstream):
    """Passes our zones on; what it has in its own configuration it answers itself."""
    return net.start(
        path_of("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
        "--no-hosts", "--user=root", f"--pid-file={net.directory}/dnsmasq.pid",
        "--log-facility=-", f"--listen-address={at}", "--bind-interfaces",
        *(f"--server=/{zone}/{upstream}" for zone in ZONES),
        "--host-record=own.mine.test,127.9.0.8", "--address=/tree.mine.test/127.9.0.9",
        "--host-record=pair.mine.test,127.9.0.8,::1", "--cname=alias.mine.test,pair.mine.test",
        "--local=/mine.test/")


AUTHORITIES = {"knotd": knotd, "named": named, "nsd": nsd}
RESOLVERS = {"unbound": unbound, "kresd": kresd, "dnsmasq": dnsmasq}
SERVERS = {**AUTHORITIES, **RESOLVERS}
UPSTREAM = "127.1.0.1"  # knotd: the resolvers ask it
ADDRESSES = {name: f"127.1.0.{at}" for at, name in enumerate(SERVERS, 1)}


BINARIES = {name: path_of(name) for name in SERVERS}


def is_here(name):
    return BINARIES[name] is not None


def start(net, *names):
    """Starts these and what they ask, and waits until each answers."""
    logs = {}
    for name in dict.fromkeys(("knotd", *names)):
        logs[name] = SERVERS[name](net, ADDRESSES[name], UPSTREAM)
        if name == "knotd":
            net.serves(UPSTREAM, logs[name])
    for name, log in logs.items():
        net.serves(ADDRESSES[name], log)
