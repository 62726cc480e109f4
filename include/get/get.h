/* SPDX-License-Identifier: MIT */
/*
 * get/get.h - all of `hale get`: a curl command line, URL by URL
 *
 * Reads the options, then runs get/transfer.h for each URL in turn. cmd/get.c
 * is only its row in the table of commands.
 */
#ifndef HALE_GET_GET_H
#define HALE_GET_GET_H

#include <stdbool.h>

/*
 * Does what the command line says, messages included; agent is what we call
 * ourselves without -A. Returns one of curl's exit codes (get/exit.h). *help:
 * only the help is wanted, and nothing has been done.
 */
int get_run(int argc, char **argv, const char *agent, bool *help);

#endif
