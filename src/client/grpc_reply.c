/* SPDX-License-Identifier: MIT */
/*
 * client/grpc_reply.c - read what a server sends to one health check by gRPC
 *
 * Frames are put together in `payload`, those of a header block one behind the
 * other, and dealt with when they are whole.
 */
#include "client/grpc_reply.h"

#include "base/err.h"
#include "base/parse.h"
#include "base/percent.h"

#define STATUS_OK    200
#define SETTING_LEN  6
#define PING_LEN     8
#define GOAWAY_LEN   8
#define NUMBER_LEN   4

/* see client/grpc_reply.h */
void
grpc_reply_init(struct grpc_reply *r)
{
	memset(r, 0, offsetof(struct grpc_reply, texts));
	r->text = buf_over(r->texts, sizeof r->texts);
	r->data = buf_over(r->datas, sizeof r->datas);
	r->payload = buf_over(r->payloads, sizeof r->payloads);
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
	int got;

	if (!r->has_code || r->code != GRPC_OK)
		return end(r, GRPC_REPLY_WHOLE);
	got = grpc_read_message(buf_span(&r->data), sizeof r->datas, &message);
	if (got == ERR_CODING)
		return got;
	if (got > 0
	 && (message.len + GRPC_PREFIX_LEN != r->data.len
	     || grpc_health_read_answer(message, &r->health) < 0))
		return ERR_PARSE;
	r->has_health = got > 0;
	return end(r, GRPC_REPLY_WHOLE);
}

/* --- header fields --- */

static void
keep_text(struct grpc_reply *r, struct span text)
{
	r->text.len = 0;
	r->text.cut = false;
	buf_add(&r->text, text);
}

static void
take_field(struct grpc_reply *r, struct span name, struct span value)
{
	uint64_t n;

	if (span_is(name, ":status")) {
		if (parse_uint_span(value, 999, &n) == 0)
			r->status = (int)n;
	} else if (span_is(name, "content-type")) {
		r->is_grpc = grpc_is_type(value);
		if (!r->is_grpc)
			keep_text(r, value);
	} else if (span_is(name, "grpc-status")) {
		r->has_code = parse_uint_span(value, UINT32_MAX, &n) == 0;
		if (r->has_code)
			r->code = (uint32_t)n;
	} else if (r->is_grpc && span_is(name, "grpc-message")) {
		keep_text(r, (struct span){ NULL, 0 });
		/* A control byte, such as a line's end, ends it. */
		(void)percent_decode(&r->text, value);
	}
}

/* A block is whole: the head of an answer, an interim one's (RFC 9110, 15.2),
 * or the trailers. */
