/* SPDX-License-Identifier: MIT */
/*
 * client/checkname.h - "NAME=URL", and what a URL is called (pure)
 */
#ifndef HALE_CLIENT_CHECKNAME_H
#define HALE_CLIENT_CHECKNAME_H

#include "base/buf.h"

/* Cuts "NAME=" off *text and returns NAME (letters, digits, '-', '_', '.');
 * empty, and nothing is cut, where there is none. */
struct span checkname_cut(struct span *text);

/*
 * Appends a name for a URL that is shown to whoever may probe: the URL by
 * client/redact.h. Bytes that need quoting somewhere become '?'.
 */
void checkname_write(struct buf *b, struct span url);

#endif
