/* SPDX-License-Identifier: MIT */
/*
 * fuzz_h2.c - bytes of a client by HTTP/2, its preface included
 *
 * Three times: as they come, in pieces, and in pieces between which time and
 * the services change. The first two must be answered the same, but for where
 * DATA is cut; in all of them what is sent are whole frames, and the
 * connection's numbers agree with each other.
 */
#include "fuzz.h"

#include "base/clock.h"
#include "net/h2_answer.h"
#include "net/h2_send.h"
#include "net/server.h"

#define SENT_MAX  (64 * 1024 * 1024)	/* bytes of a pass */
#define TURNS_MAX 100000
#define PIECE_MAX 700	/* bytes */

/* What one pass has sent, in frames of which no two are DATA of one stream. */
struct pass {
	char    *bytes;
	size_t   len;
	size_t   data_at;	/* the last frame, if that is DATA .. */
	uint32_t data_of;	/* .. of this stream, or 0 */
	bool     has_left;	/* GOAWAY was sent */
};

static struct h2 h;
static struct h2_scratch scratch;
static char in[SERVER_IN_MAX];
static size_t in_len;
static int64_t now_ms;
static bool is_serving, may_watch;
static uint32_t luck;	/* of the third pass and of pieces */

static uint32_t
draw(uint32_t below)
{
	luck = luck * 1664525 + 1013904223;
	return (luck >> 8) % below;
}

/* Content as long as the path's first byte wants. */
static void
answer(void *owner, const struct server_ask *ask, struct buf *out)
{
	static char content[SERVER_OUT_MAX - 1024];
	size_t most = sizeof content;
	struct http_answer a = {
		.status = ask->err == 0 ? 200 : 431, .type = "text/plain",
		.extra = "Allow: GET\r\n",
	};

	(void)owner;
	if (ask->req.path.len > 1)
		most = (size_t)(unsigned char)ask->req.path.p[1] * 124;
	a.body = (struct span){ content, most };
	a.is_head = span_is(ask->req.method, "HEAD");
	h2_answer_write(out, &a);
}

static void
services(void *owner, struct server_services *into)
{
	static const char *const names[] = { "", "live", "ready", "db" };

	(void)owner;
	into->n = sizeof names / sizeof names[0];
	into->n_probes = 3;
	for (size_t i = 0; i < into->n; i++)
		into->of[i] = (struct server_service){
			span_of(names[i]), is_serving,
		};
}

static struct h2_turn
begin_turn(struct buf *out)
{
	static char memory[SERVER_OUT_MAX];

	*out = buf_over(memory, sizeof memory);
	return (struct h2_turn){
		.out = out, .now_ms = now_ms, .answer = answer,
		.services = services, .may_watch = may_watch,
		.ask = { .is_h2 = true, .keep = true }, .scratch = &scratch,
	};
}

/* --- what must hold --- */

static void
must_agree(void)
{
	size_t watches = 0;
	bool is_held = h.held_id == 0;

	fuzz_must(h.n <= H2_STREAMS_MAX && h.window >= 0);
	for (size_t i = 0; i < h.n; i++) {
		const struct h2_stream *s = &h.streams[i];

		watches += s->state == H2_WATCHES;
		is_held |= s->id == h.held_id;
		fuzz_must((s->id & 1) != 0 && s->id <= h.last);
		fuzz_must(s->text_at <= s->text_len
		          && s->text_len <= H2_TEXT_MAX);
		fuzz_must(s->state != H2_SENDS || h2_has_unsent(&h, s));
		for (size_t k = 0; k < i; k++)
			fuzz_must(h.streams[k].id != s->id);
	}
	fuzz_must(watches == h.n_watches && is_held);
	fuzz_must(h.block_len <= H2_BLOCK_MAX);
}

static void
add_frame(struct pass *p, const struct h2_frame *f, struct span whole)
{
	struct buf b = { p->bytes, p->len, SENT_MAX, false };

	if (f->type == H2_DATA && p->data_of == f->stream) {
		p->bytes[p->data_at + 4] |= (char)f->flags;
		whole = span_after(whole, H2_HEAD_LEN);
	} else {
		p->data_at = p->len;
		p->data_of = f->type == H2_DATA ? f->stream : 0;
	}
	buf_add(&b, whole);
	fuzz_must(!b.cut);
	p->len = b.len;
	if (f->type == H2_DATA)	/* its length is where it was cut */
		memset(p->bytes + p->data_at, 0, 3);
}

