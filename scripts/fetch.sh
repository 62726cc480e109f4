#!/bin/sh
# fetch.sh FILE SHA256 POOL_DIR [URL] - get one pinned source archive into build/src.
#
# POOL_DIR is the folder of Debian's archive that holds FILE. Mirrors are what
# DEBIAN_MIRROR names, those of apt's own configuration, and Debian's own; URL
# is another place of the same bytes. The pinned hash makes any source as good
# as another, so neither package lists nor signatures are asked. POOL_DIR "-":
# only URL. Exit 1: found nowhere; exit 2: found, and refused.
# SPDX-License-Identifier: MIT
set -eu

file=$1 want=$2 pool=$3 url=${4-}
root=$(cd "$(dirname "$0")/.." && pwd)
src=${HALE_SRC:-$root/build/src}

# Debian's archives that apt is set up with, security and main alike.
apt_mirrors() {
	command -v apt-get >/dev/null 2>&1 || return 0
	# shellcheck disable=SC2016 # apt fills the field in
	set -- indextargets --format '$(REPO_URI)' 'Created-By: Packages'
	apt-get "$@" 'Origin: Debian' 2>/dev/null
	# A fresh image has no package lists yet, so no origin is known.
	apt-get "$@" 2>/dev/null
}

mirrors() {
	[ "$pool" != - ] || return 0
	[ -z "${DEBIAN_MIRROR-}" ] || echo "${DEBIAN_MIRROR%/}/"
	apt_mirrors || :	# an apt that is not set up is no reason to stop
	echo http://deb.debian.org/debian/	# for Ubuntu, Alpine and others
}

# Escape what a URI and Debian's version numbers do not agree on.
uri_of() {
	echo "$1" | sed 's/~/%7e/g; s/+/%2b/g'
}

# Download URI $1 to $2, in silence: most mirrors lack most files.
download() {
	rm -f "$2"
	if [ -x /usr/lib/apt/apt-helper ]; then
		/usr/lib/apt/apt-helper -o APT::Sandbox::User=root \
			-o Acquire::Retries=3 download-file "$1" "$2" >/dev/null 2>&1
	elif command -v curl >/dev/null 2>&1; then
		curl -fsSL --retry 3 -o "$2" "$1" 2>/dev/null
	else
		wget -q -O "$2" "$1" 2>/dev/null
	fi && [ -s "$2" ]
}

# Keep a wrong archive out of the way, and say in words what is wrong with it.
check() {
	got=$(sha256sum "$1" | cut -d ' ' -f 1)
	[ "$got" != "$want" ] || return 0
	mv -f "$1" "$src/$file.refused"
	cat >&2 <<-EOF
	fetch: refused $file from $2: its SHA-256 is not the pinned one
	fetch:   expected $want
	fetch:   got      $got
	fetch:   kept as  $src/$file.refused
	EOF
	return 1
}

mkdir -p "$src"
if [ -e "$src/$file" ]; then
	check "$src/$file" "$src" || exit 2
	exit 0
fi
tmp=$src/.$file.$$
trap 'rm -f "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
refused=
for mirror in $(mirrors | awk '!seen[$0]++'); do
	# The security archive keeps its pool one folder deeper.
	for dir in pool/ pool/updates/; do
		download "$(uri_of "$mirror$dir$pool/$file")" "$tmp" || continue
		echo "fetch: $file from $mirror"
		if check "$tmp" "$mirror"; then
			mv "$tmp" "$src/$file"
			exit 0
		fi
		refused=1
	done
done
if [ -n "$url" ] && download "$url" "$tmp"; then
	echo "fetch: $file from $url"
	check "$tmp" "$url" || exit 2
	mv "$tmp" "$src/$file"
	exit 0
fi
[ -z "$refused" ] || exit 2
echo "fetch: cannot get $file${url:+ from $url}" >&2
[ "$pool" = - ] || cat >&2 <<EOF
fetch: neither a mirror that apt knows nor Debian's own has it in $pool
fetch: set DEBIAN_MIRROR to a Debian mirror, or put the file into $src
EOF
exit 1
