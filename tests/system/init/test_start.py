"""How the service is started, and in which poor places hale still works."""
import os
import re

import pytest

from harness import FIRST, HALE, PATH, SVC, clean_env, runs_hale, svc

IDS = r"ids pid=(\d+) ppid=(\d+) pgid=(\d+) sid=(\d+)"


def test_the_service_is_hales_child_in_a_session_of_its_own(hale):
    pid, ppid, pgid, sid = hale("ids").out.expect(IDS).groups()
    assert (ppid, pgid, sid) == ("1", pid, pid)


@pytest.mark.parametrize("options, ready", [
    ([], True), (["--listen", "8080"], True), (["--notify"], False)], ids=str)
def test_the_start_is_told_before_the_readiness(hale, options, ready):
    box = hale("-v", *options, "ids read").settled()
    box.tell("end")
    said = [line for line in box.end()[2] if "listen" not in line]
    assert said[0] == f"hale: started {SVC} (pid {FIRST})"
    assert (said[1] == "hale: the service is ready") == ready


def test_run_is_the_same_as_the_bare_form(box):
    assert box(HALE, "run", *svc("exit 5")).code() == 5
    assert box(HALE, "run", "-g", "--", *svc("exit 6")).code() == 6


def test_arguments_reach_the_service_byte_for_byte(hale):
    given = ["", "a b", "tab\tnewline\n", "--", "-x", "$HOME", "*", "é", b"\xff\xfe", "x" * 2000]
    hexes = [(g if isinstance(g, bytes) else g.encode()).hex() for g in given]
    code, out, _ = hale([SVC, "args", *given]).end()
    assert (code, out) == (0, [f"arg {h}" for h in hexes])


@pytest.mark.parametrize("words", [
    ["-g", "--listen", "x", "-h"], ["--help"], ["--version"], ["-s", "--", "-w"], ["check"],
    ["--stop-timeout=nonsense"]])
def test_options_after_the_program_are_the_programs_own(hale, words):
    code, out, err = hale([SVC, "args", *words]).end()
    assert (code, out, err) == (0, [f"arg {w.encode().hex()}" for w in words], [])


def test_two_dashes_end_hales_options(hale):
    assert hale("--", "exit 3").code() == 3


@pytest.mark.parametrize("prefix", [["--"], ["run", "--"], ["run"]])
def test_a_program_named_like_a_command_is_started_after_dashes_or_run(box, tmp_path, prefix):
    os.symlink(SVC, tmp_path / "check")
    env = clean_env(PATH=str(tmp_path))
    assert box(HALE, *prefix, "check", "exit", "4", env=env).code() == 4


def test_a_program_named_like_a_command_is_started_by_its_path(box, tmp_path):
    os.symlink(SVC, tmp_path / "status")
    assert box(HALE, "./status", "exit", "4", cwd=tmp_path).code() == 4


def test_the_program_is_found_in_path(box, tmp_path):
    os.symlink(SVC, tmp_path / "shop")
    env = clean_env(PATH=f"/nonexistent:{tmp_path}:{PATH}")
    assert box(HALE, "shop", "exit", "8", env=env).code() == 8


def test_the_environment_reaches_the_service_unchanged(hale):
    env = clean_env(EMPTY="", A="b=c", LANG="x y")
    _, out, _ = hale("env", env=env).end()
    assert sorted(out) == sorted([f"env {k}={v}" for k, v in env.items()] + ["env end"])


def test_an_empty_environment_is_enough(hale):
    code, out, err = hale("env exit 3", env={}).end()
    assert (code, out) == (3, ["env end"])
    assert len(err) == 1  # the line about code 3, and no complaint


def test_the_service_keeps_the_working_directory_and_hale_sits_in_root(hale, tmp_path):
    box = hale("cwd read", cwd=tmp_path)
    assert box.out.line() == f"cwd {tmp_path}"
    box.settled()


