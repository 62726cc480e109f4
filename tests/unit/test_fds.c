/* SPDX-License-Identifier: MIT */
/* test_fds.c - descriptors that hale was started with, in a child each */
#include "unit.h"

#include "sup/fds.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS_MAX 64	/* the highest number that is opened here */

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* run() in a child, whose descriptors nobody misses. */
static void
assert_in_child(int (*run)(const void *row), const void *row)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(run(row));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const struct row {
	const char *name;
	size_t      n;
	int         ours[4];
} rows[] = {
	{ "none is ours", 0, { 0 } },
	{ "the first above the standard ones", 1, { 3 } },
	{ "one in the middle", 1, { 30 } },
	{ "neighbours", 3, { 10, 11, 12 } },
	{ "in any order", 4, { 40, 3, 63, 7 } },
	{ "a standard one too", 2, { 1, 20 } },
};

static int
close_others(const void *row)
{
	const struct row *r = row;
	int ours[4];

	for (int fd = STDERR_FILENO + 1; fd < FDS_MAX; fd++)
		dup2(STDERR_FILENO, fd);
	memcpy(ours, r->ours, sizeof ours);
	fds_close_others(ours, r->n);
	for (int fd = 0; fd < FDS_MAX; fd++) {
		bool keeps = fd <= STDERR_FILENO;

		for (size_t i = 0; i < r->n; i++)
			keeps |= r->ours[i] == fd;
		if (is_open(fd) != keeps)
			return 1 + fd;
	}
	return 0;
}

static void
ours_and_the_standard_ones_stay(void **state)
{
	assert_in_child(close_others, *state);
}

static const struct hole {
	const char *name;
	bool        closed[3];
} holes[] = {
	{ "no hole", { false, false, false } },
	{ "no stdin", { true, false, false } },
	{ "no stdout", { false, true, false } },
	{ "no stdin and no stderr", { true, false, true } },
	{ "no standard stream at all", { true, true, true } },
};

static int
fill_standard(const void *row)
{
	const struct hole *h = row;
	struct stat null, st;

	if (stat("/dev/null", &null) < 0)
		return 10;
	for (int fd = 0; fd < 3; fd++)
		if (h->closed[fd])
			close(fd);
	if (fds_fill_standard() != 0)
		return 11;
	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) < 0
		 || (h->closed[fd] && st.st_rdev != null.st_rdev))
			return 1 + fd;
	return 0;
}

static void
holes_are_filled_with_the_null_device(void **state)
{
	assert_in_child(fill_standard, *state);
}

int
main(void)
{
	UNIT_ROWS(ours_and_the_standard_ones_stay, rows);
	UNIT_ROWS(holes_are_filled_with_the_null_device, holes);
	return unit_run("sup/fds");
}
