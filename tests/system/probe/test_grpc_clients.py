# SPDX-License-Identifier: MIT
"""Clients of real gRPC libraries ask hale, whose service knows nothing of gRPC."""
import pathlib

import pytest

import grpc_peers
import harness
from harness import HALE, PORT, clean_env, svc, until

CLIENTS = pytest.mark.parametrize("name", grpc_peers.ALL)
LONG = pytest.mark.parametrize("name", ("python", "js"))   # Go's obey the limit
GO = pytest.mark.parametrize("name", ("go", "newest go"))
pytestmark = pytest.mark.skipif(harness.EMULATED, reason="the clients' own time limits are short")

AT = f"127.0.0.1:{PORT}"
ONLY = "127.0.0.1:9090"   # a listener for verdicts only
HEALTH = grpc_peers.HEALTH
FAST = ("--interval", "50ms", "--retries", "1", "--timeout", "10s")
OWN = ("", "live", "ready", "startup")
UP, DOWN = "SERVING", "NOT_SERVING"


@pytest.fixture
def client(peers):
    """client(name, box): a peer in the network of the box."""
    return lambda name, box: peers(name, box)


@pytest.fixture
def ready(hale):
    """hale with a service that is up."""
    def start(*options, **more):
        box = hale("--listen", str(PORT), *options, "say up pause", **more)
        box.out.expect("^up$")
        return box
    return start


def connections(box):
    """Accepted so far in the box's network."""
    text = pathlib.Path(f"/proc/{box.pid}/net/snmp").read_text()
    names, values = (line.split() for line in text.splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("PassiveOpens")])


# --- Check and List --------------------------------------------------------------

@CLIENTS
def test_each_verdict_and_each_check_has_a_status_of_its_own(sick, client, name):
    box = sick("--check", "web={}", "--ready-check", "exec:" + HALE + " --version",
               "--grpc-service", "shop.Cart", "--grpc-service", "shop.v1/Ü", *FAST)
    c = client(name, box)
    until(lambda: box.get("/readyz").status == 200, "it is ready")
    known = (*OWN, "shop.Cart", "shop.v1/Ü", "web")
    services, ended = c.list(AT)
    assert (ended.code, {n: s for n, s in services.items() if not n.startswith("exec:")}) \
        == ("OK", dict.fromkeys(known, UP))
    assert [c.check(AT, service).status for service in known] == [UP] * len(known)
    assert box.run(HALE, "drain", "0").returncode == 0
    down = ("", "ready", "shop.Cart", "shop.v1/Ü")
    services, _ = c.list(AT)
    assert {n for n, status in services.items() if status == DOWN} == set(down)
    for service in known:
        assert c.check(AT, service).status == (DOWN if service in down else UP), service


@CLIENTS
def test_a_name_that_is_not_known_is_not_found_and_its_watch_stays_open(ready, client, name):
    box = ready()
    c = client(name, box)
    for service in ("none", "service", "Live", "x" * 300):
        assert c.check(AT, service).code == "NOT_FOUND", service
    assert c.check(AT, "none").message == 'no service is called "none"'
    watch = c.watch(AT, "none")
    assert watch.status() == "SERVICE_UNKNOWN"
    assert box.run(HALE, "drain", "0").returncode == 0
    assert c.check(AT).status == DOWN
    box.signal(15)
    assert watch.end() == grpc_peers.Outcome(code="UNAVAILABLE",
                                             message="hale ends the connection")


@CLIENTS
def test_a_listener_for_verdicts_only_knows_no_check(sick, client, name):
    box = sick("--listen", f"{ONLY},probes", "--check", "web={}", "--grpc-service", "mine", *FAST,
               mode="500")
    until(lambda: box.get("/livez").status == 503, "it is not live")
    c = client(name, box)
    assert c.list(ONLY)[0] == {"": DOWN, "live": DOWN, "ready": DOWN, "startup": DOWN,
                               "mine": DOWN}
    assert c.list(AT)[0]["web"] == c.check(AT, "web").status == DOWN
    assert c.check(ONLY, "web").code == "NOT_FOUND"
    assert c.watch(ONLY, "web").status() == "SERVICE_UNKNOWN"
    assert c.watch(ONLY, "mine").status() == DOWN


