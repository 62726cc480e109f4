"""The images that people build (tests/images), as Deployments by the README's pattern.

`make kubernetes` builds those that IMAGES names.
"""
# SPDX-License-Identifier: MIT

import contextlib
import dataclasses
import http.client
import pathlib
import threading
import time

import pytest

import cluster as kubernetes
from cluster import condition, processes, restarts, state
from conftest import manifests, pod
from endpoints import Endpoints
from rollout import describe, roll_out, set_up


@dataclasses.dataclass
class Seed:
    port: int
    path: str  # what the clients ask for
    answer: str  # is in the answer
    program: str = "app"
    user: int = 65532


IMAGES = {
    "workshop": Seed(8080, "/api", "Small containers"),
    "info": Seed(8000, "/", '"user":"nonroot"'),
    "hello": Seed(8080, "/", "Hello from"),
    "devops": Seed(8080, "/health", "ok"),
}
AUTH = Seed(8080, "/health", "ok", "auth", 1001)
BYE = "stopped in order"  # the last line of each
RESTRICTED = {
    "runAsNonRoot": True, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
GIVES_ITSELF = ("HALE_CHECK", "HALE_LISTEN")  # the image, not the manifest


def app_of(name, seed, replicas=2, **env):
    """app.yaml for this image, without a right, its check the image's own; other variables."""
    deployment, service = manifests("app.yaml")
    deployment["spec"]["replicas"] = replicas
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container.update(image=f"{name}:1", imagePullPolicy="Never", securityContext=RESTRICTED)
    container["ports"][0]["containerPort"] = seed.port
    container["env"] = [e for e in container["env"]
                        if e["name"] not in (*GIVES_ITSELF, *env)]
    container["env"] += [{"name": key, "value": value} for key, value in env.items()]
    return deployment, service


@pytest.fixture(params=IMAGES)
def name(request):
    archive = kubernetes.SEEDS / f"{request.param}.tar"
    assert archive.exists(), f"first: scripts/images {request.param}"
    return request.param


def test_an_image_becomes_ready_serves_and_stops_in_order_without_any_right(
        space, figure, name):
    seed = IMAGES[name]
    endpoints = set_up(space, *app_of(name, seed, replicas=1))
    (address,) = endpoints.sets[-1]
    to = http.client.HTTPConnection(address, seed.port, timeout=5)
    with contextlib.closing(to):
        to.request("GET", seed.path)
        answer = to.getresponse()
        assert answer.status == 200 and seed.answer in answer.read().decode()
    (thing,) = space.list("pods")
    app = pathlib.Path("/proc", str(processes(thing, seed.program)[0]), "status").read_text()
    facts = dict(line.split(":\t", 1) for line in app.splitlines())
    assert facts["Uid"].split() == [str(seed.user)] * 4
    assert (facts["Seccomp"], facts["NoNewPrivs"]) == ("2", "1")
    assert int(facts["CapBnd"], 16) == 0
    done = space.run_in(thing, "/hale", "check")
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    log = []
    reader = threading.Thread(target=lambda: log.append(
        space.logs(thing["metadata"]["name"], follow=True)))
    reader.start()
    space.delete("pods", thing["metadata"]["name"])
    end = state(space.until_ended(thing["metadata"]["name"]))[1]
    reader.join()
    figure(f"{name}: stopped with a drain, ends with {end['exitCode']}")
    assert end["exitCode"] == 0 and BYE in log[0]
    assert "hale: " not in log[0], "no warning"
    space.until("Deployment", "app", lambda d: condition(d, "Available"))


def test_a_rollout_of_an_image_loses_no_request(space, figure, name):
    seed = IMAGES[name]
    clients = roll_out(space, *app_of(name, seed), port=seed.port, path=seed.path)
    describe(figure, name, clients)
    assert all(client.sent > 300 for client in clients)
    assert [client.total for client in clients] == [0, 0]


def database(space, name, image, **env):
    """A database in a pod of its own; its address."""
    probe = {"tcpSocket": {"port": {"db": 5432, "redis": 6379}[name]}, "periodSeconds": 1}
    return space.ready_pod(pod(name, image, env, {"readinessProbe": probe}))["status"]["podIP"]


def test_auth_leaves_the_endpoints_without_its_database_and_is_not_restarted(space, figure):
    """Its HALE_READY_CHECK asks what its HALE_CHECK does not: the databases."""
    db = database(space, "db", "postgres:15", POSTGRES_USER="auth", POSTGRES_PASSWORD="secret")
    redis = database(space, "redis", "redis:7")
    deployment, service = app_of(
        "auth", AUTH, REDIS_URL=f"redis://{redis}", HALE_INTERVAL="1s",
        DATABASE_URL=f"postgres://auth:secret@{db}/auth?sslmode=disable")
    spec = deployment["spec"]["template"]["spec"]
    spec["volumes"] = [{"name": "tmp", "emptyDir": {}}]
    spec["containers"][0]["volumeMounts"] = [{"name": "tmp", "mountPath": "/tmp"}]
    clients = roll_out(space, deployment, service, port=AUTH.port, path=AUTH.path)
    describe(figure, "auth", clients)
    assert [client.total for client in clients] == [0, 0]
    endpoints = Endpoints(space, "app")
    endpoints.until(lambda known: len(known) == 2)
    begun = time.monotonic()
    space.delete("pods", "redis", grace_s=0)
    out_s = endpoints.until(lambda known: not known) - begun
    figure(f"auth without its Redis: out of the endpoints after {out_s:.1f} s")
    pods = [each for each in space.list("pods", "?labelSelector=app%3Dapp")
            if "deletionTimestamp" not in each["metadata"]]
    assert [restarts(each) for each in pods] == [0, 0]
    done = space.run_in(pods[0], "/hale", "check", "--live")
    assert done.returncode == 0
