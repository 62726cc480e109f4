# SPDX-License-Identifier: MIT
"""peer VERB [FLAG...] [ARG...] - a gRPC client and health server of grpcio.

README.md beside this file lists the verbs, the flags and the lines that are printed.
The messages are written by hand: Debian has no package of their generated code.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import queue
import sys
import threading
import time

import grpc

HEALTH = "grpc.health.v1.Health"
STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
SERVER_THREADS = 64  # a Watch holds one


def say(*words):
    print(*words, flush=True)


# Messages

def field(number, data):
    """A field of bytes, of less than 16 KB."""
    size = len(data)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + data


def request(service):
    return field(1, service.encode()) if service else b""


def service_of(message):
    """The service that a request names; the message has no other field."""
    return message[2 if message[1] < 128 else 3:].decode() if message else ""


def answer(status):
    return bytes([8, STATUSES.index(status)]) if status != "UNKNOWN" else b""


def status_of(message):
    number = message[1] if message else 0
    return STATUSES[number] if number < len(STATUSES) else str(number)


# The client

def seconds(word):
    """1.5s, 200ms or 0, as Go writes a duration."""
    return float(word[:-2]) / 1000 if word.endswith("ms") else float(word.rstrip("s"))


def end(error):
    """The line for a call's end."""
    return " ".join(["end", error.code().name, *(error.details() or "").split()])


class Client:
    """How a channel is made and a call done by the flags."""

    def __init__(self, args):
        self.args = args
        self.metadata = [("x-filler", "x" * args.metadata)] if args.metadata else None
        self.timeout = args.timeout or None
        self.compression = grpc.Compression.Gzip if args.gzip else None

    @contextlib.contextmanager
    def channel(self):
        """A connection of its own, which the first call makes. To wait until a channel is
        ready, which grpcio can do, would add 200 ms: it looks that often."""
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
        if self.args.agent:
            options.append(("grpc.primary_user_agent", self.args.agent))
        if self.args.authority:
            options.append(("grpc.default_authority", self.args.authority))
        if self.args.ca:
            with open(self.args.ca, "rb") as pem:
                credentials = grpc.ssl_channel_credentials(pem.read())
            channel = grpc.secure_channel(self.args.target, credentials, options,
                                          self.compression)
        else:
            channel = grpc.insecure_channel(self.args.target, options, self.compression)
        with channel:
            yield channel

    def check_on(self, channel):
        method = channel.unary_unary(self.args.method or f"/{HEALTH}/Check")
        try:
            return "status " + status_of(method(request(self.args.service), timeout=self.timeout,
                                                metadata=self.metadata))
        except grpc.RpcError as error:
            return end(error)

    def check_once(self):
        with self.channel() as channel:
            return self.check_on(channel)

    def stream(self, channel, method, message, got):
        """Calls got with each answer; returns the line for the end."""
        try:
            for data in channel.unary_stream(method)(message, timeout=self.timeout,
                                                     metadata=self.metadata):
                got(data)
        except grpc.RpcError as error:
            return end(error)
        return "end OK"

    def watch(self, channel, got):
        return self.stream(channel, self.args.method or f"/{HEALTH}/Watch",
                           request(self.args.service), lambda data: got(status_of(data)))


def say_counted(lines):
    for line, count in collections.Counter(lines).items():
        say(*([count] if count > 1 else []), line)


def check(args):
    client = Client(args)

    def timed(once):
        start = time.monotonic()
        return once(), time.monotonic() - start

    def all_of(once):
        with concurrent.futures.ThreadPoolExecutor(args.parallel) as pool:
            done = list(pool.map(lambda _: timed(once), range(args.n)))
        say_counted(line for line, _ in done)
        say(f"slowest {max(took for _, took in done) * 1000:.3f}")

    if args.one_connection:
        with client.channel() as channel:
            all_of(lambda: client.check_on(channel))
    else:
        all_of(client.check_once)


def watch(args):
    client = Client(args)
    with client.channel() as channel:
        say(client.watch(channel, lambda status: say("status", status)))


def call(args):
    client = Client(args)
    with client.channel() as channel:
        say(client.stream(channel, args.service, bytes.fromhex(args.more),
                          lambda data: say("answer", data.hex())))


