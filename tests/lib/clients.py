"""Clients of a service under change: each asks 50 times a second and counts what it loses."""
# SPDX-License-Identifier: MIT

import collections
import concurrent.futures
import dataclasses
import itertools
import re
import socket
import threading
import time

RATE = 50  # requests a second
REQUEST_S = 3  # a request that takes longer is lost
REQUEST = "GET {} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.I)


def request(address, port=8000, path="/"):
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


def called(behind_s):
    return f"client {behind_s} s behind" if behind_s else "client at once"


@dataclasses.dataclass
class Tally:
    """What one client sent and lost."""
    behind_s: int
    sent: int
    lost: dict  # {why: how many}
    moments: list  # time.time() of each that was lost, in order

    @property
    def total(self):
        return sum(self.lost.values())

    @property
    def cell(self):
        """For a table."""
        return f"{self.total:,} of {self.sent:,}"

    @property
    def words(self):
        why = ", ".join(f"{count} {why}" for why, count in self.lost.items())
        return f"{called(self.behind_s)} lost {self.cell}" + (why and f" ({why})")


class Client:
    """Asks in turn the addresses that known(behind_s) gives, until it is stopped.

    They are what stood there behind_s seconds ago. If there is none, or known() raises
    OSError, the request is lost.
    """

    def __init__(self, known, behind_s, port=8000, path="/"):
        self.known, self.behind_s, self.at = known, behind_s, (port, path)
        self.turn = itertools.count()
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def ask(self):
        """One request; None, or when it was and why it is lost."""
        begun = time.time()
        try:
            known = self.known(self.behind_s)
        except OSError:
            known = ()
        why = "no address"
        if known:
            why = request(known[next(self.turn) % len(known)], *self.at)
        return why and (begun, why)

    def run(self):
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(RATE * 4) as pool:
            results = []
            while not self.ending.wait(
                    max(0, begun + len(results) / RATE - time.monotonic())):
                results.append(pool.submit(self.ask))
            bad = sorted(filter(None, (r.result() for r in results)))
        self.tally = Tally(self.behind_s, len(results),
                           dict(collections.Counter(why for _, why in bad)),
                           [when for when, _ in bad])

    def stop(self):
        """Wait for the last answers; the Tally."""
        self.ending.set()
        self.thread.join()
        return self.tally
