# SPDX-License-Identifier: MIT
"""The rows of the table: one function each, subjects measured in turn."""

import contextlib
import os
import signal
import statistics
import subprocess
import time

import measure
import subjects

IDLE_S = 20
STARTS_PER_ROUND = 40
ORPHANS = 20000
SIGNALS = 10000
BLOCKS = 10             # of signals, in one life of the inits
BURST = 400             # real-time signals in one start
PROBES = 20000          # requests in a round
COUNTED_PROBES = 2000   # requests whose system calls are counted
HELD_IDLE = 1000
HELD_SLOW = 1000
HELD_PROBES = 800
HELD_GAP_US = 10000
CONNECTION_LIMIT = 64   # hale's; CONTRACT of its server
SIZE_KB = 235           # with the client and the CA set
OTHER_SOCKETS = 4       # listeners, local socket, one being accepted


class Row:
    """A line of the table: texts for each subject, and the verdict."""

    def __init__(self, what, bound, cells, ratio="", good=None, note=""):
        self.what = what
        self.bound = bound
        self.cells = cells
        self.ratio = ratio
        self.good = good
        self.note = note


class Bench:
    """What every row needs: programs, subjects, rounds, a way to say so."""

    def __init__(self, programs, rounds, progress):
        self.programs = programs
        self.rounds = rounds
        self.progress = progress
        self.inits = subjects.inits(programs)
        self.servers = subjects.servers(programs)

    def tool(self, *words):
        """Runs one of our programs; its output as lists of words."""
        command = [self.programs.path(words[0]), *map(str, words[1:])]
        done = subprocess.run(command, check=True, text=True,
                              stdout=subprocess.PIPE)
        return [line.split() for line in done.stdout.splitlines()]


def in_turn(bench, what, members, once):
    """{name: [one result a round]}, every member once in each round."""
    results = {member.name: [] for member in members}
    for done in range(bench.rounds):
        for member in members:
            bench.progress(f"{what}: round {done + 1}/{bench.rounds}, "
                           f"{member.name}")
            results[member.name].append(once(member))
    return results


def medians(results):
    return {name: statistics.median(values)
            for name, values in results.items() if values}


def ratio(results, name, to):
    """Median of the rounds' own ratios: a slow round slows both."""
    if name not in results or to not in results:
        return None
    return statistics.median(a / b for a, b in zip(results[name], results[to]))


def noise(values):
    """How far the usual round is from the best: 1.00 is a quiet machine."""
    return statistics.median(values) / min(values)


def within(value, bound):
    return None if value is None else value <= bound


def all_of(*verdicts):
    """None, for a subject that is not there, says nothing."""
    known = [verdict for verdict in verdicts if verdict is not None]
    return all(known) if known else None


def times(value):
    return "-" if value is None else f"{value:.3f}"


# --- idle ------------------------------------------------------------------


def idle(bench):
    counted = {}
    with contextlib.ExitStack() as stack:
        running = {}
        for init in bench.inits:
            command = init.command(bench.programs.path("sleeper"))
            process = stack.enter_context(
                subjects.as_pid_1(bench.programs, command))
            counter = stack.enter_context(
                measure.syscall_counter(process.pid))
            running[init.name] = (process.pid, counter)
        time.sleep(1)
        before = {name: _activity(*both) for name, both in running.items()}
        bench.progress(f"idle: {IDLE_S} s")
        time.sleep(IDLE_S)
        for name, both in running.items():
            now = _activity(*both)
            counted[name] = tuple(b - a for a, b in zip(before[name], now))
    cells = {name: f"{calls} / {wakes}"
             for name, (calls, wakes) in counted.items()}
    good = counted["hale"] == (0, 0) if "hale" in counted else None
    return [Row(f"idle {IDLE_S} s: system calls / wake-ups", "0 / 0", cells,
                good=good)]


def _activity(pid, counter):
    return counter.read(), measure.wake_ups(pid)


# --- start -----------------------------------------------------------------


