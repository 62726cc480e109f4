#!/bin/sh
# docker-swarm-unhealthy-is-complete.sh - a Swarm task that is stopped for being unhealthy,
# and whose process ends with 0 at SIGTERM, is Complete: with --restart-condition
# on-failure nothing takes its place
#
# The service stays at 0 tasks of 1, with no error to be seen. If the process ends with
# another code, the same task is Failed ("unhealthy container") and is replaced. So with
# on-failure it is the service that stops gracefully which is lost.
#
# Fails when that changes. Needs apt, dpkg, unshare and root; the engine runs in name-
# spaces of its own and in a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=20.10.24+dfsg1-1+deb12u1+b6	# of docker.io, Debian 12; 26.1.5 and 28.5.2 do the same
CONTAINERD=1.6.20~ds1-1+deb12u3
RUNC=1.1.5+ds1-1+deb12u1
BUSYBOX=1:1.35.0-4+deb12u1+b1	# of busybox-static
WANT='exit code 0: 0/1
  Complete []
exit code 3: 1/1
  Running []
  Failed ["task: non-zero exit (3): dockerexec: unhealthy container"]'

tmp=$(mktemp -d)
group=finding-$$
pid=
clean_up() {
	[ -z "$pid" ] || {
		docker swarm leave --force >/dev/null 2>&1 || :
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
	ip addr add 198.18.0.1/32 dev lo
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
docker swarm init --advertise-addr 198.18.0.1 >/dev/null

# What is seen of the service that ends with the code $1 at SIGTERM, once its task has
# been unhealthy and is $2.
see() {
	docker service create -q --detach --no-resolve-image --name "code$1" --network host \
		--restart-condition on-failure --restart-delay 0s --health-cmd '[ ! -e /bad ]' \
		--health-interval 1s --health-retries 1 box \
		sh -c "trap 'exit $1' TERM; while :; do sleep 0.1; done" >/dev/null
	until_true eval "replicas $1 | grep 1/1"
	docker exec "$(docker ps -q --filter "name=code$1")" sh -c ': >/bad'
	until_true eval "tasks $1 | grep $2"
	sleep 10	# a replacement is there within 2 s
	echo "exit code $1: $(replicas "$1")"
	tasks "$1"
}
replicas() { docker service ls --filter "name=code$1" --format '{{.Replicas}}'; }
tasks() {
	docker service ps --no-trunc --format '{{.CurrentState}} [{{.Error}}]' "code$1" |
		sed 's/ .* ago / /; s/^/  /'
}

got=$(see 0 Complete; see 3 Failed)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
