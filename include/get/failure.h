/* SPDX-License-Identifier: MIT */
/*
 * get/failure.h - why a transfer failed, in curl's words
 */
#ifndef HALE_GET_FAILURE_H
#define HALE_GET_FAILURE_H

#include "get/transfer.h"

/* Puts the words of a failure into the result, if it has none: the first ones
 * count. Returns code. */
int failure_set(struct transfer *t, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The exchange failed with err: the words, and curl's code, which is
 * returned. */
int failure_of_exchange(struct transfer *t, int err);

#endif
