"""A rolling update under load: who loses requests."""
# SPDX-License-Identifier: MIT

import pytest

from conftest import LOST, ORDERS, ROWS, Load

START_MS = "1500"  # from a task's start to its listening: most services take longer
LEAD_S = 1  # Swarm means to take a task out of the name 2 s before its SIGTERM
NO_CHECK = ["NONE"]
WGET = ["CMD-SHELL", "wget -q -O /dev/null http://localhost:8000/healthz || exit 1"]


def roll(deploy, row, app):
    """Roll the service out and out again, in both orders; [(stack, old tasks, load)]."""
    stacks = []
    for order in ORDERS:
        env = {**app.get("environment", {}), "DO_LISTEN_AFTER": START_MS}
        stacks.append(deploy(**{**app, "environment": env, "deploy": {
            "update_config": {"order": order}}}))
    found = [(stack, stack.until_up(), Load(stack)) for stack in stacks]
    for stack in stacks:
        stack.update("--env-add", "DO_SAY=again")
    for stack in stacks:
        stack.until_updated()
    for order, (_, _, load) in zip(ORDERS, found):
        load.stop()
        LOST[row][order] = [client.cell for client in load.clients]
    assert all(client.sent > 300 for _, _, load in found for client in load.clients)
    return found


def tell(figure, row, found):
    for order, (_, _, load) in zip(ORDERS, found):
        figure(f"rollout {order}, {row}: {load.words}")


def leads(stack, old, load):
    """How long before its SIGTERM each old task's address was not told any more."""
    signals = stack.moments("kill", {t["ID"]: t for t in old}, signal="15")
    assert len(signals) == 3, signals
    return [when - load.left(at) for at, when in signals.items()]


def lags(stack, _, load):
    """How long after it was healthy each new task's address was told."""
    healthy = stack.moments("health_status: healthy", {t["ID"]: t for t in stack.up()})
    assert len(healthy) == 3, healthy
    return [load.came(at) - when for at, when in healthy.items()]


def test_with_hale_not_one_request_is_lost(deploy, figure):
    row = ROWS[0]
    found = roll(deploy, row, {})
    tell(figure, row, found)
    before = [s for one in found for s in leads(*one)]
    after = [s for one in found for s in lags(*one)]
    figure(f"Swarm put a task into the name {min(after):.1f} to {max(after):.1f} s after it "
           f"was healthy, and took it out {min(before):.1f} to {max(before):.1f} s before "
           f"its SIGTERM; Docker's name server gives addresses for {found[0][2].ttl} s")
    assert min(after) > 0
    assert min(before) > LEAD_S
    assert [load.lost for _, _, load in found] == [[0, 0], [0, 0]]


@pytest.mark.parametrize("row, app", [
    (ROWS[1], {"environment": {"HALE_DRAIN": "0"}}),
    (ROWS[2], {"image": "app:wget", "check": WGET}),
], ids=["hale", "wget"])
def test_without_drain_a_client_that_keeps_addresses_loses(deploy, figure, row, app):
    found = roll(deploy, row, app)
    tell(figure, row, found)
    assert all(load.lost[1] > 0 for _, _, load in found)
    for stack, old, load in found:
        # One that asks each time loses only if the name server was late, too.
        before = leads(stack, old, load)
        assert load.lost[0] == 0 or min(before) < LEAD_S, (before, load.clients[0].moments)


def test_without_a_health_check_every_client_loses(deploy, figure):
    row = ROWS[3]
    found = roll(deploy, row, {"image": "app:bare", "check": NO_CHECK})
    tell(figure, row, found)
    assert all(lost > 0 for _, _, load in found for lost in load.lost)
