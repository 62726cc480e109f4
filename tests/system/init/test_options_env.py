"""Options: by flag, by HALE_* in the environment, and what is said of wrong ones."""
import re
import shlex
import subprocess

import pytest

from harness import FIRST, HALE, SVC, TOP, clean_env, svc, until

TERM = 15


def run(box, *argv, env=None, **options):
    """Code, stdout and stderr of hale with these words, to its end."""
    return box(HALE, *argv, env=clean_env(**(env or {})), **options).end()


# --- every option, by flag and by name ------------------------------------------

def listens(start):
    box = start("say up pause")
    box.out.expect("^up$")
    assert box.get().status == 200


def drains(start):
    box = start("catch say up pause")
    box.out.expect("^up$")
    box.signal(TERM)
    box.signal(64)
    assert box.out.line().startswith("got 64 ")  # no stop yet


def stops_with_int(start):
    box = start("catch say up pause")
    box.out.expect("^up$")
    box.signal(TERM)
    assert box.out.line().startswith("got 2 ")


def kills(start):
    box = start("ignore 15 say up pause")
    box.out.expect("^up$")
    box.signal(TERM)
    assert box.code() == 137


def lingers(start):
    box = start("fork { catch quit 15 0 say up pause } read exit 5")
    box.out.expect("^up$")
    box.tell("end")
    box.out.expect("^got 15 ")
    assert box.code() == 5


def signals_the_group(start):
    box = start("fork { catch say child pause } catch say up pause")
    box.out.expect_each("^up$", "^child$")
    box.signal(10)
    assert [box.out.line()[:7] for _ in range(2)] == ["got 10 "] * 2


def rewrites_usr1_to_usr2(start):
    box = start("catch say up pause")
    box.out.expect("^up$")
    box.signal(10)
    assert box.out.line().startswith("got 12 ")


def remaps_3(start):
    assert start("exit 3").code() == 0


def counts_a_stop_as_success(start):
    box = start("say up pause")
    box.out.expect("^up$")
    box.signal(TERM)
    assert box.code() == 0


def reaps_as_subreaper(start):
    box = start("fork { fork { ids read } } wait say up pause", second=True)
    box.out.expect_each(r"^ids .* ", "^up$")
    assert box.children() == 2


def is_verbose(start):
    assert any("started" in line for line in start("exit 0").end()[2])


def is_quiet(start):
    assert start("exit 3").end() == (3, [], [])


BY_NAME = [
    (["--listen", "8080"], "LISTEN", "8080", listens),
    (["--drain", "1h"], "DRAIN", "1h", drains),
    (["--stop-signal", "INT"], "STOP_SIGNAL", "INT", stops_with_int),
    (["--stop-timeout", "100ms"], "STOP_TIMEOUT", "100ms", kills),
    (["--linger", "1h"], "LINGER", "1h", lingers),
    (["--group"], "GROUP", "1", signals_the_group), (["-g"], "GROUP", "true", signals_the_group),
    (["--rewrite", "USR1:USR2"], "REWRITE", "USR1:USR2", rewrites_usr1_to_usr2),
    (["-r", "USR1:USR2"], "REWRITE", "10:12,HUP:0", rewrites_usr1_to_usr2),
    (["--remap-exit", "3"], "REMAP_EXIT", "3", remaps_3),
    (["-e", "3"], "REMAP_EXIT", "1,2,3", remaps_3),
    (["--stopped-ok"], "STOPPED_OK", "yes", counts_a_stop_as_success),
    (["--subreaper"], "SUBREAPER", "on", reaps_as_subreaper),
    (["-s"], "SUBREAPER", "TRUE", reaps_as_subreaper),
    (["--verbose"], "VERBOSE", "1", is_verbose), (["-v"], "VERBOSE", "1", is_verbose),
    (["--quiet"], "QUIET", "1", is_quiet), (["-q"], "QUIET", "1", is_quiet),
]


@pytest.mark.parametrize("flag, check", [(f, c) for f, _, _, c in BY_NAME],
                         ids=[" ".join(f) for f, _, _, _ in BY_NAME])
def test_an_option_by_flag(hale, flag, check):
    check(lambda service, **options: hale(*flag, service, **options))


@pytest.mark.parametrize("name, value, check", [(n, v, c) for _, n, v, c in BY_NAME],
                         ids=[f"HALE_{n}={v}" for _, n, v, _ in BY_NAME])
