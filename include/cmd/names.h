/* SPDX-License-Identifier: MIT */
/*
 * cmd/names.h - the names of other tools by which hale may be called
 */
#ifndef HALE_CMD_NAMES_H
#define HALE_CMD_NAMES_H

#include <stdbool.h>

enum name_kind { NAME_INIT, NAME_CLIENT, NAME_SHELL };

struct name {	/* arrays and numbers: no pointers to relocate */
	char          text[18];
	unsigned char kind;	/* enum name_kind */
	unsigned char tool;	/* names_run() knows which */
};

extern const struct name names_all[];	/* ended by an empty text */

/* The one that the last part of this path is, or NULL; path may be NULL. */
const struct name *names_find(const char *path);

/* Runs as that tool; argv is its command line. Returns the exit code. */
int names_run(const struct name *n, int argc, char **argv);

#endif
