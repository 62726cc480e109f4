#!/bin/sh
# apache-hcmethod-options.sh - Apache httpd's mod_proxy_hcheck: hcuri is not
# used where hcmethod is OPTIONS or OPTIONS11
#
# A balancer member with hcmethod=GET hcuri=/ready asks "GET /ready"; with
# hcmethod=OPTIONS and the same hcuri it asks "OPTIONS *", and says nothing of
# that. So a server that answers OPTIONS by path, but does not know "*", is
# found down, and one that answers "*" with 200 always is never found down.
#
# Fails when that changes. Needs apt, dpkg and python3; touches nothing outside
# a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=2.4.68-1~deb12u1	# of apache2-bin, Debian 12
WANT='GET /ready HTTP/1.0
OPTIONS * HTTP/1.0
OPTIONS * HTTP/1.1'

tmp=$(mktemp -d)
trap 'kill $pids 2>/dev/null || true; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
pids=

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "apache2-bin=$VERSION" libapr1 libaprutil1 libjansson4 \
	liblua5.3-0 >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
LD_LIBRARY_PATH=$(find root/usr/lib -maxdepth 1 -name '*-linux-gnu*' | tr '\n' ':')
export LD_LIBRARY_PATH
modules=$(find "$tmp/root" -type d -path "*/apache2/modules")
root/usr/sbin/apache2 -v | head -n 1

# Answers everything with 200 and writes down what was asked.
cat >server.py <<'PYTHON'
import socket
import sys
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        client, _ = server.accept()
        with client:
            head = client.recv(4096).split(b"\r\n")[0].decode()
            print(head, file=sys.stderr, flush=True)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                           b"Connection: close\r\n\r\n")
PYTHON

# first_request METHOD: what a check by this method asks
first_request() {
	: >port; : >asked
	python3 server.py >port 2>asked &
	server=$!
	pids="$pids $server"
	while [ ! -s port ]; do sleep 0.05; done
	cat >httpd.conf <<CONF
ServerRoot $tmp
ServerName localhost
User #65534
Group #65534
PidFile $tmp/pid
ErrorLog $tmp/error.log
DefaultRuntimeDir $tmp
Listen 127.0.0.1:$(($(cat port) > 60000 ? $(cat port) - 1 : $(cat port) + 1))
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_http_module $modules/mod_proxy_http.so
LoadModule slotmem_shm_module $modules/mod_slotmem_shm.so
LoadModule lbmethod_byrequests_module $modules/mod_lbmethod_byrequests.so
LoadModule proxy_balancer_module $modules/mod_proxy_balancer.so
LoadModule proxy_hcheck_module $modules/mod_proxy_hcheck.so
<Proxy balancer://members>
    BalancerMember http://127.0.0.1:$(cat port) hcmethod=$1 hcuri=/ready hcinterval=1
</Proxy>
ProxyPass / balancer://members/
CONF
	root/usr/sbin/apache2 -f "$tmp/httpd.conf" -DFOREGROUND >httpd.log 2>&1 &
	httpd=$!
	pids="$pids $httpd"
	for _ in $(seq 200); do
		[ ! -s asked ] || break
		sleep 0.1
	done
	head -n 1 asked
	kill $httpd $server
	wait $httpd $server 2>/dev/null || true
	pids=
}

got=$(for method in GET OPTIONS OPTIONS11; do first_request $method; done)
printf 'hcuri=/ready with hcmethod=GET, OPTIONS, OPTIONS11:\n%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