def test_the_same_option_from_the_environment(hale, name, value, check):
    env = clean_env(**{f"HALE_{name}": value})
    check(lambda service, **options: hale(service, env=env, **options))


@pytest.mark.parametrize("words", [["--warn-on-reap"], ["-w"], []], ids=str)
def test_warn_on_reap_by_flag_and_from_the_environment(hale, words):
    env = clean_env() if words else clean_env(HALE_WARN_ON_REAP="1")
    box = hale(*words, "orphans 1 say up pause", env=env)
    assert re.match("hale: reaped orphan pid", box.err.line())


@pytest.mark.parametrize("words", [["--parent-death-signal", "USR1"], ["-p10"], []], ids=str)
def test_parent_death_signal_by_flag_and_from_the_environment(box, words):
    env = clean_env() if words else clean_env(HALE_PARENT_DEATH_SIGNAL="USR1")
    started = box(SVC, "fork", "{", "fork", "{", "exec", HALE, "-q", *words,
                  *svc("catch quit 10 0 say up pause"), "}", "read", "}", "wait", "pause", env=env)
    started.out.expect("^up$")
    started.tell("the middle process ends now")
    started.out.expect("^got 10 ")


def test_letters_may_stand_together_and_with_their_value(hale):
    assert hale("-gwe3", "exit 3").code() == 0
    assert hale("-gwe", "3", "exit 3").code() == 0
    box = hale("-vgrUSR1:USR2", "catch say up pause")
    box.out.expect("^up$")
    box.signal(10)
    assert box.out.line().startswith("got 12 ")


def test_the_flag_wins_over_the_environment(hale):
    env = clean_env(HALE_STOP_SIGNAL="HUP", HALE_REMAP_EXIT="4", HALE_LISTEN="9090",
                    HALE_DRAIN="1h")
    box = hale("--stop-signal", "INT", "-e", "3", "--listen", "8080", "--drain=0",
               "catch quit 2 4 say up pause", env=env)
    box.out.expect("^up$")
    assert box.status()["listen"] == ["[::]:8080"]
    box.signal(TERM)
    assert box.out.line().startswith("got 2 ")
    assert box.code() == 4


@pytest.mark.parametrize("value", ["0", "false", "no", "off", "OFF"])
def test_a_flag_may_be_turned_off_in_the_environment(hale, value):
    assert hale("exit 3", env=clean_env(HALE_QUIET=value, HALE_VERBOSE=value)).end()[2] == [
        f"hale: {SVC} (pid {FIRST}) exited with code 3"]


def test_the_single_child_flag_wins_over_a_group_in_the_environment(hale):
    box = hale("-c", "fork { catch say child pause } catch say up pause",
               env=clean_env(HALE_GROUP="1"))
    box.out.expect_each("^up$", "^child$")
    box.signal(10)
    box.signal(64)
    assert [box.out.line()[:7] for _ in range(2)] == ["got 10 ", "got 64 "]


def test_an_empty_value_in_the_environment_is_as_none(hale):
    env = clean_env(HALE_LISTEN="", HALE_DRAIN="", HALE_QUIET="", HALE_STOP_SIGNAL="",
                    HALE_REWRITE="")
    assert hale("exit 0", env=env).end() == (0, [], [])


# --- whose settings they are -------------------------------------------------------

KEPT = {"HALE_PORT": "tcp://10.0.0.1:80", "HALE_SERVICE_HOST": "10.0.0.1", "HALE": "x",
        "HALE_VERSION": "1", "XHALE_DRAIN": "x"}
OTHER_TOOLS = ["docker-init", "tini", "tini-static", "dumb-init", "catatonit"]


def names(out):
    return {line.partition("=")[0].removeprefix("env ") for line in out if "HALE" in line}


def test_what_hale_has_read_of_its_environment_is_not_the_services(hale):
    """Given by a flag too, empty, twice the same option: all of them were for this hale."""
    env = clean_env(HALE_DRAIN="1s", HALE_QUIET="1", HALE_LISTEN="9090", HALE_LINGER="", **KEPT)
    code, out, err = hale("--listen", "8080", "env", env=env).end()
    assert (code, names(out), err) == (0, set(KEPT), [])
    assert set(out) == {f"env {k}={v}" for k, v in {**clean_env(), **KEPT}.items()} | {"env end"}


