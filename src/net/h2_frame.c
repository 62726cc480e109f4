/* SPDX-License-Identifier: MIT */
/* net/h2_frame.c - the frames of HTTP/2: their heads, types and codes */
#include "net/h2_frame.h"

#include "base/err.h"

#define STREAM_MASK 0x7fffffffu	/* the first bit is reserved, 4.1 */

/* see net/h2_frame.h */
uint32_t
h2_u32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16
	     | (uint32_t)u[2] << 8 | u[3];
}

/* see net/h2_frame.h */
void
h2_add_u32(struct buf *b, uint32_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_byte(b, n >> shift);
}

/* see net/h2_frame.h */
struct h2_frame
h2_frame_read(const char *head)
{
	return (struct h2_frame){
		.len = h2_u32(head) >> 8,
		.type = (uint8_t)head[3],
		.flags = (uint8_t)head[4],
		.stream = h2_u32(head + 5) & STREAM_MASK,
	};
}

/* see net/h2_frame.h */
void
h2_frame_write(struct buf *b, struct h2_frame f)
{
	h2_add_u32(b, f.len << 8 | f.type);
	buf_byte(b, f.flags);
	h2_add_u32(b, f.stream);
}

/* see net/h2_frame.h */
void
h2_write_number(struct buf *b, enum h2_type type, uint32_t stream, uint32_t n)
{
	h2_frame_write(b, (struct h2_frame){
		.len = sizeof n, .type = (uint8_t)type, .stream = stream,
	});
	h2_add_u32(b, n);
}

/* see net/h2_frame.h */
void
h2_write_setting(struct buf *b, unsigned id, uint32_t value)
{
	buf_byte(b, id >> 8);
	buf_byte(b, id);
	h2_add_u32(b, value);
}

/* see net/h2_frame.h */
void
h2_write_goaway(struct buf *b, uint32_t last, enum h2_error why)
{
	h2_frame_write(b, (struct h2_frame){
		.len = H2_GOAWAY_LEN, .type = H2_GOAWAY,
	});
	h2_add_u32(b, last);
	h2_add_u32(b, why);
}

/* see net/h2_frame.h */
int
h2_unpad(const struct h2_frame *f, struct span *payload)
{
	size_t before = 0, behind = 0;

	if (f->flags & H2_PADDED) {
		if (payload->len == 0)
			return ERR_PARSE;
		before = 1;
		behind = (unsigned char)payload->p[0];
	}
	if (f->type == H2_HEADERS && (f->flags & H2_HAS_PRIORITY))
		before += H2_PRIORITY_LEN;
	if (before + behind > payload->len)
		return ERR_PARSE;
	*payload = span_after(*payload, before);
	payload->len -= behind;
	return 0;
}

/* see net/h2_frame.h */
const char *
h2_error_text(uint32_t error)
{
	static const char *const texts =
		"NO_ERROR\0PROTOCOL_ERROR\0INTERNAL_ERROR\0FLOW_CONTROL_ERROR\0"
		"SETTINGS_TIMEOUT\0STREAM_CLOSED\0FRAME_SIZE_ERROR\0REFUSED_STREAM\0"
		"CANCEL\0COMPRESSION_ERROR\0CONNECT_ERROR\0ENHANCE_YOUR_CALM\0"
		"INADEQUATE_SECURITY\0HTTP_1_1_REQUIRED\0";

	return error <= H2_HTTP_1_1_REQUIRED
	       ? span_nth_text(texts, error) : "an unknown error";
}
