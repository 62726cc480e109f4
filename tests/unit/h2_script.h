/* SPDX-License-Identifier: MIT */
/*
 * h2_script.h - HTTP/2 of a test, as words: frames to send and those that came
 *
 * A word is NAME, NAME/STREAM, or either with ":ARGUMENT"; "3*ping" are three,
 * and of the stream "+" each has the next number. "check/1:db" is a whole call,
 * "call/1" its head alone.
 */
#ifndef HALE_TESTS_H2_SCRIPT_H
#define HALE_TESTS_H2_SCRIPT_H

#include "hex.h"

#include "base/parse.h"
#include "net/grpc.h"
#include "net/grpc_health.h"
#include "net/h2_frame.h"
#include "net/hpack.h"

#define H2_SCRIPT_MAX 400000	/* bytes of frames, or of their words */
#define H2_TEXT_ROOM 20000	/* bytes of one payload in hexadecimal */

static uint32_t h2_script_next = 1;	/* the stream "+" */

static inline void
h2_script_frame(struct buf *b, unsigned type, unsigned flags, uint32_t stream,
                struct span payload)
{
	h2_frame_write(b, (struct h2_frame){
		.len = (uint32_t)payload.len, .type = (uint8_t)type,
		.flags = (uint8_t)flags, .stream = stream,
	});
	buf_add(b, payload);
}

static inline uint32_t
h2_script_number(struct span s)
{
	uint64_t n = 0;

	if (parse_uint_span(s, UINT32_MAX, &n) < 0)
		abort();
	return (uint32_t)n;
}

static inline struct span
h2_script_hex(struct span digits)
{
	char text[2 * H2_TEXT_ROOM + 1];
	struct buf b = buf_over(text, sizeof text);

	buf_add(&b, digits);
	return guarded_hex(buf_text(&b));
}

/* "4=5,3=1" */
static inline void
h2_script_settings(struct buf *b, struct span list)
{
	char text[6 * 4];
	struct buf payload = buf_over(text, sizeof text);

	while (list.len > 0) {
		struct span value = span_cut(&list, ',');
		struct span id = span_cut(&value, '=');

		h2_write_setting(&payload, h2_script_number(id),
		                 h2_script_number(value));
	}
	h2_script_frame(b, H2_SETTINGS, 0, 0, buf_span(&payload));
}

/* The head of a request; the method of a call, or NULL: GET path. */
static inline void
h2_script_head(struct buf *b, uint32_t id, unsigned flags, const char *method,
               struct span path)
{
	char text[1024], full[64];
	struct buf block = buf_over(text, sizeof text);
	struct buf call = buf_over(full, sizeof full);

	if (method != NULL)
		buf_fmt(&call, GRPC_HEALTH_PATH "%s", method);
	hpack_write(&block, ":method",
	            span_of(method != NULL ? "POST" : "GET"));
	hpack_write(&block, ":scheme", span_of("http"));
	hpack_write(&block, ":path", method != NULL ? buf_span(&call) : path);
	if (method != NULL) {
		hpack_write(&block, "content-type", span_of(GRPC_TYPE));
		hpack_write(&block, "te", span_of("trailers"));
	}
	h2_script_frame(b, H2_HEADERS, flags, id, buf_span(&block));
}

static inline void
h2_script_call(struct buf *b, uint32_t id, const char *method,
               struct span service)
{
	char text[1024], message[1024];
	struct buf m = buf_over(message, sizeof message);
	struct buf content = buf_over(text, sizeof text);

	grpc_health_write_request(&m, service);
	grpc_write_prefix(&content, m.len);
	buf_add(&content, buf_span(&m));
	h2_script_head(b, id, H2_END_HEADERS, method, service);
	h2_script_frame(b, H2_DATA, H2_END_STREAM, id, buf_span(&content));
}

/* Names of whole calls, and of frames whose payload is in hexadecimal. */
static const char *const h2_script_calls[][2] = {
	{ "check", "Check" }, { "watch", "Watch" }, { "list", "List" },
};
static const struct h2_script_plain {
	const char *name;
	unsigned    type, flags;
	const char *payload;	/* if no argument is given */
} h2_script_plains[] = {
	{ "data", H2_DATA, 0, "" },
	{ "padded", H2_DATA, H2_PADDED, "" },
	{ "end", H2_DATA, H2_END_STREAM, "" },
	{ "headers", H2_HEADERS, H2_END_HEADERS, "" },
	{ "part", H2_HEADERS, 0, "" },
	{ "more", H2_CONTINUATION, 0, "" },
	{ "last", H2_CONTINUATION, H2_END_HEADERS, "" },
	{ "trailers", H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, "" },
	{ "ack", H2_SETTINGS, H2_ACK, "" },
	{ "ping", H2_PING, 0, "0102030405060708" },
	{ "pong", H2_PING, H2_ACK, "0102030405060708" },
	{ "priority", H2_PRIORITY, 0, "0000000010" },
	{ "goaway", H2_GOAWAY, 0, "0000000000000000" },
	{ "push", H2_PUSH_PROMISE, 0, "00000000" },
	{ "unknown", 0x42, 0xff, "01" },
};

static inline void
h2_script_add_plain(struct buf *b, struct span name, uint32_t id,
                    struct span arg)
{
	for (size_t i = 0; i < sizeof h2_script_plains
	                       / sizeof h2_script_plains[0]; i++) {
		const struct h2_script_plain *p = &h2_script_plains[i];

		if (!span_is(name, p->name))
			continue;
		h2_script_frame(b, p->type, p->flags, id, h2_script_hex(
		                arg.len > 0 ? arg : span_of(p->payload)));
		return;
	}
	abort();
}