@pytest.mark.parametrize("name", ["CACERT", "JSON", "INSECURE", "STATUS", "CRITICAL_EXIT"])
def test_an_option_of_another_command_in_the_environment_is_one_warning(hale, name):
    env = clean_env(**{f"HALE_{name}": "/x"})
    code, out, err = hale("env", env=env).end()
    assert (code, names(out)) == (0, {f"HALE_{name}"})
    assert err == [f"hale: HALE_{name}: only options of run can come from the environment"]


# A container's HALE_* are there for whatever docker exec and the kubelet start in it.
OF_RUN = {"HALE_TIMEOUT": "x", "HALE_QUIET": "1", "HALE_INSECURE": "1", "HALE_CACERT": "/none",
          "HALE_STATUS": "500", "HALE_JSON": "1", "HALE_LIVE": "1", "HALE_READY": "1",
          "HALE_CRITICAL_EXIT": "9", "HALE_TRY_TIMEOUT": "x", "HALE_HEADER": "x"}


@pytest.mark.parametrize("words, code, told", [
    (["check", "exec:/bin/true"], 0, ["exit 0"]), (["wait", "exec:/bin/true"], 0, None),
    (["check", "exec:/bin/false"], 1, ["exit 1"]), (["status"], 0, None),
    (["check"], 0, ["ok"]), (["drain", "0"], 0, []), (["help", "run"], 0, None)], ids=str)
def test_no_other_command_reads_the_environment(hale, words, code, told):
    box = hale("say up pause")
    box.out.expect("^up$")
    done = box.run("/usr/bin/env", *(f"{k}={v}" for k, v in OF_RUN.items()), HALE, *words)
    assert (done.returncode, done.stderr) == (code, "")
    assert told is None or done.stdout.splitlines() == told
    assert done.stdout[:1] != "{"


def test_every_life_of_the_service_is_without_them(hale):
    env = clean_env(HALE_RESTART="always", HALE_BACKOFF="1ms", HALE_MAX_RESTARTS="2",
                    HALE_NOTIFY="1", LISTEN_PID="1")
    _, out, _ = hale("env ids exit 0", env=env).end()
    assert out.count("env end") == 3 and names(out) == set()
    assert all(re.search(rf"pid={pid} ", "\n".join(out))
               for pid in re.findall(r"LISTEN_PID=(\d+)", "\n".join(out)))


def test_a_check_still_has_hales_environment(hale):
    """What is run as a check is hale's own: it may be a `hale check`."""
    box = hale("--listen", "8080", "--check", "exec:/bin/sh -c 'echo $HALE_DRAIN'",
               "say up pause", env=clean_env(HALE_DRAIN="7s"))
    box.out.expect("^up$")
    until(lambda: box.get("/readyz").status == 200, "ready")
    assert box.check()["output"] == "exit 0: 7s"


def test_with_no_env_they_are_ignored_and_passed_on(hale):
    mine = {"HALE_QUIET": "1", "HALE_DRAIN": "x", "HALE_LISTN": "1", "HALE_RESTART": "always"}
    code, out, err = hale("-v", "--no-env", "env exit 3", env=clean_env(**mine)).end()
    assert code == 3
    assert {f"env {k}={v}" for k, v in mine.items()} <= set(out)
    assert any("started" in line for line in err)
    assert not any("HALE_" in line for line in err)


def test_a_hale_under_a_hale_has_the_settings(hale):
    """`docker run --init` with hale as docker-init: the inner one is to listen."""
    env = clean_env(HALE_LISTEN="8080")
    box = hale("--no-env", "-s", [HALE, "-s", *svc("say up pause")], env=env)
    box.out.expect("^up$")
    assert box.get("/status").json()["pid"] != 1


@pytest.mark.parametrize("name", OTHER_TOOLS)
def test_called_as_another_tool_it_reads_no_settings(box, tmp_path, name):
    (tmp_path / name).symlink_to(HALE)
    env = clean_env(HALE_LISTEN="x", HALE_DRAIN="1s")
    code, out, err = box(str(tmp_path / name), "--", *svc("env exit 0"), env=env).end()
    assert (code, names(out), err) == (0, {"HALE_LISTEN", "HALE_DRAIN"}, [])


