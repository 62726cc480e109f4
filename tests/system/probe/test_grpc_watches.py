# SPDX-License-Identifier: MIT
"""Many Watches: each is told, and none keeps a probe out."""
import pathlib
import re
import signal
import time

import pytest

import grpc_peers
import h2_raw
from h2_raw import (
    CANCEL, DATA, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, NO_ERROR,
    PREFACE, RST_STREAM, call, headers, request, settings, window_update)
from harness import HALE, PORT, TOP, readable, until

AT = f"127.0.0.1:{PORT}"
OTHER = 9090
FAST = ("--interval", "50ms", "--retries", "1", "--timeout", "10s")
UP, DOWN = "SERVING", "NOT_SERVING"
RESOURCE_EXHAUSTED, UNAVAILABLE = 8, 14
CONNECTIONS = 64
HEAD_S = 5  # for the rest of a frame, a block or a request


def constant(header, name):
    text = (TOP / f"include/net/{header}.h").read_text()
    return int(re.search(rf"#define {name}\s+(\d+)", text)[1])


def connect(box, *opening, port=PORT):
    return h2_raw.Client(box.connect(port).sock, b"".join((PREFACE, settings(), *opening)))


class Watch:
    """A Watch on a connection of its own."""

    def __init__(self, box, service="", port=PORT):
        self.client = connect(box, call("Watch", service), port=port)

    def next(self):
        """The next status, or the code of the end."""
        got = self.client.until("a status or an end", lambda f: f.stream == 1 and (
            f.kind == DATA or f.kind == HEADERS and f.flags & END_STREAM))
        if got.kind == DATA:
            return grpc_peers.status_of(got.payload[5:])
        return int(dict(self.client.decoder.decode(got.payload))["grpc-status"])


def memory(box):
    """Resident, in bytes."""
    status = pathlib.Path(f"/proc/{box.pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+)", status, re.M)[1]) << 10


# --- many streams ------------------------------------------------------------------

STREAMS, CARRIERS = 1000, 10


def probe_until(box, fd, peers):
    """Until something can be read there."""
    while not readable(fd, 0):
        assert box.get("/startupz").status == 200
    assert peers("go", box).check(AT, "startup").status == UP


def test_a_thousand_streams_are_told_of_each_change(sick, peers):
    box = sick("--check", "web={}", *FAST)
    until(lambda: box.get("/readyz").status == 200, "it is ready")
    before = memory(box)
    streams = peers("go", box).streams(AT, STREAMS, connections=CARRIERS, changes=4).ready()
    for mode, status in [("500", DOWN), ("200", UP)] * 2:
        box.be(mode)
        probe_until(box, streams.lines.fd, peers)
        told = streams.told()
        assert (told.count, told.status) == (STREAMS, status)
    size = sum((constant("h2", "H2_STREAMS_MAX") * (constant("h2", "H2_TEXT_MAX") + 128),
                constant("h2", "H2_BLOCK_MAX"), constant("ask", "SERVER_OUT_MAX"),
                4 * constant("hpack", "HPACK_TABLE_MAX")))
    grown = memory(box) - before
    assert grown <= (CARRIERS + 1) * size + (256 << 10)
    assert not streams.rest()


def test_more_streams_than_a_connection_may_have_wait_for_their_turn(ready, peers):
    """The client knows the limit."""
    box = ready()
    streams = peers("go", box).streams(AT, 150, connections=2).ready()
    assert box.run(HALE, "drain", "0").returncode == 0
    assert streams.told().count == 150
    many = peers("go", box).checks(AT, n=600, parallel=300, one_connection=True)
    assert (many.counts, many.dials) == ({DOWN: 600}, 1)


def test_a_watch_whose_client_gives_no_window_is_told_the_latest_later(sick):
    box = sick("--check", "web={}", *FAST)
    until(lambda: box.get("/readyz").status == 200, "it is ready")
    client = h2_raw.Client(box.connect().sock, PREFACE + settings((INITIAL_WINDOW_SIZE, 0))
                           + call("Watch"))
    client.expect(HEADERS, stream=1)
    for mode, status in (("500", 503), ("200", 200), ("500", 503)):
        box.be(mode)
        until(lambda want=status: box.get("/readyz").status == want, f"it is {mode}")
    client.send(window_update(1000, 1))
    seen = []
    while seen[-1:] != [DOWN]:
        seen.append(grpc_peers.status_of(client.expect(DATA, stream=1).payload[5:]))
    assert seen == [UP, DOWN]


# --- others' places ------------------------------------------------------------------

@pytest.mark.parametrize("listeners, watches", [(1, 32), (2, 16), (4, 8)])
def test_half_of_a_listeners_share_is_for_others(ready, peers, listeners, watches):
    box = ready(*(f"--listen={OTHER + n}" for n in range(1, listeners)))
    held = [Watch(box) for _ in range(watches)]
    assert [watch.next() for watch in held] == [UP] * watches
    refused = [Watch(box) for _ in range(2 * CONNECTIONS)]
    assert {watch.next() for watch in refused} == {RESOURCE_EXHAUSTED}
    go = peers("go", box)
    late = go.watch(AT).end()
    assert (late.code, late.message) == ("RESOURCE_EXHAUSTED",
                                         "too many connections have a Watch")
    for _ in range(CONNECTIONS):
        assert box.get("/readyz").status == 200
    assert go.checks(AT, n=CONNECTIONS).counts == {UP: CONNECTIONS}
    assert box.run(HALE, "check").returncode == 0
    if listeners > 1:  # each has a share of its own
        assert Watch(box, port=OTHER + 1).next() == UP
    held.pop().client.close()
    until(lambda: Watch(box).next() == UP, "the place of one that has left is free")
    assert box.run(HALE, "drain", "0").returncode == 0
    assert [watch.next() for watch in held] == [DOWN] * (watches - 1)


