"""A rolling update, with clients that follow the endpoints through it."""
# SPDX-License-Identifier: MIT

import time

from clients import Client
from endpoints import Endpoints

BEHIND_S = (0, 1)
READY_S = 90


def is_done(deployment):
    now = deployment.get("status", {})
    want = deployment["spec"]["replicas"]
    return (now.get("observedGeneration") == deployment["metadata"]["generation"] and
            now.get("updatedReplicas") == now.get("availableReplicas") ==
            now.get("replicas") == want)


def set_up(space, deployment, service):
    """Create both and wait for the replicas; the Service's endpoints, with all of them."""
    space.apply(service)
    space.apply(deployment)
    space.until("Deployment", deployment["metadata"]["name"], is_done, within_s=READY_S)
    endpoints = Endpoints(space, service["metadata"]["name"])
    endpoints.until(lambda known: len(known) == deployment["spec"]["replicas"])
    return endpoints


def roll_out(space, deployment, service, port=8000, path="/"):
    """Roll it out and out again; what the clients saw, at once and behind."""
    endpoints = set_up(space, deployment, service)
    old, begun = set(endpoints.sets[-1]), time.monotonic()

    def known(behind_s):
        return endpoints.at(max(begun, time.monotonic() - behind_s))
    clients = [Client(known, behind_s, port, path) for behind_s in BEHIND_S]
    name = deployment["metadata"]["name"]
    try:
        space.patch("Deployment", name, {"spec": {"template": {"metadata": {
            "annotations": {"again": "yes"}}}}})
        space.until("Deployment", name, is_done, within_s=READY_S)
        endpoints.until(lambda known: not old & set(known))
        for pod in space.list("pods"):
            if "deletionTimestamp" in pod["metadata"]:
                space.until_ended(pod["metadata"]["name"])
        time.sleep(1.5)  # what comes a second behind
    finally:
        tallies = [client.stop() for client in clients]
    return tallies


def describe(figure, what, clients):
    figure(f"rollout, {what}: " + "; ".join(client.words for client in clients))