def test_called_by_a_name_of_its_own_it_reads_them(box, tmp_path):
    (tmp_path / "my-tini").symlink_to(HALE)
    is_usage(run(box, *svc("say started"), env={"HALE_DRAIN": "x"}), "HALE_DRAIN")
    code, out, _ = box(str(tmp_path / "my-tini"), *svc("env exit 0"),
                       env=clean_env(HALE_DRAIN="1s")).end()
    assert (code, names(out)) == (0, set())


def test_no_env_is_no_setting_itself(hale):
    code, out, err = hale("env exit 0", env=clean_env(HALE_NO_ENV="1", HALE_DRAIN="1s")).end()
    assert (code, names(out), len(err)) == (0, {"HALE_NO_ENV"}, 1)


# --- wrong ones --------------------------------------------------------------------

DURATION = ["", "x", "1x", "-1", "1.", ".5", "1d", "5 s", "99999999999999999999", "1s2m"]
ABOVE_0 = [*DURATION, "0", "0s", "0.0001ms"]
SIGNAL = ["", "NONE", "0", "65", "-1", "SIGSIG", "RTMIN+31", "RTMAX+1", "RTMIN-1", "1.5"]
WRONG = {
    "listen": ["x", "0", "65536", "-1", "localhost:80", "127.0.0.1", "[::1]", "::1:80", "unix:",
               "unix:relative", "1.2.3.4.5:80", "[::g]:80", "8080:", "tcp://1.2.3.4:80",
               "unix:/" + "x" * 108],
    "drain": DURATION, "stop-timeout": DURATION, "linger": DURATION,
    "stop-signal": SIGNAL, "parent-death-signal": SIGNAL,
    "rewrite": ["", ":", "TERM", "TERM:", ":TERM", "TERM:X", "X:TERM", "KILL:TERM", "STOP:TERM",
                "CHLD:TERM", "TERM:USR1:USR2", "TERM:-1", "0:TERM"],
    "remap-exit": ["", "x", "-1", "256", "1.5", "1 "],
    "interval": ABOVE_0, "timeout": ABOVE_0, "start-interval": ABOVE_0,
    "start-period": DURATION, "watchdog": DURATION,
    "retries": ["", "0", "-1", "x", "1.5", "2147483648"],
    "max-restarts": ["", "-1", "x", "2147483648"],
    "notify-fd": ["", "0", "2", "1024", "-1", "x"],
    "restart": ["", "maybe", "Never"], "on-unhealthy": ["", "panic"],
    "backoff": ["", "x", "5s..1s", "1s..", "..1s", "1s...2s"],
}
WRONG_PAIRS = [(name, value) for name, values in WRONG.items() for value in values]


def is_usage(done, *named):
    """One line that names all of it, exit 2, and nothing was started."""
    code, out, err = done
    assert (code, out, len(err)) == (2, [], 1), (code, out, err)
    for text in named:
        assert text in err[0], err[0]
    assert err[0].startswith("hale: ")
    return err[0]


@pytest.mark.parametrize("name, value", WRONG_PAIRS)
def test_a_wrong_value_is_one_line_with_option_value_and_what_was_expected(box, name, value):
    for words in ([f"--{name}={value}"], [f"--{name}", value]):
        line = is_usage(run(box, *words, *svc("say started")), f"--{name}", f'"{value[:50]}')
        assert "expected " in line


@pytest.mark.parametrize("name, value", [(n, v) for n, v in WRONG_PAIRS if v])
def test_a_wrong_value_in_the_environment_names_the_variable(box, name, value):
    variable = "HALE_" + name.upper().replace("-", "_")
    is_usage(run(box, *svc("say started"), env={variable: value}), variable, "expected ")


@pytest.mark.parametrize("name", ["GROUP", "STOPPED_OK", "SUBREAPER", "WARN_ON_REAP", "VERBOSE",
                                  "QUIET"])
def test_a_flag_in_the_environment_that_is_no_truth_value_is_wrong(box, name):
    is_usage(run(box, *svc("say started"), env={f"HALE_{name}": "maybe"}), f"HALE_{name}",
             '"maybe"', "expected 1 or 0")


def test_a_wrong_value_in_the_environment_does_not_matter_where_the_flag_is_given(hale):
    assert hale("--drain", "1s", "exit 0", env=clean_env(HALE_DRAIN="x")).code() == 0


