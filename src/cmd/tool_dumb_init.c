/* SPDX-License-Identifier: MIT */
/* cmd/tool_dumb_init.c - hale called dumb-init */
#include "cmd/tool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/tool_init.h"

#define CANNOT_EXEC 2	/* exit code, whatever the reason */

static const char *const known =
	"hhelp\0csingle-child\0r:rewrite\0vverbose\0Vversion\0";
static const char *const version = "dumb-init v%s (hale, git %s)\n";
static const char *const usage =
	"Usage: dumb-init [option] command [[arg] ...] (hale %s)\n"
	" -c, --single-child  signal it alone\n"
	" -r, --rewrite s:r  send r for s, 0: none\n"
	" -v, --verbose  -V, --version  -h, --help\n";

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
		log_info("A child with PID %d %s %d.", (int)pid,
		         WIFEXITED(n) ? "exited with exit status"
		                      : "was terminated by signal",
		         WIFEXITED(n) ? WEXITSTATUS(n) : WTERMSIG(n));
		break;
	case NEWS_NO_REAPER:
		break;
	}
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
		(void)signal(sig, SIG_DFL);	/* but for KILL and STOP */
}

/* see cmd/tool.h */
int
tool_dumb_init(int argc, char **argv)
{
	struct tool_init t = {
		.letter.known = known,
		.usage = usage, .version = version, .out_fd = STDERR_FILENO,
		.plan = {
			.service = { .group = true, .tell = tell },
			.suspends = true,
			.unstarted_code = CANNOT_EXEC,
		},
	};
	int code = tool_init_read(&t, argv, write_start);
	/* NOLINTNEXTLINE(*-signed-char-misuse,cert-str34-c): -1 is to drop */
	int for_term = t.plan.rewrite[SIGTERM];

	(void)argc;
	if (code >= 0)
		return code;
	if (is_set_to("DUMB_INIT_SETSID", "0"))
		t.plan.service.group = false;
	t.plan.warn_on_reap = t.verbosity > 0
	                   || is_set_to("DUMB_INIT_DEBUG", "1");
	log_level(t.plan.warn_on_reap ? LOG_INFO : LOG_ERROR);
	if (t.plan.service.group)
		t.plan.end_signal = for_term != 0 ? for_term : SIGTERM;
	reset_signals(&t.plan.service.given);
	return tool_init_run(&t);
}
