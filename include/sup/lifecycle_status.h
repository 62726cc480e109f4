/* SPDX-License-Identifier: MIT */
/*
 * sup/lifecycle_status.h - what the machine's state means to others (pure)
 *
 * Questions to a struct lifecycle; nothing here changes it.
 */
#ifndef HALE_SUP_LIFECYCLE_STATUS_H
#define HALE_SUP_LIFECYCLE_STATUS_H

#include "sup/lifecycle.h"

/* May it come back to life by itself at all? */
bool lifecycle_restarts(const struct lifecycle_conf *conf);

/* Is it being replaced: stopped for that, ended, or waited for? */
bool lifecycle_is_mending(const struct lifecycle *s);

/* Does it run or is it being mended, with no restart given up and no death
 * overdue? */
bool lifecycle_is_live(const struct lifecycle *s);

/* May it still serve, so that checks go on? They end with the stop signal. */
bool lifecycle_is_serving(const struct lifecycle *s);

/* Is it being stopped since it was not live? */
bool lifecycle_is_sick_end(const struct lifecycle *s);

/* Is it to be given work: running, and not draining? */
bool lifecycle_is_ready(const struct lifecycle *s);

/* Since when it is given no work, for whatever reason, or CLOCK_NEVER. */
int64_t lifecycle_off_since(const struct lifecycle *s);

/* "running", "restarting", "draining", "stopping", "lingering"; static. */
const char *lifecycle_state_text(const struct lifecycle *s);

#endif
