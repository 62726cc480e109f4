"""Names by real name servers, and by glibc beside hale: the same addresses, the same
kind of failure, no more questions, and no later.

The servers run on loopback, each from its Debian package; the zones are in
nameservers.py. Who asks glibc here calls Python's getaddrinfo.
"""
import collections
import re
import time

import pytest

import harness
import nameservers
from nameservers import ADDRESSES, CLOSED, MANY, OPEN, SERVERS, UPSTREAM, A
from programs import path_of

NONAME, AGAIN, NODATA = -2, -3, -5
SLACK_S = 1  # hale may be this much later than glibc: a busy machine, not a timeout
CLUSTER_DNS = "10.96.0.10"
RESOLV_OF_A_POD = (f"nameserver {CLUSTER_DNS}",
                   "search default.svc.cluster.local svc.cluster.local cluster.local",
                   "options ndots:5")
# How hale words what glibc has a number for.
WORDS = {NONAME: "no such name|does not exist|no address",
         NODATA: "no address|does not exist",
         AGAIN: "no name server|refused|failed|SERVFAIL"}

ADDRESSED = ["a", "six", "both", "one", "x.wild", "y.alias", "under_score", "x.inner", "l" * 63,
             "many", "many6"]
FAILING = ["nosuch", "text", "lost", "empty", "round", "away", "nosuch.inner", "inner"]


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """All the servers that are here, and an HTTP server at the port OPEN."""
    boxes = []

    def box(*argv):
        boxes.append(harness.Box(*argv))
        return boxes[-1]
    directory = tmp_path_factory.mktemp("net")
    directory.chmod(0o755)
    made = nameservers.Net(box, directory)
    try:
        made.route("fd00::/64")
        made.address(f"{CLUSTER_DNS}/32")
        nameservers.start(made, *filter(nameservers.is_here, SERVERS))
        made.listen()
        yield made
    finally:
        made.close()


def needs(*names):
    missing = [name for name in names if not nameservers.is_here(name)]
    return pytest.mark.skipif(bool(missing), reason=f"there is no {' '.join(missing)}")


@pytest.fixture(params=[pytest.param(name, marks=needs("knotd", name)) for name in SERVERS])
def server(net, request):
    """The address of each server; it alone is asked, with the zone as search domain."""
    at = ADDRESSES[request.param]
    net.resolv(f"nameserver {at}", "search zone.test")
    return at


@pytest.fixture
def sniffer(net):
    made = nameservers.Sniffer(net)
    yield made
    made.close()


def timed(function, *words):
    began = time.monotonic()
    return function(*words), time.monotonic() - began


def tried_by_hale(net, sniffer, name):
    """The addresses that hale connects to when each refuses."""
    done = net.hale("get", "-sS", f"http://{name}:{CLOSED}/")
    assert done.returncode == 7, done.stderr
    return sniffer.seen("")[2]


def fails_as_in_glibc(net, name, words=""):
    """words: what hale may say, too, where it knows better."""
    glibc, glibc_s = timed(net.glibc, name)
    done, hale_s = timed(net.hale, "check", f"tcp://{name}:{OPEN}")
    assert isinstance(glibc, int), f"glibc finds {glibc}"
    assert done.returncode == 1, (glibc, done)
    assert re.search(f"{WORDS[glibc]}|{words or WORDS[glibc]}", done.stdout), (glibc, done)
    assert hale_s < glibc_s + SLACK_S
    done = net.hale("get", "-sS", f"http://{name}:{OPEN}/")
    assert done.returncode == 6, (glibc, done)
    assert f"(6) Could not resolve host: {name}" in done.stderr


def asked_by(sniffer, server, function, *words):
    """What was asked by UDP of this server meanwhile."""
    sniffer.seen(server)
    result = function(*words)
    return result, sniffer.seen(server)[0]


# --- each server, each kind of answer --------------------------------------------------

@pytest.mark.parametrize("name", ADDRESSED)
def test_a_name_is_found_and_all_its_addresses_are_glibcs(net, server, sniffer, name):
    done = net.hale("check", f"tcp://{name}.zone.test:{OPEN}")
    assert done.returncode == 0, done.stdout
    glibc = net.glibc(f"{name}.zone.test")
    assert len(glibc) == (MANY if name.startswith("many") else len(set(glibc)))
    sniffer.seen(server)
    tried = tried_by_hale(net, sniffer, f"{name}.zone.test")
    assert sorted(tried) == sorted(glibc)
    if len(glibc) < MANY:  # the servers turn long lists round and round
        assert tried[0] == glibc[0]


