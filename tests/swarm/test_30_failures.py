"""A version that never becomes healthy, a task that turns unhealthy, a node that leaves."""
# SPDX-License-Identifier: MIT

import re
import time

from cluster import until
from conftest import Load, address


def reasons(stack):
    """What `docker service ps` says went wrong, each once."""
    return sorted(set(filter(None, stack.swarm.docker(
        "service", "ps", "--no-trunc", "--format", "{{.Error}}", stack.service).split("\n"))))


def health_log(stack, task):
    """The lines of the checks that failed, as inspect has them on the task's node."""
    box = stack.swarm.node(stack.node_of(task)).container(task["ID"])
    return [one["Output"].strip() for one in box["State"]["Health"]["Log"]
            if one["ExitCode"]]


def failed(stack):
    return [t for t in stack.tasks(running=False) if t["Status"]["State"] == "failed"]


def test_a_version_that_never_becomes_healthy_is_rolled_back(deploy, figure):
    stack = deploy()
    old = {t["ID"] for t in stack.until_up()}
    load = Load(stack)
    begun = time.monotonic()
    stack.update("--env-add", "DO_LISTEN_AFTER=600000", "--health-start-period", "3s")
    stack.until_updated("rollback_completed")
    took_s = time.monotonic() - begun
    load.stop()
    assert old == {t["ID"] for t in stack.until_up()}, "a task of the old version was lost"
    (bad, *_) = failed(stack)
    message = stack.swarm.json("service", "inspect", stack.service)[0]["UpdateStatus"]
    figure(f"a version that never becomes healthy: rolled back after {took_s:.0f} s, "
           f"lost {load.words}\n  docker service inspect: {message['Message']}\n"
           f"  docker service ps: {', '.join(reasons(stack))}\n"
           f"  docker inspect on its node: {health_log(stack, bad)[-1]}")
    assert load.lost == [0, 0]
    assert "8000" in health_log(stack, bad)[-1]


def test_an_unhealthy_task_is_replaced(deploy, figure):
    stack = deploy()
    old = {t["ID"]: t for t in stack.until_up()}
    bad = next(iter(old.values()))
    load = Load(stack)
    node = stack.swarm.node(stack.node_of(bad))
    node.docker("kill", "-s", "USR1", node.container(bad["ID"])["Id"])
    broken = time.time()

    def new():
        return [t for t in stack.up() or () if t["ID"] not in old]
    until(new, "another task", seen=stack.ps)
    took_s = time.time() - broken
    load.stop()
    unhealthy = stack.moments("health_status: unhealthy", old)[address(bad)]
    gone = load.left(address(bad))
    at_once, kept = load.clients
    last_s = max(at_once["moments"]) - broken
    figure(f"a task that answers 500: unhealthy after {unhealthy - broken:.1f} s, out of "
           f"the name after {gone - broken:.1f} s, replaced after {took_s:.1f} s; the last "
           f"request was lost after {last_s:.1f} s: {load.words}\n"
           f"  docker service ps: {', '.join(reasons(stack))}\n"
           f"  docker inspect on its node: {health_log(stack, bad)[-1]}")
    assert set(at_once["lost"]) == {"500 Broken"}
    assert "500" in health_log(stack, bad)[-1]
    assert re.search("unhealthy", " ".join(reasons(stack)))


def test_a_drained_node_loses_no_request(deploy, figure, swarm):
    stack = deploy()
    stack.until_up()
    load = Load(stack)
    last = swarm.nodes[-1].name
    begun = time.monotonic()
    try:
        swarm.docker("node", "update", "--availability", "drain", last)
        until(lambda: all(stack.node_of(t) != last for t in stack.up() or [{"NodeID": last}]),
              "its task elsewhere", seen=stack.ps)
        took_s = time.monotonic() - begun
        until(lambda: not swarm.nodes[-1].docker("ps", "-q", "--filter",
                                                 f"name={stack.name}_"), "its task ended")
        load.stop()
    finally:
        swarm.docker("node", "update", "--availability", "active", last)
    figure(f"a node drained: its task ran elsewhere after {took_s:.0f} s; lost {load.words}")
    assert load.lost == [0, 0]
