# SPDX-License-Identifier: MIT
"""The curls that hale is compared with: this system's, and the newest that Debian has.

hale does as the newest. Where curl has changed, a comparison names the version
SINCE which it does so; of MEASURED that is the first. In between nobody has looked:
a curl from there may do either. What one does that is newer than all of them is a
warning: it is to be measured, and hale is no worse than before.
"""
import contextlib
import functools
import re
import shutil
import subprocess
import warnings

import harness

MEASURED = [(7, 88, 1), (8, 14, 1), (8, 21, 0), (8, 22, 0), (8, 23, 0)]
UNPACKED = harness.TOP / "build" / "newcurl"
FETCH_S = 590   # two archives of package lists, over a slow line


def parse(text):
    """The version in a text as three numbers."""
    return tuple(map(int, re.search(r"(\d+)\.(\d+)\.(\d+)", text).groups()))


class Curl:
    def __init__(self, program):
        self.program = str(program)
        told = subprocess.run([program, "--version"], capture_output=True, text=True,
                              check=True, timeout=harness.DEADLINE).stdout
        self.version = parse(told)
        self.name = "curl " + ".".join(map(str, self.version))

    def is_since(self, since):
        """Whether it does what curl does since then; None: perhaps."""
        if since is None:
            return True
        first = parse(since)
        if self.version >= first:
            return True
        if self.version <= max(version for version in MEASURED if version < first):
            return False
        return None

    @contextlib.contextmanager
    def judge(self):
        """What fails in here is a failure, but with a curl that nobody has measured."""
        try:
            yield
        except AssertionError as wrong:
            if self.version <= MEASURED[-1]:
                raise
            warnings.warn(f"{self} is newer than all that were measured: {wrong}")

    def __repr__(self):
        return self.name


@functools.lru_cache(maxsize=None)
def newest():
    """Debian's newest curl, or a text that says why there is none."""
    try:
        done = subprocess.run([harness.TOP / "scripts" / "newcurl.sh", UNPACKED], text=True,
                              timeout=FETCH_S, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"newcurl: not done after {FETCH_S} s"
    if done.returncode != 0:
        return done.stderr.strip() or "newcurl: failed without a word"
    return Curl(UNPACKED / "curl")


@functools.lru_cache(maxsize=None)
def all_of_them():
    """This system's curl and the newest, from old to new; those that there are."""
    found = [Curl(path) for path in [shutil.which("curl")] if path]
    found += [curl for curl in [newest()] if isinstance(curl, Curl)]
    return sorted({curl.version: curl for curl in found}.values(), key=lambda curl: curl.version)
