"""What tini, dumb-init and catatonit do, a row each, and where hale by their names differs.

A row's `theirs` holds for the original, and for hale too but for what `ours` says instead;
`why` is the reason. Keys: code, out and err (patterns, each of which is found), no_err (not
found), got (what `do` returned). The table is run by test_inits.py.
"""
import dataclasses
import typing

from harness import SVC, svc
from init_acts import (all_reaped, becomes, below, children_adopted, children_left, end, ended,
                       gets, kid_got_term, lines_by_key, lines_of, loses_end, nothing_after,
                       own_state_after, pauses_until, state_after, stopped_by)

INITS = ("tini", "dumb-init", "catatonit")
BUILT_IN = {9, 17, 19}  # nobody can get, or forward, these
FAULTS = {4, 5, 6, 7, 8, 11, 31}
JOB = {20, 21, 22}
PLAIN = set(range(1, 32)) - BUILT_IN - FAULTS - JOB

MUSL = "by glibc a file without #! is a script for /bin/sh, by musl it is not a program; " \
       "hale says so"
STOPS_EARLY = "options of the program are its own: hale stops at the first word that is none"
LONGER = "it is one line, and names hale"


@dataclasses.dataclass
class Row:
    init: str
    name: str
    argv: list
    theirs: dict
    ours: dict = dataclasses.field(default_factory=dict)
    why: str = ""
    do: typing.Callable = None
    options: dict = dataclasses.field(default_factory=dict)
    env: dict = dataclasses.field(default_factory=dict)
    within: typing.Callable = list  # what starts the init's command line

    def __str__(self):
        return f"{self.init}: {self.name}"


def each(name, service, theirs, inits=INITS, options=(), **more):
    """The same for several inits."""
    return [Row(init, name, [*options, "--", *service], theirs, **more) for init in inits]


# --- the rows ------------------------------------------------------------------------

NOPE, TEXT, FOLDER = ["/nope"], ["/etc/passwd"], ["/etc"]
CATCH = svc("catch say up pause")
CATCH_TWO = svc("fork { catch say kid pause } catch say up pause")
ORPHANS = svc("orphans 5 say done pause")
MIDDLE = svc("fork { fork { pause } } say up pause")
# Its kid is in its group, and stays when it has ended.
LEAVES_KID = svc("fork { catch quit 15 0 say up pause } read exit 3")
NAMELESS = ["/bin/sh", "-c", "exit 7"]
UNSTARTED = {
    "tini": {"code": 127, "err": [r"^\[FATAL tini \(\d+\)\] exec /nope failed: "
                                  "No such file or directory"]},
    "dumb-init": {"code": 2, "err": [r"^\[dumb-init\] /nope: No such file or directory"]},
    "catatonit": {"code": 1, "err": [r"^ERROR \(catatonit:\d+\): failed to exec pid1: "
                                     "No such file or directory"]},
}
DENIED = {
    "tini": {"code": 126, "err": [r"exec /etc/passwd failed: Permission denied"]},
    "dumb-init": {"code": 2, "err": [r"\[dumb-init\] /etc/passwd: Permission denied"]},
    "catatonit": {"code": 1, "err": ["failed to exec pid1: Permission denied"]},
}
ON_STDERR = "tini logs to stdout from -v on, hale to stderr only"
SPAWNED = [r"^\[INFO  tini \(1\)\] Spawned child process '.*svc' with pid '\d+'$",
           r"^\[INFO  tini \(1\)\] Main child exited normally \(with status '3'\)"]
NO_WORD = {"out": [r"\A\Z"], "err": [r"\A\Z"]}

