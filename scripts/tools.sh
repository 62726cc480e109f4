#!/bin/sh
# tools.sh [ARCH] - build musl and BearSSL where `make ARCH=ARCH` looks for them,
# with what they need installed: for an image's layer that seldom changes.
# SPDX-License-Identifier: MIT
set -eu

cd "$(dirname "$0")"
./bootstrap build
out=../build/tool cross=
if [ -n "${1-}" ]; then
	want=$(./arch.sh "$1")
	out=../build/${want% *}/tool
	[ "$want" = "$(./arch.sh "$(gcc -dumpmachine)")" ] || cross=${want#* }-
fi
[ -z "$cross" ] || ./bootstrap "cross-${want% *}"
./musl.sh "$out" "$cross"
./bearssl.sh "$out"