def test_a_working_directory_that_was_removed_is_no_obstacle(hale, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    box = hale(f"exec {SVC} read exec {SVC} exit 9", cwd=gone)
    gone.rmdir()
    box.tell("go")
    assert box.code() == 9


@pytest.mark.static_only
def test_hale_runs_in_a_root_that_holds_nothing_else(box, empty_root):
    started = box("/hale", "--listen", "8080", "/svc", "say", "up", "read", "exit", "7",
                  root=empty_root, read_only=True, uid=65532)
    assert started.out.line() == "up"
    assert started.get("/readyz").status == 200
    started.tell("end")
    assert started.code() == 7


@pytest.mark.static_only
@pytest.mark.parametrize("poor", [
    {"no_proc": True}, {"no_dev": True}, {"no_proc": True, "no_dev": True},
    {"no_proc": True, "no_dev": True, "read_only": True, "uid": 65532}], ids=str)
def test_missing_proc_and_dev_are_no_obstacle(hale, poor):
    code, out, err = hale("--listen", "8080", "--check", "tcp://[::1]:9", "-w", "ids exit 7",
                          **poor).end()
    assert code == 7
    assert re.match(IDS, out[0])
    assert len(err) == 1, err


def test_a_read_only_root_is_no_obstacle(hale):
    assert hale("exit 7", read_only=True).code() == 7


@pytest.mark.parametrize("uid", [1, 1000, 65532, 65534, 4294967294])
def test_any_user_may_run_it_and_the_service_stays_that_user(hale, uid):
    code, out, _ = hale("uid exit 7", uid=uid).end()
    want = uid if uid < 2**31 else uid - 2**32
    assert (code, out) == (7, [f"uid {want} gid {want}"])


@pytest.mark.parametrize("nofile", [10, 16, 64])
def test_few_file_descriptors_are_enough(hale, nofile):
    code, out, _ = hale("fds exit 7", nofile=nofile).end()
    assert (code, out) == (7, ["fds 0 1 2"])


@pytest.mark.static_only
@pytest.mark.parametrize("nofile", range(3, 10))
def test_too_few_file_descriptors_end_in_words_or_work(hale, nofile):
    code, out, err = hale("say up exit 7", nofile=nofile).end()
    if code == 7:
        assert out == ["up"]
    else:
        assert code in (1, 126) and out == []
        assert err and all(line.startswith("hale: ") for line in err)


def test_a_process_limit_that_is_reached_is_explained(hale):
    code, out, err = hale("say up", uid=61234, nproc=1).end()
    assert (code, out, len(err)) == (126, [], 1)
    assert err[0].startswith(f"hale: cannot start {SVC}: ")


def test_a_small_stack_is_enough(hale):
    """All that hale does to answer fits into it; the kernel's own least is 128 KiB."""
    box = hale("--listen", "8080", "-v", "say up read exit 7", stack=128 << 10)
    box.out.expect("^up$")
    assert [box.get(path).status for path in ("/livez", "/status", "/readyz?verbose")] == [200] * 3
    box.tell("end")
    assert box.code() == 7


def test_the_service_has_the_limits_that_hale_was_given(box):
    _, out, _ = box(HALE, "/bin/sh", "-c", "ulimit -n; ulimit -s",
                    nofile=77, stack=1 << 20).end()
    assert out == ["77", "1024"]


def test_no_new_signal_state_comes_from_hale(hale):
    _, out, _ = hale("signals").end()
    assert out == [f"mask={0:016x} ignored={0:016x}"]


def test_sigchld_inherited_as_ignored_does_not_hide_the_services_end(hale):
    box = hale("signals exit 5", ignore=[17])
    assert box.end()[:2] == (5, [f"mask={0:016x} ignored={1 << 16:016x}"])


def test_sigchld_inherited_as_blocked_does_not_hide_the_services_end(hale):
    box = hale("signals exit 5", block=[17])
    assert box.end()[:2] == (5, [f"mask={1 << 16:016x} ignored={0:016x}"])


@pytest.mark.parametrize("sig", [*range(1, 9), *range(10, 19), *range(20, 65)])
def test_an_ignored_signal_stays_ignored_and_a_blocked_one_blocked(hale, sig):
    other = 64 if sig != 64 else 1
    box = hale("signals", ignore=[sig], block=[other])
    assert box.end()[1] == [f"mask={1 << (other - 1):016x} ignored={1 << (sig - 1):016x}"]


def test_all_signals_blocked_and_ignored_come_back_as_they_were(hale):
    box = hale("signals", ignore=["all"], block=["all"])
    unblockable = 1 << 8 | 1 << 18
    all_but = 2**64 - 1 & ~unblockable
    assert box.end()[1] == [f"mask={all_but:016x} ignored={all_but:016x}"]


SYS = {"pidfd_open": 434, "pidfd_send_signal": 424, "close_range": 436, "clone3": 435,
       "prctl": 157, "epoll_create1": 291, "signalfd4": 289, "accept4": 288,
       "pwritev2": 328}
x86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="system call numbers")


