#!/bin/sh
# license.sh LICENSE TOOL [MORE...] - what `hale --license` prints, as C.
#
# hale, musl and BearSSL have the same MIT license: their copyright lines, then
# its text once. Fails if one of them has another text. Of the third-party parts
# that musl's COPYRIGHT names, those that hale contains are shown; test_options_env.py
# holds that it contains no other. MORE are files that follow as they are.
# SPDX-License-Identifier: MIT
set -eu

license=$1 tool=$2
shift 2

fail() { echo "license: $*" >&2; exit 1; }

# From the permission to the last line of the MIT text, as words in one line.
permission() {
	sed -n '/^Permission is hereby granted/,/SOFTWARE\.$/p' "$1" |
		tr -s ' \n' '  ' | sed 's/ $//'
}

copyright() {
	line=$(sed -n '/^Copyright /{p;q;}' "$2")
	[ -n "$line" ] || fail "$2 has no copyright line"
	[ "$(permission "$2")" = "$(permission "$license")" ] ||
		fail "$2 is not the MIT license of $license"
	echo "$1: $line"
}

# The paragraphs of musl's COPYRIGHT that have one of these words.
parts() {
	printf '\nIn musl:\n'
	awk -v RS= '/smoothsort|AArch64 memcpy/ { print "\n" $0 }' "$1"
}

write() {
	copyright hale "$license"
	if [ -e "$tool/musl.license" ]; then
		copyright musl "$tool/musl.license"
	else	# the sanitizers' build has the machine's libc
		grep -q '= none$' "$tool/musl.mk" ||
			fail "$tool/musl.license is missing"
	fi
	copyright BearSSL "$tool/bearssl.license"
	[ ! -e "$tool/musl.license" ] || parts "$tool/musl.license"
	echo
	sed -n '/^Permission is hereby granted/,$p' "$license"
	for more; do
		echo
		cat "$more"
	done
}

text=$(write "$@")	# here set -e sees a failure
printf '#include "cmd/cmd.h"\n\nconst char cmd_license[] =\n'
printf '%s\n' "$text" | sed 's/[\\"]/\\&/g; s/.*/\t"&\\n"/'
echo ';'
