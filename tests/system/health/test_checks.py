"""Checks: each way to be sick is found, by a checker that harms nobody."""
import contextlib
import os
import pathlib
import re
import resource
import signal
import subprocess

import pytest

import httpd
import pki
import tls_servers
from elf_files import FOREIGN, FOREIGN_NAME, elf
from harness import EMULATED, HALE, Sick, clean_env, until

LISTEN = ["--listen", "8080"]
FAST = ["--interval", "100ms", "--timeout", "200ms", "--retries", "2"]
STOP, CONT, TERM = signal.SIGSTOP, signal.SIGCONT, signal.SIGTERM
FORK = {"x86_64": 57}.get(os.uname().machine)


def up(hale, *argv, **options):
    box = hale(*LISTEN, *argv, **options)
    box.out.expect("^up")
    return box


def becomes(box, path, status):
    until(lambda: box.get(path).status == status, f"{path} is {status}")


# --- each way to be sick -------------------------------------------------------

@pytest.mark.parametrize("mode, why", [
    ("500", "500 Sick"), ("404", "404 Sick"), ("silent", ""), ("deaf", ""), ("late 5000", ""),
    ("endless", ""), ("refuse", "Connection refused")])
def test_each_way_to_be_sick_is_found_and_so_is_the_recovery(sick, mode, why):
    box = sick(*FAST, "--check", "{}")
    becomes(box, "/readyz", 200)
    box.be(mode)
    line = box.err.expect(r"is not live: check http://127.0.0.1:8000/: (.*)")[1]
    assert why in line
    assert box.check()["state"] == "failing"
    for path in ("/readyz", "/livez"):
        answer = box.get(path)
        assert answer.status == 503
        assert "[-]http://127.0.0.1:8000/ failed: " + (why and line) in answer.body
    box.be("200")
    box.err.expect("is live again")
    becomes(box, "/readyz", 200)
    assert box.get("/livez").status == 200


def test_a_stopped_service_is_found(sick):
    box = sick(*FAST, "--check", "{}")
    becomes(box, "/readyz", 200)
    outer = box.outer(box.service)
    os.kill(outer, STOP)
    box.err.expect("is not live: check")
    os.kill(outer, CONT)
    box.err.expect("is live again")


def test_a_body_without_end_is_not_waited_for(sick):
    box = sick(*FAST, "--check", "{}", mode="flood")
    becomes(box, "/readyz", 200)
    assert box.check()["output"] == "200 OK"


def test_it_fails_after_as_many_failures_as_retries(sick):
    box = sick("--interval", "100ms", "--retries", "5", "--live-check", "{}")
    becomes(box, "/readyz", 200)
    until(lambda: box.check()["state"] == "passing", "it passed")
    box.be("500")
    box.err.expect("is not live")
    answer = box.check()
    assert answer["state"] == "failing" and answer["failed"] >= 5


def test_one_failure_less_than_retries_changes_nothing(sick):
    box = sick("--interval", "50ms", "--retries", "1000000", "--check", "{}")
    becomes(box, "/readyz", 200)
    box.be("500")
    until(lambda: box.check()["failed"] >= 5, "some failures")
    assert box.get("/readyz").status == box.get("/livez").status == 200


# --- verdicts ------------------------------------------------------------------

@pytest.mark.parametrize("option, ready, live", [
    ("--check", 503, 503), ("--ready-check", 503, 200), ("--live-check", 200, 503)])
def test_a_check_counts_for_its_verdicts(sick, option, ready, live):
    box = sick(*FAST, option, "{}")
    until(lambda: box.check()["state"] == "passing", "it passed")
    assert (box.get("/readyz").status, box.get("/livez").status) == (200, 200)
    box.be("500")
    until(lambda: box.check()["state"] == "failing", "it failed")
    assert (box.get("/readyz").status, box.get("/livez").status) == (ready, live)


