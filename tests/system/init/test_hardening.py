"""What of hale can be written, and what can be executed, while it runs."""
import errno
import os
import struct
import subprocess

import pytest

from harness import EMULATED, HALE, clean_env, runs_hale, until

PT_LOAD, PT_GNU_RELRO, PF_X, PF_W = 1, 0x6474e552, 1, 2
PAGE = os.sysconf("SC_PAGESIZE")


def headers():
    """Program headers of the file: type, flags, offset, address, size there, in memory."""
    with open(HALE, "rb") as file:
        head = file.read(64)
        at, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        file.seek(at)
        table = file.read(size * count)
    for i in range(count):
        kind, flags, offset, address, _, in_file, in_memory, _ = struct.unpack_from(
            "<IIQQQQQQ", table, i * size)
        yield kind, flags, offset, address, in_file, in_memory


def mappings(pid):
    """(start, end, permissions, name) of each."""
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as file:
        for line in file:
            span, mode, _, _, _, *name = line.split()
            start, end = (int(word, 16) for word in span.split("-"))
            yield start, end, mode, name[0] if name else ""


def permissions(pid, address, length):
    """Of all pages there."""
    found = [m for m in mappings(pid) if m[0] < address + length and m[1] > address]
    assert sum(min(m[1], address + length) - max(m[0], address) for m in found) == length
    return {mode for _, _, mode, _ in found}


def base(pid):
    """Where the file's address 0 is."""
    lowest = min(m[0] for m in mappings(pid) if m[3] == os.path.realpath(HALE))
    return lowest - min(address & -PAGE for kind, _, _, address, *_ in headers()
                        if kind == PT_LOAD)


def relro(pid):
    """The pages that hold nothing else: start and length.

    Where the file is packed (scripts/layout_packed.ld) they are a segment of their own."""
    found = [h for h in headers() if h[0] == PT_GNU_RELRO]
    is_packed = not found
    if is_packed:
        found = [h for h in headers() if h[0] == PT_LOAD and h[1] & PF_W]
        assert len(found) == 2
    _, _, _, address, _, size = found[0]
    start, end = address & -PAGE, (address + size + (PAGE - 1) * is_packed) & -PAGE
    assert end > start
    return base(pid) + start, end - start


def of_the_file(pid):
    """The mappings that are hale's, and not of qemu, which writes the code that it runs."""
    start = base(pid)
    end = start + max(h[3] + h[5] for h in headers() if h[0] == PT_LOAD)
    return [m for m in mappings(pid) if start <= m[0] < end]


def is_protected(pid):
    assert not [m for m in (of_the_file(pid) if EMULATED else mappings(pid))
                if "w" in m[2] and "x" in m[2]]
    return permissions(pid, *relro(pid)) == {"r--p"}


def test_what_was_relocated_is_read_only_while_hale_runs(hale):
    box = hale("say up pause").settled()
    assert is_protected(box.pid)


def test_what_was_relocated_is_read_only_in_a_checker(hale):
    box = hale("--check", "exec:/bin/sleep 60", "--timeout", "60s", "say up pause").settled()
    box.out.expect("^up$")  # hale's other child is another program by now

    def checker():
        children = open(f"/proc/{box.pid}/task/{box.pid}/children", encoding="ascii").read()
        return [pid for pid in children.split()
                if runs_hale(pid)]
    assert is_protected(until(checker, "a checker")[0])


def test_what_was_relocated_is_read_only_in_every_other_command():
    with subprocess.Popen([HALE, "wait", "--timeout", "60s", "unix:/no"], env=clean_env(),
                          stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline()
            assert is_protected(process.pid)
        finally:
            process.kill()


@pytest.mark.parametrize("words", [["pause"], ["catatonit", "-P"]])
def test_what_was_relocated_is_read_only_in_a_pause(box, tmp_path, words):
    (tmp_path / words[0]).symlink_to(os.path.realpath(HALE))
    paused = box(tmp_path / words[0], *words[1:])
    until(lambda: os.path.realpath(HALE) in [m[3] for m in mappings(paused.pid)]
          and paused.state(1) == "S", "it sleeps")
    assert is_protected(paused.pid)


@pytest.mark.static_only
def test_constants_cannot_be_executed_and_code_cannot_be_written(hale):
    box = hale("say up pause").settled()
    with open(HALE, "rb") as file:
        constant = file.read().index(b"no such endpoint")
    address, = (h[3] + constant - h[2] for h in headers()
                if h[0] == PT_LOAD and h[2] <= constant < h[2] + h[4])
    page = (base(box.pid) + address) & -PAGE
    assert permissions(box.pid, page, PAGE) == {"r--p"}
    code, = (h for h in headers() if h[0] == PT_LOAD and h[1] & PF_X)
    # qemu itself never runs what it translates.
    assert permissions(box.pid, (base(box.pid) + code[3]) & -PAGE, code[5] & -PAGE) \
        == {"r--p" if EMULATED else "r-xp"}


@pytest.mark.static_only
def test_a_kernel_that_refuses_the_protection_is_no_reason_not_to_run(hale):
    mprotect = 10 if os.uname().machine == "x86_64" else 226
    box = hale("say up pause", refuse=[f"{mprotect}:-1:{errno.ENOMEM}"])
    box.out.expect("^up$")
    assert not is_protected(box.settled().pid)
