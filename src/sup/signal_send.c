/* SPDX-License-Identifier: MIT */
/* sup/signal_send.c - send a signal, as the receiver's user where it must be */
#include "sup/signal_send.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "sup/fds.h"
#include "sup/proc.h"
#include "sup/tree.h"

/* On 32-bit processors the call of that name takes a user of 16 bits. */
#ifdef SYS_setresuid32
#define SETRESUID SYS_setresuid32
#else
#define SETRESUID SYS_setresuid
#endif

#define CAP_VERSION 0x20080522	/* _LINUX_CAPABILITY_VERSION_3 */
#define CAP_KILL    5
#define STEP_NS     1000000	/* between two looks at the child */

/* musl comes without linux/capability.h. */
struct cap_head {
	uint32_t version;
	int      pid;
};

struct cap_data {
	uint32_t effective, permitted, inheritable;
};

/* see sup/signal_send.h */
bool
signal_send_has_cap(void)
{
	struct cap_head head = { CAP_VERSION, 0 };
	struct cap_data data[2] = { { 0, 0, 0 } };

	return syscall(SYS_capget, &head, data) == 0
	    && (data[0].effective >> CAP_KILL & 1) != 0;
}

/* Passes a queued value on; false where the kernel does not take it. */
static bool
queue(pid_t pid, int sig, const struct signalfd_siginfo *from)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	info.si_signo = sig;
	info.si_code = SI_QUEUE;
	info.si_pid = (pid_t)from->ssi_pid;
	info.si_uid = (uid_t)from->ssi_uid;
	/* The kernel hands it over as a number. NOLINTNEXTLINE */
	info.si_value.sival_ptr = (void *)(uintptr_t)from->ssi_ptr;
	return syscall(SYS_rt_sigqueueinfo, pid, sig, &info) == 0;
}

static int
send(pid_t pid, int sig, const struct signalfd_siginfo *info)
{
	if (info != NULL && info->ssi_code == SI_QUEUE
	 && queue(pid, sig, info))
		return 0;
	return kill(pid, sig) == 0 || errno == ESRCH ? 0 : -errno;
}

/* --- as another user --- */

/* Until then no child is started: one took too long. */
static int64_t rest_until_ms;

/* Its exit code is an error number. */
static int
result_of(int status)
{
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EAGAIN;
}

/* What holds it may hold its end too: it is reaped when that comes. */
static int
wait_briefly(pid_t child)
{
	const struct timespec step = { 0, STEP_NS };
	int status;

	for (int ms = 0; ms < SIGNAL_SEND_WAIT_MS; ms++) {
		pid_t pid = waitpid(child, &status, WNOHANG);

		if (pid < 0)
			return -errno;
		if (pid == child)
			return result_of(status);
		(void)nanosleep(&step, NULL);
	}
	(void)kill(child, SIGKILL);
	rest_until_ms = clock_ms() + SIGNAL_SEND_REST_MS;
	return -ETIMEDOUT;
}

/*
 * In the child. kill(2) looks at the sender's effective user, and at the real
 * and the saved one of who gets it: with that user as the effective one alone,
 * that user's processes cannot stop or kill the child.
 */
static int
become(uid_t uid)
{
	const uid_t same = (uid_t)-1;

	(void)prctl(PR_SET_NAME, TREE_CHECKER);	/* nobody's leftover */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)close(fd);
	fds_close_others(NULL, 0);	/* no connection waits for its end */
	/* libc's would want to change threads that are not there. */
	if (syscall(SETRESUID, same, uid, same) == 0)
		return 0;
	/* EINVAL: our user namespace has no such user. */
	return errno == EINVAL ? -EPERM : -errno;
}

/*
 * Runs say(what) as that user, in a child with memory of its own: a change of
 * users makes memory that no debugger may read, which keeps that user's other
 * processes out of the child, and ours stays as it is. Returns what say()
 * does, or an error number.
 */
static int
as_user(uid_t uid, int (*say)(const void *what, uid_t uid), const void *what)
{
	pid_t child;
	int r;

	if (clock_ms() < rest_until_ms)
		return -ETIMEDOUT;
	child = _Fork();
	if (child < 0)
		return -errno;
	if (child > 0)
		return wait_briefly(child);
	r = become(uid);
	_exit(r < 0 ? -r : -say(what, uid));
}

/* --- one --- */

struct letter {
	pid_t to;
	int   sig;
	const struct signalfd_siginfo *info;
};

static int
send_letter(const void *letter, uid_t uid)
{
	const struct letter *l = letter;

	(void)uid;
	return send(l->to, l->sig, l->info);
}

/* The user to become. Returns 0, -ESRCH if the process has ended, or as
 * signal_send() does. */
static int
find_user(pid_t pid, uid_t *uid)
{
	int r = proc_real_uid(pid, uid);

	return r == -EACCES ? -EPERM : r;
}

/* see sup/signal_send.h */
int
signal_send(pid_t pid, int sig, const struct signalfd_siginfo *info)
{
	const struct letter l = { pid, sig, info };
	int r = send(pid, sig, info);
	uid_t uid;

	if (r != -EPERM)
		return r;
	r = find_user(pid, &uid);
	if (r == 0)
		return as_user(uid, send_letter, &l);
	return r == -ESRCH ? 0 : r;
}

/* --- many --- */

static int
send_all(const void *batch, uid_t uid)
{
	const struct signal_send_batch *b = batch;
	int err = 0;

	for (size_t i = 0; i < b->n; i++) {
		int r = b->uids[i] == uid ? send(b->pids[i], b->sig, NULL) : 0;

		if (r < 0)
			err = r;
	}
	return err;
}

static bool
is_first_of_user(const struct signal_send_batch *b, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (b->uids[i] == b->uids[at])
			return false;
	return true;
}

/* see sup/signal_send.h */
void
signal_send_note(struct signal_send_batch *b, int result)
{
	if (result < 0 && b->err != -EPERM)
		b->err = result;
}

/* see sup/signal_send.h */
int
signal_send_end(struct signal_send_batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (is_first_of_user(b, i))
			signal_send_note(b, as_user(b->uids[i], send_all, b));
	b->n = 0;
	return b->err;
}

static void
keep(struct signal_send_batch *b, pid_t pid)
{
	int r = find_user(pid, &b->uids[b->n]);

	if (r != -ESRCH)
		signal_send_note(b, r);
	if (r < 0)
		return;
	b->pids[b->n++] = pid;
	if (b->n == SIGNAL_SEND_MAX)
		(void)signal_send_end(b);	/* the result stays in b */
}

/* see sup/signal_send.h */
void
signal_send_to(struct signal_send_batch *b, pid_t pid)
{
	if (send(pid, b->sig, NULL) == -EPERM)
		keep(b, pid);
}

/* see sup/signal_send.h */
void
signal_send_if_refused(struct signal_send_batch *b, pid_t pid)
{
	if (send(pid, 0, NULL) == -EPERM)
		keep(b, pid);
}
