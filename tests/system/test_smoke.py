"""The main job and a verified download, in a few tests: what a binary of any architecture
is tried with, natively or by qemu."""
# SPDX-License-Identifier: MIT
import functools
import re
import ssl
import subprocess

import pytest

import pki
from harness import DEADLINE, FIRST, HALE, PORT, SVC, clean_env
from tls_servers import Server, context, https

TERM = 15
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def run(*words):
    return subprocess.run([HALE, *words], env=clean_env(), capture_output=True, text=True,
                          timeout=DEADLINE)


@functools.cache
def root():
    return pki.root()


@pytest.fixture(params=["1.2 rsa2048", "1.2 p256", "1.3 rsa2048", "1.3 p256"])
def server(request):
    """With a certificate for localhost of a root that is not the machine's."""
    version, kind = request.param.split()
    leaf = pki.leaf(root(), "DNS:localhost", kind=kind)
    low = high = VERSIONS[version]
    with Server(https(context(leaf.file, leaf.key.file, low=low, high=high))) as started:
        started.url = f"https://localhost:{started.port}/"
        yield started


def test_it_tells_its_version():
    done = run("--version")
    assert re.match(r"hale \d+\.\d+\.\d+ \(commit ", done.stdout) and done.returncode == 0


def test_a_service_starts_is_probed_and_stops(hale):
    box = hale("-v", "--listen", str(PORT), "--check", f"tcp:127.0.0.1:{PORT}",
               "--interval", "50ms", "catch quit 15 0 say up pause")
    box.out.expect("^up$")
    box.err.expect(rf"started {SVC} \(pid {FIRST}\)")
    assert box.get("/livez").status == 200
    assert box.run(HALE, "wait", f"http://127.0.0.1:{PORT}/readyz").returncode == 0
    assert box.get("/readyz").status == 200
    assert box.status()["service"]["pid"] == FIRST
    assert box.run(HALE, "status").stdout.count(f"pid {FIRST}") == 1
    box.signal(TERM)
    assert box.code() == 0


def test_a_service_that_ends_is_started_again(hale):
    box = hale("--restart", "always", "--backoff", "1ms..1ms", "say up read")
    for word in ("first", "second"):
        box.out.expect("^up$")
        box.tell(word)
    box.out.expect("^up$")
    box.signal(TERM)
    assert box.code() == 128 + TERM


def test_an_answer_is_taken_if_its_certificate_is_good(server):
    done = run("get", "-sS", "--cacert", root().file, server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")
    assert run("check", "--cacert", root().file, server.url).returncode == 0


def test_an_answer_is_refused_if_its_certificate_is_not(server):
    done = run("get", "-sS", server.url)
    assert (done.returncode, done.stdout) == (60, "")
    done = run("check", server.url)
    assert done.returncode == 1 and "certificate" in done.stdout
    done = run("get", "-sS", "--cacert", root().file, server.url.replace("localhost", "127.0.0.1"))
    assert (done.returncode, done.stdout) == (60, "")
