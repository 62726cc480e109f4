/* SPDX-License-Identifier: MIT */
/*
 * sup/cgroup.h - what our cgroup shows: deaths for memory, use, limits
 *
 * Reads cgroup v2 (memory.events, memory.max) or v1 (memory.oom_control,
 * memory.limit_in_bytes) where the container shows it; says nothing where it
 * does not.
 */
#ifndef HALE_SUP_CGROUP_H
#define HALE_SUP_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#define CGROUP_UNKNOWN UINT64_MAX

/* Processes that the kernel has killed for memory here, or CGROUP_UNKNOWN. */
uint64_t cgroup_oom_kills(void);

/* Has it killed one between two such counts? No, if either is unknown. */
static inline bool
cgroup_has_killed(uint64_t before, uint64_t now)
{
	return before != CGROUP_UNKNOWN && now != CGROUP_UNKNOWN
	    && now > before;
}

/* The memory limit in bytes; CGROUP_UNKNOWN where there is none. */
uint64_t cgroup_memory_limit(void);

/* The memory in use, in bytes, or CGROUP_UNKNOWN. */
uint64_t cgroup_memory_used(void);

/* Periods of the CPU limit so far, those in which processes were held back,
 * and for how long; CGROUP_UNKNOWN each where there is no limit. */
struct cgroup_cpu {
	uint64_t periods, throttled, throttled_us;
};
void cgroup_cpu(struct cgroup_cpu *cpu);

#endif