def test_a_new_service_is_live_and_not_ready_before_its_first_success(sick):
    box = sick("--interval", "1h", "--check", "{}", mode="500")
    until(lambda: box.check()["failed"] > 0, "a failure")
    assert [box.get(p).status for p in ("/livez", "/readyz", "/startupz")] == [200, 503, 503]
    box.be("200")
    becomes(box, "/readyz", 200)
    assert box.get("/startupz").status == 200


def test_startup_stays_once_it_was_ready(sick):
    box = sick(*FAST, "--check", "{}")
    becomes(box, "/startupz", 200)
    box.be("500")
    becomes(box, "/readyz", 503)
    assert box.get("/startupz").status == 200


def test_failures_of_the_start_period_do_not_count(sick):
    box = sick(*FAST, "--start-period", "1h", "--start-interval", "50ms", "--check", "{}",
               mode="refuse")
    until(lambda: box.check()["failed"] >= 6, "some failures")
    assert box.check()["state"] == "starting"
    box.be("200")
    becomes(box, "/readyz", 200)
    box.be("refuse")
    becomes(box, "/livez", 503)


def test_a_failed_check_can_be_excluded_by_its_name(sick):
    box = sick(*FAST, "--check", "web={}", "--check", "unix:/nowhere", mode="500")
    becomes(box, "/livez", 503)
    answer = box.get("/readyz?verbose&exclude=web&exclude=unix:/nowhere")
    assert answer.status == 200
    assert "[+]web excluded: ok" in answer.body


def test_hale_check_tells_the_reason(sick):
    box = sick(*FAST, "--check", "{}")
    becomes(box, "/readyz", 200)
    box.be("500")
    becomes(box, "/livez", 503)
    done = box.run(HALE, "check", "--live")
    assert done.returncode == 1
    assert done.stdout.startswith("http://127.0.0.1:8000/ failed: 500 Sick")


def test_a_flapping_service_is_told(sick):
    box = sick("--interval", "50ms", "--retries", "1", "--check", "{}")
    becomes(box, "/readyz", 200)
    for mode, state in (("500", "failing"), ("200", "passing")) * 3:
        box.be(mode)
        until(lambda: box.check()["state"] == state, state)
    box.err.expect("is flapping")
    assert box.check()["flapping"] is True
    assert "flapping" in box.get("/status?text").body


def test_there_can_be_eight_and_not_nine(hale):
    eight = ["--check", "unix:/a"] * 8
    many = up(hale, *eight, "say up pause")
    names = [c["name"] for c in many.status()["checks"] if "state" in c]
    assert len(names) == len(set(names)) == 8
    code, _, err = hale(*eight, "--check", "unix:/b", "say up").end()
    assert code == 2 and "there are too many" in err[0]


@pytest.mark.parametrize("words", [
    ["--check", "nonsense://x"], ["--check", ""], ["--check", "exec:"]])
def test_a_wrong_url_is_one_line_before_anything_is_started(hale, words):
    code, out, err = hale(*words, "say started").end()
    assert (code, out) == (2, [])
    assert len(err) == 1 and words[0] in err[0] and "expected" in err[0]


def test_the_environment_sets_them_too(hale, tmp_path):
    service = Sick(tmp_path)
    box = up(hale, service.argv,
               env=clean_env(HALE_CHECK=f"{service.url},tcp:127.0.0.1:8000",
                             HALE_RESTART="always", HALE_INTERVAL="1h"))
    becomes(box, "/readyz", 200)
    assert [c["name"] for c in box.status()["checks"] if "state" in c] \
        == ["http://127.0.0.1:8000/", "tcp:127.0.0.1:8000"]


# --- options after the URL -------------------------------------------------------

@contextlib.contextmanager
def running(*words, **env):
    """hale beside this test's own servers; its lines come by a queue."""
    with subprocess.Popen([HALE, "run", "-v", "--interval", "50ms", *words, "sleep", "1000"],
                          env=clean_env(**env), stderr=subprocess.PIPE, text=True) as hale:
        try:
            yield hale
        finally:
            hale.terminate()
            hale.stderr.read()


