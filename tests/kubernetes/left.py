"""What scripts/kubernetes leaves behind, however it ends: nothing.

This runs outside the cluster's namespaces (pytest --noconftest).
"""
# SPDX-License-Identifier: MIT

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
pytest.register_assert_rewrite("left_behind")

from left_behind import Script, test_nothing_is_left_behind  # noqa: E402,F401

SYSCTLS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic",
           "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
           "kernel/keys/root_maxbytes", "net/ipv4/ip_forward")
PLACES = ("/run/containerd", "/run/cni", "/etc/cni", "/var/lib/kubelet", "/var/lib/cni",
          "/var/lib/containerd", "/var/log/pods", "/var/log/containers",
          "/usr/libexec/kubernetes", "/opt/cni")


@pytest.fixture
def script():
    return Script("kubernetes", PLACES, SYSCTLS, links=("cni0",),
                  mounts=("/var/lib", "/var/log"), below=("/proc/sys/", *PLACES))
