#!/bin/sh
# readme.sh HALE README [--write] - does README show what hale prints and the
# tests use?
#
# A line `<!-- hale help run -->` says what the code block behind it must hold:
# the output of that command. `<!-- file tests/x.yaml -->` is the same with a
# file's content. Fails if one differs, or if there is no mark; --write fills them
# in.
# SPDX-License-Identifier: MIT
set -eu

usage() { echo "usage: readme.sh HALE README [--write]" >&2; exit 2; }
[ $# = 2 ] || [ "$#:${3-}" = 3:--write ] || usage
hale=$1
readme=$2
mode=${3-}
top=$(dirname "$readme")

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# What stands in the marks: "help run", "file tests/x.yaml", one a line.
marks() {
	sed -n 's/^<!-- hale \(help [a-z]*\) -->$/\1/p
		s/^<!-- \(file [a-z][A-Za-z0-9_./-]*\) -->$/\1/p' "$readme"
}

# Puts what a mark stands for where filled() looks for it.
fetch() {
	case $1 in
	help)	"$hale" help "$2" >"$tmp/$2" ;;
	file)	mkdir -p "$tmp/$(dirname "$2")"
		cat "$top/$2" >"$tmp/$2" ;;
	esac
}

# README with every marked code block's inside replaced by $tmp/WORD, the last
# word of its mark.
filled() {
	awk -v dir="$tmp" '
	/^<!-- hale help [a-z]+ -->$/ || /^<!-- file [a-z][A-Za-z0-9_.\/-]* -->$/ {
		marked = $(NF - 1)
		print
		next
	}
	marked != "" {
		if ($0 !~ /^```[a-z]*$/) {
			printf "readme: no code block behind the mark of \"%s\"\n", marked >"/dev/stderr"
			bad = 1
			exit
		}
		print
		while ((getline line < (dir "/" marked)) > 0)
			print line
		close(dir "/" marked)
		marked = ""
		skip = 1
		next
	}
	skip && $0 == "```" { skip = 0 }
	!skip { print }
	END {
		if (!bad && (skip || marked != "")) {
			print "readme: a marked code block has no end" >"/dev/stderr"
			bad = 1
		}
		exit bad
	}' "$readme"
}

marks >"$tmp/marks"
[ -s "$tmp/marks" ] || { echo "readme: $readme has no mark" >&2; exit 1; }
while read -r kind name; do
	fetch "$kind" "$name"
done <"$tmp/marks"
filled >"$tmp/README"
if [ "$mode" = --write ]; then
	cmp -s "$tmp/README" "$readme" || cat "$tmp/README" >"$readme"
elif ! diff -u "$readme" "$tmp/README"; then
	echo "readme: $readme differs from what $hale prints or from a file that" \
		"it shows; scripts/readme.sh $hale $readme --write mends it" >&2
	exit 1
fi
