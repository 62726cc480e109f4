/* SPDX-License-Identifier: MIT */
/*
 * test_cgroup.c - what the memory cgroup tells
 *
 * Linked with --wrap=open: the absolute paths that cgroup.c opens are looked
 * up under a folder that the test fills.
 */
#include "unit.h"

#include "sup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM  1024
#define FILES_MAX  4
#define LONG_GROUP "/kubepods.slice/kubepods-burstable.slice/kubepods-pod" \
                   "0123456789abcdef0123456789abcdef.slice/cri-containerd-" \
                   "0123456789abcdef0123456789abcdef0123456789abcdef.scope"

static char root[] = "/tmp/hale-cgroup-XXXXXX";

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int
__wrap_open(const char *path, int flags, ...)
{
	char under[PATH_ROOM];
	struct buf b = buf_over(under, sizeof under);

	buf_fmt(&b, "%s%s", root, path);
	return __real_open(buf_text(&b), flags);
}

static const struct row {
	const char *name;
	struct { const char *path, *text; } files[FILES_MAX];
	uint64_t    kills, limit;
} rows[] = {
	{ "v2 in a namespace of its own", {
	  { "/proc/self/cgroup", "0::/\n" },
	  { "/sys/fs/cgroup/memory.events",
	    "low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\noom_group_kill 9\n" },
	  { "/sys/fs/cgroup/memory.max", "67108864\n" } },
	  2, 67108864 },
	{ "v2 with the host's tree shown", {
	  { "/proc/self/cgroup", "0::" LONG_GROUP "\n" },
	  { "/sys/fs/cgroup" LONG_GROUP "/memory.events", "oom_kill 7\n" },
	  { "/sys/fs/cgroup" LONG_GROUP "/memory.max", "1\n" },
	  { "/sys/fs/cgroup/memory.max", "2\n" } },
	  7, 1 },
	{ "v2 with a group that is not shown", {
	  { "/proc/self/cgroup", "0::/docker/123\n" },
	  { "/sys/fs/cgroup/memory.events", "oom_kill 0\n" },
	  { "/sys/fs/cgroup/memory.max", "max\n" } },
	  0, CGROUP_UNKNOWN },
	{ "v1 in a container", {
	  { "/proc/self/cgroup", "12:cpu,cpuacct:/a\n11:memory:/docker/1\n"
	    "1:name=systemd:/x\n" },
	  { "/sys/fs/cgroup/memory/memory.oom_control",
	    "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n" },
	  { "/sys/fs/cgroup/memory/memory.limit_in_bytes", "33554432\n" } },
	  4, 33554432 },
	{ "v1 with the host's tree shown", {
	  { "/proc/self/cgroup", "3:cpu,memory:/docker/1\n" },
	  { "/sys/fs/cgroup/memory/docker/1/memory.oom_control",
	    "oom_kill 5\n" },
	  { "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes",
	    "9223372036854771712\n" } },
	  5, CGROUP_UNKNOWN },
	{ "both at once: memory is v1's", {
	  { "/proc/self/cgroup", "4:memory:/a\n0::/b\n" },
	  { "/sys/fs/cgroup/memory/a/memory.oom_control", "oom_kill 1\n" },
	  { "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "5\n" },
	  { "/sys/fs/cgroup/b/memory.max", "6\n" } },
	  1, 5 },
	{ "an old kernel that counts no kills", {
	  { "/proc/self/cgroup", "4:memory:/\n" },
	  { "/sys/fs/cgroup/memory/memory.oom_control",
	    "oom_kill_disable 0\nunder_oom 0\n" } },
	  CGROUP_UNKNOWN, CGROUP_UNKNOWN },
	{ "a controller whose name only starts like memory", {
	  { "/proc/self/cgroup", "4:memoryx:/a\n" },
	  { "/sys/fs/cgroup/memory/a/memory.oom_control", "oom_kill 1\n" } },
	  CGROUP_UNKNOWN, CGROUP_UNKNOWN },
	{ "no /proc", {
	  { "/sys/fs/cgroup/memory.events", "oom_kill 1\n" } },
	  CGROUP_UNKNOWN, CGROUP_UNKNOWN },
	{ "no cgroup file system", {
	  { "/proc/self/cgroup", "0::/\n" } },
	  CGROUP_UNKNOWN, CGROUP_UNKNOWN },
	{ "empty files", {
	  { "/proc/self/cgroup", "0::/\n" },
	  { "/sys/fs/cgroup/memory.events", "" },
	  { "/sys/fs/cgroup/memory.max", "" } },
	  CGROUP_UNKNOWN, CGROUP_UNKNOWN },
	{ "words where numbers should be", {
	  { "/proc/self/cgroup", "0::/\n" },
	  { "/sys/fs/cgroup/memory.events", "oom_kill many\noom_kill\n" },
	  { "/sys/fs/cgroup/memory.max", "12 MB\n" } },
	  CGROUP_UNKNOWN, CGROUP_UNKNOWN },
	{ "a file without its last line end", {
	  { "/proc/self/cgroup", "0::/" },
	  { "/sys/fs/cgroup/memory.events", "oom_kill 3" },
	  { "/sys/fs/cgroup/memory.max", "4" } },
	  3, 4 },
	{ "the largest limit", {
	  { "/proc/self/cgroup", "0::/" },
	  { "/sys/fs/cgroup/memory.max", "4611686018427387903\n" } },
	  CGROUP_UNKNOWN, 4611686018427387903 },
	{ "one more than the largest limit is none", {
	  { "/proc/self/cgroup", "0::/" },
	  { "/sys/fs/cgroup/memory.max", "4611686018427387904\n" } },
	  CGROUP_UNKNOWN, CGROUP_UNKNOWN },
	{ "lines that break the grammar are passed over", {
	  { "/proc/self/cgroup", "\n:\nx\n4\n::\n0::/a\n" },
	  { "/sys/fs/cgroup/a/memory.events", "\n \noom_kill 2\n" } },
	  2, CGROUP_UNKNOWN },
};

/* Writes a file under root, with the folders on its path. */
static void
put_file(const char *path, const char *text)
{
	char under[PATH_ROOM];
	struct buf b = buf_over(under, sizeof under);
	FILE *f;

	buf_fmt(&b, "%s%s", root, path);
	(void)buf_text(&b);
	for (char *slash = under + sizeof root - 1; *slash != '\0'; slash++) {
		if (*slash != '/')
			continue;
		*slash = '\0';
		assert_true(mkdir(under, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	f = fopen(under, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
remove_root(void **state)
{
	char command[PATH_ROOM];
	struct buf b = buf_over(command, sizeof command);

	(void)state;
	buf_fmt(&b, "rm -rf %s", root);
	return system(buf_text(&b));
}

static void
tells(void **state)
{
	const struct row *r = *state;

	assert_int_equal(remove_root(NULL), 0);
	for (size_t i = 0; i < FILES_MAX && r->files[i].path != NULL; i++)
		put_file(r->files[i].path, r->files[i].text);
	assert_true(cgroup_oom_kills() == r->kills);
	assert_true(cgroup_memory_limit() == r->limit);
}

static int
make_root(void **state)
{
	(void)state;
	return mkdtemp(root) != NULL ? 0 : -1;
}

int
main(void)
{
	UNIT_ROWS(tells, rows);
	return unit_run_with("sup/cgroup", make_root, remove_root);
}
