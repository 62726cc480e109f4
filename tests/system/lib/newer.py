# SPDX-License-Identifier: MIT
"""Programs of Debian's newest suite, which scripts/newer.sh unpacks in build/newer."""
import functools
import os
import shutil
import subprocess

import pytest

import harness

OUT = harness.TOP / "build/newer"
MAKE_S = 280	# 20 MB of a mirror that may be slow


@functools.lru_cache(maxsize=None)
def missing():
    """None if they are unpacked now, or why not; tried once in a run."""
    try:
        done = subprocess.run((harness.TOP / "scripts/newer.sh", OUT), text=True, check=False,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=MAKE_S)
    except subprocess.TimeoutExpired:
        return f"newer: not done after {MAKE_S} s"
    return None if done.returncode == 0 else done.stderr or "newer: failed without a word"


def versions():
    """{package: its version}; unpacks them if they are not there yet."""
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get, and so no packages of Debian's newest suite")
    assert missing() is None, missing()
    lines = (OUT / "versions").read_text(encoding="ascii").splitlines()
    return {name: version for name, version, _ in map(str.split, lines)}


def version(package):
    return versions()[package]


def program(name):
    """The path of what starts it."""
    assert versions()
    path = os.fspath(OUT / "bin" / name)
    assert os.path.exists(path), f"no package of scripts/newer.sh has {name}"
    return path
