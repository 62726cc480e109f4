#!/bin/sh
# newcurl.sh OUT - unpack the newest curl that Debian gives into OUT; OUT/curl runs it.
#
# It comes with its own libc and libraries and stands beside the system, in which
# nothing is installed. apt checks all of it by the signed lists of the suite, in an
# apt of its own that leaves the system's alone. OUT/version names the package.
# What is there serves for a day; later it is fetched anew, and kept if that fails.
# Exit 1, with one line that says why, if there is no such curl.
# SPDX-License-Identifier: MIT
set -eu

out=$1
suites='sid testing stable'	# the newest first; each may be out of reach
keyring=${HALE_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
fresh_min=1440	# minutes that an unpacked curl serves
again_min=10	# minutes until a failure is tried again

is_younger() { [ -n "$(find "$1" -maxdepth 0 -mmin "-$2" 2>/dev/null)" ]; }

# What could not be had is remembered, so that the next test need not wait for it.
give_up() {
	if [ -x "$out/curl" ]; then
		echo "newcurl: $*; going on with $(cat "$out/version")"
		touch "$out/version"
		exit 0
	fi
	mkdir -p "$out"
	echo "newcurl: $*" | tee "$out/missing" >&2
	exit 1
}

# Debian's archives of apt's own configuration, then Debian's own.
mirrors() {
	{
		[ -z "${DEBIAN_MIRROR-}" ] || echo "${DEBIAN_MIRROR%/}/"
		# shellcheck disable=SC2016 # apt fills the field in
		apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
			'Origin: Debian' 'Label: Debian' 2>/dev/null || :
		echo http://deb.debian.org/debian/
	} | awk '!seen[$0]++'
}

# apt with lists, cache and state of its own, where nothing is installed.
own_apt() {
	timeout 120 apt-get -qq -y -o Dir::State="$tmp/apt" \
		-o Dir::State::status="$tmp/apt/status" -o Dir::Cache="$tmp/apt" \
		-o Dir::Etc::SourceList="$tmp/apt/sources.list" \
		-o Dir::Etc::SourceParts=- -o Dir::Etc::PreferencesParts=- \
		-o Dir::Etc::Preferences=- -o APT::Sandbox::User=root \
		-o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
		-o Acquire::Languages=none -o APT::Update::Error-Mode=any \
		"$@" </dev/null >>"$tmp/log" 2>&1 9>&-
}

# fetch MIRROR SUITE - its curl and all that it needs, into apt/archives.
fetch() {
	rm -rf "$tmp/apt"
	mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/archives/partial"
	: >"$tmp/apt/status"
	echo "deb [signed-by=$keyring] $1 $2 main" >"$tmp/apt/sources.list"
	own_apt update || return 1
	own_apt --no-install-recommends --download-only install curl
}

unpack() {
	for deb in "$tmp"/apt/archives/*.deb; do
		dpkg -x "$deb" "$tmp/root" 2>>"$tmp/log"
	done
	set -- "$tmp"/root/usr/lib/*/ld-linux*.so.*
	[ -x "$1" ] || return 1
	lib=${1%/*}
	cat >"$tmp/curl" <<-EOF
	#!/bin/sh
	root=\${0%/*}/root
	lib=\$root/${lib#"$tmp"/root/}
	exec "\$lib/${1##*/}" --library-path "\$lib" --argv0 curl "\$root/usr/bin/curl" "\$@"
	EOF
	chmod 755 "$tmp/curl"
	"$tmp/curl" --version >>"$tmp/log" 2>&1
}

mkdir -p "$(dirname "$out")"
exec 9>"$out.lock"
flock 9	# another run of the tests may be at it
if is_younger "$out/version" $fresh_min; then
	exit 0
elif is_younger "$out/missing" $again_min; then
	cat "$out/missing" >&2
	exit 1
fi
for tool in apt-get dpkg; do
	command -v $tool >/dev/null 2>&1 ||
		give_up "no $tool here: only the system's curl is compared with"
done
[ -e "$keyring" ] || give_up "no $keyring here: install debian-archive-keyring"

tmp=$(mktemp -d "$(cd "$(dirname "$out")" && pwd)/newcurl.XXXXXX")	# absolute, for apt
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
for suite in $suites; do
	for mirror in $(mirrors); do
		fetch "$mirror" "$suite" || continue
		unpack || give_up "the curl of $mirror $suite does not run here:" \
			"$(tail -n 1 "$tmp/log")"
		set -- "$tmp"/apt/archives/curl_*.deb
		echo "curl $(dpkg-deb -f "$1" Version), $suite" >"$tmp/version"
		echo "newcurl: $(cat "$tmp/version") from $mirror"
		rm -rf "$tmp/apt" "$tmp/log" "$out"
		chmod 755 "$tmp"
		mv "$tmp" "$out"
		exit 0
	done
done
give_up "no mirror gives a newer curl (DEBIAN_MIRROR names another):" \
	"$(grep '^[EW]: ' "$tmp/log" | grep -v 'Some index files' | tail -n 1)"
