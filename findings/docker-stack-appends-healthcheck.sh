#!/bin/sh
# docker-stack-appends-healthcheck.sh - `docker stack -c A -c B` puts the healthcheck.test of
# B behind that of A, where Compose puts it in A's place
#
# A second file cannot turn a check off: ["CMD", "x"] and ["NONE"] become CMD x NONE, a run
# of x with an argument; a plain string adds the words CMD-SHELL and itself. `command` and
# `entrypoint`, lists like it, are replaced by both tools. Neither warns, and the
# result of `stack config` is what `stack deploy` gets.
#
# Fails when that changes. Needs apt and dpkg, and no engine; touches nothing outside a
# temporary folder.
# SPDX-License-Identifier: MIT
set -eu

DOCKER=26.1.5+dfsg1-9+deb13u1+b1	# of docker-cli, Debian 13; 28.5.2 does the same
COMPOSE=2.26.1-4	# of docker-compose, Debian 13
WANT='docker stack, a list: CMD x NONE; command c
docker stack, a string: CMD x CMD-SHELL y --quick; command c
Compose, a list: NONE; command c
Compose, a string: CMD-SHELL y --quick; command c'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# An apt of its own, for Debian 13.
cd "$tmp"
mkdir -p apt/lists/partial apt/cache/archives/partial apt/apt.conf.d apt/preferences.d
: >apt/status
# shellcheck disable=SC2016 # apt fills the field in
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
	'Label: Debian' | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" \
	>apt/sources.list
cat >apt.conf <<CONF
Dir::Etc "$tmp/apt";
Dir::State "$tmp/apt";
Dir::State::status "$tmp/apt/status";
Dir::Cache "$tmp/apt/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
export APT_CONFIG="$tmp/apt.conf"
apt-get update -qq
apt-get download -qq "docker-cli=$DOCKER" "docker-compose=$COMPOSE" >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
export DOCKER_CONFIG="$tmp/client"
compose=root/usr/libexec/docker/cli-plugins/docker-compose
root/usr/bin/docker --version
$compose version

# file NAME TEST COMMAND
file() {
	cat >"$1.yml" <<-YAML
	services:
	  web:
	    image: image
	    command: ["$3"]
	    healthcheck:
	      test: $2
	YAML
}
file base '["CMD", "x"]' b
file list '["NONE"]' c
file string 'y --quick' c
# The words of the two lists in a merged file.
show() {
	awk -v name="$1" '
		/ (command|test):$/ { at = $1; next }
		at && $1 == "-" { sub(/^ *- /, ""); got[at] = got[at] " " $0; next }
		{ at = "" }
		END { print name ":" got["test:"] "; command" got["command:"] }'
}
got=$(
	for other in list string; do
		root/usr/bin/docker stack config -c base.yml -c $other.yml |
			show "docker stack, a $other"
	done
	for other in list string; do
		$compose -f base.yml -f $other.yml config | show "Compose, a $other"
	done
)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
