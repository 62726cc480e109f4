/* SPDX-License-Identifier: MIT */
/*
 * cmd/tool_init.h - what hale does alike by every init's name
 *
 * HALE_* is not read and is passed on like all else, and no local socket is
 * opened: a hale in the image must not find this one.
 */
#ifndef HALE_CMD_TOOL_INIT_H
#define HALE_CMD_TOOL_INIT_H

#include "cmd/letter.h"
#include "sup/init.h"

/* Prints text and a newline to descriptor fd. Returns 0, an exit code. */
int tool_init_print(int fd, const char *text);

/* The same of fmt with hale's version and commit for its two "%s". */
int tool_init_version(int fd, const char *fmt);

/* Logs that l's last word is not an option, or lacks its value, and prints
 * usage to stderr. Returns 1, an exit code. */
int tool_init_usage(const struct letter *l, const char *usage);

/* Starts the program that argv names and is its init. Returns the exit code. */
int tool_init_run(struct init_plan *plan, char **argv);

#endif
