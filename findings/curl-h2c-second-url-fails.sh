#!/bin/sh
# curl-h2c-second-url-fails.sh - Debian 12's curl fails at the second URL of a command
# that speaks HTTP/2 without TLS
#
# `curl --http2-prior-knowledge URL URL` gets the first answer, keeps the connection, and
# cannot use it again: "Error in the HTTP2 framing layer", exit 16, before a byte of the
# second request is sent. The server is not at fault: nginx logs one request and no error,
# and either URL alone is answered. So a script that asks several probe endpoints of an h2c
# port in one command finds all but the first one down. By HTTP/1.1 the same is answered.
#
# Fails when that changes. Needs apt and dpkg; touches nothing outside a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

CURL=7.88.1-10+deb12u15		# of curl and libcurl4, Debian 12
NGINX=1.22.1-9+deb12u11
WANT='HTTP/2, one URL: ok, exit 0
HTTP/2, the same twice: ok, exit 16
HTTP/1.1, the same twice: ok ok, exit 0
requests that nginx has seen: 4, errors: 0'

tmp=$(mktemp -d)
trap '[ ! -s "$tmp/pid" ] || kill "$(cat "$tmp/pid")"; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "curl=$CURL" "libcurl4=$CURL" "nginx=$NGINX" \
	libssl3 libpcre2-8-0 zlib1g libcrypt1 libnghttp2-14 >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
LD_LIBRARY_PATH=$(find root/usr/lib root/lib -maxdepth 1 -name '*-linux-gnu*' |
	sed "s|^|$tmp/|" | tr '\n' ':')
export LD_LIBRARY_PATH
root/usr/bin/curl --version | head -n 1
root/usr/sbin/nginx -v 2>&1

cat >nginx.conf <<CONF
pid $tmp/pid;
error_log $tmp/errors warn;
events {}
http {
	access_log $tmp/requests;
	client_body_temp_path $tmp/body;
	proxy_temp_path $tmp/proxy;
	fastcgi_temp_path $tmp/fastcgi;
	uwsgi_temp_path $tmp/uwsgi;
	scgi_temp_path $tmp/scgi;
	server { listen unix:$tmp/two http2; location / { return 200 "ok "; } }
	server { listen unix:$tmp/one; location / { return 200 "ok "; } }
}
CONF
# It is in the background once it serves.
root/usr/sbin/nginx -c "$tmp/nginx.conf" -p "$tmp" 2>/dev/null

# ask WHAT ARGUMENT...: one line of what curl prints and how it ends
ask() {
	what=$1
	shift
	code=0
	said=$(root/usr/bin/curl -s "$@") || code=$?
	echo "$what: ${said% }, exit $code"
}

got=$(
	ask 'HTTP/2, one URL' --unix-socket two --http2-prior-knowledge http://x/
	ask 'HTTP/2, the same twice' --unix-socket two --http2-prior-knowledge http://x/ http://x/
	ask 'HTTP/1.1, the same twice' --unix-socket one http://x/ http://x/
	echo "requests that nginx has seen: $(wc -l <requests), errors: $(wc -l <errors)"
)
echo "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
