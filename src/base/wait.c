/* SPDX-License-Identifier: MIT */
/* base/wait.c - wait for one descriptor until a deadline */
#include "base/wait.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/err.h"

/* see base/wait.h */
int
wait_fd(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int r = poll(&p, 1, clock_wait_ms(deadline_ms));

		if (r > 0)
			return p.revents;
		if (r == 0)
			return ERR_TIMEOUT;
		if (errno != EINTR)
			return -errno;
	}
}
