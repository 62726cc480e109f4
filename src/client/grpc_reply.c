/* SPDX-License-Identifier: MIT */
/* client/grpc_reply.c - read what a server sends to one health check by gRPC */
#include "client/grpc_reply.h"

#include "base/err.h"
#include "base/parse.h"
#include "base/percent.h"

#define STATUS_OK  200
#define NUMBER_LEN 4	/* bytes */

/* see client/grpc_reply.h */
void
grpc_reply_init(struct grpc_reply *r)
{
	memset(r, 0, offsetof(struct grpc_reply, texts));
	r->text.p = r->texts;
	r->text.cap = sizeof r->texts;
	r->data.p = r->datas;
	r->data.cap = sizeof r->datas;
	r->block.p = r->blocks;
	r->block.cap = sizeof r->blocks;
	hpack_init(&r->table);
}

static int
end(struct grpc_reply *r, enum grpc_reply_end how)
{
	r->end = how;
	return 1;
}

/* The stream is over: what the message says counts if the call went well. */
static int
end_stream(struct grpc_reply *r)
{
	struct span message;

	r->has_health =
		r->has_code && r->code == GRPC_OK
		&& grpc_read_message(buf_span(&r->data), sizeof r->datas,
		                     &message) > 0
		&& message.len + GRPC_PREFIX_LEN == r->data.len
		&& grpc_health_read_answer(message, &r->health) == 0;
	return end(r, GRPC_REPLY_WHOLE);
}

/* --- header fields --- */

static void
take_field(struct grpc_reply *r, struct span name, struct span value)
{
	uint64_t n;

	if (span_is(name, ":status")) {
		if (parse_uint_span(value, 999, &n) == 0)
			r->status = (int)n;
	} else if (span_is(name, "content-type")) {
		r->is_grpc = grpc_is_type(value);
	} else if (span_is(name, "grpc-status")) {
		r->has_code = parse_uint_span(value, UINT32_MAX, &n) == 0;
		if (r->has_code)
			r->code = (uint32_t)n;
	} else if (span_is(name, "grpc-message")) {
		/* A control byte, such as a line's end, ends it. */
		(void)percent_decode(&r->text, value);
	}
}

/* A block is whole: the head of an answer, an interim one's (RFC 9110, 15.2),
 * or the trailers. */
static int
take_block(struct grpc_reply *r)
{
	struct span block = buf_span(&r->block);
	struct buf memory = buf_over(r->field, sizeof r->field);
	struct hpack_field f;
	int got;

	hpack_begin(&r->table);
	while ((got = hpack_next(&r->table, &block, &f, &memory)) > 0)
		take_field(r, f.name, f.value);
	if (got < 0 || r->status < 100)
		return ERR_PARSE;
	if (r->status < STATUS_OK) {
		r->status = 0;
		return r->ends_stream ? ERR_PARSE : 0;
	}
	if (r->status != STATUS_OK || !r->is_grpc)
		return end(r, GRPC_REPLY_STRANGE);
	return r->ends_stream ? end_stream(r) : 0;
}

static int
take_headers(struct grpc_reply *r, const struct h2_frame *f, struct span part)
{
	if (f->type == H2_HEADERS) {
		if (h2_unpad(f, &part) < 0)
			return ERR_PARSE;
		r->ends_stream = (f->flags & H2_END_STREAM) != 0;
		r->block.len = 0;
	}
	buf_add(&r->block, part);
	if (r->block.cut)
		return ERR_TOOBIG;
	return f->flags & H2_END_HEADERS ? take_block(r) : 0;
}

/* --- other frames --- */

static int
take_data(struct grpc_reply *r, const struct h2_frame *f, struct span data)
{
	if (r->status == 0 || h2_unpad(f, &data) < 0)
		return ERR_PARSE;
	buf_add(&r->data, data);
	if (r->data.cut)
		return ERR_TOOBIG;
	return f->flags & H2_END_STREAM ? end_stream(r) : 0;
}

/* Answers SETTINGS and PING. */
static int
acknowledge(const struct h2_frame *f, struct span echo, struct buf *acks)
{
	if (f->flags & H2_ACK)
		return 0;
	if (f->type == H2_SETTINGS)
		echo.len = 0;
	else if (echo.len != H2_PING_LEN)
		return ERR_PARSE;
	h2_frame_write(acks, (struct h2_frame){
		.len = (uint32_t)echo.len, .type = f->type, .flags = H2_ACK,
	});
	buf_add(acks, echo);
	return 0;
}

/* The connection ends, or the stream does. A server that leaves may still
 * answer what it has (6.8). */
static int
take_end(struct grpc_reply *r, const struct h2_frame *f, struct span payload)
{
	bool is_goaway = f->type == H2_GOAWAY;
	size_t at = is_goaway ? NUMBER_LEN : 0;	/* behind the last stream */

	if (payload.len < at + NUMBER_LEN)
		return ERR_PARSE;
	r->error = h2_u32(payload.p + at);
	if (is_goaway && r->error == H2_NO_ERROR
	 && (h2_u32(payload.p) & H2_WINDOW_MAX) >= GRPC_REPLY_STREAM)
		return 0;
	return end(r, is_goaway ? GRPC_REPLY_GOAWAY : GRPC_REPLY_RESET);
}

/* Frames that are not allowed are passed over or taken where that does no harm:
 * there is one answer on a connection that ends with it. */
static int
take_frame(struct grpc_reply *r, const struct h2_frame *f, struct span payload,
           struct buf *acks)
{
	switch (f->type) {
	case H2_SETTINGS:
	case H2_PING:
		return acknowledge(f, payload, acks);
	case H2_GOAWAY:
		return take_end(r, f, payload);
	default:
		break;
	}
	if (f->stream != GRPC_REPLY_STREAM)
		return 0;
	switch (f->type) {
	case H2_DATA:
		return take_data(r, f, payload);
	case H2_HEADERS:
	case H2_CONTINUATION:
		return take_headers(r, f, payload);
	case H2_RST_STREAM:
		return take_end(r, f, payload);
	default:
		return 0;
	}
}

/* Does the server begin as HTTP/2 has it (3.4), as far as that shows? No length
 * of ours begins with another byte than 0, but texts do. */
static bool
is_start(struct span bytes)
{
	return bytes.p[0] == 0
	    && (bytes.len < H2_HEAD_LEN || bytes.p[3] == H2_SETTINGS);
}

/* see client/grpc_reply.h */
int
grpc_reply_take(struct grpc_reply *r, struct span *bytes, struct buf *acks)
{
	int got = 0;

	if (r->frames == 0 && bytes->len > 0 && !is_start(*bytes))
		return ERR_VERSION;
	while (got == 0 && bytes->len >= H2_HEAD_LEN) {
		const struct h2_frame f = h2_frame_read(bytes->p);
		struct span payload = span_after(*bytes, H2_HEAD_LEN);

		if (f.len > H2_PAYLOAD_MAX)
			return ERR_PARSE;
		if (f.len > payload.len)
			return 0;
		if (r->frames++ == GRPC_REPLY_FRAMES_MAX)
			return ERR_FULL;
		payload.len = f.len;
		*bytes = span_after(*bytes, H2_HEAD_LEN + f.len);
		got = take_frame(r, &f, payload, acks);
	}
	return got;
}
