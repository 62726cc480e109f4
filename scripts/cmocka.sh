#!/bin/sh
# cmocka.sh OUT - build the pinned cmocka with OUT/bin/musl-gcc, for the units of an
# architecture that this machine is not: OUT/cmocka/libcmocka.a, and its header.
#
# It is one file of C, so its own build system, CMake, is not needed.
# SPDX-License-Identifier: MIT
set -eu

version=1.1.7
orig=cmocka_$version.orig.tar.xz
orig_sha256=810570eb0b8d64804331f82b29ff47c790ce9cd6b163e98d47a4807047ecad82

# What its configuration finds with musl, of what the file asks for.
found='-D_GNU_SOURCE -DHAVE_MALLOC_H -DHAVE_INTTYPES_H -DHAVE_SIGNAL_H
	-DHAVE_STRINGS_H -DHAVE_SIGLONGJMP -DHAVE_STRSIGNAL -DHAVE_STRUCT_TIMESPEC
	-DHAVE_CLOCK_REALTIME -DHAVE_GCC_THREAD_LOCAL_STORAGE -DHAVE_UINTPTR_T
	-DHAVE_SNPRINTF -DHAVE_VSNPRINTF'

here=$(cd "$(dirname "$0")" && pwd)
src=${HALE_SRC:-$here/../build/src}
out=$(cd "$1" && pwd)

"$here/fetch.sh" $orig $orig_sha256 main/c/cmocka \
	https://cmocka.org/files/${version%.*}/cmocka-$version.tar.xz
tmp=$(mktemp -d "$out/.cmocka.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

tar -xoJf "$src/$orig" -C "$tmp"
cd "$tmp/cmocka-$version"
# shellcheck disable=SC2086 # a list of options
"$out/bin/musl-gcc" -O1 -g -w -Iinclude $found -c -o cmocka.o src/cmocka.c
mkdir made
ar -qc made/libcmocka.a cmocka.o
cp include/cmocka.h made/
rm -rf "$out/cmocka"
mv made "$out/cmocka"