@x86_64
@pytest.mark.parametrize("call", ["pidfd_open", "pidfd_send_signal", "close_range", "clone3"])
def test_a_kernel_without_newer_system_calls_is_enough(hale, call):
    box = hale("catch quit 15 6 say up pause", refuse=[f"{SYS[call]}:-1:38"])
    box.out.expect("^up$")
    box.signal(15)
    assert box.code() == 6


@x86_64
@pytest.mark.parametrize("error", [38, 95])  # ENOSYS, and EOPNOTSUPP for this descriptor
def test_a_kernel_without_a_write_that_never_waits_shows_hales_lines(hale, error):
    code, _, err = hale("exit 3", refuse=[f"{SYS['pwritev2']}:-1:{error}"]).end()
    assert (code, len(err)) == (3, 1)


@x86_64
@pytest.mark.parametrize("call", ["epoll_create1", "signalfd4"])
def test_a_kernel_that_refuses_what_hale_needs_is_one_line_and_no_service(hale, call):
    enomem = 12
    code, out, err = hale("say started", refuse=[f"{SYS[call]}:-1:{enomem}"]).end()
    assert (code, out, len(err)) == (1, [], 1)
    assert err[0].startswith("hale: cannot set up: ")


@x86_64
@pytest.mark.static_only  # the dynamic loader reads from the same number
def test_signals_that_cannot_be_read_do_not_make_hale_spin_or_hang(hale):
    read, signalfd, eio = 0, 3, 5
    box = hale("say up read exit 7", refuse=[f"{read}:{signalfd}:{eio}"])
    box.out.expect("^up$")
    box.signal(10)
    for _ in range(2):
        assert box.err.line().startswith("hale: cannot read signals for a second: ")
    box.tell("end")
    assert box.code() == 7


@x86_64
def test_a_refused_accept_makes_hale_neither_spin_nor_end(hale):
    eacces = 13
    box = hale("--listen", "8080", "catch say up pause",
               refuse=[f"{SYS['accept4']}:-1:{eacces}"])
    box.out.expect("^up$")
    box.connect().send("GET /livez HTTP/1.1\r\n")
    box.err.expect("probes know only whether")
    for _ in range(2):
        assert box.err.line().startswith("hale: cannot accept probes for a second: ")
    box.signal(10)
    assert box.out.line().startswith("got 10 ")


@x86_64
def test_a_refused_subreaper_is_one_line_and_no_end(hale):
    set_child_subreaper = 36
    box = hale("-s", "exit 0", second=True,
               refuse=[f"{SYS['prctl']}:{set_child_subreaper}:22"])
    code, _, err = box.end()
    assert (code, len(err)) == (0, 1)
    assert "subreaper" in err[0]


def test_not_being_the_first_process_is_one_warning(hale):
    code, _, err = hale("exit 0", second=True).end()
    assert (code, len(err)) == (0, 1)
    assert re.match("hale: .*PID 1", err[0])


def test_a_subreaper_by_inheritance_starts_without_a_word(box):
    become = ("import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0);"
              "os.execv(sys.argv[1], sys.argv[1:])")
    started = box("/usr/bin/python3", "-c", become, HALE, *svc("exit 7"), second=True)
    code, _, err = started.end()
    assert (code, len(err)) == (7, 1), err
    assert err[0].endswith("exited with code 7")


@pytest.mark.parametrize("options, second", [([], False), (["-s"], True), (["-s"], False)])
def test_the_first_process_and_a_subreaper_start_without_a_word(hale, options, second):
    assert hale(*options, "exit 0", second=second).end() == (0, [], [])


def test_the_parent_death_signal_is_hales_and_not_the_services(box):
    words = ["fork", "{", "exec", HALE, "-p", "USR1", "-s", *svc("death catch say up pause"), "}",
             "read"]
    started = box(SVC, *words)
    assert started.out.expect("^death").string == "death 0"
    started.out.expect("^up$")
    hales = started.outer(2)
    assert runs_hale(hales)


def test_when_the_parent_dies_the_service_gets_the_parent_death_signal(box):
    words = ["fork", "{", "fork", "{", "exec", HALE, "-q", "-p", "USR1",
             *svc("catch quit 10 0 say up pause"), "}", "read", "}", "wait", "pause"]
    started = box(SVC, *words)
    started.out.expect("^up$")
    started.tell("the middle process ends now")
    started.out.expect("^got 10 ")
