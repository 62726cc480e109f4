#!/bin/sh
# newer.sh OUT - unpack programs of Debian's newest suite, with the libraries they
# need, into OUT: TLS servers and HTTP/2 clients for the tests, besides this system's own.
# newer.sh OUT PACKAGE... - these, as they are in OUT/root, to run with this system's
# libraries: Go's need nothing else.
# newer.sh -d REGEX OUT PACKAGE... - and of the packages that they need those that match.
#
# OUT/bin/PROGRAM starts one; nothing is installed, and neither library nor loader
# of this system is used. OUT/versions names each package, its version and the
# suite, and comes last, so that a half-made OUT is never used. Sid is asked first:
# where it cannot be read or does not fit together that day, testing and stable are.
# SUITES="..." asks these instead.
# SPDX-License-Identifier: MIT
set -eu

suites=${SUITES:-sid testing stable}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { echo "newer: $*"; }
fail() { echo "newer: $*" >&2; exit 1; }

also=
if [ "$1" = -d ]; then
	also=$2
	shift 2
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
plain=$*
packages=${plain:-openssl gnutls-bin libnss3-tools caddy miniserve nghttp2-client}
exec 9>"$out/.lock"
flock 9	# another run of the tests may be at it

# Made already, of these packages.
is_whole() {
	for p in $packages; do
		grep -q "^$p " "$out/versions" 2>/dev/null || return 1
	done
}
! is_whole || exit 0
[ -e $keyring ] || fail "there is no $keyring: scripts/bootstrap test"

rm -rf "$out"/versions "$out"/root "${out:?}"/bin "$out"/.apt.*
tmp=$(mktemp -d "$out/.apt.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$tmp/etc/apt.conf.d" "$tmp/etc/preferences.d" "$tmp/lists/partial" \
	"$tmp/cache/archives/partial" "$tmp/debs"
: >"$tmp/status"
cat >"$tmp/apt.conf" <<EOF
Dir::Etc "$tmp/etc";
Dir::Etc::sourceparts "-";
Dir::State "$tmp";
Dir::State::lists "$tmp/lists";
Dir::State::status "$tmp/status";
Dir::Cache "$tmp/cache";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
EOF

# An apt that knows one suite and a system on which nothing is installed.
apt() { APT_CONFIG=$tmp/apt.conf apt-get -q "$@" >>"$tmp/log" 2>&1 9>&-; }

# What would be installed; of what a program needs only libraries are of use here.
needed() {
	[ -z "$plain" ] || [ -n "$also" ] || { echo "$plain"; return; }
	# shellcheck disable=SC2086 # a list of packages
	APT_CONFIG=$tmp/apt.conf apt-get -s install $packages 2>>"$tmp/log" 9>&- |
		sed -n 's/^Inst \([^ ]*\).*/\1/p' |
		grep -E "${also:-^(lib|zlib1g|openssl-provider)}|^($(echo $packages | tr ' ' '|'))\$"
}

# A mirror that stands still has lists past their day; their signatures still hold.
download() {
	echo "deb [check-valid-until=no signed-by=$keyring] $mirror $1 main" \
		>"$tmp/etc/sources.list"
	# shellcheck disable=SC2086 # a list of packages
	rm -rf "$tmp/debs" && mkdir "$tmp/debs" && cd "$tmp/debs" &&
		apt -o APT::Update::Error-Mode=any update &&
		names=$(needed) && apt download $names
}

for suite in $suites; do
	say "$packages, of $suite"
	! download "$suite" || break
	say "no luck with $suite"
	suite=
done
[ -n "$suite" ] || { tail -n 20 "$tmp/log" >&2; fail "cannot get them"; }

for deb in "$tmp"/debs/*.deb; do
	dpkg-deb -x "$deb" "$out/root"
done

# A program by this suite's loader, and with nothing of the system's OpenSSL.
wrap() {
	start="$loader --library-path $libraries --argv0 $2 $1"
	"$loader" --library-path "$libraries" --list "$1" >/dev/null 2>&1 ||
		start=$1	# static
	cat >"$2" <<-EOF
	#!/bin/sh
	export OPENSSL_CONF=\${OPENSSL_CONF-/dev/null}
	export OPENSSL_MODULES=$libraries/ossl-modules
	exec $start "\$@"
	EOF
	chmod 755 "$2"
}

find_libraries() {
	for loader in "$out"/root/usr/lib*/ld-linux*.so.* \
	    "$out"/root/lib*/ld-linux*.so.*; do
		[ ! -e "$loader" ] || break
	done
	libraries=$(dirname "$(find "$out/root/usr/lib" -name libssl.so.3)")
}

# The programs of a package, by their names in OUT/bin.
wrap_all() {
	for program in $(dpkg-deb -c "$1" | sed -n 's,^-rwx.* \./usr/s*bin/,,p'); do
		wrap "$out/root/usr/bin/$program" "$out/bin/$program"
	done
}

mkdir "$out/bin"
[ -n "$plain" ] || find_libraries
for p in $packages; do
	deb=$(echo "$tmp/debs/${p}"_*.deb)
	[ -n "$plain" ] || wrap_all "$deb"
	echo "$p $(dpkg-deb -f "$deb" Version) $suite" >>"$tmp/versions"
done
mv "$tmp/versions" "$out/versions"
cat "$out/versions"
