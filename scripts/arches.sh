#!/bin/sh
# arches.sh MAKE short|all [ARCH...] - hale for every other architecture: built, and
# tested by qemu. What fails does not hide the next.
#
# all: each has the units; arm64 has the whole of the system tests, armhf (32 bits) and
# s390x (big-endian) those of the client, each other the smoke test. Where no ARCH is
# named, instructions are counted and real kernels booted, too. short: each has the
# smoke test, and those three a few telling ones more.
# SPDX-License-Identifier: MIT
set -eu

make=$1 what=$2
shift 2
cd "$(dirname "$0")/.."
smoke=tests/system/test_smoke.py
pytest='/usr/bin/python3 -m pytest -q -p no:cacheprovider'

# The tests of an architecture, as pytest's words.
tests() {
	case $what-$1 in
	all-arm64) echo tests/system --ignore=tests/system/test_scripts.py ;;
	all-armhf | all-s390x)
		echo $smoke tests/system/client tests/system/get tests/system/tls ;;
	short-arm64)
		echo $smoke tests/system/init/test_reap.py \
			tests/system/tls/test_tls_hello.py ;;
	short-armhf | short-s390x)
		echo $smoke tests/system/client/test_names_words.py \
			tests/system/tls/test_tls_hello.py ;;
	*)	echo $smoke ;;
	esac
}

minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

named=$*
own=$(scripts/arch.sh "$(gcc -dumpmachine)" | cut -d ' ' -f 1)
arches=${named:-$(scripts/arch.sh | cut -d ' ' -f 1 | grep -vx "$own")}
# What tests fetch has to be there: they have no network but their own.
[ "$what" = short ] || {
	scripts/newcurl.sh build/newcurl || :
	scripts/newer.sh build/newer || :
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM
table=
bad=

# step NAME WHAT COMMAND...: a line of the table.
step() {
	name=$1 of=$2
	shift 2
	began=$(date +%s)
	echo "arches: $name, $of"
	if "$@" >"$log" 2>&1; then
		said=passed
	else
		said=FAILED
	fi
	cat "$log"
	# What could not be tried has not passed.
	! grep -q '^SKIPPED' "$log" || said=FAILED
	[ $said = passed ] || bad="$bad $name($of)"
	counts=$(grep -E '^[0-9]+ (passed|failed).* in ' "$log" | sed 's/ in [0-9.]*s.*//')
	table="$table$(printf '%-8s %-7s %6s  %s' "$name" "$of" \
		"$(minutes $(($(date +%s) - began)))" "$said${counts:+: $counts}")
"
	[ $said = passed ]
}

system() {
	# shellcheck disable=SC2046,SC2086 # lists of words
	HALE_BIN=build/$1/hale tests/arches/emulate.py $pytest -rs $(tests "$1")
}

for arch in $arches; do
	step "$arch" build "$make" --no-print-directory -s ARCH="$arch" all || continue
	[ "$what" = short ] ||
		step "$arch" units "$make" --no-print-directory -s ARCH="$arch" unit || :
	step "$arch" system system "$arch" || :
done
if [ "$what" = all ] && [ -z "$named" ]; then
	# shellcheck disable=SC2086 # words
	step arm64 counts $pytest -rs tests/arches/test_instructions.py || :
	step real kernels /usr/bin/python3 tests/arches/kernels.py || :
fi
printf 'arches: what was tried, and how long it took\n%s' "$table"
[ -z "$bad" ] || { echo "arches: failed:$bad"; exit 1; }
