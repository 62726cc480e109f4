/* SPDX-License-Identifier: MIT */
/* sup/pause.c - waits for the end, reaps meanwhile */
#include "sup/pause.h"

#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

#include "sup/signals.h"

/* see sup/pause.h */
int
pause_run(void)
{
	struct signals_given given;
	sigset_t waited_for;
	int sig = 0;

	signals_block(&given);
	/* Cannot fail: these are signals. */
	(void)sigemptyset(&waited_for);
	(void)sigaddset(&waited_for, SIGTERM);
	(void)sigaddset(&waited_for, SIGINT);
	(void)sigaddset(&waited_for, SIGCHLD);
	do {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		(void)sigwait(&waited_for, &sig);	/* nor can this */
	} while (sig == SIGCHLD);
	return 0;
}
