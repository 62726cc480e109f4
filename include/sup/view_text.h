/* SPDX-License-Identifier: MIT */
/*
 * sup/view_text.h - all that the supervisor knows, in three forms (pure)
 *
 * Never the service's arguments or environment, nor a URL's secrets: whoever
 * can probe can read these.
 */
#ifndef HALE_SUP_VIEW_TEXT_H
#define HALE_SUP_VIEW_TEXT_H

#include "base/buf.h"
#include "sup/snapshot.h"

void view_json(struct buf *b, const struct snapshot *f);

/* A compact table for terminals. */
void view_text(struct buf *b, const struct snapshot *f);

/* A page that needs nothing but itself. */
void view_html(struct buf *b, const struct snapshot *f);

#endif
