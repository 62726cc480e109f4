/* SPDX-License-Identifier: MIT */
/* sup/child.c - spawn with a clean mask; wait status to exit code */
#include "sup/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sup/terminal.h"

#define ENV_MAX   32	/* "WATCHDOG_PID=" and a number */

/* What the child writes, on the parent's memory, for its exec to read. */
struct pid_vars {
	char listen[ENV_MAX];
	char watchdog[ENV_MAX];
};

static void
set_pid_var(char **slot, char text[ENV_MAX], const char *name)
{
	struct buf b = buf_over(text, ENV_MAX);

	if (slot == NULL)
		return;
	buf_fmt(&b, "%s=%d", name, (int)getpid());
	*slot = (char *)buf_text(&b);
}

static void
take_ready_fd(const struct child_plan *plan)
{
	if (plan->ready_fd == 0)
		return;
	if (plan->ready_fd == plan->ready_as)
		(void)fcntl(plan->ready_fd, F_SETFD, 0);
	else
		(void)dup2(plan->ready_fd, plan->ready_as);
}

/*
 * Runs in the child, on the parent's memory: it may write only to what the
 * parent reads afterwards. Returns the errno of a failed exec.
 */
static int
become(const struct child_plan *plan, struct pid_vars *vars)
{
	set_pid_var(plan->listen_pid, vars->listen, "LISTEN_PID");
	set_pid_var(plan->watchdog_pid, vars->watchdog, "WATCHDOG_PID");
	if (plan->terminal_fd >= 0) {
		if (!plan->shares_group)
			(void)setpgid(0, 0);	/* before its exec: allowed */
		if (plan->foreground)
			terminal_give(plan->terminal_fd, getpid());
	} else {
		(void)setsid();		/* not a group leader: allowed */
	}
	if (plan->cwd_fd > 0 && fchdir(plan->cwd_fd) < 0)
		return errno;
	take_ready_fd(plan);
	signals_restore(plan->given);
	execvpe(plan->argv[0], plan->argv,
	        plan->env != NULL ? plan->env : environ);
	return errno;
}

/* see sup/child.h */
pid_t
child_start(const struct child_plan *plan)
{
	static struct pid_vars vars;	/* plan->env points here afterwards */
	volatile int failed = 0;
	/* posix_spawn() sets no terminal and no 64-bit mask. NOLINTNEXTLINE */
	pid_t pid = vfork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* `failed` is how the parent hears of it. NOLINTNEXTLINE */
		failed = become(plan, &vars);
		_exit(126);
	}
	if (failed == 0)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (plan->foreground)
		terminal_take(plan->terminal_fd, pid);
	return -failed;
}

/* see sup/child.h */
int
child_code(int status)
{
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* see sup/child.h */
void
child_write_end(struct buf *b, int status)
{
	if (!WIFSIGNALED(status)) {
		buf_fmt(b, "exited with code %d", WEXITSTATUS(status));
		return;
	}
	buf_str(b, "was killed by ");
	signame_write(b, WTERMSIG(status));
	if (WCOREDUMP(status))
		buf_str(b, " (core dumped)");
}