@pytest.mark.parametrize("words, named", [
    (["--nonsense"], ["--nonsense", "unknown"]), (["-Z"], ["-Z", "unknown"]),
    (["-gZ"], ["-Z", "unknown"]), (["--stop-timout", "1s"], ["did you mean --stop-timeout?"]),
    (["--lisen=80"], ["did you mean --listen?"]), (["--group=1"], ["--group", "takes no value"]),
    (["---"], ["unknown"]), (["--=x"], ["unknown"]), (["-\xff"], ["unknown"])], ids=str)
def test_an_unknown_option_is_one_line(box, words, named):
    is_usage(run(box, *words, *svc("say started")), *named)


@pytest.mark.parametrize("word", ["--drain", "--listen", "-e", "-r", "-p", "-gp"])
def test_an_option_without_its_value_is_one_line(box, word):
    name = word if word.startswith("--") else f"-{word[-1]}"
    is_usage(run(box, word), name, "needs a value", "expected ")


@pytest.mark.parametrize("words, meant", [
    (["-help"], "--help"), (["-version"], "--version"), (["-listen=80"], "--listen"),
    (["-listen", "80"], "--listen"), (["-verbose"], "--verbose"),
    (["check", "-timeout", "1s"], "--timeout"), (["get", "--outptu", "x"], "--output"),
    (["get", "--slient"], "--silent"), (["--drian=1s"], "--drain"),
    (["wait", "tcp://x:1", "--trytimeout", "1s"], "--try-timeout")], ids=str)
def test_an_option_that_is_nearly_another_is_told_that_one(box, words, meant):
    assert is_usage(run(box, *words)).endswith(f"; did you mean {meant}?")


def test_a_flag_of_get_takes_no_value_behind_an_equals_sign(box):
    assert is_usage(run(box, "get", "--insecure=false", "http://x"), "--insecure").endswith(
        "takes no value")


@pytest.mark.parametrize("word, meant", [
    ("chekc", "check"), ("chck", "check"), ("gte", "get"), ("wiat", "wait"), ("statu", "status"),
    ("Check", "check"), ("drian", "drain"), ("hlep", "help")])
def test_a_word_that_is_nearly_a_command_is_told_that_one(box, word, meant):
    code, out, err = run(box, word)
    assert (code, out, len(err)) == (127, [], 1)
    assert err[0].startswith(f"hale: cannot start {word}: it is not in PATH (")
    assert err[0].endswith(f"; did you mean `hale {meant}`?")
    assert is_usage(run(box, "help", word)).endswith(f"; did you mean `hale {meant}`?")


@pytest.mark.parametrize("word", ["nonsense", "bat", "x", "hale", "gt", "/chekc", "./get", "app"])
def test_a_word_that_is_near_no_command_is_a_program_that_is_not_there(box, word):
    code, _, err = run(box, word)
    assert (code, len(err)) == (127, 1) and "did you mean" not in err[0]


def test_a_program_in_path_with_nearly_a_commands_name_is_started(box, tmp_path):
    (tmp_path / "chekc").symlink_to("/bin/true")
    assert run(box, "chekc", env={"PATH": str(tmp_path)}) == (0, [], [])


@pytest.mark.parametrize("words, told", [
    (["check", "exec:/bin/true", "-q"], []),
    (["check", "--timeout", "9s", "exec:/bin/true", "-q"], []),
    (["check", "exec:/bin/true", "--timeout=9s"], ["exit 0"]),
    (["check", "exec:/bin/true", "-q", "exec:/bin/true", "-t", "9s"], []),
    (["check", "-q", "--", "exec:/bin/true"], []), (["wait", "exec:/bin/true", "-q"], [])], ids=str)
def test_options_may_follow_what_is_checked(box, words, told):
    assert run(box, *words) == (0, told, [])


def test_behind_two_dashes_nothing_is_an_option(box):
    code, out, err = run(box, "check", "-t9s", "--", "exec:/bin/true", "-q")
    assert code != 0 and "-q" in "".join(out + err)


def test_behind_its_program_nothing_is_an_option_of_hale(hale):
    """With a command's name as the program's, too."""
    assert hale("exit 3 --version").code() != 0
    code, out, _ = hale(["/bin/echo", "--version", "-q", "--drain", "x"]).end()
    assert (code, out) == (0, ["--version -q --drain x"])


