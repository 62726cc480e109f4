#!/bin/sh
# test.sh MAKE DIR SET... - `MAKE SET` for each; what fails does not hide the next,
# but for the first, which the others need. SET+SET are two at once: what the second
# says comes after the first. A SET that mostly waits leaves the CPUs to another.
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
run_both() {
	$make --no-print-directory "$2" >"$dir/said.$2" 2>&1 &
	other=$!
	# What runs behind a shell hears no Ctrl-C.
	trap 'kill $other; exit 1' HUP INT TERM
	run "$1"
	wait $other || failed="$failed $2"
	trap - HUP INT TERM
	cat "$dir/said.$2"
}

n=0
bad=
start=$(date +%s)
for s; do
	n=$((n + 1))
	say "$s ($n of $#)"
	began=$(date +%s)
	case $s in
	*+*)	run_both "${s%%+*}" "${s#*+}" ;;
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
