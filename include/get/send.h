/* SPDX-License-Identifier: MIT */
/*
 * get/send.h - connect, write the request and its body
 */
#ifndef HALE_GET_SEND_H
#define HALE_GET_SEND_H

#include "get/transfer.h"

/* "GET", or what -X says. */
const char *send_method(const struct transfer *t);

/* Writes the request's head. */
int send_write_head(struct transfer *t);

/* Connects to t->route. exchange_close(&t->c) is due in any case. */
int send_connect(struct transfer *t);

/* Sends the head and the body. */
int send_request(struct transfer *t);

#endif
