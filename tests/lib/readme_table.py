"""A table of the README that tests write: it stands behind a mark, `<!-- make X: Y -->`."""
# SPDX-License-Identifier: MIT

import pathlib
import re

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def is_whole(session, exitstatus):
    """Did every test pass, and was none left out by its name?"""
    return exitstatus == 0 and not session.config.option.keyword


def render(head, rows):
    """A table of these cells, all texts."""
    return "".join("| " + " | ".join(cells) + " |\n"
                   for cells in (head, ("---",) * len(head), *rows))


def place(mark):
    """The mark and its end, and what is between: (text before, table, text behind)."""
    begin, end = f"<!-- {mark} -->\n", "<!-- end -->\n"
    return re.fullmatch(f"(.*?{re.escape(begin)})(.*?)({re.escape(end)}.*)",
                        README.read_text(), re.S).groups()


def read(mark):
    return place(mark)[1]


def write(mark, table):
    before, _, behind = place(mark)
    README.write_text(before + table + behind)
