# SPDX-License-Identifier: MIT
"""The gRPC peers among themselves: what the tests of hale's own gRPC rely on."""
import pytest

import grpc_peers
import harness
import pki

CLIENTS = pytest.mark.parametrize("name", grpc_peers.ALL)
SERVERS = pytest.mark.parametrize("name", grpc_peers.ALL)
pytestmark = pytest.mark.skipif(harness.EMULATED, reason="hale has no part in it")
SERVICES = {"live": "SERVING", "ready": "NOT_SERVING"}


@CLIENTS
def test_a_client_reads_the_status_of_a_service(peers, name):
    server = peers("go").serve(SERVICES)
    client = peers(name)
    assert client.check(server.target).status == "SERVING"
    assert client.check(server.target, "ready", timeout=5).status == "NOT_SERVING"
    unknown = client.check(server.target, "none")
    assert (unknown.code, unknown.message) == ("NOT_FOUND", "unknown service")


@CLIENTS
def test_a_client_reads_each_change_and_the_end(peers, name):
    server = peers("go").serve(SERVICES)
    watch = peers(name).watch(server.target, "ready")
    assert watch.status() == "NOT_SERVING"
    server.set("ready", "SERVING")
    assert watch.status() == "SERVING"
    server.close()
    assert watch.end().code == "UNAVAILABLE"


@CLIENTS
def test_a_client_counts_many_calls(peers, name):
    server = peers("go").serve(SERVICES)
    client = peers(name)
    many = client.checks(server.target, "live", n=20, parallel=4, one_connection=True)
    assert many.counts == {"SERVING": 20}
    each = client.checks(server.target, "live", n=3, metadata=2000, gzip=True)
    assert each.counts == {"SERVING": 3}
    assert (many.dials, each.dials) == ((1, 3) if "go" in name else (None, None))
    assert each.slowest_ms > 0


@CLIENTS
def test_a_client_says_when_all_streams_know_a_change(peers, name):
    server = peers("go").serve()
    streams = peers(name).streams(server.target, 20, connections=2, changes=0).ready()
    server.set("", "NOT_SERVING")
    told = streams.told()
    assert (told.count, told.status) == (20, "NOT_SERVING")
    assert told.first <= told.last
    server.close()
    ends = streams.ends()
    assert {o.code for o in ends} == {"UNAVAILABLE"}
    assert sum(o.count for o in ends) == 20


@SERVERS
def test_a_server_answers_as_told(peers, name):
    server, client = peers(name).serve(SERVICES), peers("go")
    assert client.check(server.target, "ready").status == "NOT_SERVING"
    assert client.check(server.target, "none").code == "NOT_FOUND"
    watch = client.watch(server.target, "new")
    assert watch.status() == "SERVICE_UNKNOWN"
    server.set("new", "NOT_SERVING")
    assert watch.status() == "NOT_SERVING"
    services, ended = client.list(server.target)
    if name == "go" and ended.code == "UNIMPLEMENTED":
        return  # a grpc-go that is older than List
    assert services == {"": "SERVING", **SERVICES, "new": "NOT_SERVING"}


@SERVERS
def test_a_server_fails_as_told(peers, name):
    client, server = peers("go"), peers(name)
    bare = server.serve(no_health=True)
    assert client.check(bare.target).code == "UNIMPLEMENTED"
    silent = server.serve(silent=True)
    assert client.check(silent.target, timeout=0.3).code == "DEADLINE_EXCEEDED"
    refusing = server.serve(error="UNAUTHENTICATED")
    assert client.check(refusing.target).code == "UNAUTHENTICATED"
    assert client.watch(refusing.target).end().code == "UNAUTHENTICATED"
    refusing.close()
    gone = client.check(refusing.target, timeout=0.2)
    assert gone.code == "UNREACHABLE"


@SERVERS
def test_a_server_speaks_tls(peers, name):
    root = pki.root()
    leaf = pki.leaf(root, "DNS:localhost", "IP:127.0.0.1")
    server = peers(name).serve(cert=leaf.file, key=leaf.key.file)
    for client in grpc_peers.NAMES:
        verified = peers(client).check(f"localhost:{server.port}", ca=root.file, timeout=10)
        assert verified.status == "SERVING", client
    assert peers("go").check(server.target, any_cert=True).status == "SERVING"


def test_a_server_tells_what_came_with_a_call(peers):
    server = peers("go").serve(log=True)
    peers("go").check(server.target, timeout=5)
    asked = server.next_asked()
    assert asked["method"] == "/grpc.health.v1.Health/Check"
    assert asked["authority"] == server.target
    assert asked["user-agent"].startswith("kube-probe/1.31 ")
    assert 4 < float(asked["timeout"]) <= 5


def test_a_server_ends_gracefully(peers):
    server = peers("go").serve()
    watch = peers("go").watch(server.target)
    assert watch.status() == "SERVING"
    server.shutdown()
    assert watch.status() == "NOT_SERVING"


def test_a_peer_may_be_in_the_network_of_a_box(peers, hale):
    box = hale("say up pause")
    box.out.expect("^up")
    server = peers("go", box).serve()
    assert peers("go", box).check(server.target).status == "SERVING"
    assert peers("go").check(server.target, timeout=0.2).code == "UNREACHABLE"
