"""ELF files that are just enough for the kernel, of this machine and of another."""
# SPDX-License-Identifier: MIT
import os
import struct

EM_X86_64, EM_AARCH64 = 62, 183
NATIVE = {"x86_64": EM_X86_64, "aarch64": EM_AARCH64}[os.uname().machine]
FOREIGN, FOREIGN_NAME = {EM_X86_64: (EM_AARCH64, "aarch64"),
                         EM_AARCH64: (EM_X86_64, "x86_64")}[NATIVE]


def elf(machine=NATIVE, loader=None):
    """The smallest ELF file that the kernel looks at."""
    interp = loader.encode() + b"\0" if loader else b""
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    head = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0x400000, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    at = 64 + 2 * 56
    pt_interp = struct.pack("<IIQQQQQQ", 3 if loader else 0, 4, at, at, at,
                            len(interp), len(interp), 1)
    pt_load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 4096, 4096, 4096)
    return (ident + head + pt_interp + pt_load + interp).ljust(4096, b"\0")
