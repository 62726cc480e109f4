"""What the tests that scripts/apart.sh runs have in common: places."""
# SPDX-License-Identifier: MIT

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = pathlib.Path(os.environ.get("APART_RUN", "/nonexistent"))  # a tmpfs of the namespaces
LOG = pathlib.Path(os.environ.get("APART_LOG", RUN / "log"))
HALE = ROOT / os.environ.get("HALE_BIN", "build/hale")
APP = ROOT / os.environ.get("APP_BIN", "build/app")  # of app.c
