/* SPDX-License-Identifier: MIT */
/* test_port_clash.c - did the service want the port that hale listens on? */
#include "unit.h"

#include "sup/port_clash.h"

#define ODD 4253	/* nobody's default */

static const struct row {
	const char *name;
	unsigned    port;
	int         code;
	int64_t     lived_ms;
	const char *argv[3], *env_port;
	bool        want;
} rows[] = {
	{ "PORT is that port", ODD, 1, 5, { "app" }, "4253", true },
	{ "PORT has an address", ODD, 9, 5, { "app" }, "0.0.0.0:4253", true },
	{ "PORT is another", ODD, 1, 5, { "app" }, "8000", false },
	{ "PORT is empty", ODD, 1, 5, { "app" }, "", false },
	{ "PORT is longer", ODD, 1, 5, { "app" }, "42530", false },
	{ "PORT is shorter", ODD, 1, 5, { "app" }, "425", false },
	{ "PORT ends in it", ODD, 1, 5, { "app" }, "14253", false },
	{ "PORT is very long", ODD, 1, 5, { "app" },
	  "184467440737095556169", false },
	{ "zeros before it", ODD, 1, 5, { "app" }, "0004253", true },
	{ "a word is that port", ODD, 1, 5, { "app", "4253" }, NULL, true },
	{ "an option has it", ODD, 1, 5, { "app", "--listen=:4253" }, NULL,
	  true },
	{ "a word is another number", ODD, 1, 5, { "app", "x42534" }, NULL,
	  false },
	{ "the program's own name has it", ODD, 1, 5, { "app4253" }, NULL,
	  false },
	{ "no word at all", ODD, 1, 5, { NULL }, NULL, false },
	{ "nothing names it", ODD, 1, 5, { "app" }, NULL, false },
	{ "nothing names a common one", 8080, 1, 5, { "app" }, NULL, true },
	{ "the same, code 2", 8080, 2, 5, { "app" }, NULL, true },
	{ "the same, a code of its own", 8080, 3, 5, { "app" }, NULL, false },
	{ "a common one's neighbour", 8081, 1, 5, { "app" }, NULL, false },
	{ "the first common one", 80, 1, 5, { "app" }, NULL, true },
	{ "the last common one", 8443, 1, 5, { "app" }, NULL, true },
	{ "it succeeded", 8080, 0, 5, { "app" }, "8080", false },
	{ "a signal ended it", 8080, 137, 5, { "app" }, "8080", false },
	{ "the last code of its own", 8080, 125, 5, { "app" }, "8080", true },
	{ "what a shell could not start", 8080, 127, 5, { "sh" }, "8080", false },
	{ "the first of signals", 8080, 128, 5, { "app" }, "8080", false },
	{ "as late as may be", 8080, 1, PORT_CLASH_SOON_MS - 1, { "app" }, "8080",
	  true },
	{ "too late", 8080, 1, PORT_CLASH_SOON_MS, { "app" }, "8080", false },
	{ "no port, a unix socket", 0, 1, 5, { "app", "0" }, "0", false },
};

static void
clashes(void **state)
{
	const struct row *r = *state;
	char *argv[4] = { NULL };
	struct port_clash c = {
		.code = r->code, .lived_ms = r->lived_ms, .argv = argv,
	};

	for (size_t i = 0; i < 3 && r->argv[i] != NULL; i++)
		argv[i] = guarded_text(r->argv[i]);
	if (r->env_port != NULL)
		c.env_port = guarded_text(r->env_port);
	assert_int_equal(port_clash_is_likely(&c, r->port), r->want);
}

int
main(void)
{
	UNIT_ROWS(clashes, rows);
	return unit_run("sup/port_clash");
}
