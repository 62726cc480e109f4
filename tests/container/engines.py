"""The engines that tests run containers with, and what CI wants of such tests.

A plugin of tests/container and tests/images.
"""
# SPDX-License-Identifier: MIT

import contextlib
import os
import pathlib
import signal
import subprocess
import types

import pytest

from containers import docker

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD_S = 1800  # for an image with its toolchain on a slow machine
VERSION = "0.0.0-test"
COMMIT = "c0ffee0000000000000000000000000000000000"
HARD = ("--read-only", "--user", "65532", "--cap-drop", "ALL")


def pytest_configure():
    """Ended by a signal, we still end what was started, as after Ctrl-C. One that
    nohup or a shell's & has us ignore stays so for us, but not for what we start."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
        elif number != signal.SIGQUIT:
            signal.signal(number, signal.default_int_handler)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """In CI a skipped container test is a failed one."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI counts as failed: {report.longrepr}"


def stop_engine(*which):
    subprocess.run((ROOT / "scripts" / "engine", "stop", *which), check=True)


def sweep(facts):
    """Remove what a run that was cut short left in an engine of ours; it would start again
    with the engine, and a network stays on the machine without it."""
    env = {**os.environ, **facts}
    for listed, removed in ((("ps", "-aq"), ("rm", "-f", "-v")),
                            (("network", "ls", "-q", "--filter", "type=custom"),
                             ("network", "rm")),
                            (("volume", "ls", "-q"), ("volume", "rm", "-f"))):
        found = subprocess.run(("docker", *listed), env=env, stdout=subprocess.PIPE,
                               text=True, timeout=60).stdout.split()
        if found:
            subprocess.run(("docker", *removed, *found), env=env, timeout=60,
                           stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def started(*which):
    """What scripts/engine says of an engine; swept and ended if started here."""
    try:
        start = subprocess.run((ROOT / "scripts" / "engine", "start", *which),
                               stdout=subprocess.PIPE, text=True)
    except KeyboardInterrupt:  # it may have come half the way
        stop_engine(*which)
        raise
    if start.returncode != 0:
        pytest.skip("no Docker engine here and none can be started")
    facts = dict(line.split("=", 1) for line in start.stdout.splitlines())
    is_ours = facts["STARTED"] == "yes"
    if is_ours:
        sweep(facts)
    yield facts
    if is_ours:
        sweep(facts)
        stop_engine(*which)


@pytest.fixture(scope="session")
def engine():
    """A Docker engine, private where none answers."""
    with started() as facts:
        os.environ["DOCKER_HOST"] = facts["DOCKER_HOST"]
        os.environ["PRIVATE"] = facts["PRIVATE"]
        yield types.SimpleNamespace(
            private=facts["PRIVATE"] == "yes", network=facts["NETWORK"]
        )


@pytest.fixture(scope="session")
def newest():
    """The engine of Debian's newest suite, beside the other. Its client is what env
    and client lead to: with client alone it asks the other engine."""
    with started("newest") as facts:
        client = {name: facts[name] for name in ("PATH", "DOCKER_CONFIG")}
        yield types.SimpleNamespace(
            network=facts["NETWORK"], client=client,
            env={**client, "DOCKER_HOST": facts["DOCKER_HOST"], "PRIVATE": "yes"})


def build(images, target, name, *options, command=("build",), check=True):
    """One target of Dockerfile.scratch, as a user would build it."""
    return docker(
        *command, *images.net, "-f", str(ROOT / "Dockerfile.scratch"),
        "--target", target, "-t", name,
        "--build-arg", f"VERSION={VERSION}",
        "--build-arg", f"COMMIT_SHA={COMMIT}",
        "--build-arg", "BUILD_TIME=2026-01-02T03:04:05Z",
        *options, str(ROOT), timeout=BUILD_S, check=check,
    )
