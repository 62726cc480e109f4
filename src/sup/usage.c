/* SPDX-License-Identifier: MIT */
/* sup/usage.c - what a process and its container use */
#include "sup/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sup/cgroup.h"
#include "sup/proc.h"

#define ENTRIES_MAX 4096	/* bytes of a directory read at a time */
#define READS_MAX   1024	/* reads of one directory: probes must go on */

/* see sup/usage.h */
uint64_t
usage_epoch_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);	/* cannot fail */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
read_process(struct snapshot_usage *u, pid_t pid)
{
	struct procstat st;

	if (proc_stat(pid, &st) < 0)
		return;
	u->cpu_ms = (st.utime + st.stime) * (1000 / PROCSTAT_HZ);
	u->threads = st.threads;
	u->virtual_bytes = st.vsize;
	u->resident_bytes = st.rss * (uint64_t)getpagesize();
}

/* Entries of a directory, "." and ".." left out. */
static uint64_t
count_entries(int fd)
{
	_Alignas(struct dirent) char bytes[ENTRIES_MAX];
	uint64_t count = 0;

	for (int i = 0; i < READS_MAX; i++) {
		long n = syscall(SYS_getdents64, fd, bytes, sizeof bytes);

		if (n <= 0)
			return count > 2 ? count - 2 : 0;
		for (long at = 0; at < n; count++)
			at += ((struct dirent *)(void *)(bytes + at))->d_reclen;
	}
	return SNAPSHOT_UNKNOWN;
}

/* Since Linux 6.2 the directory's size is their number. */
static void
read_fds(struct snapshot_usage *u, pid_t pid)
{
	int fd = proc_open(pid, "fd", O_DIRECTORY);
	struct stat st;
	struct rlimit limit;

	if (fd >= 0) {
		u->open_fds = fstat(fd, &st) == 0 && st.st_size > 0
		            ? (uint64_t)st.st_size : count_entries(fd);
		close(fd);
	}
	if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == 0
	 && limit.rlim_cur != RLIM_INFINITY)
		u->max_fds = limit.rlim_cur;
}

static void
read_all(struct snapshot_usage *u, pid_t pid, uint64_t born_ms)
{
	struct cgroup_cpu cpu;

	*u = (struct snapshot_usage){
		.cpu_ms = SNAPSHOT_UNKNOWN,
		.resident_bytes = SNAPSHOT_UNKNOWN,
		.virtual_bytes = SNAPSHOT_UNKNOWN,
		.threads = SNAPSHOT_UNKNOWN,
		.open_fds = SNAPSHOT_UNKNOWN,
		.max_fds = SNAPSHOT_UNKNOWN,
		.start_ms = SNAPSHOT_UNKNOWN,
		.memory_bytes = cgroup_memory_used(),
		.memory_limit_bytes = cgroup_memory_limit(),
		.oom_kills = cgroup_oom_kills(),
	};
	cgroup_cpu(&cpu);
	u->cpu_periods = cpu.periods;
	u->cpu_throttled = cpu.throttled;
	u->cpu_throttled_us = cpu.throttled_us;
	if (pid > 0) {
		u->start_ms = born_ms;
		read_process(u, pid);
		read_fds(u, pid);
	}
}

/* see sup/usage.h */
const struct snapshot_usage *
usage_recent(struct usage_cache *cache, pid_t pid, uint64_t born_ms,
             int64_t now_ms)
{
	bool is_recent = cache->pid == pid && cache->read_ms != 0
	              && now_ms - cache->read_ms < USAGE_RECENT_MS;

	if (!is_recent) {
		read_all(&cache->usage, pid, born_ms);
		cache->pid = pid;
		cache->read_ms = now_ms;
	}
	return &cache->usage;
}
