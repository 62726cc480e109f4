/* SPDX-License-Identifier: MIT */
/* cmd/tool_curl.c - hale called curl: `hale get` by its first name */
#include "cmd/tool.h"

#include "base/log.h"
#include "cmd/cmd.h"

static void
write_start(struct buf *b, enum log_level level)
{
	(void)level;
	buf_str(b, "curl: ");
}

/* see cmd/tool.h */
int
tool_curl(int argc, char **argv)
{
	return cmd_get_as(argc, argv, write_start);
}
