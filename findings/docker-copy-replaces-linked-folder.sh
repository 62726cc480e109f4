#!/bin/sh
# docker-copy-replaces-linked-folder.sh - Docker's classic builder puts a folder in
# the place of a linked one: after `COPY root/ /` with a root/sbin, Debian's link
# /sbin -> usr/sbin is a folder with nothing else in it
#
# With root/bin that image has no /bin/sh any more. BuildKit refuses: "cannot copy to
# non-directory". A single file, `COPY file /sbin/file`, follows the link in both.
#
# Fails when that changes. Needs docker, with its plugin buildx for the second line,
# and an engine (scripts/engine start); fetches nothing.
# SPDX-License-Identifier: MIT
set -eu

VERSION=20.10.24	# of dockerd; 28.5.2 does the same
WANT='classic: a folder
classic, one file: a link
BuildKit: cannot copy to non-directory'

name=finding-copy-$$
tmp=$(mktemp -d)
trap 'docker rmi -f "$name" >/dev/null 2>&1 || :; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
echo "dockerd $(docker version -f '{{.Server.Version}}'), seen with $VERSION"

mkdir -p "$tmp/base/usr/sbin" "$tmp/root/sbin"
ln -s usr/sbin "$tmp/base/sbin"
echo >"$tmp/base/usr/sbin/theirs"
echo >"$tmp/root/sbin/mine"
# build SOURCE DEST: an image with a linked /sbin, and this onto it
build() {
	printf 'FROM scratch\nCOPY base/ /\nCOPY %s %s\n' "$1" "$2" >"$tmp/Dockerfile"
	docker build -q -t "$name" "$tmp" 2>&1
}
# What /sbin is in the image.
kind() {
	box=$(docker create "$name" /none 2>/dev/null)
	case $(docker export "$box" | tar -tv | grep ' sbin') in
	l*)	echo "a link" ;;
	*)	echo "a folder" ;;
	esac
	docker rm "$box" >/dev/null
}

got=$(
	export DOCKER_BUILDKIT=0
	build root/ / >/dev/null
	echo "classic: $(kind)"
	build root/sbin/mine /sbin/mine >/dev/null
	echo "classic, one file: $(kind)"
	export DOCKER_BUILDKIT=1
	echo "BuildKit: $(build root/ / | grep -o 'cannot copy to non-directory' | head -n 1)"
)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
