#!/bin/sh
# layers.sh BUILD_DIR [PURE...] - fail on an include of a room that the file may
# not know, and on a pure module's object that needs more than mem*, str* and pure
# modules.
# SPDX-License-Identifier: MIT
set -eu

build=$1
shift

# Which rooms a room may know, beside itself. sup/ knows client/ only where it
# forks a checker and where it asks another hale.
MAY_KNOW='
base
net    base
tls    base
client base net tls
get    base tls client
sup    base net
cmd    base net tls client get sup
main   cmd
sup/checker   base net client
sup/local_ask base net client
'

# What still breaks a rule; a line goes when its include has gone.
STILL='
src/tls/tls.c net/ip.h
src/sup/endpoints.c client/url.h
src/sup/monitor.c client/checkname.h
'

# Our includes carry their room's name, so a line tells what it reaches for.
includes() {
	find src include -name '*.[ch]' -exec grep -Hn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
	awk -F: -v may_know="$MAY_KNOW" -v still="$STILL" '
	BEGIN {
		n = split(may_know, line, "\n")
		for (i = 1; i <= n; i++) {
			k = split(line[i], room, " ")
			for (j = 1; j <= k; j++)
				may[room[1], room[j]] = 1
			if (k && room[1] ~ "/")
				apart[room[1]] = 1
		}
		n = split(still, line, "\n")
		for (i = 1; i <= n; i++)
			waived[line[i]] = 1
	}
	{
		split($1, at, "/"); split($3, q, "\""); split(q[2], to, "/")
		mine = at[2] == "main.c" ? "main" : at[2]
		module = at[2] "/" substr(at[3], 1, length(at[3]) - 2)
		from = module in apart ? module : mine
		if (q[2] !~ "/")
			why = "names no room"
		else if (to[1] == mine || (from, to[1]) in may || ($1 " " q[2]) in waived)
			next
		else
			why = "is of a room that " from " may not know"
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
