"""What stands around the code: the scripts, the Makefile, the binary's form."""
# SPDX-License-Identifier: MIT
import glob
import os
import re
import select
import shutil
import signal
import subprocess
import time

import pytest

from harness import HALE, PATH, TOP

SCRIPTS = TOP / "scripts"
ARCHIVE = b"the archive's bytes"
SHA256 = "82117bda95f44552198ae4019671a1a940024a1febb87dac519e13b8ef47178d"


def call(*words, **env):
    """A command of this tree, as make would run it; make's own variables away."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(words, capture_output=True, text=True, timeout=60,
                          env={**kept, "LC_ALL": "C", **env})


def write_tool(path, line):
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


@pytest.fixture
def ci(tmp_path):
    """ci("echo x") gives .ci/run, whose make does that, and its environment."""
    top = tmp_path / "top"
    for name in (".ci", "scripts"):
        (top / name).mkdir(parents=True)
    shutil.copy(TOP / ".ci" / "run", top / ".ci")
    write_tool(top / "scripts" / "engine", 'echo "engine $1" >>calls')

    def made(line):
        write_tool(tmp_path / "make", line)
        return top / ".ci" / "run", {"PATH": f"{tmp_path}:{PATH}"}
    return made


@pytest.fixture
def newcurl(tmp_path):
    """newcurl() runs scripts/newcurl.sh where apt-get fails; what it fetches into."""
    write_tool(tmp_path / "apt-get", "echo asked >>$CALLS\necho 'E: no network' >&2\nexit 100")
    calls = tmp_path / "calls"

    def run(**env):
        calls.unlink(missing_ok=True)
        env = {"HALE_KEYRING": str(tmp_path / "apt-get"), **env}
        done = call(SCRIPTS / "newcurl.sh", tmp_path / "out", PATH=f"{tmp_path}:{PATH}",
                    CALLS=str(calls), **env)
        done.asked = calls.exists()
        return done
    run.out = tmp_path / "out"
    return run


def test_a_newest_curl_that_cannot_be_had_is_one_line(newcurl):
    """And it is not tried again at once."""
    first, second = newcurl(), newcurl()
    assert (first.returncode, second.returncode) == (1, 1)
    assert first.asked and not second.asked
    assert first.stderr == second.stderr and first.stdout == ""
    assert re.fullmatch(r"newcurl: no mirror gives .*: E: no network\n", first.stderr)
    assert [path.name for path in newcurl.out.iterdir()] == ["missing"]
    assert [path.name for path in newcurl.out.parent.glob("newcurl.*")] == []


@pytest.mark.parametrize("days", [0, 2])
def test_an_unpacked_curl_serves_until_there_is_another(newcurl, days):
    newcurl.out.mkdir()
    write_tool(newcurl.out / "curl", "exit 0")
    (newcurl.out / "version").write_text("curl 1.2.3-1, sid\n")
    then = time.time() - days * 86400
    os.utime(newcurl.out / "version", (then, then))
    done = newcurl()
    assert (done.returncode, done.stderr, done.asked) == (0, "", days > 0)
    assert ("going on with curl 1.2.3-1, sid" in done.stdout) == (days > 0)
    assert not newcurl().asked


def test_a_newest_curl_needs_debians_keys(newcurl, tmp_path):
    done = newcurl(HALE_KEYRING=str(tmp_path / "none"))
    assert (done.returncode, done.asked) == (1, False)
    assert done.stderr == f"newcurl: no {tmp_path}/none here: install debian-archive-keyring\n"


@pytest.mark.static_only
def test_the_binary_is_static_and_hardened():
    told = call("readelf", "-hldW", HALE).stdout
    segments = dict(re.findall(r"^ +(GNU_\w+|INTERP) .* (\S+) +0x\w+$", told, re.M))
    assert "DYN (Position-Independent Executable" in told
    assert segments == {"GNU_STACK": "RW", "GNU_RELRO": "R"}
    assert re.search(r"\(FLAGS_1\) +Flags: NOW PIE", told)
    assert "(NEEDED)" not in told and "TEXTREL" not in told
    assert not re.search(r"^ +LOAD .* RWE ", told, re.M)


def link(to, *how):
    (to.parent / "a.c").write_text("int main(int c, char **v) { return v[c - 1][2] != 'v'; }")
    subprocess.run(("gcc", *how, "-o", to, to.parent / "a.c"), check=True, timeout=60)
    return to


@pytest.mark.static_only
@pytest.mark.parametrize("how, told", [
    (["-pie"], "it needs the loader /lib"), (["-static"], "its ELF type is EXEC"),
    (["-nostdlib", "-static-pie", "-Wl,-e,main"], "it does not start")], ids=str)
def test_what_is_no_static_pie_is_an_error_that_leaves_no_hale(tmp_path, how, told):
    """As a musl-gcc makes it that has no spec for -static-pie (musl 1.2.6 as it comes)."""
    debug = link(tmp_path / "hale.debug", *how)
    (tmp_path / "hale").write_bytes(b"of yesterday")
    os.utime(tmp_path / "hale", (0, 0))
    done = call("make", "-C", TOP, f"B={tmp_path}", "TOOL=build/tool", "PARTS=", "MALLOC=",
                "-o", f"{tmp_path}/main.o", f"{tmp_path}/hale")
    assert done.returncode != 0 and "made" not in done.stdout
    assert f"{debug}: not a static PIE: {told}" in done.stderr
    assert not (tmp_path / "hale").exists() and not debug.exists()


def test_a_static_pie_is_one(tmp_path):
    done = call(SCRIPTS / "static.sh", link(tmp_path / "x", "-static-pie"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


ALL = "amd64 arm64 armhf i386 ppc64le riscv64 s390x"


@pytest.mark.parametrize("arch", ["mips", "arm/v6", "arm-linux-gnueabi", "x86_64-linux-gnux32",
                                  "two words", "it's", "arm64;id", "$(id)"])
@pytest.mark.parametrize("env", [False, True])
def test_a_machine_that_hale_is_not_made_for_is_refused_by_name(arch, env):
    done = call("make", "-n", "-C", TOP, *([] if env else ["ARCH=" + arch.replace("$", "$$")]),
                **({"ARCH": arch.replace("$", "$$")} if env else {}))
    assert done.returncode == 2
    assert (f"hale is not made for '{arch}', only for {ALL}"
            in done.stderr)


@pytest.mark.parametrize("named, folder", [
    (name, folder) for folder, names in {
        "amd64": "x86_64 linux/amd64 x86_64-linux-gnu x86_64-alpine-linux-musl",
        "arm64": "aarch64 linux/arm64 arm64/v8",
        "armhf": "arm armv7l arm/v7 linux/arm/v7 arm-linux-gnueabihf",
        "i386": "386 i686 linux/386",
        "ppc64le": "ppc64el powerpc64le linux/ppc64le",
        "riscv64": "linux/riscv64", "s390x": "linux/s390x",
    }.items() for name in [folder, *names.split()]])
def test_a_machine_is_known_by_debians_unames_and_dockers_names(named, folder):
    done = call(SCRIPTS / "arch.sh", named)
    assert (done.returncode, done.stdout.split(" ")[0]) == (0, folder)
    assert f"-o build/{folder}/hale " in call("make", "-n", "-C", TOP, f"ARCH={named}").stdout


@pytest.mark.parametrize("target", ["demo", "test", "container", "image", "bench"])
def test_what_runs_hale_is_not_for_another_machine(target):
    other = "s390x" if os.uname().machine != "s390x" else "arm64"
    done = call("make", "-n", "-C", TOP, target, f"ARCH={other}")
    assert done.returncode == 2
    assert f"make {target} takes no ARCH={other}: it is for the machine that" in done.stderr


@pytest.mark.parametrize("arch", ["", "x86_64", "amd64"] if os.uname().machine == "x86_64"
                         else ["", "aarch64", "arm64"])
def test_this_machines_name_is_no_other_machine(arch):
    assert call("make", "-n", "-C", TOP, "clean", ARCH=arch).returncode == 0


def test_a_damaged_archive_is_refused_in_words_and_put_aside(tmp_path):
    (tmp_path / "x.tar.gz").write_bytes(ARCHIVE.replace(b"bytes", b"byteS"))
    done = call(SCRIPTS / "fetch.sh", "x.tar.gz", SHA256, "-", HALE_SRC=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"refused x.tar.gz from {tmp_path}: its SHA-256 is not" in done.stderr
    assert SHA256 in done.stderr
    assert os.listdir(tmp_path) == ["x.tar.gz.refused"]


def test_a_whole_archive_is_taken_without_asking_any_mirror(tmp_path):
    (tmp_path / "x.tar.gz").write_bytes(ARCHIVE)
    done = call(SCRIPTS / "fetch.sh", "x.tar.gz", SHA256, "-", HALE_SRC=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert os.listdir(tmp_path) == ["x.tar.gz"]


def test_bootstrap_says_and_does_nothing_where_all_is_there(tmp_path):
    for name in ("apt-get", "apk", "sudo"):
        write_tool(tmp_path / name, f"echo {name} was called; exit 1")
    done = call(SCRIPTS / "bootstrap", "build", "test", PATH=f"{tmp_path}:{PATH}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_bootstrap_names_the_sets_there_are():
    done = call(SCRIPTS / "bootstrap", "everything")
    assert done.returncode == 1
    assert "no set named 'everything'; there are build cross-ARCH " in done.stderr


def test_make_clean_needs_nothing_to_clean(tmp_path):
    shutil.copy(TOP / "Makefile", tmp_path)
    done = call("make", "-C", tmp_path, "clean")
    assert done.returncode == 0, done.stderr


def tree(folder, **files):
    """A source tree with these files; __ stands for a slash."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".c")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "include").mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("name, line, told", [
    ("src__base__a", '#include "net/http.h"', 'src/base/a.c:1: include "net/http.h" '
                                              "is of a room that base may not know"),
    ("src__net__a", '# include "sup/init.h"', "is of a room that net may not know"),
    ("src__sup__monitor", '#include "client/dns.h"', "is of a room that sup may not know"),
    ("src__sup__checker", '#include "client/dns.h"', ""),
    ("src__cmd__a", '#include "buf.h"', "names no room"),
    ("src__net__a", '#include "base/buf.h"', ""),
    ("src__main", '#include "cmd/cmd.h"', ""),
])
def test_an_include_of_a_room_that_the_file_may_not_know_fails(tmp_path, name, line, told):
    tree(tmp_path, **{name: line + "\n"})
    done = subprocess.run((SCRIPTS / "layers.sh", "build"), cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == (1 if told else 0)
    assert told in done.stdout and bool(told) == bool(done.stdout)


def test_a_room_that_no_rule_knows_fails(tmp_path):
    tree(tmp_path, src__base__a="", src__grpc__a="")
    done = subprocess.run((SCRIPTS / "layers.sh", "build"), cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (
        1, "layers: src/grpc/ is a room that MAY_KNOW of scripts/layers.sh lacks\n")


def test_layers_without_a_tree_is_an_error_and_not_a_pass(tmp_path):
    done = subprocess.run((SCRIPTS / "layers.sh", "build"), cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "has no src/" in done.stderr


@pytest.fixture
def layers(tmp_path):
    """layers(src__base__a="int a;") builds each and gives what layers.sh says of all."""
    def run(**files):
        tree(tmp_path, **files)
        modules = [name.replace("__", "/")[len("src/"):] for name in files
                   if name.startswith("src__")]
        for module in modules:
            (tmp_path / module).parent.mkdir(exist_ok=True)
            subprocess.run(("gcc", "-w", "-c", "-o", f"{module}.o", f"src/{module}.c"),
                           cwd=tmp_path, check=True, timeout=60)
        done = subprocess.run((SCRIPTS / "layers.sh", ".", *modules), cwd=tmp_path,
                              capture_output=True, text=True, timeout=60)
        assert done.stderr == "" and done.returncode == bool(done.stdout)
        return done.stdout.splitlines()
    return run


CALLS = "int {0}(void); int (*a(void))(void) {{ return {0}; }}\n"
HAS = "int {}(void) {{ return 0; }}\n"


@pytest.mark.parametrize("needs, has, told", [
    ("sup/init", "tls/tls", "sup"), ("net/server", "tls/tls", "net"),
    ("base/buf", "client/url", "base"), ("sup/monitor", "get/route", "sup"),
    ("sup/monitor", "client/exchange", "sup"), ("sup/checker", "tls/tls", "sup/checker"),
    ("sup/local_client", "get/route", "sup/local_client"), ("net/loop", "sup/init", "net"),
    ("sup/checker", "client/check", ""), ("sup/local_client", "client/exchange", ""),
    ("sup/init", "net/loop", ""), ("client/dial", "tls/tls", ""), ("cmd/run", "sup/init", "")])
def test_what_pid_1_runs_through_needs_no_symbol_behind_the_wall(layers, needs, has, told):
    said = layers(**{"src__" + needs.replace("/", "__"): CALLS.format("there"),
                     "src__" + has.replace("/", "__"): HAS.format("there")})
    assert said == ([f"layers: ./{needs}.o needs there of ./{has}.o, of a room that "
                     f"{told} may not know"] if told else [])


READS = "int read(); int a(void) { return read(); }\n"
PURE = "/* SPDX-License-Identifier: MIT */\n/*\n * base/x - what it is\n * (pure)\n */\n"


def test_a_pure_module_that_needs_more_than_pure_ones_fails(layers):
    assert layers(src__base__a=PURE + READS,
                  src__base__b=PURE + "int a(void); int b(void) { return a(); }\n") == [
                      "layers: ./base/a.o is pure and yet needs read"]
    assert layers(src__base__a=READS,
                  src__base__b=PURE + "int a(void); int b(void) { return a(); }\n") == [
                      "layers: ./base/b.o is pure and yet needs a"]


def test_a_header_that_says_pure_is_held_to_it_and_a_comment_below_code_is_not(layers, tmp_path):
    (tmp_path / "include" / "net").mkdir(parents=True)
    header = tmp_path / "include" / "net" / "a.h"
    header.write_text(PURE)
    assert layers(src__net__a=READS) == ["layers: ./net/a.o is pure and yet needs read"]
    header.write_text(PURE.replace("(pure)", "plain") + "int a(void); /* (pure) */\n")
    assert layers(src__net__a=READS) == []


@pytest.fixture
def style(tmp_path):
    """style(src__base__a="int a;") gives what style.sh says of a tree of these files."""
    def run(*words, **files):
        tree(tmp_path, **files)
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "scripts").mkdir(exist_ok=True)
        shutil.copy(SCRIPTS / "style.sh", tmp_path / "scripts")
        done = call(tmp_path / "scripts" / "style.sh", *words)
        assert done.stderr == "" and done.returncode == bool(done.stdout)
        return done.stdout.splitlines()
    return run


LONG = "int\nf(int a)\n{{\n{}}}\n"


@pytest.mark.parametrize("text, told", [
    ("\t\tint a;\t" + "/" * 56 + "\n", ""),
    ("int b;\n\t\tint a;\t" + "/" * 57 + "\n", "2: 81 columns: "),
    ("\t{ 1, " + "1" * 80 + " },\n", ""), ('\t"' + "1" * 80 + '"\n', ""),
    ("\tf(1, " + "1" * 80 + ");\n", "1: 95 columns: "),
    ("\tif (a &&\n\t    b)\n", "1: && or || ends the line"),
    ("\tif (a\n\t || b ||\t/* why */\n\t    c)\n", "2: && or || ends the line"),
    ("\tif (a\n\t || b)\n", ""),
    (LONG.format("\n" * 56), ""), (LONG.format("\n" * 57), ""),
    ("\n" + LONG.format("\n" * 58), "3: f() has 61 lines"),
    ("\n" * 500, ""), ("\n" * 501, "501: a file of 501 lines")])
def test_a_line_a_function_and_a_file_have_their_bounds(style, text, told):
    said = style(src__base__a=text)
    assert len(said) == (1 if told else 0)
    assert not told or said[0].startswith(f"style: src/base/a.c:{told}")


def test_what_is_exported_and_what_no_other_file_needs_is_named(style, tmp_path):
    files = {"src__main": "int a(void); int main(void) { return a(); }\n",
             "src__base__a": "static int c(void) { return 0; }\nint b;\n"
                             "int a(void) { return c(); }\n"}
    tree(tmp_path, **files)
    for name in ("main", "base/a"):
        (tmp_path / "o" / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(("gcc", "-c", "-o", f"o/{name}.o", f"src/{name}.c"), cwd=tmp_path,
                       check=True, timeout=60)
    (said,) = style("o", **files)
    assert said.startswith("style: src/base/a.c: b is exported, and no other file needs it")


def test_ci_that_is_ended_by_a_signal_ends_its_tests_and_their_engine(ci):
    run, env = ci("echo $$ >pid; echo testing; exec sleep 600")
    running = subprocess.Popen((run,), stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **env})
    top = run.parents[1]
    try:
        assert running.stdout.readline() == "testing\n"
        tests = os.pidfd_open(int((top / "pid").read_text()))
        running.send_signal(signal.SIGTERM)
        assert running.wait(15) == 1
        # make does not wait for what it signalled: the end may come later.
        assert select.select([tests], [], [], 15)[0]
        os.close(tests)
    finally:
        running.kill()
        running.stdout.close()
    assert (top / "calls").read_text() == "engine stop\n"


MIT = "Permission is hereby granted, to\nall.\n\nIT IS PROVIDED AS IS, THE\nSOFTWARE.\n"


@pytest.fixture
def license_c(tmp_path):
    """license_c(bearssl=...) runs scripts/license.sh on such texts."""
    def make(bearssl="Copyright (c) B\n\n" + MIT, musl="Copyright M\n\n" + MIT, more=()):
        texts = {"LICENSE": "MIT\n\nCopyright H\n\n" + MIT, "bearssl.license": bearssl,
                 "musl.license": musl, "musl.mk": "MUSL_VERSION = none\n"}
        for name, text in texts.items():
            (tmp_path / name).write_text(text or "")
            if text is None:
                (tmp_path / name).unlink()
        return call(SCRIPTS / "license.sh", tmp_path / "LICENSE", tmp_path, *more)
    return make


def test_the_license_has_each_copyright_and_the_text_once(license_c, tmp_path):
    (tmp_path / "more").write_text('a "b" \\ c\n')
    done = license_c(more=[tmp_path / "more"])
    assert done.returncode == 0, done.stderr
    for line in ("hale: Copyright H", "musl: Copyright M", "BearSSL: Copyright (c) B"):
        assert f'\t"{line}\\n"\n' in done.stdout
    assert done.stdout.count("Permission is hereby") == 1
    assert done.stdout.endswith('\t"a \\"b\\" \\\\ c\\n"\n;\n')


def test_the_license_may_be_wrapped_otherwise_and_musl_be_absent(license_c):
    done = license_c("Copyright (c) B\n\n" + MIT.replace("to\nall", "to \n  all"), musl=None)
    assert done.returncode == 0 and "musl" not in done.stdout


@pytest.mark.parametrize("texts, told", [
    ({"bearssl": "Copyright B\n\n" + MIT.replace("all", "some")}, "is not the MIT license of"),
    ({"musl": "Copyright M\n\nAll rights reserved.\n"}, "is not the MIT license of"),
    ({"bearssl": MIT}, "has no copyright line")], ids=str)
def test_another_license_fails_the_build_and_is_named(license_c, texts, told):
    done = license_c(**texts)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr and list(texts)[0] + ".license" in done.stderr


@pytest.fixture
def make_test(tmp_path):
    """make_test("b") runs scripts/test.sh for a, b and c, of which b fails."""
    def run(*fail):
        write_tool(tmp_path / "make", 'echo "made $2"; case $2 in ' +
                   "".join(f"{name}) exit 1;; " for name in fail) + "esac")
        done = call(SCRIPTS / "test.sh", tmp_path / "make", tmp_path / "took", "a", "b", "c")
        assert done.stderr == ""
        return done
    return run


def test_make_test_says_what_it_does_and_how_long_that_takes_here(make_test, tmp_path):
    first, *rest = make_test().stdout.splitlines()
    assert first.startswith("make test: a b c: 30 minutes on two cores, perhaps 40 the first time")
    assert rest[:-1] == [line for n, name in enumerate("abc") for line in
                         (f"make test: {name} ({n + 1} of 3)", f"made {name}")]
    assert re.fullmatch(r"make test: all passed in 0:\d\d minutes", rest[-1])
    (tmp_path / "took" / "took.b").write_text("125\n")
    assert re.match(r"make test: a 0:0\d, b 2:05, c 0:0\d: 2:\d\d minutes the last time here\n",
                    make_test().stdout)


@pytest.mark.parametrize("fail", ["", "b", "c", "d", "bd", "cd"])
def test_make_test_runs_sets_at_once_and_tells_of_each(tmp_path, fail):
    """b waits until d has begun, which comes after c, and d until b has."""
    write_tool(tmp_path / "make", f"""
        cd {tmp_path}; : >$2
        case $2 in b) other=d ;; d) other=b; [ -e c.over ] || exit 1 ;; *) other=a ;; esac
        while [ ! -e $other ]; do sleep 0.01; done
        echo made $2; : >$2.over
        case '{fail}' in *$2*) exit 1 ;; esac""")
    done = call(SCRIPTS / "test.sh", tmp_path / "make", tmp_path / "took", "a", "b+c+d", "e")
    assert re.findall("^made (.)$", done.stdout, re.M) == list("abcde")
    assert done.returncode == (1 if fail else 0)
    last = done.stdout.splitlines()[-1]
    assert last == f"make test: failed: {' '.join(fail)}" or not fail
    assert (tmp_path / "took" / "took.b+c+d").exists() == (not fail)


@pytest.mark.parametrize("fail, made", [("a", "a"), ("b", "abc"), ("bc", "abc"), ("c", "abc")])
def test_make_test_goes_on_after_a_failure_but_for_what_all_need(make_test, fail, made):
    done = make_test(*fail)
    assert done.returncode == 1
    assert re.findall("^made (.)$", done.stdout, re.M) == list(made)
    assert done.stdout.splitlines()[-1] == f"make test: failed: {' '.join(fail)}"


HEARS = """
import signal, subprocess, sys
import conftest
conftest.hear_signals()
sys.exit(subprocess.run(["sh", "-c", f"kill -{sys.argv[1]} $$"]).returncode != -int(sys.argv[1]))
"""


@pytest.mark.parametrize("sig", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_what_tests_start_hears_a_signal_that_nohup_has_us_ignore(sig):
    done = subprocess.run(["sh", "-c", f"trap '' {int(sig)}; exec \"$@\"", "sh",
                           "/usr/bin/python3", "-c", HEARS, str(int(sig))],
                          cwd=TOP / "tests" / "system", timeout=60, env={
                              **os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 0


def test_a_test_that_hangs_fails_and_so_does_its_clean_up(tmp_path):
    shutil.copy(TOP / "tests" / "system" / "conftest.py", tmp_path)
    (tmp_path / "test_x.py").write_text("import subprocess, conftest\n"
                                        "conftest.TEST_S, conftest.AGAIN_S = 0.2, 2\n"
                                        "def test_hangs():\n"
                                        "    with subprocess.Popen(['sleep', '9']):\n"
                                        "        pass\n"
                                        "def test_goes_on():\n"
                                        "    pass\n")
    done = call("/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path,
                PYTHONPATH=str(TOP / "tests" / "system" / "lib"), HALE_BIN=HALE)
    assert "the test hangs" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


@pytest.mark.parametrize("line, code, told", [
    ("echo '3 passed in 0.1s'", 0, "3 passed in 0.1s"),
    ("echo '3 passed in 0.1s'; exit 2", 2, "make test: exit 2"),
    ("echo 'SKIPPED [1] tests/container/conftest.py:50: no engine'", 1,
     "a test in containers was skipped"),
    ("echo 'SKIPPED [1] tests/images/test_auth.py:50: no kernel'", 1,
     "a test in containers was skipped"),
])
def test_ci_ends_as_its_tests_did_and_takes_no_skipped_container_test(ci, line, code,
                                                                     told):
    run, env = ci(line)
    done = call(run, **env)
    assert done.returncode == code, done
    assert told in done.stdout


# --- the README shows what the tests use --------------------------------------

FENCE = "```"


@pytest.fixture
def readme(tmp_path):
    """readme(block) runs scripts/readme.sh on a README that shows a.yaml like that."""
    (tmp_path / "a.yaml").write_text("a: 1\n")

    def run(block, *more, mark="file a.yaml"):
        page = tmp_path / "README.md"
        page.write_text(f"# x\n\n<!-- {mark} -->\n{FENCE}yaml\n{block}{FENCE}\n\nend\n")
        return call(SCRIPTS / "readme.sh", HALE, page, *more), page.read_text()
    return run


def test_a_file_that_the_readme_shows_as_it_is_passes(readme):
    assert readme("a: 1\n")[0].returncode == 0


@pytest.mark.parametrize("block", ["", "a: 2\n", "a: 1\nb: 2\n"])
def test_a_file_that_the_readme_shows_otherwise_is_named_and_mended(readme, block):
    done, _ = readme(block)
    assert done.returncode == 1
    assert "+a: 1" in done.stdout or "-b: 2" in done.stdout
    assert "--write mends it" in done.stderr
    assert readme(block, "--write")[1] == readme("a: 1\n")[1]


def test_a_file_that_the_readme_shows_and_is_missing_is_named(readme):
    done, _ = readme("a: 1\n", mark="file b.yaml")
    assert done.returncode == 1 and "b.yaml" in done.stderr


def compile_to(to, text, *how, compiler="gcc"):
    to.parent.mkdir(parents=True, exist_ok=True)
    source = to.with_name(f"{to.name}.c")
    source.write_text(text)
    subprocess.run((compiler, "-w", "-o", to, source, *how), check=True, timeout=60)
    return to


def library(to, text="int word(void) { return 0; }", *how):
    return compile_to(to, text, "-shared", "-fPIC", "-nostdlib", f"-Wl,-soname,{to.name}", *how)


@pytest.fixture
def app(tmp_path):
    """A program in bin/ that needs a library in lib/, which needs another there."""
    top = tmp_path / "app"
    found = "-Wl,--no-as-needed,-rpath,$ORIGIN/../lib"
    word = library(top / "lib" / "libword.so.1")
    libs = library(top / "lib" / "libgreet.so.1", "int greet(void) { return word(); }",
                   word, "-Wl,-rpath,$ORIGIN")
    return compile_to(top / "bin" / "app", "int main(void) { return greet(); }", libs, found,
                      f"-Wl,-rpath-link,{libs.parent}")


def copy_lines(*words, **env):
    return call(SCRIPTS / "copy-lines", *words, **env)


def copied(done):
    """What a COPY line, or one of more lines, copies; and to where."""
    assert done.returncode == 0, done.stderr
    text = re.sub(r"\\\n\s*", "", done.stdout)
    lines = [line.split()[1:] for line in text.splitlines() if not line.startswith("#")]
    return {(path, into + (os.path.basename(path) if into.endswith("/") else ""))
            for _, *paths, into in lines for path in paths}


def test_copy_lines_finds_libraries_of_libraries_by_their_own_paths(app):
    done = copy_lines(app, "--from", "made")
    lib = app.parent.parent / "lib"
    ours = [line for line in done.stdout.splitlines(True) if str(lib.parent) in line]
    assert "".join(ours) == (f"COPY --from=made {app} {app.parent}/\n"
                             f"\t{lib}/libgreet.so.1 \\\n\t{lib}/libword.so.1 \\\n\t{lib}/\n")
    assert all(path == to for path, to in copied(done))
    assert "libnss_*" in done.stdout and "dlopen" not in done.stdout


def fill_root(root, paths, mounts, *command):
    """Copy these to where they belong; the words that run the command in there."""
    for path, to in paths:
        at = root / to[1:]
        at.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, at)
    for mount in mounts:
        (root / mount[1:]).mkdir(parents=True, exist_ok=True)
    return ("unshare", "-rm", "sh", "-c", " && ".join((
        *(f'mount --rbind {mount} "$0{mount}"' for mount in mounts), 'exec chroot "$0" "$@"')),
        root, *command)


def test_what_copy_lines_prints_is_enough(app, tmp_path):
    """In a root that has nothing else; without one of them the program does not start."""
    root = tmp_path / "root"
    paths = copied(copy_lines(app))
    start = fill_root(root, paths, ["/proc"], app)  # $ORIGIN is read there
    assert call(*start).returncode == 0
    for _, to in paths:
        (root / to[1:]).rename(tmp_path / "away")
        assert call(*start).returncode != 0, to
        (tmp_path / "away").rename(root / to[1:])


def test_the_readmes_way_to_take_python_along_is_enough(tmp_path):
    python = "/usr/bin/python3"
    stdlib = call(python, "-c", "import sysconfig; print(sysconfig.get_paths()['stdlib'])") \
        .stdout.strip()
    paths = copied(copy_lines("--skip", stdlib, python, *glob.glob(f"{stdlib}/lib-dynload/*.so")))
    assert not any(path.startswith(stdlib) for path, _ in paths)
    start = fill_root(tmp_path / "root", paths, [stdlib], python, "-c",
                      "import ssl, ctypes, decimal; print(ssl.OPENSSL_VERSION)")
    assert call(*start).stdout.startswith("OpenSSL")


def test_copy_lines_refuses_a_library_that_is_looked_for_in_the_working_directory(tmp_path):
    compile_to(tmp_path / "vendor" / "libhi.so", "int hi(void) { return 0; }", "-shared")
    source = tmp_path / "main.c"
    source.write_text("int hi(void); int main(void) { return hi(); }")
    subprocess.run(("gcc", "-w", "-o", "app", source, "vendor/libhi.so"), cwd=tmp_path, check=True)
    done = subprocess.run((SCRIPTS / "copy-lines", "./app"), cwd=tmp_path, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 1 and done.stderr == (
        f"copy-lines: {tmp_path}/./app needs vendor/libhi.so, which is looked for in the "
        "working directory\n")


def test_copy_lines_of_several_programs_has_no_doubles(app):
    both, alone = copy_lines(app, "/bin/sh", app, "sh"), copy_lines(app)
    assert copied(alone) < copied(both)
    assert both.stdout.count("libc.so") == 1 and both.stdout.count(f"{app} ") == 1


def test_copy_lines_leaves_out_what_is_copied_whole(app):
    done = copy_lines(app, "--skip", f"{app.parent.parent}/")
    assert str(app) not in done.stdout and copied(done) == {
        pair for pair in copied(copy_lines(app)) if str(app.parent.parent) not in pair[0]}


def test_copy_lines_follows_links_as_copy_and_the_kernel_do(app, tmp_path):
    """COPY makes a file of a link; $ORIGIN is where the program itself is."""
    (tmp_path / "sh").symlink_to("/bin/sh")
    (tmp_path / "app-link").symlink_to(app)
    assert (str(tmp_path / "sh"),) * 2 in copied(copy_lines(tmp_path / "sh"))
    done = copy_lines(tmp_path / "app-link")
    assert copied(done) == copied(copy_lines(app))
    assert f"# {tmp_path}/app-link is a link to {app}, and finds its" in done.stdout


def test_copy_lines_brings_the_interpreter_of_a_script(app, tmp_path):
    write_tool(tmp_path / "one", "exit")
    (tmp_path / "two").write_text(f"#!/usr/bin/env -S A=b {app} -x\n")
    (tmp_path / "two").chmod(0o755)
    assert copied(copy_lines(tmp_path / "one")) == \
        copied(copy_lines("/bin/sh")) | {(str(tmp_path / "one"),) * 2}
    done = copy_lines("two", PATH=f"{tmp_path}:{PATH}")
    assert copied(done) >= copied(copy_lines(app)) | copied(copy_lines("/usr/bin/env"))
    assert "is a script: the programs that it calls are not seen" in done.stdout


@pytest.mark.parametrize("how", ["-static", "-static-pie"])
def test_copy_lines_says_that_a_static_program_needs_nothing(tmp_path, how):
    path = link(tmp_path / "x", how)
    assert copy_lines(path).stdout == f"COPY --from=build {path} {tmp_path}/\n" \
        f"# {path} is static: it needs no other file\n"


def test_copy_lines_tells_of_what_is_opened_by_name(tmp_path):
    """And takes such a library as well, with one that its program has already opened."""
    opener = compile_to(tmp_path / "x", "int main(void) { return dlopen(0, 2) == 0; }")
    assert re.search(r"# Not seen: what these open by dlopen .*: x\n", copy_lines(opener).stdout)
    base = library(tmp_path / "base" / "libbase.so")
    plugin = library(tmp_path / "more" / "plugin.so", "int f(void) { return word(); }", base)
    plugin.chmod(0o644)
    assert f"{plugin} needs libbase.so, which is not found" in copy_lines(plugin).stderr
    assert {path for path, _ in copied(copy_lines(base, plugin))} > {str(base), str(plugin)}


@pytest.mark.parametrize("shell", ["sh", "busybox"])
def test_copy_lines_of_a_program_linked_with_musl(tmp_path, shell):
    """By what Alpine's image has, too."""
    done = subprocess.run((SCRIPTS / "newer.sh", TOP / "build" / "newmusl", "musl"),
                          capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    at = next((TOP / "build" / "newmusl" / "root").glob("**/lib/ld-musl-*.so.1"))
    loader = tmp_path / "lib" / at.name
    loader.parent.mkdir()
    shutil.copy(at, loader)
    word = library(tmp_path / "lib" / "libword.so")
    app = compile_to(tmp_path / "app", "void _start(void) { word(); }", "-nostdlib", word,
                     f"-Wl,--dynamic-linker={loader},-rpath,{tmp_path}/lib")
    path = PATH
    if shell == "busybox":
        path = str(tmp_path / "bin")
        (tmp_path / "bin").mkdir()
        for name in ("sh", "dd", "od", "readlink", "sed", "sort", "grep"):
            (tmp_path / "bin" / name).symlink_to(shutil.which("busybox"))
    done = call(shutil.which("sh", path=path), SCRIPTS / "copy-lines", app, PATH=path)
    assert copied(done) == {(str(path),) * 2 for path in (app, loader, word)}
    assert "Not seen" not in done.stdout
    word.unlink()
    assert copy_lines(app).stderr == \
        f"copy-lines: {app} needs libword.so, which is not found\n"
    loader.unlink()
    assert copy_lines(app).stderr == \
        f"copy-lines: {app} needs the loader {loader}, which is not here\n"


def test_copy_lines_names_what_is_wrong(app, tmp_path):
    def told(*words):
        done = copy_lines(*words)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr.replace(str(tmp_path), "")
    text = tmp_path / "text"
    text.write_text("x\n")
    (tmp_path / "dangling").symlink_to("gone")
    write_tool(tmp_path / "script", "")
    (tmp_path / "script").write_text("#!/gone/sh\n")
    assert told("/none") == "copy-lines: /none is not there\n"
    assert told("no-such-program") == "copy-lines: no-such-program is not in PATH\n"
    assert told("cd") == "copy-lines: cd is the shell's own: give a path\n"
    assert told(tmp_path) == "copy-lines:  is a folder\n"
    assert told(tmp_path / "dangling") == \
        "copy-lines: /dangling, a link to gone, which is not there\n"
    assert told(text) == "copy-lines: /text is not executable\n"
    text.chmod(0o755)
    assert told(text) == "copy-lines: /text is neither an ELF file nor a script with #!\n"
    assert told(tmp_path / "script") == \
        "copy-lines: /script needs /gone/sh, which is not there\n"
    for name, other in (("one", "two"), ("two", "one")):
        write_tool(tmp_path / name, "")
        (tmp_path / name).write_text(f"#!{tmp_path}/{other}\n")
    assert told(tmp_path / "one") == "copy-lines: /two: too many scripts, each for the next\n"
    foreign = tmp_path / "foreign"
    raw = bytearray(app.read_bytes())
    raw[18] = 22 if raw[18] == 183 else 183
    foreign.write_bytes(raw)
    foreign.chmod(0o755)
    assert re.fullmatch("copy-lines: /foreign is for .*, this stage for .*\n", told(foreign))
    raw = bytearray(app.read_bytes())
    loader = raw.index(b"\x03\0\0\0\x04\0\0\0")  # PT_INTERP, and its flags of 64 bits
    raw[loader + 36] = 1  # 4 GB of name
    foreign.write_bytes(raw)
    assert "names no loader where it should" in told(foreign)
    (app.parent.parent / "lib" / "libword.so.1").unlink()
    assert told(app) == "copy-lines: /app/bin/app needs libword.so.1, which is not found\n"
    shutil.copy(app, tmp_path / "a b")
    (app.parent.parent / "lib" / "libgreet.so.1").unlink()
    assert "needs libgreet.so.1, which is not found" in told(tmp_path / "a b")


def test_images_without_a_name_is_told_its_usage():
    done = call(SCRIPTS / "images")
    assert (done.returncode, done.stderr) == (2, "usage: images NAME...\n")


@pytest.mark.parametrize("words", [(), ("--from",), ("-x", "/bin/sh")])
def test_copy_lines_tells_its_usage(words):
    done = copy_lines(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: copy-lines ")
