# SPDX-License-Identifier: MIT
"""hale called grpc_health_probe: its flags, words and exit codes.

The original is in no package of Debian's, so the words here are those that it said when it
was built once from its source, with grpc-go 1.33; the servers are scripted, and one is a
real library's. hale differs where it knows better than to wait: the original says "timeout:
failed to connect" of whatever is wrong with a connection, after all of -connect-timeout.
"""
import socket
import ssl
import subprocess

import pytest

import grpc_script as g
import harness
import pki
import tls_servers


@pytest.fixture(name="probe")
def by_name(named):
    def run(*words):
        done = subprocess.run([named("grpc_health_probe"), *map(str, words)],
                              capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=harness.DEADLINE,
                              env={"PATH": harness.PATH})
        assert done.stdout == "" or "-version" in words
        return done.returncode, done.stderr or done.stdout
    return run


def sleeps(pid):
    """Is it in its pause? The call before has been refused then."""
    with open(f"/proc/{pid}/wchan", encoding="ascii") as where:
        return "nanosleep" in where.read()


SERVING = (0, "status: SERVING\n")


@pytest.fixture(scope="module", name="authority")
def made_authority():
    root = pki.root()
    cert = pki.leaf(root, "DNS:db.example")
    return root.file, pki.put(cert), cert.key.file


@pytest.mark.parametrize("words", [
    ["-addr=AT"], ["-addr", "AT"], ["--addr=AT"], ["--addr", "AT"], ["-addr=:PORT"],
    ["-addr=localhost:PORT", "-v"], ["-gzip", "-verbose=true", "-addr=AT", "-tls=false"],
    ["-connect-timeout=250ms", "-rpc-timeout", "1m30s", "-addr=AT"],
    ["-addr=AT", "-connect-timeout", "1.5s", "and", "-what", "follows"],
    ["-addr=AT", "--", "-bogus"],
])
def test_flags_are_gos(words, probe):
    with g.Server(g.answer()) as server:
        at = f"127.0.0.1:{server.port}"
        assert probe(*(word.replace("AT", at).replace("PORT", str(server.port))
                       for word in words)) == SERVING


def test_a_server_is_asked_what_the_flags_say(probe):
    with g.Server(g.answer()) as server:
        assert probe(f"-addr=127.0.0.1:{server.port}", "-service=a.B", "-rpc-header=x-a: b",
                     "-rpc-header", "x-c: d", "-user-agent=me", "-rpc-timeout=3s") == SERVING
        (call,) = server.calls
    fields = dict(call.fields)
    assert (fields["x-a"], fields["x-c"], fields["user-agent"]) == ("b", "d", "me")
    assert call.message.endswith(b"a.B")
    assert 2500 < int(fields["grpc-timeout"].rstrip("m")) <= 3000


def test_hale_says_that_it_is_hale(probe):
    with g.Server(g.answer()) as server:
        probe(f"-addr=127.0.0.1:{server.port}")
        assert dict(server.calls[0].fields)["user-agent"].startswith("hale/")


@pytest.mark.parametrize("status, word", [(2, "NOT_SERVING"), (0, "UNKNOWN"),
                                          (3, "SERVICE_UNKNOWN")])
def test_an_ill_service_is_4(status, word, probe):
    with g.Server(g.answer(status)) as server:
        assert probe(f"-addr=127.0.0.1:{server.port}") \
            == (4, f'service unhealthy (responded with "{word}")\n')


def test_a_failed_call_is_3(probe):
    with g.Server(g.only_trailers(12)) as server:
        assert probe(f"-addr=127.0.0.1:{server.port}") == (
            3, "error: this server does not implement the grpc health protocol "
               "(grpc.health.v1.Health)\n")
    with g.Server(g.only_trailers(5)) as server:
        code, said = probe(f"-addr=127.0.0.1:{server.port}", "-service=x")
        assert code == 3 and said.startswith("error: health rpc failed: ") and "NOT_FOUND" in said
    for late in (g.HELLO, g.only_trailers(4)):   # its silence, or its own word
        with g.Server(late) as server:
            assert probe(f"-addr=127.0.0.1:{server.port}", "-rpc-timeout=300ms") \
                == (3, "timeout: health rpc did not complete within 300ms\n")


def test_no_connection_is_2(probe):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{closed.getsockname()[1]}"
        code, said = probe("-addr", at)
        assert code == 2 and said.endswith("Connection refused\n")
        assert said.startswith(f'error: failed to connect service at "{at}": ')


def test_a_server_that_is_not_there_yet_is_waited_for(named):
    """As long as -connect-timeout allows: the second call finds it."""
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{late.getsockname()[1]}"
        words = [named("grpc_health_probe"), f"-addr={at}", "-connect-timeout=15s"]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as asked:
            harness.until(lambda: sleeps(asked.pid), "it waits for the server")
            late.listen()
            peer, _ = late.accept()
            with peer, peer.makefile("rb") as stream:
                g.Call(stream)
                peer.sendall(g.answer())
                assert asked.communicate(timeout=harness.DEADLINE)[1] == SERVING[1]


def test_a_server_that_does_not_speak_http2_is_2(probe):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        assert probe("-addr", at, "-connect-timeout=300ms") \
            == (2, f'timeout: failed to connect service "{at}" within 300ms\n')


def test_the_call_has_its_own_time(probe):
    """What is late for -connect-timeout is not for -rpc-timeout."""
    with g.Server(g.HELLO) as server:
        code, said = probe(f"-addr=127.0.0.1:{server.port}", "-connect-timeout=10s",
                           "-rpc-timeout=200ms")
        assert (code, said) == (3, "timeout: health rpc did not complete within 200ms\n")


