"""A plugin: a table of the README that a whole run of tests writes.

It stands behind a mark that names the run, `<!-- make images: sizes and promises -->`.
"""
# SPDX-License-Identifier: MIT

import pathlib

import pytest

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
LEFT_OUT = []  # tests that a table would lack


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    if outcome.get_result().skipped:
        LEFT_OUT.append(item)


def pytest_deselected(items):
    LEFT_OUT.extend(items)


def is_whole(exitstatus):
    """Did every test pass, and was none left out or skipped?"""
    return exitstatus == 0 and not LEFT_OUT


def put(session, mark, head, rows, same=None):
    """Write the table; all cells are texts.

    With same(), nothing is written: the README's must be this one, as same() makes both.
    What is wrong is printed, and ends the session with 1.
    """
    table = "".join("| " + " | ".join(cells) + " |\n"
                    for cells in (head, ("---",) * len(head), *rows))
    begin, end = f"<!-- {mark} -->\n", "<!-- end -->\n"
    text = README.read_text()
    start = text.find(begin) + len(begin)
    stop = text.find(end, start)
    if start < len(begin) or stop < 0:
        wrong = f"README.md lacks the lines {begin.strip()} and {end.strip()}"
    elif not same:
        README.write_text(text[:start] + table + text[stop:])
        return
    elif same(text[start:stop]) == same(table):
        return
    else:
        wrong = f"README.md has another table behind {begin.strip()} than these tests show: " \
            f"`{mark.partition(':')[0]}` writes it"
    print(f"\n{wrong}")
    session.exitstatus = 1
