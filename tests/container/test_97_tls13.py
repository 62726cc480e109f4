"""hale alone in an image, and a neighbour that speaks TLS 1.3 and nothing older."""
# SPDX-License-Identifier: MIT

import json
import shutil
import socket
import ssl
import subprocess
import types

import pytest

from conftest import HARD, go_build
from containers import Lines, docker
from test_10_image import files_of
from test_95_names import unique

KEYS = {"ec": ("ec", "ec_paramgen_curve:prime256v1"), "rsa": ("rsa", "rsa_keygen_bits:2048")}


def openssl(*words):
    subprocess.run(("openssl", *words), check=True, capture_output=True, timeout=60)


def make_ca(at, kind):
    """A root in the new folder: ca.pem and ca.key."""
    at.mkdir()
    openssl("req", "-x509", "-newkey", KEYS[kind][0], "-pkeyopt", KEYS[kind][1], "-nodes",
            "-days", "2", "-subj", "/CN=private root", "-keyout", at / "ca.key",
            "-out", at / "ca.pem")
    at.chmod(0o755)


def make_leaf(at, kind):
    """What the root of that folder says of "web": cert.pem and key.pem."""
    openssl("req", "-newkey", KEYS[kind][0], "-pkeyopt", KEYS[kind][1], "-nodes",
            "-subj", "/CN=web", "-keyout", at / "key.pem", "-out", at / "csr")
    (at / "names").write_text("subjectAltName=DNS:web\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-days", "2", "-in", at / "csr", "-CA", at / "ca.pem",
            "-CAkey", at / "ca.key", "-CAcreateserial", "-extfile", at / "names",
            "-out", at / "cert.pem")
    (at / "key.pem").chmod(0o644)  # the server is another user in its container


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A folder for each kind of key, and "wrong" with another root of the same name."""
    at = tmp_path_factory.mktemp("tls13")
    for kind in KEYS:
        make_ca(at / kind, kind)
        make_leaf(at / kind, kind)
    make_ca(at / "wrong", "ec")
    return at


@pytest.fixture(scope="module")
def server_image(on_base):
    return on_base("tls13", lambda binary: go_build("tls13", binary))


@pytest.fixture(scope="module")
def alone(on_base):
    return on_base("alone", lambda _: None, "Dockerfile.alone")


class Town:
    """A network with the server on it, called web and other; hale to ask it."""

    def __init__(self, server_image, alone, keys):
        self.alone, self.keys, self.network, self.boxes = alone, keys, unique(), []
        docker("network", "create", self.network)
        self.box = self.start(server_image, options=(
            "--entrypoint", "/service", "-v", f"{keys}:/tls:ro", "-p", "127.0.0.1::8443",
            "--network-alias", "web", "--network-alias", "other"))
        self.logs = Lines("docker", "logs", "-f", self.box)
        self.logs.wait("tls13: serving")

    def start(self, image, *words, options=()):
        """A container that goes on."""
        box = docker("run", "-d", *HARD, "--network", self.network, *options, image, *words)
        self.boxes.append(box.stdout.strip())
        return self.boxes[-1]

    def hale(self, *words, ca=None):
        """hale alone in its container, to its end; ca is mounted as /ca.pem."""
        mount = ("-v", f"{ca / 'ca.pem'}:/ca.pem:ro") if ca else ()
        return docker("run", "--rm", *HARD, "--network", self.network, *mount, self.alone,
                      *words, check=False)

    def published(self):
        """Where the server can be reached from outside."""
        host, port = docker("port", self.box, "8443/tcp").stdout.split()[0].rsplit(":", 1)
        return host, int(port)

    def close(self):
        docker("rm", "-f", *self.boxes, check=False)
        self.logs.close()
        docker("network", "rm", self.network, check=False)


@pytest.fixture(scope="module")
def towns(server_image, alone, keys):
    """A town for each kind of key."""
    made = {}

    def get(kind):
        if kind not in made:
            made[kind] = Town(server_image, alone, keys / kind)
        return made[kind]

    yield get
    for one in made.values():
        one.close()


@pytest.fixture(params=KEYS)
def town(towns, request):
    return towns(request.param)


@pytest.fixture
def wrong(keys):
    return keys / "wrong"


def test_the_image_holds_nothing_but_hale(alone):
    assert set(files_of(alone)[1]) - {"etc"} == {"hale"}


def test_the_server_refuses_a_client_of_tls_1_2(town):
    older = ssl.create_default_context(cafile=town.keys / "ca.pem")
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(town.published(), 10) as to:
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            older.wrap_socket(to, server_hostname="web")


def test_hale_get_verifies_it_by_a_mounted_ca_file(town):
    done = town.hale("get", "-fsS", "--cacert", "/ca.pem", "https://web:8443/", ca=town.keys)
    assert (done.returncode, done.stdout) == (0, "TLS 1.3 for web\n"), done


def test_hale_check_verifies_it_by_a_mounted_ca_file(town):
    done = town.hale("check", "-t", "20s", "--cacert", "/ca.pem", "https://web:8443/",
                     ca=town.keys)
    assert done.returncode == 0, done
    assert "200 OK" in done.stdout


@pytest.mark.parametrize("args", [("--cacert", "/ca.pem"), ()],
                         ids=["the wrong CA", "the roots in hale"])
def test_another_ca_is_refused_and_the_server_hears_why(town, wrong, args):
    done = town.hale("get", "-fsS", *args, "https://web:8443/", ca=wrong)
    assert (done.returncode, done.stdout) == (60, ""), done
    assert "unknown issuer" in done.stderr
    town.logs.wait("unknown certificate authority")
    done = town.hale("check", "-t", "20s", *args, "https://web:8443/", ca=wrong)
    assert done.returncode == 1 and "unknown issuer" in done.stdout, done
    town.logs.wait("unknown certificate authority")


def test_a_name_that_the_certificate_does_not_have_is_refused(town):
    done = town.hale("get", "-fsS", "--cacert", "/ca.pem", "https://other:8443/", ca=town.keys)
    assert (done.returncode, done.stdout) == (60, ""), done
    assert "is for another host: it names web" in done.stderr


def test_hale_as_init_checks_it_and_hale_check_asks_init(town):
    box = town.start(town.alone, "--", "/hale", "wait", "-t", "1h", "tcp://127.0.0.1:1", options=(
        "-v", f"{town.keys}:/tls:ro", "-e", "HALE_TIMEOUT=8s",
        "-e", "HALE_CHECK=https://web:8443/ --cacert /tls/ca.pem"))
    done = docker("exec", box, "/hale", "wait", "-t", "20s", "exec:/hale check", check=False)
    assert done.returncode == 0, done
    checks = json.loads(docker("exec", box, "/hale", "status", "--json").stdout)["checks"]
    assert [c["ok"] for c in checks if c["name"] == "https://web:8443/"] == [True], checks


# --- the CA file of an image, and its HEALTHCHECK ---------------------------------------

@pytest.fixture
def private(on_base, towns):
    """The image with the CA of a folder, started beside the server with an EC key."""
    opened = []

    def start(name, ca):
        image = on_base(name, lambda to: shutil.copy(ca / "ca.pem", to.parent),
                        "Dockerfile.private")
        box = towns("ec").start(image)
        opened.append(Lines("docker", "events", "--since", "0", "--filter", f"container={box}",
                            "--format", "{{.Action}}"))
        return types.SimpleNamespace(id=box, image=image, events=opened[-1])

    yield start
    for one in opened:
        one.close()


def test_a_healthcheck_by_the_ca_file_of_the_image_is_healthy(private, keys):
    box = private("private", keys / "ec")
    box.events.wait("health_status: healthy")
    done = docker("exec", box.id, "/hale", "get", "-fsS", "https://web:8443/")
    assert done.stdout == "TLS 1.3 for web\n"


def test_a_healthcheck_by_the_wrong_ca_is_unhealthy_and_says_why(private, wrong):
    box = private("wrong", wrong)
    box.events.wait("health_status: unhealthy")
    log = json.loads(docker("inspect", box.id).stdout)[0]["State"]["Health"]["Log"]
    assert log[-1]["ExitCode"] == 1 and "unknown issuer" in log[-1]["Output"], log
