/* SPDX-License-Identifier: MIT */
/*
 * cmd/script.h - what the #! line of a script names
 *
 * Apart from run.c, which lies in the pages that every start touches.
 */
#ifndef HALE_CMD_SCRIPT_H
#define HALE_CMD_SCRIPT_H

#include <stdbool.h>

/* Has the file a #! line, with `word` as its last if that is not NULL? */
bool script_has(const char *path, const char *word);

#endif
