/* SPDX-License-Identifier: MIT */
/* cmd/tool_catatonit.c - hale called catatonit */
#include "cmd/tool.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "cmd/tool_init.h"

static const char *const known = "g\0h\0L\0P\0Vversion\0";
static const char *const version = "tini version %s_hale_catatonit - git.%s\n";
static const char *const usage =
	"usage: catatonit [-ghLPV] [--] <progname> [<arguments>...] "
	"(hale %s)\n"
	" -g signal the group, -P pause, -h help, -L license, -V version\n";

static void
write_start(struct buf *b, enum log_level level)
{
	buf_fmt(b, "%s (catatonit:%d): ",
	        level == LOG_ERROR ? "ERROR" : "DEBUG", (int)getpid());
}

static void
tell(enum keeper_news what, const char *name, pid_t pid, int n,
     const char *why)
{
	if (what == NEWS_UNSTARTED)
		log_error("failed to exec pid1: %s: %s: %s", err_text(n),
		          name, why);
	else if (what == NEWS_STARTED)
		log_info("pid1 (%d) spawned: %s", (int)pid, name);
}

/* see cmd/tool.h */
int
tool_catatonit(int argc, char **argv)
{
	struct tool_init t = {
		.letter.known = known,
		.usage = usage, .version = version, .out_fd = STDOUT_FILENO,
		.plan = {
			.service.tell = tell,
			.subreaper = true,
			.unstarted_code = CMD_FAILED,
		},
	};
	int code = tool_init_read(&t, argv, write_start);

	(void)argc;
	if (code >= 0)
		return code;
	log_level(getenv("CATATONIT_DEBUG") != NULL ? LOG_INFO : LOG_ERROR);
	return tool_init_run(&t);
}
