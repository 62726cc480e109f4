#!/bin/sh
# layers.sh BUILD_DIR [PURE...] - fail on an include that goes up a layer, and
# on a pure module's object that needs more than mem*, str* and pure modules.
# SPDX-License-Identifier: MIT
set -eu

build=$1
shift

# Our includes carry their layer's name, so a line tells what it reaches for.
includes() {
	find src include -name '*.[ch]' -exec grep -Hn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
	awk -F: '
	BEGIN { split("base net sup cmd", l, " "); for (i in l) rank[l[i]] = i }
	{
		split($1, at, "/"); split($3, q, "\""); split(q[2], to, "/")
		mine = at[2] in rank ? rank[at[2]] : 5
		if (!(to[1] in rank) || q[2] !~ "/")
			why = "names no layer"
		else if (rank[to[1]] > mine)
			why = "goes up a layer"
		else
			next
		printf "layers: %s:%s: include \"%s\" %s\n", $1, $2, q[2], why
		bad = 1
	}
	END { exit bad }'
}

# What a compiler or a sanitizer adds by itself is no call of ours; clang makes
# some memcmp() a bcmp().
ADDED='^(mem|str|bcmp$|_*GLOBAL_OFFSET_TABLE_|__stack_chk_|__asan_|__ubsan_|__sanitizer_|__sancov_|__lsan_|__odr_asan|__gcov|__llvm_|__[a-z]*[dt]i[34]$)'

pure() {
	objects=
	for module; do
		objects="$objects $build/$module.o"
	done
	# shellcheck disable=SC2086 # a list of files
	nm -A --defined-only -g $objects >"$tmp/has"
	# shellcheck disable=SC2086
	nm -A -u $objects >"$tmp/needs"
	awk -v added="$ADDED" '
	FNR == NR { has[$NF] = 1; next }
	!($NF in has) && $NF !~ added {
		sub(/:.*/, "", $1)
		printf "layers: %s is pure and yet needs %s\n", $1, $NF
		bad = 1
	}
	END { exit bad }' "$tmp/has" "$tmp/needs"
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
includes || bad=1
[ $# = 0 ] || pure "$@" || bad=1
exit $bad
