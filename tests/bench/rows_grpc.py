# SPDX-License-Identifier: MIT
"""Rows of gRPC: Checks and Watches of hale's server, and its client, beside grpc-go.

The load and the peers are programs of grpc-go itself (tests/grpc), of the newest
version that there is. "floor" sends SETTINGS, an answer and PING's acknowledgement, and
reads no header (floor_grpc.c): what it costs is the kernel's TCP.
"""

import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

import measure
import rows
import rows_http
import subjects

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(TOP, "tests/system/lib"))
import grpc_peers  # noqa: E402

AGENT = "kube-probe/1.31"   # of the kubelet
WITHIN_S = 60.0
PACED, GAP = 200, "5ms"     # Checks of a round that come one by one, as a prober's do
PACED_ROUNDS = 5
STALL_MS = 35               # Nagle's algorithm waits for an ACK that is delayed by 40
RUNS_PER_ROUND = 10
WATCHES, CONNECTIONS = 1000, 10
TOLD_MS = PROBE_MS = 50
PROBES, GAP_US = 400, 2000
CHANGE_AFTER_S = 0.2        # so that the probes are under way
WATCH_ROUNDS = 5
WATCH_KB = 80               # of a connection with 100 Watches: H2_STREAMS_MAX structs
IDLE_KB = 72                # hale without connections; the row "memory"
IDLE_S = 10
CHECK_CPU, CHECK_MEMORY = 0.05, 0.02


class Mode:
    """How Checks come: their flags, how many in a round, and what is asked of hale."""

    def __init__(self, what, count, calls, cpu, **flags):
        self.what = what
        self.count = count
        self.calls = calls
        self.cpu = cpu
        self.flags = flags


FRESH = Mode("gRPC Check, fresh connection", 2000, 7, 0.25)
KEEP = Mode("gRPC Check, one connection", 10000, 4, 0.15, one_connection=True)


# --- peers -----------------------------------------------------------------


@contextlib.contextmanager
def grpc_go():
    """(a Peer of the newest grpc-go that there is, its version), or (None, why)."""
    why = ""
    with grpc_peers.Peers() as peers:
        for name in grpc_peers.NEWEST + ("go",):
            made = grpc_peers.made(name)
            if not isinstance(made, str):
                peer = peers(name)
                yield peer, peer.version
                return
            why = made
        yield None, why


def missing(what, why):
    return [rows.Row(what, "-", {"hale": f"not measured: {why}"})]


@contextlib.contextmanager
def floor_grpc(bench):
    port = subjects.next_port()
    with subprocess.Popen([bench.programs.path("floor_grpc"), str(port)]) as floor:
        try:
            subjects.wait_for_port(port)
            yield subjects.Running(floor.pid, port=port)
        finally:
            floor.terminate()


def hale_server(bench):
    return next(server for server in bench.servers if server.name == "hale").started()


# --- Check -----------------------------------------------------------------


def ask(go, mode, port, count, gap=None):
    """Checks as the kubelet does, one after the other; the slowest in ms."""
    done = go.checks(f"127.0.0.1:{port}", n=count, timeout=WITHIN_S, agent=AGENT,
                     within_s=WITHIN_S, gap=gap, **mode.flags)
    if done.counts != {"SERVING": count}:
        raise RuntimeError(f"{count} Checks came to {done.counts}")
    return done.slowest_ms


def calls_of(go, mode, process, count, gap=None):
    """System calls of a Check."""
    ask(go, mode, process.port, 10)
    with measure.syscall_counter(process.pid) as counter:
        before = counter.read()
        ask(go, mode, process.port, count, gap)
        return (counter.read() - before) / count


def cpu_of(go, mode, process, count, gap=None):
    """Microseconds of a server's CPU for a Check."""
    before = measure.all_cpu_ns(process.pid)
    ask(go, mode, process.port, count, gap)
    return (measure.all_cpu_ns(process.pid) - before) / count / 1000


def each_round(bench, what, rounds, running, once):
    """{name: [one result a round]}, the servers in turn."""
    found = {name: [] for name in running}
    for done in range(rounds):
        for name, process in running.items():
            bench.progress(f"{what}: round {done + 1}/{rounds}, {name}")
            found[name].append(once(process))
    return found


def servers(bench, stack, go, version):
    """{name: the server's process}, on the CPUs that we have now."""
    return {"hale": stack.enter_context(hale_server(bench)),
            "floor": stack.enter_context(floor_grpc(bench)), version: go.serve()}


def calls_row(what, bound, calls):
    return rows.Row(f"{what}: system calls", f"{bound}",
                    {name: f"{value:.2f}" for name, value in calls.items()},
                    good=rows.within(calls["hale"], bound + 0.02))


