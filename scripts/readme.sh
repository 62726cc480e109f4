#!/bin/sh
# readme.sh HALE README [--write] - are README's option lists what hale prints?
#
# A line `<!-- hale help run -->` says what the code block behind it must hold.
# Fails where one differs, or where there is none; --write fills them in.
# SPDX-License-Identifier: MIT
set -eu

usage() { echo "usage: readme.sh HALE README [--write]" >&2; exit 2; }
[ $# = 2 ] || [ "$#:${3-}" = 3:--write ] || usage
hale=$1
readme=$2
mode=${3-}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# The commands whose help is marked, one a line.
marks() {
	sed -n 's/^<!-- hale help \([a-z]*\) -->$/\1/p' "$readme"
}

# README with every marked code block's inside replaced by $tmp/COMMAND.
filled() {
	awk -v dir="$tmp" '
	/^<!-- hale help [a-z]+ -->$/ { marked = $4; print; next }
	marked != "" {
		if ($0 != "```") {
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

[ -n "$(marks)" ] || { echo "readme: $readme has no mark" >&2; exit 1; }
for name in $(marks); do
	"$hale" help "$name" >"$tmp/$name"
done
filled >"$tmp/README"
if [ "$mode" = --write ]; then
	cmp -s "$tmp/README" "$readme" || cat "$tmp/README" >"$readme"
elif ! diff -u "$readme" "$tmp/README"; then
	echo "readme: $readme differs from what $hale prints;" \
		"scripts/readme.sh $hale $readme --write mends it" >&2
	exit 1
fi
