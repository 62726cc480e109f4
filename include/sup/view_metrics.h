/* SPDX-License-Identifier: MIT */
/*
 * sup/view_metrics.h - what the supervisor knows, for Prometheus (pure)
 *
 * The text format 0.0.4, and OpenMetrics 1.0 for those who ask for it.
 */
#ifndef HALE_SUP_VIEW_METRICS_H
#define HALE_SUP_VIEW_METRICS_H

#include "base/buf.h"
#include "sup/snapshot.h"

#define METRICS_PATH "/metrics"
#define METRICS_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPEN \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

/*
 * Does an Accept field name OpenMetrics and like it at least as well as plain
 * text? Who does not name it gets what all can read.
 */
bool metrics_is_open(struct span accept);

/* facts->usage may be NULL. What is unknown is left out. */
void view_metrics(struct buf *b, const struct snapshot *facts, bool open);

#endif
