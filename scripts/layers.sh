#!/bin/sh
# layers.sh BUILD_DIR [MODULE...] - fail on what reaches into a room that it may not
# know: an include in any file, or a symbol that an object of the MODULEs needs.
#
# This is the wall around PID 1: it runs through base, net and sup, whose objects
# need no symbol of tls or get, and of client only where MAY_KNOW has an exception.
#
# A module whose header or source says "(pure)" in its first comment decides and
# touches nothing: its object needs mem*, str* and pure modules only.
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # what awk expands
set -eu

[ $# != 0 ] || { echo 'usage: layers.sh BUILD_DIR [MODULE...]' >&2; exit 2; }
build=$1
shift
[ -d src ] || { echo "layers: $PWD has no src/: run it in the tree's top folder" >&2; exit 2; }

# Which rooms a room may know, beside itself. sup/ knows client/ only where it
# forks a checker and where it asks another hale.
MAY_KNOW='
base
net    base
tls    base
client base net tls
get    base tls client
sup    base net
sh     base
cmd    base net tls client get sup sh
main   cmd
sup/checker   base net client
sup/local_client base net client
'

# What a compiler or a sanitizer adds by itself is no call of ours; clang makes
# some memcmp() a bcmp().
ADDED='^(mem|str|bcmp$|_*GLOBAL_OFFSET_TABLE_|__stack_chk_|__asan_|__ubsan_|__sanitizer_|__sancov_|__lsan_|__odr_asan|__gcov|__llvm_|__[a-z]*[dt]i[34]$|__aeabi_|__x86\.get_pc_thunk|_(save|rest)gpr|\.TOC\.$)'

# may(file, header): both as paths whose last two parts are ROOM/NAME. `from` is
# then whose rule it was.
RULES='
function module_of(path, part, n) {
	n = split(path, part, "/")
	sub(/[.][cho]$/, "", part[n])
	return part[n - 1] "/" part[n]
}
function room_of(module) {
	if (module ~ "/main$")
		return "main"
	return substr(module, 1, index(module, "/") - 1)
}
function may(file, header, room, to) {
	file = module_of(file)
	header = module_of(header)
	room = room_of(file)
	to = room_of(header)
	from = file in apart ? file : room
	return to == room || (from, to) in known
}
BEGIN {
	n = split(may_know, line, "\n")
	for (i = 1; i <= n; i++) {
		k = split(line[i], room, " ")
		for (j = 1; j <= k; j++)
			known[room[1], room[j]] = 1
		if (k && room[1] ~ "/")
			apart[room[1]] = 1
	}
}
END { exit bad }
'

rules() {
	rule=$1
	shift
	awk -v may_know="$MAY_KNOW" -v added="$ADDED" "$RULES$rule" "$@"
}

# Our includes carry their room's name, so a line tells what it reaches for.
includes() {
	find src include -name '*.[ch]' -exec grep -Hn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
	rules '
	{
		file = substr($0, 1, index($0, ":") - 1)
		split($0, place, ":"); split($0, quoted, "\"")
		header = quoted[2]
		if (header !~ "/")
			why = "names no room"
		else if (may(file, header))
			next
		else
			why = "is of a room that " from " may not know"
		printf "layers: %s:%s: include \"%s\" %s\n", file, place[2], header, why
		bad = 1
	}'
}

# What an object needs shows also what came in without an include.
symbols() {
	rules '
	FNR == NR { sub(/:.*/, "", $1); of[$NF] = $1; next }
	$NF in of {
		sub(/:.*/, "", $1)
		if (may($1, of[$NF]))
			next
		printf "layers: %s needs %s of %s, of a room that %s may not know\n",
		       $1, $NF, of[$NF], from
		bad = 1
	}' "$tmp/has" "$tmp/needs"
}

# The modules that say it before their first line of code.
claims() {
	find src include -maxdepth 2 -name '*.[ch]' -exec awk '
	FNR == 1 { over = 0 }
	!/^( \*|\/\*)/ { over = 1 }
	!over && /\(pure\)/ { print FILENAME }
	!/SPDX/ && /\*\// { over = 1 }' {} + |
	sed 's,.*/\([^/]*/[^/]*\)\.[ch]$,\1,' | sort -u
}

pure() {
	claims >"$tmp/pure"
	rules '
	FILENAME ~ "/pure$" { pure[$1] = 1; next }
	{ sub(/:.*/, "", $1); module = module_of($1) }
	FILENAME ~ "/has$" { if (module in pure) has[$NF] = 1; next }
	module in pure && !($NF in has) && $NF !~ added {
		printf "layers: %s is pure and yet needs %s\n", $1, $NF
		bad = 1
	}' "$tmp/pure" "$tmp/has" "$tmp/needs"
}

# A new folder has a row of its own in MAY_KNOW, or nothing holds it.
rooms() {
	for room in src/*/; do
		[ -d "$room" ] || continue
		room=${room#src/}
		case $MAY_KNOW in
		*"
${room%/}
"* | *"
${room%/} "*) ;;
		*) echo "layers: src/$room is a room that MAY_KNOW of scripts/layers.sh lacks" && return 1 ;;
		esac
	done
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
rooms || bad=1
includes || bad=1
if [ $# != 0 ]; then
	objects=
	for module; do
		objects="$objects $build/$module.o"
	done
	# shellcheck disable=SC2086 # a list of files
	nm -A --defined-only -g $objects >"$tmp/has"
	# shellcheck disable=SC2086
	nm -A -u $objects >"$tmp/needs"
	symbols || bad=1
	pure || bad=1
fi
exit $bad