ALIKE = [
    *each("an exit code", svc("exit 7"), {"code": 7, **NO_WORD}),
    *each("exit code 0", svc("exit 0"), {"code": 0, **NO_WORD}),
    *each("exit code 255", svc("exit 255"), {"code": 255}),
    *each("death by a signal", svc("die 9"), {"code": 137, **NO_WORD}),
    *each("death by SIGTERM", svc("die 15"), {"code": 143}),
    *[Row(init, "no such program", ["--", *NOPE], UNSTARTED[init]) for init in INITS],
    *[Row(init, "a program that is not executable", ["--", *TEXT], DENIED[init])
      for init in INITS],
    *[Row(init, "a directory as program", ["--", *FOLDER],
          {"code": DENIED[init]["code"], "err": ["Permission denied"]}) for init in INITS],
    *[Row(init, "no program", [], {"code": 1, "out": [r"\A\Z"], "err": ["[Uu]sage: "]})
      for init in INITS],
    *[Row(init, "an unknown letter", ["-x", "--", *svc("exit 0")],
          {"code": 1, "err": ["invalid option"]}) for init in INITS],
    Row("tini", "an unknown long option", ["--nope"], {"code": 1, "err": ["invalid option"]}),
    *[Row(init, "an unknown long option", ["--nope"],
          {"code": 1, "err": ["unrecognized option"]}, {"err": ["invalid option or value: --nope"]},
          LONGER) for init in ("dumb-init", "catatonit")],
    *[Row(init, "a program without --", svc("args -a -- b"), {"code": 0, "out": ["arg 2d61"]})
      for init in ("dumb-init",)],
    *each("arguments of the program", svc("args -l -- b"),
          {"code": 0, "out": [r"arg 2d6c\narg 2d2d\narg 62$"]}),
    *each("all of the environment", svc("env exit 0"),
          {"code": 0, "out": ["env HALE_DRAIN=1h\n", "env HALE_LISTEN=x\n"], "err": [r"\A\Z"]},
          env={"HALE_DRAIN": "1h", "HALE_LISTEN": "x"}),
    *each("the working directory is the service's", svc("cwd exit 0"),
          {"code": 0, "out": ["^cwd /etc$"]}, options=[]),
    *each("a process is left at the end", svc("fork { pause } exit 0"), {"code": 0, **NO_WORD}),
    *each("orphans are reaped", ORPHANS, {"got": 1}, do=children_left),
    *each("two stops are two signals", CATCH, {"got": 2}, do=lines_of(15, 15)),
    *each("SIGTERM ends a service that says nothing of it", svc("say up default 15 pause"),
          {"code": 143}, do=stopped_by(15)),
    *each("SIGINT ends it", svc("say up default 2 pause"), {"code": 130}, do=stopped_by(2)),
    *each("the service may choose its code", svc("catch quit 15 3 say up pause"),
          {"code": 3}, do=stopped_by(15)),
    *each("a signal to the service", CATCH, {"got": {10}}, do=gets(10)),
]
for row in ALIKE:
    if row.name.startswith("the working"):
        row.options = {"cwd": "/etc"}

# musl's execvp: see INIT.md.
SCRIPT = [Row(init, "a file without #!", ["--", "{script}"], {"code": 7},
              {"code": code, "err": ["neither an ELF program nor a script"]}, MUSL)
          for init, code in (("tini", 126), ("dumb-init", 2), ("catatonit", 1))]

FORWARDED = [
    *[Row(init, "every signal but faults and those of job control", ["--", *CATCH],
          {"got": PLAIN | {34, 64}}, do=gets(*sorted(PLAIN), 34, 64))
      for init in ("tini", "catatonit")],
    Row("dumb-init", "every signal but those of job control", ["--", *CATCH],
        {"got": PLAIN | FAULTS}, do=gets(*sorted(PLAIN | FAULTS))),
    *[Row(init, "a fault signal that was sent by hand", ["--", *CATCH], {"got": set()},
          {"got": FAULTS}, "hale tells one that was sent from a fault of its own, and passes it "
          "on: SIGABRT for a dump", do=gets(*sorted(FAULTS))) for init in ("tini", "catatonit")],
    *[Row(init, "32 and 33, which libc hides", ["--", *CATCH], {"got": set()}, {"got": {32, 33}},
          "glibc leaves them out of its masks", do=gets(32, 33)) for init in INITS],
]

