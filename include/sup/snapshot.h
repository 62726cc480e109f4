/* SPDX-License-Identifier: MIT */
/*
 * sup/snapshot.h - all that an answer can say of one moment, as a value (pure)
 *
 * sup/snapshot_take.h fills it from PID 1's state; the views (sup/view_*.h)
 * write it and know nothing else. Its texts are in it or live as long as hale
 * runs, but for `program`, which the next MAINPID may change.
 */
#ifndef HALE_SUP_SNAPSHOT_H
#define HALE_SUP_SNAPSHOT_H

#include "sup/verdict.h"

#include <sys/types.h>

#define SNAPSHOT_CHECKS_MAX (VERDICT_CHECKS_MAX + 5)	/* with hale's own */
#define SNAPSHOT_LISTEN_MAX 15	/* places that are listened on */
#define SNAPSHOT_UNKNOWN    UINT64_MAX

/* Bytes of texts, each with its NUL. */
#define SNAPSHOT_NAME_MAX   96	/* a check's name */
#define SNAPSHOT_WHY_MAX    400	/* why it fails */
#define SNAPSHOT_EXIT_MAX   320	/* how the service ended */
#define SNAPSHOT_STATUS_MAX 257	/* what it says of itself */
#define SNAPSHOT_PLACE_MAX  136	/* a place that is listened on */

/* What it is to hold; each has all that those before it have. */
enum snapshot_scope {
	SNAPSHOT_REASONS,	/* verdicts, with reasons that are the same at
				 * every probe */
	SNAPSHOT_DETAILS,	/* latest results, ages, places */
	SNAPSHOT_USAGE,		/* what the kernel counts, read from /proc */
};

struct snapshot_check {
	char     name[SNAPSHOT_NAME_MAX];
	char     why[SNAPSHOT_WHY_MAX];	/* what is wrong, or a URL's last
					 * result */
	bool     is_phrase;	/* `why` needs no "NAME failed" before it */
	unsigned counts_for;	/* enum verdict */
	unsigned fails;		/* those of them that it fails */
	/* For a check of a URL; all zero for one of hale's own. */
	const char *state;	/* verdict_state_text(), or NULL */
	bool     is_unknown;	/* it cannot be run: `fails` is of its last */
	bool     flaps;
	int64_t  took_ms;	/* the last one; -1: none was made yet */
	int64_t  age_ms;	/* since it ended */
	uint64_t passed, failed, not_run;
};

/* Of the service's process and its container; SNAPSHOT_UNKNOWN where the kernel
 * does not show it. */
struct snapshot_usage {
	uint64_t cpu_ms;	/* user and system */
	uint64_t resident_bytes, virtual_bytes;
	uint64_t threads;
	uint64_t open_fds, max_fds;
	uint64_t start_ms;	/* since the epoch */
	uint64_t memory_bytes, memory_limit_bytes;	/* of the cgroup */
	uint64_t oom_kills;
	uint64_t cpu_periods, cpu_throttled, cpu_throttled_us;
};

struct snapshot {
	const char *version;
	const char *state;		/* lifecycle_state_text(), or while its
					 * exec has not finished "starting" */
	const char *program;		/* argv[0], or what has replaced it */
	pid_t       self;
	pid_t       service_pid;	/* 0: it has ended */
	int64_t     uptime_ms;		/* since the service was started */
	int64_t     drain_ms;		/* --drain */
	int         restarts;
	int64_t     next_start_ms;	/* until then; -1: none is due */
	bool        gave_up;
	int         last_code;		/* the exit code of its last end */
	int64_t     last_exit_ms;	/* ago */
	pid_t       main_pid;		/* sd_notify's MAINPID, or 0 */
	uint64_t    orphans;		/* reaped so far */
	uint64_t    signals;		/* forwarded so far */
	uint64_t    requests;		/* probes answered so far */
	bool        has_usage;
	size_t      n_listen;
	size_t      n_checks;
	/* From here on no byte that is not used is touched. */
	char        last_exit[SNAPSHOT_EXIT_MAX];	/* how it ended last; ""
							 * before it has */
	char        status[SNAPSHOT_STATUS_MAX];	/* sd_notify's STATUS */
	char        listen[SNAPSHOT_LISTEN_MAX][SNAPSHOT_PLACE_MAX];
	struct snapshot_usage usage;
	struct snapshot_check checks[SNAPSHOT_CHECKS_MAX];
};

/* Does the check count for any of `verdicts`, and does it fail one? */
static inline bool
snapshot_counts(const struct snapshot_check *c, unsigned verdicts)
{
	return (c->counts_for & verdicts) != 0;
}

static inline bool
snapshot_fails(const struct snapshot_check *c, unsigned verdicts)
{
	return (c->fails & verdicts) != 0;
}

/* What makes one of `verdicts` fail first; NULL if nothing does. */
const struct snapshot_check *snapshot_first_failure(const struct snapshot *s,
                                                    unsigned verdicts);

/* Do all checks that count for any of `verdicts` pass? */
bool snapshot_passes(const struct snapshot *s, unsigned verdicts);

/* The same without the checks of `excluded`: bit i stands for checks[i]. */
bool snapshot_passes_without(const struct snapshot *s, unsigned verdicts,
                             unsigned excluded);

#endif