def line_with(hale, text):
    """The next of hale's lines that has this text."""
    for line in hale.stderr:
        if text in line:
            return line
    raise AssertionError(f"no line with {text}")


def by_host(connection, request):
    """Serves app only, and its path /ready."""
    good = request.field("Host") == "app" and request.target == "/ready"
    connection.answer(b"in order\n" if good else b"", "210 Fine" if good else "421 Misdirected")


@pytest.fixture
def app(tmp_path):
    """A server with a private CA, which wants a Host."""
    root = pki.root()
    cert = pki.leaf(root, "IP:127.0.0.1")
    made = httpd.Server({"/ready": by_host, "/": by_host}, tmp_path,
                        tls=tls_servers.context(pki.put(cert), cert.key.file))
    made.ca = tmp_path / "my ca.pem"
    made.ca.write_text(root.pem)
    yield made
    made.close()


@pytest.mark.parametrize("how", ["--check", "--live-check", "--ready-check", "HALE_CHECK"])
def test_a_check_takes_the_options_of_check_behind_its_url(app, how):
    word = (f'web={app.url}/ready -H "Host: app" --cacert \'{app.ca}\' --status 210-219 '
            "--contains in\\ order")
    given, env = ([how, word], {}) if how.startswith("--") else ([], {how: word})
    with running(*given, **env) as hale:
        assert line_with(hale, "check web ") == \
            'hale: check web passes: 210 Fine, contains "in order"\n'


@pytest.mark.parametrize("leave_out, why", [
    ("-H", "421 Misdirected"), ("--cacert", "certificate"), ("--status", "passes: 210")])
def test_each_of_its_options_counts(app, leave_out, why):
    options = {"-H": '"Host: app"', "--cacert": f"'{app.ca}'", "--status": "210"}
    word = " ".join(f"{name} {value}" for name, value in options.items() if name != leave_out)
    with running("--check", f"web={app.url}/ready {word}") as hale:
        assert why in line_with(hale, "check web")


def test_a_comma_in_the_environment_starts_a_check_unless_it_is_within_one(app, tmp_path):
    ask = tmp_path / "ask"
    ask.write_text("#!/bin/sh\necho $#: $1\n")
    ask.chmod(0o755)
    port = app.url.rpartition(":")[2]
    word = (f'a={app.url}/ready --status 204,205,210-219 -H "Host: app" -H "Accept: x, y" '
            f"--cacert '{app.ca}',b=tcp:127.0.0.1:{port},c=exec:{ask} 'one, two',"
            f" d=tcp:127.0.0.1:{port} , e=tcp:127.0.0.1:{port}")
    with running(HALE_CHECK=word) as hale:
        lines = sorted(line_with(hale, " passes: ") for _ in "abcde")
    assert lines == ["hale: check a passes: 210 Fine\n",
                     f"hale: check b passes: connected to 127.0.0.1 port {port}\n",
                     "hale: check c passes: exit 0: 1: one, two\n",
                     f"hale: check d passes: connected to 127.0.0.1 port {port}\n",
                     f"hale: check e passes: connected to 127.0.0.1 port {port}\n"]
    assert {request.field("Accept") for request in app.take_requests()} == {"x, y"}
    done = subprocess.run([HALE, "true"], capture_output=True, text=True, check=False,
                          env=clean_env(HALE_CHECK=f"tcp:127.0.0.1:{port},${{NO_SUCH}}"))
    assert 'HALE_CHECK "${NO_SUCH}": NO_SUCH is unset or empty' in done.stderr


