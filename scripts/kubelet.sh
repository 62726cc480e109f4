#!/bin/sh
# kubelet.sh OUT - build the pinned kubelet and control plane into OUT.
#
# OUT/version comes last and names them, so that a half-built OUT is never
# used. The source is that of Debian's package kubernetes, which holds all its
# libraries; Debian itself builds only kubectl from it. It needs Debian's Go.
# SPDX-License-Identifier: MIT
set -eu

version=1.20.2
debian=1.20.5+really$version
orig=kubernetes_$debian.orig.tar.gz
orig_sha256=b83c0780efb182d928dc63d46488a847f161f04e40a94b96bf5247dd671ecdfc
patches=kubernetes_$debian-1.1+deb12u1.debian.tar.xz
patches_sha256=9b6e5fd41769d2b5badf2e73b274e3bcd90f85e13d06a1a4a845ccce018127d8
programs='kubelet kube-apiserver kube-controller-manager kube-scheduler'

here=$(cd "$(dirname "$0")" && pwd)
src=${HALE_SRC:-$here/../build/src}
mkdir -p "$1"
out=$(cd "$1" && pwd)
[ "$(cat "$out/version" 2>/dev/null)" != "$debian" ] || exit 0
rm -f "$out/version"

say() { echo "kubelet: $*"; }

"$here/fetch.sh" "$orig" $orig_sha256 main/k/kubernetes
"$here/fetch.sh" "$patches" $patches_sha256 main/k/kubernetes

rm -rf "$out"/.build.*	# of a build that was killed
tmp=$(mktemp -d "$out/.build.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
log=$tmp/log

# Nothing of the user's own Go may get in, nor may Go ask a module server.
unset GOROOT GOBIN GOOS GOARCH
export GOPATH="$tmp/go" GOCACHE="$tmp/cache" GO111MODULE=off CGO_ENABLED=0
export GOPROXY=off GOFLAGS='-p=2 -trimpath' GOENV=off
module=k8s.io/kubernetes
tree=$GOPATH/src/$module

unpack() {
	mkdir -p "$GOPATH/src/k8s.io"
	tar -xozf "$src/$orig" -C "$tmp"
	tar -xoJf "$src/$patches" -C "$tmp"
	mv "$tmp/kubernetes-$version" "$tree"
	cd "$tree"
	sed '/^#/d; /^$/d' "$tmp/debian/patches/series" | while read -r name; do
		patch -s -p1 <"$tmp/debian/patches/$name"
	done
}

# The API server describes its types by code that is not in the source but
# made from it, by a program that is.
describe_api() {
	cd "$tree"
	go build -o "$tmp/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
	of=$(grep -rl --include='*.go' '^// +k8s:openapi-gen=true' \
		pkg staging/src/k8s.io |
		sed "s,/[^/]*\$,,; s,^staging/src,vendor,; s,^,$module/," |
		grep -v -e /code-generator/ -e /sample-apiserver/ |
		sort -u | paste -s -d , -)
	GOROOT=$(go env GOROOT) "$tmp/openapi-gen" --logtostderr -i "$of" \
		-p $module/pkg/generated/openapi -O zz_generated.openapi \
		-h hack/boilerplate/boilerplate.generatego.txt -r "$tmp/report"
}

build() {
	cd "$tree"
	mkdir "$tmp/bin"
	key=$module/vendor/k8s.io/component-base/version
	for program in $programs; do
		echo "kubelet: $program" >&3
		go build -tags providerless,dockerless -o "$tmp/bin/" \
			-ldflags "-s -w -X $key.gitVersion=v$version \
				-X $key.gitMajor=1 -X $key.gitMinor=20" \
			"./cmd/$program"
	done
}

# A function called in a condition would lose set -e: a child keeps it.
step() {
	say "$2"
	(set -e; "$1") 3>&1 >>"$log" 2>&1 &
	if ! wait $!; then
		tail -n 20 "$log" >&2
		say "could not build $version" >&2
		exit 1
	fi
}

step unpack "unpacking Kubernetes $version"
step describe_api "generating the description of its API"
step build "building it (about 3 minutes, once)"
for program in $programs; do
	mv "$tmp/bin/$program" "$out/$program"
done
echo "$debian" >"$out/version"
say "done, in $out"
