/* SPDX-License-Identifier: MIT */
/*
 * h2_end.h - net/h2.h between a test's bytes and a model of its owner
 *
 * In words of h2_script.h. Time, the services and the answers are the test's.
 */
#ifndef HALE_TESTS_H2_END_H
#define HALE_TESTS_H2_END_H

#include "h2_script.h"

#include "net/h2_answer.h"

#define OPEN    "pri settings "
#define OPENED  "SETTINGS SETTINGS+ack"
#define SERVING "00000000020801"
#define ANSWERED(id) "HEADERS/" id ":200 DATA/" id ":" SERVING
#define CHECKED(id)  ANSWERED(id) " HEADERS/" id "+end:0"

static struct h2 end;
static struct h2_scratch end_scratch;
static int64_t end_now_ms;
static enum server_kind end_kind;
static bool end_may_watch, end_is_serving;
static size_t end_content_len;	/* of an answer in HTTP */
static struct server_ask end_asked;	/* the last one; its texts are gone */
static char end_path[64];		/* .. but for this */
static unsigned end_turns;		/* that the last bytes took */

/* Bytes that the connection has not taken, and frames that it has sent. */
static char end_in[H2_SCRIPT_MAX];
static size_t end_in_len;
static struct buf end_out;

static void
end_answer(void *owner, const struct server_ask *ask, struct buf *out)
{
	static char content[SERVER_OUT_MAX];
	struct buf path = buf_over(end_path, sizeof end_path);

	assert_ptr_equal(owner, &end);
	end_asked = *ask;
	buf_add(&path, ask->req.path);
	(void)buf_text(&path);
	memset(content, 'A', sizeof content);
	h2_answer_write(out, &(struct http_answer){
		.status = ask->err == 0 ? 200 : 431, .type = "text/plain",
		.extra = "", .body = { content, end_content_len },
		.is_head = span_is(ask->req.method, "HEAD"),
	});
}

static void
end_services(void *owner, struct server_services *into)
{
	static const char *const names[] = { "", "live", "ready", "db" };

	assert_ptr_equal(owner, &end);
	into->n = 4;
	into->n_probes = 3;
	for (size_t i = 0; i < into->n; i++)
		into->of[i] = (struct server_service){
			span_of(names[i]), end_is_serving,
		};
}

static int
end_open(void **state)
{
	static char memory[8 * SERVER_OUT_MAX];

	(void)state;
	h2_init(&end);
	end_now_ms = 1000000;
	end_kind = SERVER_PUBLIC;
	end_may_watch = end_is_serving = true;
	end_content_len = 3;
	end_in_len = 0;
	end_out = buf_over(memory, sizeof memory);
	h2_script_next = 1;
	return 0;
}

/* Its out ends at a page that cannot be written. */
static struct h2_turn
end_begin(struct buf *out)
{
	*out = guarded_buf(SERVER_OUT_MAX);
	return (struct h2_turn){
		.out = out, .now_ms = end_now_ms, .answer = end_answer,
		.services = end_services, .owner = &end,
		.ask = { .kind = end_kind, .is_h2 = true, .keep = true },
		.may_watch = end_may_watch, .scratch = &end_scratch,
	};
}

static void
end_finish(struct buf *out)
{
	size_t watches = 0;

	assert_false(out->cut);
	buf_add(&end_out, buf_span(out));
	assert_false(end_out.cut);
	assert_true(end.n <= H2_STREAMS_MAX);
	for (size_t i = 0; i < end.n; i++)
		watches += end.streams[i].state == H2_WATCHES;
	assert_int_equal(watches, end.n_watches);
}

/* Turns over what has come, until it wants no other. */
static void
end_take(struct span bytes)
{
	bool again = true;

	assert_true(bytes.len <= sizeof end_in - end_in_len);
	memcpy(end_in + end_in_len, bytes.p, bytes.len);
	end_in_len += bytes.len;
	for (end_turns = 0; again; end_turns++) {
		size_t shown = end_in_len < GUARD_ROOM ? end_in_len
		                                       : GUARD_ROOM;
		struct buf out;
		struct h2_turn t = end_begin(&out);
		size_t used = h2_read(&end, &t, guarded(end_in, shown), shown,
		                      &again);

		assert_true(end_turns < 10000);
		assert_true(used <= shown);
		assert_true(!again || used > 0 || out.len > 0);
		again |= used > 0 && shown < end_in_len && !end.is_over;
		end_in_len -= used;
		memmove(end_in, end_in + used, end_in_len);
		end_finish(&out);
	}
}

/* What has been sent since it was asked last. */
static const char *
end_sent(void)
{
	const char *words = h2_script_show(buf_span(&end_out));

	end_out.len = 0;
	return words;
}

/* Takes the frames of these words; returns what it sends. */
static const char *
end_hear(const char *words)
{
	static char text[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text);

	h2_script_write(&b, words);
	end_take(buf_span(&b));
	return end_sent();
}

static const char *
end_turn_of(void (*run)(struct h2 *h, struct h2_turn *t))
{
	struct buf out;
	struct h2_turn t = end_begin(&out);

	run(&end, &t);
	end_finish(&out);
	return end_sent();
}

#define END_TEST(run) unit_add_with(#run, run, NULL, end_open, NULL)
#define END_ROWS(run, rows) \
	do { \
		for (size_t i_ = 0; i_ < sizeof (rows) / sizeof (rows)[0]; \
		     i_++) \
			unit_add_with((rows)[i_].name, run, &(rows)[i_], \
			              end_open, NULL); \
	} while (0)

#endif
