"""Counts that do not depend on the machine's load: system calls, wake-ups, losses."""
import collections
import contextlib
import os
import pathlib
import re
import select
import signal
import subprocess
import time

import pytest

import h2_raw
from harness import DEADLINE, HALE, PORT, SVC, Lines, until

LISTEN = ["--listen", "8080"]
IDLE_S = 3  # this long nothing may happen: the one thing here that needs time to pass
MAPPED = 64 << 10  # fault_around_bytes
MEMORY = {"brk", "mmap", "munmap", "mremap", "madvise"}

pytestmark = pytest.mark.static_only  # what the sanitizers' runtime does is not counted


class Trace:
    """The system calls of a process between two moments, by name."""

    def __init__(self, log):
        self.log = log
        self.calls = collections.Counter()

    def read(self):
        text = self.log.read_text()
        # An interrupted call is written twice: "unfinished" and "resumed".
        names = re.findall(r"^(?:\d+ +)?(\w+)\(", text, re.M)
        self.calls = collections.Counter(names)
        return self

    @property
    def total(self):
        return sum(self.calls.values())


@contextlib.contextmanager
def traced(box, tmp_path):
    log = tmp_path / "trace"
    strace = subprocess.Popen(["strace", "-p", str(box.pid), "-o", str(log)],
                              stderr=subprocess.PIPE)
    trace = Trace(log)
    try:
        Lines(strace.stderr.fileno()).expect("attached")
        yield trace
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait()
        strace.stderr.close()
    trace.read()


def up(hale, *argv, **options):
    box = hale(*argv, **options)
    box.out.expect("^up$")
    return box.settled()


def wait_out(fd, seconds):
    """Waits a time in which nothing is to come."""
    assert not select.select([fd], [], [], seconds)[0]


# Attaching interrupts the wait that hale is in; it then waits anew.
AN_INTERRUPTED_WAIT = {"epoll_wait", "epoll_pwait", "restart_syscall"}


def switches(box):
    status = pathlib.Path(f"/proc/{box.pid}/status").read_text()
    return re.findall(r"ctxt_switches:\t(\d+)", status)


def cpu_ticks(box):
    return pathlib.Path(f"/proc/{box.pid}/stat").read_text().rpartition(")")[2].split()[11:13]


IDLE = [[], LISTEN, [*LISTEN, "--drain", "1h", "--stop-timeout", "1h", "--linger", "1h"]]


def test_an_idle_hale_makes_no_system_call_and_never_wakes(hale, tmp_path):
    boxes = [up(hale, *options, "say up pause") for options in IDLE]
    probed = up(hale, *LISTEN, "orphans 10 say up pause")
    for path in ("/livez", "/readyz", "/status"):
        assert probed.get(path).status == 200
    until(lambda: probed.children() == 1, "the orphans are reaped")
    boxes.append(probed)
    for box in boxes:
        until(lambda: box.state(1) == "S", "hale sleeps")
    before = [(switches(box), cpu_ticks(box)) for box in boxes]
    watched = up(hale, *LISTEN, "say up pause")
    with traced(watched, tmp_path) as trace:
        wait_out(watched.out.fd, IDLE_S)
    assert [(switches(box), cpu_ticks(box)) for box in boxes] == before
    assert set(trace.calls) <= AN_INTERRUPTED_WAIT and trace.total <= 2


def test_a_drain_under_way_wakes_only_at_its_end(hale):
    box = up(hale, *LISTEN, "--drain", "1h", "catch say up pause")
    box.signal(15)
    until(lambda: box.get("/readyz").status == 503, "hale drains")
    until(lambda: box.state(1) == "S", "hale sleeps")
    before = switches(box)
    wait_out(box.out.fd, 1)
    assert switches(box) == before


def test_connections_held_open_cost_no_wake_up(hale):
    box = up(hale, *LISTEN, "say up pause")
    held = [box.connect() for _ in range(20)]
    for connection in held:
        assert connection.ask().status == 200
    until(lambda: box.state(1) == "S", "hale sleeps")
    before = switches(box)
    wait_out(box.out.fd, 1)
    assert switches(box) == before


