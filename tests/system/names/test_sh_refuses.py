# SPDX-License-Identifier: MIT
"""What hale called sh must never do: start a program, open a file, take another line than
-c's. Each attempt runs under strace: one execve, its own, and no other file than /dev/null."""
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess

import pytest

import harness

pytestmark = pytest.mark.static_only  # a loader and sanitizers open files

ENVIRONMENT = {"PATH": harness.PATH, "EVIL": "/bin/busybox", "CAT": "cat /etc/passwd",
               "OPERATOR": "; /bin/id", "AND": "true && /bin/id", "SUB": "$(id)", "STAR": "*",
               "EXEC": "exec:/bin/true", "RUN": "run", "HALE": "hale run /bin/true",
               "BASH_ENV": "/etc/profile", "ENV": "/etc/profile", "TO": "/dev/null",
               "IFS": "/", "PS4": "$(id)"}

# Not one of them gets as far as its first command: each starts with one that would be seen.
REFUSED = [
    # Programs of the image, and inits of hale's own.
    "/bin/id", "id", "ls -l", "./evil", "../bin/id", "busybox sh", "env", "python3 -c x",
    "/bin/cat /etc/passwd", "sh -c true", "/bin/sh -c 'curl x'", "bash -c id", "tini -- id",
    "/sbin/tini -- /bin/id", "dumb-init id", "catatonit -- id", "docker-init -- id", "pause",
    "hale run /bin/id", "hale -- /bin/id", "hale /bin/id", "hale --version", "hale help",
    "hale", "/hale run id", "hale get-or-run x", "sudo curl http://x/", "time curl x",
    "timeout 5 curl http://x/", "nohup curl http://x/", "xargs curl", "sleep 1",
    # Words that start what follows, or change what words mean.
    "exec /bin/id", "exec curl http://x/", "eval id", ". /etc/profile", "source /etc/profile",
    "command id", "command -v curl", "builtin echo x", "alias x=id", "type curl", "hash",
    "trap 'id' EXIT", "set -x", "export X=1", "unset PATH", "readonly X", "read X", "cd /",
    "umask 0", "ulimit -n 1", "wait", "kill 1", "jobs", "fg", "shift", "return 0", "break",
    "continue", "printf %s x", "local x", "declare x", "enable x", "shopt -s x", "let 1",
    # Variables.
    "X=1", "X=1 curl http://x/", "PATH=/tmp curl http://x/", "X= true", "X=$EVIL true",
    "LD_PRELOAD=/x true", "X+=1", "echo ${X:=1}", "echo ${X=1}", "echo ${X:?no}",
    "echo ${#EVIL}", "echo ${EVIL%x}", "echo ${EVIL##*/}", "echo ${EVIL/x/y}", "echo ${!X}",
    "echo ${EVIL:0:1}", "echo ${A[0]}", "echo ${", "echo ${}", "echo ${-}", "echo $$",
    "echo $!", "echo $-", "echo $#", "echo $@", "echo \"$*\"", "echo $1", "echo $0", "echo ~",
    "echo ~root", "test -f ~/x",
    # Substitutions and arithmetic.
    "echo $(id)", "echo `id`", "echo \"$(id)\"", "echo \"`id`\"", "echo $((1+1))", "((1+1))",
    "echo ${X:-$(id)}", "echo \"${X:-`id`}\"", "echo ${EVIL:-$(id)}", "echo <(id)", "cat <(id)",
    "echo >(id)", "$(id)", "`id`", "test $(id -u) = 0", "curl http://x/$(id)", "[[ 1 = 1 ]]",
    # Files.
    "echo x >/tmp/hale-sh", "echo x > file", "echo x >>/tmp/hale-sh", "curl x >|/dev/null",
    "true </etc/passwd", "true <>/dev/null", "true 3>/dev/null", "true 1>&3", "true >&-",
    "true 2>&file", "true &>/dev/null", "true &>/tmp/x", "true >&/tmp/x", "true >$TO",
    "true >\"/dev/null\"", "true >/dev/null/", "true >/dev/nullx", "true >/dev/tcp/x/80",
    "true </dev/tcp/127.0.0.1/80", "true 22>/dev/null", "true 2>", "true >", "true <",
    "cat <<EOF\nx\nEOF", "cat <<-EOF\nx\nEOF", "cat <<<x", "true > /dev/stdout",
    "true >/dev/../etc/x", "{ true; } >/tmp/x", "( true ) </etc/passwd", "{fd}>/tmp/x true",
    # Jobs, loops, functions and other grammar.
    "true &", "true & true", "true && true &", "(true &)", "true |& true", "coproc id",
    "f() { id; }; f", "f () { id; }", "function f { id; }", "while true; do id; done",
    "until false; do id; done", "for i in a b; do id; done", "case x in x) id;; esac",
    "select x in a; do id; done", "if true; then id; fi", "if id; then true; fi",
    "if true; else true; fi", "if true; then fi", "if true; then; true; fi",
    "if true; then true", "then true", "fi", "done", "}", ")", "(", "{", "{ true", "( true",
    "()", "{ }",
    "{true;}", "true ;; true", "; true", "&& true",
    "|| true", "| true", "true |", "true &&", "true || ", "true | | true", "! ! true", "!true",
    "true (true)", "true )", "'true", "\"true", "echo \"${EVIL", "echo \\",
    # Bytes.
    "true\r", "tr\x01ue", "echo \x1b[2J", "echo '\x7f'; id", "\x08true", "echo \x0c",
    "\xff\xfe", "id\u00a0", "\u2028id", "true\u3000", "cur\u0131 x",
    # What test and grep of hale's do not know: a status could be turned into 0.
    "grep x /etc/passwd", "grep -f /etc/passwd x", "grep -r x", "grep 'a\\(b\\)\\1'",
    "echo a | grep -E '(a)'", "test -t 0", "test a -nt b", "test '(' a ')'", "[ a = a",
    "! echo DOWN | grep -w DOWN", "if [ -k /tmp ]; then exit 1; fi", "[ a -nt b ] || true",
    "echo UP | grep -e DOWN && exit 1; exit 0", "! grep x /etc/passwd", "! [ a = a",
    "false && grep -c x", "if false; then [ -O / ]; fi", "! grep -x UP", "! test a '<' b",
    "! grep", "! grep -q", "! grep '['", "! grep 'a\\'", "! grep -EF x", "! grep '[z-a]'",
    "! grep -E '^*'", "! grep '^\\+'", "! grep '[[:digit:]]'", 
    "! [ ! -k / -a a ]", "! grep -h $EVIL", "! grep -q x y $EVIL", "! grep " + "a" * 251,
    # Patterns that a real sh finds files by.
    "[ ! -f /tmp/*.lock ]", "! test -f /etc/pass?d", "[ ! -f /etc/[p]asswd ]",
    "! grep -q [a-z]*", "test *",
    "! [ ' 1 ' -eq 1 ]", "! [ 1 -eq 1x ]", "! [ -9223372036854775808 -lt 1 ]",
    # Exits that are none.
    "exit foo", "exit 256", "exit -1", "exit 1 2", "exit ''",
    "true || exit 256", "exit 1x $EVIL",
    # Hidden by quotes.
    "'id'", "\"id\"", "i\\d", "\\id", "i'd'", "''id", "\"\" id", "i\\\nd", "'true '", "'tr ue'",
]

