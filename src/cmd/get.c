/* SPDX-License-Identifier: MIT */
/* cmd/get.c - the command `hale get`; get/get.c does the work */
#include "cmd/get.h"

#include "cmd/cmd.h"
#include "get/options.h"

static void
write_start(struct buf *b, enum log_level level)
{
	(void)level;
	buf_str(b, "hale: get: ");
}

/* see cmd/get.h */
int
cmd_get_as(int argc, char **argv, log_start *start, enum get_asked *asked)
{
	cmd_hold_streams();
	log_start_with(start);
	return get_run(argc, argv, cmd_agent(), asked);
}

static int
run(int argc, char **argv)
{
	enum get_asked asked;
	int code = cmd_get_as(argc, argv, write_start, &asked);

	switch (asked) {
	case GET_ASKED_NOTHING:
		break;
	case GET_ASKED_HELP:
		return cmd_print_help(&cmd_get);
	case GET_ASKED_VERSION:
		return cmd_print_version();
	}
	return code;
}

static const struct opt_group no_opts[] = { OPT_END };

const struct cmd cmd_get = {
	.name = "get",
	.usage = "[OPTIONS] URL...",
	.about = "transfer URLs with curl's options and exit codes",
	.opts = no_opts,
	.write_help = options_write_help,
	.run = run,
};
