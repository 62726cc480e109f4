"""Pods of several shapes: several hales in one, shared namespaces, no rights."""
# SPDX-License-Identifier: MIT

import pytest

from cluster import processes, restarts
from conftest import pod

SHAPES = {
    "own": {},
    "shareProcessNamespace": {"shareProcessNamespace": True},
    "hostNetwork": {"hostNetwork": True},
    "hostPID": {"hostPID": True},
}
PROBE = {"exec": {"command": ["/hale", "check", "--ready"]}, "periodSeconds": 1,
         "failureThreshold": 1}


def container(name, port, **env):
    made = pod(name, env={"DO_PORT": port, "HALE_INTERVAL": "1s",
                          "HALE_CHECK": f"http://localhost:{port}/", **env},
               probes={"readinessProbe": PROBE})
    return made["spec"]["containers"][0]


@pytest.mark.parametrize("shape", SHAPES)
def test_three_hales_in_one_pod_each_answer_for_themselves(space, shape):
    """The second one's check is of a port where nobody listens."""
    thing = pod("a", spec=SHAPES[shape])
    thing["spec"]["containers"] = [
        container("a", 8001), container("b", 8002, HALE_CHECK="http://localhost:8009/"),
        container("c", 8003)]
    name = space.start(thing)

    def settled(now):
        found = now["status"].get("containerStatuses") or ()
        return [c["ready"] for c in found] == [True, False, True]
    now = space.until("pods", name, settled)
    event = space.until_event(name, lambda e: e["reason"] == "Unhealthy" and
                              "8009" in e["message"])
    assert event["involvedObject"]["fieldPath"] == "spec.containers{b}"
    checks = [space.run_in(now, "/hale", "check", container=n) for n in range(3)]
    assert [done.returncode for done in checks] == [0, 1, 0]
    assert "8009" in checks[1].stdout
    assert len(processes(now, "hale")) == 3
    assert sum(restarts(now, n) for n in range(3)) == 0


def test_the_restricted_security_context_is_enough(space):
    thing = pod(env={"HALE_LISTEN": "4253,probes", "HALE_CHECK": "http://localhost:8000/",
                     "HALE_INTERVAL": "1s"},
                probes={"readinessProbe": PROBE,
                        "livenessProbe": {"httpGet": {"path": "/livez", "port": 4253}}},
                securityContext={
                    "runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532,
                    "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "seccompProfile": {"type": "RuntimeDefault"}})
    now = space.ready_pod(thing)
    done = space.run_in(now, "/hale", "check")
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    assert space.run_in(now, "/hale", "status").returncode == 0
    log = space.logs("app")
    assert "hale: " not in log, "no warning"
