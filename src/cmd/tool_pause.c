/* SPDX-License-Identifier: MIT */
/* cmd/tool_pause.c - hale called pause, the first process of a pod */
#include "cmd/tool.h"

#include <string.h>

#include "cmd/cmd.h"
#include "sup/pause.h"

/* see cmd/tool.h */
int
tool_pause(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "-v") == 0)	/* its only option */
		return cmd_print_version();
	return pause_run();
}
