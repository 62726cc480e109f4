#!/bin/sh
# docker-dns-lasts-longer-than-container.sh - Docker's name server lets a container's address
# be kept for 600 s, and gives that address to the next container at once
#
# In a network of the user's own, 127.0.0.11 answers with a TTL of 600 s for names and
# aliases alike, and drops an address from its answers when the container goes. The next
# container that starts in the network gets the address that has become free. So
# a client that keeps an answer for as long as it may speaks to another service for up to
# ten minutes, not to none.
#
# Fails when that changes. Needs apt, dpkg, iptables, python3, ip, nsenter, unshare and
# root; the engine runs in namespaces of its own and in a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=20.10.24+dfsg1-1+deb12u1+b6	# of docker.io, Debian 12; 26.1.5 and 28.5.2 do the same
CONTAINERD=1.6.20~ds1-1+deb12u3
RUNC=1.1.5+ds1-1+deb12u1
BUSYBOX=1:1.35.0-4+deb12u1+b1	# of busybox-static
WANT='service: one two, each for 600 s
two is removed: service: one, each for 600 s
another is started: service: one, each for 600 s
the address of two is now that of another'

tmp=$(mktemp -d)
group=finding-$$
pid=
clean_up() {
	[ -z "$pid" ] || {
		docker rm -f one two another >/dev/null 2>&1 || :
		kill "$pid" 2>/dev/null || :
		wait "$pid" || :
	}
	find /sys/fs/cgroup -depth -path "*/$group*" -type d -exec rmdir {} + 2>/dev/null || :
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "docker.io=$VERSION" "runc=$RUNC" \
	"containerd=$CONTAINERD" "busybox-static=$BUSYBOX" libdevmapper1.02.1 \
	libseccomp2 >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
export PATH="$tmp/root/usr/sbin:$tmp/root/usr/bin:$PATH" DOCKER_CONFIG="$tmp/client" \
	DOCKER_HOST="unix://$tmp/socket"
LD_LIBRARY_PATH=$(find "$tmp/root/usr/lib" "$tmp/root/lib" -maxdepth 1 -name '*-linux-gnu*' |
	tr '\n' ':')
export LD_LIBRARY_PATH
dockerd --version

# until_true COMMAND...: for at most 30 seconds.
until_true() {
	for _ in $(seq 300); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "waited in vain: $*" >&2
	tail -n 3 log >&2
	exit 1
}

echo "{\"deprecated-key-path\": \"$tmp/key.json\"}" >daemon.json
# shellcheck disable=SC2016 # for the inner shell
unshare --net --mount sh -c '
	mount -t tmpfs none /run
	ip link set lo up
	exec dockerd "$@"' sh --config-file daemon.json --host "$DOCKER_HOST" \
	--pidfile "$tmp/pid" --data-root "$tmp/data" --exec-root "$tmp/exec" \
	--cgroup-parent "/$group" --exec-opt native.cgroupdriver=cgroupfs --bridge none \
	--iptables=false --ip-forward=false >log 2>&1 &
pid=$!
until_true docker version

mkdir -p image/bin
cp root/bin/busybox image/bin/sh
ln -s sh image/bin/sleep
tar -C image -c bin | docker import - box >/dev/null
cat >ask.py <<'PYTHON'
import socket
import struct
import sys
ADDRESSES = dict(word.split("=") for word in sys.argv[2:])
query = struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + b"".join(
    bytes([len(label)]) + label.encode() for label in (sys.argv[1], "")) + b"\0\1\0\1"
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
    udp.settimeout(10)
    udp.sendto(query, ("127.0.0.11", 53))
    answer = udp.recv(512)
place, names, times = len(query), [], set()
for _ in range(struct.unpack(">H", answer[6:8])[0]):
    # The name comes as in the question, without compression.
    place += len(query) - 12 - 4
    kind, _, ttl, length = struct.unpack(">HHIH", answer[place:place + 10])
    place += 10 + length
    names.append(ADDRESSES[socket.inet_ntoa(answer[place - length:place])])
    times.add(ttl)
print(f"{sys.argv[1]}: {' '.join(sorted(names))}, each for "
      f"{' '.join(str(ttl) for ttl in sorted(times))} s")
PYTHON

docker network create --subnet 198.18.9.0/24 net >/dev/null
# begin NAME [ALIAS]
begin() {
	docker run -d --name "$1" --network net ${2:+--network-alias "$2"} box sleep 1000 \
		>/dev/null 2>&1
}
address() { docker inspect -f '{{.NetworkSettings.Networks.net.IPAddress}}' "$1"; }
ask() {
	nsenter --net --target "$(docker inspect -f '{{.State.Pid}}' one)" /usr/bin/python3 -I \
		ask.py service "$first=one" "$second=two"
}
begin one service
begin two service
first=$(address one)
second=$(address two)
got=$(
	ask
	docker rm -f two >/dev/null
	echo "two is removed: $(ask)"
	begin another
	echo "another is started: $(ask)"
	[ "$(address another)" != "$second" ] ||
		echo 'the address of two is now that of another'
)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
