/* SPDX-License-Identifier: MIT */
/*
 * sup/view_metrics.h - the body of /metrics, for Prometheus (pure)
 *
 * The text format 0.0.4, and OpenMetrics 1.0 for those that prefer it
 * (sup/negotiate.h).
 */
#ifndef HALE_SUP_VIEW_METRICS_H
#define HALE_SUP_VIEW_METRICS_H

#include "base/buf.h"
#include "sup/snapshot.h"

#define METRICS_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPEN \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

/* What is unknown is left out. */
void view_metrics(struct buf *b, const struct snapshot *s, bool open);

#endif