def cpu_row(what, bound, cpu, version):
    to_go, to_floor = rows.ratio(cpu, "hale", version), rows.ratio(cpu, "hale", "floor")
    floor_to_go = rows.ratio(cpu, "floor", version)
    return rows.Row(f"{what}: server CPU, us", f"{bound} x grpc-go",
                    {name: f"{value:.1f}" for name, value in rows.medians(cpu).items()},
                    f"{to_go:.3f} grpc-go (floor {floor_to_go:.3f}), {to_floor:.3f} floor",
                    rows.within(to_go, bound),
                    f"floor median/min {rows.noise(cpu['floor']):.2f}")


def check_rows(bench, go, version, mode, what, rounds, count, gap=None):
    with contextlib.ExitStack() as stack:
        running = servers(bench, stack, go, version)
        calls = {name: calls_of(go, mode, running[name], count, gap)
                 for name in ("hale", "floor")}
        cpu = each_round(bench, what, rounds, running,
                         lambda process: cpu_of(go, mode, process, count, gap))
    return [calls_row(what, mode.calls, calls), cpu_row(what, mode.cpu, cpu, version)]


def check_of(bench, mode):
    with grpc_go() as (go, version):
        if go is None:
            return missing(mode.what, version)
        # At once, client and servers share a CPU, as in the rows of HTTP probes: it is
        # then that grpc-go does best. One by one, as probes are, on any CPU.
        with rows.pinned({max(os.sched_getaffinity(0))}):
            at_once = check_rows(bench, go, version, mode, f"{mode.what}, back to back",
                                 bench.rounds, mode.count)
        return at_once + check_rows(bench, go, version, mode, f"{mode.what}, each {GAP}",
                                    min(bench.rounds, PACED_ROUNDS), PACED, GAP)


def grpc_fresh(bench):
    return check_of(bench, FRESH)


def grpc_keep(bench):
    return check_of(bench, KEEP)


def grpc_stall(bench):
    """On any CPU: on one, the other end has answered before a stall can begin."""
    what = "gRPC Check: the slowest of a round, ms"
    with contextlib.ExitStack() as stack:
        go, version = stack.enter_context(grpc_go())
        if go is None:
            return missing(what, version)
        slowest = each_round(bench, what, bench.rounds, servers(bench, stack, go, version),
                             lambda process: [ask(go, mode, process.port, mode.count)
                                              for mode in (FRESH, KEEP)])
    # One round may wait for another program of this machine; a stall is in each.
    usual = {name: [statistics.median(each) for each in zip(*ms)]
             for name, ms in slowest.items()}
    return [rows.Row(f"{what}: fresh connections / one", f"{STALL_MS}",
                     {name: " / ".join(f"{ms:.1f}" for ms in each)
                      for name, each in usual.items()},
                     good=rows.within(max(usual["hale"]), STALL_MS))]


# --- the client ------------------------------------------------------------


def client_commands(bench, go, version, target):
    """{name: command} of one Check; grpc_health_probe is in no package."""
    found = {"hale": [bench.programs.hale, "check", f"grpc://{target}"],
             version: [*go.words, "check", "--agent", AGENT, target]}
    if probe := shutil.which("grpc_health_probe"):
        found["grpc_health_probe"] = [probe, f"-addr={target}"]
    return found


def peaks_of(bench, commands):
    """{name: (private memory, VmHWM)} in KB."""
    os.sync()   # a page of a fresh file counts as dirty until it is written
    return {name: tuple(map(int, bench.tool("once", "memory", 1, *command)[0]))
            for name, command in commands.items()}


def client_cpu(bench, commands):
    cpu = {name: [] for name in commands}
    for done in range(bench.rounds):
        for name, command in commands.items():
            bench.progress(f"gRPC client: round {done + 1}/{bench.rounds}, {name}")
            lines = bench.tool("once", "cpu", RUNS_PER_ROUND, *command)
            cpu[name].append(statistics.median(int(line[0]) for line in lines))
    return cpu