TINI = [
    Row("tini", "--version", ["--version"], {"code": 0, "out": [r"^tini version \d+\.\d+\.\d+$"]},
        {"out": [r"^tini version \d+\.\d+\.\d+_hale - git\.\w+\n"]},
        "in the form that dockerd parses, and says what it is"),
    Row("tini", "--version with another word", ["--version", "x"],
        {"code": 1, "err": ["invalid option"]}),
    Row("tini", "-h", ["-h"], {"code": 0, "out": [r"Usage: tini \[OPTIONS\] PROGRAM -- \[ARGS\]",
                                                 "-e EXIT_CODE"], "err": [r"\A\Z"]}),
    Row("tini", "-l", ["-l"], {"code": 0, "out": ["MIT"], "err": [r"\A\Z"]}),
    Row("tini", "options of the program without --", svc("args -l"),
        {"code": 0, "out": ["The MIT License"]}, {"out": [r"\Aarg 2d6c\n\Z"]}, STOPS_EARLY),
    Row("tini", "-g", ["-g", "--", *CATCH_TWO], {"got": 2}, do=lines_of(10)),
    Row("tini", "without -g", ["--", *CATCH_TWO], {"got": 1}, do=lines_of(10)),
    Row("tini", "TINI_KILL_PROCESS_GROUP", ["--", *CATCH_TWO], {"got": 2}, do=lines_of(10),
        env={"TINI_KILL_PROCESS_GROUP": ""}),
    Row("tini", "-g stops the group", ["-g", "--", *CATCH_TWO], {"got": 2}, do=lines_of(15)),
    Row("tini", "-e", ["-e", "143", "--", *svc("die 15")], {"code": 0}),
    Row("tini", "-e of another code", ["-e143", "--", *svc("exit 7")], {"code": 7}),
    Row("tini", "-e twice", ["-e", "7", "-e", "8", "--", *svc("exit 7")], {"code": 0}),
    Row("tini", "-e too large", ["-e", "256", "--", *svc("exit 7")],
        {"code": 1, "err": [r"\[FATAL tini \(1\)\] Not a valid option for -e: 256"]}),
    Row("tini", "-e of no number", ["-e", "x"], {"code": 1,
                                                 "err": ["Not a valid option for -e: x"]}),
    Row("tini", "-e of a negative number", ["-e", "-1"],
        {"code": 1, "err": ["Not a valid option for -e: -1"]}),
    Row("tini", "-e without a value", ["-e"], {"code": 1, "err": ["Usage: tini"]}),
    Row("tini", "-p of no signal", ["-p", "NONE"],
        {"code": 1, "err": ["Not a valid option for -p: NONE"]}),
    Row("tini", "-p without SIG", ["-p", "USR1", "--", *svc("exit 3")],
        {"code": 1, "err": ["Not a valid option for -p"]}, {"code": 3, "err": [r"\A\Z"]},
        "hale takes a signal by each of its names, and by number"),
    Row("tini", "-p SIGUSR1 when the parent dies",
        ["-s", "-p", "SIGUSR1", "--", *svc("catch quit 10 0 say up pause")],
        {"got": "got 10"},
        within=lambda command: [SVC, "fork", "{", "fork", "{", "exec", *command, "}", "read",
                                "}", "wait", "pause"],
        do=lambda box: (box.out.expect("^up$"), box.tell("end"),
                        box.out.expect("^got 10 ")) and (end(box), "got 10")[1]),
    Row("tini", "-s", ["-s", "--", *MIDDLE], {"got": 2, "err": [r"\A\Z"]}, do=children_adopted,
        options={"second": True}),
    Row("tini", "TINI_SUBREAPER", ["--", *MIDDLE], {"got": 2, "err": [r"\A\Z"]},
        do=children_adopted, options={"second": True}, env={"TINI_SUBREAPER": ""}),
    Row("tini", "not PID 1 and not a subreaper", ["--", *MIDDLE],
        {"got": 1, "err": [r"^\[WARN  tini \(\d+\)\] Tini is not running as PID 1 and isn't "
                           "registered as a child subreaper", "TINI_SUBREAPER"]},
        do=children_adopted, options={"second": True}),
    Row("tini", "TINI_VERBOSITY=0", ["--", *svc("exit 3")], {"code": 3, "err": [r"\A\Z"]},
        options={"second": True}, env={"TINI_VERBOSITY": "0"}),
    Row("tini", "-v", ["-v", "--", *svc("exit 3")],
        {"code": 3, "out": SPAWNED}, {"out": [r"\A\Z"], "err": SPAWNED}, ON_STDERR),
    Row("tini", "TINI_VERBOSITY=2", ["--", *svc("exit 3")],
        {"code": 3, "out": SPAWNED}, {"out": [r"\A\Z"], "err": SPAWNED}, ON_STDERR,
        env={"TINI_VERBOSITY": "2"}),
    Row("tini", "TINI_VERBOSITY prevails over -v", ["-v", "--", *svc("exit 3")],
        {"code": 3, "err": [r"\A\Z"]}, env={"TINI_VERBOSITY": "1"}),
    *[Row("tini", f"TINI_VERBOSITY={value}", ["--", *svc("exit 3")],
          {"code": 3, "out": SPAWNED}, {"out": [r"\A\Z"], "err": SPAWNED}, ON_STDERR,
          env={"TINI_VERBOSITY": value}) for value in ("4", "5", "2x", "02", "4294967298")],
    Row("tini", "TINI_VERBOSITY of no number", ["--", *svc("exit 3")], {"code": 3, **NO_WORD},
        options={"second": True}, env={"TINI_VERBOSITY": "x"}),
    Row("tini", "-v of a death", ["-v", "--", *svc("die 15")],
        {"code": 143, "out": [r"Main child exited with signal \(with signal 'Terminated'\)"]},
        {"out": [r"\A\Z"],
         "err": [r"exited with signal \(with signal '15'\): was killed by SIGTERM"]},
        ON_STDERR + ", and has no table of libc's words"),
    Row("tini", "-vv of a signal", ["-vv", "--", *svc("catch quit 10 0 say up pause")],
        {"code": 0, "out": ["Passing signal: '"]},
        {"out": [r"\Aup\ngot 10 .*\n\Z"], "err": ["Passing signal: '10'"]}, ON_STDERR,
        do=stopped_by(10)),
    Row("tini", "-vvv", ["-vvv", "--", *svc("orphans 5 say done read exit 0")],
        {"code": 0, "out": [r"\[DEBUG tini \(1\)\] Reaped child with pid: '"]},
        {"out": [r"\Adone\nread end\n\Z"],
         "err": [r"\[WARN  tini \(1\)\] Reaped zombie process with pid="]},
        ON_STDERR + " and has three levels: with -vv orphans, too", do=all_reaped),
    Row("tini", "-w", ["-w", "--", *ORPHANS],
        {"got": 1, "err": [r"\[WARN  tini \(1\)\] Reaped zombie process with pid=\d+"]},
        do=children_left),
    Row("tini", "an orphan without -w", ["--", *ORPHANS], {"got": 1, "err": [r"\A\Z"]},
        do=children_left),
    Row("tini", "letters together", ["-gwve", "7", "--", *svc("exit 7")],
        {"code": 0, "out": SPAWNED[:1]}, {"out": [r"\A\Z"], "err": SPAWNED[:1]}, ON_STDERR),
    Row("tini", "SIGCHLD that was ignored", ["--", *svc("exit 7")], {"got": True},
        {"got": False, "code": 7}, "it never hears of the end; hale undoes that",
        do=loses_end, options={"ignore": [17]}),
    Row("tini", "a closed stdin", ["--", *svc("exit 7")], {"code": 1, "err": ["tcsetpgrp"]},
        {"code": 7, "err": [r"\A\Z"]}, "hale asks only for a terminal that is its own",
        options={"close": [0]}),
    Row("tini", "signals that are blocked and ignored stay so", ["--", *svc("signals exit 0")],
        {"out": ["^mask=0*200 ignored=0*1$"]}, options={"block": [10], "ignore": [1]}),
    Row("tini", "SIGTSTP", ["--", *CATCH], {"got": "S"}, {"got": "T"},
        "without a terminal hale's service has a session of its own, in which the kernel drops "
        "SIGTSTP: it gets SIGSTOP", do=state_after(20)),
    Row("tini", "SIGTTIN", ["--", *CATCH], {"got": "S"}, {"got": "T"},
        "tini ignores it; hale passes on what was sent by hand, as SIGSTOP",
        do=state_after(21)),
    Row("tini", "the session without a terminal", ["--", *svc("ids exit 0")],
        {"out": [r"pid=2 ppid=1 pgid=2 sid=[01]\b"]}, {"out": [r"pid=2 ppid=1 pgid=2 sid=2\b"]},
        "a group of its own in both, in hale's also a session"),
]