def test_one_connection_with_watches_may_have_more_of_them(ready):
    box = ready()
    held = [Watch(box) for _ in range(CONNECTIONS // 2)]
    assert {watch.next() for watch in held} == {UP}
    first = held[0].client
    for stream in range(3, 101, 2):
        first.send(call("Watch", stream=stream))
        assert first.expect(DATA, stream=stream)
    assert Watch(box).next() == RESOURCE_EXHAUSTED


def test_watches_and_slow_clients_together_keep_no_probe_out(ready, peers):
    box = ready()
    held = [Watch(box) for _ in range(CONNECTIONS)]
    assert {watch.next() for watch in held} == {UP, RESOURCE_EXHAUSTED}
    slow = [box.connect().send("GET /livez HTTP/1.1\r\n") for _ in range(CONNECTIONS)]
    half = [connect(box, b"\0\0") for _ in range(CONNECTIONS)]
    for _ in range(CONNECTIONS):
        assert box.get("/readyz").status == 200
    assert peers("go", box).checks(AT, n=CONNECTIONS).counts == {UP: CONNECTIONS}
    assert box.run(HALE, "drain", "0").returncode == 0
    assert [watch.next() for watch in held[:CONNECTIONS // 2]] == [DOWN] * (CONNECTIONS // 2)
    for one in (*slow, *half):
        one.close()


def test_an_idle_connection_that_makes_room_is_told_so(ready):
    box = ready()
    held = [connect(box, request()) for _ in range(CONNECTIONS)]
    for client in held:
        assert client.answer().status == 200
    assert held[0].send(request(stream=3)).answer(3).status == 200  # the oldest: the second
    assert box.get().status == 200
    assert held[1].goes_away(NO_ERROR) == 1
    for client in (held[0], *held[2:]):
        assert client.send(request(stream=5)).answer(5).status == 200


# --- time ----------------------------------------------------------------------------

def test_what_is_begun_has_its_time_and_an_idle_watch_has_all(ready):
    box = ready()
    start = time.monotonic()
    watch, idle = Watch(box), connect(box, request())
    assert (watch.next(), idle.answer().status) == (UP, 200)
    watching = Watch(box)
    assert watching.next() == UP
    begun = {
        "a preface": h2_raw.Client(box.connect().sock, PREFACE[:20]),
        "a frame": connect(box, b"\0\0"),
        "a frame behind an answer": connect(box, request(), b"\0\0"),
        "a frame beside a Watch": watching.client.send(b"\0"),
        "a header block": connect(box, headers(b"\x82", whole=False)),
        "a call": connect(box, h2_raw.call_head()),
        "a short content": connect(box, request(("content-length", "5"), ends=False)),
        "an answer without a window": h2_raw.Client(
            box.connect().sock, PREFACE + settings((INITIAL_WINDOW_SIZE, 0)) + request()),
    }
    assert box.get().status == 200
    idle.send(request(stream=3))
    assert idle.answer(3).status == 200
    ends = {"a header block": lambda c: c.goes_away(ENHANCE_YOUR_CALM),
            "a call": lambda c: c.answer().code == 4 or pytest.fail(str(c.seen)),
            "a short content": lambda c: c.resets(NO_ERROR),
            "an answer without a window": lambda c: c.resets(CANCEL),
            "a frame beside a Watch": lambda c: (watching.next(), c.goes_away(NO_ERROR)) == (
                UNAVAILABLE, 1) or pytest.fail(str(c.seen))}
    for name, client in begun.items():
        if name == "a preface":
            assert client.frame() is None
        else:
            ends.get(name, lambda c: c.goes_away(NO_ERROR))(client)
        assert time.monotonic() - start >= HEAD_S - 0.1, name
    assert idle.send(request(stream=5)).answer(5).status == 200
    assert box.run(HALE, "drain", "0").returncode == 0
    assert watch.next() == DOWN
    assert not [f for f in watch.client.seen if f.kind in (GOAWAY, RST_STREAM)]


def timers(box):
    """Of hale's established connections over TCP, "02": the kernel asks after silence."""
    rows = [row.split() for table in ("tcp", "tcp6")
            for row in pathlib.Path(f"/proc/{box.pid}/net/{table}").read_text().splitlines()]
    return [row[5][:2] for row in rows
            if row[3] == "01" and row[1].endswith(f":{PORT:04X}")]


def test_the_kernel_looks_whether_the_client_of_a_silent_watch_is_still_there(ready):
    watch = Watch(box := ready())
    assert watch.next() == UP
    until(lambda: timers(box) == ["02"], "a timer of its connection")


@pytest.mark.parametrize("client", grpc_peers.ALL)
def test_who_watches_hears_how_it_ends_though_it_has_sent_something_meanwhile(
        ready, peers, client):
    """gRPC's clients ping at each message: unread, that would be a reset."""
    box = ready()
    with peers(client, box).streams(AT, 32, connections=32, changes=0).ready() as streams:
        box.signal(signal.SIGTERM)
        assert streams.told().status == DOWN
        assert {(end.code, end.message) for end in streams.ends()} == {
            ("UNAVAILABLE", "hale ends the connection")}


def test_who_watches_and_never_closes_does_not_keep_hale(ready):
    box = ready()
    watch = Watch(box)
    assert watch.next() == UP
    box.signal(signal.SIGTERM)
    box.code()
    assert [watch.next(), watch.next()] == [DOWN, UNAVAILABLE]
