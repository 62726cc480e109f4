#!/bin/sh
# php-fpm-quit-cuts-requests.sh - php-fpm's graceful stop by SIGQUIT cuts the
# running requests, unless process_control_timeout is set
#
# php-fpm(8) calls SIGQUIT the graceful stop, and the php:fpm image has it as
# its STOPSIGNAL. With process_control_timeout at its default, 0, the master
# sends its workers SIGQUIT and then SIGTERM at once: a client whose request
# runs gets nothing, while the log says "Finishing ..." and the code is 0.
#
# Fails when that changes. Needs apt, dpkg and python3; touches nothing outside
# a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=8.2.36-1~deb12u1	# of php8.2-fpm, Debian 12
WANT='default: no answer, exit code 0
process_control_timeout = 10s: done, exit code 0'

tmp=$(mktemp -d)
trap 'kill $pids 2>/dev/null || true; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
pids=

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "php8.2-fpm=$VERSION" libacl1 libapparmor1 libargon2-1 \
	libpcre2-8-0 libsodium23 libssl3 libsystemd0 libxml2 libicu72 \
	libzstd1 liblz4-1 libgcrypt20 >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
LD_LIBRARY_PATH=$(find root/usr/lib root/lib -maxdepth 1 -name '*-linux-gnu*' 2>/dev/null | tr '\n' ':')
export LD_LIBRARY_PATH
fpm=root/usr/sbin/php-fpm8.2
$fpm -n -v | head -n 1

cat >slow.php <<PHP
<?php
touch("$tmp/asked");
while (!file_exists("$tmp/go")) { usleep(10000); clearstatcache(); }
echo "done";
PHP

# One request by FastCGI; prints the word "done" or "no answer".
cat >ask.py <<'PYTHON'
import socket
import struct
import sys
def record(kind, data):
    return struct.pack(">BBHHBB", 1, kind, 1, len(data), 0, 0) + data
given = b"".join(bytes([len(name), len(value)]) + name + value for name, value in (
    (b"REQUEST_METHOD", b"GET"), (b"SCRIPT_FILENAME", sys.argv[2].encode())))
with socket.socket(socket.AF_UNIX) as fpm:
    fpm.settimeout(20)
    fpm.connect(sys.argv[1])
    fpm.sendall(record(1, bytes([0, 1, 0, 0, 0, 0, 0, 0])) + record(4, given)
                + record(4, b"") + record(5, b""))
    answer = b""
    try:
        while data := fpm.recv(4096):
            answer += data
    except ConnectionResetError:
        pass
print("done" if b"done" in answer else "no answer", end="")
PYTHON

# stop_while_asked SETTING: what a request gets that runs when SIGQUIT comes
stop_while_asked() {
	rm -f asked go sock answer
	cat >fpm.conf <<CONF
[global]
error_log = $tmp/log
$1
[www]
user = root
group = root
listen = $tmp/sock
pm = static
pm.max_children = 1
CONF
	$fpm -n -R -F -y "$tmp/fpm.conf" >/dev/null 2>&1 &
	fpm_pid=$!
	pids=$fpm_pid
	for _ in $(seq 200); do
		[ ! -S sock ] || break
		sleep 0.1
	done
	python3 ask.py sock "$tmp/slow.php" >answer &
	asker=$!
	pids="$pids $asker"
	for _ in $(seq 200); do
		[ ! -e asked ] || break
		sleep 0.1
	done
	kill -QUIT $fpm_pid
	sleep 1		# more than the second after which SIGTERM would follow
	touch go
	wait $asker || true
	code=0
	wait $fpm_pid || code=$?
	pids=
	echo "$(cat answer), exit code $code"
}

got="default: $(stop_while_asked '')
process_control_timeout = 10s: $(stop_while_asked 'process_control_timeout = 10s')"
printf 'SIGQUIT while a request runs:\n%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
