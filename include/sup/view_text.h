/* SPDX-License-Identifier: MIT */
/*
 * sup/view_text.h - the body of /status?text: a table for terminals (pure)
 *
 * What `hale status` prints.
 */
#ifndef HALE_SUP_VIEW_TEXT_H
#define HALE_SUP_VIEW_TEXT_H

#include "base/buf.h"
#include "sup/snapshot.h"

void view_text(struct buf *b, const struct snapshot *s);

#endif
