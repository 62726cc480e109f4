/* SPDX-License-Identifier: MIT */
/*
 * get/receive.h - the answer's head and body to where they go
 */
#ifndef HALE_GET_RECEIVE_H
#define HALE_GET_RECEIVE_H

#include "get/transfer.h"

/* Reads heads up to the one that counts, which is noted and shown. */
int receive_head(struct transfer *t);

int receive_body(struct transfer *t);

/* Is the answer's status a failure, by -f? */
bool receive_has_failed(const struct transfer *t);

#endif