# Of these what hides the word is known only when it is reached.
REFUSED_LATER = [
    "$EVIL sh", "$CAT", "\"$CAT\"", "${EVIL}", "${EVIL:-true}", "${NONE:-id}", "${NONE-id} x",
    "$NONE id", "$OPERATOR", "true$OPERATOR", "$SUB", "$STAR", "$HALE", "hale $RUN id",
    "hale $NONE", "$NONE$EVIL", "(exit 0); $EVIL", "true && $EVIL", "false || $EVIL",
    "if true; then $EVIL; fi", "$EVIL | true", "{ true; $EVIL; } | true", "true | $EVIL",
    "true | true | $EVIL", "! $EVIL", "X$NONE=1", "\"X\"=$EVIL", "exit $EVIL", "exit $NONE 256",
    "! [ -e ${NONE:-/etc/p*} ]", "[ $EVIL = * ]", "exit 1 $EVIL 2",
    "! grep -q x $EVIL -c", "! grep $RUN /etc/passwd", "! grep $NONE -w x", "! [ -k $EVIL ]",
    "! [ \"$EVIL\" -nt / ]",
    "! [ -e $STAR ]", "if test $NONE -t 0; then true; fi", "! grep \"$SUB[\"", "! grep $NONE",
    "! [ $EVIL = x", "! [ -e /$STAR ]", "$EVIL >/dev/null 2>&1 | true", "h$NONE'ale' run /bin/true",
]

