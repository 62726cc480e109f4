#!/bin/sh
# dnsmasq-address-makes-aaaa-nxdomain.sh - dnsmasq: a name of --address with an
# IPv4 address alone does not exist, or is refused, for whoever asks for IPv6
#
# --address=/four.test/127.9.0.9 answers A. AAAA of the same name is NXDOMAIN where
# --local covers the name, and REFUSED where dnsmasq has no server to ask; a name of
# --host-record has no data (NOERROR) in the first case, and is refused in the second.
# So one name exists and does not exist at the same server, and a resolver that takes
# NXDOMAIN of one type for both, as DNS has it, finds no address.
#
# Fails when that changes. Needs apt, dpkg, python3, and the libraries that dnsmasq
# of the same release needs; touches nothing outside a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=2.90-4~deb12u2	# of dnsmasq-base, Debian 12
WANT='with --local=/test/:
four.test: A NOERROR 1, AAAA NXDOMAIN 0
host.test: A NOERROR 1, AAAA NOERROR 0
without, and without a server to ask:
four.test: A NOERROR 1, AAAA REFUSED 0
host.test: A NOERROR 1, AAAA REFUSED 0'

tmp=$(mktemp -d)
pid=
trap 'kill $pid 2>/dev/null || true; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "dnsmasq-base=$VERSION" libnftables1 \
	libnftnl11 libxtables12 libjansson4 libnetfilter-conntrack3 libnfnetlink0 libmnl0 \
	libdbus-1-3 libidn2-0 libunistring2 libnettle8 libhogweed6 libgmp10 >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
LD_LIBRARY_PATH=$(dirname "$(find "$tmp/root" -name 'libnftables.so.1')")
export LD_LIBRARY_PATH
root/usr/sbin/dnsmasq --version | head -n 1

cat >ask.py <<'PY'
import socket
import struct
import sys
import time

CODES = {0: "NOERROR", 3: "NXDOMAIN", 5: "REFUSED"}


def ask(name, kind):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        sock.connect(("127.0.0.1", int(sys.argv[1])))
        for _ in range(50):     # it may not listen yet
            try:
                sock.send(struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + labels + b"\0"
                          + struct.pack(">2H", kind, 1))
                reply = sock.recv(512)
                return f"{CODES[reply[3] & 15]} {reply[7]}"
            except ConnectionRefusedError:
                time.sleep(0.1)
    raise SystemExit("no answer")


for name in ("four.test", "host.test"):
    print(f"{name}: A {ask(name, 1)}, AAAA {ask(name, 28)}")
PY
port=$(python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')

# answers OPTION...: what dnsmasq with these options says
answers() {
	root/usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv \
		--no-hosts --user="$(id -un)" --pid-file --port="$port" \
		--listen-address=127.0.0.1 --bind-interfaces --log-facility=- \
		--address=/four.test/127.9.0.9 --host-record=host.test,127.9.0.9 \
		"$@" 2>log &
	pid=$!
	python3 ask.py "$port" || cat log >&2
	kill $pid
	wait $pid || true
	pid=
}

{
	echo "with --local=/test/:"
	answers --local=/test/
	echo "without, and without a server to ask:"
	answers
} >got
cat got
[ "$(cat got)" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
