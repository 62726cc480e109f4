/* SPDX-License-Identifier: MIT */
/* cmd/tool_tini.c - hale called tini, tini-static or docker-init */
#include "cmd/tool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "cmd/cmd.h"
#include "cmd/tool_init.h"

#define VERSION  "tini version %s_hale - git.%s"
#define QUIET    0	/* verbosity: errors only */
#define WARNING  1	/* .. the default */
#define DEBUG    3	/* .. orphans, too */
#define NAME_LEN 32	/* bytes of a signal's name */

static const char known[] = "h\0s\0p:\0v\0w\0g\0e:\0l\0";
static const char usage[] =
	"Usage: tini [OPTIONS] PROGRAM -- [ARGS] | --version\n\n"
	"  --version: Show version and exit.\n"
	"  -h: Show this help message and exit.\n"
	"  -s: Register as a process subreaper.\n"
	"  -p SIGNAL: Trigger SIGNAL when parent dies.\n"
	"  -v: Generate more verbose output. Repeat up to 3 times.\n"
	"  -w: Print a warning when processes are getting reaped.\n"
	"  -g: Send signals to the child's process group.\n"
	"  -e EXIT_CODE: Remap EXIT_CODE (from 0 to 255) to 0.\n"
	"  -l: Show license and exit.\n\n"
	"Environment variables: TINI_SUBREAPER, TINI_VERBOSITY (default: 1),\n"
	"TINI_KILL_PROCESS_GROUP.\n\n"
	"This is hale by tini's name (see: hale help).";

static void
write_start(struct buf *b, enum log_level level)
{
	static const char words[][6] = {
		[LOG_ERROR] = "FATAL", [LOG_WARN] = "WARN ",
		[LOG_INFO] = "INFO ",
	};

	buf_fmt(b, "[%s tini (%d)] ", words[level], (int)getpid());
}

static void
tell_end(int status, const char *why)
{
	char name[NAME_LEN];
	struct buf b = buf_over(name, sizeof name);

	if (WIFEXITED(status)) {
		log_info("Main child exited normally (with status '%d')",
		         WEXITSTATUS(status));
		return;
	}
	signame_write(&b, WTERMSIG(status));
	log_info("Main child exited with signal (with signal '%s'): %s",
	         buf_text(&b), why);
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
		tell_end(n, why);
		break;
	case NEWS_ORPHAN:
		log_warn("Reaped zombie process with pid=%d", (int)pid);
		break;
	case NEWS_NO_REAPER:
		log_warn("Tini is not running as PID 1 and isn't registered "
		         "as a child subreaper. Zombie processes will not be "
		         "re-parented to Tini: use -s or TINI_SUBREAPER");
		break;
	}
}

static int
refuse(const struct letter *l, int letter)
{
	log_error("Not a valid option for -%c: %s", letter, l->value);
	return CMD_FAILED;
}

static bool
read_code(struct init_plan *plan, const char *text)
{
	uint64_t code;

	if (parse_uint(text, KEEPER_CODES - 1, &code) < 0)
		return false;
	plan->service.is_success[code] = true;
	return true;
}

/* Returns -1 when all are read, else an exit code. */
static int
read_options(struct init_plan *plan, struct letter *l, int *verbosity)
{
	int letter;

	while ((letter = letter_next(l)) != LETTER_END) {
		switch (letter) {
		case 'h':
			return tool_init_print(STDOUT_FILENO, usage);
		case 'l':
			return cmd_print(span_of(cmd_license));
		case 's':
			plan->subreaper = true;
			break;
		case 'p':
			plan->parent_signal = signame_parse(l->value);
			if (plan->parent_signal < 0)
				return refuse(l, letter);
			break;
		case 'v':
			++*verbosity;
			break;
		case 'w':
			plan->warn_on_reap = true;
			break;
		case 'g':
			plan->service.group = true;
			break;
		case 'e':
			if (!read_code(plan, l->value))
				return refuse(l, letter);
			break;
		default:
			return tool_init_usage(l, usage);
		}
	}
	return -1;
}

static void
read_environment(struct init_plan *plan, int *verbosity)
{
	const char *text = getenv("TINI_VERBOSITY");
	uint64_t n;

	if (getenv("TINI_SUBREAPER") != NULL)
		plan->subreaper = true;
	if (getenv("TINI_KILL_PROCESS_GROUP") != NULL)
		plan->service.group = true;
	if (text != NULL)	/* what is no number is 0, as for atoi(3) */
		*verbosity = parse_uint(text, DEBUG, &n) == 0 ? (int)n : QUIET;
}

/* see cmd/tool.h */
int
tool_tini(int argc, char **argv)
{
	struct init_plan plan = { .service.tell = tell };
	struct letter l = { .known = known, .argv = argv + 1 };
	int verbosity = WARNING, code;

	signals_block(&plan.service.given);
	log_start_with(write_start);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return tool_init_version(STDOUT_FILENO, VERSION);
	code = read_options(&plan, &l, &verbosity);
	if (code >= 0)
		return code;
	if (*l.argv == NULL) {
		l.word = NULL;
		return tool_init_usage(&l, usage);
	}
	read_environment(&plan, &verbosity);
	log_level(verbosity <= QUIET ? LOG_ERROR
	          : verbosity == WARNING ? LOG_WARN : LOG_INFO);
	plan.warn_on_reap |= verbosity >= DEBUG;
	return tool_init_run(&plan, l.argv);
}
