#!/bin/sh
# ssl-cert-file-adds-to-system-cas.sh - SSL_CERT_FILE with an own CA does not take the
# system's CAs away: for Go never, for OpenSSL, Python and curl if their names are hashed
#
# The folder /etc/ssl/certs stays a second source, even for `curl --cacert`. Go reads each
# file in it, OpenSSL only those whose name is a hash, which update-ca-certificates makes.
# So the same setting trusts both sets of CAs on Debian and only the own CA in an image that
# has no more than the file ca-certificates.crt, where Go still trusts both. SSL_CERT_DIR of
# an empty or missing folder takes the system's away, except for curl: when it finds
# that variable it does not read SSL_CERT_FILE and keeps its built-in ca-certificates.crt.
#
# Fails when that changes. Needs apt, dpkg, curl, openssl, python3, ip, unshare and
# root (for a network and a mount namespace); touches nothing outside a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=1.19.8-2	# of golang-1.19-go and golang-1.19-src, Debian 12
PROGRAMS="curl 7.88.1, OpenSSL 3.0, Python 3.11"	# of Debian 12
WANT='only ca-certificates.crt:
  SSL_CERT_FILE: curl no, openssl no, python no, go yes
  and SSL_CERT_DIR: curl yes, openssl no, python no, go no
  --cacert: curl no
with a hashed name:
  SSL_CERT_FILE: curl yes, openssl yes, python yes, go yes
  and SSL_CERT_DIR: curl yes, openssl no, python no, go no
  --cacert: curl yes'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "golang-1.19-go=$VERSION" \
	"golang-1.19-src=$VERSION" >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
cp -r root/usr/lib/go-1.19 goroot
rm goroot/src goroot/pkg/include	# links out of the folder
cp -r root/usr/share/go-1.19/src goroot/
cp -r root/usr/share/go-1.19/pkg/include goroot/pkg/

cat >main.go <<'GO'
package main

import (
	"crypto/tls"
	"fmt"
	"os"
)

func main() {
	if _, err := tls.Dial("tcp", "localhost:4433", nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
GO
export GOROOT="$tmp/goroot" GOPATH="$tmp/go" GOCACHE="$tmp/cache" GO111MODULE=off \
	GOENV=off CGO_ENABLED=0
unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE
goroot/bin/go build -o client main.go
echo "Go $VERSION; $(/usr/bin/curl --version | head -n 1 | cut -d ' ' -f 1-2)," \
	"$(/usr/bin/openssl version | cut -d ' ' -f 1-2), $(/usr/bin/python3 --version);" \
	"seen with $PROGRAMS"

# Two CAs, and a server with a certificate of the system's.
for ca in own system; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-keyout $ca.key -out $ca.pem -subj "/CN=$ca" 2>/dev/null
done
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key \
	-out server.csr -subj /CN=localhost 2>/dev/null
echo subjectAltName=DNS:localhost >names
openssl x509 -req -in server.csr -CA system.pem -CAkey system.key -CAcreateserial \
	-days 2 -extfile names -out server.pem 2>/dev/null
mkdir certs
cp system.pem certs/ca-certificates.crt

cat >ask.py <<'PYTHON'
import socket
import ssl
with socket.create_connection(("localhost", 4433)) as tcp:
    ssl.create_default_context().wrap_socket(tcp, server_hostname="localhost")
PYTHON

cat >look.sh <<'SH'
# Whether the command after the name NAME gets through to the server.
try() {
	name=$1
	shift
	if "$@" </dev/null >/dev/null 2>>log; then echo "$name yes"; else echo "$name no"; fi
}
each() {
	try curl /usr/bin/curl -q -s https://localhost:4433/
	try openssl /usr/bin/openssl s_client -verify_return_error localhost:4433
	try python /usr/bin/python3 -I ask.py
	try go ./client
}
line() { printf '  %s: %s\n' "$1" "$(paste -s -d, | sed 's/,/, /g')"; }
look() {
	SSL_CERT_FILE=own.pem each | line SSL_CERT_FILE
	SSL_CERT_FILE=own.pem SSL_CERT_DIR=/none each | line 'and SSL_CERT_DIR'
	try curl /usr/bin/curl -q -s --cacert own.pem https://localhost:4433/ | line --cacert
}
ip link set lo up
mount --bind certs /etc/ssl/certs
/usr/bin/openssl s_server -quiet -www -accept 4433 -cert server.pem -key server.key >log 2>&1 &
trap 'kill $!' EXIT
for _ in $(seq 100); do
	[ "$(try '' ./client)" != ' yes' ] || break
	sleep 0.1
done
[ "$(try '' ./client)" = ' yes' ] || { cat log >&2; exit 1; }
echo 'only ca-certificates.crt:'
look
openssl rehash certs
echo 'with a hashed name:'
look
SH
got=$(unshare --net --mount sh look.sh)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
