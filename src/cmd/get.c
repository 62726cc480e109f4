/* SPDX-License-Identifier: MIT */
/* cmd/get.c - the command `hale get`; get/get.c does the work */
#include "cmd/cmd.h"

#include "get/get.h"
#include "get/options.h"

static int
run(int argc, char **argv)
{
	bool help;
	int code;

	cmd_hold_streams();
	code = get_run(argc, argv, cmd_agent(), &help);
	return help ? cmd_print_help(&cmd_get) : code;
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
