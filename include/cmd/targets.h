/* SPDX-License-Identifier: MIT */
/*
 * cmd/targets.h - what the commands that check targets share
 */
#ifndef HALE_CMD_TARGETS_H
#define HALE_CMD_TARGETS_H

#include "client/checkopt.h"

/* The first member of a command's args: CHECK_OPTS relies on that. */
struct targets_args {
	struct check_conf conf;
};

/* A target and the memory that it points into. */
struct targets_one {
	struct target target;
	char         *text;	/* on the heap, with its ${NAME}s replaced; or
				 * NULL: it has none */
	char          memory[TARGET_ROOM];
};

/*
 * Replaces the ${NAME}s in the URL of a check's word (client/checkopt.h), in
 * new, terminated memory, *made, which the caller frees; a word without one
 * stays where it is, with NULL, and one for a shell is refused. Returns CMD_OK,
 * or CMD_USAGE after saying what is wrong; `what` starts that line.
 */
int targets_expand(const char *what, struct span *word, char **made);

/* The kinds of URL, for a help text. */
extern const char targets_help[];

/* From now on targets_read() refuses exec:, for sh (cmd/sh_run.h), which starts
 * no program. */
void targets_refuse_programs(void);

/*
 * Expands and reads the n URLs, refuses what cannot be checked, warns of
 * --insecure, fills in of conf what the table cannot. targets_free() is due for
 * *out in all cases. Returns CMD_OK, with n targets there; or CMD_USAGE, or
 * CMD_FAILED without memory, after saying what is wrong.
 */
int targets_read(const char *command, struct check_conf *conf, int n,
                 char **urls, struct targets_one **out);
void targets_free(struct targets_one *targets, int n);

/* check_target(), and says more of an exec: program that the kernel has killed
 * for memory. */
int targets_check(const struct check_conf *conf, const struct target *t,
                  int64_t deadline_ms, struct buf *why);

/*
 * Calls one(arg, i) for i in 0..n-1, side by side: in a forked process each,
 * which dies with us, or here where n is 1. Returns CMD_OK where all returned
 * that, else CMD_FAILED.
 */
int targets_each(size_t n, int (*one)(void *arg, size_t i), void *arg);

#endif
