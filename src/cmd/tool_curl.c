/* SPDX-License-Identifier: MIT */
/* cmd/tool_curl.c - hale called curl: `hale get` by its first name */
#include "cmd/tool.h"

#include "cmd/cmd.h"
#include "cmd/get.h"
#include "get/options.h"

#define HELP_MAX 8192	/* bytes of the help */

static void
write_start(struct buf *b, enum log_level level)
{
	(void)level;
	buf_str(b, "curl: ");
}

/* In curl's form, which scripts read: its version is that of the curl which
 * hale is tested beside. */
static void
write_version(struct buf *b)
{
	buf_fmt(b, "curl 8.23.0 (hale) %s\n"
	        "Protocols: http https\n"
	        "Features: IPv6 Largefile SSL UnixSockets\n",
	        cmd_agent());
}

/* see cmd/tool.h */
int
tool_curl(int argc, char **argv)
{
	char text[HELP_MAX];
	struct buf b = buf_over(text, sizeof text);
	enum get_asked asked;
	int code = cmd_get_as(argc, argv, write_start, &asked);

	switch (asked) {
	case GET_ASKED_NOTHING:
		return code;
	case GET_ASKED_HELP:
		buf_str(&b, "Usage: curl [options...] <url>\n");
		options_write_help(&b);
		break;
	case GET_ASKED_VERSION:
		write_version(&b);
		break;
	}
	return cmd_print(buf_span(&b));
}
