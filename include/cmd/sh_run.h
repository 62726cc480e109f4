/* SPDX-License-Identifier: MIT */
/*
 * cmd/sh_run.h - what acts for a shell's line (sh/line.h), starting no program
 *
 * Commands run within this process, one after the other; what stands left of
 * a pipe in a forked one, which is waited for and dies with us.
 */
#ifndef HALE_CMD_SH_RUN_H
#define HALE_CMD_SH_RUN_H

#include "sh/line.h"

#define SH_SHOWN_MAX 80	/* bytes of a word that an error line shows */

extern const struct sh_edge sh_run_edge;

/* Makes each line on stderr start with "sh: ". */
void sh_run_log(void);

/* Says in one line that the word at bad, up to a blank, is refused, or what
 * else sh_line_run() returned; not ERR_KILLED: the process that was left of a
 * pipe, or the edge, has said it. */
void sh_run_tell(const char *bad, int err);

#endif
