#!/bin/sh
# run.sh BUILD_DIR SOURCE... - libFuzzer on every target, FUZZ_SECONDS (20) each.
#
# Starts from the saved corpus; what is new stays in BUILD_DIR. An input that
# breaks something is left there too, and named: once it is understood it goes
# into tests/fuzz/corpus/, which `make unit` replays.
# SPDX-License-Identifier: MIT
set -eu

cd "$(dirname "$0")/../.."
build=$1
shift
seconds=${FUZZ_SECONDS:-20}
flags="-std=c11 -D_GNU_SOURCE -iquote include -isystem build/tool/bearssl/inc
	-O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined"
bad=

# In an archive, so that a target takes what it needs and nothing else.
mkdir -p "$build/obj" "$build/found"
rm -f "$build/parts.a"
for source; do
	object=$build/obj/$(echo "$source" | tr / _).o
	# shellcheck disable=SC2086 # a list of flags
	clang $flags -fsanitize=fuzzer-no-link,address,undefined -c \
		-o "$object" "$source"
	ar -qc "$build/parts.a" "$object"
done

for target in tests/fuzz/fuzz_*.c; do
	name=$(basename "$target" .c)
	name=${name#fuzz_}
	mkdir -p "$build/$name"
	echo "fuzz    $name, $seconds s"
	case $name in
	tls_messages) link=-Wl,--wrap=br_ecdsa_i31_vrfy_asn1 ;;
	*) link= ;;
	esac
	# shellcheck disable=SC2086
	clang $flags $link -Itests/fuzz -fsanitize=fuzzer,address,undefined \
		-o "$build/fuzz_$name" "$target" "$build/parts.a" \
		build/tool/bearssl.a
	if ! "$build/fuzz_$name" -max_total_time="$seconds" -max_len=20000 \
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
