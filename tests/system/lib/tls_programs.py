# SPDX-License-Identifier: MIT
"""Real TLS servers from packages, told by one Setting each what to speak.

A family is a program of one version: Family.port(setting) is where it serves so.
Some of them serve all settings with one process, the others start one for each;
all are ended by close(). Every answer's body is what says() expects.
"""
import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess

import harness
import newer
import pki

LIB = pathlib.Path(__file__).resolve().parent
OK = "ok\n"
BIG = b"".join(b"%07d\n" % i for i in range(40000))	# 20 records of full size

# Suites as hale names them, with the names that OpenSSL, GnuTLS and the registry
# have for them. Those of TLS 1.2 have the kind of key in their names.
AES128, AES256, CHACHA = "AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"
CIPHERS = {
    AES128: ("AES128-GCM-SHA256", "AES-128-GCM", "01", "2B", "2F"),
    AES256: ("AES256-GCM-SHA384", "AES-256-GCM", "02", "2C", "30"),
    CHACHA: ("CHACHA20-POLY1305", "CHACHA20-POLY1305", "03", "A9", "A8"),
}
GROUPS = {	# OpenSSL's name, GnuTLS's, NSS's, Caddy's
    "X25519": ("X25519", "X25519", "x25519", "x25519"),
    "P-256": ("prime256v1", "SECP256R1", "P256", "secp256r1"),
    "P-384": ("secp384r1", "SECP384R1", "P384", "secp384r1"),
    "P-521": ("secp521r1", "SECP521R1", "P521", "secp521r1"),
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a server allows; where nothing is named, all that it can."""

    version: str	# "1.2", "1.3" or "both"
    cipher: str = AES128
    group: str = ""
    key: str = "p256"	# of its certificate
    client: str = ""	# a client's certificate: "required" or "optional"

    @property
    def auth(self):
        return "RSA" if self.key.startswith(("rsa", "pss")) else "ECDSA"

    @property
    def low(self):
        return "1.2" if self.version == "both" else self.version

    @property
    def high(self):
        return "1.3" if self.version == "both" else self.version

    @property
    def suite(self):
        """What is spoken, as hale names it."""
        return self.cipher if self.high == "1.3" else f"ECDHE_{self.auth}_WITH_{self.cipher}"

    @property
    def openssl_12(self):
        return f"ECDHE-{self.auth}-{CIPHERS[self.cipher][0]}"

    @property
    def iana_13(self):
        return "TLS_" + self.cipher

    @property
    def iana_12(self):
        return f"TLS_ECDHE_{self.auth}_WITH_{self.cipher}"

    def __str__(self):
        return " ".join(filter(None, (
            "1.2 and 1.3" if self.version == "both" else f"{self.version} only",
            self.cipher, self.group, self.key, self.client and f"client {self.client}")))


# Certificates

@functools.lru_cache(maxsize=None)
def root():
    return pki.root()


@functools.lru_cache(maxsize=None)
def leaf(kind):
    return pki.leaf(root(), "DNS:localhost", "IP:127.0.0.1", kind=kind, subject="CN=" + kind)


@functools.lru_cache(maxsize=None)
def client(kind):
    return pki.leaf(root(), kind=kind, which=3, subject="CN=client-" + kind,
                    more=(pki.purpose("client"),))


# Processes

def is_listening(port):
    """By the kernel's table: a connection would be one to the server."""
    ends = f":{port:04X} "
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path("/proc/net", table).read_text(encoding="ascii").splitlines():
            if ends in line[:44] and line.split()[3] == "0A":
                return True
    return False


_next_port = 10000 + os.getpid() * 97 % 10000


def free_port():
    """One that nobody uses, below those that the kernel gives to connections: the
    server will not bind it at once. None is given twice."""
    global _next_port
    while True:
        _next_port += 1
        with contextlib.suppress(OSError), socket.socket() as s:
            s.bind(("0.0.0.0", _next_port))
            return _next_port


class Process:
    """A server in the background; what it says is in the file .log."""

    def __init__(self, argv, ports, *, cwd=None, env=None, stdin=subprocess.DEVNULL):
        self.log = pki.fresh(".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                list(map(str, argv)), stdin=stdin, stdout=log, stderr=log, cwd=cwd,
                env={"PATH": harness.PATH, "HOME": "/dev/null", **(env or {})})

        def is_up():
            assert self.process.poll() is None, f"{argv[0]} has ended: {self.says()}"
            return all(map(is_listening, ports))
        try:
            harness.until(is_up, f"{argv[0]} listens")
        except AssertionError:
            self.close()
            raise

    def says(self):
        return pathlib.Path(self.log).read_text(encoding="utf-8", errors="replace")

    def close(self):
        self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def words(*argv):
    """What a program says of itself."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60,
                          stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


class Family:
    """One version of one program, that serves each setting by a process."""

    def __init__(self, home):
        self.home = home
        self.processes = {}
        (home / "ok").write_text(OK, encoding="ascii")

    def port(self, setting):
        if setting not in self.processes:
            port = free_port()
            self.processes[setting] = (self.start(setting, port), port)
        return self.processes[setting][1]

    def log(self, setting):
        return self.processes[setting][0].says()

    def says(self, _setting, _client=None, _resumed=False):
        """The body; a pattern for re.fullmatch with DOTALL."""
        return OK

    def is_said(self, body, setting, client=None, resumed=False):
        return re.fullmatch(self.says(setting, client, resumed), body, re.DOTALL) is not None

    @staticmethod
    def parts(bodies):
        """The bodies of two answers, one behind the other."""
        half = len(bodies) // 2
        return bodies[:half], bodies[half:]

    def close(self):
        for process, _ in self.processes.values():
            process.close()


class Openssl(Family):
    """openssl s_server."""

    def __init__(self, home, program):
        super().__init__(home)
        self.program = program
        self.version = words(program, "version").split(" (")[0].rsplit(" ", 3)[0]

    def start(self, setting, port, *options, cert=None, stdin=subprocess.DEVNULL, mode="-WWW"):
        """-WWW: GET /ok is answered with the file "ok"; `cert` is (chain, key)."""
        chain, key = cert or (leaf(setting.key).file, leaf(setting.key).key.file)
        argv = [self.program, "s_server", "-accept", f"127.0.0.1:{port}", *filter(None, [mode]),
                "-cert", chain, "-cert_chain", chain, "-key", key,
                "-min_protocol", "TLSv" + setting.low, "-max_protocol", "TLSv" + setting.high,
                "-ciphersuites", setting.iana_13]
        if not setting.version == "1.3":
            argv += ["-cipher", setting.openssl_12]
        if setting.group:
            argv += ["-groups", GROUPS.get(setting.group, [setting.group])[0]]
        if setting.client:
            argv += ["-CAfile", root().file, "-verify_return_error",
                     "-Verify" if setting.client == "required" else "-verify", "1"]
        else:	# reading the system's takes most of its start
            argv += ["-no-CAfile", "-no-CApath", "-no-CAstore"]
        return Process([*argv, *options], [port], cwd=self.home, stdin=stdin)


class Gnutls(Family):
    """gnutls-serv."""

    def __init__(self, home, program):
        super().__init__(home)
        self.program = program
        self.version = "GnuTLS " + words(program, "--version").split()[1]

    def start(self, setting, port, *options, priority=""):
        versions = {"1.2": ("1.2",), "1.3": ("1.3",), "both": ("1.3", "1.2")}[setting.version]
        asked = ["NORMAL:-VERS-ALL", *("+VERS-TLS" + v for v in versions),
                 "-CIPHER-ALL:+" + CIPHERS[setting.cipher][1]]
        if setting.group:
            asked += ["-GROUP-ALL:+GROUP-" + GROUPS.get(setting.group, ["", setting.group])[1]]
        who = {"required": ["--require-client-cert", "--verify-client-cert"],
               "optional": ["--verify-client-cert"], "": ["--disable-client-cert"]}
        cert = leaf(setting.key)
        return Process([self.program, "--http", "-p", port, *who[setting.client],
                        "--x509certfile", cert.file, "--x509keyfile", cert.key.file,
                        "--x509cafile", root().file,
                        "--priority", ":".join(asked) + priority, *options], [port])

    def says(self, setting, _client=None, resumed=False):
        """Its page tells the version, the key exchange, the signature and the cipher. A
        resumed session of TLS 1.3 has no signature, one of 1.2 says how it began."""
        groups = [setting.group] if setting.group else GROUPS
        exchange = rf"\(ECDHE-({'|'.join(GROUPS[g][1] for g in groups)})\)"
        if resumed:
            parts = exchange if setting.high == "1.2" else r"(\(ECDHE-\w+\))?"
        else:
            parts = exchange + r"-\((ECDSA|RSA)[-A-Z0-9]*\)"
        return (rf".*<TD>TLS{setting.high}</TD>.*\(TLS{setting.high}-X.509\)-{parts}"
                rf"-\({CIPHERS[setting.cipher][1]}\)</TD>.*")


class Nss(Family):
    """selfserv, with the keys in a data base of its own."""

    def __init__(self, home, where):
        super().__init__(home)
        self.where = where
        db = f"sql:{home}"
        run = functools.partial(subprocess.run, check=True, capture_output=True, timeout=60)
        run((where("certutil"), "-N", "-d", db, "--empty-password"))
        run((where("certutil"), "-A", "-d", db, "-n", "root", "-t", "CT,C,", "-i", root().file))
        for kind in ("rsa2048", "p256", "p384", "p521"):
            bag = os.fspath(home / "bag.p12")
            pki.openssl("pkcs12", "-export", "-in", leaf(kind).file, "-inkey",
                        leaf(kind).key.file, "-name", kind, "-out", bag, "-passout", "pass:x")
            run((where("pk12util"), "-i", bag, "-d", db, "-W", "x"))

    def start(self, setting, port, *options):
        cipher = CIPHERS[setting.cipher]
        suites = "" if setting.version == "1.2" else ":13" + cipher[2]
        if setting.version != "1.3":
            number = cipher[3 if setting.auth == "ECDSA" else 4]
            suites += (":CC" if setting.cipher == CHACHA else ":C0") + number
        who = {"required": ["-rr"], "optional": ["-r"], "": []}
        groups = [GROUPS[setting.group][2]] if setting.group else [g[2] for g in GROUPS.values()]
        return Process([self.where("selfserv"), "-d", f"sql:{self.home}", "-p", port, "-v", "-u",
                        "-G", "-V", f"tls{setting.low}:tls{setting.high}", "-c", suites.lower(),
                        "-n" if setting.auth == "RSA" else "-e", setting.key,
                        "-I", ",".join(groups), *who[setting.client], *options], [port])

    def says(self, _setting, _client=None, _resumed=False):
        return "GET /ok HTTP/1.1\r\nHost: .*EOF\r\n\r\n\r\n"


class Many(Family):
    """One process that serves every setting of the matrix."""

    def __init__(self, home, settings):
        super().__init__(home)
        self.ports = {s: free_port() for s in settings}
        (home / "big").write_bytes(BIG)
        self.process = self.start_all()

    def port(self, setting):
        return self.ports[setting]

    def log(self, _setting):
        return self.process.says()

    def close(self):
        self.process.close()

    @staticmethod
    def parts(bodies):
        return bodies.splitlines(keepends=True)

    @staticmethod
    def line(setting, client_kind=None, resumed=False, ended="\n"):
        """Version, suite, was it resumed, the client's name."""
        name = "CN=client-" + client_kind if client_kind else "-"
        return f"{setting.high} {setting.suite} {'yes' if resumed else 'no'} {name}{ended}"


class Nginx(Many):
    version = property(lambda self: "nginx " + words("nginx", "-v").split("/")[1].split()[0])

    def server(self, setting):
        cert = leaf(setting.key)
        versions = {"1.2": "TLSv1.2", "1.3": "TLSv1.3", "both": "TLSv1.2 TLSv1.3"}
        verify = {"required": "on", "optional": "optional", "": "off"}[setting.client]
        group = GROUPS[setting.group][0] if setting.group else "auto"
        return f"""server {{
            listen 127.0.0.1:{self.ports[setting]} ssl http2;
            ssl_certificate {cert.file}; ssl_certificate_key {cert.key.file};
            ssl_protocols {versions[setting.version]};
            ssl_ciphers {setting.openssl_12};
            ssl_conf_command Ciphersuites {setting.iana_13};
            ssl_ecdh_curve {group};
            ssl_verify_client {verify}; ssl_client_certificate {root().file};
            location /big {{ root {self.home}; }}
            location / {{ return 200 "$seen $ssl_cipher $again $name\\n"; }} }}"""

    def start_all(self):
        conf = self.home / "nginx.conf"
        conf.write_text(f"""
            daemon off; master_process off; pid {self.home}/pid; error_log stderr;
            events {{ }}
            http {{
                access_log off; keepalive_timeout 0; ssl_session_cache shared:a:1m;
                client_body_temp_path {self.home}/a; proxy_temp_path {self.home}/b;
                fastcgi_temp_path {self.home}/c; uwsgi_temp_path {self.home}/d;
                scgi_temp_path {self.home}/e;
                map $ssl_protocol $seen {{ TLSv1.2 1.2; TLSv1.3 1.3; }}
                map $ssl_session_reused $again {{ r yes; default no; }}
                map $ssl_client_s_dn $name {{ "" -; default $ssl_client_s_dn; }}
                {" ".join(map(self.server, self.ports))}
            }}""", encoding="ascii")
        return Process([shutil.which("nginx", path=harness.PATH), "-p", self.home, "-c", conf],
                       self.ports.values())

    def says(self, setting, client_kind=None, resumed=False):
        named = setting.iana_13 if setting.high == "1.3" else setting.openssl_12
        return self.line(setting, client_kind, resumed).replace(setting.suite, named)


class Node(Many):
    version = property(lambda self: "Node.js " + words("node", "--version").strip().lstrip("v"))

    def start_all(self):
        return Process(["node", LIB / "tls_server.js", json.dumps([{
            "port": port, "key": leaf(s.key).key.file, "cert": leaf(s.key).file,
            "ca": root().file, "minVersion": "TLSv" + s.low, "maxVersion": "TLSv" + s.high,
            "ciphers": f"{s.iana_13}:{s.openssl_12}",
            "ecdhCurve": GROUPS[s.group][0] if s.group else "auto",
            "requestCert": bool(s.client), "rejectUnauthorized": s.client == "required",
            "home": os.fspath(self.home),
        } for s, port in self.ports.items()])], self.ports.values())

    def says(self, setting, client_kind=None, resumed=False):
        return self.line(setting, client_kind, resumed)


class Go(Many):
    """tls_server.go, by the system's Go; built once for a run."""

    version = property(lambda self: "Go " + words("go", "version").split()[2][2:])

    def start_all(self):
        program = self.home / "tls_server"
        subprocess.run(("go", "build", "-o", program, LIB / "tls_server.go"), check=True,
                       timeout=240, env={
                           "PATH": harness.PATH, "HOME": os.fspath(self.home), "GOFLAGS": "",
                           "GOENV": "off", "GOPROXY": "off", "GO111MODULE": "off"})
        return Process([program, json.dumps([{
            "Port": port, "Key": leaf(s.key).key.file, "Cert": leaf(s.key).file,
            "Ca": root().file, "Low": s.low, "High": s.high, "Suite": s.iana_12,
            "Group": s.group, "Client": s.client, "Home": os.fspath(self.home),
        } for s, port in self.ports.items()])], self.ports.values())

    def says(self, setting, client_kind=None, resumed=False):
        return self.line(setting, client_kind, resumed)


class Caddy(Many):
    """Go's crypto/tls of the newest suite, in a server that is packaged."""

    def __init__(self, home, settings, fips):
        self.fips = fips
        super().__init__(home, settings)

    @property
    def version(self):
        program = newer.program("caddy")
        go = re.search(r"^go\s+go(\S+)$", words(program, "build-info"), re.M)[1]
        return (f"Go {go}{' in FIPS mode' if self.fips else ''} "
                f"(Caddy {words(program, 'version').split()[0]})")

    def server(self, s, port):
        policy = {"protocol_min": "tls" + s.low, "protocol_max": "tls" + s.high,
                  "certificate_selection": {"any_tag": [s.key]}, "fallback_sni": "localhost",
                  "cipher_suites": [s.iana_12]}
        if s.group:
            policy["curves"] = [GROUPS[s.group][3]]
        if s.client:
            policy["client_authentication"] = {
                "trusted_ca_certs": ["".join(root().pem.split("\n")[1:-2])],
                "mode": {"required": "require_and_verify",
                         "optional": "verify_if_given"}[s.client]}
        tls = "{http.request.tls."
        body = f"{tls}version}} {tls}cipher_suite}} {tls}resumed}} {tls}client.subject}}\n"
        return {"listen": [f"127.0.0.1:{port}"], "automatic_https": {"disable": True},
                "protocols": ["h1", "h2"], "strict_sni_host": False,
                "tls_connection_policies": [policy],
                "routes": [{"handle": [{"handler": "static_response", "close": True,
                                        "body": body}]}]}

    def start_all(self):
        files = [{"certificate": leaf(k).file, "key": leaf(k).key.file, "tags": [k]}
                 for k in sorted({s.key for s in self.ports})]
        conf = self.home / "caddy.json"
        conf.write_text(json.dumps({
            "admin": {"disabled": True}, "logging": {"logs": {"default": {"level": "ERROR"}}},
            "storage": {"module": "file_system", "root": os.fspath(self.home)},
            "apps": {"tls": {"certificates": {"load_files": files}}, "http": {"servers": {
                str(port): self.server(s, port) for s, port in self.ports.items()}}}}),
            encoding="ascii")
        return Process([newer.program("caddy"), "run", "--config", conf], self.ports.values(),
                       env={"HOME": os.fspath(self.home),
                            "GODEBUG": f"fips140={'on' if self.fips else 'off'}"})

    def says(self, setting, client_kind=None, resumed=False):
        name = f"CN=client-{client_kind}" if client_kind else ""
        suite = r"TLS_\w+" if setting.high == "1.3" else setting.iana_12
        return f"tls{setting.high} {suite} {'true' if resumed else 'false'} {name}\n"


class Rustls(Family):
    """miniserve, which offers what rustls does by itself."""

    version = property(lambda self: "rustls (miniserve "
                       f"{words(newer.program('miniserve'), '--version').split()[1]})")

    def start(self, setting, port):
        cert = leaf(setting.key)
        return Process([newer.program("miniserve"), "--tls-cert", cert.file, "--tls-key",
                        cert.key.file, "-i", "127.0.0.1", "-p", port, self.home], [port])