def test_words_of_the_command_line_are_never_joined(app):
    port = app.url.rpartition(":")[2]
    with running("--check", f"a={app.url}/ready --insecure",
                 "--check", f"127.0.0.1:{port}") as hale:
        left = {"a:", f"127.0.0.1:{port}:"}
        while left:  # one may answer twice before the other does
            left.discard(line_with(hale, "hale: check ").split()[2])
    done = subprocess.run([HALE, "--check", "exec:x 'y", "--check", "tcp:a:1", "true"], text=True,
                          capture_output=True, check=False, env=clean_env())
    assert done.returncode == 2 and '"exec:x": expected' in done.stderr


def test_each_check_has_its_own_options(app):
    with running("--check", f"a={app.url}/ready --cacert '{app.ca}' -H 'Host: app'",
                 "--check", f"b={app.url}/ready --cacert '{app.ca}'") as hale:
        lines = {}
        while len(lines) < 2:  # one may answer twice before the other does
            line = line_with(hale, "check ")
            lines.setdefault(line.split()[2].rstrip(":"), line)
    assert "a passes: 210 Fine" in lines["a"]
    assert "b: 421 Misdirected" in lines["b"]


def test_a_variable_in_a_url_is_that_of_hales_own_environment(app):
    """HALE_* too, though the service does not get it."""
    port = app.url.rpartition(":")[2]
    with running("--check", "web=https://${NO_HOST:-127.0.0.1}:${HALE_TEST_PORT}/ready "
                 f"-H 'Host: app' --cacert '{app.ca}'", HALE_TEST_PORT=port) as hale:
        assert "web passes: 210" in line_with(hale, "check web")
    with running("--check", "https://127.0.0.1:${PORT}/ready --insecure", PORT=port) as hale:
        assert f"check {app.url}/ready: 421" in line_with(hale, "check http")


@pytest.mark.parametrize("word, said", [
    ("web=http://h/ --stauts 200",
     '"web=http://h/": --stauts: unknown option; did you mean --status?'),
    ("http://h/ --status 700",
     '"http://h/": --status "700": expected a status from 100 to 599, or a range such as 200-299'),
    ("http://h/ --cacert", '"http://h/": --cacert needs a value: expected FILE'),
    ("http://h/ -H s3cret", '"http://h/": -H: expected a header such as "Host: example.com"; '
     "a check sends no body"),
    ("http://h/ -H Authorization: s3cret", '"http://h/": expected only options after the URL, '
     "and quotes around a value with spaces"),
    ("http://h/ -H 'Authorization: s3cret", '"http://h/": expected a closing quote after the '
     "URL"),
    ("http://h/ --timeout 1s", '"http://h/": --timeout: not an option of one check; those are '
     "--status, --contains, -H, --cacert, --cert, --key, -4, -6 and --insecure"),
    ("http://h/ || exit 1", '"http://h/...": expected a URL alone: no shell reads the words of '
     "CMD [...], and a check exits with 1 by itself"),
    ("web=tcp:h:1 --status 204", '"web=tcp:h:1": --status does not apply to it'),
    ("exec:prog || exit 1", '"exec:prog": expected one program: no shell reads ||, && and |'),
    ("exec:prog 'x", '"exec:prog": expected exec:PROGRAM [ARG...] with a closing quote, and a '
     "byte after each \\"),
    ("http://h:${NO_PORT}/", '"http://h:...": NO_PORT is unset or empty in the environment: '
     "set it, or write ${NO_PORT:-DEFAULT}"),
    ("http://h:${NO_PORT", '"http://h:...": expected ${NAME} or ${NAME:-DEFAULT}'),
    ("${RUN}", '"${RUN}": expected a part of a URL in RUN, not exec: or an option'),
    ("http://h/ " + "-4 " * 33, '"http://h/": expected at most 32 words of options after the URL, '
     "in 4096 bytes"),
    ("unix:${SLY}", '"unix:${SLY}": expected a part of a URL in SLY, not exec: or an option')])
@pytest.mark.parametrize("how", ["--check", "--ready-check", "--live-check", "HALE_CHECK",
                                 "HALE_LIVE_CHECK"])
