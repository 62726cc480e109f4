/* SPDX-License-Identifier: MIT */
/* sup/pause.c - waits for the end, reaps meanwhile */
#include "sup/pause.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/relro.h"
#include "sup/signals.h"

#define FAILED_MS 1000	/* pause after a wait that failed: never a hot loop */

/* see sup/pause.h */
int
pause_run(void)
{
	struct signals_given given;
	const uint64_t all = UINT64_MAX;	/* libc would leave some out */
	long sig = SIGCHLD;

	relro_protect();
	signals_block(&given);
	while (sig != SIGTERM && sig != SIGINT) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		sig = syscall(SYS_rt_sigtimedwait, &all, NULL, NULL,
		              SIGNAME_SET_SIZE);
		if (sig < 0 && errno != EINTR)	/* denied by a filter, say */
			(void)poll(NULL, 0, FAILED_MS);
	}
	return 0;
}
