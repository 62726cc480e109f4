/* SPDX-License-Identifier: MIT */
/*
 * sup/usage.h - what a process and its container use, read from /proc
 */
#ifndef HALE_SUP_USAGE_H
#define HALE_SUP_USAGE_H

#include "sup/facts.h"

/* Fills all of u; FACTS_UNKNOWN where the kernel does not show it, as for the
 * process where pid is 0. */
void usage_read(struct facts_usage *u, pid_t pid);

#endif
