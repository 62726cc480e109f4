/* SPDX-License-Identifier: MIT */
/* test_checkname.c - what a check is called: never by its secrets */
#include "unit.h"

#include "client/checkname.h"

static const struct row {
	const char *name, *url, *want;
} rows[] = {
	{ "a plain URL", "http://127.0.0.1:80/hz", "http://127.0.0.1:80/hz" },
	{ "no user", "http://me:pw@host/a", "http://host/a" },
	{ "no user with an @", "http://me:p@w@host/a", "http://host/a" },
	{ "an @ in the path stays", "http://host/a@b", "http://host/a@b" },
	{ "no user before a query", "http://u@h?q=@x", "http://h" },
	{ "no query", "http://host/a?token=1", "http://host/a" },
	{ "no fragment", "http://host/a#b", "http://host/a" },
	{ "tcp", "tcp:127.0.0.1:5432", "tcp:127.0.0.1:5432" },
	{ "an abstract socket", "unix:@name", "unix:@name" },
	{ "a socket's file", "unix:/run/s", "unix:/run/s" },
	{ "exec: only the program", "exec:/bin/sh -c 'x'", "exec:/bin/sh" },
	{ "exec: without arguments", "exec:/bin/true", "exec:/bin/true" },
	{ "quotes and their like", "unix:/a\"b\\c<d&e f", "unix:/a?b?c?d?e?f" },
	{ "control bytes", "unix:/a\n\x1b\x7f\xc3", "unix:/a????" },
	{ "nothing", "", "" },
	{ "only a scheme", "http://", "http://" },
};

static void
is_called(void **state)
{
	const struct row *r = *state;
	char got[128];
	struct buf b = buf_over(got, sizeof got);

	checkname_write(&b, guarded_span(r->url));
	assert_string_equal(r->want, buf_text(&b));
}

static const struct cut {
	const char *name, *text, *want, *rest;
} cuts[] = {
	{ "a name", "db=tcp:h:1", "db", "tcp:h:1" },
	{ "all that a name may have", "A-z_0.9=x:", "A-z_0.9", "x:" },
	{ "none", "tcp:h:1", "", "tcp:h:1" },
	{ "an = further on is no name's", "http://h/?a=b", "", "http://h/?a=b" },
	{ "empty", "=tcp:h:1", "", "=tcp:h:1" },
	{ "nothing", "", "", "" },
	{ "only letters", "name", "", "name" },
	{ "a name and nothing", "name=", "name", "" },
};

static void
is_cut(void **state)
{
	const struct cut *c = *state;
	struct span text = guarded_span(c->text);
	struct span name = checkname_cut(&text);

	assert_span_equal(c->want, name);
	assert_span_equal(c->rest, text);
}

int
main(void)
{
	UNIT_ROWS(is_called, rows);
	UNIT_ROWS(is_cut, cuts);
	return unit_run("client/checkname");
}
