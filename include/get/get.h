/* SPDX-License-Identifier: MIT */
/*
 * get/get.h - all of `hale get`: a curl command line, URL by URL
 *
 * Reads the options, then runs get/transfer.h for each URL in turn. cmd/get.c
 * is only its row in the table of commands.
 */
#ifndef HALE_GET_GET_H
#define HALE_GET_GET_H

enum get_asked { GET_ASKED_NOTHING, GET_ASKED_HELP, GET_ASKED_VERSION };

/*
 * Does what the command line says, messages included; agent is what we call
 * ourselves without -A. Returns one of curl's exit codes (get/exit.h). *asked:
 * only the help or the version is wanted, and nothing has been done.
 */
int get_run(int argc, char **argv, const char *agent, enum get_asked *asked);

#endif
