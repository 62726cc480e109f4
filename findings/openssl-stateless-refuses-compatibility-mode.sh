#!/bin/sh
# openssl-stateless-refuses-compatibility-mode.sh - "openssl s_server -stateless"
# takes no client that speaks TLS 1.3 as nearly all do, its own s_client among them
#
# In the compatibility mode for middleboxes (RFC 8446, D.4) a client sends a
# ChangeCipherSpec record before its second ClientHello. A server without state
# forgets the first hello, and must ignore the record (RFC 8446, 5). This one ends
# the connection without an alert; without the mode it works. So cookies cannot be
# tried with it, but with NSS's selfserv, which puts one in every HelloRetryRequest.
#
# Fails when that changes. Needs openssl; touches nothing outside a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

WANT='as it is: refused
-no_middlebox: served'	# 3.0.19 and 3.6.5

tmp=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp"
openssl=${OPENSSL:-openssl}	# another one than the system's
$openssl version

# It takes what a connection brings from its own standard input: none here.
mkfifo input
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem \
	-out cert.pem 2>/dev/null
port=$((20000 + $$ % 10000))
$openssl s_server -stateless -tls1_3 -accept "127.0.0.1:$port" -cert cert.pem \
	-key key.pem <>input >log 2>&1 &
server=$!
for _ in $(seq 200); do
	! grep -q ACCEPT log || break
	sleep 0.1
done

# What s_client makes of it with these options.
try() {
	$openssl s_client "$@" -connect "127.0.0.1:$port" </dev/null >client 2>&1 || :
	if grep -q 'New, TLSv1.3' client; then
		echo served
	else
		echo refused
	fi
}

got="as it is: $(try)
-no_middlebox: $(try -no_middlebox)"
echo "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
