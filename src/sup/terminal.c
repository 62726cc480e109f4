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
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (terminal_is_ours(fd))
			return fd;
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
