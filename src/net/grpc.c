/* SPDX-License-Identifier: MIT */
/* net/grpc.c - gRPC over HTTP/2: its codes, messages and times */
#include "net/grpc.h"

#include "base/err.h"
#include "base/parse.h"
#include "base/percent.h"
#include "net/h2_frame.h"

#define TIMEOUT_DIGITS 8

/* see net/grpc.h */
const char *
grpc_code_text(uint32_t code)
{
	static const char *const texts =
		"OK\0CANCELLED\0UNKNOWN\0INVALID_ARGUMENT\0DEADLINE_EXCEEDED\0"
		"NOT_FOUND\0ALREADY_EXISTS\0PERMISSION_DENIED\0RESOURCE_EXHAUSTED\0"
		"FAILED_PRECONDITION\0ABORTED\0OUT_OF_RANGE\0UNIMPLEMENTED\0INTERNAL\0"
		"UNAVAILABLE\0DATA_LOSS\0UNAUTHENTICATED\0";

	return code <= GRPC_UNAUTHENTICATED
	       ? span_nth_text(texts, code) : NULL;
}

/* see net/grpc.h */
bool
grpc_is_type(struct span type)
{
	struct span rest = span_after(type, sizeof GRPC_TYPE - 1);

	return span_has_prefix(type, GRPC_TYPE)
	    && (rest.len == 0 || rest.p[0] == '+' || rest.p[0] == ';');
}

/* see net/grpc.h */
int
grpc_read_timeout(struct span text, int64_t *ms)
{
	uint64_t n;

	if (text.len < 2 || text.len > TIMEOUT_DIGITS + 1
	 || parse_uint_span((struct span){ text.p, text.len - 1 }, UINT32_MAX,
	                    &n) < 0)
		return ERR_PARSE;
	switch (text.p[text.len - 1]) {
	case 'n':
		n = (n + 999999) / 1000000;
		break;
	case 'u':
		n = (n + 999) / 1000;
		break;
	case 'm':
		break;
	case 'S':
		n *= 1000;
		break;
	case 'M':
		n *= UINT64_C(60) * 1000;
		break;
	case 'H':
		n *= UINT64_C(60) * 60 * 1000;
		break;
	default:
		return ERR_PARSE;
	}
	*ms = (int64_t)n;
	return 0;
}

/* see net/grpc.h */
int
grpc_read_message(struct span data, size_t max, struct span *message)
{
	size_t len;

	if (data.len > 0 && data.p[0] != 0)
		return ERR_CODING;
	if (data.len < GRPC_PREFIX_LEN)
		return 0;
	len = h2_u32(data.p + 1);
	if (len > max)
		return ERR_TOOBIG;
	if (data.len < GRPC_PREFIX_LEN + len)
		return 0;
	*message = (struct span){ data.p + GRPC_PREFIX_LEN, len };
	return 1;
}

/* see net/grpc.h */
void
grpc_write_prefix(struct buf *b, size_t len)
{
	buf_byte(b, 0);
	h2_add_u32(b, (uint32_t)len);
}

/* see net/grpc.h */
void
grpc_write_text(struct buf *b, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (c < ' ' || c > '~' || c == '%')
			percent_encode(b, c);
		else
			buf_byte(b, (unsigned char)c);
	}
}
