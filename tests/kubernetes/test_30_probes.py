"""The kubelet's probes, answered by hale or by `hale check`."""
# SPDX-License-Identifier: MIT

import os
import signal
import time

import pytest

import cluster as kubernetes
from cluster import condition, processes, ready, restarts
from conftest import manifests, pod
from endpoints import Endpoints

CHECKED = {"HALE_LISTEN": "4253,probes", "HALE_CHECK": "http://localhost:8000/",
           "HALE_INTERVAL": "1s"}
EAGER = {"periodSeconds": 1, "failureThreshold": 1}


def asked(way):
    """The three probes, each by httpGet, tcpSocket or exec."""
    def probe(path, word, port):
        return {"http": {"httpGet": {"path": path, "port": 4253}},
                "tcp": {"tcpSocket": {"port": port}},
                "exec": {"exec": {"command": ["/hale", "check", word]}}}[way]
    return {
        "startupProbe": {**probe("/startupz", "--startup", 8000), "periodSeconds": 1,
                         "failureThreshold": 60},
        "readinessProbe": {**probe("/readyz", "--ready", 8000), **EAGER},
        "livenessProbe": {**probe("/livez", "--live", 4253), **EAGER},
    }


@pytest.mark.parametrize("way", ["http", "tcp", "exec"])
def test_a_pod_is_ready_once_its_service_listens_and_not_before(space, figure, way):
    begun = time.monotonic()
    now = space.ready_pod(pod(env={**CHECKED, "DO_LISTEN_AFTER": 1500},
                              probes=asked(way)))
    took_s = time.monotonic() - begun
    figure(f"probes by {way}: ready {took_s:.1f} s after its creation, where the service "
           "listens after 1.5 s")
    assert 1.5 < took_s < 8
    assert restarts(now) == 0
    assert now["status"]["containerStatuses"][0]["started"]


def test_a_service_that_answers_500_leaves_the_endpoints_and_comes_back(space, figure):
    service = manifests("app.yaml")[1]
    space.apply(service)
    env = {**CHECKED, "HALE_READY_CHECK": CHECKED["HALE_CHECK"]}
    del env["HALE_CHECK"]
    thing = space.ready_pod(pod(env=env, probes=asked("http"), ports=[
        {"name": "http", "containerPort": 8000}]))
    endpoints = Endpoints(space, "app")
    endpoints.until(bool)
    app = processes(thing, "app")[0]
    begun = time.monotonic()
    os.kill(app, signal.SIGUSR1)
    out_s = endpoints.until(lambda known: not known) - begun
    event = space.until_event("app", lambda e: e["reason"] == "Unhealthy")
    begun = time.monotonic()
    os.kill(app, signal.SIGUSR1)
    back_s = endpoints.until(bool) - begun
    figure(f"a service that answers 500: out of the endpoints after {out_s:.1f} s, back "
           f"after {back_s:.1f} s (interval 1 s, 3 retries, period 1 s)")
    assert 1 < out_s < 5 and back_s < 4
    assert event["message"].startswith("Readiness probe failed: HTTP probe failed with")
    assert restarts(space.get("pods", "app")) == 0


def one_replica(**env):
    """The Deployment of the README, one pod of it, other variables."""
    env = {"HALE_INTERVAL": "1s", **env}
    deployment, service = manifests("app.yaml")
    deployment["spec"]["replicas"] = 1
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [e for e in container["env"] if e["name"] not in env]
    container["env"] += [{"name": key, "value": value} for key, value in env.items()
                         if value]
    return deployment, service, container


