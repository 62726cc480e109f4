/* SPDX-License-Identifier: MIT */
/*
 * sup/view_text.h - what `hale status` prints: /status as text (pure)
 *
 * The whole status as lines and a table for terminals (/status?text): state,
 * verdicts, counts, listeners, and a row for each check. The same as JSON is
 * sup/view_json.h.
 */
#ifndef HALE_SUP_VIEW_TEXT_H
#define HALE_SUP_VIEW_TEXT_H

#include "base/buf.h"
#include "sup/snapshot.h"

void view_text(struct buf *b, const struct snapshot *s);

#endif
