/* SPDX-License-Identifier: MIT */
/*
 * hidden.h - every name is of this one program
 *
 * Named to the compiler before a file's own headers. A static program has all in
 * itself, libc too, and no other is linked to it; but a compiler that makes code
 * for any address takes what it is only told of by an address from a table (the
 * GOT), unless it is hidden. x86-64's linker undoes that, others cannot; and
 * riscv64's and s390x's leave such names to a loader, which is not there.
 */
#pragma GCC visibility push(hidden)
