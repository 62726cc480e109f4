#!/bin/sh
# curl-max-time-passes-letters-over.sh - `curl -m 1m` gives up after a second, not
# after a minute
#
# curl 7.88 refuses a time with letters, as in -m 1m, with exit 2. From 8.14.1 on (the
# first measured) what follows the number is passed over without a word: 1m, 1s and 1h
# are one second each, and so are 1,5 and 1e3. In turn .5 and 5., which 7.88 takes, are
# exit 2 now.
#
# Fails when that changes. Needs apt, dpkg, Debian's mirror and python3; touches nothing
# outside a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

WANT='-m 1m: exit 28 within 3 s
-m 1h: exit 28 within 3 s
-m 1,5: exit 28 within 3 s
-m 1e3: exit 28 within 3 s
-m .5: exit 2 within 3 s
-m 5.: exit 2 within 3 s'

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

"$here/../scripts/newcurl.sh" "$tmp/newcurl"
"$tmp/newcurl/curl" --version | head -n 1

cat >"$tmp/ask.py" <<'PY'
import socket
import subprocess
import sys
import time

silent = socket.create_server(("127.0.0.1", 0))     # connects, says nothing
url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
for value in ("1m", "1h", "1,5", "1e3", ".5", "5."):
    start = time.monotonic()
    code = subprocess.run([sys.argv[1], "-q", "-s", "--noproxy", "*", "-m", value, url],
                          stderr=subprocess.DEVNULL, timeout=60, check=False).returncode
    within = "within" if time.monotonic() - start < 3 else "not within"
    print(f"-m {value}: exit {code} {within} 3 s")
PY
got=$(python3 "$tmp/ask.py" "$tmp/newcurl/curl")
echo "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
