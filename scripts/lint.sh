#!/bin/sh
# lint.sh BUILD_DIR [FLAG...] - the house's style, clang-tidy, cppcheck, gcc
# -fanalyzer and shellcheck over all C and shell; FLAGs are those that the C of
# BUILD_DIR was compiled with.
# SPDX-License-Identifier: MIT
set -eu

cd "$(dirname "$0")/.."
build=$1
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# Nothing is compiled to be kept: no dependency files. Pedantry is for the build.
FLAGS="-Itests/unit -Itests/fuzz -isystem build/tool/bearssl/inc"
for f; do
	case $f in
	-MMD | -MP | -Wpedantic) ;;
	*) FLAGS="$FLAGS $f" ;;
	esac
done
export FLAGS

find src tests -name '*.c' | sort >"$tmp/c"
find scripts tests .ci -type f ! -path '*/corpus/*' -exec grep -l '^#!/bin/\(ba\)\{0,1\}sh' {} + |
	sort >"$tmp/sh"

# clang-tidy counts on stderr what it did not show; stdout is what it found.
# shellcheck disable=SC2016 # for the inner shell
tidy() {
	xargs -P 2 -n 4 sh -c 'clang-tidy --quiet "$@" -- $FLAGS 2>/dev/null' \
		sh <"$tmp/c"
}

# One file at a time, not optimized: what is inlined is read worse.
# shellcheck disable=SC2016
analyze() {
	xargs -P 2 -n 1 sh -c 'gcc $FLAGS -O0 -Werror -fanalyzer -c \
		-o /dev/null "$1"' sh <"$tmp/c"
}

check() {
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr -j 2 \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem -D_GNU_SOURCE -D__x86_64__ \
		-I include -I tests/unit -I tests/fuzz src tests
}

shell() {
	xargs shellcheck <"$tmp/sh"
}

style() {
	scripts/style.sh "$build"
}

bad=0
for part in style tidy analyze check shell; do
	echo "lint    $part"
	$part || bad=1
done
[ $bad = 0 ] || { echo "lint: not clean" >&2; exit 1; }
