/* SPDX-License-Identifier: MIT */
/*
 * net/h2.h - HTTP/2 (RFC 9113): told from HTTP/1.1, and refused (pure)
 */
#ifndef HALE_NET_H2_H
#define HALE_NET_H2_H

#include "base/buf.h"

/* Do the bytes open HTTP/2 with prior knowledge (RFC 9113, 3.4)? The first
 * line tells, which is also where http_read_req() stops. */
bool h2_is_preface(const char *buf, size_t len);

/* Appends what tells a client to come back with HTTP/1.1: empty SETTINGS, and
 * GOAWAY with HTTP_1_1_REQUIRED. */
void h2_write_refusal(struct buf *b);

#endif
