"""What Kubernetes puts into a container: its Services' names, a token, a CA."""
# SPDX-License-Identifier: MIT

import json
import re
import shlex
import socket
import ssl

import pytest

from cluster import API, TOKEN, ended, state
from conftest import pod
from readme_table import README

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
HOST = {"hostAliases": [{"ip": API, "hostnames": ["kubernetes.default.svc"]}]}
URL = "https://kubernetes.default.svc/api"
CA = ("--cacert", f"{ACCOUNT}/ca.crt")


def run(space, *words):
    """`hale WORDS` in a pod, to its end: exit code and output."""
    name = space.start(pod(command=["/hale", *words], spec=HOST))
    return state(space.until("pods", name, ended))[1]["exitCode"], space.logs(name)


def readmes_example():
    """The README's command that asks the API server, as words."""
    text = README.read_text().replace("\\\n", " ")
    (line,) = [line for line in text.splitlines() if re.match(f"hale get .* {URL}$", line)]
    return shlex.split(line)


def test_the_api_server_refuses_a_client_of_tls_1_2(cluster):
    older = ssl.create_default_context(cafile=cluster.keys / "ca.crt")
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((API, 443), 10) as to:
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            older.wrap_socket(to, server_hostname="kubernetes.default.svc")


def test_the_readmes_example_asks_the_api_server(space):
    code, text = run(space, *readmes_example()[1:])
    assert code == 0, text
    assert json.loads(text)["kind"] == "APIVersions"


@pytest.mark.parametrize("url", [URL, f"https://{API}/api"], ids=["by name", "by address"])
def test_hale_get_takes_a_token_in_a_header_and_speaks_tls_1_3(space, url):
    code, text = run(space, "get", "-fsSv", *CA, "-H", f"Authorization: Bearer {TOKEN}", url)
    assert code == 0, text
    assert '"APIVersions"' in text
    assert re.search("^[*] TLS 1[.]3, .*, verified$", text, re.M), text


@pytest.mark.parametrize("args, code, message", [
    (CA, 22, "403"),
    (("--bearer-file", f"{ACCOUNT}/token"), 60, "unknown issuer"),
], ids=["without the token", "without the CA"])
def test_hale_get_says_what_the_api_server_lacks(space, args, code, message):
    got, text = run(space, "get", "-fsS", *args, URL)
    assert got == code and message in text, text


def test_a_pod_waits_for_the_api_server_and_a_probe_checks_it(space):
    """/readyz is everybody's to ask, and the certificate is verified."""
    url = "https://kubernetes.default.svc/readyz"
    check = ["/hale", "check", "-t", "900ms", *CA, url]
    first = {"name": "first", "image": "app:1", "imagePullPolicy": "Never",
             "command": ["/hale", "wait", "-t", "30s", *CA, url]}
    space.ready_pod(pod(spec={**HOST, "initContainers": [first]}, probes={
        "readinessProbe": {"exec": {"command": check}, "periodSeconds": 1}}))
    assert "200 OK" in space.logs("app", "first")


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
