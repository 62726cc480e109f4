/* SPDX-License-Identifier: MIT */
/*
 * sup/status.h - all that the supervisor knows, in three forms (pure)
 *
 * Never the service's arguments or environment, nor a URL's secrets: whoever
 * can probe can read these.
 */
#ifndef HALE_SUP_STATUS_H
#define HALE_SUP_STATUS_H

#include "base/buf.h"
#include "sup/facts.h"

void status_write_json(struct buf *b, const struct facts *f);

/* A compact table for terminals. */
void status_write_text(struct buf *b, const struct facts *f);

/* A page that needs nothing but itself. */
void status_write_html(struct buf *b, const struct facts *f);

#endif
