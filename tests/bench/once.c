/* SPDX-License-Identifier: MIT */
/*
 * once cpu|memory N COMMAND [ARG...] - run a command N times, one after
 * another, its output thrown away. A line a run:
 *   cpu      nanoseconds of CPU, user and system, of it and its children
 *   memory   private dirty pages at its end, and VmHWM, in KB; the difference
 *            is the program's file, shared with every other that runs it
 * Memory is read in the stop before its exit (ptrace): getrusage's maxrss
 * would have our own size in it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static long
field_kb(pid_t pid, const char *file, const char *name)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			kb += strtol(line + strlen(name), NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	return kb;
}

static void
begin(char **argv, int traced)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(null, 1);
	if (traced) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		(void)raise(SIGSTOP);
	}
	(void)execvp(argv[0], argv);
	_exit(127);
}

static void
cpu(char **argv)
{
	struct rusage before, after;
	int status;
	pid_t pid;

	getrusage(RUSAGE_CHILDREN, &before);
	pid = fork();
	if (pid == 0)
		begin(argv, 0);
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		die("the command failed");
	getrusage(RUSAGE_CHILDREN, &after);
#define US(t) ((t).tv_sec * 1000000L + (t).tv_usec)
	(void)printf("%ld\n", 1000 * (US(after.ru_utime) + US(after.ru_stime)
	                        - US(before.ru_utime) - US(before.ru_stime)));
}

static void
memory(char **argv)
{
	int status, sig;
	pid_t pid = fork();

	if (pid == 0)
		begin(argv, 1);
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		die("the command did not start");
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT);
	ptrace(PTRACE_CONT, pid, 0, 0);
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		sig = WSTOPSIG(status);
		if (status >> 16 == PTRACE_EVENT_EXIT) {
			(void)printf("%ld %ld\n",
			       field_kb(pid, "smaps_rollup", "Private_Dirty:"),
			       field_kb(pid, "status", "VmHWM:"));
			sig = 0;
		}
		ptrace(PTRACE_CONT, pid, 0, sig == SIGTRAP ? 0 : sig);
	}
	if (status != 0)
		die("the command failed");
}

int
main(int argc, char **argv)
{
	int traced = argc > 1 && strcmp(argv[1], "memory") == 0;

	if (argc < 4)
		die("usage: once cpu|memory N COMMAND [ARG...]");
	for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
		if (traced)
			memory(argv + 3);
		else
			cpu(argv + 3);
	}
	return 0;
}
