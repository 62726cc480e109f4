#!/bin/sh
# test.sh MAKE DIR SET... - `MAKE SET` for each; what fails does not hide the next,
# but for the first, which the others need. SET+SET... are run at once: the first, and
# beside it the others in turn, whose output comes after its own. A SET that mostly
# waits leaves the CPUs to others.
#
# Says at its start what it does and how long that takes here: as long as the last
# time, which DIR/took.SET tells in seconds.
# SPDX-License-Identifier: MIT
set -eu

make=$1 dir=$2
shift 2
mkdir -p "$dir"

say() { echo "make test: $*"; }
minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# The time of all sets; nothing where one of them has none.
sum() {
	all=0
	for s; do
		one=$(cat "$dir/took.$s" 2>/dev/null) || return 0
		all=$((all + one))
	done
	minutes $all
}

# "all 0:10, unit 1:02": each with its last time.
each() {
	between=
	for s; do
		printf '%s%s %s' "$between" "$s" "$(minutes "$(cat "$dir/took.$s")")"
		between=', '
	done
}

last=$(sum "$@")
if [ -n "$last" ]; then
	say "$(each "$@"): $last minutes the last time here"
else
	say "$*: 30 minutes on two cores, perhaps 40 the first time:" \
		"packages are installed, musl, an engine and images made"
fi

dry=${MAKEFLAGS-}
case $dry in
-* | ' '*) dry= ;;
*) dry=$(echo "${dry%% *}" | tr -cd n) ;;	# make -n only shows
esac
# Sets that fail are named in `failed`.
run() {
	failed=
	$make --no-print-directory "$1" || failed=" $1"
}
# The first here, the others in turn behind it.
run_beside() {
	first=$1
	shift
	: >"$dir/failed"
	(
		trap 'kill $now; exit 1' TERM
		for beside; do
			$make --no-print-directory "$beside" >"$dir/said.$beside" 2>&1 &
			now=$!
			wait $now || printf ' %s' "$beside" >>"$dir/failed"
		done
	) &
	others=$!
	# What runs behind a shell hears no Ctrl-C.
	trap 'kill $others; exit 1' HUP INT TERM
	run "$first"
	wait $others || failed="$failed $*"	# it was ended
	trap - HUP INT TERM
	failed=$failed$(cat "$dir/failed")
	for beside; do
		cat "$dir/said.$beside"
	done
}

n=0
bad=
start=$(date +%s)
for s; do
	n=$((n + 1))
	say "$s ($n of $#)"
	began=$(date +%s)
	case $s in
	*+*)	# shellcheck disable=SC2046 # the sets
		run_beside $(echo "$s" | tr + ' ') ;;
	*)	run "$s" ;;
	esac
	bad=$bad$failed
	if [ -z "$failed" ]; then
		[ -n "$dry" ] || echo $(($(date +%s) - began)) >"$dir/took.$s"
	elif [ $n = 1 ]; then
		break
	fi
done
[ -z "$bad" ] || { say "failed:$bad"; exit 1; }
say "all passed in $(minutes $(($(date +%s) - start))) minutes"
