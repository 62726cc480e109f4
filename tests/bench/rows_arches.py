# SPDX-License-Identifier: MIT
"""Rows of what each architecture that is built costs beside amd64: the file, and the
instructions of HTTPS, counted by qemu, whose amd64 has instructions for AES.

A server may insist on either suite; hale asks for AES-GCM first where the CPU has
instructions for AES, and for ChaCha20 first elsewhere.
"""
import os
import sys

import rows

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(TOP, "tests/arches"))
import instructions  # noqa: E402

SIZE_OF_AMD64 = 1.25        # every architecture's
CHECK_OF_AMD64 = 1.3        # arm64's
SUITES = instructions.GCM, instructions.CHACHA


def _row(what, values, form, bound=None, bound_to=None):
    """values: {arch: a list of figures}."""
    ratios = {arch: max(ours / theirs for ours, theirs in zip(found, values["amd64"]))
              for arch, found in values.items()}
    compared = {arch: ratio for arch, ratio in ratios.items()
                if bound and bound_to in (None, arch)}
    most = max(compared.values(), default=None)
    texts = {"hale" if arch == "amd64" else arch: " / ".join(map(form, found))
             for arch, found in values.items()}
    return rows.Row(what, f"{bound_to or 'each'} <= {bound} x amd64" if bound else "-", texts,
                    rows.times(most), most <= bound if compared else None)


def _counted(bench, count, known):
    values = {arch: [] for arch in known}
    for suite in SUITES:
        with instructions.Server(suite) as server:
            for arch in known:
                bench.progress(f"instructions: {arch}, {suite}")
                values[arch].append(count(arch, server))
    return values


def arches(bench):
    known = [arch for arch in instructions.QEMU if instructions.why_not(arch) is None]
    if "amd64" not in known:
        return []
    sizes = {arch: [os.path.getsize(instructions.binary(arch))] for arch in known}
    checks = _counted(bench, instructions.check, known)
    each = _counted(bench, instructions.each_byte, known)
    return [
        _row("the file on each architecture: KB", sizes, lambda size: f"{size / 1024:.0f}",
             SIZE_OF_AMD64),
        _row("one HTTPS check by qemu, AES-GCM / ChaCha20: M instructions", checks,
             lambda count: f"{count / 1e6:.1f}", CHECK_OF_AMD64, "arm64"),
        _row("a byte that is got, AES-GCM / ChaCha20: instructions", each,
             lambda count: f"{count:.0f}"),
    ]


ROWS = {"arches": arches}
