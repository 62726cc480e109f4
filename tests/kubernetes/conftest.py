"""The cluster, a namespace for each test, and the figures at the end."""
# SPDX-License-Identifier: MIT

import copy
import functools
import inspect
import pathlib
import re
import time

import pytest
import yaml

pytest_plugins = ["figures", "readme_table"]
pytest.register_assert_rewrite(*pytest_plugins)

import cluster as kubernetes  # noqa: E402
import readme_table  # noqa: E402
from clients import called  # noqa: E402
from figures import FIGURES, is_wanted  # noqa: E402
from rollout import BEHIND_S  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
HEAD = ("a rolling update of 3 pods, 50 requests a second", *map(called, BEHIND_S))
# The rows of README's table, in its order.
ROWS = ("with hale as above", "with hale, no `HALE_DRAIN`", "without hale",
        "with hale, listens after 4 s", "the same, no `HALE_CHECK`")
LOST = {}  # row of README's table: its cells


def pytest_sessionfinish(session, exitstatus):
    """A whole run that passed writes its table into the README."""
    if len(LOST) == len(ROWS) and is_wanted(exitstatus):
        readme_table.put(session, "make kubernetes: lost requests", HEAD,
                         [(row, *LOST[row]) for row in ROWS])


@pytest.fixture(scope="session")
def cluster():
    started = time.monotonic()
    made = kubernetes.Cluster()
    made.start()
    FIGURES.append(f"the cluster was up in {time.monotonic() - started:.0f} s")
    return made


class Space:
    """A namespace of the test's own, and what is done in it."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        cluster.apply({"apiVersion": "v1", "kind": "Namespace",
                       "metadata": {"name": name}}, namespace=None)

    def __getattr__(self, method):
        """Any method of the cluster's; where it takes a namespace, in ours."""
        called = getattr(self.cluster, method)
        if "namespace" in inspect.signature(called).parameters:
            return functools.partial(called, namespace=self.name)
        return called

    def start(self, thing):
        """Create it; its name."""
        return self.apply(thing)["metadata"]["name"]

    def ready_pod(self, thing, within_s=kubernetes.WAIT_S):
        """Create the pod and wait until it is ready."""
        return self.until("pods", self.start(thing), kubernetes.ready, within_s=within_s)


@pytest.fixture
def space(cluster, request):
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-")
    made = Space(cluster, f"{name}-{time.monotonic_ns() % 100000}")
    yield made
    for pod in made.list("pods"):
        made.delete("pods", pod["metadata"]["name"], grace_s=0)
    cluster.delete("Namespace", made.name, namespace=None)


def manifests(file):
    """The documents of a manifest that the README shows, for a test to change."""
    return copy.deepcopy(list(yaml.safe_load_all((HERE / file).read_text())))


def pod(name="app", image="app:1", env=(), probes=None, spec=None, **more):
    """A pod of one container."""
    container = {"name": name, "image": image, "imagePullPolicy": "Never",
                 "env": [{"name": key, "value": str(value)}
                         for key, value in dict(env).items()]}
    container.update(probes or {})
    container.update(more)
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"containers": [container], "restartPolicy": "Never",
                     "terminationGracePeriodSeconds": 30, **(spec or {})}}
