/* SPDX-License-Identifier: MIT */
/* cmd/tool_catatonit.c - to be written */
#include "cmd/tool.h"

#include "base/log.h"
#include "cmd/cmd.h"

/* see cmd/tool.h */
int
tool_catatonit(int argc, char **argv)
{
	(void)argc;
	log_error("%s: not here yet", argv[0]);
	return CMD_USAGE;
}

/* see cmd/tool.h */
int
tool_pause(int argc, char **argv)
{
	return tool_catatonit(argc, argv);
}