@pytest.mark.parametrize("words", [[], ["run"], ["-g"], ["--"], ["run", "--"]], ids=str)
def test_no_program_is_one_line(box, words):
    is_usage(run(box, *words), "no program")


def test_more_listeners_than_there_is_room_for_are_one_line(box):
    words = [f"--listen=127.0.0.1:{8000 + n}" for n in range(16)]
    is_usage(run(box, *words, *svc("say started")), "--listen", "too many")


def test_fifteen_listeners_are_fine(hale):
    words = [f"--listen=127.0.0.1:{8000 + n}" for n in range(15)]
    box = hale(*words, "say up pause")
    box.out.expect("^up$")
    assert [box.get(port=8000 + n).status for n in range(15)] == [200] * 15


def test_a_wrong_option_is_said_even_where_hale_is_to_be_quiet(box):
    is_usage(run(box, "-q", "--drain=x", *svc("say started")), "--drain")


@pytest.mark.parametrize("words, named", [
    (["check", "--nonsense"], "--nonsense"), (["check", "-t", "x"], "-t"),
    (["check", "ftp://extra"], "ftp://extra"), (["check", "--live", "--ready"], "exclude"),
    (["status", "--jsn"], "--json"), (["status", "extra"], "extra"), (["drain", "x"], "duration"),
    (["drain", "1s", "extra"], "extra"), (["help", "nonsense"], "nonsense"),
    (["help", "run", "extra"], "extra")], ids=str)
def test_wrong_words_of_other_commands_are_one_line_as_well(box, words, named):
    is_usage(run(box, *words), named)


# --- names that are no option --------------------------------------------------------

@pytest.mark.parametrize("name, value", [
    ("HALE_PORT", "tcp://10.0.0.1:80"), ("HALE_PORT_80_TCP", "tcp://10.0.0.1:80"),
    ("HALE_PORT_80_TCP_ADDR", "10.0.0.1"), ("HALE_SERVICE_HOST", "10.0.0.1"),
    ("HALE_SERVICE_PORT", "80"), ("HALE_SERVICE_PORT_HTTP", "80"), ("HALE", "x"), ("HALEX", "x"),
    ("XHALE_DRAIN", "x"), ("hale_drain", "x"), ("HALE_TIMEOUT", "5s")])
def test_what_kubernetes_sets_and_what_is_not_ours_is_passed_over(hale, name, value):
    assert hale("exit 0", env=clean_env(**{name: value})).end() == (0, [], [])


@pytest.mark.parametrize("name, nearest", [
    ("HALE_STOP_TIMEOT", "HALE_STOP_TIMEOUT"), ("HALE_LISTEN_", "HALE_LISTEN"),
    ("HALE_LISTN", "HALE_LISTEN"), ("HALE_STOPPED_OKAY", "HALE_STOPPED_OK"),
    ("HALE_STOP-SIGNAL", "HALE_STOP_SIGNAL"), ("HALE_drain", "HALE_DRAIN")])
def test_an_unknown_name_is_one_warning_with_the_nearest(hale, name, nearest):
    code, _, err = hale("exit 0", env=clean_env(**{name: "1"})).end()
    assert (code, len(err)) == (0, 1)
    assert err[0] == f"hale: {name}: no option has this name; did you mean {nearest}?"


@pytest.mark.parametrize("name, option", [
    ("HALE_HELP", "--help"), ("HALE_LICENSE", "--license"), ("HALE_NO_ENV", "--no-env"),
    ("HALE_SINGLE_CHILD", "--single-child")])
def test_the_name_of_what_is_a_flag_only_is_one_warning(hale, name, option):
    code, _, err = hale("exit 0", env=clean_env(**{name: "1"})).end()
    assert (code, err) == (0, [f"hale: {name}: {option} can only be a flag"])


@pytest.mark.parametrize("name", ["HALE_SOMETHING_ELSE", "HALE_X", "HALE_E"])
def test_an_unknown_name_far_from_all_is_one_warning(hale, name):
    code, _, err = hale("exit 0", env=clean_env(**{name: "1"})).end()
    assert (code, err) == (0, [f"hale: {name}: no option has this name"])


def test_an_images_version_in_the_environment_is_passed_over(hale):
    code, out, err = hale("say started", env=clean_env(HALE_VERSION="1.2.3")).end()
    assert (code, out, err) == (0, ["started"], [])


