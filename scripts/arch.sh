#!/bin/sh
# arch.sh NAME - an architecture that hale is made for: its folder in build/, and
# the triple that Debian's cross compiler for it begins with.
# arch.sh - all of them, one a line.
#
# NAME is Debian's word, uname's, Docker's (linux/arm/v7, or arm/v7), or a compiler's
# triple for Linux. MIPS is left out: its signals have other numbers, and 128 of them.
# SPDX-License-Identifier: MIT
set -eu

# Folder, triple, and what else it is called.
table() { cat <<-EOT
	amd64 x86_64-linux-gnu x86_64 x86-64 amd64/v2 amd64/v3
	arm64 aarch64-linux-gnu aarch64 arm64/v8
	armhf arm-linux-gnueabihf arm armv7 armv7l armv8l arm/v7
	i386 i686-linux-gnu 386 i486 i586 i686
	ppc64le powerpc64le-linux-gnu ppc64el powerpc64le
	riscv64 riscv64-linux-gnu
	s390x s390x-linux-gnu
	EOT
}

if [ $# = 0 ]; then
	table | cut -d ' ' -f 1,2
	exit
fi
table | while read -r folder triple names; do
	abi=${triple##*-gnu}	# eabihf: arm's other one is for no FPU
	for name in $folder $names; do
		case ${1#linux/} in
		"$name" | "$name"-*linux-gnu$abi | "$name"-*linux-musl$abi)
			echo "$folder $triple" ;;
		esac
	done
done | grep . && exit
echo "arch: hale is not made for '$1', only for" \
	"$(table | cut -d ' ' -f 1 | paste -s -d ' ')" >&2
exit 1