def test_a_wrong_check_is_one_line_that_names_it(word, said, how):
    given, env = ([how, word], {}) if how.startswith("--") else ([], {how: word})
    done = subprocess.run([HALE, *given, "echo", "started"], capture_output=True, text=True,
                          env=clean_env(SLY="/x -4", RUN="exec:true", **env), check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"hale: {how} {said}\n")


def test_a_check_that_verifies_nothing_is_said_loudly(hale):
    box = up(hale, "--check", "https://127.0.0.1:1/ --insecure", "say up pause")
    box.err.expect('--check "https://127.0.0.1:1/": --insecure: certificates are NOT verified')


def test_no_secret_of_an_option_is_shown(hale):
    box = up(hale, *FAST, "-v", "--check", "http://127.0.0.1:9/ -H 'X: me@s3cret' "
             "--cert /s3cret --key /s3cret", "say up pause")
    becomes(box, "/livez", 503)
    for path in ("/status", "/status?text", "/livez?verbose", "/metrics", "/"):
        assert "s3cret" not in box.get(path).body
    assert box.check("http://127.0.0.1:9/")["state"] == "failing"
    nine = ["--check", "http://h/ -H 'X: me@s3cret'"] * 9
    code, _, err = hale(*nine, "say up").end()
    assert code == 2 and "too many" in err[0] and "s3cret" not in err[0] + box.err.seen


def test_an_action_that_nothing_sets_off_is_warned_of(hale):
    _, _, err = hale("--on-unhealthy", "restart", "--ready-check", "unix:/x", "exit 0").end()
    assert len(err) == 1 and "--on-unhealthy" in err[0]


# --- the checker ---------------------------------------------------------------

def test_a_late_checker_is_killed_with_all_that_it_started(hale):
    sleeps = "sleep 1234 & setsid sleep 1235 & (setsid sh -c 'sleep 1236 & sleep 1237') & wait"
    box = up(hale, "--timeout", "300ms", "--interval", "1h",
               "--live-check", f'exec:/bin/sh -c "{sleeps}"', "say up pause")
    until(lambda: box.check()["failed"] >= 1, "it was late")
    until(lambda: len(box.pids()) == 2, "between two checks only hale and the service are there")


def test_a_checker_that_is_done_leaves_nobody(hale):
    box = up(hale, "--interval", "1h",
               "--check", "exec:/bin/sh -c 'sleep 1234 & exit 0'", "say up pause")
    becomes(box, "/readyz", 200)
    until(lambda: len(box.pids()) == 2, "all are gone")


@pytest.mark.static_only
@pytest.mark.parametrize("end, good", [("wait", "failed"), ("exit 0", "passed")])
def test_without_proc_a_checker_leaves_nobody_either(hale, end, good):
    sleeps = "sleep 1234 & setsid sleep 1235 & (setsid sh -c 'sleep 1236 & sleep 1237 & wait' &)"
    box = up(hale, "--timeout", "500ms", "--interval", "100ms", "--check",
             f'exec:/bin/sh -c "{sleeps} ; {end}"', "say up pause", no_proc=True)
    until(lambda: box.check()[good] >= 3, "some checks")
    os.kill(box.pid, STOP)
    tree = pathlib.Path(f"/proc/{box.pid}/task/{box.pid}/children").read_text().split()
    os.kill(box.pid, CONT)
    # The service, a checker, and what one that hale had to kill may have left.
    assert len(tree) <= 5


def test_a_checker_has_only_its_own_descriptors(hale, tmp_path):
    """0 to 2, and what ls itself opens."""
    with open(tmp_path / "given", "w") as given:
        box = up(hale, "--restart", "always", "--interval", "1h",
                   "--check", "exec:/bin/ls /proc/self/fd", "say up pause", fds=[given.fileno()])
        becomes(box, "/readyz", 200)
    assert box.check()["output"].endswith("3")


