/* SPDX-License-Identifier: MIT */
/*
 * base/relro.c - what was relocated at the start cannot be written any more
 *
 * A dynamic loader does this for the programs that it loads. A static-pie has
 * none and relocates itself: glibc protects the range then, musl does not, and
 * tables of functions stay writable.
 */
#include "base/relro.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* Ours, by the linker's script (scripts/layout.ld), which lets nothing that
 * stays writable begin on the range's last page; NULL where another linked. */
extern __attribute__((weak, visibility("hidden"))) char relro_start[],
                                                        relro_end[];

/* see base/relro.h */
void
relro_protect(void)
{
	uintptr_t page = getauxval(AT_PAGESZ);
	uintptr_t start = (uintptr_t)relro_start, end = (uintptr_t)relro_end;

	if (relro_start == NULL || page == 0)
		return;
	start &= -page;
	end = (end + page - 1) & -page;
	/* Where it fails all is as writable as it was: no reason not to run. */
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): computed */
	(void)mprotect((void *)start, end - start, PROT_READ);
}