# And these do something, yet no more than what is written.
HARMLESS = [
    ("echo *", 0, "*\n"), ("echo /etc/pass*", 0, "/etc/pass*\n"), ("echo [a-z]?", 0, "[a-z]?\n"),
    ("echo $STAR", 0, "*\n"), ("echo {a,b}", 0, "{a,b}\n"), ("echo $SUB", 0, "$(id)\n"),
    ("echo \"$OPERATOR\"", 0, "; /bin/id\n"), ("echo $OPERATOR", 0, "; /bin/id\n"),
    ("echo '$(id)' '`id`'", 0, "$(id) `id`\n"), ("echo \\$\\(id\\)", 0, "$(id)\n"),
    ("$AND", 0, ""), ("echo a >/dev/null", 0, ""), ("echo a 2>&1 >/dev/null", 0, ""),
    ("echo a >&2", 0, ""),
    ("echo a | grep -q a", 0, ""), ("true # ; id", 0, ""), ("# id", 0, ""), ("", 0, ""),
    (" \n\t\n", 0, ""), ("echo a # $(id)", 0, "a\n"), ("echo a#b", 0, "a#b\n"),
    ("hale check exec:/bin/true", 2, ""), ("hale wait exec:/bin/true", 2, ""),
    ("hale check \"exec:/bin/sh -c id\" || exit 3", 3, ""), ("hale check $EXEC", 2, ""),
    ("hale check '${EXEC}'", 2, ""), ("hale check http://127.0.0.1:1/ exec:/bin/true", 2, ""),
    ("/tmp/evil/curl --bad-option", 2, ""), ("[ 1 -eq x ]", 2, ""), ("! [ x -eq 1 ]", 0, ""),
    ("[ $NONE = a ]", 2, ""), ("[ $NONE = a ] || echo b", 0, "b\n"), ("[ 1 -eq $NONE ]", 2, ""),
    ("[ ! -f '/etc/p*' ]", 0, ""), ("[ \"$STAR\" = '*' ]", 0, ""), ("[ -e \\* ]", 1, ""),
    ("! echo A | grep -i '[^a]'", 0, ""),
    ("test -e /etc/passwd", 0, ""), ("echo \"${SUB}\" ${SUB:+set}", 0, "$(id) set\n"),
    ("true | exit 3", 3, ""), ("exit 3 | true", 0, ""), ("(exit 3)", 3, ""),
]

CALLS = [
    [], ["-ec", "true"], ["-e", "-c", "true"], ["-ce", "true"], ["-c", "-e", "true"],
    ["script"], ["/etc/profile"], ["-"], ["--"], ["-i"], ["-s"], ["-l"], ["-c"], ["-e"], ["-ec"],
    ["-x", "-c", "true"], ["-cx", "true"], ["-o", "pipefail", "-c", "true"],
    ["--login", "-c", "true"], ["-c", "--", "true"], ["+e", "-c", "true"], ["true", "-c"],
]

needs_strace = pytest.mark.skipif(shutil.which("strace") is None or harness.EMULATED,
                                  reason="strace is not installed, or sees qemu's calls")