def test_a_name_that_is_given_twice_means_the_first_for_check_and_list(sick, client):
    box = sick("--check", "ready={}", "--ready-check", "mine={}", "--grpc-service", "mine",
               "--grpc-service", "mine", *FAST)
    until(lambda: box.get("/readyz").status == 200, "it is ready")
    assert box.run(HALE, "drain", "0").returncode == 0
    services, _ = client("go", box).list(AT)
    assert services == {"": DOWN, "live": UP, "ready": DOWN, "startup": UP, "mine": DOWN}
    for service, status in services.items():
        assert client("go", box).check(AT, service).status == status, service


# --- --grpc-service --------------------------------------------------------------

def test_the_environment_lists_services_too(ready, client):
    box = ready(env=clean_env(HALE_GRPC_SERVICE="a,b.C"))
    assert {"a", "b.C"} < set(client("go", box).list(AT)[0])
    box = ready("--grpc-service", "c", env=clean_env(HALE_GRPC_SERVICE="a,b.C"))
    assert set(client("go", box).list(AT)[0]) == {*OWN, "c"}


def test_as_many_services_as_may_be_are_served(ready, client):
    names = ["x" * 255, *(f"s{n}" for n in range(15))]
    box = ready(*(f"--grpc-service={name}" for name in names))
    assert set(client("go", box).list(AT)[0]) == {*OWN, *names}
    assert client("go", box).check(AT, names[0]).status == UP


A_NAME = ": expected 1 to 255 bytes of UTF-8 without spaces and control characters; live, " \
    "ready and startup are hale's own"


@pytest.mark.parametrize("value, shown", [
    ("", '""'), ("live", '"live"'), ("ready", '"ready"'), ("startup", '"startup"'),
    ("a\nb", '"a?b"'), (b"a\xff", '"a?"'), ("x" * 256, None)],
    ids=["empty", "live", "ready", "startup", "line", "not UTF-8", "long"])
def test_a_name_that_cannot_be_served_is_refused_in_words(hale, value, shown):
    code, out, err = hale("--grpc-service", value, "say started").end()
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith("hale: --grpc-service ") and err[0].endswith(A_NAME)
    assert shown is None or err[0] == f"hale: --grpc-service {shown}{A_NAME}"


def test_one_of_the_environment_is_refused_by_its_name(box):
    env = clean_env(HALE_GRPC_SERVICE="a,ready")
    assert box(HALE, *svc("say started"), env=env).end() == (
        2, [], [f'hale: HALE_GRPC_SERVICE "ready"{A_NAME}'])


def test_more_services_than_may_be_are_refused(hale):
    words = [f"--grpc-service=s{n}" for n in range(17)]
    assert hale(*words, "say started").end() == (
        2, [], ['hale: --grpc-service "s16": there are too many of these already'])


# --- Watch -----------------------------------------------------------------------

@CLIENTS
def test_a_watch_is_told_each_change_from_the_start_to_the_end(sick, client, name):
    box = sick("--check", "web={}", *FAST, mode="500")
    c = client(name, box)
    until(lambda: box.get("/livez").status == 503, "it is not live")
    watches = {service: c.watch(AT, service) for service in (*OWN, "web")}

    def all_are(status, services):
        for service in services:
            assert watches[service].status() == status, service
    all_are(DOWN, watches)
    box.be("200")
    all_are(UP, watches)
    box.be("500")
    all_are(DOWN, ("", "live", "ready", "web"))
    box.be("200")
    all_are(UP, ("", "live", "ready", "web"))
    assert box.run(HALE, "drain", "0").returncode == 0
    all_are(DOWN, ("", "ready"))
    box.signal(15)
    for service, watch in watches.items():
        end = watch.end()
        assert (end.code, end.status) in (("UNAVAILABLE", None), ("UNAVAILABLE", DOWN)), service
    assert box.code() == 143


