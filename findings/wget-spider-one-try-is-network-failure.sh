#!/bin/sh
# wget-spider-one-try-is-network-failure.sh - GNU wget --spider asks again by GET when the
# answer to HEAD is 500, and counts that as one more try
#
# With the --tries=1 that health checks have, the GET is not made, and wget ends with 4, a
# network failure, though the server has answered; with --tries=2 the GET's 200 makes it 0.
# 404 ends with 8 either way, and so does 405, by which a server says that it does not
# know HEAD: that is never asked again by GET.
#
# Fails when that changes. Needs apt, dpkg and python3; touches nothing outside a temporary
# folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=1.21.3-1+deb12u1	# of wget, Debian 12
WANT='500, --tries=1: asked HEAD, exit 4
500, --tries=2: asked HEAD GET, exit 0
405, --tries=2: asked HEAD, exit 8
404, --tries=1: asked HEAD, exit 8'

tmp=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "wget=$VERSION" libpcre2-8-0 libpsl5 \
	libuuid1 libidn2-0 libgnutls30 libnettle8 zlib1g >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
LD_LIBRARY_PATH=$(find root/usr/lib root/lib -maxdepth 1 -name '*-linux-gnu*' |
	sed "s|^|$tmp/|" | tr '\n' ':')
export LD_LIBRARY_PATH
root/usr/bin/wget --version | head -n 1

# Answers HEAD by the status that its path names and GET by 200.
cat >server.py <<'PYTHON'
import socket
import sys
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        client, _ = server.accept()
        with client:
            method, path = client.recv(4096).decode().split()[:2]
            print(method, file=sys.stderr, flush=True)
            status = path[1:] if method == "HEAD" else "200"
            client.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n"
                           "Connection: close\r\n\r\n".encode())
PYTHON
: >port
python3 server.py >port 2>asked &
server=$!
while [ ! -s port ]; do sleep 0.05; done

# spider STATUS TRIES: the methods that were asked for it, and how wget ends
spider() {
	: >asked
	code=0
	root/usr/bin/wget --no-config -q "--tries=$2" --spider "http://127.0.0.1:$(cat port)/$1" ||
		code=$?
	echo "$1, --tries=$2: asked $(tr '\n' ' ' <asked | sed 's/ $//'), exit $code"
}

got=$(
	spider 500 1
	spider 500 2
	spider 405 2
	spider 404 1
)
echo "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
