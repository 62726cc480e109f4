#!/bin/sh
# static.sh FILE [ARGUMENT] - is it a static PIE, which needs nothing but the kernel?
# With an ARGUMENT it is also started.
#
# An older binutils, or a musl-gcc without a static-pie spec, links a program
# that names a loader or has a place of its own, and says nothing.
# SPDX-License-Identifier: MIT
set -eu

file=$1
told=$(LC_ALL=C readelf -hlW "$file")
fail() { echo "$file: not a static PIE: $*" >&2; exit 1; }

loader=$(printf '%s\n' "$told" |
	sed -n 's/.*Requesting program interpreter: \(.*\)\]/\1/p')
[ -z "$loader" ] || fail "it needs the loader $loader (CC, LINK or LDFLAGS of make)"
printf '%s\n' "$told" | grep -q '^ *Type: *DYN' ||
	fail "its ELF type is $(printf '%s\n' "$told" | sed -n 's/^ *Type: *//p')"
[ $# = 1 ] || "$file" "$2" >/dev/null 2>&1 || fail 'it does not start'
