/* SPDX-License-Identifier: MIT */
/* hex.h - bytes of a test, written in hexadecimal */
#ifndef HALE_TESTS_HEX_H
#define HALE_TESTS_HEX_H

#include "unit.h"

static inline unsigned
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c < 'a' || c > 'f')
		abort();
	return (unsigned)(c - 'a') + 10;
}

/* The bytes that text's digits are, in guarded memory. */
static inline struct span
guarded_hex(const char *text)
{
	size_t len = strlen(text) / 2;
	char *p = guarded_room(len);

	for (size_t i = 0; i < len; i++)
		p[i] = (char)(hex_digit(text[2 * i]) << 4
		              | hex_digit(text[2 * i + 1]));
	return (struct span){ p, len };
}

/* Are the bytes those of text? */
static inline void
assert_hex(const char *text, const void *bytes, size_t len)
{
	struct span want = guarded_hex(text);

	assert_int_equal(want.len, len);
	assert_memory_equal(want.p, bytes, len);
}

#endif
