#!/bin/sh
# curl-fail-passes-101-and-http2-line.sh - `curl -f` is content with a 101 that it
# has not asked for, and with "HTTP/2 200" in a plain HTTP/1.1 exchange
#
# A health check by `curl -fsS` passes if the server answers 101 Switching
# Protocols to a plain GET without an Upgrade field: exit 0, and what follows the
# head is printed as a body, whatever protocol it is in. Without any byte behind
# the head it is exit 52 instead. A status line of HTTP/1.2 is refused with exit 1,
# while one of HTTP/2 on a connection that curl spoke HTTP/1.1 on is taken.
#
# Fails when that changes. Needs apt, dpkg and python3; touches nothing outside a
# temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=7.88.1-10+deb12u15	# of curl and libcurl4, Debian 12
WANT='HTTP/1.1 101 Switching Protocols, 5 bytes behind: exit 0, prints hello
HTTP/1.1 101 Switching Protocols, 0 bytes behind: exit 52, prints nothing
HTTP/1.2 200 OK, 5 bytes behind: exit 1, prints nothing
HTTP/2 200 OK, 5 bytes behind: exit 0, prints hello'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "curl=$VERSION" "libcurl4=$VERSION" \
	>/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
LD_LIBRARY_PATH=$(dirname "$(find "$tmp/root" -name 'libcurl.so.4')")
export LD_LIBRARY_PATH
root/usr/bin/curl --version | head -n 1

cat >ask.py <<'PY'
import socket
import subprocess
import threading

ROWS = [("HTTP/1.1 101 Switching Protocols", b"hello"),
        ("HTTP/1.1 101 Switching Protocols", b""),
        ("HTTP/1.2 200 OK", b"hello"), ("HTTP/2 200 OK", b"hello")]


def answer(listener, line, rest):
    peer = listener.accept()[0]
    got = b""
    while b"\r\n\r\n" not in got:
        got += peer.recv(4096)
    assert b"upgrade" not in got.lower()
    peer.sendall(line.encode() + b"\r\n\r\n" + rest)
    peer.close()


for line, rest in ROWS:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=answer, args=(listener, line, rest))
        server.start()
        done = subprocess.run(
            ["root/usr/bin/curl", "-q", "-f", "-s", "--noproxy", "*", "-m", "10",
             f"http://127.0.0.1:{listener.getsockname()[1]}/"],
            stdout=subprocess.PIPE, check=False)
        server.join()
    print(f"{line}, {len(rest)} bytes behind: exit {done.returncode}, prints "
          f"{done.stdout.decode() or 'nothing'}")
PY
got=$(python3 ask.py)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
