"""The README's table of images: when a run of tests/images writes it."""
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import subprocess

import pytest

from harness import TOP

IMAGES = re.search(r"^ORDER = \((.*?)\)", (TOP / "tests" / "images" / "conftest.py").read_text(),
                   re.M | re.S)[1].replace('"', "").replace("\n", "").replace(" ", "").split(",")
MARKS = "<!-- make images: sizes and promises -->\n{}<!-- end -->\n"
BEFORE, AFTER = "A \\d \\\\ and | here.\n\n", "\nThe \\1 end.\n<!-- end -->\n"
TEST = """import pytest
IMAGE, TITLE, TODAY = "{0}", "{0} \\\\1", "large"

@pytest.mark.keeps("x")
def test_one(): {1}

@pytest.mark.gains("y", "z of {0}")
def test_two(): pass
"""
ENGINES = """import types, pytest
BUILD_S, build = 1, None

@pytest.fixture(scope="session")
def newest(): return types.SimpleNamespace(env={}, network="bridge")
"""


@pytest.fixture
def images(tmp_path):
    """A run of the real conftest.py over made tests: its code, and the README it leaves."""
    here, engines, lib = (tmp_path / "tests" / name for name in ("images", "container", "lib"))
    for folder in (here, engines, lib):
        folder.mkdir(parents=True)
    shutil.copy(TOP / "tests" / "lib" / "readme_table.py", lib)
    shutil.copy(TOP / "tests" / "images" / "conftest.py", here)
    (here / "authority.py").write_text("")
    (engines / "engines.py").write_text(ENGINES)
    (engines / "containers.py").write_text("Container = docker = until = None\n")

    def run(*words, old="", readme=None, first="pass", table=""):
        for name in IMAGES:
            (here / f"test_{name.replace('-', '_')}.py").write_text(
                TEST.format(name, first if name == IMAGES[0] else "pass"))
        if readme is None:
            readme = BEFORE + MARKS.format(old) + AFTER
        (tmp_path / "README.md").write_text(readme)
        done = subprocess.run(
            ("/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", here, *words),
            cwd=here, capture_output=True, text=True, timeout=60,
            env={**os.environ, "IMAGES_TABLE": table, "PYTHONDONTWRITEBYTECODE": "1"})
        assert "INTERNALERROR" not in done.stdout + done.stderr, done
        left = (tmp_path / "README.md").read_text()
        return done.returncode, None if left == readme else left, done.stdout
    return run


def rows(size="0.0"):
    return "| image | as built today | here | pulled | keeps | gains | loses |\n" \
        "| --- | --- | --- | --- | --- | --- | --- |\n" \
        "| all of them |  |  |  | x | y |  |\n" + "".join(
            f"| {name} \\1 | large | {size} MB | {size} MB |  | z of {name} |  |\n"
            for name in IMAGES)


@pytest.mark.parametrize("old", ["", "| old |\n"])
def test_a_whole_run_writes_the_table_between_its_marks(images, old):
    code, left, _ = images(old=old)
    assert (code, left) == (0, BEFORE + MARKS.format(rows()) + AFTER)


@pytest.mark.parametrize("size, stays", [("0.09", True), ("0.1", False), ("9.0", False)])
def test_a_figure_that_is_still_true_to_a_tenth_stays(images, size, stays):
    code, left, _ = images(old=rows(size))
    assert code == 0
    assert (left == BEFORE + MARKS.format(rows()) + AFTER) == (not stays)


@pytest.mark.parametrize("code, words, more", [
    (1, (), {"first": "assert False"}), (0, (), {"first": "pytest.skip('no kernel')"}),
    (0, ("-k", "not test_one"), {}), (0, ("-m", "not keeps"), {}),
    (0, ("--deselect", f"test_{IMAGES[0]}.py::test_one"), {}),
    (0, ("--ignore-glob", "test_java*"), {})])
@pytest.mark.parametrize("table", ["", "check"])
def test_a_run_that_lacks_a_test_neither_writes_nor_judges(images, code, words, more, table):
    assert images(*words, old="| old |\n", table=table, **more)[:2] == (code, None)


@pytest.mark.parametrize("old, code", [(rows(), 0), (rows("12.3"), 0), (rows()[:-1] + "| \n", 1),
                                       ("", 1)])
def test_a_run_that_checks_fails_if_more_than_a_figure_differs(images, old, code):
    got, left, said = images(old=old, table="check")
    assert (got, left) == (code, None)
    assert ("`make images` writes it" in said) == bool(code)


@pytest.mark.parametrize("readme", ["", "x\n", MARKS.format("").replace("<!-- end -->", "")])
def test_a_readme_without_the_marks_is_named(images, readme):
    code, left, said = images(readme=readme)
    assert (code, left) == (1, None) and "README.md lacks the lines <!-- make images" in said
