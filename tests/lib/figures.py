"""A plugin of the tests that scripts/apart.sh runs: what they saw, at the end once more."""
# SPDX-License-Identifier: MIT

import os

import pytest

import readme_table

FIGURES = []


def pytest_configure():
    if "APART_RUN" not in os.environ:
        pytest.exit("these tests run in namespaces of their own: make kubernetes, make swarm", 1)


def pytest_terminal_summary(terminalreporter):
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)


@pytest.fixture
def figure():
    """figure("text") prints it now and with all others at the end."""
    def say(text):
        print(text)
        FIGURES.extend(text.splitlines())
    return say


def is_wanted(exitstatus):
    """May this run write the README's table? Not if something was left behind."""
    return readme_table.is_whole(exitstatus) and os.environ.get("APART_TABLE") != "no"