/* Whole frames, none longer than any client takes. */
static void
end_turn(struct pass *p, const struct buf *out)
{
	struct span rest = buf_span(out);

	fuzz_must(!out->cut);
	while (rest.len > 0) {
		struct h2_frame f;

		fuzz_must(rest.len >= H2_HEAD_LEN);
		f = h2_frame_read(rest.p);
		fuzz_must(f.len <= H2_PAYLOAD_MAX
		          && rest.len >= H2_HEAD_LEN + f.len);
		fuzz_must(f.type != H2_DATA || f.len > 0);
		fuzz_must(!p->has_left);	/* it is the last frame */
		p->has_left = f.type == H2_GOAWAY;
		add_frame(p, &f, (struct span){ rest.p, H2_HEAD_LEN + f.len });
		rest = span_after(rest, H2_HEAD_LEN + f.len);
	}
	fuzz_must(p->has_left == (h.is_over && h.has_preface));
	must_agree();
}

/* --- the connection, as net/conn.c has it --- */

static void
read_on(struct pass *p)
{
	bool again = true;

	for (int i = 0; again; i++) {
		struct buf out;
		struct h2_turn t = begin_turn(&out);
		size_t used = h2_read(&h, &t, in, in_len, &again);

		fuzz_must(i < TURNS_MAX && used <= in_len);
		fuzz_must(!again || used > 0 || out.len > 0);
		in_len -= used;
		memmove(in, in + used, in_len);
		end_turn(p, &out);
	}
	fuzz_must(h.is_over || in_len < sizeof in);	/* it would wait */
}

static void
begin_pass(struct pass *p, size_t size)
{
	static char memory[2][SENT_MAX];
	static int next;

	*p = (struct pass){ .bytes = memory[next++ & 1] };
	h2_init(&h);
	in_len = 0;
	now_ms = 5000;
	is_serving = may_watch = true;
	luck = (uint32_t)size;
}

static void
hear(struct pass *p, const uint8_t *data, size_t len)
{
	while (len > 0 && !h.is_over) {
		size_t n = sizeof in - in_len;

		n = n < len ? n : len;
		memcpy(in + in_len, data, n);
		in_len += n;
		data += n;
		len -= n;
		read_on(p);
	}
}

static void
run(struct pass *p, void (*act)(struct h2 *h, struct h2_turn *t))
{
	struct buf out;
	struct h2_turn t = begin_turn(&out);

	act(&h, &t);
	end_turn(p, &out);
}

/* Something happens between two pieces. */
static void
happen(struct pass *p)
{
	switch (draw(6)) {
	case 0:
		is_serving = !is_serving;
		run(p, h2_tell);
		break;
	case 1:
		now_ms += draw(2 * H2_WAIT_MS);
		break;
	case 2:
		may_watch = !may_watch;
		break;
	case 3:
		if (draw(20) == 0)
			run(p, h2_leave);
	}
	if (!h.is_over && h2_deadline(&h) <= now_ms) {
		run(p, h2_expire);
		fuzz_must(h.is_over || h2_deadline(&h) > now_ms);
	}
}

static void
hear_in_pieces(struct pass *p, const uint8_t *data, size_t size,
               bool things_happen)
{
	begin_pass(p, size);
	while (size > 0 && !h.is_over) {
		size_t n = 1 + draw(draw(3) == 0 ? 12 : PIECE_MAX);

		n = n < size ? n : size;
		hear(p, data, n);
		data += n;
		size -= n;
		if (things_happen && !h.is_over)
			happen(p);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pass whole, pieces, changes;

	begin_pass(&whole, size);
	hear(&whole, data, size);
	hear_in_pieces(&pieces, data, size, false);
	fuzz_must(whole.len == pieces.len
	          && memcmp(whole.bytes, pieces.bytes, whole.len) == 0);
	hear_in_pieces(&changes, data, size, true);
	if (!h.is_over) {
		run(&changes, h2_leave);
		fuzz_must(h.is_over);
	}
	return 0;
}
