/* SPDX-License-Identifier: MIT */
/* sup/child_stop.c - children that stopped: traced, or by job control */
#include "sup/child_stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* exec's SIGTRAP looks as if the child had sent it to itself. */
static bool
calls_tracer(const siginfo_t *info, pid_t pid)
{
	int sig = info->si_signo;

	return (sig == SIGTRAP || sig == SIGSTOP) && info->si_code <= 0
	    && info->si_pid == pid;
}

/* see sup/child_stop.h */
int
child_stop_let_go(pid_t pid, int sig)
{
	siginfo_t info = { 0 };

	/* libc's ptrace() is for the requests that return a word. */
	if (syscall(SYS_ptrace, PTRACE_GETSIGINFO, pid, NULL, &info) < 0) {
		if (errno == ESRCH)	/* not ours to trace */
			return 0;
		if (errno != EINVAL)
			return -errno;
		/* A thread in its group's stop, which outlives the tracing and
		 * is then reported as that. */
		sig = 0;
	} else if (calls_tracer(&info, pid)) {
		sig = 0;
	}
	/* Continuing it would do until its next signal. */
	if (syscall(SYS_ptrace, PTRACE_DETACH, pid, NULL, (intptr_t)sig) < 0
	 && errno != ESRCH)	/* ESRCH: killed meanwhile */
		return -errno;
	return 1;
}

/* see sup/child_stop.h */
bool
child_stop_is_on(pid_t pid, bool was_stopped)
{
	const int states = WSTOPPED | WCONTINUED;
	siginfo_t info = { 0 };

	/* Says nothing if waitpid() has already reported the latest. */
	if (waitid(P_PID, (id_t)pid, &info, states | WNOHANG | WNOWAIT) < 0
	 || info.si_pid == 0)
		return was_stopped;
	return info.si_code == CLD_STOPPED;
}