def test_a_check_that_hale_slept_through_blames_nobody(hale, tmp_path):
    """`docker pause` in the middle of a check, which is late afterwards."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    box = up(hale, "--interval", "50ms", "--timeout", "2s", "--retries", "1", "--on-unhealthy",
             "exit", "--live-check", f"exec:/bin/sh -c 'read x <{fifo}'", "say up pause")

    def asked():
        """A check is under way; it ends with a line to what this returns."""
        with contextlib.suppress(OSError):
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)

    def answer():
        fd = until(asked, "a check")
        os.write(fd, b"\n")
        os.close(fd)

    answer()
    until(lambda: box.check()["passed"] == 1, "it passed")
    hung = until(asked, "a check")
    os.kill(box.pid, STOP)
    with pytest.raises(AssertionError, match="nothing more"):
        box.err.line(timeout=4.5)
    os.kill(box.pid, CONT)
    until(lambda: box.check()["failed"] == 1, "it was late")
    os.close(hung)
    answer()
    until(lambda: box.check()["passed"] == 2, "it passed")
    assert box.get("/livez").status == 200


def test_an_exec_check_runs_where_the_service_does(hale, tmp_path):
    box = up(hale, "--interval", "1h", "--check", "exec:/bin/pwd", "cwd say up pause",
               cwd=tmp_path)
    assert f"cwd {tmp_path}\n" in box.out.seen
    becomes(box, "/readyz", 200)
    assert str(tmp_path) in box.check()["output"]


def test_a_check_is_what_the_kernel_kills_for_memory_first_and_hale_is_not(hale):
    """Else a check's page that is one too many can be the end of PID 1."""
    box = up(hale, "--interval", "1h", "--check", "exec:/bin/cat /proc/self/oom_score_adj",
               "say up pause")
    becomes(box, "/readyz", 200)
    assert "1000" in box.check()["output"]
    with open(f"/proc/{box.pid}/oom_score_adj") as mine:
        assert int(mine.read()) < 1000


def test_an_exec_check_tells_its_last_line_and_code(hale):
    box = up(hale, "--interval", "1h", "--check", "exec:/bin/sh -c 'echo no database; exit 3'",
               "say up pause")
    until(lambda: box.check()["failed"] > 0, "it failed")
    assert re.search("3.*no database", box.check()["output"])
    assert box.check()["name"] == "exec:/bin/sh"


# glibc's execvp() has /bin/sh read what the kernel does not know.
A_SHELL_WOULD = pytest.mark.static_only


@pytest.mark.parametrize("content, why", [
    (None, "there is no such file"),
    (b"#!/bin/sh\r\necho x\n", 'it has Windows line ends: its #! line asks for "/bin/sh\\r"'),
    (b"#!/no/interpreter\n", "it is a script for /no/interpreter, which is not here"),
    pytest.param(b"no program\n", "it is neither an ELF program nor a script with a #! line",
                 marks=A_SHELL_WOULD),
    (elf(loader="/no/ld.so"), "it needs /no/ld.so, which is not here: build it static, "
                              "or copy its libraries too"),
    pytest.param(elf(FOREIGN), f"it is an {FOREIGN_NAME} binary and this is {os.uname().machine}",
                 marks=A_SHELL_WOULD)],
    ids=["missing", "CR LF", "interpreter", "text", "loader", "machine"])
def test_a_checks_program_that_cannot_be_started_is_explained_as_the_services(
        hale, tmp_path, content, why):
    path = tmp_path / "ask"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o755)
    box = up(hale, "--interval", "1h", "--check", f"a=exec:{path}", "--check", "b=exec:./ask x",
             "say up pause", cwd=tmp_path)
    for i, program in (("a", path), ("b", "./ask")):
        until(lambda name=i: box.check(name)["failed"] > 0, "it failed")
        assert box.check(i)["output"] == f"cannot run {program}: {why}"
    done = subprocess.run([HALE, "check", f"exec:{path}"], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stdout) == (1, f"cannot run {path}: {why}\n")


