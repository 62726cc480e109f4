/* SPDX-License-Identifier: MIT */
/* sup/proc.c - what /proc tells of a process */
#include "sup/proc.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/parse.h"

#define PID_LEN  16	/* bytes of "4194304" */
#define PATH_LEN 64	/* bytes of "/proc/4194304/task/4194304/children" */

/* Are we there by the number that we know ourselves by? */
static bool
is_ours(void)
{
	char self[PID_LEN];
	ssize_t n = readlink("/proc/self", self, sizeof self);
	uint64_t pid;

	return n > 0
	    && parse_uint_span((struct span){ self, (size_t)n }, INT_MAX,
	                       &pid) == 0
	    && (pid_t)pid == getpid();
}

static int
write_path(struct buf *b, pid_t pid, const char *name)
{
	if (!is_ours())
		return -1;
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
