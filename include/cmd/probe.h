/* SPDX-License-Identifier: MIT */
/*
 * cmd/probe.h - what the commands that check URLs share: options, processes
 */
#ifndef HALE_CMD_PROBE_H
#define HALE_CMD_PROBE_H

#include "client/checkopt.h"

/* The first member of a command's args: CHECK_OPTS relies on that. */
struct probe_args {
	struct check_conf conf;
};

/*
 * Replaces the ${NAME}s in the URL of a check's word (client/checkopt.h), in new,
 * terminated memory that is kept; a word without one stays where it is, and one for
 * a shell is refused. Returns CMD_OK, or CMD_USAGE after saying what is wrong;
 * `what` starts that line.
 */
int probe_expand(const char *what, struct span *word);

/* The kinds of URL, for a help text. */
extern const char probe_urls[];

/*
 * Expands the URLs, refuses what cannot be checked, warns of --insecure, fills in
 * what the table cannot. Returns CMD_OK, or CMD_USAGE after saying what is wrong.
 */
int probe_prepare(const char *command, struct check_conf *conf, int n,
                  char **urls);

/* check_url(), and says more of an exec: program that the kernel has killed for
 * memory. */
int probe_url(const struct check_conf *conf, struct span url,
              int64_t deadline_ms, struct buf *why);

/*
 * Calls one(arg, i) for i in 0..n-1, side by side: in a forked process each,
 * which dies with us, or here where n is 1. Returns CMD_OK where all returned
 * that, else CMD_FAILED.
 */
int probe_all(size_t n, int (*one)(void *arg, size_t i), void *arg);

#endif
