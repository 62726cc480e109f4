#!/bin/sh
# loader-origin-needs-proc.sh - a program whose libraries are found by $ORIGIN does not
# start where /proc is not mounted, with glibc's loader and with musl's
#
# Both ask the link /proc/self/exe where the program is, and drop the path without a
# word if they get no answer: neither the error nor glibc's LD_DEBUG=libs names it. The
# $ORIGIN of a library works all the same, since the loader has that file's name. What
# helps without /proc is to start the program by its loader, and for glibc the variable
# LD_ORIGIN_PATH. So a relocatable runtime fails in an early chroot in which an
# ordinary program starts.
#
# Fails when that changes. Needs apt, dpkg, gcc, chroot, unshare and root (for a mount
# namespace); touches nothing outside a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

GLIBC=2.36-9+deb12u14	# of libc6, Debian 12
MUSL=1.2.3-1	# of musl, Debian 12
WANT='glibc, no /proc: not found
glibc, no /proc, LD_DEBUG=libs: not found, no line with /app
glibc, no /proc, LD_LIBRARY_PATH for the first library: starts
glibc, no /proc, by its loader: starts
glibc, no /proc, LD_ORIGIN_PATH: starts
glibc, /proc: starts
musl, no /proc: not found
musl, no /proc, LD_LIBRARY_PATH for the first library: starts
musl, no /proc, by its loader: starts
musl, no /proc, LD_ORIGIN_PATH: not found
musl, /proc: starts'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "libc6=$GLIBC" "musl=$MUSL" >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" packages
done
mkdir -p top/app/lib/more top/lib top/proc
cp -L "$(find packages -name libc.so.6)" top/lib/libc.so.6
cp -L "$(find packages -name 'ld-linux*.so.*' | head -n 1)" top/lib/glibc
cp -L "$(find packages -name 'ld-musl-*.so.1')" top/lib/musl
top/lib/libc.so.6 | head -n 1
{ top/lib/musl 2>&1 || :; } | sed -n 's/^Version/musl/p'

# The program needs libfirst in lib/, which needs libsecond in lib/more/.
cat >program.c <<'C'
int first(void);
void _exit(int code);
void _start(void) { _exit(first()); }
C
echo 'int second(void); int first(void) { return second(); }' >first.c
echo 'int second(void) { return 42; }' >second.c
gcc -shared -nostdlib -fPIC -o top/app/lib/more/libsecond.so second.c
# shellcheck disable=SC2016 # for the loader
gcc -shared -nostdlib -fPIC -o top/app/lib/libfirst.so first.c -Ltop/app/lib/more -lsecond \
	-Wl,--enable-new-dtags,-rpath,'$ORIGIN/more'
for loader in glibc musl; do
	# shellcheck disable=SC2016
	gcc -nostdlib -o top/app/$loader program.c -Ltop/app/lib -lfirst -Ltop/lib -l:libc.so.6 \
		-Wl,--enable-new-dtags,-rpath,'$ORIGIN/lib' -Wl,--allow-shlib-undefined \
		-Wl,--dynamic-linker=/lib/$loader
done

cat >try.sh <<'SH'
# try WORDS COMMAND...: what comes of it in the chroot.
try() {
	name=$1 code=0 end=
	shift
	env -i "$@" >log 2>&1 || code=$?
	case $name in
	*LD_DEBUG*) grep -v ': error while' log | grep -q /app/lib || end=', no line with /app' ;;
	esac
	case $code in
	42)	echo "$name: starts$end" ;;
	127)	echo "$name: not found$end" ;;
	*)	echo "$name: code $code"; cat log ;;
	esac
}
for it in glibc musl; do
	try "$it, no /proc" /usr/sbin/chroot top /app/$it
	[ $it = musl ] || try "$it, no /proc, LD_DEBUG=libs" LD_DEBUG=libs /usr/sbin/chroot top /app/$it
	try "$it, no /proc, LD_LIBRARY_PATH for the first library" \
		LD_LIBRARY_PATH=/app/lib /usr/sbin/chroot top /app/$it
	try "$it, no /proc, by its loader" /usr/sbin/chroot top /lib/$it /app/$it
	try "$it, no /proc, LD_ORIGIN_PATH" LD_ORIGIN_PATH=/app /usr/sbin/chroot top /app/$it
	mount -t proc proc top/proc
	try "$it, /proc" /usr/sbin/chroot top /app/$it
	umount top/proc
done
SH
got=$(unshare --mount sh try.sh)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
