"""A probe at any moment of the service's life is answered, never refused."""
import os
import signal
import socket
import threading
import time

import pytest

from harness import DEADLINE, PORT, until

LISTEN = ["--listen", str(PORT)]
TERM = signal.SIGTERM
STEP_S = 0.001
SLOW_S = 0.05  # a busy machine has a few of these; who blocks has one each life


class Prober:
    """Asks on a new connection each time, a millisecond after the last one,
    until hale is gone; keeps what came back."""

    def __init__(self, box, path="/livez"):
        self.box = box
        self.request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        self.answers = []
        self.refused = []
        self.slow = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        until(lambda: self.answers or self.refused, "a first answer")
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(DEADLINE)

    def run(self):
        with self.box.net():
            while not self.stop.wait(STEP_S):
                try:
                    self.ask()
                except OSError as error:
                    self.refused.append(error)
                    if not os.path.exists(f"/proc/{self.box.pid}/fd/0"):
                        return

    def ask(self):
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", PORT), DEADLINE) as sock:
            sock.sendall(self.request)
            data = b""
            while more := sock.recv(65536):
                data += more
        if not data.startswith(b"HTTP/1.1 "):
            raise ConnectionError(f"no answer: {data!r}")
        self.answers.append(int(data[9:12]))
        self.slow += time.monotonic() - begun > SLOW_S


def up(hale, *argv):
    box = hale(*LISTEN, *argv)
    box.out.expect("^(up|ids)")
    return box


def restarts(box, n):
    """Waits for so many; each has the whole deadline."""
    for _ in range(n):
        box.err.expect("^hale: restarting")


def test_through_a_hundred_restarts_every_probe_says_live(hale):
    box = up(hale, "--restart", "always", "--backoff", "5ms..20ms",
             "say up fork { setsid pause } orphans 20 exit 1")
    with Prober(box) as prober:
        restarts(box, 100)
    assert (prober.refused, set(prober.answers)) == ([], {200})
    assert len(prober.answers) > 50
    assert prober.slow < 50


def test_while_an_unhealthy_service_is_stopped_killed_and_started(hale):
    box = up(hale, "--restart", "always", "--backoff", "5ms", "--stop-timeout", "50ms",
             "--interval", "20ms", "--timeout", "20ms", "--retries", "1", "--on-unhealthy",
             "restart", "--live-check", "unix:/none", "ignore 15 say up pause")
    with Prober(box) as prober:
        restarts(box, 20)
    # Between the failure of the check and what follows lies no probe.
    assert (prober.refused, set(prober.answers)) == ([], {200})
    assert prober.slow < 10


@pytest.mark.parametrize("path, last", [("/livez", 200), ("/readyz", 503)])
def test_through_drain_and_stop_until_hale_is_gone(hale, path, last):
    box = up(hale, "--drain", "300ms", "--stop-timeout", "300ms", "ignore 15 say up pause")
    with Prober(box, path) as prober:
        box.signal(TERM)
        assert box.code() == 137
    # With the service's end hale is no longer live, for what is left of its
    # own last turn; of the probe after that the end may be seen.
    assert (prober.answers[0], prober.answers[-2]) == (200, last)
    assert prober.answers == sorted(prober.answers)
    assert len(prober.refused) <= 1


def test_from_the_first_moment_that_the_service_runs(hale):
    """The service itself asks as the first thing that it does."""
    ask = ("import socket; s = socket.create_connection(('127.0.0.1', 8080)); "
           "s.sendall(b'GET /livez HTTP/1.0\\r\\n\\r\\n'); print(s.recv(100)[9:12], flush=True)")
    for _ in range(5):
        _, out, _ = hale(*LISTEN, ["/usr/bin/python3", "-S", "-c", ask]).end()
        assert out == ["b'200'"]


def test_a_stalled_checker_slows_no_probe(hale):
    box = up(hale, "--interval", "10ms", "--timeout", "1h",
             *(["--live-check", "exec:/bin/sleep 1234"] * 8), "say up pause")
    until(lambda: box.children() == 9, "all eight are under way")
    with Prober(box) as prober:
        until(lambda: len(prober.answers) > 200, "many answers")
    assert (prober.refused, set(prober.answers)) == ([], {200})


def test_probes_go_on_while_the_service_forks_like_mad(hale):
    box = up(hale, "say up " + "orphans 500 say done " * 8 + "pause")
    with Prober(box, "/readyz") as prober:
        for _ in range(8):
            box.out.expect("^done$")
        until(lambda: box.status()["orphans_reaped"] == 4000, "all are reaped")
    assert (prober.refused, set(prober.answers)) == ([], {200})
