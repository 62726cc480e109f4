/* SPDX-License-Identifier: MIT */
/*
 * base/relro.h - what was relocated at the start cannot be written any more
 */
#ifndef HALE_BASE_RELRO_H
#define HALE_BASE_RELRO_H

/*
 * Makes the range read-only, for good; nothing where the linker named none.
 * One system call, which splits a mapping: it takes longer than most, so
 * whoever has something urgent to do does that first.
 */
void relro_protect(void);

#endif
