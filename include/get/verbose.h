/* SPDX-License-Identifier: MIT */
/*
 * get/verbose.h - what -v shows on stderr, and a head for wget's -S
 */
#ifndef HALE_GET_VERBOSE_H
#define HALE_GET_VERBOSE_H

#include "get/transfer.h"

/* A head, line by line, each after mark. */
void verbose_head(const char *mark, struct span head);

/* With -v: the addresses of the host. */
void verbose_addresses(struct transfer *t);

/* With -v: what we are connected to. */
void verbose_connection(const struct transfer *t);

#endif