DUMB_INIT = [
    *[Row("dumb-init", flag, [flag], {"code": 0, "out": [r"\A\Z"],
                                      "err": [r"^dumb-init v\d+\.\d+\.\d+$"]},
          {"err": [r"^dumb-init v\d+\.\d+\.\d+ \(hale, git \w+\)$"]}, "says what it is")
      for flag in ("-V", "--version", "--vers")],
    *[Row("dumb-init", flag, [flag], {"code": 0, "out": [r"\A\Z"],
                                      "err": ["^Usage: .*dumb-init ", "-r, --rewrite s:r"]})
      for flag in ("-h", "--help", "--he")],
    Row("dumb-init", "a long name that is not clear", ["--ver"],
        {"code": 1, "err": ["--ver"], "no_err": ["^dumb-init v"]}),
    Row("dumb-init", "options of the program without --", svc("args -v"),
        {"code": 0, "out": [r"\Aarg 2d76\n\Z"]}),
    Row("dumb-init", "the group", ["--", *CATCH_TWO], {"got": 2}, do=lines_of(10)),
    Row("dumb-init", "the group at a stop", ["--", *CATCH_TWO], {"got": 2}, do=lines_of(15)),
    *[Row("dumb-init", flag, [flag, "--", *CATCH_TWO], {"got": 1}, do=lines_of(10))
      for flag in ("-c", "--single-child", "--s")],
    Row("dumb-init", "DUMB_INIT_SETSID=0", ["--", *CATCH_TWO], {"got": 1}, do=lines_of(10),
        env={"DUMB_INIT_SETSID": "0"}),
    Row("dumb-init", "DUMB_INIT_SETSID=1", ["--", *CATCH_TWO], {"got": 2}, do=lines_of(10),
        env={"DUMB_INIT_SETSID": "1"}),
    Row("dumb-init", "a session", ["--", *svc("ids exit 0")],
        {"out": [r"pid=2 ppid=1 pgid=2 sid=2\b"]}),
    Row("dumb-init", "-c and the session", ["-c", "--", *svc("ids exit 0")],
        {"out": [r"pid=2 ppid=1 pgid=[01] sid=[01]\b"]}, {"out": ["pgid=2 sid=2"]},
        "hale's service has its own group always: kill 0 in it is not for its init"),
    Row("dumb-init", "DUMB_INIT_SETSID=0 and the session", ["--", *svc("ids exit 0")],
        {"out": [r"pid=2 ppid=1 pgid=[01] sid=[01]\b"]}, {"out": ["pgid=2 sid=2"]},
        "as with -c", env={"DUMB_INIT_SETSID": "0"}),
    *[Row("dumb-init", " ".join(words), [*words, "--", *CATCH], {"got": {3}}, do=gets(15))
      for words in (["-r", "15:3"], ["-r15:3"], ["--rewrite", "15:3"], ["--rewrite=15:3"],
                    ["--r", "15:3"])],
    Row("dumb-init", "-r 15:0", ["-r", "15:0", "--", *CATCH], {"got": {12}}, do=gets(15, 12)),
    Row("dumb-init", "-r twice", ["-r", "15:3", "-r", "10:12", "--", *CATCH], {"got": {3, 12}},
        do=gets(15, 10)),
    Row("dumb-init", "-r of SIGTSTP", ["-r", "20:15", "--", *CATCH], {"got": {15}}, do=gets(20)),
    Row("dumb-init", "-r SIGTSTP:0", ["-r", "20:0", "--", *CATCH], {"got": {10}},
        do=gets(20, 10)),
    Row("dumb-init", "-r of one number", ["-r", "15", "--", *svc("exit 0")],
        {"code": 1, "err": ["-r"]}),
    Row("dumb-init", "-r of no signal", ["-r", "15:x", "--", *svc("exit 0")],
        {"code": 1, "err": ["-r"]}),
    Row("dumb-init", "-r without a value", ["-r"], {"code": 1, "err": ["-r|'r'"]}),
    Row("dumb-init", "-r by name", ["-r", "TERM:QUIT", "--", *CATCH],
        {"code": 1}, {"code": 137, "got": {3}}, "hale takes names, too",
        do=lambda box: gets(15)(box) if not ended(box) else None),
    Row("dumb-init", "-r of a real-time signal", ["-r", "34:10", "--", *svc("exit 3")],
        {"code": 1}, {"code": 3}, "hale has all 64, dumb-init an array for 31"),
    *[Row("dumb-init", f"-r {pair}", ["-r", pair, "--", *svc("exit 3")], {"code": 3},
          {"code": 1, "err": [f"Not a valid option for -r: {pair}"]},
          "nobody can rewrite SIGKILL and SIGSTOP, and SIGCHLD is the init's own: a slip, which "
          "hale says") for pair in ("9:15", "9:0", "19:15", "17:15", "17:0")],
    *[Row("dumb-init", f"signal {sig} stops the service", ["--", *CATCH],
          {"got": []}, do=becomes("T", sig)) for sig in sorted(JOB)],
    *[Row("dumb-init", f"signal {sig} stops itself, too", ["--", *CATCH], {"got": "T"},
          do=own_state_after(sig), options={"second": True}) for sig in sorted(JOB)],
    *[Row("dumb-init", f"signal {sig} with -c", ["-c", "--", *CATCH], {"got": "S"}, {"got": "T"},
          "hale's service has its own session with -c, too", do=state_after(sig))
      for sig in sorted(JOB)],
    Row("dumb-init", "SIGTERM to the group at the end", ["--", *LEAVES_KID], {"got": "got 15"},
        do=kid_got_term("end"), within=below),
    Row("dumb-init", "no SIGTERM at the end with -c", ["-c", "--", *LEAVES_KID], {"got": []},
        do=nothing_after("end"), within=below),
    Row("dumb-init", "no SIGTERM at the end with -r 15:0", ["-r", "15:0", "--", *LEAVES_KID],
        {"got": []}, do=nothing_after("end"), within=below),
    Row("dumb-init", "signals that are blocked and ignored are reset",
        ["--", *svc("signals exit 0")], {"out": ["^mask=0* ignored=0*$"]},
        options={"block": [10], "ignore": [1, 17]}),
    *[Row("dumb-init", f"{words} {env}", [*words, "--", *svc("exit 3")],
          {"code": 3, "no_err": ["ready"], "err": [r"^\[dumb-init\] Child spawned with PID \d+\.$",
                              r"^\[dumb-init\] A child with PID \d+ exited with exit status 3\.$"]},
          env=env) for words, env in ((["-v"], {}), (["--verbose"], {}),
                                      ([], {"DUMB_INIT_DEBUG": "1"}))],
    Row("dumb-init", "DUMB_INIT_DEBUG=0", ["--", *svc("exit 3")], {"code": 3, **NO_WORD},
        env={"DUMB_INIT_DEBUG": "0"}),
    Row("dumb-init", "-v of a death", ["-v", "--", *svc("die 15")],
        {"code": 143, "err": [r"A child with PID \d+ was terminated by signal 15\."]}),
    Row("dumb-init", "-v of a signal", ["-v", "--", *CATCH],
        {"err": [r"\[dumb-init\] Forwarded signal 10 to children\."]}, do=gets(10)),
    Row("dumb-init", "not PID 1", ["--", *MIDDLE], {"got": 1, "err": [r"\A\Z"]},
        do=children_adopted, options={"second": True}),
]

