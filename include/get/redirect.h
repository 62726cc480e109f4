/* SPDX-License-Identifier: MIT */
/*
 * get/redirect.h - which URL is requested next, and how
 */
#ifndef HALE_GET_REDIRECT_H
#define HALE_GET_REDIRECT_H

#include "get/transfer.h"

/* Takes text, which stays, as the URL to request now. */
int redirect_set_url(struct transfer *t, const char *text);

/* Does the answer redirect? Where to is put into t->moved: "" if it is too long
 * for a URL. */
bool redirect_read(struct transfer *t);

/* Has -w show t->moved as the redirect that is not followed. */
void redirect_show(struct transfer *t);

/* Makes t->moved the URL to request now, and its kind what curl makes of it. */
int redirect_follow(struct transfer *t);

#endif
