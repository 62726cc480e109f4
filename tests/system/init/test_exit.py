"""Exit codes, and the line that says why the service ended."""
import os
import re

import pytest

from harness import FIRST, HALE, SVC, clean_env, until

# What the default action of the others is: to be ignored or to stop.
DEADLY = [s for s in range(1, 65) if s not in (17, 18, 19, 20, 21, 22, 23, 28)]
TERM = 15


def test_every_exit_code_is_passed_through(hale):
    codes = {code: hale(f"exit {code}").last_code() for code in range(256)}
    assert codes == {code: code for code in range(256)}


def test_every_deadly_signal_is_128_and_its_number(hale):
    codes = {sig: hale(f"die {sig}").last_code() for sig in DEADLY}
    assert codes == {sig: 128 + sig for sig in DEADLY}


def test_the_exit_code_is_passed_through_when_not_the_first_process(hale):
    codes = {code: hale("-q", f"exit {code}", second=True).code() for code in (0, 1, 42, 255)}
    assert codes == {code: code for code in codes}


def test_hale_exits_and_is_not_killed_where_the_service_was_killed(hale):
    box = hale("die 9", second=True)
    assert (box.code(), box.killed) == (137, False)


@pytest.mark.parametrize("sig", [3, 6, 11])
def test_a_core_dump_does_not_change_the_code(hale, tmp_path, sig):
    assert hale(f"die {sig}", core=1 << 20, cwd=tmp_path).code() == 128 + sig


@pytest.mark.parametrize("options, service, want", [
    (["-e", "3"], "exit 3", 0), (["-e", "3"], "exit 4", 4), (["-e3"], "exit 3", 0),
    (["--remap-exit=143"], "exit 143", 0), (["-e", "143"], "die 15", 0),
    (["-e", "255", "-e", "1"], "exit 1", 0), (["-e", "255", "-e", "1"], "exit 255", 0),
    (["-e", "0"], "exit 0", 0), (["-e", "137"], "die 9", 0)])
def test_a_remapped_code_is_zero(hale, options, service, want):
    assert hale(*options, service).code() == want


def test_every_code_can_be_remapped_at_once(hale):
    options = [word for code in range(256) for word in ("-e", str(code))]
    assert [hale(*options, f"exit {code}").code() for code in (0, 1, 127, 255)] == [0] * 4


def stopped(hale, *argv, **options):
    """The code after a SIGTERM to hale."""
    box = hale(*argv, **options)
    box.out.expect("^up$")
    box.signal(TERM)
    return box.code()


def test_a_stop_by_sigterm_is_143_without_an_option(hale):
    assert stopped(hale, "say up pause") == 143


@pytest.mark.parametrize("service", ["say up pause", "catch quit 15 143 say up pause",
                                     "catch quit 15 0 say up pause"])
def test_stopped_ok_counts_the_stop_signals_own_end_as_success(hale, service):
    assert stopped(hale, "--stopped-ok", service) == 0


def test_stopped_ok_knows_which_signal_was_sent(hale):
    options = ["--stopped-ok", "--stop-signal", "INT"]
    assert stopped(hale, *options, "say up pause") == 0
    assert stopped(hale, *options, "catch quit 2 130 say up pause") == 0
    assert stopped(hale, *options, "catch quit 2 143 say up pause") == 143


def test_stopped_ok_does_not_excuse_other_codes(hale):
    assert stopped(hale, "--stopped-ok", "catch quit 15 3 say up pause") == 3


@pytest.mark.parametrize("service", ["die 15", "exit 143"])
def test_stopped_ok_does_not_excuse_a_stop_that_hale_did_not_send(hale, service):
    assert hale("--stopped-ok", service).code() == 143


def test_a_clean_end_is_no_line(hale):
    assert hale("exit 0").end() == (0, [], [])


@pytest.mark.parametrize("code", [1, 42, 255])
def test_an_exit_code_is_one_line(hale, code):
    assert hale(f"exit {code}").end()[2] == [
        f"hale: {SVC} (pid {FIRST}) exited with code {code}"]


