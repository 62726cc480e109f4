"""Programs that cannot be started: the code, and one line that says why."""
import os
import pathlib
import tempfile

import pytest

from elf_files import FOREIGN, FOREIGN_NAME, elf
from harness import HALE, PATH, SVC, Pipe, clean_env, fill, svc

# The dynamic binary is one of glibc, whose execvp() gives such files to /bin/sh.
musl_only = pytest.mark.static_only


def refused(box, *argv, code=126, **options):
    """Starts hale, checks code and the one line, and returns its WHY."""
    got, out, err = box(HALE, *argv, **options).end()
    assert (got, out, len(err)) == (code, [], 1), err
    start = f"hale: cannot start {argv[0]}: "
    assert err[0].startswith(start), err[0]
    assert all(c.isprintable() for c in err[0])
    return err[0][len(start):]


def program(path, content, mode=0o755):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return str(path)


def test_a_missing_program_is_127(box, tmp_path):
    assert "no such file" in refused(box, f"{tmp_path}/none", code=127).lower()


def test_a_program_missing_in_path_is_127_and_names_path(box):
    assert "PATH" in refused(box, "no-such-program", code=127)


def test_an_unset_path_still_finds_nothing_that_is_not_there(box):
    refused(box, "no-such-program", code=127, env={})


def test_an_empty_name_is_127(box):
    code, _, err = box(HALE, "").end()
    assert code == 127 and len(err) == 1


def test_a_dangling_link_is_127(box, tmp_path):
    os.symlink("nowhere", tmp_path / "link")
    why = refused(box, f"{tmp_path}/link", code=127)
    assert "link" in why or "no such file" in why.lower()


def test_a_file_without_the_execute_bit_is_126(box, tmp_path):
    assert "not executable" in refused(box, program(tmp_path / "p", elf(), mode=0o644))


def test_a_directory_is_126(box, tmp_path):
    assert "directory" in refused(box, str(tmp_path))


def test_a_file_used_as_a_directory_is_said(box):
    got, _, err = box(HALE, f"{SVC}/x").end()
    assert got in (126, 127) and len(err) == 1
    assert "directory" in err[0].lower()


def test_a_loop_of_links_is_126(box, tmp_path):
    os.symlink("loop", tmp_path / "loop")
    assert "link" in refused(box, f"{tmp_path}/loop").lower()


def test_a_directory_that_may_not_be_searched_is_126(box):
    with tempfile.TemporaryDirectory() as closed:  # its mode is 700
        refused(box, program(pathlib.Path(closed) / "p", elf()), uid=65532)


def test_a_script_names_its_missing_interpreter(box, tmp_path):
    why = refused(box, program(tmp_path / "s", "#!/no/such/python -u\nprint()\n"))
    assert "/no/such/python" in why


def test_a_script_with_dos_lines_is_told_so(box, tmp_path):
    why = refused(box, program(tmp_path / "s", "#!/bin/sh\r\necho\r\n"))
    assert "/bin/sh" in why
    assert any(word in why.lower() for word in ("\\r", "cr", "carriage", "dos", "windows"))


def test_a_script_whose_interpreter_is_not_executable_is_126(box, tmp_path):
    interpreter = program(tmp_path / "i", elf(), mode=0o644)
    assert interpreter in refused(box, program(tmp_path / "s", f"#!{interpreter}\n"))


@pytest.mark.parametrize("line", [f"#!{HALE}", f"#!{HALE} -v", f"#! {HALE} run", f"#!{HALE} --"])
def test_a_script_whose_interpreter_is_hale_is_126_and_not_started_for_ever(box, tmp_path, line):
    script = program(tmp_path / "s", line + "\n")
    for words in ([script], [script, "a"], [HALE, "-q", script]):
        code, out, err = box(*words).end()
        assert (code, out) == (126, [])
        assert err[-1] == (f"hale: cannot start {script}: its #! line names hale, "
                           "which would start it again and again")


def test_a_script_that_has_env_find_hale_is_not_started_for_ever(box, tmp_path):
    (tmp_path / "hale").symlink_to(HALE)
    script = program(tmp_path / "s", "#!/usr/bin/env hale\n")
    code, _, err = box(script, env=clean_env(PATH=f"{tmp_path}:/usr/bin")).end()
    assert code == 126 and "its #! line names hale" in err[-1]


def test_a_script_may_name_hale_and_the_program_that_it_is_for(box, tmp_path):
    script = program(tmp_path / "s", f"#!{HALE} {SVC}\n")
    other = program(tmp_path / "t", f"#!{HALE}\n")
    assert box(script).end()[0] not in (126, 127)
    assert box(other).end()[0] == 126


def test_hale_may_start_hale(box):
    assert box(HALE, HALE, "-s", *svc("exit 5")).code() == 5


def test_a_script_in_a_script_names_the_interpreter_that_is_missing(box, tmp_path):
    inner = program(tmp_path / "inner", "#!/no/such/shell\n")
    refused(box, program(tmp_path / "outer", f"#!{inner}\n"))


@musl_only
def test_a_text_without_an_interpreter_line_is_126_and_not_run_by_a_shell(box, tmp_path):
    why = refused(box, program(tmp_path / "s", "echo ran\n"))
    assert "#!" in why


@musl_only
def test_an_empty_file_is_126(box, tmp_path):
    assert "empty" in refused(box, program(tmp_path / "e", ""))


def test_an_elf_file_names_its_missing_loader_and_says_build_it_static(box, tmp_path):
    why = refused(box, program(tmp_path / "e", elf(loader="/lib64/ld-nowhere.so.2")))
    assert "/lib64/ld-nowhere.so.2" in why and "static" in why


