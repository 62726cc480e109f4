/* SPDX-License-Identifier: MIT */
/*
 * get/retry.h - the requests for one URL: redirects, and --retry
 *
 * A part of get/transfer.h, which prepares the URL and its file, and calls this
 * for what goes over the network.
 */
#ifndef HALE_GET_RETRY_H
#define HALE_GET_RETRY_H

#include "get/transfer.h"

/* Makes all of the URL's requests, until it is good, bad for good, or
 * enough. */
int retry_run(struct transfer *t);

#endif