@pytest.mark.parametrize("sig, name", [
    (9, "SIGKILL"), (11, "SIGSEGV"), (15, "SIGTERM"), (1, "SIGHUP"), (31, "SIGSYS"),
    (16, "SIGSTKFLT"), (30, "SIGPWR"), (34, "SIGRTMIN"), (64, "SIGRTMAX")])
def test_a_deadly_signal_is_one_line_with_its_name(hale, sig, name):
    assert hale(f"die {sig}").end()[2] == [f"hale: {SVC} (pid {FIRST}) was killed by {name}"]


@pytest.mark.parametrize("sig", [32, 33, 35, 50, 63])
def test_a_signal_without_a_name_of_its_own_is_said_in_some_way(hale, sig):
    _, _, err = hale(f"die {sig}").end()
    assert len(err) == 1
    assert re.fullmatch(rf"hale: .* \(pid {FIRST}\) was killed by .*(SIGRTM|\b{sig}\b).*", err[0])


def test_control_characters_of_a_program_name_do_not_reach_the_log(box, tmp_path):
    path = tmp_path / "a\nb\x1b[2J"
    os.symlink(SVC, path)
    _, _, err = box(HALE, str(path), "exit", "3").end()
    assert len(err) == 1 and "\x1b" not in err[0]


MEMORY = "/sys/fs/cgroup/memory"


