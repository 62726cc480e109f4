/* SPDX-License-Identifier: MIT */
/* fuzz_json.c - any bytes as the inside of a JSON string */
#include "fuzz.h"

#include "base/buf.h"

#define OUT_MAX 4096

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[OUT_MAX];
	struct buf b = buf_over(memory, sizeof memory);

	buf_json(&b, (struct span){ (const char *)data, size });
	fuzz_must(b.len <= b.cap && (b.cut || b.len >= size / 4));
	for (size_t i = 0; i < b.len; i++) {
		unsigned char c = (unsigned char)b.p[i];

		fuzz_must(c >= 0x20 && c != 0x7f);
		if (c == '\\')
			i++;	/* what it escapes, a quote too */
		else
			fuzz_must(c != '"');
	}
	return 0;
}
