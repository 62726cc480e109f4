#!/bin/sh
# bearssl.sh OUT - build the pinned BearSSL; OUT/bearssl.a and OUT/bearssl/inc,
# and its license as OUT/bearssl.license.
#
# CC and CFLAGS may name another compiler (sanitizers); OUT/bin/musl-gcc and
# -Os stand for them else. OUT/bearssl.mk tells the Makefile the version and
# comes last, so that a half-built tree is never used.
# SPDX-License-Identifier: MIT
set -eu

version=0.6
orig=bearssl_$version+dfsg.1.orig.tar.xz
orig_sha256=102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004
upstream=bearssl-$version.tar.gz
upstream_sha256=6705bba1714961b41a728dfc5debbe348d2966c117649392f8c8139efc83ff14

here=$(cd "$(dirname "$0")" && pwd)
src=${HALE_SRC:-$here/../build/src}
mkdir -p "$1"
out=$(cd "$1" && pwd)
cc=${CC:-$out/bin/musl-gcc}
rm -f "$out/bearssl.mk"
case $cc in
/*) ;;
*/*) cc=$PWD/$cc ;;
esac

# Debian's archive leaves out a Windows program; src and inc are the same.
if "$here/fetch.sh" "$orig" $orig_sha256 main/b/bearssl; then
	archive=$src/$orig
elif [ $? = 1 ] && "$here/fetch.sh" $upstream $upstream_sha256 - \
	https://bearssl.org/$upstream; then
	archive=$src/$upstream
else
	exit 1
fi

tmp=$(mktemp -d "$out/.bearssl.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# What this compiler knows for its machine.
knows() {
	! echo | "$cc" "$1" -x c -S -o /dev/null - 2>/dev/null || echo "$1"
}

# gcc aligns tables for vectors on x86 alone, which fills the file with nothing; and
# on POWER it ends each function with a table for debuggers.
lean="$(knows -malign-data=abi) $(knows -mtraceback=no)"

hidden=
# Its own names only (hidden.h): the tests link it with a libc that is a file apart.
[ -n "${CC-}" ] || hidden="-include string.h -include time.h -include unistd.h
	-include fcntl.h -include errno.h -include $here/hidden.h"

# The linker drops what is not used, so each function has its own section.
flags="-w -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong
	-fno-asynchronous-unwind-tables -fno-unwind-tables ${CFLAGS:--Os $lean $hidden}
	-ffile-prefix-map=$tmp=. -Iinc -Isrc"

# Where -Os costs more than it saves: RSA, and GCM and ChaCha20 with the CPU's
# instructions. P-256 reads its tables through ccopy, which copies a byte at a time
# unless the compiler uses vectors; that is a seventh of its time. ec_p256_m31
# itself gains 5 % by -O2, and grows by 1.7 KB. AES without instructions for it gains
# up to a quarter; gcc for x86 knows such instructions, and there it is seldom run.
slow_aes=-O2
[ -z "$(knows -maes)" ] || slow_aes=
vector='-O2 -ftree-vectorize -fvect-cost-model=dynamic --param vect-epilogues-nomask=0'
compile() {
	for c; do
		case $c in
		*/i31_montmul.c | */ghash_pclmul.c | */chacha20_sse2.c) fast=${CFLAGS:--O2} ;;
		*/ccopy.c) fast=${CFLAGS:-$vector} ;;
		*/aes_ct*.c) fast=${CFLAGS:-$slow_aes} ;;
		*) fast= ;;
		esac
		# shellcheck disable=SC2086 # lists of flags
		"$cc" $flags $fast -c -o "obj/$(basename "$c" .c).o" "$c"
	done
}

build() {
	# Not every tar knows xz.
	case $archive in
	*.xz) xz -dc "$archive" ;;
	*) gzip -dc "$archive" ;;
	esac | tar -xof - -C "$tmp"
	cd "$tmp"/bearssl-*
	mkdir obj
	find src -name '*.c' | LC_ALL=C sort >files
	# shellcheck disable=SC2046 # names without blanks; two jobs, half each
	compile $(sed -n 'p;n' files) &
	half=$!
	# shellcheck disable=SC2046
	compile $(sed -n 'n;p' files)
	wait $half
	find obj -name '*.o' | LC_ALL=C sort | xargs ar rcsD "$tmp/bearssl.a"
	mv inc "$tmp/inc"
	mv LICENSE.txt "$tmp/license"
}

echo "bearssl: building $version with ${CC:-musl-gcc}"
# A function called in a condition would lose set -e: a child keeps it.
(build) >"$tmp/log" 2>&1 &
if ! wait $!; then
	tail -n 20 "$tmp/log" >&2
	echo "bearssl: build failed" >&2
	exit 1
fi
mkdir -p "$out/bearssl"
rm -rf "$out/bearssl/inc"
mv "$tmp/inc" "$out/bearssl/inc"
mv "$tmp/bearssl.a" "$out/bearssl.a"
mv "$tmp/license" "$out/bearssl.license"
echo "BEARSSL_VERSION = $version" >"$out/bearssl.mk"
echo "bearssl: done, $out/bearssl.a"