@pytest.mark.parametrize("name", ["a", "both", "x.wild", "one", "many", "nosuch.wild.zone.test"])
def test_a_name_is_found_by_the_search_list(net, server, name):
    done = net.hale("get", "-sSv", f"http://{name}:{OPEN}/")
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    used = re.search(rf"^\* Connected to {name} \((\S+)\) port {OPEN}", done.stderr, re.M)
    assert used[1] in net.glibc(name), (server, done.stderr)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("name", FAILING)
def test_what_fails_in_glibc_fails_in_the_same_way(net, name):
    glibc = net.glibc(f"{name}.zone.test")
    if not isinstance(glibc, int):  # some follow a CNAME into their other zone
        assert name == "away" and set(glibc) == {"127.9.0.7", "::1"}
        assert net.hale("check", f"tcp://{name}.zone.test:{OPEN}").returncode == 0
        return
    fails_as_in_glibc(net, f"{name}.zone.test")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("name", ["nosuch", "text", "round", "nosuch.other.test"])
def test_the_end_of_the_search_list_is_glibcs(net, name):
    """Some servers refuse what is in no zone of theirs, where others say NXDOMAIN."""
    net.glibc(name)  # a resolver answers from its cache from now on
    fails_as_in_glibc(net, name)


@pytest.mark.parametrize("options", ["ndots:5", "ndots:5 edns0", "ndots:5 single-request",
                                     "ndots:5 single-request-reopen", "ndots:5 use-vc"])
@pytest.mark.parametrize("name", ["many.zone", "six.zone.test", "own.mine.test"])
def test_long_search_lists_end_at_the_same_address(net, server, name, options):
    net.resolv(f"nameserver {server}", "search nosuch.test other.test zone.test test",
               f"options {options}")
    glibc = net.glibc(name)
    if isinstance(glibc, int):  # over TCP it has no word for a refusal
        fails_as_in_glibc(net, name, "over TCP: question refused" if "vc" in options else "")
        return
    done = net.hale("get", "-sSv", f"http://{name}:{OPEN}/")
    used = re.search(rf"^\* Connected to {name} \((\S+)\) port", done.stderr, re.M)
    assert done.returncode == 0 and used[1] in glibc, done.stderr


@pytest.mark.parametrize("name", ["a.zone.test", "nosuch.zone.test.", "one.zone.test",
                                  "both", "text.zone.test.", "x.wild"])
def test_no_more_is_asked_than_by_glibc(net, server, sniffer, name):
    net.glibc(name)
    _, glibc = asked_by(sniffer, server, net.glibc, name)
    _, hale = asked_by(sniffer, server, net.hale, "check", f"tcp://{name}:{OPEN}")
    assert not collections.Counter(hale) - collections.Counter(glibc)


def test_what_does_not_fit_is_asked_once_by_tcp(net, server, sniffer):
    """glibc asks thrice: its room grows until the answer fits."""
    sniffer.seen(server)
    done = net.hale("check", f"tcp://many.zone.test.:{OPEN}")
    questions, connections, _ = sniffer.seen(server)
    assert done.returncode == 0, done.stdout
    assert len(questions) == 2 and connections in (1, 2)


# --- dnsmasq's own names ----------------------------------------------------------------

@needs("knotd", "dnsmasq")
@pytest.mark.parametrize("name", ["own", "pair", "alias", "tree", "any.tree"])
def test_names_in_dnsmasqs_configuration(net, sniffer, name):
    """It answers NXDOMAIN to AAAA of --address=/tree/127.9.0.9, which has an A."""
    server = ADDRESSES["dnsmasq"]
    net.resolv(f"nameserver {server}")
    done = net.hale("check", f"tcp://{name}.mine.test:{OPEN}")
    assert done.returncode == 0, done.stdout
    assert sorted(tried_by_hale(net, sniffer, f"{name}.mine.test")) == sorted(
        net.glibc(f"{name}.mine.test"))


# --- several servers ----------------------------------------------------------------------

@needs("knotd", "dnsmasq", "unbound")
@pytest.mark.parametrize("names", [("dnsmasq", "unbound"), ("unbound", "dnsmasq")])
def test_the_first_server_is_believed(net, names):
    """unbound says that own.mine.test does not exist, at once or a little later."""
    net.resolv(*(f"nameserver {ADDRESSES[name]}" for name in names))
    found = isinstance(net.glibc("own.mine.test"), list)
    assert found == (names[0] == "dnsmasq")
    for _ in range(20):
        done = net.hale("check", f"tcp://own.mine.test:{OPEN}")
        assert done.returncode == (0 if found else 1), done.stdout


