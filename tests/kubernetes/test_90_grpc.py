"""Readiness, liveness and start-up by gRPC probes alone, of a service that knows no gRPC.

The probes are a Prober's (grpc_prober.py), since this kubelet has none.
"""
# SPDX-License-Identifier: MIT

import os
import signal
import time

import pytest

import grpc_prober
from clients import request
from cluster import processes, ready, restarts
from conftest import manifests, pod
from grpc_prober import Prober, Spec
from rollout import describe, roll_out, set_up

PORT = 4253
EAGER = {"periodSeconds": 1, "failureThreshold": 1}
PROBES = {
    "startupProbe": {"grpc": {"port": PORT, "service": "startup"}, "periodSeconds": 1,
                     "failureThreshold": 60},
    "readinessProbe": {"grpc": {"port": PORT, "service": "ready"}, **EAGER},
    "livenessProbe": {"grpc": {"port": PORT, "service": "live"}, "timeoutSeconds": 5, **EAGER},
}
CHECKED = {"HALE_LISTEN": "4253,probes", "HALE_CHECK": "http://localhost:8000/",
           "HALE_INTERVAL": "1s"}


@pytest.fixture
def prober(space):
    return Prober(space)


def app_by_grpc(replicas=3, **env):
    """app.yaml with grpc probes in the place of its httpGet, and more variables."""
    deployment, service = manifests("app.yaml")
    deployment["spec"]["replicas"] = replicas
    template = deployment["spec"]["template"]
    container = template["spec"]["containers"][0]
    container.update(PROBES)
    container["env"] = [e for e in container["env"] if e["name"] not in env]
    container["env"] += [{"name": key, "value": value} for key, value in env.items()]
    grpc_prober.move_probes(template)
    return deployment, service


def pod_by_grpc(env, **probes):
    thing = pod(env=env, probes={**PROBES, **probes}, spec={"restartPolicy": "Always"})
    grpc_prober.move_probes(thing)
    return thing


def test_a_rollout_that_knows_only_grpc_probes_loses_no_request(space, prober, figure):
    clients = roll_out(space, *app_by_grpc())
    describe(figure, "readiness by grpc", clients)
    assert all(client.sent > 300 for client in clients)
    assert [client.total for client in clients] == [0, 0]
    assert {kind for _, _, kind, passed, _ in prober.log if passed} == {
        "startup", "readiness", "liveness"}


def test_a_drain_takes_the_pod_out_of_the_endpoints_while_it_serves(space, prober, figure):
    endpoints = set_up(space, *app_by_grpc(replicas=1))
    (thing,) = space.list("pods")
    begun = time.monotonic()
    assert space.run_in(thing, "/hale", "drain", "1ms").returncode == 0
    out_s = endpoints.until(lambda known: not known) - begun
    figure(f"`hale drain` and readiness by grpc: out of the endpoints after {out_s:.1f} s")
    assert out_s < 5
    assert request(thing["status"]["podIP"], 8000) is None
    event = space.until_event(thing["metadata"]["name"], lambda e: e["reason"] == "Unhealthy")
    assert event["message"] == \
        'Readiness probe failed: service unhealthy (responded with "NOT_SERVING")'
    assert restarts(space.get("pods", thing["metadata"]["name"])) == 0


def test_a_service_that_is_not_live_is_restarted_and_ready_again(space, prober, figure):
    endpoints = set_up(space, *app_by_grpc(replicas=1, HALE_INTERVAL="1s"))
    (thing,) = space.list("pods")
    name = thing["metadata"]["name"]
    begun = time.monotonic()
    os.kill(processes(thing, "app")[0], signal.SIGUSR1)
    out_s = endpoints.until(lambda known: not known) - begun
    killing = space.until_event(name, lambda e: e["reason"] == "Killing")
    again = space.until("pods", name, lambda p: restarts(p) == 1)
    back_s = endpoints.until(bool) - begun
    last = again["status"]["containerStatuses"][0]["lastState"]["terminated"]
    figure(f"a service that is not live, by grpc: out of the endpoints after {out_s:.1f} s, "
           f"in again after {back_s:.1f} s (exit code {last['exitCode']})")
    assert killing["message"] == "Container app failed liveness probe, will be restarted"
    assert last["exitCode"] == 0
    assert "not live" in space.logs(name, previous=True)


def test_nothing_but_the_startup_probe_is_asked_until_that_has_passed(space, prober):
    space.ready_pod(pod_by_grpc({**CHECKED, "DO_LISTEN_AFTER": 2500}))
    kinds = [(kind, passed) for _, _, kind, passed, _ in prober.log]
    first = kinds.index(("startup", True))
    assert first >= 2 and set(kinds[:first]) == {("startup", False)}
    assert ("readiness", True) in kinds[first:]


def test_a_service_that_does_not_start_in_time_is_restarted(space, prober):
    name = space.start(pod_by_grpc({**CHECKED, "DO_LISTEN_AFTER": 600000},
                                   startupProbe={**PROBES["startupProbe"],
                                                 "failureThreshold": 2}))
    event = space.until_event(name, lambda e: e["reason"] == "Killing")
    assert event["message"] == "Container app failed startup probe, will be restarted"
    now = space.until("pods", name, lambda p: restarts(p) >= 1)
    assert not ready(now)


def test_the_prober_tells_a_server_without_grpc_and_an_unknown_service(space):
    """Else all the others could pass by a prober that is pleased with anything."""
    at = space.ready_pod(pod(env=CHECKED))["status"]["podIP"]

    def ask(port, service=""):
        return Spec(grpc={"port": port, "service": service}).ask(at)
    deadline = time.monotonic() + 20
    while not ask(PORT)[0]:
        assert time.monotonic() < deadline, "hale answers"
    assert ask(PORT, "ready") == (True, "service healthy")
    assert ask(PORT, "basket")[1].startswith("error: health rpc probe failed: NOT_FOUND")
    for port in (8000, 9):  # HTTP, and nobody
        passed, words = ask(port)
        assert not passed and words.startswith(("timeout: no answer", "error: ")), words
