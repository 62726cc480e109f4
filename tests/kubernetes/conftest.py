"""The cluster, a namespace for each test, and the figures at the end."""
# SPDX-License-Identifier: MIT

import copy
import functools
import inspect
import os
import pathlib
import re
import time

import pytest
import yaml

import cluster as kubernetes

HERE = pathlib.Path(__file__).resolve().parent
README = kubernetes.ROOT / "README.md"
# The rows of README's table, in its order.
ROWS = ("with hale as above", "with hale, no `HALE_DRAIN`", "without hale",
        "with hale, listens after 4 s", "the same, no `HALE_CHECK`")
FIGURES = []
LOST = {}  # row of README's table: its cells


def pytest_configure():
    if "KUBE_RUN" not in os.environ:
        pytest.exit("these tests run in namespaces of their own: make kubernetes", 1)


def pytest_terminal_summary(terminalreporter):
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)


def pytest_sessionfinish(session, exitstatus):
    """A whole run that passed writes its table into the README."""
    whole = len(LOST) == len(ROWS) and not session.config.option.keyword
    if exitstatus == 0 and whole and os.environ.get("KUBE_TABLE") != "no":
        write_table()


def write_table():
    lines = ["| a rolling update of 3 pods, 50 requests a second | " +
             "client at once | client 1 s behind |", "| --- | --- | --- |"]
    lines += [f"| {row} | " + " | ".join(LOST[row]) + " |" for row in ROWS]
    text = README.read_text()
    begin, end = "<!-- make kubernetes: lost requests -->\n", "<!-- end -->\n"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    README.write_text(pattern.sub(lambda _: begin + "\n".join(lines) + "\n" + end, text))


@pytest.fixture
def figure():
    """figure("text") prints it now and with all others at the end."""
    def say(text):
        print(text)
        FIGURES.append(text)
    return say


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
