#!/bin/sh
# wget-takes-greeting-for-http09.sh - GNU wget as a health check passes on a server that
# does not speak HTTP
#
# What does not start like HTTP is the body of an HTTP/0.9 answer to wget: the greeting of
# a mail or SSH server, say, where a port was mixed up. Exit 0, with and without --spider.
# curl ends with 1, unless it has --http0.9.
#
# Fails when that changes. Needs apt, dpkg and python3; touches nothing outside a temporary
# folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=1.21.3-1+deb12u1	# of wget, Debian 12
CURL=7.88.1-10+deb12u15		# of curl and libcurl4
WANT='wget -O -: 220 mail.example ready, exit 0
wget --spider: , exit 0
curl -f: , exit 1'

tmp=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "wget=$VERSION" "curl=$CURL" "libcurl4=$CURL" \
	libpcre2-8-0 libpsl5 libuuid1 libidn2-0 libgnutls30 libnettle8 zlib1g libnghttp2-14 \
	librtmp1 libssh2-1 libldap-2.5-0 libbrotli1 >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
LD_LIBRARY_PATH=$(find root/usr/lib root/lib -maxdepth 1 -name '*-linux-gnu*' |
	sed "s|^|$tmp/|" | tr '\n' ':')
export LD_LIBRARY_PATH
root/usr/bin/wget --version | head -n 1

cat >server.py <<'PYTHON'
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        client, _ = server.accept()
        with client:
            client.recv(4096)
            client.sendall(b"220 mail.example ready\r\n")
PYTHON
: >port
python3 server.py >port &
server=$!
while [ ! -s port ]; do sleep 0.05; done

# ask WHAT COMMAND...: what it prints, and how it ends
ask() {
	what=$1
	shift
	code=0
	"$@" "http://127.0.0.1:$(cat port)/" >said || code=$?
	said=$(tr -d '\r\n' <said)
	echo "$what: $said, exit $code"
}

got=$(
	ask 'wget -O -' root/usr/bin/wget --no-config -q --tries=1 -O -
	ask 'wget --spider' root/usr/bin/wget --no-config -q --tries=1 --spider
	ask 'curl -f' root/usr/bin/curl -qsf
)
echo "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
