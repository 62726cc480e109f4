#!/bin/sh
# trust.sh OUT - the trust anchors of the ca-certificates package, as
# OUT/anchors_blob.c for the binary and OUT/ca-certificates.crt for images.
#
# Only what the package itself installed counts, not what this machine was
# told to trust besides. Expired roots are left out; the day is today's, or
# SOURCE_DATE_EPOCH's, and the same day and package give the same bytes.
# SPDX-License-Identifier: MIT
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$here/..
roots=/usr/share/ca-certificates/mozilla
mkdir -p "$1"
out=$(cd "$1" && pwd)

[ -d $roots ] || "$here/bootstrap" build
if command -v dpkg-query >/dev/null 2>&1; then
	# shellcheck disable=SC2016 # dpkg's variable, not the shell's
	version=$(dpkg-query -W -f '${Version}' ca-certificates)
else
	version=$(apk list -I ca-certificates | sed 's/^ca-certificates-\([^ ]*\) .*/\1/')
fi
now=${SOURCE_DATE_EPOCH:-$(date +%s)}
now=$((now / 86400 * 86400))

tmp=$(mktemp -d "$out/.trust.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$top"
${HOSTCC:-gcc} -std=c11 -D_GNU_SOURCE -O1 -iquote include -o "$tmp/trust" scripts/trust.c \
	src/net/pem.c src/net/x509.c src/net/x509_name.c src/net/der.c \
	src/base/buf.c
find $roots -name '*.crt' | LC_ALL=C sort | tr '\n' '\0' |
	xargs -0 "$tmp/trust" "$version" "$now" "$tmp/ca-certificates.crt" \
	>"$tmp/anchors_blob.c"
mv "$tmp/ca-certificates.crt" "$out/ca-certificates.crt"
mv "$tmp/anchors_blob.c" "$out/anchors_blob.c"
echo "trust: $(sed -n 's/.*return "\(.*\)";/\1/p' "$out/anchors_blob.c")"
