"""Pods start, and the kubelet's probes ask hale."""
# SPDX-License-Identifier: MIT
from conftest import pod


def test_a_pod_starts_and_is_ready(space, figure):
    made = space.ready_pod(pod(env={"HALE_LISTEN": "4253,probes"}))
    assert made["status"]["podIP"].startswith("10.244.0.")
