/* SPDX-License-Identifier: MIT */
/* cmd/tool_catatonit.c - hale called catatonit */
#include "cmd/tool.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/tool_init.h"
#include "sup/pause.h"

static const char known[] = "g\0h\0L\0P\0Vversion\0";
static const char usage[] =
	"usage: catatonit [-ghLPV] [--] <progname> [<arguments>...]\n\n"
	"  -g              Forward signals to pid1's process group.\n"
	"  -h              Print this help page.\n"
	"  -L              Print license information.\n"
	"  -P              Run in pause mode (quit on SIGINT, SIGTERM).\n"
	"  -V, --version   Print version information.\n\n"
	"This is hale by catatonit's name (see: hale help).";

static void
write_start(struct buf *b, enum log_level level)
{
	static const char words[][6] = {
		[LOG_ERROR] = "ERROR", [LOG_WARN] = "WARN",
		[LOG_INFO] = "DEBUG",
	};

	buf_fmt(b, "%s (catatonit:%d): ", words[level], (int)getpid());
}

static void
tell(enum keeper_news what, const char *name, pid_t pid, int n,
     const char *why)
{
	switch (what) {
	case NEWS_UNSTARTED:
		log_error("failed to exec pid1: %s: %s: %s", err_text(n),
		          name, why);
		break;
	case NEWS_STARTED:
		log_info("pid1 (%d) spawned: %s", (int)pid, name);
		break;
	case NEWS_ENDED:
		log_info("%s (pid %d) %s", name, (int)pid, why);
		break;
	case NEWS_SIGNAL:
	case NEWS_ORPHAN:
	case NEWS_NO_REAPER:
		break;
	}
}

/* see cmd/tool.h */
int
tool_catatonit(int argc, char **argv)
{
	struct init_plan plan = {
		.service.tell = tell,
		.subreaper = true,
		.unstarted_code = CMD_FAILED,
	};
	struct letter l = { .known = known, .argv = argv + 1 };
	bool pauses = false;
	int letter;

	(void)argc;
	signals_block(&plan.service.given);
	log_start_with(write_start);
	while ((letter = letter_next(&l)) != LETTER_END) {
		switch (letter) {
		case 'g':
			plan.service.group = true;
			break;
		case 'h':
			return tool_init_print(STDOUT_FILENO, usage);
		case 'L':
			return cmd_print(span_of(cmd_license));
		case 'P':
			pauses = true;
			break;
		case 'V':
			return tool_init_version(STDOUT_FILENO,
				"tini version %s_hale_catatonit - git.%s");
		default:
			return tool_init_usage(&l, usage);
		}
	}
	if (pauses)
		return pause_run();
	if (*l.argv == NULL) {
		log_error("missing program name");
		l.word = NULL;
		return tool_init_usage(&l, usage);
	}
	log_level(getenv("CATATONIT_DEBUG") != NULL ? LOG_INFO : LOG_ERROR);
	return tool_init_run(&plan, l.argv);
}
