#!/bin/sh
# glibc-asks-again-for-many-addresses.sh - getaddrinfo() of glibc asks all its
# questions anew each time that its memory is too small for the addresses
#
# A name with 20 addresses of IPv4 takes one A and one AAAA question. One with 100,
# whose answer does not fit into UDP, takes three of each by UDP and three
# connections by TCP: getaddrinfo() throws the answer away, doubles its buffer and
# begins with UDP again. No cache is between; the name server sees all of it.
#
# Fails when that changes. Needs apt, dpkg, python3, ip, unshare and root (for a network
# and a mount namespace); touches nothing outside a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=2.36-9+deb12u14	# of libc6 and libc-bin, Debian 12
WANT='few.test: 20 addresses, 2 questions by UDP, 0 connections by TCP
many.test: 100 addresses, 6 questions by UDP, 3 connections by TCP'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "libc6=$VERSION" "libc-bin=$VERSION" \
	>/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
libraries=$(dirname "$(find "$tmp/root" -name libc.so.6)")
loader=$(find "$libraries" -name 'ld-linux-*')
"$libraries/libc.so.6" | head -n 1
echo 'nameserver 127.0.0.1' >resolv.conf
echo 'hosts: dns' >nsswitch.conf

cat >ask.py <<'PY'
import socket
import struct
import subprocess
import sys
import threading

COUNTS = {"few": 20, "many": 100}
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 53))
tcp = socket.create_server(("127.0.0.1", 53))
asked = [0, 0]


def answer(query, room):
    label = query[13:13 + query[12]].decode()
    end = query.index(0, 12) + 5
    is_a = query[end - 4:end - 2] == b"\0\1"
    records = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH4B", 1, 1, 60, 4, 127, 9, 0, n + 1)
        for n in range(COUNTS[label] if is_a else 0))
    flags, count = 0x8180, len(records) // 16
    if end + len(records) > room:
        flags, count, records = flags | 0x0200, 0, b""
    return query[:2] + struct.pack(">5H", flags, 1, count, 0, 0) + query[12:end] + records


def by_udp():
    while True:
        query, client = udp.recvfrom(512)
        asked[0] += 1
        udp.sendto(answer(query, 512), client)


def by_tcp():
    while True:
        peer = tcp.accept()[0]
        asked[1] += 1
        with peer, peer.makefile("rb") as stream:
            while length := stream.read(2):
                reply = answer(stream.read(struct.unpack(">H", length)[0]), 65535)
                peer.sendall(struct.pack(">H", len(reply)) + reply)


for serve in (by_udp, by_tcp):
    threading.Thread(target=serve, daemon=True).start()
for name in COUNTS:
    asked[:] = 0, 0
    done = subprocess.run([*sys.argv[1:], "ahosts", f"{name}.test"], check=True,
                          stdout=subprocess.PIPE)
    print(f"{name}.test: {done.stdout.count(b' STREAM')} addresses, {asked[0]} questions "
          f"by UDP, {asked[1]} connections by TCP")
PY
got=$(unshare --net --mount sh -c '
	mount --bind resolv.conf /etc/resolv.conf
	mount --bind nsswitch.conf /etc/nsswitch.conf
	ip link set lo up
	exec python3 ask.py "$@"' sh "$loader" --library-path "$libraries" root/usr/bin/getent)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