def test_a_fresh_probe_is_five_system_calls(hale, tmp_path):
    box = up(hale, *LISTEN, "say up pause")
    probes = 100
    with traced(box, tmp_path) as trace:
        for _ in range(probes):
            connection = box.connect()
            assert connection.ask(headers="Connection: close\r\n").status == 200
            assert connection.ended()
    for call in ("accept4", "recvfrom", "sendto", "close"):
        assert trace.calls[call] == probes
    assert trace.total <= 5 * probes + 3


def test_a_keep_alive_probe_is_three_system_calls(hale, tmp_path):
    box = up(hale, *LISTEN, "say up pause")
    connection = box.connect()
    assert connection.ask().status == 200
    probes = 200
    with traced(box, tmp_path) as trace:
        for _ in range(probes):
            assert connection.ask("/readyz").status == 200
    assert trace.calls["recvfrom"] == trace.calls["sendto"] == probes
    assert trace.total <= 3 * probes + 3


def called(box, *opening):
    """A connection that has had a gRPC Check answered."""
    client = h2_raw.Client(box.connect().sock, b"".join((h2_raw.PREFACE, h2_raw.settings(),
                                                         *opening)))
    assert client.answer().code == 0
    return client


def test_a_grpc_check_on_an_open_connection_is_three_system_calls(hale, tmp_path):
    box = up(hale, *LISTEN, "say up pause")
    client = called(box, h2_raw.call())
    checks = 200
    with traced(box, tmp_path) as trace:
        for stream in range(3, 2 * checks + 3, 2):
            assert client.send(h2_raw.call(stream=stream)).answer(stream).code == 0
    assert trace.calls["recvfrom"] == trace.calls["sendto"] == checks
    assert trace.total <= 3 * checks + 3


def test_a_grpc_check_in_one_write_on_a_new_connection_is_eleven_system_calls(hale, tmp_path):
    """Twice the wait, the read and the timer, since its end is the client's: a probe by
    HTTP/1.1 asks hale to close. Where the next client comes meanwhile it is eight."""
    box = up(hale, *LISTEN, "say up pause")
    checks = 50
    with traced(box, tmp_path) as trace:
        for _ in range(checks):
            called(box, h2_raw.call()).close()
    assert trace.calls["accept4"] == trace.calls["sendto"] == checks
    assert trace.total <= 11 * checks + 3


@pytest.mark.parametrize("name", ["go", "newest go"])
def test_a_grpc_check_as_the_kubelet_does_it_is_twenty_system_calls_at_most(hale, peers, tmp_path,
                                                                            name):
    """It waits for SETTINGS, asks, pings at the answer, and says that it goes: four rounds, of
    which it may send each in pieces. 16 are seen."""
    box = up(hale, *LISTEN, "say up pause")
    checks = 50
    with traced(box, tmp_path) as trace:
        done = peers(name, box).checks(f"127.0.0.1:{PORT}", n=checks)
    assert (done.counts, done.dials) == ({"SERVING": checks}, checks)
    assert trace.total <= 20 * checks


def test_an_idle_watch_costs_no_wake_up(hale, peers):
    box = up(hale, *LISTEN, "say up pause")
    watch = peers("go", box).watch(f"127.0.0.1:{PORT}")
    assert watch.status() == "SERVING"
    held = [h2_raw.Client(box.connect().sock).send(h2_raw.call("Watch")) for _ in range(20)]
    for client in held:
        assert client.expect(h2_raw.DATA).stream == 1
    for _ in range(5):  # Go's pings at its first answer
        until(lambda: box.state(1) == "S", "hale sleeps")
        before = switches(box)
        wait_out(watch.lines.fd, 1)
        if switches(box) == before:
            break
    assert switches(box) == before