def grpc_check(bench):
    what = "one gRPC check"
    with grpc_go() as (go, version):
        if go is None:
            return missing(what, version)
        commands = client_commands(bench, go, version, go.serve().target)
        tried = subprocess.run(commands["hale"], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            return missing(what, f"hale check grpc://: {tried.stderr.strip()}")
        cpu = client_cpu(bench, commands)
        peaks = peaks_of(bench, commands)
        own = rows_http.instructions(commands["hale"])
    to_go = rows.ratio(cpu, "hale", version)
    memory = peaks["hale"][1] / peaks[version][1]
    private = peaks["hale"][0] / peaks[version][0]
    return [
        rows.Row(f"{what}: CPU us", f"{CHECK_CPU} x grpc-go",
                 {name: f"{value / 1000:.0f}" for name, value in rows.medians(cpu).items()},
                 rows.times(to_go), rows.within(to_go, CHECK_CPU),
                 f"{rows.noise(cpu['hale']):.2f}"),
        rows.Row(f"{what}: VmHWM / private memory, KB", f"VmHWM {CHECK_MEMORY} x grpc-go",
                 {name: f"{peak} / {own_kb}" for name, (own_kb, peak) in peaks.items()},
                 f"{memory:.3f}, private {private:.3f}", rows.within(memory, CHECK_MEMORY)),
        rows.Row(f"{what}: instructions", "-", {} if own is None else {"hale": f"{own:,}"}),
    ]


# --- Watch -----------------------------------------------------------------


@contextlib.contextmanager
def draining_hale(bench):
    """A hale whose readiness goes off at SIGTERM, and which goes on then."""
    port = subjects.next_port()
    command = [bench.programs.hale, "--drain", "1m", "--stop-timeout", "1s",
               "--listen", f"127.0.0.1:{port}", "--", bench.programs.path("sleeper")]
    with subjects.as_pid_1(bench.programs, command) as hale:
        hale.port = port
        yield hale


@contextlib.contextmanager
def probing(bench, port):
    """Yields what gives the slowest probe of /livez in ms, once all are through."""
    command = [bench.programs.path("load"), "fresh", port, PROBES, GAP_US, "/livez"]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as load:
        def slowest_ms():
            sent, answered, _, _, slowest = load.stdout.read().split()
            if sent != answered:
                raise RuntimeError(f"{answered} of {sent} probes answered")
            return int(slowest) / 1e6
        yield slowest_ms


def watch_once(bench, go):
    """(ms until all streams were told, slowest probe in ms, hale's memory in KB)"""
    with draining_hale(bench) as hale, \
            go.streams(f"127.0.0.1:{hale.port}", WATCHES, connections=CONNECTIONS) as streams:
        streams.ready(WITHIN_S)
        measure.wait_asleep(hale.pid)
        with probing(bench, hale.port) as slowest_ms:
            time.sleep(CHANGE_AFTER_S)
            begun = time.time()
            os.kill(hale.pid, signal.SIGTERM)
            told = streams.told(WITHIN_S)
            if (told.count, told.status) != (WATCHES, "NOT_SERVING"):
                raise RuntimeError(f"told {told}")
            memory = measure.own_memory_kb(hale.pid)
            return (told.last - begun) * 1000, slowest_ms(), memory


def grpc_watch(bench):
    what = f"{WATCHES:,} Watches on {CONNECTIONS} connections"
    rounds = min(bench.rounds, WATCH_ROUNDS)
    found = []
    with grpc_go() as (go, version):
        if go is None:
            return missing(what, version)
        for done in range(rounds):
            bench.progress(f"{what}: round {done + 1}/{rounds}")
            found.append(watch_once(bench, go))
    told, probes, memory = zip(*found)
    bound_kb = IDLE_KB + CONNECTIONS * WATCH_KB
    return [
        rows.Row(f"{what}: a change is known to all after ms: worst / median", f"{TOLD_MS}",
                 {"hale": f"{max(told):.1f} / {statistics.median(told):.1f}"},
                 good=rows.within(max(told), TOLD_MS)),
        rows.Row(f"{what}: the slowest probe meanwhile, ms: worst / median", f"{PROBE_MS}",
                 {"hale": f"{max(probes):.1f} / {statistics.median(probes):.1f}"},
                 good=rows.within(max(probes), PROBE_MS)),
        rows.Row(f"{what}: own memory, KB", f"{bound_kb}", {"hale": f"{max(memory)}"},
                 good=rows.within(max(memory), bound_kb)),
    ]


def grpc_idle(bench):
    what = f"idle with a Watch open, {IDLE_S} s: system calls / wake-ups"
    with grpc_go() as (go, version):
        if go is None:
            return missing(what, version)
        with hale_server(bench) as hale, measure.syscall_counter(hale.pid) as counter, \
                go.watch(f"127.0.0.1:{hale.port}") as watch:
            if watch.status() != "SERVING":
                raise RuntimeError("the service is not SERVING")
            time.sleep(1)   # what follows the answer is past
            before = counter.read(), measure.wake_ups(hale.pid)
            bench.progress(what)
            time.sleep(IDLE_S)
            calls = counter.read() - before[0]
            wakes = measure.wake_ups(hale.pid) - before[1]
    return [rows.Row(what, "0 / 0", {"hale": f"{calls} / {wakes}"},
                     good=(calls, wakes) == (0, 0))]


ROWS = {"grpc-fresh": grpc_fresh, "grpc-keep": grpc_keep, "grpc-stall": grpc_stall,
        "grpc-check": grpc_check, "grpc-watch": grpc_watch,
        "grpc-idle": grpc_idle}
