/* SPDX-License-Identifier: MIT */
/* fuzz_grpc_reply.c - bytes of a server to a health check by gRPC: whole and in
 * small pieces, which must come to the same */
#include "fuzz.h"

#include "base/err.h"
#include "client/grpc_reply.h"

#define PIECE 11	/* bytes: less than most frames have */

/* Takes the bytes, so many at a time. */
static int
take(struct grpc_reply *r, struct span bytes, size_t step)
{
	static char memory[GRPC_REPLY_ACKS_MAX];
	struct buf acks = buf_over(memory, sizeof memory);
	const char *end = bytes.p + bytes.len;
	size_t have = 0;
	int got = 0;

	grpc_reply_init(r);
	while (got == 0 && bytes.p + have < end) {
		struct span now = bytes;

		have += step;
		if (bytes.len > have)
			now.len = have;
		got = grpc_reply_take(r, &now, &acks);
		fuzz_must(now.p >= bytes.p && now.p + now.len <= end);
		have = now.len;
		fuzz_must(got != 0 || have < GRPC_REPLY_FRAME_MAX);
		bytes = (struct span){ now.p, (size_t)(end - now.p) };
	}
	fuzz_must(!acks.cut);
	return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct grpc_reply a, b;
	struct span bytes = { (const char *)data, size };
	int got = size > 0 ? take(&a, bytes, size) : 0;

	if (size == 0)
		return 0;
	fuzz_must(got == 0 || got == 1 || got == ERR_VERSION || got == ERR_PARSE
	          || got == ERR_TOOBIG || got == ERR_FULL);
	fuzz_must((got == 1) == (a.end != GRPC_REPLY_NONE));
	fuzz_must(!a.has_health || (a.has_code && a.code == GRPC_OK));
	fuzz_must(a.text.len <= GRPC_REPLY_TEXT_MAX);
	fuzz_must(got == take(&b, bytes, PIECE));
	fuzz_must(a.end == b.end && a.frames == b.frames
	          && a.status == b.status && a.error == b.error
	          && a.has_code == b.has_code && a.code == b.code
	          && a.has_health == b.has_health && a.health == b.health);
	fuzz_must(a.text.len == b.text.len
	          && memcmp(a.texts, b.texts, a.text.len) == 0);
	return 0;
}
