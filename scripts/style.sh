#!/bin/sh
# style.sh [BUILD_DIR] - the house's rules that a script can see, over all C and
# Python: how wide, how long, where an operator stands. With the objects of a built
# BUILD_DIR also: nothing is exported that no other file of src/ needs.
# SPDX-License-Identifier: MIT
set -eu

cd "$(dirname "$0")/.."
build=${1-}
[ -z "$build" ] || [ -e "$build/main.o" ] || {
	echo "style: $build is not built: run make first" >&2
	exit 2
}

# A .c file of src/ has at most 500 lines, but for tables: FILE and what it lists.
LONG_FILES='
src/get/options.c of curl, each with what it does
'
# A function has at most 60 lines, but for a flat table or switch: FILE:FUNCTION and
# what that lists.
LONG_FUNCTIONS='
src/get/writeout.c:add_var the variables
src/tls/x509_words.c:reason the words for each fault
tests/unit/test_nameserver.c:the_servers_are_asked_as_glibc_asks its cases
'
# SYMBOL and who needs it, where no file of ours does.
FOR_OTHERS='
_DYNAMIC the linker
malloc libc
calloc libc
realloc libc
free libc'

# A table's row may run over, and a text that is looked for as it is shown: a line
# that starts with {, OPT( or a string.
wide() {
	find src include tests -name '*.[ch]' -exec awk '
	{
		line = $0
		while ((at = index(line, "\t")) > 0)
			line = sprintf("%s%*s%s", substr(line, 1, at - 1),
			               8 - (at - 1) % 8, "", substr(line, at + 1))
	}
	length(line) > 80 && line !~ /^ *([{"]|OPT\()/ {
		printf "style: %s:%d: %d columns: at most 80, but for a row of a table ({, OPT() or a text\n",
		       FILENAME, FNR, length(line)
		bad = 1
	}
	END { exit bad }' {} +
}

wide_python() {
	find tests scripts -name '*.py' -exec awk '
	length($0) > 100 {
		printf "style: %s:%d: %d columns: at most 100\n", FILENAME, FNR, length($0)
		bad = 1
	}
	END { exit bad }' {} +
}

operators() {
	find src include tests -name '*.[ch]' -exec awk '
	/(&&|\|\|)[ \t]*(\/\*.*)?\\?$/ && !/^ \*/ {
		printf "style: %s:%d: && or || ends the line: it starts the next one\n", FILENAME, FNR
		bad = 1
	}
	END { exit bad }' {} +
}

# A function starts with its name in the first column and ends with a } there.
long() {
	find src tests -name '*.c' -exec awk -v files="$LONG_FILES" -v functions="$LONG_FUNCTIONS" '
	function file_ends() {
		if (lines > 500 && file ~ /^src/ && !index(files, "\n" file " ")) {
			printf "style: %s:%d: a file of %d lines: at most 500, but for tables\n",
			       file, lines, lines
			bad = 1
		}
	}
	FNR == 1 { file_ends(); name = ""; file = FILENAME }
	{ lines = FNR }
	/^[a-z_][a-z_A-Z0-9]*\(/ { name = substr($0, 1, index($0, "(") - 1); start = FNR }
	/^}/ && name != "" {
		if (FNR - start + 1 > 60 && !index(functions, "\n" FILENAME ":" name " ")) {
			printf "style: %s:%d: %s() has %d lines: at most 60, but for a flat table\n",
			       FILENAME, start, name, FNR - start + 1
			bad = 1
		}
		name = ""
	}
	END { file_ends(); exit bad }' {} +
}

# Tests do not count: what only they call is no part of hale.
exported() {
	[ -n "$build" ] || return 0
	objects=
	for source in src/main.c src/*/*.c; do
		object=${source#src/}
		objects="$objects $build/${object%.c}.o"
	done
	# shellcheck disable=SC2086 # a list of files
	symbols=$(nm -A -u $objects && nm -A --defined-only -g $objects) || return
	echo "$symbols" | awk -v build="$build/" -v others="$FOR_OTHERS" '
	$(NF - 1) ~ /^[Uw]$/ { needed[$NF] = 1; next }
	!($NF in needed) && $NF != "main" && !index(others, "\n" $NF " ") {
		sub(/[.]o:.*/, "", $1)
		printf "style: src/%s.c: %s is exported, and no other file needs it: make it static or remove it\n",
		       substr($1, length(build) + 1), $NF
		bad = 1
	}
	END { exit bad }'
}

bad=0
wide || bad=1
wide_python || bad=1
operators || bad=1
long || bad=1
exported || bad=1
exit $bad
