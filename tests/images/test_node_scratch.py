"""The web app in Node.js on scratch, by the COPY lines that scripts/copy-lines prints."""
# SPDX-License-Identifier: MIT

import pytest

from conftest import HERE, printed_lines, serves_through_its_drain, written_lines

IMAGE, TITLE = "node-scratch", "[the same app](tests/images/node/Dockerfile.scratch), on scratch"
TODAY, NEEDS = "`node:22-bookworm-slim`, `npm ci`", ("node",)
FOLDER, OPTIONS = "node", ("-f", str(HERE / "node" / "Dockerfile.scratch"))
HARD = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
        "-e", "HALE_DRAIN=1m")


def test_its_copy_lines_are_what_the_script_prints(image):
    lines = printed_lines("node:22-bookworm-slim", "node")
    assert "/lib64/ld-linux-x86-64.so.2" in lines
    assert lines in written_lines(FOLDER, "Dockerfile.scratch")


@pytest.mark.keeps("JSON on 3000", "npm ci", "no root, read-only")
@pytest.mark.gains("health without a shell or curl", "probes on 4253", "a drain before the stop",
                   "nothing of Debian but 7 files")
def test_it_serves_and_drains(run):
    box = run(options=(*HARD, "--health-start-interval=500ms"), ports=(3000, 4253))
    box.logs.wait("listening on 3000")
    assert box.get(3000, "/todos") == (200, "[]")
    box.events.wait("health_status: healthy")
    serves_through_its_drain(box, 3000, "/todos")


@pytest.mark.keeps("HTTPS out, names, time zones (they are in Node)")
def test_node_finds_its_own_data(once):
    said = once("/usr/local/bin/node", "-p", "new Date(0).toLocaleString('de-DE', {timeZone:"
                "'Europe/Berlin'}) + ' ' + require('tls').rootCertificates.length")
    assert said.stdout.startswith("1.1.1970, 01:00:00 1"), said


@pytest.mark.loses("a shell and npm inside", "`os.userInfo()` (no /etc/passwd)")
def test_what_is_not_there(once):
    assert "/bin/sh" in once("/bin/sh").stderr
    said = once("/usr/local/bin/node", "-p", "os.userInfo().username")
    assert "uv_os_get_passwd" in said.stderr