@CLIENTS
def test_a_watch_is_told_of_a_stop_that_drains_and_of_the_end(ready, client, name):
    box = ready("--drain", "1h")
    c = client(name, box)
    watches = [c.watch(AT), c.watch(AT, "ready")]
    assert [watch.status() for watch in watches] == [UP, UP]
    box.signal(15)
    assert [watch.status() for watch in watches] == [DOWN, DOWN]
    assert c.check(AT).status == DOWN
    assert c.check(AT, "live").status == UP
    box.signal(15)
    assert [watch.end().code for watch in watches] == ["UNAVAILABLE"] * 2
    assert box.code() == 143


@CLIENTS
def test_a_clients_deadline_ends_its_watch(ready, client, name):
    box = ready()
    c = client(name, box)
    assert c.watch(AT, timeout=0.5, no_block="go" in name).end().code == "DEADLINE_EXCEEDED"
    assert c.check(AT).status == UP


# --- what is refused -------------------------------------------------------------

@CLIENTS
def test_what_hale_does_not_serve_is_unimplemented(ready, client, name):
    c = client(name, ready())
    for path in (HEALTH + "Other", "/shop.Cart/Check", "/grpc.health.v1.Health"):
        answers, ended = c.call(AT, path)
        assert (answers, ended.code) == ([], "UNIMPLEMENTED"), path
        assert ended.message.endswith(f'only, not "{path}"')


@CLIENTS
def test_a_compressed_message_is_refused_in_words(ready, client, name):
    """The libraries leave an empty message as it is; Python's a short one too."""
    c = client(name, ready())
    long = c.check(AT, "x" * 100, gzip=True)
    assert (long.code, long.message) == (
        "UNIMPLEMENTED", "the message is compressed: only identity is understood")
    assert c.check(AT, gzip=True).words in (UP, "UNIMPLEMENTED")


@CLIENTS
def test_a_message_that_is_wrong_has_a_code_of_its_own(ready, client, name):
    c = client(name, ready())
    wrong = {b"\x0a\x05a": "INTERNAL", b"\xff" * 11: "INTERNAL",
             b"\x0a\xe8\x07" + b"a" * 1000: "RESOURCE_EXHAUSTED",
             b"\x12\x01x": "OK"}   # a field that is not known
    for message, code in wrong.items():
        for method in ("Check", "List"):
            assert c.call(AT, HEALTH + method, message)[1].code == code, (method, message)


# --- metadata --------------------------------------------------------------------

@CLIENTS
def test_metadata_of_15_kb_in_one_field_is_passed_over(ready, client, name):
    c = client(name, ready())
    for size in (8191, 8192, 15000):
        assert c.check(AT, metadata=size).status == UP, size


@LONG
def test_more_than_16_kb_are_refused_and_the_connection_lives_on(ready, client, name):
    """They come in CONTINUATION."""
    box = ready()
    before = connections(box)
    many = client(name, box).checks(AT, n=20, one_connection=True, metadata=17000)
    assert connections(box) == before + 1
    assert many.counts == {"RESOURCE_EXHAUSTED": 20}
    assert many.outcomes[0].message == "the metadata is longer than 16384 bytes"


@GO
def test_go_knows_the_limit_and_sends_no_more(ready, client, name):
    """Unless it calls before it has read our SETTINGS to their end."""
    refused = client(name, ready()).check(AT, metadata=17000)
    assert refused.code in ("INTERNAL", "RESOURCE_EXHAUSTED")
    assert "16384 bytes" in refused.message


# --- many ------------------------------------------------------------------------

@CLIENTS
def test_a_hundred_calls_at_a_time_share_a_connection(ready, client, name):
    box = ready()
    before = connections(box)
    many = client(name, box).checks(AT, n=500, parallel=100, one_connection=True)
    assert many.counts == {UP: 500}
    assert connections(box) == before + 1
    assert many.dials in (1, None)


@GO
def test_go_dials_once_for_each_check_on_a_new_connection(ready, client, name):
    many = client(name, ready()).checks(AT, "ready", n=50, parallel=4)
    assert (many.counts, many.dials) == ({UP: 50}, 50)
