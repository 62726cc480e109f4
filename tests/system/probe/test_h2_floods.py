# SPDX-License-Identifier: MIT
"""Floods by HTTP/2: each is cut within the bounds of include/net/h2.h, memory stays bounded,
and other probes are answered meanwhile. Harmless: hale is our own, in a network of its own,
and each flood has an end."""
import contextlib
import itertools
import multiprocessing
import pathlib
import re
import select
import shutil
import struct
import threading
import time

import pytest

from h2_raw import (
    ACK, ENHANCE_YOUR_CALM, HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE, NO_ERROR, PADDED, PING,
    PREFACE, REFUSED_STREAM, RST_STREAM, SETTINGS, Client, call, call_head, continuation, data,
    frame, goaway, headers, ping, priority, request, rst_stream, settings, window_update)
from harness import DEADLINE, HALE, PORT, TOP, Box, svc, until


def bound(name, header="h2"):
    text = (TOP / f"include/net/{header}.h").read_text()
    return int(re.search(rf"#define {name}\s+(\d+)", text)[1])


NOISE, NOISE_S = bound("H2_NOISE_MAX"), bound("H2_NOISE_MS") / 1000
WORTH, STREAMS = bound("H2_NOISE_WORTH"), bound("H2_STREAMS_MAX")
BLOCK, WAIT_S = bound("H2_BLOCK_MAX"), bound("H2_WAIT_MS") / 1000
SLOTS = bound("SERVER_CONN_MAX", "server")
LIMIT_S = 2   # for a probe while floods go on; it takes milliseconds
# All slots' memory of net/server.h's struct server_room, and hale's own.
MEMORY_KB = 20 * 1024
SECONDS = 2   # that a flood from many connections lasts
CROWD = 24    # connections of it


def call_and_reset(stream):
    return call_head(stream=stream) + rst_stream(stream)


def answered_and_reset(stream):
    return call(stream=stream) + rst_stream(stream)


def of_another_length(stream):
    """The server has to reset it."""
    return request(("content-length", "5"), stream=stream)


def zero_window(stream):
    return call_head(stream=stream) + window_update(0, stream)


def one(bytes_):
    return lambda stream: bytes_


# What is sent once, what then over and over with a stream's number, and how many of these
# are taken.
FLOODS = {
    "rapid reset": (b"", call_and_reset, NOISE),
    "rapid reset of what is answered": (b"", answered_and_reset, NOISE),
    "malformed requests": (b"", of_another_length, NOISE),
    "windows of no bytes": (b"", zero_window, NOISE),
    "SETTINGS": (b"", one(settings()), NOISE),
    "SETTINGS of many": (b"", one(settings(*[(9, 1)] * 100)), 3),
    "windows that SETTINGS move": (
        b"".join(call_head(stream=n) for n in range(1, 101, 2)),
        one(settings((INITIAL_WINDOW_SIZE, 0)) + settings((INITIAL_WINDOW_SIZE, 9))), NOISE / 4),
    "table sizes": (b"", one(settings((HEADER_TABLE_SIZE, 0))), NOISE),
    "acknowledgements": (b"", one(settings(flags=ACK)), NOISE),
    "PING": (b"", one(ping()), NOISE),
    "answers to PING": (b"", one(ping(flags=ACK)), NOISE),
    "PRIORITY": (b"", priority, NOISE),
    "WINDOW_UPDATE": (b"", one(window_update(1)), NOISE),
    "GOAWAY": (call_head(stream=1), one(goaway()), NOISE),
    "frames that nobody knows": (b"", one(frame(0x42, payload=b"x" * 100)), NOISE),
    "empty DATA": (call_head(stream=1), one(data(stream=1, ends=False)), NOISE),
    "padding": (call_head(stream=1), one(data(b"\x63" + bytes(99), 1, False, PADDED)), NOISE),
    "DATA behind a reset": (call_head(stream=1) + rst_stream(1),
                            one(data(b"x", 1, False)), NOISE),
}


