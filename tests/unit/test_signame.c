/* SPDX-License-Identifier: MIT */
/* test_signame.c - signals by name and by number */
#include "unit.h"

#include "base/err.h"
#include "base/signame.h"

#include <signal.h>

#define ROOM 32

static const struct row {
	const char *name, *text;
	int         sig;
} rows[] = {
	{ "a short name", "TERM", SIGTERM },
	{ "a long name", "SIGTERM", SIGTERM },
	{ "lower case", "term", SIGTERM },
	{ "mixed case", "sIgUsR1", SIGUSR1 },
	{ "a number", "15", 15 },
	{ "the first number", "1", 1 },
	{ "the last number", "64", 64 },
	{ "a number without a name", "32", 32 },
	{ "the longest names", "VTALRM", SIGVTALRM },
	{ "a second name of a signal", "IOT", SIGABRT },
	{ "a second name with SIG", "SIGPOLL", SIGIO },
	{ "the child signal's old name", "CLD", SIGCHLD },
	{ "the first real-time one", "RTMIN", 34 },
	{ "the first real-time one with SIG", "SIGRTMIN", 34 },
	{ "a real-time one from the start", "RTMIN+3", 37 },
	{ "the last from the start", "rtmin+30", 64 },
	{ "one past the last from the start", "RTMIN+31", ERR_PARSE },
	{ "the last real-time one", "RTMAX", 64 },
	{ "a real-time one from the end", "SIGRTMAX-1", 63 },
	{ "the first from the end", "RTMAX-30", 34 },
	{ "one before the first from the end", "RTMAX-31", ERR_PARSE },
	{ "a step that overflows", "RTMIN+99999999999999999999", ERR_PARSE },
	{ "below the first", "RTMIN-1", ERR_PARSE },
	{ "above the last", "RTMAX+1", ERR_PARSE },
	{ "a step without a number", "RTMIN+", ERR_PARSE },
	{ "a step of two signs", "RTMIN+-1", ERR_PARSE },
	{ "a word behind", "RTMINx", ERR_PARSE },
	{ "number zero", "0", ERR_PARSE },
	{ "one past the last number", "65", ERR_PARSE },
	{ "a number that no type holds", "99999999999999999999", ERR_PARSE },
	{ "a minus", "-1", ERR_PARSE },
	{ "nothing", "", ERR_PARSE },
	{ "SIG alone", "SIG", ERR_PARSE },
	{ "SIG twice", "SIGSIGTERM", ERR_PARSE },
	{ "SIG with a number", "SIG15", ERR_PARSE },
	{ "a start of a name", "TER", ERR_PARSE },
	{ "more than a name", "TERMS", ERR_PARSE },
	{ "a blank", "TERM ", ERR_PARSE },
};

static void
reads_the_signal(void **state)
{
	const struct row *r = *state;

	assert_int_equal(signame_parse(guarded_text(r->text)), r->sig);
}

static const struct row words[] = {
	{ "the first", "SIGHUP", 1 },
	{ "the one name of an aborted one", "SIGABRT", SIGABRT },
	{ "the one name of an input one", "SIGIO", SIGIO },
	{ "the one name of a child's", "SIGCHLD", SIGCHLD },
	{ "what libc keeps for itself", "signal 32", 32 },
	{ "the other that libc keeps", "signal 33", 33 },
	{ "the first of the real-time ones", "SIGRTMIN", 34 },
	{ "the second real-time one", "SIGRTMIN+1", 35 },
	{ "the last but one of the real-time ones", "SIGRTMIN+29", 63 },
	{ "the last of the real-time ones", "SIGRTMAX", 64 },
	{ "none", "signal 0", 0 },
	{ "past the last", "signal 65", 65 },
	{ "a negative one", "signal -1", -1 },
};

static void
writes_the_signal(void **state)
{
	const struct row *r = *state;
	struct buf b = guarded_buf(ROOM);

	signame_write(&b, r->sig);
	assert_span_equal(r->text, buf_span(&b));
}

static void
every_signal_is_read_back_as_written(void **state)
{
	(void)state;
	for (int sig = 1; sig <= SIGNAME_MAX; sig++) {
		struct buf b = guarded_buf(ROOM);

		if (sig == 32 || sig == 33)	/* have no name */
			continue;
		signame_write(&b, sig);
		assert_int_equal(signame_parse(buf_text(&b)), sig);
	}
}

/* Its bytes end where the page does: none behind them is read. */
static void
a_span_is_read_to_its_end_and_no_farther(void **state)
{
	static const char word[] = "RTMIN+00000000000000000000000003";
	const size_t longest = 31;

	(void)state;
	assert_int_equal(signame_parse_span(span_of("")), ERR_PARSE);
	for (size_t n = longest - 1; n <= longest + 1; n++) {
		struct span text = { guarded(word, n), n };

		assert_int_equal(signame_parse_span(text),
		                 n == longest + 1 ? ERR_PARSE : SIGNAME_RTMIN);
	}
	assert_int_equal(signame_parse_span((struct span){ guarded("TERM", 4),
	                                                   4 }), 15);
}

int
main(void)
{
	UNIT_ROWS(reads_the_signal, rows);
	UNIT_ROWS(writes_the_signal, words);
	UNIT_TEST(every_signal_is_read_back_as_written);
	UNIT_TEST(a_span_is_read_to_its_end_and_no_farther);
	return unit_run("base/signame");
}
