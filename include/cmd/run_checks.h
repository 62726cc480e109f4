/* SPDX-License-Identifier: MIT */
/*
 * cmd/run_checks.h - what the checks of run are, before anything is started
 *
 * Apart from run.c, which lies in the pages that every start touches.
 */
#ifndef HALE_CMD_RUN_CHECKS_H
#define HALE_CMD_RUN_CHECKS_H

#include "sup/monitor.h"

/*
 * Has a comma of HALE_CHECK parted what belongs together? That is so within quotes
 * and between statuses. If so, *last, the word before the comma, takes value in.
 */
bool run_checks_join(struct span *last, struct span value);

/*
 * Replaces the ${NAME}s in the checks' URLs, in new memory that is kept, and
 * verifies the URLs and their options. argv up to argc is where the flags were;
 * what is not there came from the environment. Returns CMD_OK, or CMD_USAGE after
 * saying in one line which check is wrong.
 */
int run_checks_prepare(struct monitor_plan *w, int argc, char **argv);

#endif
