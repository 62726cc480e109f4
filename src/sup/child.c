/* SPDX-License-Identifier: MIT */
/* sup/child.c - spawn with a clean mask; reach children; status to exit code */
#include "sup/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sup/terminal.h"

#define DEPTH_MAX 32	/* generations of descendants that are walked */
#define PROC_READ 512	/* bytes read from /proc at a time */
#define PATH_LEN  64	/* bytes of "/proc/4194304/task/4194304/children" */
#define COMM_MAX  16	/* a thread's name with its NUL (proc(5)) */
#define ENV_MAX   32	/* "LISTEN_PID=" and a number */

/*
 * Runs in the child, on the parent's memory: it may write only to what the
 * parent reads afterwards. Returns the errno of a failed exec.
 */
static int
become(const struct child_plan *plan, char *listen_env)
{
	struct buf b = buf_over(listen_env, ENV_MAX);

	if (plan->listen_pid != NULL) {
		buf_fmt(&b, "LISTEN_PID=%d", (int)getpid());
		*plan->listen_pid = (char *)buf_text(&b);
	}
	if (plan->terminal_fd >= 0) {
		(void)setpgid(0, 0);	/* a child that has not exec'd: allowed */
		if (plan->foreground)
			terminal_give(plan->terminal_fd, getpid());
	} else {
		(void)setsid();		/* not a group leader: allowed */
	}
	signals_restore(plan->given);
	execvp(plan->argv[0], plan->argv);
	return errno;
}

/* see sup/child.h */
pid_t
child_start(const struct child_plan *plan)
{
	static char listen_env[ENV_MAX];	/* environ points here */
	volatile int failed = 0;
	/* posix_spawn() sets no terminal and no 64-bit mask. NOLINTNEXTLINE */
	pid_t pid = vfork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* `failed` is how the parent hears of it. NOLINTNEXTLINE */
		failed = become(plan, listen_env);
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
	/* The kernel tells it as a number. NOLINTNEXTLINE */
	info.si_value.sival_ptr = (void *)(uintptr_t)from->ssi_ptr;
	return syscall(SYS_rt_sigqueueinfo, pid, sig, &info) == 0;
}

/* see sup/child.h */
void
child_signal(pid_t pid, bool to_group, int sig,
             const struct signalfd_siginfo *info)
{
	if (to_group && kill(-pid, sig) == 0)
		return;
	if (!to_group && info != NULL && info->ssi_code == SI_QUEUE
	 && queue(pid, sig, info))
		return;
	(void)kill(pid, sig);
}

/* A directory's entry as getdents64(2) gives it; opendir() would allocate. */
struct entry {
	uint64_t inode;
	int64_t  next;
	uint16_t len;	/* bytes of the whole entry */
	uint8_t  type;
	char     name[];	/* terminated */
};

typedef void visit(pid_t pid, void *context);

/* Declared ahead since it recurses through the two below. */
static void walk(pid_t parent, int depth, visit *each, void *context);

struct walk_step {
	visit *each;
	void  *context;
	int    depth;
};

/* Descendants first: a dead parent's children would move out of sight. */
static void
visit_one(const struct walk_step *step, pid_t pid)
{
	if (step->depth > 0)
		walk(pid, step->depth - 1, step->each, step->context);
	step->each(pid, step->context);
}

/* Reads "12 15 99 " from fd, however the numbers fall into the reads. */
static void
visit_listed(const struct walk_step *step, int fd)
{
	char bytes[PROC_READ];
	pid_t pid = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] >= '0' && bytes[i] <= '9') {
				pid = pid * 10 + (bytes[i] - '0');
			} else if (pid > 0) {
				visit_one(step, pid);
				pid = 0;
			}
		}
	}
}

static int
open_proc(pid_t pid, const char *rest)
{
	char path[PATH_LEN];
	struct buf b = buf_over(path, sizeof path);

	buf_fmt(&b, "/proc/%d/%s", (int)pid, rest);
	return open(buf_text(&b), O_RDONLY | O_CLOEXEC);
}

static void
walk_thread(const struct walk_step *step, pid_t parent, const char *thread)
{
	char rest[PATH_LEN];
	struct buf b = buf_over(rest, sizeof rest);
	int fd;

	buf_fmt(&b, "task/%s/children", thread);
	fd = open_proc(parent, buf_text(&b));
	if (fd < 0)	/* it has just ended */
		return;
	visit_listed(step, fd);
	close(fd);
}

/*
 * Calls each for the children of parent and, to depth, theirs. The kernel
 * lists a child with the thread that forked it, which in Go is any.
 */
static void
walk(pid_t parent, int depth, visit *each, void *context)
{
	const struct walk_step step = { each, context, depth };
	_Alignas(struct entry) char bytes[PROC_READ];
	int fd = open_proc(parent, "task");
	long n;

	if (fd < 0)	/* no /proc, or it has just ended */
		return;
	while ((n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
		const struct entry *e;

		for (long at = 0; at < n; at += e->len) {
			e = (const struct entry *)(const void *)(bytes + at);
			if (e->name[0] != '.')
				walk_thread(&step, parent, e->name);
		}
	}
	close(fd);
}

static void
signal_one(pid_t pid, void *sig)
{
	(void)kill(pid, *(const int *)sig);	/* it may just have ended */
}

/* see sup/child.h */
void
child_signal_all(pid_t service, int sig)
{
	if (getpid() == 1) {
		(void)kill(-1, sig);	/* ESRCH: there is nobody else */
		return;
	}
	walk(getpid(), DEPTH_MAX, signal_one, &sig);
	(void)kill(-service, sig);
}

static void
list_one(pid_t pid, void *list)
{
	struct buf *b = list;
	char name[COMM_MAX];
	ssize_t n = 0;
	int fd;

	if (b->cut)	/* there may be thousands */
		return;
	fd = open_proc(pid, "comm");
	if (fd >= 0) {
		n = read(fd, name, sizeof name);
		close(fd);
	}
	if (n > 0 && name[n - 1] == '\n')
		n--;
	if (b->len > 0)
		buf_str(b, ", ");
	buf_fmt(b, "%.*s (pid %d)", n > 0 ? (int)n : 1, n > 0 ? name : "?",
	        (int)pid);
}

/* see sup/child.h */
void
child_list(struct buf *b)
{
	walk(getpid(), 0, list_one, b);
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
