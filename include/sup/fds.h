/* SPDX-License-Identifier: MIT */
/*
 * sup/fds.h - descriptors that hale was started with
 */
#ifndef HALE_SUP_FDS_H
#define HALE_SUP_FDS_H

#include <stddef.h>

/*
 * Fills the holes among 0, 1 and 2 with /dev/null, so that no descriptor of
 * ours ever stands for a standard stream. Without a /dev/null the hole is
 * held by a close-on-exec placeholder: the service finds it as it was.
 * Returns 0 or -errno.
 */
int fds_fill_standard(void);

/* Closes every descriptor above 2 that is not one of the n in ours: the
 * service has its copies, and hale must not keep them open. Sorts ours. */
void fds_close_others(int *ours, size_t n);

#define FDS_ENOUGH 256	/* so many descriptors hale never needs */

/*
 * Raises our soft limit of descriptors (RLIMIT_NOFILE) to FDS_ENOUGH, as far as
 * the hard one lets us; and, for a child, gives back what hale was started
 * with, where it was raised.
 */
void fds_raise(void);
void fds_lower(void);

/* The soft limit, or -1. */
long fds_limit(void);

#endif
