#!/bin/sh
# curl-h2-drops-answer-before-no-error-reset.sh - Debian 12's curl loses a whole answer
# if the server ends the upload as HTTP/2 has it
#
# A server that has answered and needs no more of a large POST sends RST_STREAM with
# NO_ERROR behind the answer; a client must not discard the answer for that (RFC 9113,
# 8.1). curl 7.88 prints nothing of it and fails with exit 92, "stream was not closed cleanly:
# NO_ERROR": a refusal in time, and a success too, look like a broken connection. So a server
# that wants to be heard by it has to take in the whole upload.
#
# Fails when that changes. Needs apt, dpkg and python3; touches nothing outside a temporary
# folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=7.88.1-10+deb12u15	# of curl and libcurl4, Debian 12
WANT='a small upload, answered without a reset: ok, exit 0
a large upload, answered and reset with NO_ERROR: , exit 92'

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
import os
import socket
import subprocess
import threading

SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
ACK = bytes([0, 0, 0, 4, 1, 0, 0, 0, 0])
ANSWER = (bytes([0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88])      # HEADERS: :status 200
          + bytes([0, 0, 2, 0, 1, 0, 0, 0, 1]) + b"ok")  # DATA, END_STREAM
RESET = bytes([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0])  # NO_ERROR
WINDOW = 65535


def serve(listener, with_reset):
    peer = listener.accept()[0]
    got = b""
    peer.sendall(SETTINGS + ACK)
    seen, content, ended = 24, 0, False
    while not ended and (not with_reset or content < WINDOW):
        got += peer.recv(65536)
        while len(got) >= seen + 9 and len(got) >= seen + 9 + int.from_bytes(got[seen:seen + 3]):
            size, kind, flags = int.from_bytes(got[seen:seen + 3]), got[seen + 3], got[seen + 4]
            seen += 9 + size
            content += size if kind == 0 else 0
            ended = ended or kind == 0 and flags & 1
    peer.sendall(ANSWER + (RESET if with_reset else b""))
    while peer.recv(65536):
        pass


def ask(what, size, with_reset):
    listener = socket.socket(socket.AF_UNIX)
    os.path.exists("sock") and os.unlink("sock")
    listener.bind("sock")
    listener.listen()
    listener.settimeout(20)
    threading.Thread(target=serve, args=(listener, with_reset), daemon=True).start()
    done = subprocess.run(
        ["root/usr/bin/curl", "-s", "-m", "20", "--unix-socket", "sock",
         "--http2-prior-knowledge", "--data-binary", "@-", "http://x/"],
        input=b"x" * size, capture_output=True, check=False)
    print(f"{what}: {done.stdout.decode()}, exit {done.returncode}")


ask("a small upload, answered without a reset", 100, False)
ask("a large upload, answered and reset with NO_ERROR", 10 * WINDOW, True)
PY

got=$(/usr/bin/python3 -I -S ask.py)
echo "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
