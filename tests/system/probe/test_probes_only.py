"""--listen ADDRESS,probes: verdicts for whoever can reach the port, and nothing else."""
import socket

import pytest

from harness import HALE, Connection, clean_env, svc

FULL, ONLY = 9090, 8080
SECRET = "exec:/bin/sh -c 'echo password hunter2; exit 1'"


@pytest.fixture
def both(hale):
    """hale with a port of each kind, and a check that fails with a secret."""
    def start(*options):
        box = hale("--listen", f"{ONLY},probes", "--listen", str(FULL), "--ready-check",
                   f"db={SECRET}", "--retries", "1", "--interval", "100ms", *options,
                   "say up pause")
        box.out.expect("^up$")
        box.err.expect("^hale: check db has failed: ")
        return box
    return start


def test_a_verdict_is_ok_or_failed_and_no_more(both):
    box = both()
    for path, status, word in (("/livez", 200, "ok"), ("/readyz", 503, "failed"),
                               ("/startupz", 503, "failed"), ("/health", 503, "failed")):
        for query in ("", "?verbose", "?verbose&exclude=x"):
            answer = box.get(path + query, port=ONLY)
            assert (answer.status, answer.body) == (status, word)
    assert "password hunter2" in box.get("/readyz", port=FULL).body


def test_what_tells_more_is_404_there_and_stands_at_the_other(both):
    box = both()
    for path in ("/status", "/status?text", "/metrics", "/"):
        assert box.get(path, port=ONLY).status == 404
        full = box.get(path, port=FULL)
        assert full.status == (503 if path == "/" else 200)
    assert box.get("/status", port=FULL).json()["listen"] == [f"[::]:{ONLY},probes",
                                                              f"[::]:{FULL}"]


def test_nothing_of_it_holds_a_name_a_reason_or_a_version(both):
    box = both()
    for path in ("/readyz?verbose", "/status", "/metrics", "/", "/nothing", "/drain", "*"):
        for method in ("GET", "OPTIONS", "POST", "HEAD"):
            connection = box.connect(port=ONLY)
            connection.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            connection.ended()
            for word in (b"hunter2", b"db", b"hale", b"svc", b"/metrics", b"/status"):
                assert word not in connection.buffer


def test_the_environments_list_has_the_word_behind_its_address(box, tmp_path):
    path = tmp_path / "probe"
    up = box(HALE, *svc("say up pause"), env=clean_env(
        HALE_LISTEN=f"{ONLY},probes,127.0.0.1:{FULL},unix:{path},probes"))
    up.out.expect("^up$")
    assert up.get("/readyz", port=ONLY).body == "ok"
    assert up.get("/status", port=ONLY).status == 404
    assert up.get("/status", port=FULL).json()["listen"] == [
        f"[::]:{ONLY},probes", f"127.0.0.1:{FULL}", f"unix:{path},probes"]


@pytest.mark.parametrize("value", ["probes", ",probes", "8080,probe", "8080,", "8080,probes,probes",
                                   "8080, probes"])
def test_another_word_there_is_refused_before_anything_starts(hale, value):
    code, out, err = hale("--listen", value, "say started").end()
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith(f'hale: --listen "{value}": expected PORT, IP:PORT')


def test_a_unix_socket_of_that_kind_is_asked_like_another(hale, tmp_path):
    path = tmp_path / "probe"
    box = hale("--listen", f"unix:{path},probes", "say up pause")
    box.out.expect("^up$")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        assert Connection(sock).ask("/readyz").body == "ok"
