// SPDX-License-Identifier: MIT
/*
 * start - time from the exec of an init to its service's first instruction
 *
 * start ROUNDS + INIT [ARG...] + INIT [ARG...] ...
 *
 * Each INIT runs once a round, in turn, as PID 1 of a new PID namespace; its
 * service must be `stamp`. One line a round: nanoseconds for each INIT, -1 for
 * one that failed. We are small and static, so that little of the exec is ours.
 *
 * Every other round runs backwards: who comes after a large init finds the
 * caches cold, and pays 5 % for that.
 */
#include "bench.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define STAMP_FD 3

/* The child's stamp crosses the exec of the init in a shared page. */
static int64_t *begun_ns;

static void
become(char **argv, int out_fd)
{
	if (out_fd != STAMP_FD)
		must(dup2(out_fd, STAMP_FD), "dup2");
	*begun_ns = now_ns();
	execv(argv[0], argv);	/* NOLINT: no command is empty */
	die(argv[0]);
}

static int64_t
start_once(char **argv)
{
	int64_t first_ns;
	int pipe_fd[2];
	ssize_t n;
	pid_t pid;

	must(pipe(pipe_fd), "pipe");
	pid = fork_init();
	if (pid == 0) {
		close(pipe_fd[0]);
		become(argv, pipe_fd[1]);
	}
	close(pipe_fd[1]);
	n = read(pipe_fd[0], &first_ns, sizeof first_ns);
	close(pipe_fd[0]);
	must(waitpid(pid, NULL, 0), "waitpid");
	return n == sizeof first_ns ? first_ns - *begun_ns : -1;
}

static void
run_round(char **commands[], int n, bool backwards)
{
	int64_t took_ns[BENCH_SERVICES];

	for (int k = 0; k < n; k++) {
		int i = backwards ? n - 1 - k : k;

		took_ns[i] = start_once(commands[i]);
	}
	for (int i = 0; i < n; i++)
		printf("%lld%c", (long long)took_ns[i], i + 1 < n ? ' ' : '\n');
}

int
main(int argc, char **argv)
{
	char **commands[BENCH_SERVICES];
	long rounds = argc > 2 ? atol(argv[1]) : 0;
	int n = split_commands(argv, commands);

	if (rounds <= 0 || n == 0) {
		fprintf(stderr, "usage: start ROUNDS + INIT [ARG...] + ...\n");
		return 2;
	}
	begun_ns = mmap(NULL, sizeof *begun_ns, PROT_READ | PROT_WRITE,
	                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (begun_ns == MAP_FAILED)
		die("mmap");
	for (long round = 0; round < rounds; round++)
		run_round(commands, n, round % 2 != 0);
	return 0;
}
