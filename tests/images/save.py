"""Not of the tests: what scripts/images does, by their fixtures."""
# SPDX-License-Identifier: MIT

import importlib
import os

import pytest

from conftest import ROOT, STAND_INS
from containers import docker

OUT = ROOT / "build" / "images"


@pytest.mark.parametrize("name", os.environ.get("IMAGES", "").split())
def test_an_image_is_built_and_saved(build_image, stand_in, name):
    if name in STAND_INS:
        stand_in(name)
        image = STAND_INS[name]
    else:
        module = importlib.import_module(f"test_{name}")
        image = build_image(name, *getattr(module, "OPTIONS", ()), needs=module.NEEDS)
    OUT.mkdir(exist_ok=True)
    part = OUT / f"{name}.part"
    docker("save", "-o", str(part), image)
    part.rename(OUT / f"{name}.tar")