static int
take_block(struct grpc_reply *r)
{
	struct span block = span_after(buf_span(&r->payload), r->block_at);
	struct buf memory = buf_over(r->field, sizeof r->field);
	struct hpack_field f;
	int got;

	r->in_block = false;
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
take_headers(struct grpc_reply *r)
{
	struct span block = buf_span(&r->payload);

	if (r->frame.type == H2_HEADERS) {
		if (h2_unpad(&r->frame, &block) < 0)
			return ERR_PARSE;
		r->block_at = (size_t)(block.p - r->payload.p);
		r->payload.len = r->block_at + block.len;
		r->ends_stream = (r->frame.flags & H2_END_STREAM) != 0;
	}
	r->in_block = true;
	return r->frame.flags & H2_END_HEADERS ? take_block(r) : 0;
}

/* --- other frames --- */

static int
take_data(struct grpc_reply *r)
{
	struct span data = buf_span(&r->payload);

	if (r->status == 0 || h2_unpad(&r->frame, &data) < 0)
		return ERR_PARSE;
	buf_add(&r->data, data);
	if (r->data.cut)
		return ERR_TOOBIG;
	return r->frame.flags & H2_END_STREAM ? end_stream(r) : 0;
}

/* Answers SETTINGS and PING. */
static int
acknowledge(struct grpc_reply *r, struct buf *acks)
{
	bool is_ping = r->frame.type == H2_PING;
	struct span echo = { r->payload.p, is_ping ? r->payload.len : 0 };

	if (is_ping ? echo.len != PING_LEN : r->payload.len % SETTING_LEN != 0)
		return ERR_PARSE;
	if (r->frame.flags & H2_ACK)
		return 0;
	h2_frame_write(acks, (struct h2_frame){
		.len = (uint32_t)echo.len, .type = r->frame.type,
		.flags = H2_ACK,
	});
	buf_add(acks, echo);
	return 0;
}

/* A server that leaves may still answer what it has (6.8). */
static int
take_goaway(struct grpc_reply *r)
{
	if (r->payload.len < GOAWAY_LEN)
		return ERR_PARSE;
	r->error = h2_u32(r->payload.p + NUMBER_LEN);
	if (r->error == H2_NO_ERROR
	 && (h2_u32(r->payload.p) & H2_WINDOW_MAX) >= GRPC_REPLY_STREAM)
		return 0;
	keep_text(r, span_after(buf_span(&r->payload), GOAWAY_LEN));
	return end(r, GRPC_REPLY_GOAWAY);
}

static int
take_reset(struct grpc_reply *r)
{
	if (r->payload.len != NUMBER_LEN)
		return ERR_PARSE;
	r->error = h2_u32(r->payload.p);
	return end(r, GRPC_REPLY_RESET);
}

/* A frame is whole. */
static int
take_frame(struct grpc_reply *r, struct buf *acks)
{
	switch (r->frame.type) {
	case H2_DATA:
		return take_data(r);
	case H2_HEADERS:
	case H2_CONTINUATION:
		return take_headers(r);
	case H2_RST_STREAM:
		return take_reset(r);
	case H2_SETTINGS:
	case H2_PING:
		return acknowledge(r, acks);
	case H2_GOAWAY:
		return take_goaway(r);
	default:	/* it is not known, or does not matter for one answer */
		return 0;
	}
}

/* --- frames from bytes --- */

/* May this frame come now, and on this stream? */
static bool
is_in_turn(const struct grpc_reply *r)
{
	switch (r->frame.type) {
	case H2_DATA:
	case H2_HEADERS:
	case H2_RST_STREAM:
		return !r->in_block && r->frame.stream == GRPC_REPLY_STREAM;
	case H2_CONTINUATION:
		return r->in_block && r->frame.stream == GRPC_REPLY_STREAM;
	case H2_SETTINGS:
	case H2_PING:
	case H2_GOAWAY:
		return !r->in_block && r->frame.stream == 0;
	case H2_PUSH_PROMISE:	/* our SETTINGS forbid it */
		return false;
	default:
		return !r->in_block;
	}
}

/* A frame's head is whole. The first frame shows whether this is HTTP/2 at all
 * (RFC 9113, 3.4). */
static int
begin_frame(struct grpc_reply *r)
{
	r->frame = h2_frame_read(r->head);
	if (r->frames == 0
	 && (r->frame.type != H2_SETTINGS || r->frame.stream != 0
	  || (r->frame.flags & H2_ACK) || r->frame.len > H2_PAYLOAD_MAX))
		return ERR_VERSION;
	if (r->frame.len > H2_PAYLOAD_MAX || !is_in_turn(r))
		return ERR_PARSE;
	if (r->frames++ == GRPC_REPLY_FRAMES_MAX)
		return ERR_FULL;
	if (!r->in_block)
		r->payload.len = 0;
	if (r->payload.len + r->frame.len > r->payload.cap)
		return ERR_TOOBIG;
	r->left = r->frame.len;
	return 0;
}

/* Cuts what is missing of the head off *bytes. */
static int
read_head(struct grpc_reply *r, struct span *bytes)
{
	struct buf head = buf_over(r->head, sizeof r->head);
	size_t n = sizeof r->head - r->head_len;

	if (n > bytes->len)
		n = bytes->len;
	head.len = r->head_len;
	buf_add(&head, (struct span){ bytes->p, n });
	*bytes = span_after(*bytes, n);
	r->head_len = head.len;
	/* No length of ours begins with another byte, but texts do. */
	if (r->frames == 0 && r->head[0] != 0)
		return ERR_VERSION;
	return r->head_len == sizeof r->head ? begin_frame(r) : 0;
}

/* see client/grpc_reply.h */
int
grpc_reply_take(struct grpc_reply *r, struct span bytes, struct buf *acks)
{
	int got = 0;

	while (got == 0 && bytes.len > 0) {
		struct span part = bytes;

		if (r->head_len < sizeof r->head) {
			got = read_head(r, &bytes);
			part.len = 0;
		} else if (part.len > r->left) {
			part.len = r->left;
		}
		buf_add(&r->payload, part);
		bytes = span_after(bytes, part.len);
		r->left -= part.len;
		if (got == 0 && r->head_len == sizeof r->head && r->left == 0) {
			r->head_len = 0;
			got = take_frame(r, acks);
		}
	}
	return got;
}
