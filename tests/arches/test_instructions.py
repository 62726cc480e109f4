# SPDX-License-Identifier: MIT
"""No slow code is taken by accident on arm64: HTTPS there beside amd64's, in instructions.

They are counted: these tests may run on a busy machine.
"""
import pytest

import instructions

OF_AMD64 = 1.3


@pytest.fixture(autouse=True)
def _both():
    for arch in "amd64", "arm64":
        if why := instructions.why_not(arch):
            pytest.skip(why)


@pytest.mark.parametrize("suite", [instructions.GCM, instructions.CHACHA])
def test_a_check_on_arm64_takes_hardly_more_instructions_than_on_amd64(suite):
    with instructions.Server(suite) as server:
        ours, amd64 = (instructions.check(arch, server) for arch in ("arm64", "amd64"))
    assert ours <= OF_AMD64 * amd64


def test_aes_on_arm64_takes_hardly_more_instructions_than_on_amd64_without_those_for_aes():
    with instructions.Server(instructions.GCM) as server:
        ours = instructions.each_byte("arm64", server)
        amd64 = instructions.each_byte("amd64", server, instructions.NO_AES)
    assert ours <= OF_AMD64 * amd64
