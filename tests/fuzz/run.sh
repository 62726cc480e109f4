#!/bin/sh
# run.sh BUILD_DIR - libFuzzer on every target, FUZZ_SECONDS (20) each.
#
# Starts from the saved corpus; what is new stays in BUILD_DIR. An input that
# breaks something is left there too, and named: once it is understood it goes
# into tests/fuzz/corpus/, which `make unit` replays.
# SPDX-License-Identifier: MIT
set -eu

cd "$(dirname "$0")/../.."
build=$1
seconds=${FUZZ_SECONDS:-20}
sources=$(find src/base src/net src/sup -name '*.c' ! -name init.c)
bad=

for target in tests/fuzz/fuzz_*.c; do
	name=$(basename "$target" .c)
	name=${name#fuzz_}
	mkdir -p "$build/$name" "$build/found"
	echo "fuzz    $name, $seconds s"
	# shellcheck disable=SC2086 # a list of files
	clang -std=c11 -D_GNU_SOURCE -iquote include -Itests/fuzz -O1 -g \
		-isystem build/tool/bearssl/inc \
		-fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -fno-omit-frame-pointer \
		-o "$build/fuzz_$name" "$target" $sources
	if ! "$build/fuzz_$name" -max_total_time="$seconds" -max_len=9000 \
		-timeout=5 -artifact_prefix="$build/found/$name-" \
		-print_final_stats=0 -verbosity=1 \
		"$build/$name" "tests/fuzz/corpus/$name" \
		>"$build/$name.log" 2>&1; then
		tail -n 40 "$build/$name.log"
		bad="$bad $name"
	fi
	grep '^Done' "$build/$name.log" || true
done
[ -z "$bad" ] || { echo "fuzz: failed:$bad" >&2; exit 1; }
