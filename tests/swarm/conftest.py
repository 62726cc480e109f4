"""The swarm, a stack for each test, and the figures at the end."""
# SPDX-License-Identifier: MIT

import collections
import itertools
import json
import subprocess
import sys
import threading
import time

import pytest

pytest_plugins = ["figures", "readme_table"]
pytest.register_assert_rewrite(*pytest_plugins)

import cluster  # noqa: E402
import readme_table  # noqa: E402
from clients import Tally, called  # noqa: E402
from cluster import HERE, RUN, until  # noqa: E402
from figures import FIGURES, is_wanted  # noqa: E402

BEHIND_S = (0, 5)  # of the clients
ORDERS = ("start-first", "stop-first")
HEAD = ("a rolling update of 3 tasks, 50 requests a second",
        *(f"{order}, {called(behind_s)}" for order in ORDERS for behind_s in BEHIND_S))
# The rows of README's table, in its order.
ROWS = ("with hale as above", "with hale, no `HALE_DRAIN`",
        "without hale, `HEALTHCHECK` by wget", "without hale and health check")
LOST = collections.defaultdict(dict)  # row of README's table: {order: cells}
CHECK = '["CMD", "/hale", "check"]'  # in stack.yaml
NUMBERS = itertools.count(1)  # of the stacks: a name is free only once its network is gone
STOP_S = 30  # for the clients to end


def pytest_sessionfinish(session, exitstatus):
    """A whole run that passed writes its table into the README, if by the newest engine."""
    whole = all(len(LOST[row]) == len(ORDERS) for row in ROWS)
    if whole and is_wanted(exitstatus) and cluster.ENGINE == "newest":
        readme_table.put(session, "make swarm: lost requests", HEAD, [
            (row, *(cell for order in ORDERS for cell in LOST[row][order]))
            for row in ROWS])


