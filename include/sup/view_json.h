/* SPDX-License-Identifier: MIT */
/*
 * sup/view_json.h - the body of /status: all of a snapshot as JSON (pure)
 *
 * Never the service's arguments or environment, nor a URL's secrets: whoever
 * can probe can read this.
 */
#ifndef HALE_SUP_VIEW_JSON_H
#define HALE_SUP_VIEW_JSON_H

#include "base/buf.h"
#include "sup/snapshot.h"

void view_json(struct buf *b, const struct snapshot *s);

#endif
