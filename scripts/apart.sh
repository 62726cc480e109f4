#!/bin/sh
# apart.sh - run tests in namespaces and cgroups of their own, and leave nothing.
#
# scripts/kubernetes and scripts/swarm read it by `.` and end with `apart "$@"`. Before,
# they set `what`, which names the tests' folder in tests/ and theirs in build/, and
#
#   provide	gets or builds what the tests need
#   prepare	mounts and exports it, in the namespaces, where only they see it
#
# From here they have root, out (build/$what; logs stay in its log), run (a tmpfs, in
# the namespaces only), say, fail and hierarchies. The tests find run and log as
# APART_RUN and APART_LOG.
#
# What is left when the script's shell ends, however it ends, is removed by a cleaner,
# which reads the pipe that only this shell holds open.
# SPDX-License-Identifier: MIT
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
id=$(printf %s "$root" | cksum | cut -d ' ' -f 1)
name=hale-${what:?}-$id	# the parent of all its cgroups
out=$root/build/$what
run=/run/hale-$what
CLEAN_TRIES=300	# of 0.1 s, for killed processes to be gone

say() { echo "$what: $*"; }
fail() { say "$*" >&2; exit 1; }

# Our group in each hierarchy of cgroup v1, or the one of v2.
groups() {
	find /sys/fs/cgroup -maxdepth 2 -type d -name "$name" 2>/dev/null
}

pids() {
	groups | while read -r at; do
		find "$at" -name cgroup.procs -exec cat {} + 2>/dev/null
	done | sort -u
}

# Kill all in our groups, then remove these.
clean() {
	tries=0
	while left=$(pids) && [ -n "$left" ]; do
		[ $tries -lt $CLEAN_TRIES ] || fail "still there: $left"
		# shellcheck disable=SC2086 # a list of pids
		kill -9 $left 2>/dev/null || :
		sleep 0.1
		tries=$((tries + 1))
	done
	while [ -n "$(groups)" ] && [ $tries -lt $CLEAN_TRIES ]; do
		groups | while read -r at; do
			find "$at" -depth -type d -exec rmdir {} + 2>/dev/null || :
		done
		[ -z "$(groups)" ] || sleep 0.1
		tries=$((tries + 1))
	done
	[ -z "$(groups)" ] || fail "cannot remove $(groups)"
}

# Where the hierarchies are mounted: type, options, place.
hierarchies() {
	awk '$2 ~ "^/sys/fs/cgroup" && $3 ~ /^cgroup2?$/ { print $3, $4, $2 }' \
		/proc/mounts
}

# Put this shell into our group of each hierarchy.
enter_groups() {
	hierarchies | while read -r _ _ at; do
		mkdir "$at/$name"
		# A new group of v1 has no processors and no memory node of its own.
		if [ -e "$at/$name/cpuset.mems" ] && [ ! -e "$at/cgroup.controllers" ]; then
			cat "$at/cpuset.cpus" >"$at/$name/cpuset.cpus"
			cat "$at/cpuset.mems" >"$at/$name/cpuset.mems"
			echo 1 >"$at/$name/cgroup.clone_children"
		fi
		echo $$ >"$at/$name/cgroup.procs"
	done
}

# Mounts that only this namespace sees: of the hierarchies, from our groups down.
mount_own() {
	all=$(hierarchies)
	mount -t tmpfs -o mode=755 run /run
	mkdir "$run" "$run/tmp"
	mount -t sysfs sysfs /sys
	case $all in
	*' /sys/fs/cgroup') ;;	# v2
	*) mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup ;;
	esac
	echo "$all" | while read -r type options at; do
		mkdir -p "$at"
		options=$(echo "$options" | tr , '\n' |
			grep -vx -e rw -e relatime -e noatime -e nosuid -e nodev \
				-e noexec -e nsdelegate -e memory_recursiveprot |
			paste -s -d , -)
		mount -t "$type" ${options:+-o "$options"} cgroup "$at"
	done
}

# The first process of the namespaces; when it ends the kernel ends the rest.
inside() {
	mount_own
	export TMPDIR="$run/tmp" PYTHONDONTWRITEBYTECODE=1
	export APART_RUN="$run" APART_LOG="$out/log"
	prepare
	mount --make-rshared /
	ip link set lo up
	cd "$root"
	if [ "${1-}" = --hold ]; then
		set -- "tests/$what/hold.py"
	else
		set -- -m pytest -p no:cacheprovider "tests/$what" "$@"
	fi
	# Not exec: this shell takes in the orphans.
	/usr/bin/python3 "$@" &
	wait $!
}

# Only one run of a clone at a time; the cleaner holds the lock too.
build() {
	[ "$(id -u)" = 0 ] || fail "needs root"
	mkdir -p "$out"
	exec 8>"$out/lock"
	flock -n 8 || { say "waiting for the run before this one"; flock 8; }
	provide 8>&-
}

outside() {
	build
	clean
	rm -rf "$out/log" "$out/alive"
	mkdir "$out/log"
	mkfifo "$out/alive"
	setsid "$0" --clean <"$out/alive" &
	cleaner=$!
	exec 9>"$out/alive"
	rm "$out/alive"
	trap 'exec 9>&-; wait $cleaner' EXIT
	trap 'exit 1' HUP INT TERM
	# In the background, or no trap would run before it ends. It holds the
	# pipe too until it is where the cleaner looks.
	"$0" --enter "$@" </dev/null 8>&- &
	wait $!
}

apart() {
	case ${1-} in
	--build)
		build ;;
	--clean)
		trap '' HUP INT TERM
		cat >/dev/null
		clean ;;
	--enter)
		shift
		enter_groups
		exec 9>&-
		exec unshare --mount --pid --net --uts --ipc --cgroup --fork \
			--kill-child=KILL --mount-proc "$0" --inside "$@" ;;
	--inside)
		shift
		inside "$@" ;;
	*)
		outside "$@" ;;
	esac
}