CATATONIT = [
    *[Row("catatonit", flag, [flag], {"code": 0, "out": [r"^tini version [\d.]+_catatonit\n"]},
          {"out": [r"^tini version [\d.]+_hale_catatonit - git\.\w+\n"]},
          "in the form that dockerd parses, and says what it is")
      for flag in ("-V", "--version", "--vers")],
    Row("catatonit", "-h", ["-h"], {"code": 0, "err": [r"^usage: catatonit \[-ghLPV\] "]},
        {"err": [r"\A\Z"], "out": [r"^usage: catatonit \[-ghLPV\] "]},
        "help that was asked for is no error"),
    Row("catatonit", "-L", ["-L"], {"code": 0, "out": ["Copyright"]}),
    Row("catatonit", "--help", ["--help"], {"code": 1, "err": ["usage: catatonit"]}),
    Row("catatonit", "no program", [], {"code": 1, "err": ["missing program name"]}),
    Row("catatonit", "options of the program without --", svc("args -x"),
        {"code": 1, "err": ["invalid option"]},
        {"code": 0, "out": ["arg 2d78"], "err": [r"\A\Z"]}, STOPS_EARLY),
    Row("catatonit", "-g", ["-g", "--", *CATCH_TWO], {"got": 2}, do=lines_of(10)),
    Row("catatonit", "without -g", ["--", *CATCH_TWO], {"got": 1}, do=lines_of(10)),
    Row("catatonit", "a subreaper where it is not PID 1", ["--", *MIDDLE],
        {"got": 2, "err": [r"\A\Z"]}, do=children_adopted, options={"second": True}),
    Row("catatonit", "CATATONIT_DEBUG", ["--", *svc("exit 3")],
        {"code": 3, "err": [r"^DEBUG \(catatonit:1\): pid1 \(\d+\) spawned: "]},
        env={"CATATONIT_DEBUG": "1"}),
    Row("catatonit", "CATATONIT_LOG", ["--", *svc("exit 3")],
        {"code": 1, "err": ["reserved for future use"]}, {"code": 3, "err": [r"\A\Z"]},
        "hale does not know it and passes it on", env={"CATATONIT_LOG": "1"}),
    Row("catatonit", "the mask of the service", ["--", *svc("signals exit 0")],
        {"out": ["^mask=0*380000 ignored=0*$"]}, {"out": ["^mask=0* ignored=0*$"]},
        "it leaves TSTP, TTIN and TTOU blocked, and Ctrl-Z is dead"),
    Row("catatonit", "SIGCHLD that was ignored", ["--", *svc("exit 7")], {"got": True},
        {"got": False, "code": 7}, "it never hears of the end; hale undoes that",
        do=loses_end, options={"ignore": [17]}),
    Row("catatonit", "LISTEN_PID", ["--", *svc("env exit 0")], {"out": ["env LISTEN_PID=2\n"]},
        env={"LISTEN_PID": "1", "LISTEN_FDS": "0"}),
    Row("catatonit", "the session without a terminal", ["--", *svc("ids exit 0")],
        {"out": [r"pid=2 ppid=1 pgid=2 sid=[01]\b"]}, {"out": [r"pid=2 ppid=1 pgid=2 sid=2\b"]},
        "a group of its own in both, in hale's also a session"),
    *[Row("catatonit", f"{' '.join(words)} and signal {sig}", words, {"code": 0, **NO_WORD},
          do=pauses_until(sig, 1, 3, 10)) for words in (["-P"], ["-P", "--"], ["-gP", "x"])
      for sig in (2, 15)],
]

