/* SPDX-License-Identifier: MIT */
/*
 * sup/cgroup.h - what the memory cgroup tells of a death
 *
 * Reads cgroup v2 (memory.events, memory.max) or v1 (memory.oom_control,
 * memory.limit_in_bytes) where the container shows it; says nothing where it
 * does not.
 */
#ifndef HALE_SUP_CGROUP_H
#define HALE_SUP_CGROUP_H

#include <stdint.h>

#define CGROUP_UNKNOWN UINT64_MAX

/* Processes that the kernel has killed for memory here, or CGROUP_UNKNOWN. */
uint64_t cgroup_oom_kills(void);

/* The memory limit in bytes; CGROUP_UNKNOWN where there is none. */
uint64_t cgroup_memory_limit(void);

#endif
