/* SPDX-License-Identifier: MIT */
/*
 * sup/reason.h - why the service is not ready or not live, in words
 *
 * Reads sup/monitor.h's state and changes nothing. The texts are appended to b,
 * without a newline.
 */
#ifndef HALE_SUP_REASON_H
#define HALE_SUP_REASON_H

#include "sup/monitor.h"

/*
 * REASON_SAME is the same at every probe: for a check that does not pass it is
 * the first result that was bad, or why it could not be run at first, and it
 * names no age or moment. So the kubelet counts one event, and does not make a
 * new one at each probe.
 */
enum reason_words {
	REASON_SAME,
	REASON_LATEST,	/* the last result, with ages */
};

/* The result of check i, or why there is none: "could not be run for 12s:
 * cannot start a process: ...; the last result: 200 OK". */
void reason_write_check(struct buf *b, const struct monitor *m, size_t i,
                        enum reason_words words, int64_t now_ms);

/* Why it is not ready, or not live: the first reason there is. */
void reason_write_unready(struct buf *b, const struct monitor *m,
                          enum reason_words words, int64_t now_ms);
void reason_write_unlive(struct buf *b, const struct monitor *m);

#endif
