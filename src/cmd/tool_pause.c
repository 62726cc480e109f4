/* SPDX-License-Identifier: MIT */
/* cmd/tool_pause.c - hale called pause, the first process of a pod */
#include "cmd/tool.h"

#include "sup/pause.h"

/* see cmd/tool.h */
int
tool_pause(int argc, char **argv)
{
	(void)argc;
	(void)argv;	/* it has no options but -v, for its version */
	return pause_run();
}
