/* SPDX-License-Identifier: MIT */
/* fuzz_writeout.c - "-w's format \0 a URL \0 a server's head": what is printed,
 * and how long its Retry-After asks to wait */
#include "fuzz.h"

#include "base/log.h"
#include "cmd/cmd.h"
#include "get/get.h"

#define DAY_MS 86400000

/* The command's own, of which only get_write_out() makes use. */
__attribute__((weak)) int
cmd_print(struct span text)
{
	(void)text;
	return CMD_OK;
}

/* Copies the bytes up to a NUL or the end, which text then has. */
static void
take_text(struct span *rest, char *text, size_t cap)
{
	struct span part = span_cut(rest, '\0');

	if (part.len > cap - 1)
		part.len = cap - 1;
	if (part.len > 0)
		memcpy(text, part.p, part.len);
	text[part.len] = '\0';
}

static void
must_print(const char *format, const struct get_result *r)
{
	size_t cap = get_format_max(format, r);
	char *memory = malloc(cap + 1);
	struct buf b = buf_over(memory, cap);

	fuzz_must(memory != NULL);
	get_format(&b, format, r);
	fuzz_must(!b.cut);
	if (strpbrk(format, "%\\") == NULL)
		fuzz_must(span_is(buf_span(&b), format));
	free(memory);
}

static void
must_wait(const struct get_result *r, int64_t now_s)
{
	int64_t ms = get_retry_after_ms(r, now_s);
	int64_t later = get_retry_after_ms(r, now_s + 1);

	fuzz_must(ms >= 0 && ms <= DAY_MS);
	fuzz_must(later == ms || later == ms - 1000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct get_result r;
	static char format[300], asked[300], head[20000];
	struct span rest = { (const char *)data, size };
	struct reply reply = { 0 };

	log_level(LOG_ERROR);	/* unknown variables are no news here */
	take_text(&rest, format, sizeof format);
	take_text(&rest, r.url, sizeof r.url);
	memcpy(asked, r.url, sizeof asked - 1);
	r.asked = asked;
	r.file = r.method = "out";
	r.more = (struct span){ asked, size % 3 };
	r.as_is = size % 2;
	r.head = NULL;
	r.head_len = 0;
	if (rest.len > 0 && reply_read(&reply, rest.p, rest.len) > 0
	 && reply.fields.len <= sizeof head) {
		r.status = reply.status;
		r.head = memcpy(head, reply.fields.p, reply.fields.len);
		r.head_len = reply.fields.len;
	}
	memcpy(r.redirect, r.url, sizeof r.redirect);
	must_print(format, &r);
	must_wait(&r, 0);
	must_wait(&r, 784111777);	/* 6 November 1994, as RFC 9110 has it */
	return 0;
}
