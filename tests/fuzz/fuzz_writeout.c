/* SPDX-License-Identifier: MIT */
/* fuzz_writeout.c - "-w's format \0 a URL \0 a server's head": what is printed,
 * and how long its Retry-After asks to wait */
#include "fuzz.h"

#include "client/reply.h"
#include "get/retry_after.h"
#include "get/writeout.h"

#define DAY_MS 86400000

static void
ignore(struct span name)
{
	fuzz_must(name.len == 0 || name.p != NULL);
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
must_print(const char *format, const struct result *r)
{
	size_t cap = writeout_max(format, r);
	char *memory = malloc(cap + 1);
	struct buf b = buf_over(memory, cap);

	fuzz_must(memory != NULL);
	writeout_write(&b, format, r, ignore);
	fuzz_must(!b.cut);
	if (strpbrk(format, "%\\") == NULL)
		fuzz_must(span_is(buf_span(&b), format));
	free(memory);
}

static void
must_wait(const struct result *r, int64_t now_s)
{
	int64_t ms = retry_after_ms(result_head(r), now_s);
	int64_t later = retry_after_ms(result_head(r), now_s + 1);

	fuzz_must(ms >= 0 && ms <= DAY_MS);
	fuzz_must(later == ms || later == ms - 1000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct result r;
	static char format[300], given[300], head[20000];
	struct span rest = { (const char *)data, size };
	struct reply reply = { 0 };

	take_text(&rest, format, sizeof format);
	take_text(&rest, r.url, sizeof r.url);
	memcpy(given, r.url, sizeof given - 1);
	r.given = given;
	r.file = r.method = "out";
	r.more = (struct span){ given, size % 3 };
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
	must_wait(&r, 784111777);	/* RFC 9110's 6 November 1994 */
	return 0;
}
