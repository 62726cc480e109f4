/* SPDX-License-Identifier: MIT */
/* sup/child.c - one start of a program: fork, set-up, exec; exit codes */
#include "sup/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sup/fds.h"
#include "sup/terminal.h"

#define EXIT_CANNOT_EXEC 126
#define BURY_MS   20	/* for a child that is just about to end */
#define STEP_NS   1000000	/* between two looks at it */
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
	/* libc's fchdir() knows a way for descriptors that are only a path. */
	if (plan->cwd_fd > 0 && syscall(SYS_fchdir, plan->cwd_fd) < 0)
		return errno;
	take_ready_fd(plan);
	fds_lower();
	signals_restore(plan->given);
	execvpe(plan->argv[0], plan->argv,
	        plan->env != NULL ? plan->env : environ);
	return errno;
}

static struct pid_vars pid_vars;	/* plan->env points here afterwards */

struct job {
	const struct child_plan *plan;
	volatile int failed;	/* how the parent hears of it */
};

static void
work(void *arg)
{
	struct job *job = arg;

	job->failed = become(job->plan, &pid_vars);
}

static void
take_terminal(const struct child_plan *plan, pid_t pid)
{
	if (plan->foreground)
		terminal_take(plan->terminal_fd, pid);
}

/* The child has ended, or is just about to: unless somebody stops it, or the
 * kernel holds it, and then it is reaped when it comes. */
static void
bury(const struct child_plan *plan, pid_t pid)
{
	const struct timespec step = { 0, STEP_NS };

	for (int ms = 0; ms < BURY_MS; ms++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			break;
		(void)nanosleep(&step, NULL);
	}
	take_terminal(plan, pid);
}

/* Is it the call that is not to be had, rather than a process? */
static bool
is_denied(pid_t pid)
{
	return pid == -EPERM || pid == -ENOSYS || pid == -EINVAL;
}

static pid_t
start_by_vfork(struct job *job)
{
	/* posix_spawn() sets no terminal and no 64-bit mask. NOLINTNEXTLINE */
	pid_t pid = vfork();

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	work(job);	/* writes to what the parent reads. NOLINT */
	_exit(EXIT_CANNOT_EXEC);
}

/* On our memory. Returns what child_start() does, or 0 where it took too
 * long. */
static pid_t
start_shared(const struct child_plan *plan, struct child_news *news)
{
	struct job job = { .plan = plan };
	enum spawn_end end = SPAWN_LEFT;
	pid_t pid = spawn_shared(work, &job, &end);

	if (is_denied(pid))
		pid = start_by_vfork(&job);
	if (pid < 0)
		news->refused = "clone, vfork";
	if (pid < 0 || (end == SPAWN_LEFT && job.failed == 0))
		return pid;
	if (end == SPAWN_LEFT) {
		bury(plan, pid);
		return -job.failed;
	}
	take_terminal(plan, pid);	/* it is reaped when it comes */
	return 0;
}

/* On its own memory. The pipe's end closes with the exec. */
static _Noreturn void
become_and_tell(const struct child_plan *plan, int fd)
{
	int failed;

	if (fd == plan->ready_as)	/* the service's goes there */
		fd = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
	failed = become(plan, &pid_vars);
	/* If this fails, the exit code below still says it. */
	(void)!write(fd, &failed, sizeof failed);
	_exit(EXIT_CANNOT_EXEC);
}

/* see sup/child.h */
int
child_exec(int exec_fd)
{
	int failed;
	ssize_t n = read(exec_fd, &failed, sizeof failed);

	if (n == (ssize_t)sizeof failed)
		return -failed;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : 1;
}

/* Waits at most max_ms for the exec. */
static pid_t
start_forked(const struct child_plan *plan, int max_ms,
             struct child_news *news)
{
	struct pollfd p = { .events = POLLIN };
	int ends[2], r;
	pid_t pid;

	news->refused = "pipe2";
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	news->refused = "clone, vfork, fork";
	pid = _Fork();	/* fork() minds locks too: we have no threads */
	if (pid == 0)
		become_and_tell(plan, ends[1]);
	r = -errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return r;
	}
	news->refused = NULL;
	p.fd = ends[0];
	(void)poll(&p, 1, max_ms);	/* fails: nothing has come either */
	r = child_exec(ends[0]);
	if (r == 0) {
		news->exec_fd = ends[0];
		return pid;
	}
	close(ends[0]);
	if (r > 0)
		return pid;
	bury(plan, pid);
	return r;
}

/* see sup/child.h */
pid_t
child_start(const struct child_plan *plan, struct child_news *news)
{
	static bool hung;	/* its like may hang again, and spawn_shared()
				 * may not be called any more */
	int left_ms = CHILD_HOLD_MS;
	pid_t pid;

	*news = (struct child_news){ NULL, 0 };
	if (!hung) {
		pid = start_shared(plan, news);
		if (pid != 0 && (news->refused == NULL || !is_denied(pid)))
			return pid;
		hung = pid == 0;
		left_ms = hung ? 0 : CHILD_HOLD_MS;
	}
	return start_forked(plan, left_ms, news);
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
