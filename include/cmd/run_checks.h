/* SPDX-License-Identifier: MIT */
/*
 * cmd/run_checks.h - reads the checks of `hale run` from flags and HALE_CHECK
 *
 * Before the service is started: nothing is checked here, which is
 * sup/monitor.h's. Apart from run.c, which lies in the pages that every start
 * touches.
 */
#ifndef HALE_CMD_RUN_CHECKS_H
#define HALE_CMD_RUN_CHECKS_H

#include "sup/monitor.h"

/* The checks as they were given, each in one word: "NAME=URL OPTION...". */
struct run_checks {
	size_t n;
	struct run_check {
		struct span word;
		unsigned    counts_for;	/* VERDICT_READY, VERDICT_LIVE */
	} of[VERDICT_CHECKS_MAX];
	struct check_word *words;	/* those, read; on the heap, kept */
};

/*
 * Takes one value of an option or of HALE_CHECK's list. A comma within quotes,
 * or between statuses, has parted what belongs together: then the word before
 * it takes value in. Returns 0 or ERR_FULL.
 */
int run_checks_add(struct run_checks *c, struct span value,
                   unsigned counts_for);

/*
 * Replaces the ${NAME}s in the checks' URLs, reads them and their options, and
 * fills in the plan's checks, which point to c->words. argv up to argc is where
 * the flags were; what is not there came from the environment. Returns CMD_OK;
 * or CMD_USAGE after saying in one line which check is wrong, or CMD_FAILED
 * without memory.
 */
int run_checks_read(struct run_checks *c, struct monitor_plan *plan, int argc,
                    char **argv);

#endif