def test_pipelined_probes_are_one_write_each(hale, tmp_path):
    box = up(hale, *LISTEN, "say up pause")
    connection = box.connect()
    assert connection.ask().status == 200
    request = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    with traced(box, tmp_path) as trace:
        connection.send(request * 50)
        assert [connection.answer().status for _ in range(50)] == [200] * 50
    assert trace.calls["sendto"] == 50
    assert trace.calls["recvfrom"] <= 3


def test_a_flood_of_metrics_reads_the_kernels_figures_ten_times_a_second_at_most(hale, tmp_path):
    box = up(hale, *LISTEN, "say up pause")
    connection = box.connect()
    request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    with traced(box, tmp_path) as trace:
        start = time.monotonic()
        for _ in range(10):
            connection.send(request * 20)
            assert [connection.answer().status for _ in range(20)] == [200] * 20
        tenths = (time.monotonic() - start) * 10
    reads = trace.log.read_text().count('/stat"')
    assert 1 <= reads <= tenths + 1


def test_orphans_that_piled_up_cost_one_system_call_each(hale, tmp_path):
    orphans = 5000
    box = up(hale, *LISTEN, f"say up read orphans {orphans} say piled pause")
    box.signal(signal.SIGSTOP)
    until(lambda: box.state(1) == "T", "hale is stopped")
    box.tell("go")
    box.out.expect("^piled$", 4 * DEADLINE)
    assert box.children() == orphans + 1
    with traced(box, tmp_path) as trace:
        box.signal(signal.SIGCONT)
        until(lambda: box.children() == 1, "all are reaped")
        assert box.status()["orphans_reaped"] == orphans
    assert trace.calls["wait4"] >= orphans
    assert trace.total <= 1.02 * orphans


def test_a_forwarded_signal_is_three_system_calls(hale, tmp_path):
    box = up(hale, "catch say up pause")
    signals = 200
    with traced(box, tmp_path) as trace:
        for _ in range(signals):
            box.signal(10)
            box.out.expect("^got 10 ")
    assert trace.calls["kill"] == signals
    assert trace.total <= 3 * signals + 3  # wait, read, kill


@pytest.mark.parametrize("options", [[], ["-g"], LISTEN], ids=str)
def test_no_signal_of_ten_thousand_in_bursts_is_lost(hale, options):
    box = up(hale, *options, "catch say up pause")
    first, bursts, size = 34, 20, 500
    for burst in range(bursts):
        for n in range(size):
            box.queue(first + n % 30, burst)
    got = collections.Counter(int(box.out.expect(r"^got (\d+)")[1]) for _ in range(bursts * size))
    assert sum(got.values()) == bursts * size
    assert set(got) == set(range(first, first + 30))


def test_no_signal_is_lost_while_probes_and_orphans_come(hale):
    box = up(hale, *LISTEN, "catch fork { orphans 300 orphans 300 orphans 300 } say up pause")
    for n in range(1000):
        box.queue(34, n)
        if n % 20 == 0:
            assert box.get().status == 200
    for n in range(1000):
        box.out.expect(f"^got 34 code=-1 value={n}$")


def busy_life(box):
    """Some of all that may happen to hale."""
    for path in ("/livez", "/readyz?verbose", "/status", "/nothing"):
        for _ in range(25):
            box.get(path)
    held = [box.connect().send("GET /livez HTTP/1.1\r\n") for _ in range(80)]
    for connection in held:
        connection.close()
    held = [h2_raw.Client(box.connect().sock).send(h2_raw.call("Watch"), h2_raw.call(stream=3))
            for _ in range(40)]
    for connection in held:
        assert connection.answer(3).code == 0
        connection.close()
    for value in range(100):
        box.queue(34, value)
        box.out.expect("^got 34 ")
    box.tell("now")
    box.out.expect("^reaped$")
    until(lambda: box.children() == 1, "the orphans are reaped")


BUSY = "catch say up read orphans 50 say reaped read orphans 50 say reaped pause"


