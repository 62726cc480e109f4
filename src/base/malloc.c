/* SPDX-License-Identifier: MIT */
/*
 * base/malloc.c - malloc(3) and its like of base/heap.h's blocks
 *
 * Linked into the static binary in place of libc's, which are made for many
 * small blocks and for threads, and ten times the size. <stdlib.h> is the
 * contract.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/heap.h"

/* see malloc(3) */
void *
malloc(size_t len)
{
	return heap_alloc(len);
}

/* see malloc(3) */
void *
calloc(size_t n, size_t each)
{
	size_t len;

	if (__builtin_mul_overflow(n, each, &len))
		len = SIZE_MAX;	/* more than there can be */
	return heap_alloc(len);	/* zero, as all of these */
}

/* see malloc(3) */
void *
realloc(void *old, size_t len)
{
	return heap_resize(old, len);
}

/* see malloc(3) */
void
free(void *old)
{
	heap_free(old);
}
