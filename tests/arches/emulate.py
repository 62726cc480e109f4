#!/usr/bin/python3
"""emulate.py COMMAND... - runs it where a binary of any architecture that hale is made for
is run as it is, by qemu's user emulation.

The kernel starts qemu (binfmt_misc). Since Linux 6.7 that is each user namespace's own
matter: the command gets one, in which all ids are the same, with a network of its own
(who has left the machine's could not come back); the machine sees nothing of it. Where
the kernel refuses that, the machine itself has it, by names that begin with "hale-", until
the command has ended.
"""
# SPDX-License-Identifier: MIT
import ctypes
import fcntl
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys

BINFMT = pathlib.Path("/proc/sys/fs/binfmt_misc")
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
ALL_IDS = "0 0 4294967295\n"

# qemu's word, and of the ELF header: class (1: 32 bits), order (2: big-endian), e_machine.
# The kernel itself runs what is i386's on amd64.
KINDS = [("aarch64", 2, 1, 183), ("arm", 1, 1, 40), ("ppc64le", 2, 1, 21),
         ("riscv64", 2, 1, 243), ("s390x", 2, 2, 22), ("x86_64", 2, 1, 62)]
HOSTS = {"armv7l": ["arm"], "armv8l": ["arm"]}  # uname's word where it is not qemu's

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *args):
    if getattr(libc, name)(*args) < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def rule(name, cls, order, number):
    """A line for "register": an executable (2) or one that can lie anywhere (3).

    P: argv[0] is the one that was given. F: qemu is opened now, for a root without it."""
    end = "big" if order == 2 else "little"
    head = b"\x7fELF" + bytes([cls, order, 1]) + bytes(9)
    mask = b"\xff" * 7 + bytes(9)
    magic = head + (2).to_bytes(2, end) + number.to_bytes(2, end)
    mask += (0xfffe).to_bytes(2, end) + b"\xff\xff"
    text = [b"".join(b"\\x%02x" % byte for byte in part) for part in (magic, mask)]
    qemu = shutil.which(f"qemu-{name}-static") or sys.exit(
        f"emulate: qemu-{name}-static is not here: scripts/bootstrap emulate")
    return b":hale-%s:M::%s:%s:%s:PF" % (name.encode(), *text, qemu.encode())


def rules():
    own = HOSTS.get(os.uname().machine, [os.uname().machine])
    return {f"hale-{kind[0]}": rule(*kind) for kind in KINDS if kind[0] not in own}


def mount():
    call("mount", b"none", str(BINFMT).encode(), b"binfmt_misc", 0, None)


def map_ids():
    """A child stays outside, as only from there all ids can be mapped."""
    parent = os.getpid()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.read(read, 1)
            for which in ("uid_map", "gid_map"):
                pathlib.Path(f"/proc/{parent}/{which}").write_text(ALL_IDS)
            os._exit(0)
        except OSError as error:
            print(f"emulate: {error}", file=sys.stderr)
            os._exit(1)
    call("unshare", CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET)
    os.write(write, b"x")
    _, status = os.waitpid(child, 0)
    os.close(read)
    os.close(write)
    if status:
        raise OSError(f"the ids of a user namespace: {status}")


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def own_namespace():
    map_ids()
    loopback_up()
    call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    mount()
    for text in rules().values():
        (BINFMT / "register").write_bytes(text)


def is_own_possible():
    """Tried in a child, as there is no way back."""
    child = os.fork()
    if child == 0:
        try:
            own_namespace()
            os._exit(0)
        except OSError as error:
            print(f"emulate: for the whole machine, as there is no way for the command alone: "
                  f"{error}", file=sys.stderr)
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def on_the_machine(command):
    """Runs it with the rules in force for everybody; its exit code."""
    mounted = not (BINFMT / "register").exists()
    if mounted:
        mount()
    added = []
    for sig in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(sig, lambda sig, _: sys.exit(128 + sig))
    try:
        for name, text in rules().items():
            if (BINFMT / name).exists():
                sys.exit(f"emulate: {BINFMT / name} is there: of another run that goes on? "
                         f"Otherwise: echo -1 >{BINFMT / name}")
            added.append(name)
            (BINFMT / "register").write_bytes(text)
        return subprocess.run(command, check=False).returncode
    finally:
        for name in filter(lambda name: (BINFMT / name).exists(), added):
            (BINFMT / name).write_text("-1")
        if mounted:
            call("umount", str(BINFMT).encode())


def main():
    command = sys.argv[1:]
    if not command:
        sys.exit(__doc__)
    rules()  # says what is not installed
    if os.environ.get("EMULATE") != "machine" and is_own_possible():
        own_namespace()
        os.execvp(command[0], command)
    sys.exit(on_the_machine(command))


main()
