/* SPDX-License-Identifier: MIT */
/* sup/terminal.c - the terminal's foreground */
#include "sup/terminal.h"

#include <unistd.h>

/* see sup/terminal.h */
bool
terminal_is_ours(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	return foreground > 0 && foreground == getpgrp();
}

/* see sup/terminal.h */
int
terminal_find(void)
{
	/* 0 is a group outside of our PID namespace. Where that is our own, the
	 * terminal could not be given back: it is as good as none. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (tcgetpgrp(fd) >= 0)
			return getpgrp() > 0 ? fd : -1;
	return -1;
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
