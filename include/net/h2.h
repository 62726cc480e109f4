/* SPDX-License-Identifier: MIT */
/*
 * net/h2.h - recognises an HTTP/2 client and refuses it (pure)
 *
 * hale's listeners speak HTTP/1.1 only. A client that opens with HTTP/2 (RFC
 * 9113), such as a `grpc` probe of Kubernetes, is known by its first bytes and
 * gets an answer in HTTP/2 that says so, rather than a broken connection. There
 * are no streams and no gRPC; they would belong here.
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