def test_no_secret_of_a_url_is_shown(hale):
    box = up(hale, *FAST, "--check", "http://user:s3cret@127.0.0.1:9/path?token=s3cret#s3cret",
               "--check", "exec:/bin/false s3cret", "say up pause")
    becomes(box, "/livez", 503)
    for path in ("/status", "/status?text", "/livez?verbose", "/metrics", "/"):
        assert "s3cret" not in box.get(path).body
    until(lambda: box.check("http://127.0.0.1:9/path")["state"] == "failing",
          "the URL is shown by this name")


# --- a check that cannot be run --------------------------------------------------

STRICT = ["--interval", "50ms", "--retries", "1", "--on-unhealthy", "restart"]
UID = 54321  # RLIMIT_NPROC counts what belongs to it, and does not hold for root


def metric(asked, name):
    body = asked.ask("/metrics").body
    return int(re.search(rf'^hale_check_{name}_total{{check="[^"]*"}} (\d+)$', body, re.M)[1])


def is_held(asked, output):
    """Several tries came to nothing, and nothing else changed: it passed, so it passes."""
    tried = metric(asked, "not_run")
    until(lambda: metric(asked, "not_run") > tried + 2, "more tries")
    assert (asked.ask("/livez").status, asked.ask("/readyz").status) == (200, 200)
    status = asked.ask("/status").json()
    assert status["restarts"] == 0
    asked_check = next(c for c in status["checks"] if "state" in c)
    assert (asked_check["state"], asked_check["ok"], asked_check["failed"]) == ("unknown", True, 0)
    assert re.fullmatch(rf"could not be run for \S+: {output}; the last result: .+",
                        asked_check["output"])
    assert re.search(r" unknown .* could not be run for ", asked.ask("/status?text").body)
    assert "<li class=u>" in asked.ask("/").body


@pytest.mark.static_only  # another libc forks by another call
@pytest.mark.skipif(FORK is None, reason="the number of fork(2) is not known here")
def test_a_checker_that_can_never_be_forked_is_no_failure_and_no_restart(hale):
    box = up(hale, *STRICT, "--check", "tcp:127.0.0.1:8080", "say up pause",
             refuse=[f"{FORK}:-1:11"])
    until(lambda: box.check()["not_run"] > 5, "some tries")
    assert [box.get(path).status for path in ("/livez", "/readyz")] == [200, 503]
    assert re.fullmatch("could not be run for [^:]+: cannot start a process: "
                        "Resource temporarily unavailable", box.check()["output"])
    assert (box.check()["state"], box.check()["failed"], box.status()["restarts"]) \
        == ("unknown", 0, 0)
    box.signal(TERM)
    box.code()
    assert sum("cannot be run" in line for line in box.err.rest()) == 1


def test_without_a_descriptor_left_the_last_verdict_holds_and_checks_go_on_later(sick):
    box = sick(*STRICT, "--check", "{}")
    until(lambda: box.check()["state"] == "passing", "it passed")
    asked = box.connect()
    assert asked.ask("/readyz").status == 200  # accepted while hale still can
    before = box.limit(resource.RLIMIT_NOFILE, 3)
    box.err.expect("check http://.* cannot be run: .*; what it said last still holds")
    is_held(asked, "cannot start a process: "
                   "(No file descriptors available|Too many open files)")  # musl, glibc
    box.limit(resource.RLIMIT_NOFILE, before)
    box.err.expect("check http://.* can be run again: 200 Sick")
    until(lambda: box.check()["state"] == "passing", "it passes")
    assert box.err.seen.count("cannot be run") == 1
    box.be("500")
    assert int(box.out.expect(r"^up (\d+)$")[1]) != box.service  # a real failure still counts


@pytest.mark.parametrize("url, limit, output", [
    ("tcp:127.0.0.1:8080", 2, "cannot start a process: Resource temporarily unavailable"),
    ("exec:/bin/true", 5 if EMULATED else 3,
     "cannot run /bin/true: Resource temporarily unavailable")])
