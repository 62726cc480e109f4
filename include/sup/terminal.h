/* SPDX-License-Identifier: MIT */
/*
 * sup/terminal.h - hand the terminal to the service and take it back
 */
#ifndef HALE_SUP_TERMINAL_H
#define HALE_SUP_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The one of descriptors 0-2 that is our controlling terminal, else, with
 * may_open, /dev/tty, opened for that; -1 where there is none. In its
 * background we share it all the same: in a session of its own the service
 * would read what is typed for the shell.
 */
int terminal_find(bool may_open);

/* Is our own group the terminal's foreground (again)? */
bool terminal_is_ours(int fd);

/* Makes group the foreground. SIGTTOU must be blocked. A terminal that is
 * gone (EIO, ENOTTY) has no foreground to give: that is not an error. */
void terminal_give(int fd, pid_t group);

/* Takes the foreground back from group. Where it is somebody else's by now
 * (a shell put us into the background) it stays theirs. */
void terminal_take(int fd, pid_t group);

#endif
