"""A client that follows the endpoints of a Service, and counts what it loses."""
# SPDX-License-Identifier: MIT

import bisect
import collections
import concurrent.futures
import itertools
import re
import socket
import threading
import time

RATE = 50  # requests a second
REQUEST_S = 3  # a request that takes longer is lost
REQUEST = "GET {} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.I)


class Endpoints:
    """The addresses behind a Service, now and in the past."""

    def __init__(self, space, service, within_s=300):
        self.moments, self.sets = [], []
        self.changed = threading.Condition()
        self.watch = threading.Thread(target=self.follow, daemon=True,
                                      args=(space, service, within_s))
        self.watch.start()

    def follow(self, space, service, within_s):
        path = space.path("endpoints")
        for sort, thing in space.cluster.watch(path, within_s, service):
            found = [a["ip"] for part in thing.get("subsets") or ()
                     for a in part.get("addresses") or ()]
            with self.changed:
                self.moments.append(time.monotonic())
                self.sets.append(found if sort != "DELETED" else [])
                self.changed.notify_all()

    def at(self, moment):
        """What stood there at that moment of time.monotonic()."""
        found = bisect.bisect_right(self.moments, moment)
        return self.sets[found - 1] if found else []

    def until(self, good, within_s=60):
        """Wait until good(addresses); the moment when that came."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.sets and good(self.sets[-1]),
                                         within_s):
                raise AssertionError(f"endpoints after {within_s} s: {self.sets[-1:]}")
            return self.moments[-1]


def request(address, port, path="/"):
    """One request on a connection of its own; None, or why it is lost."""
    try:
        with socket.create_connection((address, port), REQUEST_S) as to:
            to.sendall(REQUEST.format(path).encode())
            got = b""
            while more := to.recv(4096):
                got += more
    except OSError as why:
        return type(why).__name__
    if not got.startswith(b"HTTP/1.1 200 "):
        return got.split(b"\r\n")[0].decode() or "closed without an answer"
    head, _, body = got.partition(b"\r\n\r\n")
    length = LENGTH.search(head + b"\r\n")
    return None if length and len(body) == int(length.group(1)) else "cut short"


class Client:
    """Asks in turn the endpoints of behind_s seconds ago, until it is stopped."""

    def __init__(self, endpoints, behind_s, port=8000, path="/"):
        self.endpoints, self.behind_s, self.at = endpoints, behind_s, (port, path)
        self.sent, self.lost = 0, collections.Counter()
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        turn = itertools.count()
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(RATE * 4) as pool:
            results = []
            while not self.ending.wait(
                    max(0, begun + len(results) / RATE - time.monotonic())):
                known = self.endpoints.at(max(begun, time.monotonic() - self.behind_s))
                if known:
                    to = known[next(turn) % len(known)]
                    results.append(pool.submit(request, to, *self.at))
                else:
                    results.append(pool.submit(lambda: "no endpoint"))
            self.sent = len(results)
            self.lost.update(filter(None, (r.result() for r in results)))

    def stop(self):
        """Wait for the last answers."""
        self.ending.set()
        self.thread.join()
        return self

    @property
    def words(self):
        return f"{sum(self.lost.values()):,} of {self.sent:,}"
