/* SPDX-License-Identifier: MIT */
/*
 * sup/job_control.h - the terminal's Ctrl-Z, fg and bg, for hale and service
 *
 * Without a terminal there is nothing of it. With one, the shell that started
 * hale waits for hale alone: it has to stop where its service is stopped, and
 * the service goes on with it.
 */
#ifndef HALE_SUP_JOB_CONTROL_H
#define HALE_SUP_JOB_CONTROL_H

#include "sup/keeper.h"

struct job_control {
	struct keeper *keeper;
	bool resumed;	/* by a SIGCONT that is still to be read */
	bool logged_ctrl_z;	/* one line for every Ctrl-Z */
};

/* waitpid() has reported that the service has stopped or goes on. */
void job_control_changed(struct job_control *j, int status);

/* hale got SIGTSTP, which has discarded any SIGCONT. */
void job_control_suspended(struct job_control *j);

/* hale got SIGCONT: it may be in the foreground again, and the service is to
 * have the terminal. Returns whether the service has got the signal already. */
bool job_control_continued(struct job_control *j);

#endif
