/* SPDX-License-Identifier: MIT */
/* sup/job_control.c - the terminal's Ctrl-Z, fg and bg */
#include "sup/job_control.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "sup/child_stop.h"
#include "sup/keeper_signal.h"
#include "sup/terminal.h"

static void
go_on(const struct keeper *k)
{
	(void)keeper_signal(k, true, SIGCONT, NULL);	/* it may have ended */
}

/* Without a shell there is no fg. A read in the background is not continued:
 * it would stop again at once. */
static void
undo_ctrl_z(struct job_control *j)
{
	if (!j->logged_ctrl_z)
		log_warn("%s (pid %d) was stopped by SIGTSTP and no shell can "
		         "continue it: sending SIGCONT",
		         keeper_program(j->keeper), (int)j->keeper->pid);
	j->logged_ctrl_z = true;
	go_on(j->keeper);
}

/* The terminal is the service's again where a shell has made it ours. */
static void
hand_over(const struct keeper *k)
{
	if (terminal_is_ours(k->with.terminal_fd))
		terminal_give(k->with.terminal_fd, getpgid(k->pid));
}

/*
 * The SIGCONT that has continued us is still to be read. Whether the service
 * got it too is looked at now: by then the next Ctrl-Z may have stopped it, and
 * a second SIGCONT would undo that.
 */
static void
resume(struct job_control *j)
{
	j->resumed = j->keeper->with.rules->shares_group;
	if (j->resumed && child_stop_is_on(j->keeper->pid, true))
		go_on(j->keeper);
}

/* Ctrl-Z stopped the service: its shell waits for us and for all that is in
 * one job with us, so we stop as well. */
static void
service_stopped(struct job_control *j, int sig)
{
	struct keeper *k = j->keeper;
	bool in_background = sig == SIGTTIN || sig == SIGTTOU;

	if (in_background && terminal_is_ours(k->with.terminal_fd)) {
		hand_over(k);	/* fg came before we heard of this */
		go_on(k);
		return;
	}
	k->is_stopped = true;
	if (k->with.rules->self != 1 && signals_suspend())
		resume(j);
	else if (sig == SIGTSTP)
		undo_ctrl_z(j);
}

/* see sup/job_control.h */
void
job_control_changed(struct job_control *j, int status)
{
	if (WIFCONTINUED(status))
		j->keeper->is_stopped = false;
	else
		service_stopped(j, WSTOPSIG(status));
}

/* see sup/job_control.h */
void
job_control_suspended(struct job_control *j)
{
	j->resumed = false;
}

/* see sup/job_control.h */
bool
job_control_continued(struct job_control *j)
{
	bool resumed = j->resumed;

	hand_over(j->keeper);
	/* The shell's fg and bg reach the service too where it is in our group;
	 * a second SIGCONT could undo the next Ctrl-Z. */
	j->resumed = false;
	return resumed;
}
