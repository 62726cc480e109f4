"""hale --install-names and hale help names, by what lies there afterwards."""
# SPDX-License-Identifier: MIT

import os
import platform
import re
import shutil
import subprocess

import pytest

from harness import EMULATED, HALE, TOP

NAMES = re.findall(r'^\tNAME\("([^"]+)",', (TOP / "src/cmd/names.c").read_text(), re.M)
LAID = [name for name in NAMES if name != "sh"]

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="mount() needs root")


@pytest.fixture
def hale(tmp_path):
    """hale(word...): a copy of hale in a folder of its own is run with these words."""
    place = tmp_path / "own" / "hale"
    place.parent.mkdir()
    shutil.copy(HALE, place)

    def run(*words, start=str(place), **how):
        return subprocess.run([start, *map(str, words)], capture_output=True, text=True,
                              timeout=60, **how)

    run.place = place
    return run


def links(folder):
    return {path.name: os.readlink(path) for path in folder.iterdir() if path.is_symlink()}


def failed(done, code=1):
    """The one line that it fails with."""
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("hale: --install-names: ")
    return line


def test_without_words_they_lie_beside_hale_and_are_relative(hale):
    done = hale("--install-names")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert links(hale.place.parent) == dict.fromkeys(LAID, "hale")


def test_in_another_folder_they_name_the_whole_path(hale, tmp_path):
    assert hale("--install-names", tmp_path).returncode == 0
    assert links(tmp_path) == dict.fromkeys(LAID, str(hale.place))


def test_a_folder_that_is_not_there_is_made_but_not_those_above_it(hale, tmp_path):
    assert hale("--install-names", tmp_path / "bin").returncode == 0
    assert set(links(tmp_path / "bin")) == set(LAID)
    line = failed(hale("--install-names", tmp_path / "no" / "bin"))
    assert line.endswith(f"{tmp_path}/no/bin: No such file or directory")


def test_a_relative_folder_is_that_of_the_caller(hale, tmp_path):
    assert hale("--install-names", "here", "curl", cwd=tmp_path).returncode == 0
    assert links(tmp_path / "here") == {"curl": str(hale.place)}


def test_named_ones_only_and_sh_only_if_it_is_named(hale, tmp_path):
    assert hale("--install-names", tmp_path, "sh", "curl", "sh").returncode == 0
    assert set(links(tmp_path)) == {"sh", "curl"}


def test_what_leads_to_hale_already_is_left_as_it_is(hale, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tini").symlink_to("../own/hale")
    os.link(hale.place, folder / "curl")
    for _ in "12":
        assert hale("--install-names", folder).returncode == 0
    assert links(folder)["tini"] == "../own/hale"
    assert not (folder / "curl").is_symlink()
    assert set(os.listdir(folder)) == set(LAID)


@pytest.mark.parametrize("kind", ["file", "folder", "other link", "dangling link", "copy"])
def test_another_thing_in_the_place_is_named_and_nothing_is_done(hale, tmp_path, kind):
    folder = tmp_path / "bin"
    folder.mkdir()
    place = folder / LAID[-1]
    {"file": lambda: place.write_text("mine"), "folder": place.mkdir,
     "other link": lambda: place.symlink_to("/dev/null"),
     "dangling link": lambda: place.symlink_to("nowhere"),
     "copy": lambda: shutil.copy(hale.place, place)}[kind]()
    line = failed(hale("--install-names", folder))
    assert line.endswith(f"{place}: File exists")
    assert os.listdir(folder) == [place.name]


@pytest.mark.parametrize("word", ["bash", "", "./curl", "/curl", "curl/", "CURL", "hale",
                                  "x" * 600])
def test_an_unknown_name_is_a_usage_error_that_tells_the_known_ones(hale, tmp_path, word):
    line = failed(hale("--install-names", tmp_path / "bin", "curl", word), 2)
    assert line.endswith("is not one of the names: " + " ".join(NAMES))
    assert not (tmp_path / "bin").exists()


@needs_root
def test_a_root_that_cannot_be_written(hale, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" '
         '&& exec "$0" --install-names "$1"', hale.place, folder],
        capture_output=True, text=True, timeout=60)
    assert failed(done).endswith(f"{folder}/{LAID[0]}: Read-only file system")
    assert os.listdir(folder) == []


