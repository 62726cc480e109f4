#!/bin/sh
# go-stops-after-nine-redirects.sh - Go's http.Client says "stopped after 10
# redirects" when it has followed nine
#
# Its limit counts the requests that it has made, the first one included: a
# chain of nine redirects is followed to its end, one of ten is an error whose
# text names ten. curl's --max-redirs 10 follows ten. The kubelet's HTTP probes
# count in the same way (pkg/probe/http), so a service behind a chain of ten
# passes a check by curl and fails its probe.
#
# Fails when that changes. Needs apt and dpkg; touches nothing outside a
# temporary folder.
# SPDX-License-Identifier: MIT
set -eu

VERSION=1.19.8-2	# of golang-1.19-go and golang-1.19-src, Debian 12
WANT='9 redirects: 10 requests, 200 OK
10 redirects: 10 requests, stopped after 10 redirects
11 redirects: 10 requests, stopped after 10 redirects'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "golang-1.19-go=$VERSION" \
	"golang-1.19-src=$VERSION" >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
cp -r root/usr/lib/go-1.19 goroot
rm goroot/src goroot/pkg/include	# links out of the folder
cp -r root/usr/share/go-1.19/src goroot/
cp -r root/usr/share/go-1.19/pkg/include goroot/pkg/

cat >main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
)

func main() {
	for _, chain := range []int{9, 10, 11} {
		requests := 0
		server := httptest.NewServer(http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				requests++
				if requests <= chain {
					http.Redirect(w, r, "/", http.StatusFound)
				}
			}))
		answer, err := http.Get(server.URL)
		var failed *url.Error
		how := ""
		if errors.As(err, &failed) {
			how = failed.Err.Error()
		} else {
			how = answer.Status
		}
		fmt.Printf("%d redirects: %d requests, %s\n", chain, requests, how)
		server.Close()
	}
}
GO
export GOROOT="$tmp/goroot" GOPATH="$tmp/go" GOCACHE="$tmp/cache" GO111MODULE=off \
	GOENV=off CGO_ENABLED=0
goroot/bin/go version
got=$(goroot/bin/go run main.go)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