# A service that is not live is not drained, and without --stop-timeout it gets
# SIGKILL after 10 s.
@pytest.mark.parametrize("what, sick, env, least_s, most_s, code", [
    ("stopped", signal.SIGSTOP, {}, 0, 3, 0),  # hale wakes it for its SIGTERM
    ("broken and deaf", signal.SIGUSR1, {"DO_DEAF": "1", "HALE_STOP_TIMEOUT": None},
     9, 13, 137),
], ids=["stopped", "broken-deaf"])
def test_a_service_that_is_not_live_leaves_the_endpoints_and_is_restarted(
        space, figure, what, sick, env, least_s, most_s, code):
    deployment, service, container = one_replica(**env)
    container["livenessProbe"]["periodSeconds"] = 1
    space.apply(service)
    space.apply(deployment)
    endpoints = Endpoints(space, "app")
    endpoints.until(bool)
    name = space.list("pods")[0]["metadata"]["name"]
    thing = space.until("pods", name, ready)
    begun = time.monotonic()
    os.kill(processes(thing, "app")[0], sick)
    out_s = endpoints.until(lambda known: not known) - begun
    killing = space.until_event(name, lambda e: e["reason"] == "Killing")
    asked_s = time.monotonic() - begun
    again = space.until("pods", name, lambda p: restarts(p) == 1)
    restarted_s = time.monotonic() - begun
    endpoints.until(bool)
    last = again["status"]["containerStatuses"][0]["lastState"]["terminated"]
    figure(f"a service that is {what}: out of the endpoints after {out_s:.1f} s, told to "
           f"stop after {asked_s:.1f} s, restarted after {restarted_s:.1f} s (exit code "
           f"{last['exitCode']}), in again after {time.monotonic() - begun:.1f} s")
    assert 2 < out_s < 7
    assert "failed liveness probe, will be restarted" in killing["message"]
    assert last["exitCode"] == code
    assert least_s < restarted_s - asked_s < most_s
    assert "not live" in space.logs(name, previous=True)


def test_hale_check_answers_before_the_kubelets_second_is_over(space):
    """Where hale itself hangs, the event holds the reason."""
    thing = space.ready_pod(pod(probes={"readinessProbe": asked("exec")["readinessProbe"]}))
    os.kill(processes(thing, "hale")[0], signal.SIGSTOP)
    event = space.until_event("app", lambda e: e["reason"] == "Unhealthy")
    os.kill(processes(thing, "hale")[0], signal.SIGCONT)
    assert "hale: asking the supervisor: timed out" in event["message"]


def test_probes_that_fail_for_the_same_reason_are_one_event_that_counts(space, figure):
    """Draining too: the kubelet tells events apart by their text."""
    env = {**CHECKED, "HALE_DRAIN": "6s"}
    env.pop("HALE_LISTEN")
    thing = space.ready_pod(pod(env=env, probes={
        "readinessProbe": asked("exec")["readinessProbe"]}))
    app = processes(thing, "app")[0]
    os.kill(app, signal.SIGUSR1)
    sick = space.until_event("app", lambda e: e["reason"] == "Unhealthy" and
                             e["count"] >= 3)
    os.kill(app, signal.SIGUSR1)
    space.until("pods", "app", ready)
    space.delete("pods", "app")
    space.until_ended("app")
    found = {e["message"]: e["count"] for e in space.events("app")
             if e["reason"] == "Unhealthy"}
    figure(f"events of exec probes: {found}")
    drained = [m for m in found if "draining: SIGTERM came" in m]
    assert len(drained) == 1 and found[drained[0]] >= 3
    assert found[sick["message"]] >= 3
    # The kubelet's own words, where a probe begins before the end, are one more.
    assert len([m for m in found if "Readiness probe failed" in m]) == 2


def test_a_worker_without_a_port_waits_for_its_queue_and_is_probed_by_exec(space, figure):
    queue = space.ready_pod(pod("queue", "bare:1", {"DO_PORT": 5672, "DO_LISTEN_AFTER": 2500},
                                {"readinessProbe": {"exec": {"command": ["/app", "ping"]}}}))
    worker = manifests("batch.yaml")[0]
    worker["spec"]["template"]["spec"]["hostAliases"] = [
        {"ip": queue["status"]["podIP"], "hostnames": ["queue"]}]
    begun = time.monotonic()
    space.apply(worker)
    space.until("Deployment", "worker", lambda d: condition(d, "Available"))
    figure(f"`hale wait` as init container: available {time.monotonic() - begun:.1f} s "
           "after the start, where the queue listens 2.5 s after its own")
    name = [p["metadata"]["name"] for p in space.list("pods")
            if p["metadata"]["name"].startswith("worker")][0]
    waited = space.logs(name, container="wait")
    assert "queue" in waited
    thing = space.get("pods", name)
    assert not any(e["reason"] == "Unhealthy" and "Liveness" in e["message"]
                   for e in space.events(name))
    done = space.run_in(thing, "/hale", "check")
    assert (done.returncode, done.stdout) == (0, "ok\n")
    assert kubernetes.restarts(thing) == 0