def test_a_folder_that_is_none(hale, tmp_path):
    (tmp_path / "file").write_text("")
    assert failed(hale("--install-names", tmp_path / "file")).endswith("/file: Not a directory")


@needs_root
@pytest.mark.static_only  # a sanitizer looks into /proc itself
def test_without_proc_hale_does_not_know_where_it_lies(hale, tmp_path):
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" --install-names "$1"',
         hale.place, tmp_path], capture_output=True, text=True, timeout=60)
    assert failed(done).endswith(": /proc/self/exe: No such file or directory")
    assert links(tmp_path) == {}


def test_a_file_that_is_gone_is_not_linked_to(hale, tmp_path):
    held = os.open(hale.place, os.O_RDONLY)
    hale.place.unlink()
    shutil.copy(HALE, hale.place)  # another one by that name
    done = hale("--install-names", tmp_path, start=f"/proc/self/fd/{held}", pass_fds=[held])
    os.close(held)
    assert failed(done).endswith(f"{hale.place} (deleted): No such file or directory")
    assert links(tmp_path) == {}


def test_it_is_not_taken_from_the_environment(hale, tmp_path):
    env = {**os.environ, "HALE_INSTALL_NAMES": "1"}
    assert hale("true", env=env).returncode == 0
    assert links(hale.place.parent) == {}


def test_each_name_has_its_line_in_the_help(hale):
    done = hale("help", "names")
    assert (done.returncode, done.stderr) == (0, "")
    table = done.stdout.split("\n\n")[0].splitlines()
    told = [name for line in table for name in re.split(r"\s{2,}", line)[0].split(", ")]
    assert told == NAMES
    assert all(re.split(r"\s{2,}", line)[1] for line in table)
    assert "--install-names" in done.stdout
    assert "names" in hale("help").stdout


@pytest.mark.parametrize("name", NAMES)
def test_help_for_a_name_is_the_list_of_them(hale, name):
    assert hale("help", name).stdout == hale("help", "names").stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_name_where_the_folder_belongs_is_a_usage_error(hale, tmp_path, name):
    line = failed(hale("--install-names", name, cwd=tmp_path), 2)
    assert line.endswith(f': DIR comes before "{name}"')
    assert not (tmp_path / name).exists()
    assert hale("--install-names", f"./{name}", cwd=tmp_path).returncode == 0
    assert set(links(tmp_path / name)) == set(LAID)


@pytest.mark.skipif(shutil.which("strace") is None or platform.machine() != "x86_64" or EMULATED,
                    reason="strace is not installed, or lstat() is not a call of its own")
@pytest.mark.static_only  # glibc has no call of that name
def test_a_place_that_cannot_be_looked_at_says_why(hale, tmp_path):
    done = subprocess.run(
        ["strace", "-qq", "-o", "/dev/null", "-e", "trace=lstat", "-e", "inject=lstat:error=EIO",
         hale.place, "--install-names", tmp_path, "curl"],
        capture_output=True, text=True, timeout=60)
    assert failed(done).endswith(f"{tmp_path}/curl: I/O error")
    assert links(tmp_path) == {}


def test_make_install_names_lays_the_same(hale, tmp_path):
    # The hale that is tested is not built again: others use it at this time.
    words = ["make", "-s", "-C", TOP, "-o", "all", "install-names", f"B={hale.place.parent}",
             f"DESTDIR={tmp_path}", "PREFIX=/usr"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("M")}
    for _ in "12":
        subprocess.run(words, check=True, timeout=300, env=env, stdout=subprocess.DEVNULL)
        assert links(tmp_path / "usr/bin") == dict.fromkeys(LAID, "hale")
    (tmp_path / "usr/bin/nc").unlink()
    (tmp_path / "usr/bin/nc").write_text("mine")
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, env=env)
    assert done.returncode != 0 and f"{tmp_path}/usr/bin/nc exists already" in done.stderr
    assert (tmp_path / "usr/bin/nc").read_text() == "mine"
