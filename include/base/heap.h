/* SPDX-License-Identifier: MIT */
/*
 * base/heap.h - a few large blocks, each a mapping of its own
 *
 * A block is zero at first, the kernel has it back when it is freed, and a use
 * after that faults. It costs a system call each way and whole pages: nothing
 * here is for PID 1, or for many small things. Nothing is for threads.
 *
 * base/malloc.c makes malloc(3) and its like of these in the static binary, so
 * that callers have <stdlib.h>, and under the sanitizers what watches them.
 */
#ifndef HALE_BASE_HEAP_H
#define HALE_BASE_HEAP_H

#include <stddef.h>

/* Returns len bytes, aligned for any type, or NULL with ENOMEM in errno. */
void *heap_alloc(size_t len);

/* Makes the block longer, by zeros or by what it once held there, or shorter;
 * it may move. NULL is a block of no length. Returns it, or NULL with ENOMEM,
 * and old is as it was. */
void *heap_resize(void *old, size_t len);

/* Leaves errno as it is. NULL frees nothing. */
void heap_free(void *old);

#endif
