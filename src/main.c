/* SPDX-License-Identifier: MIT */
/* main.c - picks the command; its return is the only exit */
#include "cmd/cmd.h"

int
main(int argc, char **argv)
{
	return cmd_main(argc, argv);
}