@pytest.fixture
def memory_cgroup():
    """A cgroup with a limit of 16 MiB (cgroup v1 or v2)."""
    for top, limit in ((MEMORY, "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        path = f"{top}/hale-test-{os.getpid()}"
        try:
            os.mkdir(path)
        except OSError:
            continue
        if not os.path.exists(f"{path}/{limit}"):
            os.rmdir(path)
            continue
        with open(f"{path}/{limit}", "w") as file:
            file.write(str(16 << 20))
        yield path
        until(lambda: not open(f"{path}/cgroup.procs").read(), "the cgroup is empty")
        os.rmdir(path)
        return
    pytest.skip("no memory cgroup can be made here")


def test_a_kill_for_memory_is_called_that(hale, memory_cgroup):
    box = hale("read eat 64", cgroup=memory_cgroup, cwd="/tmp").settled()
    box.tell("now")
    code, _, err = box.end()
    assert (code, len(err)) == (137, 1)
    assert err[0] == f"hale: {SVC} (pid {FIRST}) was killed by the kernel for memory (limit 16 MiB)"


def test_a_kill_for_memory_is_told_by_the_status_of_a_restarting_hale(hale, memory_cgroup):
    box = hale("--listen", "8080", "--restart", "always", "--backoff", "1h", "read eat 64",
               cgroup=memory_cgroup, cwd="/tmp").settled()
    box.tell("now")
    box.err.expect("restarting")
    last = box.status()["last_exit"]
    assert (last["code"], last["reason"]) \
        == (137, "was killed by the kernel for memory (limit 16 MiB)")
    box.signal(TERM)
    assert box.code() == 137


def test_a_check_that_is_killed_for_memory_says_so_and_is_no_failure(hale, memory_cgroup):
    box = hale("--listen", "8080", "--retries", "1", "--timeout", "10s",
               "--check", f"big=exec:{SVC} eat 64", "say up pause", cgroup=memory_cgroup,
               cwd="/tmp")
    box.err.expect("check big cannot be run: killed by SIGKILL, by the kernel for memory; that is "
                   "not a failure$")
    assert "[-]big failed: could not be run: killed by SIGKILL, by the kernel for memory\n" \
        in box.get("/readyz").body
    assert box.get("/livez").status == 200
    box.signal(TERM)
    assert box.code() == 143


@pytest.mark.parametrize("command, code", [("check", 1), ("wait", 1)])
def test_the_client_says_so_of_a_check_that_is_killed_for_memory(hale, memory_cgroup, command,
                                                                  code):
    done = hale([HALE, command, "-t", "3s", f"exec:{SVC} eat 64"], cgroup=memory_cgroup,
                cwd="/tmp").end()
    assert done[0] == code
    assert "killed by SIGKILL, by the kernel for memory" in "".join(done[1] + done[2])


def test_a_kill_by_hand_is_not_called_a_kill_for_memory(hale, memory_cgroup):
    _, _, err = hale("die 9", cgroup=memory_cgroup).end()
    assert err == [f"hale: {SVC} (pid {FIRST}) was killed by SIGKILL"]


def test_a_small_service_is_perhaps_not_the_one_that_was_killed_for_memory(hale, memory_cgroup):
    """The kernel chooses the largest: that was its grandchild, an orphan."""
    box = hale("-w", "fork { fork { read eat 64 } } wait say up pause", cgroup=memory_cgroup,
               cwd="/tmp").settled()
    box.out.expect("^up$")
    box.tell("now")
    box.err.expect("reaped orphan pid .*: it was killed by SIGKILL")
    os.kill(box.outer(FIRST), 9)
    code, _, err = box.end()
    assert code == 137
    assert re.fullmatch(rf"hale: {SVC} \(pid {FIRST}\) was killed by SIGKILL; in the "
                        r"last \d+\w+ the kernel killed 1 process of this container for memory, "
                        r"perhaps this one \(limit 16 MiB\)", err[-1]), err


def test_a_kill_by_hand_after_another_process_ran_out_of_memory_is_told_apart(
        hale, memory_cgroup):
    """The kernel's count is of the whole cgroup; only a new one counts, and
    one before the service's last moment is not the service's own."""
    box = hale("fork { eat 64 } wait say survived read exit 5", cgroup=memory_cgroup)
    box.out.expect("^survived$")
    box.tell("end")
    code, _, err = box.end()
    assert code == 5
    assert err[-1] == f"hale: {SVC} (pid {FIRST}) exited with code 5"


# --- a service that wants hale's own port ------------------------------------------

CLASH = ('hale: hale itself listens on {0}: a service that also wants port {1} fails with '
         '"address in use": give one of them another port')


def told_of_clash(started):
    code, _, err = started.end()
    return code, [line for line in err if "itself listens" in line]


@pytest.mark.parametrize("listen, env, service", [
    ("4253", {"PORT": "4253"}, "exit 3"), ("127.0.0.1:4253", {"PORT": ":4253"}, "exit 9"),
    ("8080,probes", {}, "exit 1"), ("[::]:3000", {}, "exit 2"),
    ("127.0.0.1:4253", {}, "exit 4 4253")], ids=str)
def test_a_service_that_fails_soon_and_may_have_wanted_hales_port_is_told_so(hale, listen, env,
                                                                           service):
    code, told = told_of_clash(hale("--listen", listen, service, env=clean_env(**env)))
    port = re.search(r":?(\d+)(,probes)?$", listen)[1]
    where = listen if ":" in listen else f"[::]:{listen}"
    assert (code, told) == (int(service.split("exit ")[1].split()[0]), [CLASH.format(where, port)])


@pytest.mark.parametrize("options, env, service", [
    (["--listen", "4253"], {"PORT": "8000"}, "exit 1"), (["--listen", "4253"], {}, "exit 1"),
    (["--listen", "8080"], {}, "exit 3"), (["--listen", "8080"], {}, "exit 0"),
    (["--listen", "8080"], {}, "die 9"), (["--listen", "unix:@8080"], {}, "exit 1"),
    ([], {"PORT": "8080"}, "exit 1"), (["-q", "--listen", "8080"], {"PORT": "8080"}, "exit 1")],
    ids=str)
def test_a_failure_that_has_other_reasons_is_not_told_so(hale, options, env, service):
    assert told_of_clash(hale(*options, service, env=clean_env(**env)))[1] == []


def test_it_is_told_once_of_all_lives_and_not_of_a_stop(hale):
    box = hale("--listen", "8080", "--restart", "always", "--backoff", "1ms", "--max-restarts", "3",
               "exit 1")
    assert len(told_of_clash(box)[1]) == 1
    box = hale("--listen", "8080", "catch quit 15 1 say up pause")
    box.out.expect("^up$")
    box.signal(15)
    assert told_of_clash(box) == (1, [])


def test_one_that_has_been_ready_is_not_told_so(hale):
    box = hale("--notify-fd", "9", "--listen", "8080",
               ["/bin/sh", "-c", "echo >&9; read end; exit 1"]).settled()
    until(lambda: box.get("/readyz").status == 200, "it is ready")
    box.tell("end")
    assert told_of_clash(box) == (1, [])