def test_a_name_of_its_own_is_verified_by_tls(probe, authority):
    root, chain, key = authority
    tls = tls_servers.context(chain, key, high=ssl.TLSVersion.TLSv1_3, alpn=("h2",))
    with g.Server(g.answer(), tls=tls) as server:
        at = f"-addr=127.0.0.1:{server.port}"
        assert probe(at, "-tls", f"-tls-ca-cert={root}", "-tls-server-name=db.example") == SERVING
        code, said = probe(at, "-tls", f"-tls-ca-cert={root}")
        assert code == 2 and said.startswith("error: failed to connect service at ")
        code, said = probe(at, "-tls", "-tls-no-verify")
        assert code == 0 and "NOT verified" in said
        assert probe(at)[0] == 2
        assert probe(at, "-tls", "-tls-ca-cert=/no/such")[0] == 1


@pytest.mark.parametrize("words, said", [
    ([], 'error: -addr "": expected '),
    (["-addr=nothing"], 'error: -addr "nothing": expected '),
    (["-addr=127.0.0.1:1/a"], "error: -addr "),
    (["-addr"], "flag needs an argument: -addr\n"),
    (["-bogus"], "flag provided but not defined: -bogus\n"),
    (["-alts", "-addr=127.0.0.1:1"], "flag provided but not defined: -alts\n"),
    (["-tls=maybe"], 'invalid value "maybe" for flag -tls\n'),
    (["-connect-timeout=0"], 'invalid value "0" for flag -connect-timeout\n'),
    (["-rpc-header=token"], 'invalid value "" for flag -rpc-header\n'),
    (["-addr=unix:/x", "-tls"], 'error: -addr "unix:/x": cannot be with -tls'),
    (["-addr=unix:"], "error: -addr "), (["-addr=unix:/" + 200 * "x"], "error: -addr "),
    (["-addr=127.0.0.1:1", "-user-agent=a\nb"], 'error: -user-agent: control '),
    (["-addr=127.0.0.1:1", "-rpc-header=x-a: b\nc"], 'invalid value "" for flag -rpc-header\n'),
])
def test_wrong_flags_are_1_in_one_line(words, said, probe):
    code, line = probe(*words)
    assert code == 1 and line.startswith(said) and line.count("\n") == 1


# As in the original, whose words are nearly the same.
@pytest.mark.parametrize("words, said", [
    ("-tls-no-verify", "specified -tls-no-verify without -tls"),
    ("-tls-ca-cert=f", "specified -tls-ca-cert without -tls"),
    ("-tls-client-cert=f -tls-client-key=k", "specified -tls-client-cert without -tls"),
    ("-tls-server-name=n", "specified -tls-server-name without -tls"),
    ("-tls-client-key=k", "specified -tls-client-cert or -key without the other"),
    ("-tls -tls-client-cert=f", "specified -tls-client-cert or -key without the other"),
    ("-tls -tls-client-key=k", "specified -tls-client-cert or -key without the other"),
    ("-tls -tls-no-verify -tls-client-key=k",
     "specified -tls-client-cert or -key without the other"),
    ("-tls -tls-no-verify -tls-ca-cert=f", "specified -tls-ca-cert with -tls-no-verify"),
    ("-tls -tls-no-verify -tls-server-name=n",
     "specified -tls-server-name with -tls-no-verify"),
])
def test_flags_that_do_not_go_together_are_named(words, said, probe):
    code, line = probe("-addr=127.0.0.1:1", *words.split())
    assert code == 1 and line.startswith("error: " + said) and line.count("\n") == 1


def test_a_request_that_is_too_long_is_1(probe):
    with g.Server(b"") as server:
        code, said = probe(f"-addr=127.0.0.1:{server.port}",
                           *(f"-rpc-header=x-{i}: {4000 * 'y'}" for i in range(9)))
    assert code == 1 and "the request is longer than" in said and said.count("\n") == 1


def test_a_server_of_another_kind_is_shown_in_this_tools_words(probe):
    for first, words in ((b"a\0b\r\n", 'got "a?b"'), (b"\x15\3\1\0\2\2\n", "-tls")):
        with g.Server(first) as server:
            code, said = probe(f"-addr=127.0.0.1:{server.port}")
        assert code == 2 and words in said and "://" not in said, said
    with g.Server(b"", closes=True) as server:
        code, said = probe(f"-addr=127.0.0.1:{server.port}", "-connect-timeout=300ms")
    assert code == 2 and "://" not in said


def test_the_version_is_hales(probe):
    code, said = probe("-version")
    assert code == 0 and said.startswith("hale ")


def test_a_real_server_is_understood(peers, probe):
    server = peers("python").serve({"a.B": "NOT_SERVING"})
    assert probe(f"-addr={server.target}") == SERVING
    assert probe(f"-addr={server.target}", "-service=a.B")[0] == 4
    assert probe(f"-addr={server.target}", "-service=x")[0] == 3


def test_a_unix_socket_is_asked(named, tmp_path):
    path = tmp_path / "sock"
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path))
        unix.listen()
        for scheme in ("unix:", "unix://"):
            with subprocess.Popen([named("grpc_health_probe"), f"-addr={scheme}{path}"],
                                  stderr=subprocess.PIPE, text=True) as asked:
                peer, _ = unix.accept()
                with peer, peer.makefile("rb") as stream:
                    g.Call(stream)
                    peer.sendall(g.answer())
                    assert asked.communicate(timeout=harness.DEADLINE)[1] == SERVING[1]
