"""How a container ended, as `kubectl describe` shows it."""
# SPDX-License-Identifier: MIT

import pytest

from cluster import ended, state
from conftest import pod

FALL_BACK = {"terminationMessagePolicy": "FallbackToLogsOnError"}


def end_of(space, **more):
    """Start a pod and wait for its end: what its status says."""
    name = space.start(pod(**more))
    return state(space.until("pods", name, ended))[1]


def test_a_service_killed_for_memory_is_oomkilled_and_hale_says_so(space, figure):
    end = end_of(space, env={"DO_EAT": 200}, **FALL_BACK,
                 resources={"limits": {"memory": "32Mi"}})
    figure(f"out of memory: {end['reason']}, {end['exitCode']}, {end['message'].strip()}")
    assert (end["reason"], end["exitCode"]) == ("OOMKilled", 137)
    assert "hale: /app (pid " in end["message"]
    assert "was killed by the kernel for memory (limit 32 MiB)" in end["message"]


@pytest.mark.parametrize("more, code, message", [
    ({"args": ["/nothing"]}, 127, "hale: cannot start /nothing: "),
    ({"env": {"DO_EXIT": 3, "DO_SAY": "no such queue"}}, 3, "no such queue\n"),
    ({"env": {"HALE_DRIAN": "5s", "DO_EXIT": 1}}, 1, "HALE_DRIAN"),
    ({"env": {"HALE_LISTEN": "eighty"}}, 2, "eighty"),
], ids=["no such program", "exit code", "wrong variable", "wrong value"])
def test_the_termination_message_says_why(space, figure, more, code, message):
    end = end_of(space, **more, **FALL_BACK)
    figure(f"termination message, exit code {code}: {end['message'].strip()}")
    assert (end["reason"], end["exitCode"]) == ("Error", code)
    assert message in end["message"]


def test_a_service_that_ends_well_is_completed_without_a_message(space):
    end = end_of(space, env={"DO_EXIT": 0}, **FALL_BACK)
    assert (end["reason"], end["exitCode"], end.get("message")) == ("Completed", 0, None)
