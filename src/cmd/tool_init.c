/* SPDX-License-Identifier: MIT */
/* cmd/tool_init.c - what hale does alike by every init's name */
#include "cmd/tool_init.h"

#include <unistd.h>

#include "base/log.h"
#include "cmd/cmd.h"

#define TEXT_MAX 1024	/* bytes of a help text or a version */

/* see cmd/tool_init.h */
int
tool_init_print(int fd, const char *text)
{
	char line[TEXT_MAX];
	struct buf b = buf_over(line, sizeof line);

	buf_fmt(&b, "%s\n", text);
	(void)!write(fd, b.p, b.len);	/* nobody to tell */
	return CMD_OK;
}

/* see cmd/tool_init.h */
int
tool_init_version(int fd, const char *fmt)
{
	char text[TEXT_MAX];
	struct buf b = buf_over(text, sizeof text);

	buf_fmt(&b, fmt, cmd_version(), cmd_commit());
	return tool_init_print(fd, buf_text(&b));
}

/* see cmd/tool_init.h */
int
tool_init_usage(const struct letter *l, const char *usage)
{
	if (l->word != NULL)
		log_error("invalid option, or no value for it: '%s'", l->word);
	(void)tool_init_print(STDERR_FILENO, usage);
	return CMD_FAILED;
}

/* see cmd/tool_init.h */
int
tool_init_run(struct init_plan *plan, char **argv)
{
	plan->version = cmd_version();
	plan->no_local = true;
	plan->service.argv = argv;
	return init_run(plan);
}