@pytest.fixture
def traced(named, tmp_path):
    """Runs sh under strace; returns what it did, after what it may do was seen."""
    sh = named("sh")

    def run(*argv, **more):
        log = tmp_path / "calls"
        done = subprocess.run(
            ["strace", "-f", "-qq", "-o", log, "-e", "signal=none", "-e",
             "trace=execve,execveat,open,openat,openat2,creat,fork,vfork,clone,clone3", sh,
             *argv], env=ENVIRONMENT, capture_output=True, text=True, errors="replace",
            input="echo from stdin; id\n", timeout=harness.DEADLINE, cwd=tmp_path, **more)
        calls = log.read_text(errors="replace")
        assert len(re.findall(r"\bexecve", calls)) == 1, calls
        opened = set(re.findall(r"\b(?:open|creat)\w*\((?:AT_FDCWD, )?\"([^\"]*)\"", calls))
        assert opened <= {"/dev/null"}, calls
        assert sorted(path.name for path in tmp_path.iterdir()) == ["calls", "names"]
        done.calls = calls
        return done

    return run


def is_one_refusal(done):
    assert done.returncode == 2, done
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("sh: "), done
    assert done.stderr.startswith(("sh: \"", "sh: the line ends ")), done
    assert len(done.stderr) < 400


@needs_strace
def test_what_is_refused_is_so_before_anything_has_run(traced):
    assert len(set(REFUSED)) == len(REFUSED) >= 60
    for attempt in REFUSED:
        done = traced("-c", attempt)
        is_one_refusal(done)
        first = traced("-c", f"echo first\n{attempt}")
        is_one_refusal(first)
        assert first.stdout == "" and len(first.calls.splitlines()) == 1, (attempt, first)


@needs_strace
@pytest.mark.parametrize("attempt", REFUSED_LATER)
def test_what_a_variable_hid_ends_the_whole_line(traced, attempt):
    done = traced("-c", f"echo first; {attempt}; echo last")
    is_one_refusal(done)
    assert done.stdout == "first\n"


@needs_strace
@pytest.mark.parametrize("attempt,code,printed", HARMLESS)
def test_what_looks_like_more_is_what_is_written(traced, attempt, code, printed):
    done = traced("-c", attempt)
    assert done.returncode == code, done
    assert printed is None or done.stdout == printed


@needs_strace
@pytest.mark.parametrize("argv", CALLS, ids=" ".join)
def test_only_the_line_of_c_is_read(traced, argv):
    is_one_refusal(traced(*argv))


@needs_strace
def test_a_line_has_bounds(traced):
    assert traced("-c", "true " + "a" * 4090).returncode == 0
    is_one_refusal(traced("-c", "true " + "a" * 4091))
    assert traced("-c", "true" + " a" * 63).returncode == 0
    is_one_refusal(traced("-c", "true" + " a" * 64))
    is_one_refusal(traced("-c", "( " * 11 + "true" + " )" * 11))
    assert traced("-c", "( " * 10 + "true" + " )" * 10).returncode == 0
    assert traced("-c", "true" + " | true" * 8).returncode == 0
    is_one_refusal(traced("-c", "true" + " | true" * 100))
    for n in range(12):  # nothing is found too deep only when it runs
        done = traced("-c", "echo a >&2; " + "( true | " * n + "true | true" + " )" * n)
        assert done.returncode in (0, 2) and done.stderr.count("\n") == 1, done
        done = traced("-c", "echo a >&2; " + "( " * n + "true | true" + " | true )" * n)
        assert done.returncode in (0, 2) and done.stderr.count("\n") == 1, done
    is_one_refusal(traced("-c", "( " * 2000 + "true"))
    is_one_refusal(traced("-c", "if true; then " * 200 + "true"))
    assert traced("-c", "true" + " >/dev/null" * 8).returncode == 0
    is_one_refusal(traced("-c", "true" + " >/dev/null" * 9))
    is_one_refusal(traced("-c", "echo " + "${A:-" * 9 + "}" * 9))


def test_a_health_check_is_one_process(traced):
    done = traced("-c", "curl -f http://127.0.0.1:1/ >/dev/null 2>&1 || exit 1")
    assert done.returncode == 1 and len(done.calls.splitlines()) <= 3
    assert "fork" not in done.calls and "clone" not in done.calls


