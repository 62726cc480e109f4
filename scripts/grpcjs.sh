#!/bin/sh
# grpcjs.sh OUT - install @grpc/grpc-js for tests/grpc/peer.js, into OUT/node_modules.
#
# npm takes the versions, and the hash of each package, from tests/grpc/package-lock.json;
# no package's own scripts run. What is there of the same lock file is left as it is.
# Exit 1, with one line that says why, if it cannot be had.
# SPDX-License-Identifier: MIT
set -eu

from=$(cd "$(dirname "$0")/../tests/grpc" && pwd)
again_min=10	# minutes until a failure is tried again
install_s=120

mkdir -p "$1"
out=$(cd "$1" && pwd)

# What could not be had is remembered, so that the next test need not wait for it.
give_up() {
	echo "grpcjs: $*" | tee "$out/missing" >&2
	exit 1
}

exec 9>"$out/.lock"
flock 9	# another run of the tests may be at it
! cmp -s "$from/package-lock.json" "$out/package-lock.json" || exit 0
if [ -n "$(find "$out/missing" -mmin -$again_min 2>/dev/null)" ]; then
	cat "$out/missing" >&2
	exit 1
fi
command -v npm >/dev/null 2>&1 || give_up "npm is missing: scripts/bootstrap test"

tmp=$(mktemp -d "$out/.npm.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cp "$from/package.json" "$from/package-lock.json" "$tmp"
echo "grpcjs: $(sed -n 's/.*"\(@grpc.*\)": "\(.*\)"/\1 \2/p' "$tmp/package.json"), by npm"
timeout $install_s npm ci --prefix "$tmp" --ignore-scripts --no-audit --no-fund \
	--no-update-notifier </dev/null >"$tmp/log" 2>&1 9>&- ||
	give_up "npm cannot install it: $(grep -i error "$tmp/log" | head -n 1)"
rm -rf "$out/missing" "$out/node_modules"
mv "$tmp/node_modules" "$out"
mv "$tmp/package-lock.json" "$out"	# last: a half-made OUT is never used