def start(bench):
    members = [*bench.inits, subjects.by_name(bench.programs, "tini")]
    results = {init.name: [] for init in members}
    stamp = bench.programs.path("stamp")
    for done in range(bench.rounds):
        bench.progress(f"start: round {done + 1}/{bench.rounds}")
        words = ["start", STARTS_PER_ROUND]
        for init in members:
            words += ["+", *init.command(stamp)]
        for line in bench.tool(*words):
            for init, word in zip(members, line):
                results[init.name].append(_started_us(init, word))
    to_tini = ratio(results, "hale", "tini-static")
    to_floor = ratio(results, "hale", "floor")
    by_name = ratio(results, "hale as tini", "tini-static")
    quiet = noise(results["floor"])
    return [Row("start by the name tini, us", "0.45 x tini-static",
                {"hale": f"{medians(results)['hale as tini']:.0f}"},
                f"{times(by_name)} tini-static", within(by_name, 0.45)),
            Row("start: exec to the service's first instruction, us",
                "0.45 x tini-static, 1.15 x floor",
                {name: f"{value:.0f}"
                 for name, value in medians(results).items()},
                f"{times(to_tini)} tini-static, {times(to_floor)} floor",
                all_of(within(to_tini, 0.45), within(to_floor, 1.15)),
                f"floor median/min {quiet:.2f}")]


def _started_us(init, word):
    if int(word) < 0:
        raise RuntimeError(f"{init.name} did not start its service")
    return int(word) / 1000


# --- memory ----------------------------------------------------------------


def memory(bench):
    os.sync()   # a page of a fresh file counts as dirty until it is written
    results = in_turn(bench, "memory", bench.inits,
                      lambda init: _memory_once(bench, init))
    middle = medians(results)
    return [Row("own memory: private dirty + page tables, KB", "72",
                {name: f"{value:.0f}" for name, value in middle.items()},
                good=within(middle.get("hale"), 72))]


def _memory_once(bench, init):
    command = init.command(bench.programs.path("sleeper"))
    with subjects.as_pid_1(bench.programs, command) as process:
        measure.wait_asleep(process.pid)
        return measure.own_memory_kb(process.pid)


# --- orphans ---------------------------------------------------------------


def orphans(bench):
    rounds = min(bench.rounds, 3)   # a count: the same each time
    cells, calls, lost = {}, {}, {}
    for init in bench.inits:
        runs = []
        for done in range(rounds):
            bench.progress(f"orphans: round {done + 1}/{rounds}, {init.name}")
            runs.append(_orphans_once(bench, init))
        calls[init.name] = statistics.median(run[0] for run in runs)
        lost[init.name] = sum(run[1] for run in runs)
        each_us = statistics.median(run[2] for run in runs)
        cells[init.name] = (f"{calls[init.name]:.4f} / {lost[init.name]}"
                            f" / {each_us:.1f}")
    good = all_of(within(calls.get("hale"), 1.02),
                  within(lost.get("hale"), 0))
    return [Row(f"{ORPHANS} orphans: system calls each / lost / us each",
                "1.02 / 0 / -", cells, good=good)]


def _orphans_once(bench, init):
    """(system calls an orphan, orphans left over, microseconds an orphan)"""
    command = init.command(bench.programs.path("orphans"))
    with subjects.as_pid_1(bench.programs, command) as process:
        measure.wait_asleep(process.pid)
        os.kill(process.pid, signal.SIGSTOP)
        made = _make_orphans(process)
        with measure.syscall_counter(process.pid) as counter:
            before = counter.read()
            begun = time.monotonic()
            os.kill(process.pid, signal.SIGCONT)
            left, ended = _wait_reaped(process.pid)
            calls = counter.read() - before
        return calls / made, left, (ended - begun) * 1e6 / made


def _make_orphans(process):
    process.stdin.write(f"{ORPHANS}\n")
    made = int(process.stdout.readline().split()[1])
    piled = len(measure.children(process.pid)) - 1      # and the service
    if made != ORPHANS or piled != made:
        raise RuntimeError(f"{made} orphans made, {piled} piled up: "
                           "is there a limit on processes?")
    return made


