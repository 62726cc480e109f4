/* SPDX-License-Identifier: MIT */
/* sup/terminal.c - the terminal's foreground */
#include "sup/terminal.h"

#include <fcntl.h>
#include <unistd.h>

/* see sup/terminal.h */
bool
terminal_is_ours(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	return foreground > 0 && foreground == getpgrp();
}

/* Ctrl-Z stops our job even where no stream of ours is the terminal. */
static int
open_terminal(void)
{
	/* ENXIO: there is none. NONBLOCK: a line may wait for its carrier. */
	int fd = open("/dev/tty", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && tcgetpgrp(fd) >= 0 && getpgrp() > 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* see sup/terminal.h */
int
terminal_find(bool may_open)
{
	/* 0 is a group outside of our PID namespace. Where that is our own, the
	 * terminal could not be given back: it is as good as none. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (tcgetpgrp(fd) >= 0)
			return getpgrp() > 0 ? fd : -1;
	return may_open ? open_terminal() : -1;
}

/* see sup/terminal.h */
void
terminal_give(int fd, pid_t group)
{
	(void)tcsetpgrp(fd, group);
}

/* see sup/terminal.h */
void
terminal_take(int fd, pid_t group)
{
	if (tcgetpgrp(fd) == group)
		terminal_give(fd, getpgrp());
}
