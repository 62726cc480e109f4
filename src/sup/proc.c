/* SPDX-License-Identifier: MIT */
/* sup/proc.c - what /proc shows of a process */
#include "sup/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/parse.h"

#define PID_LEN  16	/* bytes of "4194304" */
#define LIST_MAX 4096	/* bytes of a directory read at a time */
#define STATUS_MAX 512	/* bytes of status: the users are in its first lines */
#define PATH_LEN 64	/* bytes of "/proc/4194304/task/4194304/children" */

/* see sup/proc.h */
bool
proc_is_ours(void)
{
	char self[PID_LEN];
	ssize_t n = readlink("/proc/self", self, sizeof self);
	uint64_t pid;

	/* Are we there by the number that we know ourselves by? */
	return n > 0
	    && parse_uint_span((struct span){ self, (size_t)n }, INT_MAX,
	                       &pid) == 0
	    && (pid_t)pid == getpid();
}

static bool listing;	/* looked at already, and what is listed is ours */

static int
write_path(struct buf *b, pid_t pid, const char *name)
{
	if (!listing && !proc_is_ours()) {
		errno = EACCES;
		return -1;
	}
	buf_fmt(b, "/proc/%d/%s", (int)pid, name);
	(void)buf_text(b);
	return 0;
}

/* see sup/proc.h */
int
proc_open(pid_t pid, const char *name, int flags)
{
	char path[PATH_LEN];
	struct buf b = buf_over(path, sizeof path);

	if (write_path(&b, pid, name) < 0)
		return -1;
	return open(path, flags | O_RDONLY | O_CLOEXEC);
}

/* see sup/proc.h */
int
proc_uid(pid_t pid, uid_t *uid)
{
	char path[PATH_LEN];
	struct buf b = buf_over(path, sizeof path);
	struct stat st;

	if (write_path(&b, pid, "") < 0 || stat(path, &st) < 0)
		return -1;
	*uid = st.st_uid;
	return 0;
}

/* Too many files are open, or the like: it may be had later. */
static bool
is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM;
}

/* see sup/proc.h */
int
proc_real_uid(pid_t pid, uid_t *uid)
{
	char bytes[STATUS_MAX];
	int fd = proc_open(pid, "status", 0);
	ssize_t n;
	int r;

	if (fd < 0 && is_shortage(errno))
		return -errno;
	if (fd < 0)
		return errno == ENOENT && proc_is_ours() ? -ESRCH : -EACCES;
	n = read(fd, bytes, sizeof bytes);
	close(fd);
	if (n < 0)
		return -ESRCH;
	r = procstat_real_uid((struct span){ bytes, (size_t)n }, uid);
	return r == ERR_PARSE ? -EACCES : r;
}

/* see sup/proc.h */
bool
proc_is_elsewhere(pid_t pid)
{
	char path[PATH_LEN];
	struct buf b = buf_over(path, sizeof path);
	struct stat own, other;

	return write_path(&b, pid, "ns/mnt") == 0 && stat(path, &other) == 0
	    && stat("/proc/self/ns/mnt", &own) == 0
	    && own.st_ino != other.st_ino;
}

/* see sup/proc.h */
int
proc_name(pid_t pid, char name[PROC_NAME_LEN + 1])
{
	int fd = proc_open(pid, "comm", 0);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, name, PROC_NAME_LEN + 1);
	close(fd);
	if (n > 0 && name[n - 1] == '\n')
		n--;
	if (n < 0 || n > PROC_NAME_LEN)
		return -1;
	name[n] = '\0';
	return (int)n;
}

/* see sup/proc.h */
void
proc_write(struct buf *b, pid_t pid)
{
	char name[PROC_NAME_LEN + 1];

	if (proc_name(pid, name) > 0)
		buf_fmt(b, "%s (pid %d)", name, (int)pid);
	else
		buf_fmt(b, "pid %d", (int)pid);
}

/* see sup/proc.h */
int
proc_stat(pid_t pid, struct procstat *st)
{
	char bytes[PROCSTAT_MAX];
	int fd = proc_open(pid, "stat", 0);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, bytes, sizeof bytes);	/* fails if it has just gone */
	close(fd);
	if (n < 0)
		return -1;
	return procstat_read(st, (struct span){ bytes, (size_t)n }) < 0 ? -1
	                                                                : 0;
}

/* see sup/proc.h */
bool
proc_descends(pid_t pid, pid_t from)
{
	struct procstat st;

	for (int i = 0; i <= PROC_DEPTH_MAX; i++) {
		if (pid == from)
			return true;
		if (pid <= 1 || proc_stat(pid, &st) < 0)
			return false;
		pid = st.ppid;
	}
	return false;
}

/* For every entry of the directory that is a number; closes it. */
static void
each_number(int fd, void (*each)(pid_t pid, void *context), void *context)
{
	_Alignas(struct dirent) char bytes[LIST_MAX];
	uint64_t pid;
	const bool nested = listing;
	long n;

	listing = true;
	while ((n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
		const struct dirent *e;

		for (long at = 0; at < n; at += e->d_reclen) {
			e = (const void *)(bytes + at);
			if (parse_uint_span(span_of(e->d_name), INT_MAX, &pid)
			    == 0)
				each((pid_t)pid, context);
		}
	}
	listing = nested;
	close(fd);
}

/* see sup/proc.h */
void
proc_each(void (*each)(pid_t pid, void *context), void *context)
{
	int fd = proc_is_ours() ? open("/proc", O_RDONLY | O_DIRECTORY
	                                        | O_CLOEXEC) : -1;

	if (fd >= 0)
		each_number(fd, each, context);
}

/* see sup/proc.h */
int
proc_each_thread(pid_t pid, void (*each)(pid_t thread, void *context),
                 void *context)
{
	int fd = proc_open(pid, "task", O_DIRECTORY);

	if (fd < 0)
		return -1;
	each_number(fd, each, context);
	return 0;
}
