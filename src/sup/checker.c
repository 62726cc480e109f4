/* SPDX-License-Identifier: MIT */
/*
 * sup/checker.c - fork one check, collect its line and status
 *
 * The line is one write of less than PIPE_BUF, made before the child ends:
 * once it is reaped the whole line is in the pipe, so that the loop need not
 * watch the pipe at all.
 */
#include "sup/checker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "client/checkopt.h"
#include "sup/child.h"
#include "sup/exec_error.h"
#include "sup/fds.h"
#include "sup/tree.h"

/* Exit codes of the child. */
enum { IS_GOOD, IS_BAD, IS_NOT_RUN, IS_KILLED };

/*
 * While a service that the kernel has killed for memory still dies, a check's
 * own pages can be one too many: then the check is to be killed for them, not
 * PID 1. A service that is killed for what a check takes would be no better.
 */
static void
be_the_first_to_go(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;	/* no /proc, or no descriptor left: it does without */
	(void)!write(fd, "1000", 4);	/* raising it needs no right */
	(void)close(fd);
}

static void
leave_the_parent(const struct checker_job *job, int fd)
{
	be_the_first_to_go();
	/* Its name is the supervisor's address (sup/local_socket.h): as long as
	 * it has that, it looks like one that the service left. */
	(void)prctl(PR_SET_NAME, TREE_CHECKER);
	/* Wherever its grandchildren go, they stay below it, to be found. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1L);
	(void)prctl(PR_SET_PDEATHSIG, (long)SIGKILL);
	(void)setpgid(0, 0);
	if (job->cwd_fd > 0)
		(void)syscall(SYS_fchdir, job->cwd_fd);	/* else in "/" */
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		(void)close(i);
	(void)fds_fill_standard();	/* a hole harms nobody but itself */
	fds_close_others(&fd, 1);
	fds_lower();
	signals_restore(job->given);
	/* waitpid() must work, whatever hale was started with. */
	(void)signal(SIGCHLD, SIG_DFL);
}

static int
exit_code(int err)
{
	switch (err) {
	case 0:
		return IS_GOOD;
	case ERR_NOT_RUN:
		return IS_NOT_RUN;
	case ERR_KILLED:
		return IS_KILLED;
	default:
		return IS_BAD;
	}
}

static _Noreturn void
run(const struct checker_job *job, int fd)
{
	char line[CHECKER_LINE_MAX - 1];	/* the reader adds a NUL */
	struct buf why = buf_over(line, sizeof line);
	const struct target *t = &job->check->target;
	struct check_conf conf = job->check->conf;
	int r;

	leave_the_parent(job, fd);
	conf.explain = exec_error_write;
	r = check_target(&conf, t, job->deadline_ms, &why);
	(void)!write(fd, why.p, why.len);	/* lost: the status tells all */
	if (t->kind == TARGET_EXEC)	/* no other starts anybody */
		tree_end_own();
	_exit(exit_code(r));
}

/* see sup/checker.h */
int
checker_start(struct checker *c, const struct checker_job *job)
{
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	pid = _Fork();
	if (pid == 0)
		run(job, ends[1]);
	r = -errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return r;
	}
	c->pid = pid;
	c->fd = ends[0];
	return 0;
}

/* see sup/checker.h */
void
checker_kill(const struct checker *c)
{
	if (c->pid > 0)
		tree_signal_below(c->pid, SIGKILL);
}

static enum checker_result
judge(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL ? CHECKER_KILLED
		                                   : CHECKER_BAD;
	switch (WEXITSTATUS(status)) {
	case IS_GOOD:
		return CHECKER_GOOD;
	case IS_NOT_RUN:
		return CHECKER_NOT_RUN;
	case IS_KILLED:
		return CHECKER_KILLED;
	default:
		return CHECKER_BAD;
	}
}

/* see sup/checker.h */
enum checker_result
checker_ended(struct checker *c, int status, struct buf *why)
{
	char line[CHECKER_LINE_MAX];
	ssize_t n = read(c->fd, line, sizeof line);

	close(c->fd);
	(void)kill(-c->pid, SIGKILL);	/* ESRCH: it left nobody */
	c->pid = 0;
	if (n > 0) {	/* a hostile answer may have taken the child over */
		buf_plain(why, (struct span){ line, (size_t)n });
	} else {
		buf_str(why, "the checker ");
		child_write_end(why, status);
	}
	return judge(status);
}
