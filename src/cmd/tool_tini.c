/* SPDX-License-Identifier: MIT */
/* cmd/tool_tini.c - hale called tini, tini-static or docker-init */
#include "cmd/tool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/tool_init.h"

#define QUIET   0	/* verbosity: errors only */
#define WARNING 1	/* .. unless it is set */
#define DEBUG   3	/* .. orphans, too */

static const char *const known = "h\0s\0p:\0v\0w\0g\0e:\0l\0";
static const char version_only[] = "Vversion\0";
static const char *const version = "tini version %s_hale - git.%s\n";
static const char *const usage =
	"Usage: tini [OPTIONS] PROGRAM -- [ARGS] (hale %s)\n"
	" -h help, -l license, --version\n"
	" -s be a subreaper, -g signal the group, -w log orphans, -v log more\n"
	" -p SIGNAL when the parent dies, -e EXIT_CODE becomes 0\n";

static void
write_start(struct buf *b, enum log_level level)
{
	buf_fmt(b, "[%s tini (%d)] ", level == LOG_ERROR ? "FATAL"
	        : level == LOG_WARN ? "WARN " : "INFO ", (int)getpid());
}

static void
tell(enum keeper_news what, const char *name, pid_t pid, int n,
     const char *why)
{
	switch (what) {
	case NEWS_UNSTARTED:
		log_error("exec %s failed: %s: %s", name, err_text(n), why);
		break;
	case NEWS_STARTED:
		log_info("Spawned child process '%s' with pid '%d'", name,
		         (int)pid);
		break;
	case NEWS_SIGNAL:
		log_info("Passing signal: '%d'", n);
		break;
	case NEWS_ENDED:
		log_info("Main child exited %s (with s%s '%d'): %s",
		         WIFEXITED(n) ? "normally" : "with signal",
		         WIFEXITED(n) ? "tatus" : "ignal",
		         WIFEXITED(n) ? WEXITSTATUS(n) : WTERMSIG(n), why);
		break;
	case NEWS_ORPHAN:
		log_warn("Reaped zombie process with pid=%d", (int)pid);
		break;
	case NEWS_NO_REAPER:
		log_warn("Tini is not running as PID 1 and isn't registered "
		         "as a child subreaper: use -s or TINI_SUBREAPER to "
		         "reap zombies");
		break;
	}
}

static void
read_environment(struct tool_init *t)
{
	const char *text = getenv("TINI_VERBOSITY");

	if (getenv("TINI_SUBREAPER") != NULL)
		t->plan.subreaper = true;
	if (getenv("TINI_KILL_PROCESS_GROUP") != NULL)
		t->plan.service.group = true;
	if (text == NULL)
		return;
	/* As atoi(3) reads it: what stands behind the digits is nothing. */
	t->verbosity = QUIET;
	while (*text >= '0' && *text <= '9' && t->verbosity < DEBUG)
		t->verbosity = t->verbosity * 10 + *text++ - '0';
}

/* see cmd/tool.h */
int
tool_tini(int argc, char **argv)
{
	bool is_alone = argc == 2 && strcmp(argv[1], "--version") == 0;
	struct tool_init t = {
		.letter.known = is_alone ? version_only : known,
		.usage = usage, .version = version, .out_fd = STDOUT_FILENO,
		.plan.service.tell = tell,
		.verbosity = WARNING,
	};
	int code = tool_init_read(&t, argv, write_start);

	if (code >= 0)
		return code;
	read_environment(&t);
	log_level(t.verbosity <= QUIET ? LOG_ERROR
	          : t.verbosity == WARNING ? LOG_WARN : LOG_INFO);
	t.plan.warn_on_reap |= t.verbosity >= DEBUG;
	return tool_init_run(&t);
}
