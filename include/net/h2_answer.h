/* SPDX-License-Identifier: MIT */
/*
 * net/h2_answer.h - what the requests of net/h2.h are answered with (pure)
 *
 * A request with gRPC's Content-Type is a call of grpc.health.v1.Health: Check,
 * List, or Watch, which goes on until its client, its time or hale ends it. Any
 * other is one of HTTP, and the owner's answer to it the same as by HTTP/1.1.
 *
 * A call's errors are those of gRPC's status codes: a service that is not known
 * is NOT_FOUND, for Watch a status of its own; another method, a compressed
 * message, none and a second one are UNIMPLEMENTED; one longer than H2_TEXT_MAX
 * is RESOURCE_EXHAUSTED, one that is not protobuf INTERNAL.
 */
#ifndef HALE_NET_H2_ANSWER_H
#define HALE_NET_H2_ANSWER_H

#include "net/grpc.h"
#include "net/h2.h"

/* The head of s's request has come; err is h2_request_end()'s. May end s, as
 * the following may. */
void h2_answer_request(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
                       const struct h2_request *r, int err);

/* Some of its content has come, or (s->is_ended) the last of it. */
void h2_answer_data(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
                    struct span data);

/* s watches: appends its service's status, if that has changed. */
void h2_answer_change(struct h2 *h, struct h2_turn *t, struct h2_stream *s);

/* Ends a call with another code than OK; why, of at most H2_WHY_MAX bytes, is
 * its grpc-message. */
#define H2_WHY_MAX 192
void h2_answer_code(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
                    enum grpc_code code, const char *why);

/* Appends the trailers of a call that went well. */
void h2_answer_ok(struct buf *out, uint32_t id);

/* For the owner, where is_h2 is set: appends its answer in the form in which
 * the server takes it. */
void h2_answer_write(struct buf *out, const struct http_answer *a);

#endif
