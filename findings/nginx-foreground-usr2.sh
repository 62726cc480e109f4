#!/bin/sh
# nginx-foreground-usr2.sh - nginx with "daemon off" ignores SIGUSR2: it can
# be upgraded on the fly as a daemon only
#
# nginx takes the signal to change its binary for a mistake while its parent
# is the process that started it: so it knows a new binary that is not yet on
# its own. In the foreground, as in a container, this holds for ever: one line
# in the log, no new binary, no .oldbin file.
#
# Fails when that changes. Needs apt and dpkg; touches nothing outside a
# temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=1.22.1-9+deb12u11	# of nginx, Debian 12
WANT='daemon off: ignored
daemon on: a new binary'

tmp=$(mktemp -d)
trap 'stop_all; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
stop_all() {
	for file in nginx.pid nginx.pid.oldbin; do
		[ ! -s "$tmp/$file" ] || kill "$(cat "$tmp/$file")" || true
	done
}

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "nginx=$VERSION" libssl3 libpcre2-8-0 zlib1g \
	libcrypt1 >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
LD_LIBRARY_PATH=$(find root/usr/lib root/lib -maxdepth 1 -name '*-linux-gnu*' 2>/dev/null |
	sed "s|^|$tmp/|" | tr '\n' ':')
export LD_LIBRARY_PATH
nginx=$(find "$tmp/root" -path "*/sbin/nginx")
$nginx -v 2>&1

cat >nginx.conf <<CONF
pid $tmp/nginx.pid;
error_log $tmp/log notice;
events {}
http {
	access_log off;
	client_body_temp_path $tmp/body;
	proxy_temp_path $tmp/proxy;
	fastcgi_temp_path $tmp/fastcgi;
	uwsgi_temp_path $tmp/uwsgi;
	scgi_temp_path $tmp/scgi;
	server { listen unix:$tmp/sock; }
}
CONF

# until_any COMMAND...: waits up to 20 s until one of the commands is true
until_any() {
	for _ in $(seq 200); do
		for command; do
			! eval "$command" || return 0
		done
		sleep 0.1
	done
}

# change_binary on|off: what SIGUSR2 does
change_binary() {
	rm -f log
	$nginx -e "$tmp/log" -c "$tmp/nginx.conf" -g "daemon $1;" >/dev/null 2>&1 &
	started=$!
	until_any '[ -s nginx.pid ] && grep -q "start worker process " log'
	[ "$1" = off ] || wait $started
	master=$(cat nginx.pid)
	kill -USR2 "$master"
	until_any '[ -s nginx.pid.oldbin ] && [ -s nginx.pid ]' \
		'grep -q "changing binary signal is ignored" log'
	if [ -s nginx.pid.oldbin ]; then
		echo "a new binary"
	elif grep -q "changing binary signal is ignored" log; then
		echo "ignored"
	else
		echo "nothing"
	fi
	stop_all
	until_any '[ ! -e nginx.pid ]'
}

got="daemon off: $(change_binary off)
daemon on: $(change_binary on)"
printf 'SIGUSR2 to the master:\n%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
