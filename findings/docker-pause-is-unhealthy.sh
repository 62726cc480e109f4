#!/bin/sh
# docker-pause-is-unhealthy.sh - `docker pause` makes a healthy container unhealthy at
# once, and no event tells of it
#
# No check has failed: FailingStreak is 0, the log holds successes only, and there is
# no event "health_status: unhealthy". After `docker unpause` the container stays unhealthy
# until the next check, whose event "healthy" then follows another "healthy". So a program
# that polls for unhealthy containers and restarts them ends one that is paused for a
# backup, and a program that watches the events never learns of it.
#
# Fails when that changes. Needs apt, dpkg, unshare and root; the engine runs in name-
# spaces of its own and in a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=20.10.24+dfsg1-1+deb12u1+b6	# of docker.io, Debian 12; 26.1.5 and 28.5.2 do the same
CONTAINERD=1.6.20~ds1-1+deb12u3
RUNC=1.1.5+ds1-1+deb12u1
BUSYBOX=1:1.35.0-4+deb12u1+b1	# of busybox-static
WANT='running: healthy, failing streak 0, exit codes 0
paused: unhealthy, failing streak 0, exit codes 0
unpaused: unhealthy, failing streak 0, exit codes 0
after the next check: healthy, failing streak 0, exit codes 0 0
events: start, health_status: healthy, pause, unpause, health_status: healthy'

tmp=$(mktemp -d)
group=finding-$$
pid=
clean_up() {
	[ -z "$pid" ] || {
		docker rm -f box >/dev/null 2>&1 || :
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
# No check comes between `pause` and the two lines after it.
since=$(date +%s)
docker run -d --name box --network none --health-cmd : --health-interval 4s box \
	sh -c 'while :; do sleep 1; done' >/dev/null
is() { [ "$(docker inspect -f '{{.State.Health.Status}}' box)" = "$1" ]; }
say() {
	docker inspect -f "$1: {{with .State.Health}}{{.Status}}, failing streak {{.FailingStreak}}, \
exit codes{{range .Log}} {{.ExitCode}}{{end}}{{end}}" box
}
until_true is healthy
got=$(
	say running
	docker pause box >/dev/null
	say paused
	docker unpause box >/dev/null
	say unpaused
	until_true is healthy
	say 'after the next check'
	printf 'events: '
	docker events --since "$since" --until "$(($(date +%s) + 1))" --filter type=container \
		--format '{{.Action}}' | grep -Ev '^(exec_|create$)' | paste -s -d, | sed 's/,/, /g'
)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
