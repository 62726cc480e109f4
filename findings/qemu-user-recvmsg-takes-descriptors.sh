#!/bin/sh
# qemu-user-recvmsg-takes-descriptors.sh - qemu's user emulation: recvmsg() with room for
# credentials alone receives descriptors too, without a word
#
# A server that wants to know who sent a datagram (SO_PASSCRED), and no descriptors,
# gives recvmsg() room for the credentials alone. The kernel then drops a descriptor
# that was sent along, and says so by MSG_CTRUNC. Under qemu-x86_64 the kernel is asked
# with more room: the descriptor is received and stays open, and the program hears of
# nothing. So a test of such a server finds a leak that it has not.
#
# Fails when that changes. Needs apt, dpkg and python3; touches nothing outside
# a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=1:7.2+dfsg-7+deb12u18+b3	# of qemu-user-static, Debian 12
WANT='natively: a cut is told: True, descriptors more: 0
emulated: a cut is told: False, descriptors more: 1'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "qemu-user-static=$VERSION" >/dev/null
dpkg -x ./*.deb root
root/usr/bin/qemu-x86_64-static --version | head -n 1

cat >receive.py <<'PYTHON'
import os
import socket
import struct
to, by = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
by.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
sent = os.open("/dev/null", os.O_RDONLY)
to.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", sent))])
before = len(os.listdir("/proc/self/fd"))
_, got, flags, _ = by.recvmsg(16, socket.CMSG_SPACE(struct.calcsize("3i")))
assert [kind for _, kind, _ in got] == [socket.SCM_CREDENTIALS]
print(f"a cut is told: {bool(flags & socket.MSG_CTRUNC)}, "
      f"descriptors more: {len(os.listdir('/proc/self/fd')) - before}")
PYTHON

got="natively: $(/usr/bin/python3 -I -S receive.py)
emulated: $(root/usr/bin/qemu-x86_64-static /usr/bin/python3 -I -S receive.py)"
echo "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
