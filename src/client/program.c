/* SPDX-License-Identifier: MIT */
/* client/program.c - run a program as a check, with a deadline */
#include "client/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/signame.h"
#include "base/wait.h"

#define KEEP_MAX   4096	/* bytes of output that are looked at */
#define SHOW_MAX   200	/* bytes of a line that is shown */
#define SIGACTION_WORDS 8	/* as many as a kernel's struct sigaction has */

/* The descriptors of one run; -1 where there is none. */
struct pipes {
	int in[2];	/* nobody writes: the program's stdin is empty */
	int out[2];
	int fail[2];	/* CLOEXEC: an errno where exec failed */
	int ended;	/* signalfd of SIGCHLD */
};

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
close_all(struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		close_one(&p->in[i]);
		close_one(&p->out[i]);
		close_one(&p->fail[i]);
	}
	close_one(&p->ended);
}

static int
open_all(struct pipes *p)
{
	sigset_t chld;

	*p = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 }, -1 };
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	if (pipe2(p->in, O_CLOEXEC) == 0 && pipe2(p->out, O_CLOEXEC) == 0
	 && pipe2(p->fail, O_CLOEXEC) == 0
	 && (p->ended = signalfd(-1, &chld, SFD_NONBLOCK | SFD_CLOEXEC)) >= 0)
		return 0;
	return -errno;
}

/* By the kernel's call: libc's refuses the signals that it keeps for itself,
 * and one that came as ignored would stay so. */
static void
default_signals(void)
{
	/* SIG_DFL, no flags, an empty mask: zeros in every kernel's layout. */
	static const unsigned long dfl[SIGACTION_WORDS];
	sigset_t none;

	for (int sig = 1; sig <= SIGNAME_MAX; sig++)	/* KILL: as ever */
		(void)syscall(SYS_rt_sigaction, sig, dfl, NULL,
		              SIGNAME_SET_SIZE);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* dup2() to itself would leave the descriptor to be closed by exec. */
static bool
put(int fd, int at)
{
	return fd == at ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, at) >= 0;
}

static _Noreturn void
become(char *const argv[], const struct pipes *to, pid_t parent)
{
	int err;

	(void)setpgid(0, 0);	/* the parent does the same: first one wins */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	default_signals();
	if (put(to->in[0], STDIN_FILENO) && put(to->out[1], STDOUT_FILENO)
	 && put(to->out[1], STDERR_FILENO))
		execvp(argv[0], argv);
	err = errno;
	(void)!write(to->fail[1], &err, sizeof err);	/* or exit 127 tells */
	_exit(127);
}

/* What exec reports, or 0 once it is done, or is late: a program on a dead
 * network file system can hold it for ever. */
static int
read_failure(int fd, int64_t deadline_ms)
{
	int err = 0;

	if (wait_fd(fd, POLLIN, deadline_ms) < 0
	 || read(fd, &err, sizeof err) != (ssize_t)sizeof err)
		return 0;
	return -err;
}

/* Reads what is there, keeps what fits; false at the end. */
static bool
drain(int fd, struct buf *kept)
{
	char bytes[KEEP_MAX];
	ssize_t n = read(fd, bytes, sizeof bytes);

	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN);
	buf_add(kept, (struct span){ bytes, (size_t)n });
	return true;
}

/* Has the child ended? It stays unreaped, so that its group keeps its name. */
static bool
has_ended(pid_t child)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT)
	               == 0 && info.si_pid == child;
}

/* Drains its output until the child has ended or the deadline has come. */
static int
drain_to_end(pid_t child, struct pipes *p, struct buf *kept,
             int64_t deadline_ms)
{
	struct pollfd fds[2] = {
		{ .fd = p->ended, .events = POLLIN },
		{ .fd = p->out[0], .events = POLLIN },
	};
	struct signalfd_siginfo unused;

	while (!has_ended(child)) {
		int r = poll(fds, 2, clock_wait_ms(deadline_ms));

		if (r == 0)
			return ERR_TIMEOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r < 0)
			continue;
		if (fds[1].revents != 0 && !drain(p->out[0], kept))
			fds[1].fd = -1;
		if (fds[0].revents != 0)
			(void)!read(p->ended, &unused, sizeof unused);
	}
	/* What it wrote before its end; others may hold the pipe open. */
	(void)fcntl(p->out[0], F_SETFL, O_NONBLOCK);
	(void)drain(p->out[0], kept);
	return 0;
}

static struct span
last_line(struct span text)
{
	struct span last = { NULL, 0 };

	while (text.len > 0) {
		struct span line = span_cut(&text, '\n');

		if (line.len > 0)
			last = line;
	}
	if (last.len > SHOW_MAX)
		last.len = SHOW_MAX;
	return last;
}

static int
write_end(int status, struct span printed, struct buf *why)
{
	struct span line = last_line(printed);

	if (WIFSIGNALED(status)) {
		buf_str(why, "killed by ");
		signame_write(why, WTERMSIG(status));
	} else {
		buf_fmt(why, "exit %d", WEXITSTATUS(status));
	}
	if (line.len > 0)
		buf_fmt(why, ": %.*s", (int)line.len, line.p);
	/* Ours comes only when it has ended, or is late. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return ERR_KILLED;
	return status == 0 ? 0 : ERR_UNHEALTHY;
}

/* What the machine lacks tells nothing of what was to be checked. */
static int
judge(int err)
{
	return err_is_shortage(err) ? ERR_NOT_RUN : err;
}

static void
write_failure(struct buf *why, const char *program, int err,
              program_explain *explain)
{
	buf_fmt(why, "cannot run %s: ", program);
	if (explain != NULL && !err_is_shortage(err))
		(void)explain(why, program, err);
	else
		buf_str(why, err_text(err));
}

static int
attend(pid_t child, const char *program, program_explain *explain,
       struct pipes *pipes, int64_t deadline_ms, struct buf *why)
{
	char memory[KEEP_MAX];
	struct buf kept = buf_over(memory, sizeof memory);
	int status = 0, r, failed;

	(void)setpgid(child, child);
	close_one(&pipes->fail[1]);
	close_one(&pipes->out[1]);
	close_one(&pipes->in[0]);
	close_one(&pipes->in[1]);
	failed = read_failure(pipes->fail[0], deadline_ms);
	r = drain_to_end(child, pipes, &kept, deadline_ms);
	(void)kill(-child, SIGKILL);
	(void)kill(child, SIGKILL);	/* had it no group yet */
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (failed < 0) {
		write_failure(why, program, failed, explain);
		return judge(failed);
	}
	if (r < 0) {
		buf_fmt(why, "%s: %s", program, err_text(r));
		return judge(r);
	}
	return write_end(status, buf_span(&kept), why);
}

/* see client/program.h */
int
program_run(char *const argv[], program_explain *explain, int64_t deadline_ms,
            struct buf *why)
{
	pid_t parent = getpid(), child;
	sigset_t chld, before;
	struct pipes pipes;
	int r = open_all(&pipes);

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	/* The signalfd reads it. */
	(void)sigprocmask(SIG_BLOCK, &chld, &before);
	child = r == 0 ? _Fork() : -1;
	if (child == 0)
		become(argv, &pipes, parent);
	if (r == 0 && child < 0)
		r = -errno;
	if (r == 0) {
		r = attend(child, argv[0], explain, &pipes, deadline_ms, why);
	} else {
		write_failure(why, argv[0], r, NULL);
		r = judge(r);
	}
	close_all(&pipes);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}
