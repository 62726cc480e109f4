/* SPDX-License-Identifier: MIT */
/*
 * cmd/cmd.h - the commands: one table, one struct each
 *
 * The layer that talks to people: it prints, and its return values are exit
 * codes.
 */
#ifndef HALE_CMD_CMD_H
#define HALE_CMD_CMD_H

#include "base/log.h"
#include "base/opt.h"

enum cmd_exit {
	CMD_OK     = 0,
	CMD_FAILED = 1,	/* unhealthy, or it could not be done */
	CMD_USAGE  = 2,	/* the command line or the environment is wrong */
};

struct cmd {
	char              name[8];	/* here: looking one up reads no more */
	const char       *usage;	/* what follows the name */
	const char       *about;	/* one line */
	const struct opt_group *opts;
	void            (*write_help)(struct buf *b);	/* NULL: by opts */
	const char       *more;		/* what follows the options, or NULL */
	/* argv[0] is the command's own name; returns the exit code. */
	int             (*run)(int argc, char **argv);
};

extern const struct cmd cmd_run, cmd_check, cmd_wait, cmd_get, cmd_status,
                        cmd_drain, cmd_help;

/* The licenses of hale and of what it contains; made by scripts/license.sh. */
extern const char cmd_license[];

extern const struct cmd *const cmd_all[];	/* NULL-terminated; run first */

/* The command of that name, or NULL. */
const struct cmd *cmd_find(const char *name);

/* Runs what argv names: another tool if argv[0] is its name (cmd/names.h), else
 * the command that comes first, else run's program. Returns the exit code. */
int cmd_main(int argc, char **argv);

/* Parses argv by c's table into args, which is zeroed. Options of run end at
 * its program, and it reads the environment; those of the others may follow
 * their words, which are put at argv's end.
 * Returns the index of the first word left, or -CMD_USAGE after saying in
 * one line what is wrong. */
int cmd_parse(const struct cmd *c, void *args, int argc, char **argv);

/* Says in one line which option was wrong; `within` comes first, "" or what the
 * option is a part of: "--check \"http://a/\": ". */
void cmd_tell_fail(const struct cmd *c, const char *within,
                   const struct opt_fail *f);

/* Appends NAME=URL of a check's word (client/checkopt.h), without secrets. */
void cmd_write_check(struct buf *b, struct span name, struct span word);

/* Prints c's help to stdout. Returns CMD_OK. */
int cmd_print_help(const struct cmd *c);

/* Prints the commands and run's options to stdout. Returns CMD_OK. */
int cmd_print_overview(void);

/* Appends "; did you mean `hale check`?" if the word is nearly a command's
 * name, else nothing. */
void cmd_write_hint(struct buf *b, const char *word);

/* Prints bytes to stdout. Returns CMD_OK, or CMD_FAILED after saying why. */
int cmd_print(struct span bytes);

/* Holds those of 0, 1 and 2 that are closed, so that no socket takes their
 * place; reading and writing there goes on to fail. */
void cmd_hold_streams(void);

/* Says in one line that a word is one too many. Returns CMD_USAGE. */
int cmd_unwanted(const struct cmd *c, const char *word);

/* Warns of HALE_* names that run does not know, except Kubernetes' own
 * (base/kubenv.h) and HALE_VERSION, which is more likely an image's label. */
void cmd_warn_of_env(void);

/* Appends "hale 0.1.0 (commit 1a2b3c4), musl 1.2.5, BearSSL 0.6,
 * ca-certificates 20230311 (138 roots)\n". */
void cmd_write_version(struct buf *b);

/* Prints that line to stdout. Returns an exit code. */
int cmd_print_version(void);

/* "0.1.0"; static. */
const char *cmd_version(void);

/* The commit that hale was built from, or "unknown". */
const char *cmd_commit(void);

/* "hale/0.1.0", what we call ourselves in requests; static. */
const char *cmd_agent(void);

#endif
