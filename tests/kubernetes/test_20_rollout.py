"""A rolling update under load: who loses requests.

The client follows the endpoints, at once and a second behind: that is what proxies,
load balancers and other nodes are.
"""
# SPDX-License-Identifier: MIT

import pytest

from conftest import LOST, ROWS, manifests
from rollout import describe, roll_out

WITHOUT_HALE = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1,
                "failureThreshold": 1}


def without(name):
    """A change of the container: this variable is not set."""
    def change(container):
        container["env"] = [e for e in container["env"] if e["name"] != name]
    return change


def with_env(name, value):
    return lambda container: container["env"].append({"name": name, "value": value})


def no_hale(container):
    container.update(image="bare:1", env=[], readinessProbe=dict(WITHOUT_HALE))
    del container["startupProbe"], container["livenessProbe"]


def roll(space, *changes):
    """Roll app.yaml out, with these changes, and out again; the clients."""
    deployment, service = manifests("app.yaml")
    for change in changes:
        change(deployment["spec"]["template"]["spec"]["containers"][0])
    return roll_out(space, deployment, service)


@pytest.mark.parametrize("row, changes", [
    (ROWS[0], ()),
    (ROWS[1], (without("HALE_DRAIN"),)),
    (ROWS[2], (no_hale,)),
    (ROWS[3], (with_env("DO_LISTEN_AFTER", "4000"),)),
    (ROWS[4], (with_env("DO_LISTEN_AFTER", "4000"), without("HALE_CHECK"))),
], ids=["hale", "no-drain", "no-hale", "late", "late-no-check"])
def test_only_hale_with_drain_and_check_loses_no_request(space, figure, row, changes):
    clients = roll(space, *changes)
    describe(figure, row, clients)
    LOST[row] = [client.cell for client in clients]
    lost = [client.total for client in clients]
    assert all(client.sent > 300 for client in clients)
    if row in (ROWS[0], ROWS[3]):
        assert lost == [0, 0]
    else:
        assert sum(lost) > 0, "the comparison shows nothing"