def test_it_works_with_little(named):
    """Few descriptors, a small stack, and 0 to 2 closed."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
        resource.setrlimit(resource.RLIMIT_STACK, (128 * 1024, 128 * 1024))

    line = "curl -sf http://127.0.0.1:1/ | grep -q x 2>/dev/null >&2 || exit 5"
    done = subprocess.run([named("sh"), "-c", line], preexec_fn=limit, capture_output=True,
                          timeout=harness.DEADLINE, check=False)
    assert (done.returncode, done.stderr) == (5, b"")
    closed = subprocess.run(["/bin/sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', named("sh"),
                             "true >/dev/null 2>&1 | grep -q x || exit 6"],
                            timeout=harness.DEADLINE, check=False)
    assert closed.returncode == 6


@needs_strace
def test_nothing_is_left_of_a_command(named, tmp_path):
    """Of no descriptor, and of no child: a hundred of each, where there is room for few."""
    line = "echo a 2>/dev/null | grep -q a >/dev/null && curl -s http://127.0.0.1:1/\n" * 50
    log = tmp_path / "calls"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", log, "-e", "trace=wait4", named("sh"), "-c",
         line + "exit 9"], preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9)),
        capture_output=True, timeout=harness.DEADLINE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (9, b"", b"")
    ended = set(re.findall(r"wait4\((\d+)", log.read_text()))
    assert len(ended) == 50  # each by its id


def test_a_pipe_ends_with_what_reads_it(named):
    """The left side has more to write than a pipe takes; grep has its match at once."""
    line = "; ".join(["echo " + "$LONG " * 30] * 10)
    done = subprocess.run([named("sh"), "-c", f"{{ {line}; }} | grep -q y"],
                          env={"LONG": "y" * 250},
                          capture_output=True, timeout=harness.DEADLINE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("line,told", [
    ("true &&", "the line ends where more is expected"),
    ("{ true", "the line ends where more is expected"),
    ("if true; then true", "the line ends where more is expected"),
    ("true >", "the line ends where more is expected"),
    ("( " * 11 + "true", '"true": nested too deep'),
    ("hale run x", '"run": refused here (see: hale help names)'),
    ("hale", '"hale": needs more behind it'),
    ("true > file", '"file": refused here (see: hale help names)'),
    ("true && grep | true", '"grep": needs more behind it'),
    ("grep -q 'a['", '"[": needs more behind it'),
    ("[ a", '"[": needs more behind it'),
    ("grep -q x /etc/passwd", '"/etc/passwd": refused here (see: hale help names)'),
    ("[ a -nt b ]", '"-nt": refused here (see: hale help names)'),
    ("[ -e /*.x ]", '"/*.x": refused here (see: hale help names)'),
    ("true\r\ntrue\r", "the line ends with CRLF"),
    ("exit 1 2", '"2": refused here (see: hale help names)'),
    ("true " + "a" * 5000, '"true": too long'),
])
def test_a_refusal_names_what_is_to_blame(named, line, told):
    done = subprocess.run([named("sh"), "-c", line], capture_output=True, text=True,
                          timeout=harness.DEADLINE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"sh: {told}\n")


def test_a_line_that_grep_cannot_hold_is_not_one_that_it_has_not_found(named):
    parts = "; ".join(["echo -n \"$LONG$LONG$LONG$LONG$LONG$LONG$LONG\""] * 70)
    line = f"! {{ {parts}; }} | grep y >/dev/null"
    done = subprocess.run([named("sh"), "-c", line], env={"LONG": "y" * 1000},
                          capture_output=True, timeout=harness.DEADLINE, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b'sh: "grep": too long\n'


def test_what_is_killed_left_of_a_pipe_says_so(named):
    """As the kernel does when memory is out; what reads has an end, and no answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = f"curl -s http://127.0.0.1:{server.getsockname()[1]}/ | grep -q x || true"
        with subprocess.Popen([named("sh"), "-c", line], stderr=subprocess.PIPE) as shell:
            server.settimeout(harness.DEADLINE)
            client, _ = server.accept()  # then there is the child
            children = f"/proc/{shell.pid}/task/{shell.pid}/children"
            (child,) = pathlib.Path(children).read_text().split()
            os.kill(int(child), signal.SIGKILL)
            told = shell.communicate(timeout=harness.DEADLINE)[1]
            client.close()
        assert (shell.returncode, told) == (2, b"sh: what is left of | was killed\n")
