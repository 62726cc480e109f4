/* SPDX-License-Identifier: MIT */
/*
 * sup/cgroup.c - memory and CPU counters of our own cgroup
 *
 * Inside a container our group's files stand at the mount's root or, where the
 * host's tree is shown (v1 without a cgroup namespace), under its path.
 */
#include "sup/cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "sup/cgroup_text.h"

#define GROUPS_MAX  2048	/* bytes of /proc/self/cgroup looked at */
#define CONTROL_MAX 512		/* bytes of a control file that are looked at */
#define PATH_LEN    512		/* bytes of a control file's path */
#define V1_NO_LIMIT (UINT64_C(1) << 62)	/* v1's "none" is just below 2^63 */

/* The start of a file; empty where it cannot be read. */
static struct span
read_file(const char *path, char *into, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return (struct span){ into, 0 };
	n = read(fd, into, cap);
	close(fd);
	return (struct span){ into, n > 0 ? (size_t)n : 0 };
}

/* mount + group + file, else mount + file. */
static struct span
read_control(const char *mount, struct span group, const char *file,
             char *into, size_t cap)
{
	char path[PATH_LEN];
	struct buf b = buf_over(path, sizeof path);
	struct span got;

	buf_fmt(&b, "%s%.*s/%s", mount, (int)group.len, group.p, file);
	got = read_file(buf_text(&b), into, cap);
	if (got.len > 0)
		return got;
	b.len = 0;
	buf_fmt(&b, "%s/%s", mount, file);
	return read_file(buf_text(&b), into, cap);
}

/* A controller's file, by its name in v2 or in v1. */
static struct span
read_of(const char *controller, const char *v2, const char *v1, char *into,
        size_t cap)
{
	char groups[GROUPS_MAX], mount[64];
	struct buf b = buf_over(mount, sizeof mount);
	struct span lines = read_file("/proc/self/cgroup", groups,
	                              sizeof groups);
	struct span group = { "", 0 }, got = { into, 0 };

	if (cgroup_text_find_path(lines, controller, &group)) {
		buf_fmt(&b, "/sys/fs/cgroup/%s", controller);
		return read_control(buf_text(&b), group, v1, into, cap);
	}
	if (cgroup_text_find_path(lines, "", &group))
		got = read_control("/sys/fs/cgroup", group, v2, into, cap);
	return got;
}

/* see sup/cgroup.h */
uint64_t
cgroup_oom_kills(void)
{
	char bytes[CONTROL_MAX];
	struct span lines = read_of("memory", "memory.events",
	                            "memory.oom_control", bytes, sizeof bytes);

	return cgroup_text_find_number(lines, "oom_kill");
}

/* see sup/cgroup.h */
uint64_t
cgroup_memory_limit(void)
{
	char bytes[CONTROL_MAX];
	struct span lines = read_of("memory", "memory.max",
	                            "memory.limit_in_bytes", bytes,
	                            sizeof bytes);
	uint64_t n = cgroup_text_read_number(lines);

	return n < V1_NO_LIMIT ? n : CGROUP_UNKNOWN;
}

/* see sup/cgroup.h */
uint64_t
cgroup_memory_used(void)
{
	char bytes[CONTROL_MAX];
	struct span lines = read_of("memory", "memory.current",
	                            "memory.usage_in_bytes", bytes,
	                            sizeof bytes);

	return cgroup_text_read_number(lines);	/* v2's root group has none */
}

/* see sup/cgroup.h */
void
cgroup_cpu(struct cgroup_cpu *cpu)
{
	char bytes[CONTROL_MAX];
	struct span lines = read_of("cpu", "cpu.stat", "cpu.stat", bytes,
	                            sizeof bytes);
	uint64_t v1_ns = cgroup_text_find_number(lines, "throttled_time");

	cpu->periods = cgroup_text_find_number(lines, "nr_periods");
	cpu->throttled = cgroup_text_find_number(lines, "nr_throttled");
	cpu->throttled_us = v1_ns != CGROUP_UNKNOWN
	                  ? v1_ns / 1000
	                  : cgroup_text_find_number(lines, "throttled_usec");
}
