/* SPDX-License-Identifier: MIT */
/*
 * base/relro.c - what was relocated at the start cannot be written any more
 *
 * A dynamic loader does this for the programs that it loads. A static-pie has
 * none and relocates itself: glibc protects the range then, musl does not, and
 * tables of functions stay writable.
 */
#include "base/relro.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* The linker makes it where there is a PT_DYNAMIC, which describes it. By a
 * name of ours: only glibc's <link.h> declares it. */
extern __attribute__((weak, visibility("hidden"))) const char dynamic_start[]
	__asm__("_DYNAMIC");

struct headers {
	const ElfW(Phdr) *at;
	size_t            n;
};

static const ElfW(Phdr) *
find(const struct headers *h, uint32_t type)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->at[i].p_type == type)
			return &h->at[i];
	return NULL;
}

/* How far from its addresses in the file the program was loaded. A program
 * that has neither header was linked to stay where it is. */
static uintptr_t
load_bias(const struct headers *h)
{
	const ElfW(Phdr) *self = find(h, PT_PHDR);
	const ElfW(Phdr) *dynamic = find(h, PT_DYNAMIC);

	if (self != NULL)
		return (uintptr_t)h->at - self->p_vaddr;
	if (dynamic != NULL && dynamic_start != NULL)
		return (uintptr_t)dynamic_start - dynamic->p_vaddr;
	return 0;
}

/* see base/relro.h */
void
relro_protect(void)
{
	const struct headers h = {	/* 0 of them where nobody says */
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel's */
		.at = (const ElfW(Phdr) *)getauxval(AT_PHDR),
		.n = getauxval(AT_PHNUM),
	};
	const ElfW(Phdr) *relro = find(&h, PT_GNU_RELRO);
	uintptr_t page = getauxval(AT_PAGESZ), start, end;

	if (relro == NULL || page == 0)
		return;
	start = load_bias(&h) + relro->p_vaddr;
	/* The page that the range ends in also has what stays writable. */
	end = (start + relro->p_memsz) & -page;
	start &= -page;
	/* Where it fails all is as writable as it was: no reason not to run. */
	if (start < end)
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): computed */
		(void)mprotect((void *)start, end - start, PROT_READ);
}