@pytest.fixture(scope="module")
def victim():
    """hale with a service that is up, which is the same at the end."""
    box = Box(HALE, "--listen", str(PORT), *svc("catch say up pause"))
    box.out.expect("^up$")
    yield box
    assert box.get("/livez").status == 200
    box.close()


@pytest.fixture
def connect(victim):
    with contextlib.ExitStack() as clients:
        def start(*opening):
            return clients.enter_context(contextlib.closing(
                Client(victim.connect().sock, *opening)))
        yield start


def rss_kb(box):
    status = pathlib.Path(f"/proc/{box.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)[1])


def cpu_s(box):
    fields_ = pathlib.Path(f"/proc/{box.pid}/stat").read_text(encoding="ascii").split()
    return (int(fields_[13]) + int(fields_[14])) / 100


def is_well(box):
    """An ordinary probe and a Check, each on a connection of its own; the slower one's
    seconds."""
    start = time.monotonic()
    assert (answer := box.get("/readyz")) and answer.status == 200
    between = time.monotonic()
    client = Client(box.connect().sock)
    client.send(call())
    assert client.answer().code == 0
    client.close()
    return max(between - start, time.monotonic() - between)


# --- on one connection ----------------------------------------------------------

@pytest.mark.parametrize("first, again, takes", [
    pytest.param(*flood, id=name) for name, flood in FLOODS.items()])
def test_a_flood_is_cut(victim, connect, first, again, takes):
    """Behind each 16 comes a PING: so many of them are acknowledged."""
    client = connect()
    streams = itertools.count(1 + 2 * first.count(b"/grpc.health.v1.Health/Check"), 2)
    group = 16 if takes >= 16 else 1
    client.send(first)
    for _ in range(3 * NOISE // group):
        client.send(*(again(next(streams)) for _ in range(group)), ping(b"how many"))
    client.goes_away(ENHANCE_YOUR_CALM)
    acknowledged = sum(f.kind == PING and f.payload == b"how many" for f in client.seen)
    # A second may end in between: the count begins anew then.
    assert acknowledged * group <= 2 * takes
    assert acknowledged * group >= (takes - 1) / 4
    assert is_well(victim) < LIMIT_S


def test_what_is_just_within_the_bound_is_answered(connect):
    client = connect()
    client.expect(SETTINGS, ACK)
    time_ = time.monotonic()
    client.send(ping() * (NOISE - 1))
    for _ in range(NOISE - 1):
        client.expect(PING, ACK)
    if time.monotonic() - time_ < NOISE_S:   # it may have been cut on a slow machine
        client.send(call())
        assert client.answer().code == 0


def test_an_endless_header_block_is_cut(victim, connect):
    client = connect()
    client.send(headers(b"\0\x01x\x7f\x81\x3e", whole=False), *[
        continuation(b"v" * 1000, whole=False)] * (2 * BLOCK // 1000))
    client.goes_away(ENHANCE_YOUR_CALM)
    assert is_well(victim) < LIMIT_S


def test_empty_pieces_of_a_header_block_are_cut(victim, connect):
    client = connect()
    client.send(headers(b"\x82", whole=False), continuation(b"", whole=False) * (2 * NOISE + 1))
    client.goes_away(ENHANCE_YOUR_CALM)
    assert is_well(victim) < LIMIT_S


def test_a_header_block_without_an_end_is_cut_in_time(victim, connect):
    client = connect()
    start = time.monotonic()
    client.send(headers(b"\x82", whole=False))
    client.goes_away(ENHANCE_YOUR_CALM, NO_ERROR)
    assert WAIT_S - 0.5 <= time.monotonic() - start <= WAIT_S + 2
    assert is_well(victim) < LIMIT_S


@pytest.mark.parametrize("opening, dripped", [
    pytest.param(b"", PREFACE + settings(), id="a preface"),
    pytest.param(PREFACE, settings((1, 0)), id="the first frame"),
    pytest.param(PREFACE + settings() + call(), call_head(stream=3), id="a frame"),
    pytest.param(PREFACE + settings() + headers(b"\x82", whole=False),
                 continuation(b"\x86", whole=False) * 20, id="a header block")])
def test_a_slow_drip_is_cut_in_time(victim, opening, dripped):
    with contextlib.closing(victim.connect().sock) as sock:
        start = time.monotonic()
        sock.sendall(opening)
        ended = False
        for byte in itertools.islice(dripped, len(dripped) - 1):
            end = time.monotonic() + 3 * WAIT_S / len(dripped)
            while not ended and (left := end - time.monotonic()) > 0:
                if select.select([sock], [], [], left)[0]:
                    ended = not sock.recv(65536)
            if ended:
                break
            sock.sendall(bytes([byte]))
        assert ended and time.monotonic() - start < WAIT_S + 2


def bomb(stream=1, kind=0xbe):
    """A field of 4 KB, put into the table, and references to it."""
    value = b"v" * 4000
    return headers(b"\x82\x86\x84\x40\x01x\x7f\xa1\x1e" + value + bytes([kind]) * 12000, stream)


def renaming(stream=1):
    """Its name is put into the table again and again, with an empty value."""
    name = b"v" * 4000
    return headers(b"\x82\x86\x84\x40\x7f\xa1\x1e" + name + b"\0" + b"\x7e\0" * 6000, stream)


@pytest.mark.parametrize("block", [bomb, renaming])
def test_a_list_that_expands_is_cut(victim, connect, block):
    client = connect()
    before = cpu_s(victim)
    client.send(block())
    client.goes_away(ENHANCE_YOUR_CALM)
    assert cpu_s(victim) - before < 0.1
    assert is_well(victim) < LIMIT_S


def test_table_sizes_within_a_block_cost_nothing(victim, connect):
    client = connect()
    before = cpu_s(victim)
    client.send(*(headers(b"\x20" * 16000 + b"\x82\x86\x84", n) for n in range(1, 41, 2)))
    client.answer(39)
    assert cpu_s(victim) - before < 0.3


def test_too_many_streams_are_refused(victim, connect):
    client = connect()
    client.send(*(call_head(stream=n) for n in range(1, 2 * STREAMS + 41, 2)))
    refused = {client.expect(RST_STREAM).stream for _ in range(20)}
    assert refused == set(range(2 * STREAMS + 1, 2 * STREAMS + 41, 2))
    assert all(f.number() == REFUSED_STREAM for f in client.seen if f.kind == RST_STREAM)
    assert is_well(victim) < LIMIT_S


def test_large_answers_in_tiny_windows_wait_no_longer_than_others(victim, connect):
    """A window of one byte, and many requests: one large answer is kept, not one for each."""
    client = connect()
    client.send(settings((INITIAL_WINDOW_SIZE, 1)))
    before = rss_kb(victim)
    start = time.monotonic()
    client.send(*(request(stream=n, path="/metrics") for n in range(1, 2 * STREAMS, 2)))
    refused = [client.expect(RST_STREAM) for _ in range(STREAMS - 1)]
    assert {f.number() for f in refused} == {REFUSED_STREAM}
    last = client.expect(RST_STREAM)
    assert last.number() != REFUSED_STREAM and time.monotonic() - start <= WAIT_S + 2
    assert rss_kb(victim) - before < 1024
    assert is_well(victim) < LIMIT_S


def test_a_client_that_reads_nothing_is_cut(victim):
    """hale sleeps until then."""
    sock = victim.connect().sock
    client = Client(sock)
    sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        for stream in itertools.count(1, 4):
            client.sock.sendall(request(stream=stream, path="/metrics") + window_update(20000)
                                + call(stream=stream + 2))
    before, start = cpu_s(victim), time.monotonic()
    assert is_well(victim) < LIMIT_S
    end = select.poll()
    end.register(sock, 0)   # a reset only: nothing is read
    assert end.poll(1000 * DEADLINE)
    assert time.monotonic() - start < WAIT_S + 2
    assert cpu_s(victim) - before < 0.2
    client.close()


# --- on many connections ----------------------------------------------------------

MANY = {name: first + b"".join(again(n) for n in range(201, 201 + 6 * NOISE, 2))
        for name, (first, again, _) in FLOODS.items()}
MANY["header lists that expand"] = bomb()
MANY["names that expand"] = renaming()
MANY["table sizes within blocks"] = b"".join(
    headers(b"\x20" * 16000 + b"\x82\x86\x84", n) for n in range(1, 41, 2))
MANY["Watches"] = b"".join(call("Watch", stream=n) for n in range(1, 2 * STREAMS, 2))
MANY["large answers"] = window_update(10**6) + b"".join(
    request(stream=n, path="/metrics") for n in range(1, 400, 2))
MANY["parts of frames"] = struct.pack(">I", 16000 << 8) + b"\0\0\0\0\1" + bytes(9000)


def flood(box, sent, stop, rounds):
    """Connects, sends, reads what comes, and begins anew, until it is to stop."""
    while not stop.is_set():
        with contextlib.suppress(OSError), contextlib.closing(box.connect().sock) as sock:
            rounds.append(1)
            Client(sock, PREFACE + settings())
            sock.settimeout(0.2)
            sock.sendall(sent)
            while not stop.is_set() and sock.recv(65536):
                pass


def crowd(box, sent, goes_on):
    """Many floods for a while, and how many connections they have had. In a process of
    its own, whose threads do not hold up those who measure."""
    stop, rounds = threading.Event(), []
    threads = [threading.Thread(target=flood, args=(box, sent, stop, rounds), daemon=True)
               for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    until(lambda: len(rounds) >= CROWD, "all connections")
    goes_on.send("all are here")
    goes_on.recv()
    stop.set()
    for thread in threads:
        thread.join(DEADLINE)
    goes_on.send(len(rounds))


@pytest.mark.parametrize("sent", [pytest.param(sent, id=name) for name, sent in MANY.items()])
def test_a_flood_from_many_keeps_nobody_out(victim, sent, record_property):
    ours, theirs = multiprocessing.Pipe()
    forked = multiprocessing.get_context("fork")
    process = forked.Process(target=crowd, args=(victim, sent, theirs), daemon=True)
    before = cpu_s(victim)
    process.start()
    ours.recv()
    start, times = time.monotonic(), []
    while time.monotonic() < start + SECONDS:
        times.append(is_well(victim))
    ours.send("enough")
    figures = {"rounds": ours.recv(), "probes": 2 * len(times),
               "median_ms": round(1000 * sorted(times)[len(times) // 2], 1),
               "slowest_ms": round(1000 * max(times)), "rss_kb": rss_kb(victim),
               "cpu_s": round(cpu_s(victim) - before, 2)}
    process.join(DEADLINE)
    record_property("figures", figures)
    print(figures)
    assert max(times) < LIMIT_S
    assert figures["rss_kb"] < MEMORY_KB


# --- and those who mean no harm ----------------------------------------------------

H2LOAD = shutil.which("h2load", path="/usr/bin:/usr/local/bin")


@pytest.mark.skipif(H2LOAD is None, reason="there is no h2load")
@pytest.mark.parametrize("parallel", [1, 10, STREAMS])
def test_a_load_test_is_no_flood(victim, parallel):
    done = victim.run(H2LOAD, "-n", "10000", "-c", "2", "-m", str(parallel),
                      f"http://127.0.0.1:{PORT}/livez", timeout=60)
    assert "10000 succeeded, 0 failed, 0 errored" in done.stdout


def test_a_hundred_watches_may_be_cancelled_at_once(connect):
    client = connect()
    for first in (1, 2 * STREAMS + 1):
        streams = range(first, first + 2 * STREAMS, 2)
        client.send(*(call("Watch", stream=n) for n in streams))
        for _ in streams:
            client.expect(0)
        client.send(*map(rst_stream, streams))
    client.goes_on()


def test_a_ping_and_a_window_with_each_answer_are_no_flood(connect):
    """As grpc-go, which measures the bandwidth at each answer."""
    client = connect()
    for stream in range(1, 6 * NOISE, 2):
        client.send(call(stream=stream), ping(), window_update(7), ping(), window_update(7, stream))
        client.answer(stream)
    client.goes_on()
