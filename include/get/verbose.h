/* SPDX-License-Identifier: MIT */
/*
 * get/verbose.h - what -v shows on stderr; nothing without it
 */
#ifndef HALE_GET_VERBOSE_H
#define HALE_GET_VERBOSE_H

#include "get/transfer.h"

/* A head, line by line; an answer's for wget's -S, too. */
void verbose_head(const struct transfer *t, bool is_answer, struct span head);

/* The addresses of the host. */
void verbose_addresses(struct transfer *t);

/* What we are connected to. */
void verbose_connection(const struct transfer *t);

#endif
