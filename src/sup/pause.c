/* SPDX-License-Identifier: MIT */
/* sup/pause.c - waits for the end, reaps meanwhile */
#include "sup/pause.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "sup/signals.h"

/* see sup/pause.h */
int
pause_run(void)
{
	struct signals_given given;
	sigset_t all;
	int sig = SIGCHLD;

	signals_block(&given);
	memset(&all, 0xff, sizeof all);	/* sigfillset() leaves some out */
	while (sig != SIGTERM && sig != SIGINT) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		sig = sigtimedwait(&all, NULL, NULL);	/* -1: interrupted */
	}
	return 0;
}
