/* SPDX-License-Identifier: MIT */
/*
 * sup/launch.h - what is prepared once for all starts of the service
 *
 * Its environment, working directory and descriptors, in a child_plan that is
 * kept; each start then is one call of sup/child.h. Also words why one failed.
 * It does not know when to start or what follows: sup/keeper_start.h does.
 */
#ifndef HALE_SUP_LAUNCH_H
#define HALE_SUP_LAUNCH_H

#include "base/opt.h"
#include "sup/child.h"
#include "sup/notify_inbox.h"

#define LAUNCH_REASON_MAX 900	/* bytes of why an exec failed, for a line */

struct launch_plan {
	char **argv;
	/* HALE_* of these is hale's own and is not passed on; NULL: all is */
	const struct opt_group *settings;
	const struct signals_given *given;
	int    terminal_fd;	/* shared with it; -1: a session of its own */
	bool   shares_group;	/* it stays in hale's process group */
	int    ready_as;	/* its descriptor for readiness, or 0 */
	bool   keeps_cwd;	/* for a later start and for exec: checks */
};

struct launch {
	struct child_plan child;
	bool stays;	/* hale must not leave its working directory */
	struct child_news news;	/* of the last start */
};

/*
 * Prepares starts, with what the inbox needs in the environment. With keeps_cwd
 * the current directory is kept: open, or by staying in it. Returns 0 or an
 * error number.
 */
int launch_prepare(struct launch *l, const struct launch_plan *plan,
                   struct notify_inbox *inbox);

/* Starts it. Returns the pid or an error number, for launch_explain(). With
 * l->news.exec_fd its exec has not finished (sup/child.h). */
pid_t launch_start(struct launch *l);

/* Appends why a start has failed, at once or later. Returns the exit code that
 * stands for it; *refused: it is the machine's fault, which has no process,
 * descriptor or memory left. */
int launch_explain(const struct launch *l, int err, bool *refused,
                   struct buf *why);

#endif
