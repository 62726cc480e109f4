"""What Kubernetes puts into a container: its Services' names, a token, a CA."""
# SPDX-License-Identifier: MIT

import json

import pytest

from cluster import API, ended, state
from conftest import pod

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
HOST = {"hostAliases": [{"ip": API, "hostnames": ["kubernetes.default.svc"]}]}
URL = "https://kubernetes.default.svc/api"


def get(space, *args):
    """`hale get ARGS` in a pod: exit code and output."""
    name = space.start(pod(command=["/hale", "get", "-fsS", *args], spec=HOST))
    return state(space.until("pods", name, ended))[1]["exitCode"], space.logs(name)


def test_hale_get_asks_the_api_server_with_the_service_accounts_token(space):
    code, text = get(space, "--cacert", f"{ACCOUNT}/ca.crt",
                     "--bearer-file", f"{ACCOUNT}/token", URL)
    assert code == 0, text
    assert json.loads(text)["kind"] == "APIVersions"


@pytest.mark.parametrize("args, code, message", [
    (("--cacert", f"{ACCOUNT}/ca.crt"), 22, "403"),
    (("--bearer-file", f"{ACCOUNT}/token"), 60, "unknown issuer"),
], ids=["without the token", "without the CA"])
def test_hale_get_says_what_the_api_server_lacks(space, args, code, message):
    got, text = get(space, *args, URL)
    assert got == code and message in text, text


def test_services_called_hale_cause_no_warning(space):
    """hale passes over the names that Kubernetes makes, by their values' form."""
    for name in ("hale", "hale-web", "hale-drain"):
        space.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                     "spec": {"selector": {"app": "none"}, "ports": [
                         {"name": "http", "port": 80}, {"name": "tls", "port": 443}]}})
    probes = {"readinessProbe": {"exec": {"command": ["/hale", "check"]},
                                 "periodSeconds": 1}}
    # The kubelet has the Services from a watch of its own: until it has, none is set.
    for turn in range(20):
        now = space.ready_pod(pod(f"app-{turn}", probes=probes, env={
            "DO_SAY": "$(HALE_WEB_SERVICE_HOST) $(HALE_DRAIN_PORT)"}))
        log = space.logs(f"app-{turn}")
        if "$(" not in log:
            break
    assert "10.96.0." in log and "tcp://" in log
    assert "hale: " not in log
    done = space.run_in(now, "/hale", "check")
    assert (done.returncode, done.stderr) == (0, "")
