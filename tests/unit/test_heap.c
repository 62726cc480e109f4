/* SPDX-License-Identifier: MIT */
/* test_heap.c - blocks that are mappings, and what the kernel refuses */
#include "unit.h"

#include <errno.h>

#include "base/heap.h"

#define PAGE ((size_t)getpagesize())
#define MOST ((size_t)PTRDIFF_MAX)
#define HEAD sizeof(struct { _Alignas(max_align_t) size_t size; })

static void
assert_all(const unsigned char *p, size_t from, size_t to, int value)
{
	for (size_t n = from; n < to; n++)
		assert_int_equal(value, p[n]);
}

static void
a_block_is_aligned_and_zero(void **state)
{
	const size_t lens[] = {
		0, 1, 15, 16, 17, PAGE - 17, PAGE - 16, PAGE - 15, PAGE, 100000
	};

	(void)state;
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		unsigned char *p = heap_alloc(lens[i]);

		assert_non_null(p);
		assert_int_equal(0, (uintptr_t)p % _Alignof(max_align_t));
		assert_all(p, 0, lens[i], 0);
		memset(p, 0xff, lens[i]);
		heap_free(p);
	}
}

static void
blocks_do_not_overlap(void **state)
{
	unsigned char *p[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		p[i] = heap_alloc((i + 1) * 1000);
		assert_non_null(p[i]);
		memset(p[i], (int)i, (i + 1) * 1000);
	}
	for (size_t i = 0; i < 8; i++) {
		assert_all(p[i], 0, (i + 1) * 1000, (int)i);
		heap_free(p[i]);
	}
}

static void
a_block_keeps_its_bytes_as_it_grows_and_shrinks(void **state)
{
	unsigned char *p = heap_resize(NULL, 1);
	size_t len = 1;

	(void)state;
	assert_non_null(p);
	p[0] = 1;
	for (size_t more = 2; more < 300000; more = more * 3 + 1) {
		void *fence = heap_alloc(1);	/* in the way of growing */

		p = heap_resize(p, more);
		assert_non_null(p);
		assert_all(p, 0, len, 1);
		assert_all(p, len, more, 0);
		memset(p, 1, more);
		len = more;
		heap_free(fence);
	}
	p = heap_resize(p, 10);
	assert_non_null(p);
	assert_all(p, 0, 10, 1);
	heap_free(p);
}

static const struct len_row {
	const char *name;
	size_t      len;
} too_long[] = {
	{ "more than there is", MOST / 2 },
	{ "the longest that a pointer difference tells", MOST - HEAD },
	{ "one more", MOST - HEAD + 1 },
	{ "no room for the size", SIZE_MAX - HEAD + 1 },
	{ "room for nothing but the size", SIZE_MAX - HEAD },
	{ "all", SIZE_MAX },
};

static void
a_block_that_cannot_be_had_is_enomem(void **state)
{
	const struct len_row *row = *state;
	unsigned char *p = heap_alloc(10);

	/* A 64-bit kernel has 4 GB for a program of 32 bits. */
	if (sizeof(void *) < 8 && row->len <= MOST - HEAD)
		skip();
	assert_non_null(p);
	memset(p, 7, 10);
	errno = 0;
	assert_null(heap_alloc(row->len));
	assert_int_equal(ENOMEM, errno);
	errno = 0;
	assert_null(heap_resize(p, row->len));
	assert_int_equal(ENOMEM, errno);
	assert_all(p, 0, 10, 7);
	heap_free(p);
}

static void
a_freed_block_is_the_kernels_again_and_errno_stays(void **state)
{
	unsigned char *p = heap_alloc(5 * PAGE), pages[6];
	unsigned char *start = p - (uintptr_t)p % PAGE;

	(void)state;
	assert_non_null(p);
	assert_int_equal(0, mincore(start, 5 * PAGE + 1, pages));
	errno = ENOENT;
	heap_free(p);
	heap_free(NULL);
	assert_int_equal(ENOENT, errno);
	assert_int_equal(-1, mincore(start, 5 * PAGE + 1, pages));
	assert_int_equal(ENOMEM, errno);
}

int
main(void)
{
	UNIT_TEST(a_block_is_aligned_and_zero);
	UNIT_TEST(blocks_do_not_overlap);
	UNIT_TEST(a_block_keeps_its_bytes_as_it_grows_and_shrinks);
	UNIT_ROWS(a_block_that_cannot_be_had_is_enomem, too_long);
	UNIT_TEST(a_freed_block_is_the_kernels_again_and_errno_stays);
	return unit_run("base/heap");
}
