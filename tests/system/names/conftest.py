"""Fixtures of the tests of hale under other tools' names."""
import os

import pytest

import harness


@pytest.fixture
def named(tmp_path):
    """named("curl"): the path of a link of that name to hale, in a folder of the test."""
    folder = tmp_path / "names"
    folder.mkdir()

    def link(name):
        path = folder / name
        if not path.is_symlink():
            path.symlink_to(os.path.abspath(harness.HALE))
        return str(path)

    return link
