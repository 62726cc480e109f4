"""A version that never becomes healthy, a task that turns unhealthy, a node that leaves."""
# SPDX-License-Identifier: MIT

import re
import time

from cluster import until
from conftest import Load, address


def seen(stack, task):
    """What `docker service ps` shows of the task: state, and error if there is one."""
    states = stack.swarm.docker("service", "ps", "--no-trunc", "--format",
                                "{{.ID}} {{.CurrentState}}; {{.Error}}", stack.service)
    (line,) = (line for line in states.splitlines() if line.startswith(task["ID"]))
    return re.sub(" (about|less|[0-9]+) .*ago", "", line.partition(" ")[2]).strip("; ")


def health_log(stack, task):
    """The lines of the checks that failed, as inspect has them on the task's node."""
    box = stack.swarm.node(stack.node_of(task)).container(task["ID"])
    return [one["Output"].strip() for one in box["State"]["Health"]["Log"]
            if one["ExitCode"]]


def ended(stack):
    """Those that ended by themselves, not because the service changed."""
    return [t for t in stack.tasks(running=False)
            if t["Status"]["State"] in ("failed", "complete")]


def break_task(stack, task):
    """From now on its service answers 500; returns the moment."""
    node = stack.swarm.node(stack.node_of(task))
    node.docker("kill", "-s", "USR1", node.container(task["ID"])["Id"])
    return time.time()


def test_a_version_that_never_becomes_healthy_is_rolled_back(deploy, figure):
    """Also when it turns unhealthy later than --update-monitor's 5 s after its start."""
    stack = deploy()
    old = {t["ID"] for t in stack.until_up()}
    load = Load(stack)
    begun = time.monotonic()
    stack.update("--env-add", "DO_LISTEN_AFTER=600000", "--health-start-period", "6s")
    message = stack.until_updated("rollback_started")
    stack.until_updated("rollback_completed")
    took_s = time.monotonic() - begun
    load.stop()
    assert old == {t["ID"] for t in stack.until_up()}, "a task of the old version was lost"
    (bad, *_) = [t for t in ended(stack) if t["ID"] not in old]
    figure(f"a version that never becomes healthy: rolled back after {took_s:.0f} s; "
           f"{load.words}\n  docker service inspect: {message}\n"
           f"  docker service ps: {seen(stack, bad)}\n"
           f"  docker inspect on its node: {health_log(stack, bad)[-1]}")
    assert load.lost == [0, 0]
    assert "8000" in health_log(stack, bad)[-1]


def test_an_unhealthy_task_is_replaced(deploy, figure):
    stack = deploy()
    old = {t["ID"]: t for t in stack.until_up()}
    bad = next(iter(old.values()))
    load = Load(stack)
    broken = break_task(stack, bad)

    def new():
        return [t for t in stack.up() or () if t["ID"] not in old]
    until(new, "another task", seen=stack.ps)
    took_s = time.time() - broken
    load.stop()
    unhealthy = stack.moments("health_status: unhealthy", old)[address(bad)]
    gone = load.left(address(bad))
    at_once = load.clients[0]
    last_s = max(at_once.moments) - broken
    figure(f"a task that answers 500: unhealthy after {unhealthy - broken:.1f} s, out of "
           f"the name after {gone - broken:.1f} s, replaced after {took_s:.1f} s; the last "
           f"request was lost after {last_s:.1f} s: {load.words}\n"
           f"  docker service ps: {seen(stack, bad)}\n"
           f"  docker inspect on its node: {health_log(stack, bad)[-1]}")
    assert set(at_once.lost) == {"HTTP/1.1 500 Broken"}
    assert "500" in health_log(stack, bad)[-1]


def test_on_failure_does_not_replace_an_unhealthy_task_that_ends_with_0(deploy, figure):
    """Swarm asks the exit code alone; hale can see to that."""
    policy = {"replicas": 1, "restart_policy": {"condition": "on-failure"}}
    stacks = {what: deploy(deploy=policy, environment=env) for what, env in (
        ("ends with 0", {}),
        ("knows no SIGHUP, its stop signal", {"HALE_STOP_SIGNAL": "HUP"}),
        ("has HALE_ON_UNHEALTHY=exit", {"HALE_ON_UNHEALTHY": "exit"}))}
    tasks = {what: stack.until_up(count=1)[0] for what, stack in stacks.items()}
    for what, stack in stacks.items():
        break_task(stack, tasks[what])
    for what, stack in stacks.items():
        until(lambda: ended(stack), f"the end of what {what}", seen=stack.ps)
    zero, *others = stacks.values()
    for stack in others:
        until(lambda: stack.up(1), "another in its place", seen=stack.ps)
    shown = {what: seen(stack, tasks[what]) for what, stack in stacks.items()}
    figure("\n".join(
        ["restart_policy on-failure, docker service ps of an unhealthy task whose service"] +
        [f"  {what}: {words}" + ("" if stacks[what].tasks() else "; it is not replaced")
         for what, words in shown.items()]))
    assert list(shown.values()) == [
        "Complete", 'Failed; "task: non-zero exit (129): dockerexec: unhealthy container"',
        'Failed; "task: non-zero exit (1)"']
    assert zero.tasks() == []


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
    figure(f"a node drained: its task ran elsewhere after {took_s:.0f} s; {load.words}")
    assert load.lost == [0, 0]
