# SPDX-License-Identifier: MIT
"""hale called curl: its version and help in curl's shape; all else is `hale get`'s, which
tests/system/get compares with curl."""
import re
import shutil
import subprocess

import pytest

import harness
import httpd


def run(program, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=harness.DEADLINE,
                          env={"PATH": harness.PATH})
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(name="server")
def scripted(tmp_path):
    server = httpd.Server({"/ok": lambda c, r: c.answer(r.field("User-Agent").encode())},
                          str(tmp_path))
    yield server
    server.close()


@pytest.mark.parametrize("who", ["curl", "hale"])
@pytest.mark.parametrize("word", ["-V", "--version", "-sV"])
def test_the_version_is_read_as_curls_is(who, word, named):
    code, out, err = run(shutil.which("curl") if who == "curl" else named("curl"), word)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert re.fullmatch(r"curl \d+\.\d+\.\d+ \(\S+\) \S.*", lines[0])
    assert {"http", "https"} <= {*re.search(r"^Protocols: (.*)$", out, re.M)[1].split()}
    assert {"SSL", "IPv6"} <= {*re.search(r"^Features: (.*)$", out, re.M)[1].split()}
    assert ("hale" in lines[0]) == (who == "hale")


@pytest.mark.parametrize("who", ["curl", "hale"])
@pytest.mark.parametrize("words", [["-h"], ["--help"], ["-h", "all"], ["--help", "http"]])
def test_the_help_has_curls_shape(who, words, named):
    code, out, err = run(shutil.which("curl") if who == "curl" else named("curl"), *words)
    assert (code, err) == (0, "")
    if words[1:] != ["http"] or who == "hale":
        assert out.startswith("Usage: curl [options...] <url>\n")
    assert re.search(r"^ -|^  +-", out, re.M)


def test_get_keeps_its_own_help_and_takes_no_curl_words():
    assert run(harness.HALE, "get", "-h")[1].startswith("Usage: hale get ")


def test_get_prints_hales_version():
    for word in ("-V", "--version", "-sV"):
        assert run(harness.HALE, "get", word) == run(harness.HALE, "--version")


def test_a_health_check_is_that_of_get(named, server):
    curl = named("curl")
    line = ["--fail", "--silent", "--show-error", "--max-time", "5"]
    assert run(curl, *line, f"{server.url}/ok")[:2] == (0, run(harness.HALE, "get", "-s",
                                                              f"{server.url}/ok")[1])
    assert run(curl, *line, f"{server.url}/none") \
        == (22, "", "curl: (22) The requested URL returned error: 404\n")
    assert run(curl, "-fs", "http://127.0.0.1:1/") == (7, "", "")


def test_an_unknown_option_is_curls_code(named):
    code, out, err = run(named("curl"), "--bogus", "http://127.0.0.1:1/")
    assert (code, out) == (2, "") and err.startswith("curl: option --bogus: is unknown")


# What health checks and init scripts say to curl, and hale must not refuse.
LINES = """\
-f
-sf -o /dev/null
-fsSL
-sS --fail
--fail --silent --show-error --max-time 5
-f --retry 3 --retry-delay 1 --retry-connrefused
-fk
-sSf -m 2 --connect-timeout 1
-X GET -H Accept:application/json -fs
-s -o /dev/null -w %{http_code}
-IfsS
--head -sf
-4fs
-fs --http1.1
-A me -fs
-u a:b -fs
--noproxy * -fs
-f -L --max-redirs 3
--no-progress-meter -f
--no-keepalive -fs
-sfN
-vf
-fs --tlsv1.2
-fs -d a=b
--location --fail-with-body -s
"""


@pytest.mark.parametrize("line", LINES.splitlines())
def test_what_scripts_write_ends_as_in_curl(line, named, server):
    words = [*line.split(), f"{server.url}/ok"]
    assert run(named("curl"), *words)[0] == run(shutil.which("curl"), *words)[0] == 0
