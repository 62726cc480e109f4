// SPDX-License-Identifier: MIT
/*
 * orphans - a service that makes dead orphans when told to
 *
 * Says "ready" on stdout; for each line "COUNT" on stdin it leaves COUNT dead
 * processes to its init and then says "made COUNT" with the true number.
 *
 * A parent that ends without waiting hands all its dead children to the init
 * at once. Orphans are made by vfork, since nothing but their end matters.
 */
#include "bench.h"

#include <sys/wait.h>

#define PER_PARENT 1000	/* keeps the parent's own end short */

static pid_t
make_dead(void)
{
	pid_t pid = vfork();	/* the cheapest to make. NOLINT */

	if (pid == 0)
		_exit(0);
	return pid;
}

static long
leave_dead(long count)
{
	long made = 0;

	while (made < count && make_dead() > 0)
		made++;
	return made;
}

/* Returns how many of count it could make. */
static long
make_some(long count)
{
	int out[2];
	long made = 0;
	pid_t parent;

	must(pipe(out), "pipe");
	parent = fork();
	must(parent, "fork");
	if (parent == 0) {
		made = leave_dead(count);
		must(write(out[1], &made, sizeof made), "write");
		_exit(0);
	}
	close(out[1]);
	must(read(out[0], &made, sizeof made), "read");
	close(out[0]);
	must(waitpid(parent, NULL, 0), "waitpid");
	return made;
}

static long
make_orphans(long count)
{
	long made = 0;

	while (made < count) {
		long left = count - made;
		long want = left < PER_PARENT ? left : PER_PARENT;
		long got = make_some(want);

		made += got;
		if (got < want)
			break;
	}
	return made;
}

int
main(void)
{
	char line[32];

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof line, stdin) != NULL)
		printf("made %ld\n", make_orphans(atol(line)));
	for (;;)
		pause();
}
