/* SPDX-License-Identifier: MIT */
/* fuzz_redact.c - any target as it is read, and a secret in any form that can
 * hold one */
#include "fuzz.h"

#include "base/err.h"
#include "client/redact.h"

#define TEXT_MAX 4096

static const char secret[] = "s3cret";

/* The input may hold the same word, in a path for instance. */
static bool
has_it_once(struct span s)
{
	const char *at = memmem(s.p, s.len, secret, sizeof secret - 1);

	s = span_after(s, (size_t)(at - s.p) + 1);
	return memmem(s.p, s.len, secret, sizeof secret - 1) == NULL;
}

/* What is shown of a target in full, however long. */
static void
show(struct buf *b, struct span text)
{
	static char memory[TARGET_ROOM];
	struct buf parts = buf_over(memory, sizeof memory);
	const char *expected = NULL;
	struct target t;
	int r = target_read(&t, text, &parts, &expected);

	fuzz_must(r == 0 || r == ERR_PARSE || r == ERR_SCHEME
	       || r == ERR_TOOBIG);
	fuzz_must((r == 0) == (t.kind != TARGET_NONE));
	fuzz_must(expected != NULL && *expected != '\0');
	fuzz_must(parts.len <= text.len + 1 && (r == ERR_TOOBIG || !parts.cut));
	redact_target(b, &t);
}

static void
must_hide(struct span target)
{
	static char memory[3 * TEXT_MAX];
	char room[REDACT_ROOM];
	struct buf b = buf_over(memory, sizeof memory);

	if (!has_it_once(target))
		return;
	show(&b, target);
	fuzz_must(memmem(b.p, b.len, secret, sizeof secret - 1) == NULL);
	fuzz_must(strstr(redact_value(room, target), secret) == NULL);
}

/* No control, UTF-8, and not longer than it was but for "...". */
static void
must_be_plain(struct span target)
{
	static char memory[3 * TEXT_MAX], again[3 * TEXT_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	struct buf p = buf_over(again, sizeof again);

	show(&b, target);
	fuzz_must(!b.cut && b.len <= target.len + REDACT_MORE);
	buf_plain(&p, buf_span(&b));
	fuzz_must(p.len == b.len && memcmp(p.p, b.p, p.len) == 0);
}

/*
 * Its own bytes around the secret, of which some are left out: those by which
 * an authority ends or a login starts anew, so that nobody can tell that what
 * precedes them is not the whole target.
 */
static void
add_some(struct buf *b, struct span bytes, const char *without)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.p[i] == '\0' || strchr(without, bytes.p[i]) == NULL)
			buf_add(b, (struct span){ &bytes.p[i], 1 });
}

static void
try_login(const char *head, struct span before, struct span after)
{
	static char memory[2 * TEXT_MAX];
	struct buf b = buf_over(memory, sizeof memory);

	buf_fmt(&b, "%sme:%s", head, secret);
	add_some(&b, before, "@%,");
	buf_str(&b, "@h");
	add_some(&b, after, "@%");
	must_hide(buf_span(&b));
	/* The same with the secret behind other bytes of the password. */
	b.len = 0;
	buf_fmt(&b, "%sme:p", head);
	add_some(&b, before, "@%,/?#0123456789");
	buf_fmt(&b, "%s@h", secret);
	add_some(&b, after, "@%");
	must_hide(buf_span(&b));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const heads[] = {
		"", "http://", "HTTPS://", "tcp:", "tcp://", "unix:",
		"unix://", "http+unix:", "http+unix://", "postgres://",
		"a+b-c.d://", "name=", "name=tcp:", "name=redis://", "http:",
		"http:/", " http://",
	};
	struct span all = { (const char *)data, size }, rest, before;
	static char memory[2 * TEXT_MAX];
	struct buf b = buf_over(memory, sizeof memory);

	if (size > TEXT_MAX / 2)
		return 0;
	must_be_plain(all);
	rest = all;
	before = span_cut(&rest, '\n');
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		try_login(heads[i], before, rest);
	/* A blank that is quoted belongs to the program. */
	buf_str(&b, "exec:/bin/x");
	add_some(&b, before, "\\\"'");
	buf_fmt(&b, " %s", secret);
	must_hide(buf_span(&b));
	return 0;
}