def test_a_quiet_hale_does_not_warn_of_names(hale):
    assert hale("-q", "exit 0", env=clean_env(HALE_X="1")).end() == (0, [], [])


def test_a_very_long_name_or_value_is_no_obstacle(hale):
    env = clean_env(**{"HALE_" + "X" * 5000: "1", "HALE_Y": "y" * 50000})
    code, _, err = hale("exit 0", env=env).end()
    assert (code, len(err)) == (0, 2)


# --- help and version ------------------------------------------------------------------

def test_version_is_one_line_with_all_parts(box):
    for words in (["--version"], ["-V"], ["run", "--version"]):
        code, out, err = run(box, *words)
        assert (code, len(out), err) == (0, 1, [])
        assert re.fullmatch(r"hale \d+\.\d+\.\d+ \(commit \S+\), musl \S+, BearSSL \S+, "
                            r"Mozilla roots \S+ of 20\d\d-\d\d-\d\d \(\d+\)", out[0])


@pytest.mark.parametrize("words", ["help", "--help", "-h", "help run", "help check", "help status",
                                   "help drain", "help help", "check --help", "status -h",
                                   "drain --help", "run --help"])
def test_help_goes_to_stdout(box, words):
    code, out, err = run(box, *shlex.split(words))
    assert (code, err) == (0, [])
    assert any(line.startswith("Usage: hale ") for line in out)


def test_help_names_every_option_of_run(box):
    text = "\n".join(run(box, "help")[1])
    for flags, name, _, _ in BY_NAME:
        assert f"--{name.lower().replace('_', '-')} " in text + " "
        assert all(re.search(rf"(^|\s){re.escape(f)}\b", text) for f in flags[:1])


@pytest.mark.parametrize("words", ["help", "--help", "-h", "-vh"])
def test_help_lists_the_commands(box, words):
    text = "\n".join(run(box, *words.split())[1])
    for name in ("check", "wait", "get", "status", "drain", "help"):
        assert re.search(rf"^       hale {name} ", text, re.M)
    assert "--stop-timeout" in text


def test_help_of_run_is_of_run_alone(box):
    assert run(box, "run", "--help")[1] == run(box, "help", "run")[1]
    assert run(box, "run", "--help")[1][0] == "Usage: hale [run] [OPTIONS] [--] PROGRAM [ARG...]"


@pytest.mark.parametrize("command", ["check", "wait"])
def test_help_of_what_checks_lists_the_kinds_of_url(box, command):
    text = "\n".join(run(box, "help", command)[1])
    for kind in ("http://", "https://", "http+unix:", "tcp://", "unix:", "exec:"):
        assert kind in text.split("URL and what it takes to pass:")[1]


def test_help_does_not_start_a_program(box):
    assert "started" not in run(box, "--help", *svc("say started"))[1]


@pytest.mark.parametrize("words", [["--help"], ["--version"]], ids=str)
def test_help_that_cannot_be_written_is_a_failure(box, words):
    with open("/dev/full", "w") as full:
        code, _, err = run(box, *words, stdout=full)
    assert (code, len(err)) == (1, 1)


def test_license_has_the_texts_of_all_that_the_binary_contains(box):
    code, out, err = run(box, "--license")
    text = "\n".join(out)
    assert (code, err) == (0, [])
    assert re.search(r"^hale: Copyright .*the hale authors$", text, re.M)
    assert re.search(r"^BearSSL: Copyright .*Thomas Pornin", text, re.M)
    own = (TOP / "LICENSE").read_text()
    assert own[own.index("Permission is"):].strip() in text
    assert text.endswith((TOP / "src/tls/roots.license").read_text().strip())


@pytest.mark.static_only
def test_license_names_whom_musls_parts_in_the_binary_belong_to(box):
    text = "\n".join(run(box, "--license")[1])
    assert re.search(r"^musl: Copyright .*Rich Felker, et al\.$", text, re.M)
    assert "Valentin Ochs" in text and "Arm Limited" in text
    named = "tre_|reg(comp|exec)|crypt|(l?exp|pow|log|sin|sqrt|frexp|scalbn|fmod)[fl2]?"
    has = subprocess.run(["nm", f"{HALE}.debug"], check=True, capture_output=True, text=True).stdout
    assert not re.findall(rf" [TtWw] (?:__)?(?:{named})$", has, re.M)
