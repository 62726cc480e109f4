"""What scripts/swarm leaves behind, however it ends: nothing.

This runs outside the swarm's namespaces (pytest --noconftest).
"""
# SPDX-License-Identifier: MIT

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
pytest.register_assert_rewrite("left_behind")

from left_behind import Script, test_nothing_is_left_behind  # noqa: E402,F401

PLACES = ("/var/run/docker/netns", "/var/lib/docker", "/etc/docker")
LINKS = ("nodes", "node1", "node2", "node3", "docker0", "docker_gwbridge")


@pytest.fixture
def script():
    return Script("swarm", PLACES, ("net/ipv4/ip_forward",), LINKS)
