#!/bin/sh
# musl.sh OUT [PREFIX] - build the pinned musl with Debian's patches; OUT/bin/musl-gcc,
# and its license as OUT/musl.license. PREFIX is of a cross compiler: s390x-linux-gnu-.
#
# OUT/musl.mk tells the Makefile the version and comes last, so that a
# half-built tree is never used. On Alpine the system's own gcc and musl serve.
# SPDX-License-Identifier: MIT
set -eu

version=1.2.5
debian=$version-3.1~deb13u1
orig=musl_$version.orig.tar.gz
orig_sha256=a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4
patches=musl_$debian.debian.tar.xz
patches_sha256=46fdfb271edc2f035d8d4063ff2e299734409693e781e69e4b77e0a9a495072e

# A make that calls this script must not set musl's own variables.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL CFLAGS CPPFLAGS LDFLAGS LIBCC
unset CC AR RANLIB DESTDIR CROSS_COMPILE ARCH prefix

here=$(cd "$(dirname "$0")" && pwd)
src=${HALE_SRC:-$here/../build/src}
mkdir -p "$1"
out=$(cd "$1" && pwd)
cross=${2-}
rm -f "$out/musl.mk"

get_orig() {
	"$here/fetch.sh" $orig $orig_sha256 main/m/musl \
		https://musl.libc.org/releases/musl-$version.tar.gz
}

# Alpine's package has no copy of it.
get_license() {
	tar -xOzf "$src/$orig" musl-$version/COPYRIGHT >"$out/musl.license"
}

system_musl() {
	get_orig
	get_license
	mkdir -p "$out/bin"
	ln -sf "$(command -v gcc)" "$out/bin/musl-gcc"
	# Run without a program the loader tells its version.
	for loader in /lib/ld-musl-*.so.1; do
		own=$("$loader" 2>&1 | sed -n 's/^Version //p')
	done
	echo "MUSL_VERSION = $own" >"$out/musl.mk"
	echo "musl: this system's own, $own"
	exit 0
}

command -v "${cross}gcc" >/dev/null || {
	package=$(echo "${cross}gcc" | sed 's/\(.*\)-gcc/gcc-\1/; s/_/-/g')
	echo "musl: ${cross}gcc is not here: Debian and Ubuntu have it in $package" >&2
	exit 1
}
[ -n "$cross" ] || [ ! -e /etc/alpine-release ] || system_musl

double=	# one of 64 bits, which is the only kind that musl has there
case $("${cross}gcc" -dumpmachine) in powerpc64le-*) double=-mlong-double-64 ;; esac

get_orig
"$here/fetch.sh" $patches $patches_sha256 main/m/musl

tmp=$(mktemp -d "$out/.musl.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
log=$tmp/log

build() {
	tar -xozf "$src/$orig" -C "$tmp"
	tar -xoJf "$src/$patches" -C "$tmp"
	cd "$tmp/musl-$version"
	sed '/^#/d; /^$/d' ../debian/patches/series | while read -r name; do
		patch -s -p1 <"../debian/patches/$name"
	done
	# No path of this machine may stand in libc.a.
	CC=${cross}gcc CROSS_COMPILE=$cross CFLAGS="-Os -fstack-protector-strong $double -ffile-prefix-map=$tmp=." \
		./configure --prefix="$out" --disable-shared --enable-wrapper=gcc \
		${cross:+--target="${cross%-}"}
	make -j2
	make install DESTDIR="$tmp/inst"
}

echo "musl: building $debian (half a minute)"
# A function called in a condition would lose set -e: a child keeps it.
(build) >"$log" 2>&1 &
if ! wait $!; then
	tail -n 20 "$log" >&2
	echo "musl: build failed" >&2
	exit 1
fi
for dir in include lib bin; do
	rm -rf "${out:?}/$dir"
	mv "$tmp/inst$out/$dir" "$out/$dir"
done
get_license
echo "MUSL_VERSION = $version" >"$out/musl.mk"
echo "musl: done, $out/bin/musl-gcc"