def _wait_reaped(pid, limit_s=30.0):
    deadline = time.monotonic() + limit_s
    while True:
        left = len(measure.children(pid)) - 1
        now = time.monotonic()
        if left <= 0 or now > deadline:
            return left, now
        time.sleep(0.005)


# --- signals ---------------------------------------------------------------


def signals(bench):
    return [_latency_row(bench, "signal to the handler, p50 us", None),
            _latency_row(bench, "the same, all on one CPU",
                         {max(os.sched_getaffinity(0))}),
            _burst_row(bench)]


def _latencies(bench, what, cpus):
    """{name: ([p50 of each block], signals sent, signals received)}"""
    service = (bench.programs.path("signals"), "service")
    found = {init.name: ([], [], []) for init in bench.inits}
    words = ["signals", "latency", BLOCKS,
             -(-SIGNALS // (bench.rounds * BLOCKS))]
    for init in bench.inits:
        words += ["+", *init.command(*service)]
    for done in range(bench.rounds):
        bench.progress(f"{what}: round {done + 1}/{bench.rounds}")
        with pinned(cpus):
            lines = bench.tool(*words)
        for index, sent, received, p50, _p99 in lines:
            each = found[bench.inits[int(index)].name]
            each[0].append(int(p50) / 1000)
            each[1].append(int(sent))
            each[2].append(int(received))
    return found


def _latency_row(bench, what, cpus):
    found = _latencies(bench, what, cpus)
    results = {name: each[0] for name, each in found.items()}
    lost = {name: sum(each[1]) - sum(each[2]) for name, each in found.items()}
    to_tini = ratio(results, "hale", "tini")
    return Row(what, "tini's; none lost",
               {name: f"{value:.1f}" + (f", {lost[name]} lost"
                                        if lost[name] else "")
                for name, value in medians(results).items()},
               f"{times(to_tini)} tini",
               all_of(within(to_tini, 1.0), within(lost.get("hale"), 0)),
               f"floor median/min {noise(results['floor']):.2f}"
               if "floor" in results else "")


def _burst_row(bench):
    members = [init for init in bench.inits if init.name != "floor"]
    starts = SIGNALS // BURST
    service = (bench.programs.path("signals"), "service")
    lost = {}
    for init in members:
        bench.progress(f"signals: bursts at the start, {init.name}")
        ((_, sent, received),) = bench.tool(
            "signals", "burst", starts, BURST, "+", *init.command(*service))
        lost[init.name] = int(sent) - int(received)
    return Row(f"real-time signals during {starts} starts: "
               f"lost of {starts * BURST}", "0",
               {name: str(value) for name, value in lost.items()},
               good=within(lost.get("hale"), 0))


@contextlib.contextmanager
def pinned(cpus):
    """Children started in the block run on these CPUs (None: on any)."""
    before = os.sched_getaffinity(0)
    if cpus:
        os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# --- probes ----------------------------------------------------------------


def probe_fresh(bench):
    return _probe(bench, "fresh", "probe, fresh connection", 5, 0.75)


def probe_keep(bench):
    return _probe(bench, "keep", "probe, keep-alive", 3, 0.9)


def _probe(bench, mode, what, calls_bound, cpu_bound):
    with contextlib.ExitStack() as stack:
        running = {server.name: stack.enter_context(server.started())
                   for server in bench.servers}
        calls = {name: _calls_per_probe(bench, mode, process)
                 for name, process in running.items()}
        results = in_turn(
            bench, what, bench.servers,
            lambda server: _cpu_per_probe(bench, mode, running[server.name]))
    to_nginx = ratio(results, "hale", "nginx")
    to_floor = ratio(results, "hale", "floor")
    quiet = noise(results["floor"])
    return [
        Row(f"{what}: system calls", f"{calls_bound}",
            {name: f"{value:.2f}" for name, value in calls.items()},
            good=within(calls.get("hale"), calls_bound + 0.02)),
        Row(f"{what}: server CPU, us", f"{cpu_bound} x nginx",
            {name: f"{value:.2f}"
             for name, value in medians(results).items()},
            f"{times(to_nginx)} nginx, {times(to_floor)} floor",
            within(to_nginx, cpu_bound), f"floor median/min {quiet:.2f}"),
    ]


def _load(bench, mode, process, count):
    """Client and server share a CPU: waking another one costs more than
    the request, and differs from run to run."""
    cpus = {max(os.sched_getaffinity(0))}
    os.sched_setaffinity(process.pid, cpus)
    with pinned(cpus):
        ((_, answered, *_),) = bench.tool("load", mode, process.port, count)
    if int(answered) != count:
        raise RuntimeError(f"{answered} of {count} probes answered")


def _calls_per_probe(bench, mode, process):
    _load(bench, mode, process, 10)
    with measure.syscall_counter(process.pid) as counter:
        before = counter.read()
        _load(bench, mode, process, COUNTED_PROBES)
        return (counter.read() - before) / COUNTED_PROBES


def _cpu_per_probe(bench, mode, process):
    """Microseconds of the server's CPU time a request; nobody traces it."""
    before = measure.cpu_ns(process.pid)
    _load(bench, mode, process, PROBES)
    return (measure.cpu_ns(process.pid) - before) / PROBES / 1000


# --- held connections ------------------------------------------------------


class Held:
    """What a server did while thousands of connections were held open."""

    def __init__(self, sent, answered, p50_ms, p99_ms, sockets, memory_kb):
        self.sent = sent
        self.answered = answered
        self.p50_ms = p50_ms
        self.p99_ms = p99_ms
        self.sockets = sockets
        self.memory_kb = memory_kb

    def __str__(self):
        return (f"{self.answered}/{self.sent}, {self.p50_ms:.2f} / "
                f"{self.p99_ms:.2f} ms, {self.sockets} sockets, "
                f"{self.memory_kb} KB")


def held(bench):
    found = {}
    for server in bench.servers:
        if server.name in ("hale", "nginx"):
            bench.progress(f"held connections: {server.name}")
            found[server.name] = _held_once(bench, server)
    hale = found.get("hale")
    good = None
    if hale is not None:
        good = (hale.answered == hale.sent and hale.p99_ms < 50
                and hale.sockets <= CONNECTION_LIMIT + OTHER_SOCKETS)
    return [Row(f"{HELD_IDLE} idle and {HELD_SLOW} slow connections held: "
                "answered, p50 / p99, own sockets and memory",
                f"all, p99 < 50 ms, {CONNECTION_LIMIT} connections",
                {name: str(value) for name, value in found.items()},
                good=good)]


def _held_once(bench, server):
    with server.started() as process, _holding(bench, process.port):
        time.sleep(2)   # into the steady state: heads under way
        ((sent, answered, p50, p99, _),) = bench.tool(
            "load", "fresh", process.port, HELD_PROBES, HELD_GAP_US)
        return Held(int(sent), int(answered), int(p50) / 1e6, int(p99) / 1e6,
                    measure.socket_count(process.pid),
                    measure.own_memory_kb(process.pid))


@contextlib.contextmanager
def _holding(bench, port):
    command = [bench.programs.path("hold"), str(port), str(HELD_IDLE),
               str(HELD_SLOW)]
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as holder:
        if holder.stdout.readline().strip() != "holding":
            raise RuntimeError("hold did not open its connections")
        yield
        holder.stdin.close()    # it says how many it opened, and ends


# --- size ------------------------------------------------------------------


def size(bench):
    sizes = {init.name: os.path.getsize(os.path.realpath(init.path))
             for init in bench.inits}
    if subjects.nginx_path():
        sizes["nginx"] = os.path.getsize(subjects.nginx_path())
    return [Row("size of the binary, KB", f"{SIZE_KB}",
                {name: f"{value / 1024:.0f}" for name, value in sizes.items()},
                good=within(sizes.get("hale"), SIZE_KB * 1024))]


ROWS = {
    "idle": idle,
    "start": start,
    "memory": memory,
    "orphans": orphans,
    "signals": signals,
    "fresh": probe_fresh,
    "keep": probe_keep,
    "held": held,
    "size": size,
}
