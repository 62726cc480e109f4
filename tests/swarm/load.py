"""load.py NAME - clients of a service on an overlay network, in a task's namespace.

One asks Docker's name server for NAME at each request; one uses the addresses that it
gave five seconds ago, as proxies may that keep them so long. When stdin ends they stop
and print what they saw as JSON:
{"clients": [{"behind_s", "sent", "lost": {why: count}, "moments": [when]}],
"seen": [[when, [address], ttl]]}, when being time.time(). Stands alone.
"""
# SPDX-License-Identifier: MIT

import collections
import concurrent.futures
import itertools
import json
import socket
import struct
import sys
import threading
import time

RATE = 50  # requests a second, of each client
REQUEST_S = 3  # a request that takes longer is lost
WATCH_S = 0.02  # between two looks at the name
BEHIND_S = (0, 5)
PORT = 8000
SERVER = ("127.0.0.11", 53)
REQUEST = b"GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n"


def skip_name(packet, at):
    while packet[at] and packet[at] < 0xc0:
        at += packet[at] + 1
    return at + (2 if packet[at] else 1)


def addresses(name):
    """The name's IPv4 addresses, in the server's order, and their TTL; raises OSError."""
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    query = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + question + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to:
        to.settimeout(REQUEST_S)
        to.connect(SERVER)
        to.send(query)
        packet = to.recv(4096)
    at, found, ttl = len(query), [], 0
    for _ in range(struct.unpack_from(">H", packet, 6)[0]):
        at = skip_name(packet, at)
        sort, _, ttl, size = struct.unpack_from(">2HIH", packet, at)
        if sort == 1:
            found.append(socket.inet_ntoa(packet[at + 10:at + 14]))
        at += 10 + size
    return found, ttl


def request(address):
    """One request on a connection of its own; None, or why it is lost."""
    try:
        with socket.create_connection((address, PORT), REQUEST_S) as to:
            to.sendall(REQUEST)
            got = b""
            while more := to.recv(4096):
                got += more
    except OSError as why:
        return type(why).__name__
    if not got.startswith(b"HTTP/1.1 200 "):
        return got.split(b"\r\n")[0].decode() or "closed without an answer"
    return None if got.endswith(b"\r\n\r\nok\n") else "cut short"


class Client(threading.Thread):
    def __init__(self, name, behind_s, seen, ending):
        super().__init__()
        self.service, self.behind_s, self.seen, self.ending = name, behind_s, seen, ending
        self.sent, self.lost, self.moments = 0, collections.Counter(), []
        self.turn = itertools.count()

    def ask(self):
        """One request; None, or when it was and why it is lost."""
        now = time.time()
        try:
            why = request(self.choose(now))
        except (OSError, LookupError):
            why = "no address"
        return why and (now, why)

    def choose(self, now):
        if not self.behind_s:
            return addresses(self.service)[0][0]
        old = [known for when, known, _ in self.seen if when <= now - self.behind_s]
        known = old[-1] if old else self.seen[0][1]
        return known[next(self.turn) % max(len(known), 1)]  # IndexError if there is none

    def run(self):
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(RATE * 4) as pool:
            results = []
            while not self.ending.wait(
                    max(0, begun + len(results) / RATE - time.monotonic())):
                results.append(pool.submit(self.ask))
            self.sent = len(results)
            bad = sorted(filter(None, (r.result() for r in results)))
        self.lost.update(why for _, why in bad)
        self.moments = [when for when, _ in bad]


def look(name, seen):
    try:
        now, ttl = addresses(name)
    except OSError:
        now, ttl = [], 0
    if not seen or seen[-1][1] != sorted(now):
        seen.append([time.time(), sorted(now), ttl])


def watch(name, ending, seen):
    while not ending.wait(WATCH_S):
        look(name, seen)


def main(name):
    ending, seen = threading.Event(), []
    look(name, seen)
    clients = [Client(name, behind_s, seen, ending) for behind_s in BEHIND_S]
    watcher = threading.Thread(target=watch, args=(name, ending, seen))
    for thread in (watcher, *clients):
        thread.start()
    sys.stdin.read()
    ending.set()
    for thread in (watcher, *clients):
        thread.join()
    json.dump({"seen": seen, "clients": [
        {"behind_s": c.behind_s, "sent": c.sent, "lost": c.lost, "moments": c.moments}
        for c in clients]}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