def streams(args):
    """The main thread counts what the threads of the streams are told."""
    client, count, told = Client(args), int(args.more), queue.Queue()

    def run(channel):
        nth = 0

        def got(status):
            nonlocal nth
            told.put((nth, status, time.time()))
            nth += 1
        told.put((None, client.watch(channel, got), None))

    with contextlib.ExitStack() as stack:
        channels = [stack.enter_context(client.channel()) for _ in range(args.connections)]
        for i in range(count):
            threading.Thread(target=run, args=(channels[i % len(channels)],),
                             daemon=True).start()
        rounds, ends = collections.defaultdict(list), []
        while len(ends) < count:
            nth, words, now = told.get()
            if nth is None:
                ends.append(words)
                continue
            rounds[nth].append((now, words))
            if len(rounds[nth]) == count:
                say_round(nth, rounds[nth])
                if nth == args.changes > 0:
                    return
        say_counted(ends)


def say_round(nth, all_told):
    if nth == 0:
        return say("ready", len(all_told))
    statuses = {status for _, status in all_told}
    first, last = min(all_told)[0], max(all_told)[0]
    return say("told", len(all_told), statuses.pop() if len(statuses) == 1 else "MIXED",
               f"{(last - first) * 1000:.3f} {first:.6f} {last:.6f}")


# The server

class Health(grpc.GenericRpcHandler):
    """The health service; an open Watch waits for `changed`."""

    def __init__(self, args):
        self.args = args
        self.statuses = {"": "SERVING"}
        self.changed = threading.Condition()
        self.stopping = False

    def set(self, name, status):
        answer(status)  # raises ValueError if there is no such status
        with self.changed:
            self.statuses[name] = status
            self.changed.notify_all()

    def service(self, details):
        methods = {} if self.args.no_health else {
            f"/{HEALTH}/Check": grpc.unary_unary_rpc_method_handler(self.check),
            f"/{HEALTH}/Watch": grpc.unary_stream_rpc_method_handler(self.watch),
            f"/{HEALTH}/List": grpc.unary_unary_rpc_method_handler(self.list)}
        return methods.get(details.method)

    def gate(self, context):
        """What each call meets first."""
        if self.args.silent:
            ended = threading.Event()
            if context.add_callback(ended.set):
                ended.wait()
        if self.args.error:
            context.abort(grpc.StatusCode[self.args.error], "refused by the test")

    def check(self, message, context):
        self.gate(context)
        name = service_of(message)
        if name not in self.statuses:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return answer(self.statuses[name])

    def list(self, _message, context):
        self.gate(context)
        return b"".join(field(1, request(name) + field(2, answer(status)))
                        for name, status in self.statuses.items())

    def wake(self):
        with self.changed:
            self.changed.notify_all()

    def watch(self, message, context):
        self.gate(context)
        name, last = service_of(message), None
        context.add_callback(self.wake)
        while context.is_active() and not self.stopping:
            with self.changed:
                now = self.statuses.get(name, "SERVICE_UNKNOWN")
                if now == last:
                    self.changed.wait()
                    continue
            last = now
            yield answer(now)


def serve(args):
    health = Health(args)
    for word in args.service_status:
        health.set(*word.rsplit("=", 1))
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(SERVER_THREADS), [health],
                         options=[("grpc.so_reuseport", 0)])
    if args.cert:
        with open(args.key, "rb") as key, open(args.cert, "rb") as cert:
            credentials = grpc.ssl_server_credentials([(key.read(), cert.read())])
        port = server.add_secure_port(args.address, credentials)
    else:
        port = server.add_insecure_port(args.address)
    server.start()
    say("port", port)
    for line in map(str.rstrip, iter(sys.stdin.readline, "")):
        if line == "shutdown":
            server.stop(60)
        else:
            health.set(*line.rsplit(" ", 1))
        say("set", line)
    health.stopping = True
    health.wake()
    server.stop(0).wait()


# The command line

def version(_args):
    say("grpcio", grpc.__version__)


VERBS = {f.__name__: f for f in (check, watch, streams, call, serve, version)}


def parse():
    p = argparse.ArgumentParser(prog="peer", allow_abbrev=False)
    p.add_argument("verb", choices=VERBS)
    for name in ("agent", "authority", "method", "ca", "cert", "key", "error"):
        p.add_argument(f"--{name}", default="")
    for name, usual in (("metadata", 0), ("n", 1), ("parallel", 1), ("connections", 1),
                        ("changes", 1)):
        p.add_argument(f"--{name}", type=int, default=usual)
    for name in ("no-block", "gzip", "one-connection", "no-health", "silent"):
        p.add_argument(f"--{name}", action="store_true")
    p.add_argument("--timeout", type=seconds, default=0)
    p.add_argument("--address", default="127.0.0.1:0")
    p.add_argument("--service", action="append", default=[], dest="service_status")
    for name in ("target", "service", "more"):
        p.add_argument(name, nargs="?", default="")
    return p.parse_intermixed_args()


if __name__ == "__main__":
    ARGS = parse()
    VERBS[ARGS.verb](ARGS)
