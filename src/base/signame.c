/* SPDX-License-Identifier: MIT */
/* base/signame.c - signals by name and by number */
#include "base/signame.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/parse.h"

#define WORD_MAX 32	/* bytes of a signal's name or number */

/* Rows of characters need no relocation, so they cost no page at start. */
static const struct {
	char          name[7];
	unsigned char sig;
} names[] = {
	{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT },
	{ "ILL", SIGILL }, { "TRAP", SIGTRAP }, { "ABRT", SIGABRT },
	{ "BUS", SIGBUS }, { "FPE", SIGFPE }, { "KILL", SIGKILL },
	{ "USR1", SIGUSR1 }, { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT }, { "CHLD", SIGCHLD }, { "CONT", SIGCONT },
	{ "STOP", SIGSTOP }, { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU }, { "URG", SIGURG }, { "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
	{ "WINCH", SIGWINCH }, { "IO", SIGIO }, { "PWR", SIGPWR },
	{ "SYS", SIGSYS },
	/* other names of the same signals, after the one that is printed */
	{ "IOT", SIGABRT }, { "POLL", SIGIO }, { "CLD", SIGCHLD },
};

/* "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n" */
static int
parse_realtime(const char *text)
{
	bool from_min = strncasecmp(text, "RTMIN", 5) == 0;
	uint64_t step = 0;

	if (!from_min && strncasecmp(text, "RTMAX", 5) != 0)
		return ERR_PARSE;
	text += 5;
	if (*text != '\0') {
		if (*text != (from_min ? '+' : '-'))
			return ERR_PARSE;
		if (parse_uint(text + 1, SIGNAME_MAX - SIGNAME_RTMIN,
		               &step) < 0)
			return ERR_PARSE;
	}
	return from_min ? SIGNAME_RTMIN + (int)step : SIGNAME_MAX - (int)step;
}

/* see base/signame.h */
int
signame_parse(const char *text)
{
	uint64_t number;

	if (parse_uint(text, SIGNAME_MAX, &number) == 0)
		return number > 0 ? (int)number : ERR_PARSE;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_is_word(span_of(text), names[i].name))
			return names[i].sig;
	return parse_realtime(text);
}

/* see base/signame.h */
int
signame_parse_span(struct span text)
{
	char word[WORD_MAX];

	if (text.len >= sizeof word)
		return ERR_PARSE;
	memcpy(word, text.p, text.len);
	word[text.len] = '\0';
	return signame_parse(word);
}

/* see base/signame.h */
void
signame_write(struct buf *b, int sig)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].sig == sig) {
			buf_fmt(b, "SIG%s", names[i].name);
			return;
		}
	}
	if (sig == SIGNAME_RTMIN)
		buf_str(b, "SIGRTMIN");
	else if (sig == SIGNAME_MAX)
		buf_str(b, "SIGRTMAX");
	else if (sig > SIGNAME_RTMIN && sig < SIGNAME_MAX)
		buf_fmt(b, "SIGRTMIN+%d", sig - SIGNAME_RTMIN);
	else
		buf_fmt(b, "signal %d", sig);
}
