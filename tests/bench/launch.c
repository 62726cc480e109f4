// SPDX-License-Identifier: MIT
/*
 * launch - run a program as PID 1 of a new PID namespace
 *
 * launch PROGRAM [ARG...]
 *
 * The first line on stdout is PROGRAM's pid as seen from outside. Streams are
 * PROGRAM's, the exit code too (128+n for signal n). PROGRAM dies with us.
 */
#include "bench.h"

#include <sys/wait.h>

/* Waits until the other end of gate_fd is closed: our pid has been told. */
static void
become(char **argv, int gate_fd)
{
	char none;

	(void)!read(gate_fd, &none, 1);	/* ends without a byte */
	close(gate_fd);
	execvp(argv[0], argv);
	die(argv[0]);
}

int
main(int argc, char **argv)
{
	int status, gate[2];
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: launch PROGRAM [ARG...]\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(pipe(gate), "pipe");
	pid = fork_init();
	if (pid == 0) {
		close(gate[1]);
		become(argv + 1, gate[0]);
	}
	printf("%d\n", (int)pid);
	fflush(stdout);
	close(gate[0]);
	close(gate[1]);
	must(waitpid(pid, &status, 0), "waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
	                           : WEXITSTATUS(status);
}