def test_a_limit_of_processes_restarts_no_healthy_service(hale, url, limit, output):
    """hale, the service, a checker, the program that it runs; each hale of qemu's counts twice."""
    box = up(hale, *STRICT, "--check", url, "say up pause", uid=UID)
    until(lambda: box.check()["state"] == "passing", "it passed")
    before = box.limit(resource.RLIMIT_NPROC, limit, UID)
    box.err.expect("cannot be run")
    asked = box.connect()
    is_held(asked, output)
    box.limit(resource.RLIMIT_NPROC, before, UID)
    box.err.expect("can be run again")


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_checker_that_crashed_or_that_somebody_killed_has_failed(sick, sig):
    """A hostile answer can make it crash, and must not hide an illness by that."""
    box = sick("--interval", "50ms", "--timeout", "1h", "--check", "{}", mode="silent")
    path = pathlib.Path(f"/proc/{box.pid}/task/{box.pid}/children")
    service = str(box.outer(box.service))

    def checker():
        return [int(pid) for pid in path.read_text().split() if pid != service]

    # Its group is its own once it has left what it inherited of hale.
    pid = until(lambda: [p for p in checker() if os.getpgid(p) == p], "a checker")[0]
    before = box.check()["failed"]  # of those that came before the service listened
    os.kill(pid, sig)
    until(lambda: box.check()["failed"] == before + 1, "it counts")
    assert box.check()["not_run"] == 0


def test_a_check_that_kills_itself_where_the_service_hangs_fails(sick):
    box = sick("--interval", "50ms", "--retries", "1", "--live-check",
               "hang=exec:timeout -s KILL 0.1 sleep 60", mode="200")
    becomes(box, "/livez", 503)
    assert "killed by SIGKILL" in box.get("/livez").body


def test_checks_end_with_the_stop_signal(hale):
    box = up(hale, "--interval", "50ms", "--check", "tcp:127.0.0.1:8080", "catch say up pause")
    becomes(box, "/readyz", 200)
    box.signal(TERM)
    box.out.expect("^got 15 ")
    done = box.check()["passed"]
    until(lambda: box.children() == 1, "no checker is left")
    assert box.get("/readyz").status == 503
    assert box.get("/livez").status == 200
    assert box.check()["passed"] == done


def test_an_idle_hale_without_checks_sleeps(hale, tmp_path):
    """Its main thread's voluntary switches do not grow while nothing comes."""
    box = up(hale, "--restart", "always", "--notify", "say up pause")
    becomes(box, "/livez", 200)

    def switches():
        text = pathlib.Path(f"/proc/{box.pid}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\t(\d+)$", text, re.M)[1])

    def syscall():
        return pathlib.Path(f"/proc/{box.pid}/syscall").read_text().split()[0]

    waits = "232" if os.uname().machine == "x86_64" else "22"  # epoll_wait, epoll_pwait
    until(lambda: syscall() in (waits, "281"), "it sleeps")
    before = switches()
    until(lambda: box.run("/bin/true", net=False).returncode == 0, "time passes")
    assert switches() == before


@pytest.mark.static_only
def test_what_tls_has_no_memory_for_is_no_failure_of_the_service(sick):
    """It needs some before it asks anything; the plain service fails each check meanwhile."""
    box = sick("--interval", "50ms", "--retries", "1000", "--check", "https://127.0.0.1:8000/")
    until(lambda: box.check()["failed"] > 0, "it has failed by itself")
    before = box.limit(resource.RLIMIT_DATA, 4096)
    until(lambda: box.check()["not_run"] > 0, "it cannot be run")
    failed = box.check()["failed"]
    tried = box.check()["not_run"]
    until(lambda: box.check()["not_run"] > tried + 2, "more tries")
    assert box.check()["failed"] == failed
    assert "memory" in box.check()["output"]
    box.limit(resource.RLIMIT_DATA, before)
    until(lambda: box.check()["failed"] > failed, "it can be run again")
