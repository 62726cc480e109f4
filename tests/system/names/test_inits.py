"""hale called tini, dumb-init, catatonit or pause, beside the originals: init_rows.py."""
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

import harness
import init_acts
import init_rows
from harness import SVC, clean_env, svc, until

OUT = harness.TOP / "build/newer-inits"
MAKE_S = 250

pytestmark = [pytest.mark.static_only,
              pytest.mark.skipif(harness.EMULATED, reason="the originals are this machine's, and "
                                 "qemu's own thread has a pid of those in the table")]


@functools.lru_cache(maxsize=None)
def newer_catatonit():
    """Debian's newest, unpacked in build/newer-inits; or why it is not there."""
    if not shutil.which("apt-get"):
        return None, "no apt-get for Debian's newest catatonit"
    done = subprocess.run([harness.TOP / "scripts/newer.sh", OUT, "catatonit"], text=True,
                          check=False, capture_output=True, stdin=subprocess.DEVNULL,
                          timeout=MAKE_S)
    path = OUT / "root/usr/bin/catatonit"
    return (str(path), "") if done.returncode == 0 else (None, done.stderr)


def original(name):
    if not os.path.exists("/etc/debian_version"):
        pytest.skip("the table is of Debian's packages, which glibc is in")
    if name == "newest catatonit":
        path, why = newer_catatonit()
    else:
        path, why = shutil.which(name), f"{name} is not installed: scripts/bootstrap test"
    if path is None:
        pytest.skip(why)
    return path


def run(box, row, path, script):
    """What the row's init, found at path, does."""
    command = [path, *(word.replace("{script}", script) for word in row.argv)]
    started = box(*row.within(command), env=clean_env(**row.env), **row.options)
    seen = {"got": row.do(started) if row.do else None}
    seen["code"] = started.code()
    seen["out"], seen["err"] = (stream.seen + "".join(f"{text}\n" for text in stream.rest())
                                for stream in (started.out, started.err))
    started.close()
    return seen


def misses(seen, expected):
    """The keys of what is expected and not seen."""
    def is_seen(key, value):
        if key in ("out", "err"):
            return all(re.search(p, seen[key], 0 if r"\A" in p else re.M) for p in value)
        if key == "no_err":
            return not any(re.search(p, seen["err"], re.M) for p in value)
        return value is None or seen[key] == value
    return [key for key, value in expected.items() if not is_seen(key, value)]


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script"
    path.write_text("exit 7\n")
    path.chmod(0o755)
    return str(path)


def peers():
    for row in init_rows.ROWS:
        yield pytest.param(row, row.init, id=str(row))
        if row.init == "catatonit":
            yield pytest.param(row, f"newest {row.init}", id=f"newest {row}")


@pytest.mark.parametrize("row, name", peers())
def test_the_original_does_what_the_table_says(box, row, name, script):
    seen = run(box, row, original(name), script)
    assert misses(seen, row.theirs) == [], seen
    if row.ours:  # else the row's difference is gone
        assert misses(seen, row.ours) != [], seen


@pytest.mark.parametrize("row", init_rows.ROWS, ids=str)
def test_hale_does_the_same_by_its_name_or_what_the_table_says(box, named, row, script):
    seen = run(box, row, named(row.init), script)
    assert misses(seen, {**row.theirs, **row.ours}) == [], seen
    if row.ours:
        assert row.why
        assert misses(seen, row.theirs) != [], seen


@pytest.mark.parametrize("name", ["tini-static", "docker-init"])
def test_tini_has_other_names(box, named, name):
    code, out, _ = box(named(name), "--version").end()
    assert (code, out[0][:13]) == (0, "tini version ")
    code, _, err = box(named(name), "--", "/nope").end()
    assert (code, err[0][:18]) == (127, "[FATAL tini (1)] e")


@pytest.mark.parametrize("sig", [2, 15])
def test_pause_reaps_until_it_is_to_end(box, named, sig):
    paused = box(named("pause"))
    init_acts.pauses_until(sig, 1, 3, 10)(paused)
    assert paused.end() == (0, [], [])


def test_pause_waits_before_it_asks_again_for_a_signal_that_it_was_denied(named, tmp_path):
    log = tmp_path / "calls"
    traced = subprocess.Popen(
        ["strace", "-qq", "-o", str(log), "-e", "trace=rt_sigtimedwait,poll,ppoll",
         "-e", "inject=rt_sigtimedwait:error=EPERM:when=1", named("pause")])
    children = pathlib.Path(f"/proc/{traced.pid}/task/{traced.pid}/children")
    try:
        until(lambda: log.exists() and re.search("^p?poll", log.read_text(), re.M), "it waits")
    finally:
        os.kill(int(children.read_text()), signal.SIGTERM)
        code = traced.wait(timeout=60)
    assert code == 0
    calls = re.findall(r"^(rt_sigtimedwait|p?poll)\(", log.read_text(), re.M)
    assert [call.replace("ppoll", "poll") for call in calls] == [
        "rt_sigtimedwait", "poll", "rt_sigtimedwait"]


