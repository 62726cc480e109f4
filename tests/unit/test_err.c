/* SPDX-License-Identifier: MIT */
/* test_err.c - every error has words of its own */
#include "unit.h"

#include "base/err.h"

#include <errno.h>

static const struct row {
	const char *name;
	int         err;
	const char *text;
} rows[] = {
	{ "a parse error is worded", ERR_PARSE, "malformed" },
	{ "a value out of range is worded", ERR_RANGE, "out of range" },
	{ "what is too long is worded", ERR_TOOBIG, "too long" },
	{ "a full table is worded", ERR_FULL, "too many" },
	{ "a foreign version is worded", ERR_VERSION,
	  "unsupported protocol version" },
	{ "a wrong peer is worded", ERR_PEER,
	  "the other end is not who it should be" },
	{ "a deadline is worded", ERR_TIMEOUT, "timed out" },
	{ "a program that was killed is worded", ERR_KILLED,
	  "killed by SIGKILL" },
	{ "a check that could not be run is worded", ERR_NOT_RUN,
	  "could not be run" },
	{ "an errno is worded by libc", -ENOENT, "No such file or directory" },
	{ "the first errno is worded", -1, "Operation not permitted" },
};

static void
words_are(void **state)
{
	const struct row *r = *state;

	assert_string_equal(err_text(r->err), r->text);
}

static void
every_number_has_words(void **state)
{
	(void)state;
	for (int err = -6000; err < 0; err++)
		assert_non_null(err_text(err));
}

static void
a_shortage_is_what_the_machine_has_no_more_of(void **state)
{
	static const int short_of[] = {
		-EAGAIN, -ENOMEM, -EMFILE, -ENFILE, -ENOBUFS,
	};

	(void)state;
	for (int err = -6000; err <= 1; err++) {
		bool wanted = false;

		for (size_t i = 0; i < sizeof short_of / sizeof *short_of; i++)
			wanted |= err == short_of[i];
		assert_int_equal(wanted, err_is_shortage(err));
	}
}

int
main(void)
{
	UNIT_ROWS(words_are, rows);
	UNIT_TEST(every_number_has_words);
	UNIT_TEST(a_shortage_is_what_the_machine_has_no_more_of);
	return unit_run("base/err");
}
