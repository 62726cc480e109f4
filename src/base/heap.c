/* SPDX-License-Identifier: MIT */
/* base/heap.c - a few large blocks, each a mapping of its own */
#include "base/heap.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

/* What a mapping begins with; the caller's bytes follow. */
struct block {
	_Alignas(max_align_t) size_t size;	/* bytes of both */
};

#define LEN_MAX (PTRDIFF_MAX - sizeof(struct block))

/* What the kernel gave, or NULL; its errno may be another one. */
static void *
hand_out(struct block *b, size_t size)
{
	if (b == MAP_FAILED) {
		errno = ENOMEM;
		return NULL;
	}
	b->size = size;
	return b + 1;
}

/* see base/heap.h */
void *
heap_alloc(size_t len)
{
	const size_t size = sizeof(struct block) + len;

	return hand_out(len > LEN_MAX ? MAP_FAILED
	                : mmap(NULL, size, PROT_READ | PROT_WRITE,
	                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size);
}

/* see base/heap.h */
void *
heap_resize(void *old, size_t len)
{
	const size_t size = sizeof(struct block) + len;
	struct block *b = old;

	if (b == NULL)
		return heap_alloc(len);
	b--;
	return hand_out(len > LEN_MAX ? MAP_FAILED
	                : mremap(b, b->size, size, MREMAP_MAYMOVE), size);
}

/* see base/heap.h */
void
heap_free(void *old)
{
	struct block *b = old;
	int before = errno;

	if (b == NULL)
		return;
	b--;
	(void)munmap(b, b->size);	/* fails: it stays, unused */
	errno = before;
}