def test_pause_prints_its_version(box, named):
    code, out, err = box(named("pause"), "-v").end()
    assert (code, out[0][:5], len(out), err) == (0, "hale ", 1, [])


@pytest.mark.parametrize("name, code", [("tini", 126), ("dumb-init", 2), ("catatonit", 1)])
def test_a_script_whose_interpreter_is_an_init_is_not_started_for_ever(box, named, tmp_path,
                                                                       name, code):
    script = tmp_path / "s"
    for line in (f"{named(name)} --", named(name), f"/usr/bin/env {name}"):
        script.write_text(f"#!{line}\n")
        script.chmod(0o755)
        for words in ([script], [named(name), "--", script, "a"]):
            path = f"{tmp_path}/names:/usr/bin"
            found, out, err = box(*map(str, words), env=clean_env(PATH=path)).end()
            assert (found, out, len(err)) == (code, [], 1)
            assert f"cannot start {script}: its #! line names hale" in err[0]


@pytest.mark.parametrize("name, letters", [("tini", "hlsgwvpe"), ("dumb-init", "crvVh"),
                                           ("catatonit", "gPhLV")])
def test_an_inits_help_has_each_letter_and_a_word(box, named, name, letters):
    _, out, err = box(named(name), "-h").end()
    assert re.findall(r"-(\w)\b,? +-*\w", "\n".join(out[1:] + err[1:])) == list(letters)


@pytest.mark.parametrize("name", init_rows.INITS)
def test_an_inits_name_logs_nothing_of_options_that_it_does_not_have(box, named, name):
    code, out, err = box(named(name), "--", *svc("exit 3"), nofile=4).end()
    assert (code, out, len(err)) == (1, [], 1)
    assert err[0].endswith("RLIMIT_NOFILE is 4 and hale needs 6")


@pytest.mark.parametrize("name, words", [("tini", ["-vvv"]), ("dumb-init", ["-v"]),
                                         ("catatonit", [])])
def test_an_inits_name_does_not_log_readiness(box, named, name, words):
    started = box(named(name), *words, "--", *svc("exit 3"), env=clean_env(CATATONIT_DEBUG="1"))
    code, _, err = started.end()
    assert code == 3 and err and "ready" not in "".join(err)


@pytest.mark.parametrize("name", init_rows.INITS)
def test_an_inits_name_has_no_local_socket(box, named, name):
    """A hale of the image's own must not find this one: tini has none either."""
    started = box(named(name), "--", *svc("say up pause"))
    started.out.expect("^up$")
    started.settled()
    with started.net():
        with open("/proc/thread-self/net/unix", encoding="ascii") as sockets:
            assert "hale" not in sockets.read()
    fds = sorted(os.readlink(f"/proc/{started.pid}/fd/{fd}").split(":")[0]
                 for fd in os.listdir(f"/proc/{started.pid}/fd"))
    assert "socket" not in fds
    done = started.run(harness.HALE, "status")
    assert done.returncode != 0


@pytest.mark.parametrize("name", init_rows.INITS)
def test_a_hale_below_an_inits_name_is_the_one_that_is_found(box, named, name):
    started = box(named(name), "--", harness.HALE, "-s", *svc("say up pause"))
    started.out.expect("^up$")
    assert started.run(harness.HALE, "check").returncode == 0


def test_a_start_by_the_name_tini_opens_nothing_it_does_not_need(box, named, tmp_path):
    """System calls from hale's exec to the service's, as PID 1."""
    log = tmp_path / "trace"
    traced = box("/usr/bin/strace", "-f", "-o", str(log), "-e", "signal=none",
                 named("tini"), "-s", "--", SVC, "exit", "3")
    assert traced.code() == 3
    calls = re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.M)
    before = calls[:[i for i, call in enumerate(calls) if call == "execve"][1]]
    assert {"socket", "bind", "listen", "getrandom"} & set(before) == set()
    assert len(before) <= 22


def test_no_signal_of_a_burst_is_lost_by_the_name_tini(box, named):
    started = box(named("tini"), "--", *svc("catch say up pause"))
    started.out.expect("^up$")
    for value in range(500):
        started.queue(34, value)
    for value in range(500):
        started.out.expect(f"^got 34 code=-1 value={value}$")


def test_an_idle_tini_by_name_sleeps(box, named):
    started = box(named("tini"), "--", *svc("say up pause"))
    started.out.expect("^up$")
    until(lambda: started.state(1) == "S", "it sleeps")