@pytest.mark.static_only
def test_a_dynamic_program_in_an_empty_root_is_told_which_loader_it_needs(box, empty_root):
    (empty_root / "app").write_bytes(pathlib.Path("/bin/true").read_bytes())
    (empty_root / "app").chmod(0o755)
    assert "/ld-linux" in refused(rooted(box, empty_root), "/app")


def rooted(box, root):
    """Starts /hale of that root in place of the one outside."""
    return lambda _, *argv, **options: box("/hale", *argv, root=root, **options)


@pytest.mark.static_only
def test_a_dynamic_program_that_may_not_be_read_is_not_called_missing(box, empty_root):
    program = empty_root / "app"
    program.write_bytes(pathlib.Path("/bin/true").read_bytes())
    program.chmod(0o111)
    code, _, err = box("/hale", "/app", root=empty_root, uid=1000).end()
    assert (code, err) == (126, ["hale: cannot start /app: it needs a loader or interpreter "
                                 "that is not here, and may not be read to say which"])


@musl_only
def test_an_elf_file_for_another_machine_names_both(box, tmp_path):
    why = refused(box, program(tmp_path / "e", elf(machine=FOREIGN)))
    assert FOREIGN_NAME in why and os.uname().machine in why


@musl_only
@pytest.mark.parametrize("length", [4, 16, 20, 63])
def test_an_elf_file_cut_short_is_126(box, tmp_path, length):
    refused(box, program(tmp_path / "e", elf()[:length]))


@musl_only
@pytest.mark.parametrize("content", [b"#!", b"#!\n", b"#! \t\n", b"#!" + b"x" * 500, b"\0" * 100,
                                     b"MZ" + b"\0" * 100], ids=repr)
def test_a_strange_file_is_126(box, tmp_path, content):
    refused(box, program(tmp_path / "e", content))


def test_a_program_on_a_noexec_mount_is_told_so(box, tmp_path):
    path = program(tmp_path / "e", pathlib.Path(SVC).read_bytes())
    assert "noexec" in refused(box, path, noexec=tmp_path)


def test_a_program_open_for_writing_is_126(box, tmp_path):
    path = program(tmp_path / "e", pathlib.Path(SVC).read_bytes())
    with open(path, "r+b"):
        refused(box, path)


def test_arguments_too_long_for_the_interpreter_line_are_126(box, tmp_path):
    """The longest argument with which hale itself can be started; the script's
    interpreter line then adds what is too much."""
    interpreter = tmp_path / ("i" * 150)
    os.symlink(SVC, interpreter)
    script = program(tmp_path / "s", f"#!{interpreter}\n")
    stack = 512 << 10  # arguments may take a quarter of it: 128 KiB
    argv = [HALE, script, "exit", "5", *["x" * 2000] * 55]

    def hale_starts(length):
        started = box(*argv, "y" * length, stack=stack)
        try:
            return started.code() is not None and started
        except AssertionError:
            return None
        finally:
            started.close()

    low, high = 0, 30000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if hale_starts(middle) else (low, middle)
    started = box(*argv, "y" * low, stack=stack)
    code, _, err = started.end()
    assert (code, len(err)) == (126, 1)
    assert "long" in err[0]


def test_path_goes_on_after_a_directory_that_holds_no_such_program(box, tmp_path):
    (tmp_path / "dir").mkdir()
    os.symlink(SVC, tmp_path / "shop")
    path = f"{tmp_path}/dir:/no/such:{tmp_path}"
    assert box(HALE, "shop", "exit", "4", env=clean_env(PATH=path)).code() == 4


def test_path_goes_on_after_a_file_that_may_not_be_executed(box, tmp_path):
    first = tmp_path / "first"
    first.mkdir()
    program(first / "shop", "x", mode=0o644)
    os.symlink(SVC, tmp_path / "shop")
    path = f"{first}:{tmp_path}"
    assert box(HALE, "shop", "exit", "4", env=clean_env(PATH=path)).code() == 4


def test_a_file_in_path_that_may_not_be_executed_is_126(box, tmp_path):
    program(tmp_path / "shop", "x", mode=0o644)
    got, _, err = box(HALE, "shop", env=clean_env(PATH=str(tmp_path))).end()
    assert (got, len(err)) == (126, 1)


def test_an_empty_part_of_path_is_the_working_directory(box, tmp_path):
    os.symlink(SVC, tmp_path / "shop")
    env = clean_env(PATH=f"{PATH}:")
    assert box(HALE, "shop", "exit", "4", env=env, cwd=tmp_path).code() == 4


def test_without_path_the_usual_directories_are_searched(box):
    assert box(HALE, "true", env={}).code() == 0


def test_a_relative_program_is_taken_from_the_working_directory(box, tmp_path):
    os.symlink(SVC, tmp_path / "shop")
    assert box(HALE, "./shop", "exit", "4", cwd=tmp_path).code() == 4


@pytest.mark.parametrize("closed", [[2], [0, 1, 2]], ids=str)
def test_a_failed_start_keeps_its_code_without_stderr(box, closed):
    assert box(HALE, "/none", close=closed).code() == 127


def test_a_failed_start_keeps_its_code_when_the_reader_of_stderr_is_gone(box):
    with Pipe() as pipe:
        pipe.close_read()
        started = box(HALE, "/none", stderr=pipe.write)
        assert (started.code(), started.killed) == (127, False)


def test_a_failed_start_keeps_its_code_when_stderr_is_full(box):
    with Pipe() as pipe:
        fill(pipe.write)
        assert box(HALE, "/none", stderr=pipe.write).code() == 127


def test_a_failed_start_is_not_remapped_into_success_by_accident(box):
    assert box(HALE, "-e", "1", "/none").code() == 127
