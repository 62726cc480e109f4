/* SPDX-License-Identifier: MIT */
/*
 * sup/negotiate.h - which metrics format an Accept field prefers (pure)
 */
#ifndef HALE_SUP_NEGOTIATE_H
#define HALE_SUP_NEGOTIATE_H

#include "base/span.h"

/*
 * Does an Accept field name OpenMetrics and like it at least as well as plain
 * text? A client that does not name it gets what all can read.
 */
bool negotiate_openmetrics(struct span accept);

#endif