@needs("knotd", "nsd", "named")
def test_a_server_that_refuses_is_passed_over(net):
    net.resolv(f"nameserver {ADDRESSES['nsd']}", f"nameserver {ADDRESSES['named']}",
               f"nameserver {ADDRESSES['dnsmasq']}")
    assert net.glibc("own.mine.test") == ["127.9.0.8"]
    done, took_s = timed(net.hale, "check", f"tcp://own.mine.test:{OPEN}")
    assert done.returncode == 0 and took_s < SLACK_S, done.stdout


@needs("knotd")
def test_an_address_without_a_server_is_passed_over(net):
    net.resolv("nameserver 127.1.0.99", f"nameserver {UPSTREAM}")
    done, took_s = timed(net.hale, "check", f"tcp://both.zone.test:{OPEN}")
    assert done.returncode == 0 and took_s < SLACK_S, done.stdout


@needs("knotd")
def test_a_silent_first_server_costs_its_timeout_once(net):
    with net.call(net.silent, "127.1.0.98"):
        net.resolv("nameserver 127.1.0.98", f"nameserver {UPSTREAM}",
                   "search nosuch.test other.nosuch zone.test", "options timeout:1 ndots:2")
        done, took_s = timed(net.hale, "check", "-t", "10s", f"tcp://both:{OPEN}")
        assert done.returncode == 0, done.stdout
        assert 0.9 < took_s < 1 + SLACK_S


@needs("knotd", "unbound")
@pytest.mark.parametrize("at", ["fd53::1", "fe80::53%lo"])
def test_a_server_at_an_address_of_ipv6(net, at):
    plain = at.partition("%")[0]
    net.address(f"{plain}/64", "nodad")
    nameservers.unbound(net, at, UPSTREAM)
    net.resolv(f"nameserver {at}")
    harness.until(lambda: isinstance(net.glibc("both.zone.test"), list), f"{at} answers")
    done = net.hale("check", f"tcp://both.zone.test:{OPEN}")
    assert done.returncode == 0, done.stdout


@needs("dnsmasq", "knotd")
def test_wait_goes_on_until_there_is_a_name_server(net, sniffer):
    at = "127.1.0.77"
    net.resolv(f"nameserver {at}")
    waiting = net.begin(harness.HALE, "wait", "-q", "-t", "30s", f"tcp://own.mine.test:{OPEN}")
    harness.until(lambda: sniffer.seen(at)[0], "hale has asked in vain")
    net.serves(at, nameservers.dnsmasq(net, at, UPSTREAM), "own.mine.test")
    assert waiting.wait(harness.DEADLINE) == 0


# --- a pod of Kubernetes ---------------------------------------------------------------------

@pytest.fixture(scope="module")
def cluster(net):
    """The kubelet's resolv.conf, and a resolver where CoreDNS would be: Debian has none.
    The zone is CoreDNS's, and the world outside is zone.test."""
    net.serves(CLUSTER_DNS, nameservers.unbound(net, CLUSTER_DNS, UPSTREAM))
    return net


@pytest.fixture
def pod(cluster):
    cluster.resolv(*RESOLV_OF_A_POD)
    return cluster


@needs("knotd", "unbound")
@pytest.mark.parametrize("name, questions", [
    ("db", 2), ("db.default", 4), ("web.shop", 4), ("web.shop.svc", 6), ("six.shop", 4),
    ("web.shop.svc.cluster.local", 8), ("web.shop.svc.cluster.local.", 2),
    ("db-0.db", 2), ("db-0.db.default.svc.cluster.local", 2), ("10-244-0-7.shop.pod", 6),
    ("both.zone.test", 8), ("both.zone.test.", 2), ("a.zone.test", 8)])
def test_a_pods_names_cost_as_many_questions_as_in_glibc(pod, sniffer, name, questions):
    glibc, by_glibc = asked_by(sniffer, CLUSTER_DNS, pod.glibc, name)
    done, by_hale = asked_by(sniffer, CLUSTER_DNS, pod.hale, "check", f"tcp://{name}:{OPEN}")
    assert done.returncode == 0, done.stdout
    assert isinstance(glibc, list) and len(by_glibc) == questions
    assert collections.Counter(by_hale) == collections.Counter(by_glibc)


@needs("knotd", "unbound")
@pytest.mark.parametrize("name", ["nosuch", "web", "nosuch.shop", "db.default.svc.nosuch",
                                  "nosuch.default.svc.cluster.local.", "text.zone.test"])
def test_a_pods_unknown_names_fail_as_in_glibc(pod, name):
    fails_as_in_glibc(pod, name)


def test_the_servers_of_the_packages_are_the_ones_of_the_tests(net):
    """Each was asked; nothing of the machine's own resolver was used."""
    for name in filter(nameservers.is_here, SERVERS):
        answer = net.ask(ADDRESSES[name], "a.zone.test", A)
        assert answer and nameservers.rcode(answer) == 0 and path_of(name)
