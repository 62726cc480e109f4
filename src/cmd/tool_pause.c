/* SPDX-License-Identifier: MIT */
/* cmd/tool_pause.c - hale called pause, the first process of a pod */
#include "cmd/tool.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/tool_init.h"
#include "sup/pause.h"

static void
write_start(struct buf *b, enum log_level level)
{
	(void)level;
	buf_str(b, "pause: ");
}

/* see cmd/tool.h */
int
tool_pause(int argc, char **argv)
{
	log_start_with(write_start);
	if (argc > 1 && strcmp(argv[1], "-v") == 0)
		return tool_init_version(STDOUT_FILENO, "pause %s_hale git.%s");
	if (getpid() != 1)
		log_warn("Warning: pause should be the first process");
	return pause_run();
}
