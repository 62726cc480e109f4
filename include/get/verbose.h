/* SPDX-License-Identifier: MIT */
/*
 * get/verbose.h - what -v, and wget, show on stderr; nothing without it
 */
#ifndef HALE_GET_VERBOSE_H
#define HALE_GET_VERBOSE_H

#include "get/transfer.h"

/* A head, line by line, each after mark. */
void verbose_head(const struct transfer *t, const char *mark, struct span head);

/* The answer's head as -v shows it, or as wget does: indented with -S, or of its
 * first line what counts. */
void verbose_answer(const struct transfer *t);

/* The addresses of the host. */
void verbose_addresses(struct transfer *t);

/* What we are connected to. */
void verbose_connection(const struct transfer *t);

#endif