static inline void
h2_script_add(struct buf *b, struct span name, uint32_t id, struct span arg)
{
	for (int i = 0; i < 3; i++)
		if (span_is(name, h2_script_calls[i][0])) {
			h2_script_call(b, id, h2_script_calls[i][1], arg);
			return;
		}
	if (span_is(name, "pri"))
		buf_str(b, H2_PREFACE);
	else if (span_is(name, "raw"))
		buf_add(b, h2_script_hex(arg));
	else if (span_is(name, "settings"))
		h2_script_settings(b, arg);
	else if (span_is(name, "get"))
		h2_script_head(b, id, H2_END_HEADERS | H2_END_STREAM, NULL,
		               arg);
	else if (span_is(name, "call"))
		h2_script_head(b, id, H2_END_HEADERS, "Check", arg);
	else if (span_is(name, "rst"))
		h2_write_number(b, H2_RST_STREAM, id, H2_CANCEL);
	else if (span_is(name, "window"))
		h2_write_number(b, H2_WINDOW_UPDATE, id, h2_script_number(arg));
	else
		h2_script_add_plain(b, name, id, arg);
}

/* Appends the frames of these words. */
static inline void
h2_script_write(struct buf *b, const char *words)
{
	struct span rest = span_of(words);

	while (rest.len > 0) {
		struct span arg = span_cut(&rest, ' ');
		struct span name, id;
		uint32_t n = 1, stream = 0;

		if (memchr(arg.p, '*', arg.len) != NULL)
			n = h2_script_number(span_cut(&arg, '*'));
		id = span_cut(&arg, ':');
		name = span_cut(&id, '/');
		if (id.len > 0 && !span_is(id, "+"))
			stream = h2_script_number(id);
		for (; n > 0; n--) {
			if (span_is(id, "+")) {
				stream = h2_script_next;
				h2_script_next += 2;
			}
			h2_script_add(b, name, stream, arg);
		}
	}
	assert_false(b->cut);
}

/* --- what came --- */

/* ":200" and, where there is one, gRPC's code: ":200,5". */
static inline void
h2_script_show_fields(struct buf *b, struct span block)
{
	char text[HPACK_MEMORY];
	struct buf memory = buf_over(text, sizeof text);
	struct hpack table;
	struct hpack_field f;
	const char *mark = ":";
	int r;

	hpack_init(&table);
	hpack_begin(&table);
	while ((r = hpack_next(&table, &block, &f, &memory)) > 0)
		if (span_is(f.name, ":status")
		 || span_is(f.name, "grpc-status")) {
			buf_str(b, mark);
			buf_add(b, f.value);
			mark = ",";
		}
	assert_int_equal(r, 0);
}

/* Short content in hexadecimal, or how long it is. */
static inline void
h2_script_show_bytes(struct buf *b, struct span s)
{
	if (s.len > 20) {
		buf_fmt(b, ":%d", (int)s.len);
		return;
	}
	buf_str(b, s.len > 0 ? ":" : "");
	for (size_t i = 0; i < s.len; i++) {
		static const char digits[] = "0123456789abcdef";
		const char pair[] = { digits[(unsigned char)s.p[i] >> 4],
		                      digits[s.p[i] & 15] };

		buf_add(b, (struct span){ pair, 2 });
	}
}

static inline void
h2_script_show_frame(struct buf *b, const struct h2_frame *f, struct span p)
{
	static const char names[][9] = {
		"DATA", "HEADERS", "PRIORITY", "RST", "SETTINGS", "PUSH",
		"PING", "GOAWAY", "WINDOW",
	};
	bool ends = (f->flags & H2_END_STREAM) != 0;

	assert_true(f->type < sizeof names / sizeof names[0]);
	buf_str(b, names[f->type]);
	if (f->stream > 0)
		buf_fmt(b, "/%d", (int)f->stream);
	if (f->type == H2_SETTINGS || f->type == H2_PING)
		buf_str(b, ends ? "+ack" : "");
	else
		buf_str(b, ends ? "+end" : "");
	if (f->type == H2_DATA)
		h2_script_show_bytes(b, p);
	else if (f->type == H2_HEADERS)
		h2_script_show_fields(b, p);
	else if (f->type == H2_GOAWAY)
		buf_fmt(b, ":%d,%d", (int)h2_u32(p.p), (int)h2_u32(p.p + 4));
	else if (f->type == H2_RST_STREAM || f->type == H2_WINDOW_UPDATE)
		buf_fmt(b, ":%d", (int)h2_u32(p.p));
}

/* The words of whole frames. Lives until the next call. */
static inline const char *
h2_script_show(struct span bytes)
{
	static char text[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text);

	while (bytes.len > 0) {
		struct h2_frame f;

		assert_true(bytes.len >= H2_HEAD_LEN);
		f = h2_frame_read(bytes.p);
		bytes = span_after(bytes, H2_HEAD_LEN);
		assert_true(bytes.len >= f.len);
		buf_str(&b, b.len > 0 ? " " : "");
		h2_script_show_frame(&b, &f, (struct span){ bytes.p, f.len });
		bytes = span_after(bytes, f.len);
	}
	return buf_text(&b);
}

#endif
