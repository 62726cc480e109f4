"""What qemu's user emulation cannot do, read from qemu_cannot.txt."""
# SPDX-License-Identifier: MIT
import pathlib

import pytest

TABLE = pathlib.Path(__file__).resolve().parent.parent / "qemu_cannot.txt"


class Entry:
    """A test, or one case of it, that fails under qemu; all cases where none is named."""

    def __init__(self, name, reason):
        self.sometimes = name.startswith("~")
        self.name = name.lstrip("~")
        self.reason = reason
        self.found = False

    def covers(self, test):
        return test == self.name or ("[" not in self.name and test.partition("[")[0] == self.name)


def entries():
    """A line at the margin is a reason; the tests that are indented under it have it."""
    reason, found = "", []
    for line in TABLE.read_text().splitlines():
        if line.startswith((" ", "\t")):
            found.append(Entry(line.strip(), reason))
        elif line and not line.startswith("#"):
            reason = line
    return found


def name_of(item):
    """As in the table: init/test_exit.py::test_x[case]."""
    return f"{item.path.relative_to(TABLE.parent)}::{item.name}"


def expect_failures(items, is_whole):
    """Marks the tests of the table: one that passes fails then. Returns the entries that
    fit no test; in a run of whole files, in which they would have been found."""
    table = entries()
    for item in items:
        for entry in table:
            if entry.covers(name_of(item)):
                entry.found = True
                item.add_marker(pytest.mark.xfail(reason=f"qemu: {entry.reason}",
                                                  strict=not entry.sometimes))
                break
    files = {name_of(item).partition("::")[0] for item in items}
    return [entry.name for entry in table if is_whole and not entry.found
            and (entry.name.partition("::")[0] in files
                 or not (TABLE.parent / entry.name.partition("::")[0]).exists())]
