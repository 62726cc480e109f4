/* SPDX-License-Identifier: MIT */
/*
 * cmd/names.h - the names of other tools by which hale may be called
 */
#ifndef HALE_CMD_NAMES_H
#define HALE_CMD_NAMES_H

enum name_kind { NAME_INIT, NAME_CLIENT, NAME_SHELL };

#define NAMES_NONE (-1)

/* The nth name, from 0, or "" behind the last; its kind. */
const char *names_text(int n);
enum name_kind names_kind(int n);

/* Which one the last part of this path is, or NAMES_NONE; path may be NULL. */
int names_find(const char *path);

/* Runs as that tool; argv is its command line. Returns the exit code. */
int names_run(int n, int argc, char **argv);

#endif
