/* SPDX-License-Identifier: MIT */
/* sup/fds.c - descriptors that hale was started with */
#include "sup/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OLD_KERNEL_MAX 65536	/* highest number closed one by one */

/* see sup/fds.h */
int
fds_fill_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is given out: this very hole. */
		if (open("/dev/null", O_RDWR) < 0
		 && open("/", O_PATH | O_CLOEXEC) < 0)
			return -errno;
	}
	return 0;
}

/* Closes first..last; before Linux 5.9 one by one. */
static void
close_range_of(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	if (last > OLD_KERNEL_MAX)
		last = OLD_KERNEL_MAX;
	for (unsigned fd = first; fd <= last; fd++)
		(void)close((int)fd);
}

static void
sort(int *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t j = i; j > 0 && list[j - 1] > list[j]; j--) {
			int high = list[j - 1];

			list[j - 1] = list[j];
			list[j] = high;
		}
	}
}

static rlim_t given;	/* the soft limit before fds_raise(); 0: unchanged */

static void
set_soft(rlim_t soft)
{
	struct rlimit limit;

	if (prlimit(0, RLIMIT_NOFILE, NULL, &limit) < 0)
		return;
	limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
	(void)prlimit(0, RLIMIT_NOFILE, &limit, NULL);	/* at worst it stays */
}

/* see sup/fds.h */
void
fds_raise(void)
{
	struct rlimit limit;

	if (prlimit(0, RLIMIT_NOFILE, NULL, &limit) < 0
	 || limit.rlim_cur >= FDS_ENOUGH || limit.rlim_cur == limit.rlim_max)
		return;
	given = limit.rlim_cur;
	set_soft(FDS_ENOUGH);
}

/* see sup/fds.h */
void
fds_lower(void)
{
	if (given != 0)
		set_soft(given);
}

/* see sup/fds.h */
long
fds_limit(void)
{
	struct rlimit limit;

	return prlimit(0, RLIMIT_NOFILE, NULL, &limit) < 0
	     ? -1 : (long)limit.rlim_cur;
}

/* see sup/fds.h */
void
fds_close_others(int *ours, size_t n)
{
	unsigned next = STDERR_FILENO + 1;

	sort(ours, n);
	for (size_t i = 0; i < n; i++) {
		if (ours[i] <= STDERR_FILENO)
			continue;
		close_range_of(next, (unsigned)ours[i] - 1);
		next = (unsigned)ours[i] + 1;
	}
	close_range_of(next, ~0U);
}
