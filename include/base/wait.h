/* SPDX-License-Identifier: MIT */
/*
 * base/wait.h - wait for one descriptor until a deadline
 *
 * For code that blocks: commands, checkers, never PID 1's loop.
 */
#ifndef HALE_BASE_WAIT_H
#define HALE_BASE_WAIT_H

#include <stdint.h>

/*
 * Waits until fd has one of events (poll(2)'s POLLIN, POLLOUT), an error or a
 * hang-up. deadline_ms is base/clock.h's; past it, what is there already still
 * counts. A signal does not end the wait. Returns what poll(2) found (> 0),
 * ERR_TIMEOUT or -errno.
 */
int wait_fd(int fd, short events, int64_t deadline_ms);

#endif
