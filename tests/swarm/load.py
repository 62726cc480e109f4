"""load.py NAME BEHIND_S... - clients of a service on an overlay network, in a task's namespace.

One that is 0 seconds behind asks Docker's name server for NAME at each request; another
uses the addresses that it gave so long ago, as proxies may that keep them. When stdin ends
they stop and print what they saw as JSON: {"clients": [the fields of each Tally],
"seen": [[when, [address], ttl]]}, when being time.time().
"""
# SPDX-License-Identifier: MIT

import dataclasses
import json
import pathlib
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from clients import REQUEST_S, Client  # noqa: E402

WATCH_S = 0.02  # between two looks at the name
SERVER = ("127.0.0.11", 53)


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


class Name:
    """A name, watched: seen is [[when, [address], ttl]], an entry for each change."""

    def __init__(self, name):
        self.name, self.seen = name, []
        self.ending = threading.Event()
        self.look()
        self.watcher = threading.Thread(target=self.watch)
        self.watcher.start()

    def look(self):
        try:
            now, ttl = addresses(self.name)
        except OSError:
            now, ttl = [], 0
        if not self.seen or self.seen[-1][1] != sorted(now):
            self.seen.append([time.time(), sorted(now), ttl])

    def watch(self):
        while not self.ending.wait(WATCH_S):
            self.look()

    def known(self, behind_s):
        """The addresses as they were then; now, the one that the server puts first."""
        if not behind_s:
            return addresses(self.name)[0][:1]
        then = time.time() - behind_s
        old = [known for when, known, _ in self.seen if when <= then]
        return old[-1] if old else self.seen[0][1]

    def stop(self):
        self.ending.set()
        self.watcher.join()


def main(name, *behind_s):
    name = Name(name)
    clients = [Client(name.known, int(each)) for each in behind_s]
    sys.stdin.read()
    tallies = [dataclasses.asdict(client.stop()) for client in clients]
    name.stop()
    json.dump({"seen": name.seen, "clients": tallies}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
