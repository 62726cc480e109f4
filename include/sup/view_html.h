/* SPDX-License-Identifier: MIT */
/*
 * sup/view_html.h - the body of /: a page for people (pure)
 *
 * It needs nothing but itself: no script, no font, no other file.
 */
#ifndef HALE_SUP_VIEW_HTML_H
#define HALE_SUP_VIEW_HTML_H

#include "base/buf.h"
#include "sup/snapshot.h"

void view_html(struct buf *b, const struct snapshot *s);

#endif
