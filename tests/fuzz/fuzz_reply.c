/* SPDX-License-Identifier: MIT */
/* fuzz_reply.c - bytes of a server: the head, then a chunked body in pieces of
 * any size, which must decode the same */
#include "fuzz.h"

#include "base/err.h"
#include "client/reply.h"

#define BODY_MAX 9000

/* Decodes in pieces of n bytes. Returns the last word, the body in b. */
static int
decode(struct span bytes, size_t n, struct buf *b)
{
	struct chunks c = { 0 };
	struct span data;
	int r = CHUNKS_MORE;

	while (r == CHUNKS_MORE && bytes.len > 0) {
		struct span in = bytes;

		if (in.len > n)
			in.len = n;
		bytes = span_after(bytes, in.len);
		while ((r = chunks_step(&c, &in, &data)) == CHUNKS_DATA) {
			fuzz_must(data.len > 0);
			buf_add(b, data);
		}
		fuzz_must(r != CHUNKS_MORE || in.len == 0);
	}
	return r;
}

static void
must_decode_alike(struct span bytes)
{
	static char memory[2][BODY_MAX];
	struct buf all = buf_over(memory[0], BODY_MAX);
	struct buf one = buf_over(memory[1], BODY_MAX);

	fuzz_must(decode(bytes, bytes.len, &all) == decode(bytes, 1, &one));
	fuzz_must(all.len == one.len
	          && (all.len == 0 || memcmp(all.p, one.p, all.len) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct span rest, name, value;
	struct reply reply;
	int n = size > 0 ? reply_read(&reply, bytes, size) : 0;

	fuzz_must(n <= (int)size);
	if (n <= 0) {
		fuzz_must(n == 0 || n == ERR_PARSE || n == ERR_VERSION
		          || n == ERR_RANGE);
		must_decode_alike((struct span){ bytes, size });
		return 0;
	}
	fuzz_must(reply.status >= 100 && reply.status <= 999);
	fuzz_must(reply.head.p == bytes && reply.head.len == (size_t)n);
	fuzz_must(!reply.has_length || !reply.chunked);
	fuzz_must(!reply.has_length || reply.length <= INT64_MAX);
	rest = reply.fields;
	while (reply_next_field(&rest, &name, &value)) {
		fuzz_must(name.len > 0 && name.p >= bytes);
		fuzz_must(value.p + value.len <= bytes + n);
	}
	must_decode_alike((struct span){ bytes + n, size - (size_t)n });
	return 0;
}
