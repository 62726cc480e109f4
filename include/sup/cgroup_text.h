/* SPDX-License-Identifier: MIT */
/*
 * sup/cgroup_text.h - reads the bytes of a cgroup's files (pure)
 *
 * A number that is not there is CGROUP_UNKNOWN (sup/cgroup.h).
 */
#ifndef HALE_SUP_CGROUP_TEXT_H
#define HALE_SUP_CGROUP_TEXT_H

#include "base/span.h"

#include <stdint.h>

/*
 * Finds our group in the lines of /proc/self/cgroup ("0::/path" in v2,
 * "4:memory:/path" in v1): its path in the hierarchy of `controller` ("":
 * v2's), which points into lines. False if it is in none.
 */
bool cgroup_text_find_path(struct span lines, const char *controller,
                           struct span *path);

/* The number of the first line "NAME NUMBER", or CGROUP_UNKNOWN. */
uint64_t cgroup_text_find_number(struct span lines, const char *name);

/* The number that is the whole first line; CGROUP_UNKNOWN for "max" too. */
uint64_t cgroup_text_read_number(struct span text);

#endif
