/* SPDX-License-Identifier: MIT */
/*
 * get/progress.h - the line that shows how far a transfer is
 */
#ifndef HALE_GET_PROGRESS_H
#define HALE_GET_PROGRESS_H

#include "get/transfer.h"

/* Shows it if it is wanted and has not been shown for a while; last: for
 * good. */
void progress_show(struct transfer *t, bool last);

#endif
