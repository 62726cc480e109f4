"""Neighbours of a user network are found by the names that Docker's own server
(127.0.0.11) knows them by; what it does not know it asks of an outside server."""
# SPDX-License-Identifier: MIT

import json
import os
import pathlib
import re
import shutil
import subprocess
import types
import uuid

import pytest

from conftest import HARD
from containers import Lines, docker
from test_70_compose import find_compose

COMPOSE = pathlib.Path(__file__).with_name("names.yaml")
EMBEDDED = "127.0.0.11"
MANY = 100


def unique():
    return f"hale-test-{uuid.uuid4().hex[:12]}"


class Network:
    """A user network, the containers on it, and hale as a container that asks."""

    def __init__(self, image, *options):
        self.image, self.name, self.boxes = image, unique(), []
        docker("network", "create", *options, self.name)
        found = json.loads(docker("network", "inspect", self.name).stdout)[0]
        self.gateway = found["IPAM"]["Config"][0]["Gateway"]

    def start(self, *words, options=()):
        """A container that goes on; its name on the network is what options say."""
        box = docker("run", "-d", *HARD, "--network", self.name, *options, self.image, *words)
        self.boxes.append(box.stdout.strip())
        return self.boxes[-1]

    def serve(self, *options):
        """One of the Go service, once it serves."""
        logs = Lines("docker", "logs", "-f", self.start("/service", options=options))
        logs.wait("service: serving")
        logs.close()

    def hale(self, *words, options=()):
        """hale as the entrypoint, to its end."""
        return docker("run", "--rm", *HARD, "--network", self.name, *options, self.image,
                      *words, check=False)

    def check(self, name, *options, port=8080):
        return self.hale("check", "-t", "20s", f"tcp://{name}:{port}", options=options)

    def close(self):
        if self.boxes:
            docker("rm", "-f", *self.boxes, check=False)
        docker("network", "rm", self.name, check=False)


class Outside:
    """dnsmasq on the network's gateway, as the server that --dns names. Its names have
    that address, where it takes connections at port 53."""

    def __init__(self, at, directory):
        hosts = directory / "hosts"
        hosts.write_text(f"{at} outside.test deep.er.corp.test\n" + "".join(
            f"127.7.0.{n} many.test\n" for n in range(1, MANY)) + f"{at} many.test\n")
        self.lines = Lines(
            shutil.which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin"),
            "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
            f"--addn-hosts={hosts}", "--user=root", f"--pid-file={directory}/pid",
            f"--listen-address={at}", "--bind-interfaces", "--log-facility=-", "--log-queries",
            "--local=/#/", f"--address=/four.test/{at}", "--cname=alias.test,outside.test")
        self.lines.wait("started")
        self.dns = ("--dns", at)

    def close(self):
        self.lines.close()


@pytest.fixture(scope="module")
def network(service_image):
    """network("--internal") makes one; removed at the end."""
    made = []

    def make(*options):
        made.append(Network(service_image, *options))
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def town(network):
    """A network with one neighbour of many names, and its name."""
    made = network()
    made.db = unique()
    made.serve("--name", made.db, "--network-alias", "db", "--network-alias", "project_db_1",
               "--network-alias", "db.corp.test")
    return made


@pytest.fixture(scope="module")
def outside(town, tmp_path_factory):
    made = Outside(town.gateway, tmp_path_factory.mktemp("outside"))
    yield made
    made.close()


def connects(done):
    assert done.returncode == 0, done.stdout + done.stderr


def fails(done, words):
    assert done.returncode == 1 and words in done.stdout, done


# --- neighbours ---------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["{db}", "db", "DB", "project_db_1", "db.corp.test",
                                  "{db}.{net}", "db.{net}", "{db}.{net}."])
def test_a_neighbour_is_found_by_each_of_its_names(town, name):
    connects(town.check(name.format(db=town.db, net=town.name)))


def test_a_neighbour_is_called_by_name(town):
    done = town.hale("get", "-sS", f"http://{town.db}:8080/", "http://db:8080/")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("hello from pid") == 2


def test_a_neighbour_of_both_families_is_found_by_both(network):
    number = uuid.uuid4().int % 0xf000 + 0x1000  # no leading zero, which is not shown
    prefix = f"2001:db8:{number:x}::"  # of a ULA IPv4 would come first
    both = network("--ipv6", "--subnet", f"{prefix}/64")
    both.serve("--network-alias", "db")
    for family in ("-4", "-6"):
        connects(both.hale("check", family, "tcp://db:8080"))
    assert prefix in both.hale("check", "tcp://db:8080").stdout