def test_nothing_is_allocated_after_the_start(hale, tmp_path):
    box = up(hale, *LISTEN, "-w", "-v", "--drain", "1h", BUSY)
    with traced(box, tmp_path) as trace:
        busy_life(box)
        box.signal(15)
        until(lambda: box.get("/readyz").status == 503, "hale drains")
    assert trace.total > 1000
    assert not MEMORY & set(trace.calls)


def test_descriptors_and_address_space_stay_as_they_were(hale):
    box = up(hale, *LISTEN, BUSY)

    def fds():
        return sorted(os.listdir(f"/proc/{box.pid}/fd"))

    def memory():
        status = pathlib.Path(f"/proc/{box.pid}/status").read_text()
        return re.findall(r"^(VmSize|VmData|VmStk|VmLck):\s+(\d+)", status, re.M)

    before = fds()
    busy_life(box)
    until(lambda: fds() == before, "the connections are closed")
    after_one = memory()
    for _ in range(1000):
        assert box.get().status == 200
    busy_life(box)
    until(lambda: fds() == before, "the connections are closed")
    assert memory() == after_one


def symbols(*names):
    """{name: (first, last byte)} in the file's addresses."""
    told = subprocess.run(["nm", "-S", f"{HALE}.debug"], check=True, capture_output=True,
                          text=True).stdout
    found = re.findall(rf"^(\w{{16}}) (?:(\w{{16}}) )?\w ({'|'.join(names)})$", told, re.M)
    return {name: (int(at, 16), int(at, 16) + int(size or "0", 16) - 1)
            for at, size, name in found}


# From the first instruction to the last before the service, and what is the farthest off.
START = ("_start", "opt_parse", "ip_read", "addr_bind_read", "spawn_shared", "init_run")


def test_what_a_start_runs_through_is_mapped_with_its_first_page_fault():
    """The kernel maps 64 KB about a fault: the code's first piece, up to init_run()."""
    where = symbols(*START)
    assert set(where) == set(START)
    assert {at // MAPPED for at in where["_start"][:1] + tuple(w[1] for w in where.values())} \
        == {where["_start"][0] // MAPPED}


def test_what_a_start_reads_is_mapped_with_one_page_fault():
    """The headers, the relocations' description and all constants but the anchors."""
    where = symbols("_DYNAMIC", "blob")
    told = subprocess.run(["readelf", "-lW", HALE], check=True, capture_output=True,
                          text=True).stdout
    (_, first, first_len), *_ = re.findall(r"^  LOAD +(\S+) (\S+) \S+ (\S+) .* R  +0x", told,
                                           re.M)
    assert int(first, 16) == 0 < where["_DYNAMIC"][0] < 4096
    # Within the piece, or with nothing behind the anchors.
    end = where["blob"][1]
    assert where["blob"][0] < MAPPED and int(first_len, 16) - end < 64


def test_a_start_writes_to_three_pages_of_the_file():
    """Relocations to two, and the variables' one: each is copied by a page fault."""
    told = subprocess.run(["readelf", "-lW", HALE], check=True, capture_output=True,
                          text=True).stdout
    ((at, size),) = re.findall(r"^  LOAD +\S+ (\S+) \S+ (\S+) .* RW +0x", told, re.M)
    first, last = int(at, 16), int(at, 16) + int(size, 16) - 1
    assert last // 4096 - first // 4096 + 1 <= 3


def test_the_start_opens_no_file_of_the_image(box, tmp_path):
    """Not /etc, no locale, no time zone, no library. strace is PID 1 here: a
    hale that is not asks the kernel, by /dev/tty, for its terminal."""
    log = tmp_path / "start"
    started = box("/usr/bin/strace", "-o", str(log), "-e", "trace=%file", HALE, "-s", *LISTEN,
                  SVC, "exit", "3")
    assert started.code() == 3
    text = log.read_text()
    assert text.startswith("execve(") and "/proc/" in text
    opened = re.findall(r'open(?:at)?\([^"]*"([^"]*)"', text)
    kernels = ("/proc/", "/sys/fs/cgroup", "/dev/tty")
    assert [path for path in opened if not path.startswith(kernels)] == []
