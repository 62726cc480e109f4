# SPDX-License-Identifier: MIT
"""No architecture has slow code by accident: an HTTPS check beside amd64's."""
import pytest

import instructions

OF_AMD64 = 1.3      # arm64's at most


@pytest.fixture(scope="module", params=[instructions.GCM, instructions.CHACHA])
def server(request):
    with instructions.Server(request.param) as started:
        yield started


@pytest.fixture(autouse=True)
def _both():
    for arch in "amd64", "arm64":
        if why := instructions.why_not(arch):
            pytest.skip(why)


def test_a_check_on_arm64_takes_as_many_instructions_as_on_amd64(server):
    ours, amd64 = (instructions.check(arch, server) for arch in ("arm64", "amd64"))
    assert ours <= OF_AMD64 * amd64


def test_a_byte_on_arm64_takes_as_many_instructions_as_on_amd64_without_those_for_aes(server):
    if server.suite != instructions.GCM:
        pytest.skip("of AES only")
    ours = instructions.each_byte("arm64", server)
    assert ours <= OF_AMD64 * instructions.each_byte("amd64", server, instructions.NO_AES)
