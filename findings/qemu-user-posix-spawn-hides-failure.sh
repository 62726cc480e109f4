#!/bin/sh
# qemu-user-posix-spawn-hides-failure.sh - qemu's user emulation: posix_spawn() of a
# program that is not there succeeds
#
# glibc's posix_spawn() makes a child on the parent's memory (CLONE_VM and CLONE_VFORK),
# which writes there why its exec failed. qemu makes a fork of it: what the child
# writes is in its own copy, so that the parent hears of no error, gets a pid, and finds
# an exit code of 127 later: a test of what it says of a missing file fails there,
# while the program is right.
#
# Fails when that changes. Needs apt, dpkg and python3; touches nothing outside
# a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=1:7.2+dfsg-7+deb12u18+b3	# of qemu-user-static, Debian 12
WANT='natively: No such file or directory
emulated: a child, which exits with 127'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "qemu-user-static=$VERSION" >/dev/null
dpkg -x ./*.deb root
root/usr/bin/qemu-x86_64-static --version | head -n 1

cat >spawn.py <<'PYTHON'
import os
try:
    child = os.posix_spawn("/no/such/program", ["program"], {})
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(f"a child, which exits with {code}")
except OSError as error:
    print(error.strerror)
PYTHON

got="natively: $(/usr/bin/python3 -I -S spawn.py)
emulated: $(root/usr/bin/qemu-x86_64-static /usr/bin/python3 -I -S spawn.py)"
echo "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
