/* SPDX-License-Identifier: MIT */
/* cmd/tool_dumb_init.c - hale called dumb-init */
#include "cmd/tool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/tool_init.h"

#define CANNOT_EXEC 2	/* exit code, whatever the reason */

static const char known[] =
	"hhelp\0csingle-child\0r:rewrite\0vverbose\0Vversion\0";
static const char usage[] =
	"Usage: dumb-init [option] command [[arg] ...]\n\n"
	"   -c, --single-child   Run in single-child mode.\n"
	"   -r, --rewrite s:r    Rewrite signal s to r; to 0: ignore it.\n"
	"   -v, --verbose        Print debugging information to stderr.\n"
	"   -h, --help           Print this help message and exit.\n"
	"   -V, --version        Print the current version and exit.\n\n"
	"This is hale by dumb-init's name (see: hale help).";

static void
write_start(struct buf *b, enum log_level level)
{
	(void)level;
	buf_str(b, "[dumb-init] ");
}

static void
tell(enum keeper_news what, const char *name, pid_t pid, int n,
     const char *why)
{
	switch (what) {
	case NEWS_UNSTARTED:
		log_error("%s: %s: %s", name, err_text(n), why);
		break;
	case NEWS_STARTED:
		log_info("Child spawned with PID %d.", (int)pid);
		break;
	case NEWS_SIGNAL:
		log_info("Forwarded signal %d to children.", n);
		break;
	case NEWS_ENDED:
	case NEWS_ORPHAN:
		if (WIFEXITED(n))
			log_info("A child with PID %d exited with exit status "
			         "%d.", (int)pid, WEXITSTATUS(n));
		else
			log_info("A child with PID %d was terminated by "
			         "signal %d.", (int)pid, WTERMSIG(n));
		break;
	case NEWS_NO_REAPER:
		break;
	}
}

/* Numbers as there, and names. Returns whether it could be read. */
static bool
read_rewrite(struct init_plan *plan, const char *value)
{
	char word[16];	/* the longest of signals' names fit */
	const size_t len = strcspn(value, ":");
	int from, to;

	if (value[len] == '\0' || len >= sizeof word)
		return false;
	memcpy(word, value, len);
	word[len] = '\0';
	value += len + 1;
	from = signame_parse(word);
	to = strcmp(value, "0") == 0 ? SIGNALS_DROP : signame_parse(value);
	if (from < 0 || (to < 0 && to != SIGNALS_DROP))
		return false;
	plan->rewrite[from] = (signed char)to;
	return true;
}

/* Returns -1 when all are read, else an exit code. */
static int
read_options(struct init_plan *plan, struct letter *l)
{
	int letter;

	while ((letter = letter_next(l)) != LETTER_END) {
		switch (letter) {
		case 'h':
			return tool_init_print(STDERR_FILENO, usage);
		case 'V':
			return tool_init_version(STDERR_FILENO,
			                         "dumb-init v%s (hale %s)");
		case 'c':
			plan->service.group = false;
			break;
		case 'r':
			if (read_rewrite(plan, l->value))
				break;
			log_error("Usage: -r option takes <signum>:<signum>, "
			          "where <signum> is between 1 and %d",
			          SIGNAME_MAX);
			return CMD_FAILED;
		case 'v':
			plan->warn_on_reap = true;
			break;
		default:
			return tool_init_usage(l, usage);
		}
	}
	return -1;
}

static bool
is_set_to(const char *name, const char *value)
{
	const char *text = getenv(name);

	return text != NULL && strcmp(text, value) == 0;
}

/* The service gets no signal blocked or ignored, whatever hale was given. */
static void
reset_signals(struct signals_given *given)
{
	*given = (struct signals_given){ .mask = 0 };
	for (int sig = 1; sig < SIGNAME_RTMIN; sig++)
		(void)signal(sig, SIG_DFL);	/* not KILL and STOP */
}

/* see cmd/tool.h */
int
tool_dumb_init(int argc, char **argv)
{
	struct init_plan plan = {
		.service = { .group = true, .tell = tell },
		.suspends = true,
		.unstarted_code = CANNOT_EXEC,
	};
	struct letter l = { .known = known, .argv = argv + 1 };
	int code;

	(void)argc;
	signals_block(&plan.service.given);
	log_start_with(write_start);
	code = read_options(&plan, &l);
	if (code >= 0)
		return code;
	if (*l.argv == NULL) {
		l.word = NULL;
		return tool_init_usage(&l, usage);
	}
	plan.warn_on_reap |= is_set_to("DUMB_INIT_DEBUG", "1");
	if (is_set_to("DUMB_INIT_SETSID", "0"))
		plan.service.group = false;
	log_level(plan.warn_on_reap ? LOG_INFO : LOG_ERROR);
	/* Below zero: it is dropped. */
	plan.end_signal = !plan.service.group ? 0
	                : plan.rewrite[SIGTERM] != 0 ? plan.rewrite[SIGTERM]
	                : SIGTERM;
	reset_signals(&plan.service.given);
	return tool_init_run(&plan, l.argv);
}
