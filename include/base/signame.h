/* SPDX-License-Identifier: MIT */
/*
 * base/signame.h - signals by name and by number (pure)
 *
 * The real-time ones count as glibc, Docker and systemd count them (RTMIN is
 * 34), whatever the libc that hale is built with keeps for itself.
 */
#ifndef HALE_BASE_SIGNAME_H
#define HALE_BASE_SIGNAME_H

#include "base/buf.h"

#define SIGNAME_MAX   64	/* the kernel's highest signal number */
#define SIGNAME_RTMIN 34
#define SIGNAME_SET_SIZE (SIGNAME_MAX / 8)	/* bytes of the kernel's set */

/*
 * "TERM", "SIGTERM", "15", "RTMIN+3", "RTMAX-1", in any case.
 * Returns the number, 1..SIGNAME_MAX, or ERR_PARSE.
 */
int signame_parse(const char *text);
int signame_parse_span(struct span text);

/* Appends "SIGTERM", "SIGRTMIN+3" or, where there is no name, "signal 32". */
void signame_write(struct buf *b, int sig);

#endif
