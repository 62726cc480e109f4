#!/bin/sh
# arches.sh MAKE short|all [ARCH...] - hale for every other architecture: built, and
# tested by qemu's user emulation. What fails does not hide the next.
#
# all: arm64 has the whole of the system tests, armhf (32 bits) and s390x (big-endian)
# those of the client, each other the smoke test. short: each has the smoke test, and
# those three a few telling ones more.
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

[ $# -gt 0 ] || {
	own=$(scripts/arch.sh "$(gcc -dumpmachine)" | cut -d ' ' -f 1)
	# shellcheck disable=SC2046 # a list of names
	set -- $(scripts/arch.sh | cut -d ' ' -f 1 | grep -vx "$own")
}
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
for arch; do
	echo "arches: $arch"
	began=$(date +%s)
	if ! $make --no-print-directory -s ARCH="$arch" all; then
		said='not built'
	else
		# shellcheck disable=SC2046,SC2086 # lists of words
		HALE_BIN=build/$arch/hale tests/arches/emulate.py $pytest -rs \
			$(tests "$arch") >"$log" 2>&1 && said= || said=failed
		cat "$log"
		said="${said:+$said: }$(tail -n 1 "$log" | sed 's/ in [0-9.]*s.*//; s/=*//g')"
		# What could not be tried has not passed.
		! grep -q '^SKIPPED' "$log" || said="failed: $said"
	fi
	case $said in
	failed* | not*) bad="$bad $arch" ;;
	esac
	table="$table$(printf '%-8s %s  %s' "$arch" \
		"$(minutes $(($(date +%s) - began)))" "$said")
"
done
printf 'arches: what was tried, and how long it took\n%s' "$table"
[ -z "$bad" ] || { echo "arches: failed:$bad"; exit 1; }