class Events(threading.Thread):
    """What an engine tells of its containers: [(when, what, {label: value})]."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.seen = node, []
        self.stream = subprocess.Popen(
            ("docker", "--host", node.socket, "events", "--format", "{{json .}}",
             *(f"--filter=event={what}" for what in ("kill", "die", "health_status"))),
            stdout=subprocess.PIPE, text=True)
        self.start()

    def run(self):
        for line in self.stream.stdout:
            event = json.loads(line)
            self.seen.append((event["timeNano"] / 1e9, event["Action"],
                              event["Actor"]["Attributes"]))


@pytest.fixture(scope="session")
def swarm():
    started = time.monotonic()
    made = cluster.Swarm()
    made.start()
    made.events = [Events(node) for node in made.nodes]
    FIGURES.append(f"three engines, Docker {made.manager.version}, were a swarm in "
                   f"{time.monotonic() - started:.0f} s")
    return made


class Load:
    """The clients of load.py, in the namespace of the stack's task `client`."""

    def __init__(self, stack):
        (task,) = until(lambda: [t for t in stack.tasks("client")
                                 if t["Status"]["State"] == "running"], "a client")
        node = stack.swarm.node(stack.node_of(task))
        key = node.container(task["ID"])["NetworkSettings"]["SandboxKey"]
        self.process = subprocess.Popen(
            ("nsenter", f"--net={key}", sys.executable, HERE / "load.py", "app",
             *map(str, BEHIND_S)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.loads.append(self)

    def left(self, which):
        """When the address was first missing behind the name, having been there."""
        times = [when for when, known, _ in self.seen if which in known]
        return next((when for when, known, _ in self.seen
                     if times and when > times[-1]), None)

    def came(self, which):
        """When the address was first behind the name."""
        return next((when for when, known, _ in self.seen if which in known), None)

    def stop(self):
        """Wait for the last answers; with what the clients and the watcher saw."""
        out, _ = self.process.communicate(timeout=STOP_S)
        told = json.loads(out)
        self.seen = told["seen"]
        self.ttl = self.seen[0][2]
        self.clients = [Tally(**one) for one in told["clients"]]
        self.lost = [client.total for client in self.clients]
        self.words = "; ".join(client.words for client in self.clients)
        return self


def address(task):
    return task["NetworksAttachments"][0]["Addresses"][0].partition("/")[0]


class Stack:
    """tests/swarm/stack.yaml, deployed with the changes that a test makes.

    They stand in a second file, which the client merges; it would append a list, so
    another health check replaces that of the first.
    """

    def __init__(self, swarm, number, app):
        self.swarm, self.name = swarm, f"stack{number}"
        name, self.service, self.loads = self.name, f"{self.name}_app", []
        dnsrr = {"endpoint_mode": "dnsrr"}  # for want of IPVS
        app["deploy"] = {**app.get("deploy", {}), **dnsrr}
        text = (HERE / "stack.yaml").read_text()
        if check := app.pop("check", None):
            assert CHECK in text
            text = text.replace(CHECK, json.dumps(check))
        first, here = RUN / f"{name}.yaml", RUN / f"{name}.json"
        first.write_text(text)
        # A worker may still have the network of an earlier stack: no address twice.
        network = {"ipam": {"config": [{"subnet": f"10.99.{number}.0/24"}]}}
        client = {"image": "app:bare", "command": ["/app", "pause"], "deploy": {
            **dnsrr, "placement": {"constraints": ["node.role==manager"]}}}
        here.write_text(json.dumps({"networks": {"default": network},
                                    "services": {"app": app, "client": client}}))
        swarm.docker("stack", "deploy", "--detach=true", "--resolve-image", "never",
                     "-c", first, "-c", here, name)

    def tasks(self, service="app", running=True):
        return self.swarm.tasks(f"{self.name}_{service}", running)

    def node_of(self, task):
        return self.swarm.docker("node", "inspect", "-f", "{{.Description.Hostname}}",
                                 task["NodeID"])

    def up(self, count=3):
        """Those that run, when all do that should; a task with a check is healthy then."""
        tasks = self.tasks()
        return tasks if len(tasks) == count and all(
            t["Status"]["State"] == "running" for t in tasks) else None

    def until_up(self, count=3):
        return until(lambda: self.up(count), f"{self.service} up", seen=self.ps)

    def ps(self):
        return self.swarm.docker("service", "ps", "--no-trunc", "--format",
                                 "{{.Name}} {{.Node}} {{.CurrentState}} {{.Error}}",
                                 self.service)

    def update(self, *options):
        self.swarm.docker("service", "update", "--detach", "--no-resolve-image", "--quiet",
                          *options, self.service)

    def update_status(self):
        return self.swarm.json("service", "inspect", self.service)[0].get("UpdateStatus", {})

    def until_updated(self, state="completed", within_s=120):
        """Wait for that state; the message with it."""
        until(lambda: self.update_status().get("State") == state, f"the update {state}",
              within_s, lambda: f"{self.update_status()}\n{self.ps()}")
        return self.update_status()["Message"]

    def gone(self):
        return all(not node.docker("ps", "-aq", "--filter", f"name={self.name}_")
                   for node in self.swarm.nodes)

    def remove(self):
        """Nobody waits for the tasks' drain, nor for clients of a test that failed."""
        for load in self.loads:
            load.process.kill()
            load.process.wait()
        self.swarm.docker("stack", "rm", "--detach=true", self.name, check=False)
        for node in self.swarm.nodes:
            if boxes := node.docker("ps", "-aq", "--filter", f"name={self.name}_").split():
                node.docker("rm", "-f", *boxes, check=False)
        until(self.gone, f"{self.name} gone")

    def moments(self, what, tasks, **wanted):
        """{task's address: when an engine told this of its container}."""
        found = {}
        for events in self.swarm.events:
            for when, told, labels in events.seen:
                task = tasks.get(labels.get("com.docker.swarm.task.id"))
                if task and told == what and wanted.items() <= labels.items():
                    found.setdefault(address(task), when)
        return found


@pytest.fixture
def deploy(swarm):
    """deploy(changes of the service) gives a Stack, removed behind the test."""
    made = []

    def start(**app):
        made.append(Stack(swarm, next(NUMBERS), app))
        return made[-1]
    yield start
    for stack in made:
        stack.remove()
