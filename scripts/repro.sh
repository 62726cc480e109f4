#!/bin/sh
# repro.sh - build hale twice, toolchain and all, in two folders; equal bytes?
# ARCH in the environment: for another machine (`make ARCH=arm64 repro`).
# SPDX-License-Identifier: MIT
set -eu

cd "$(dirname "$0")/.."
export HALE_SRC="${HALE_SRC:-$PWD/build/src}"
arch=
[ -z "${ARCH-}" ] || arch=$(scripts/arch.sh "$ARCH")
hale=build/${arch:+${arch% *}/}hale
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# What git knows, as it is now: the build must need nothing else.
for at in "$tmp/one" "$tmp/a/longer/path/two"; do
	mkdir -p "$at"
	git ls-files -z | xargs -0 tar -cf - -- | tar -xf - -C "$at"
	echo "repro: building in $at"
	if ! (cd "$at" && make COMMIT=repro) >"$tmp/log" 2>&1; then
		tail -n 20 "$tmp/log" >&2
		exit 1
	fi
done
if ! cmp "$tmp/one/$hale" "$tmp/a/longer/path/two/$hale"; then
	echo "repro: the two builds differ" >&2
	exit 1
fi
echo "repro: $hale, equal bytes, $(sha256sum <"$tmp/one/$hale" | cut -c 1-64)"