def test_a_neighbour_that_comes_late_is_waited_for(town, outside):
    """Its name is asked outside until Docker knows it."""
    late = unique()
    waiting = town.start("wait", "-t", "60s", f"tcp://{late}:8080", options=outside.dns)
    outside.lines.wait(f" {late} from ")
    town.serve("--name", late)
    assert docker("wait", waiting).stdout == "0\n", docker("logs", waiting)


# --- what Docker's server does not know ---------------------------------------------------

def test_an_unknown_name_on_an_internal_network_names_the_silent_server(network):
    """Docker 20.10 asks nobody there and says nothing; later ones say SERVFAIL."""
    done = network("--internal").hale("check", "-t", "1s", "tcp://nosuch:8080")
    fails(done, EMBEDDED)


def test_an_unknown_name_is_worded_with_the_server(town, outside):
    fails(town.check("nosuch", *outside.dns), f"{EMBEDDED} says that nosuch does not exist")


@pytest.mark.parametrize("name", ["outside.test", "OUTSIDE.test.", "alias.test", "many.test",
                                  "four.test", "any.four.test"])
def test_an_outside_name_is_found_through_dockers_server(town, outside, name):
    """For AAAA of four.test dnsmasq says NXDOMAIN, as other servers do."""
    connects(town.check(name, *outside.dns, port=53))


@pytest.mark.parametrize("ndots", ["0", "1", "5", "15"])
def test_the_search_list_of_dns_search_is_used(town, outside, ndots):
    options = (*outside.dns, "--dns-search", "nosuch.internal", "--dns-search", "corp.test",
               "--dns-option", f"ndots:{ndots}")
    for name in ("db", town.db, f"db.{town.name}"):
        connects(town.check(name, *options))
    for name in ("deep.er", "outside.test", "deep.er.corp.test."):
        connects(town.check(name, *options, port=53))
    done = town.check("nosuch", *options)
    assert done.returncode == 1, done
    # Told ndots, Docker answers for a name without a dot itself: with nothing.
    assert re.search("does not exist|no address", done.stdout), done
    assert "nosuch.corp.test" in done.stdout, done


def test_a_long_search_list_is_used_to_its_end(town, outside):
    """Kubernetes allows 32 domains of 2,048 characters."""
    domains = [f"{n:02d}{'x' * 50}.internal" for n in range(31)] + ["corp.test"]
    options = [word for domain in domains for word in ("--dns-search", domain)]
    connects(town.check("deep.er", *outside.dns, *options, "--dns-option", "ndots:5", port=53))


# --- /etc/hosts ----------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["extra", "EXTRA", "more.test"])
def test_names_of_add_host_need_no_server(network, town, outside, name):
    at = town.gateway
    done = town.check(name, "--dns", "127.0.0.1", "--add-host", f"extra:{at}",
                      "--add-host", f"more.test:{at}", port=53)
    connects(done)
    assert outside.lines.command.poll() is None


@pytest.mark.parametrize("name", ["web", "web.corp.test"])
def test_a_container_finds_itself_by_hostname_and_domainname(town, name):
    box = town.start("/service", options=("--hostname", "web", "--domainname", "corp.test",
                                          "-e", f"HALE_CHECK=http://{name}:8080/"))
    logs = Lines("docker", "logs", "-f", box)
    logs.wait("service: serving")
    logs.close()
    done = docker("exec", box, "/hale", "check", f"http://{name}:8080/", check=False)
    connects(done)


# --- compose -----------------------------------------------------------------------------------

@pytest.fixture
def compose(service_image):
    """Run compose on names.yaml; what it started is removed."""
    env = {**os.environ, "COMPOSE_PROJECT_NAME": unique()}

    def call(*words, check=True):
        done = subprocess.run((*find_compose(), "-f", COMPOSE, *words), capture_output=True,
                              text=True, env=env, timeout=120)
        assert not check or done.returncode == 0, (words, done)
        return done.stdout
    yield types.SimpleNamespace(call=call, image=service_image)
    call("down", "-t", "1", check=False)


def test_a_service_of_compose_waits_for_the_other_by_name(compose):
    compose.call("up", "-d")
    web = compose.call("ps", "-a", "-q", "web").strip()
    assert docker("wait", web).stdout == "0\n", docker("logs", web)
