"""Hostile containers in the network namespace of one with hale, as in a pod."""
# SPDX-License-Identifier: MIT

import json

import pytest

from conftest import go_build
from containers import docker

ROUNDS = 10     # of checks under each attack
ATTACKS = ("squat", "spoof", "hold", "flood")


@pytest.fixture(scope="session")
def hostile_image(on_base):
    return on_base("hostile", lambda binary: go_build("hostile", binary))


@pytest.fixture
def attack(run, pod, hostile_image):
    """Start hostile containers in the pod."""
    def start(how):
        box = run(how, image=hostile_image, network=pod,
                  options=("--entrypoint", "/service", "--health-interval=1h"))
        box.logs.wait("hostile: at it")
        return box
    return start


@pytest.fixture
def victim(run, pod):
    def start():
        box = run(network=pod)
        box.logs.wait("service: serving")
        return box
    return start


def does_its_work(box):
    """Everything that asks hale, from inside, says what is true."""
    for _ in range(ROUNDS):
        for words in (("check",), ("check", "http://127.0.0.1:4253/readyz")):
            done = box.hale(*words)
            assert done.returncode == 0, (words, done.stdout, done.stderr)
            assert "forged" not in done.stdout
    assert json.loads(box.hale("status", "--json").stdout)["state"] == "running"


def knows_what_is_wrong(box):
    """A drain is heard, and a failed verdict is not talked away."""
    assert box.hale("drain", "0").returncode == 0
    done = box.hale("check")
    assert done.returncode == 1
    assert done.stdout.startswith("draining: ")
    assert box.hale("check", "--live").returncode == 0


def test_names_taken_beforehand_switch_nothing_off(attack, victim):
    attack("squat")
    attack("spoof")
    box = victim()
    box.events.wait("health_status: healthy")
    does_its_work(box)
    docker("restart", "-t", "20", box.id)   # the numbers of a start repeat
    box.events.wait("health_status: healthy")
    knows_what_is_wrong(box)


@pytest.mark.parametrize("how", ATTACKS)
def test_no_neighbour_keeps_a_prober_or_a_command_out(attack, victim, how):
    box = victim()
    box.events.wait("health_status: healthy")
    bad = attack(how)
    does_its_work(box)
    knows_what_is_wrong(box)
    assert bad.inspect()["State"]["Running"]    # it was at it all the time
    assert box.inspect()["State"]["Running"]


def test_all_of_them_together_do_no_more(attack, victim):
    box = victim()
    for how in ATTACKS:
        attack(how)
    does_its_work(box)
    knows_what_is_wrong(box)
    docker("stop", "-t", "20", box.id)
    assert box.exit_code() == 0
