/* SPDX-License-Identifier: MIT */
/*
 * get/retry.h - one URL: its requests, and trying again
 */
#ifndef HALE_GET_RETRY_H
#define HALE_GET_RETRY_H

#include "get/transfer.h"

/* Makes all of the URL's requests, until it is good, bad for good, or
 * enough. */
int retry_run(struct transfer *t);

#endif