# `docker run -t`: the terminal is the session's that PID 1 leads.
TERMINAL = [
    *[Row(init, "Ctrl-C of a terminal reaches the service once", ["--", *CATCH], {"got": 1},
          do=lines_by_key("c"), options={"tty": "leader"}) for init in INITS],
    *[Row(init, "the service is in the foreground of a terminal",
          ["--", *svc("ids exit 0")], {"out": [r"pgid=2 sid=\d fg=2\b"]},
          options={"tty": "leader"}) for init in INITS],
    *[Row(init, "started by a shell in the foreground", ["--", *svc("ids exit 0")],
          {"out": [r"pgid=2 sid=0 fg=2\b"]}, options={"tty": "fg"})
      for init in ("tini", "catatonit")],
    *[Row(init, "started by a shell in the background", ["--", *svc("ids exit 0")],
          {"out": [r"pgid=2 sid=0 fg=2\b"]}, {"out": [r"pgid=2 sid=0 fg=0\b"]},
          "it takes the terminal from the shell; hale only where it was in the foreground",
          options={"tty": "bg"}) for init in ("tini", "catatonit")],
    Row("dumb-init", "the session of a terminal", ["--", *svc("ids exit 0")],
        {"out": [r"pgid=2 sid=2 fg=2\b"]}, {"out": [r"pgid=2 sid=1 fg=2\b"]},
        "hale's service has the terminal in hale's session, in a group of its own",
        options={"tty": "leader"}),
    Row("dumb-init", "started by a shell in the foreground", ["--", *svc("ids exit 0")],
        {"out": [r"sid=2 fg=-1\b"]}, {"out": [r"sid=0 fg=2\b"]},
        "its service has no terminal then, and hears of no key", options={"tty": "fg"}),
    Row("dumb-init", "started by a shell in the background", ["--", *svc("ids exit 0")],
        {"out": [r"sid=2 fg=-1\b"]}, {"out": [r"sid=0 fg=0\b"]},
        "as in the foreground", options={"tty": "bg"}),
]

# An image's ENTRYPOINT: each with a stop, a signal, an orphan.
SHAPES = {"tini": ["-g", "--"], "dumb-init": ["--rewrite", "15:3", "--"], "catatonit": ["--"]}
ENTRYPOINTS = [
    *[Row(init, f"ENTRYPOINT {words}, a stop", [*words, *svc("catch quit 3 4 quit 15 5 say up "
                                                             "pause")],
          {"code": 4 if init == "dumb-init" else 5}, do=stopped_by(15))
      for init, words in SHAPES.items()],
    *[Row(init, f"ENTRYPOINT {words}, a signal", [*words, *CATCH], {"got": {1}}, do=gets(1))
      for init, words in SHAPES.items()],
    *[Row(init, f"ENTRYPOINT {words}, an orphan", [*words, *ORPHANS], {"got": 1},
          do=children_left) for init, words in SHAPES.items()],
]

ROWS = [*ALIKE, *SCRIPT, *FORWARDED, *TINI, *DUMB_INIT, *CATATONIT, *TERMINAL, *ENTRYPOINTS]
