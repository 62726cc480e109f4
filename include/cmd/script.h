/* SPDX-License-Identifier: MIT */
/*
 * cmd/script.h - what the #! line of a script names
 */
#ifndef HALE_CMD_SCRIPT_H
#define HALE_CMD_SCRIPT_H

#include <stdbool.h>

/*
 * Is hale, called by the name self, the interpreter of the very file that it is
 * to start, itself or by env(1)? The kernel would start a hale for that again,
 * and so on for ever. Logs that if it is so.
 */
bool script_starts_itself(const char *self, const char *program);

#endif
