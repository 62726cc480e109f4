/* SPDX-License-Identifier: MIT */
/*
 * sup/snapshot.h - what the supervisor knows at one moment (pure)
 *
 * Filled by init.c for one answer; every pointer is borrowed.
 */
#ifndef HALE_SUP_SNAPSHOT_H
#define HALE_SUP_SNAPSHOT_H

#include "net/sock.h"
#include "sup/verdict.h"

#include <stdint.h>
#include <sys/types.h>

#define SNAPSHOT_CHECKS_MAX (VERDICT_CHECKS_MAX + 5)	/* with hale's own */
#define SNAPSHOT_UNKNOWN    UINT64_MAX

/* Where probes are answered. */
struct snapshot_listen {
	struct sock_addr at;
	bool probes_only;	/* "ADDRESS,probes": verdicts without reasons */
};

/* Appends it as it is written. Here, since a start needs it: a function of its
 * own would lie far from all the others that a start runs through. */
static inline void
snapshot_write_listen(struct buf *b, const struct snapshot_listen *l)
{
	sock_write(b, &l->at);
	if (l->probes_only)
		buf_str(b, ",probes");
}

struct snapshot_check {
	const char *name;
	const char *why;	/* what is wrong, or a URL's last result */
	bool        is_phrase;	/* `why` reads without "NAME failed" before it */
	unsigned    counts_for;	/* enum verdict */
	unsigned    fails;	/* those of them that it fails */
	/* For a check that asks a URL; all zero for one of hale's own. */
	const char *state;	/* verdict_state_text(), or NULL */
	bool        is_unknown;	/* it cannot be run: `fails` is of its last */
	bool        flaps;
	int64_t     took_ms;	/* the last one; -1: none was made yet */
	int64_t     age_ms;	/* since it ended */
	uint64_t    passed, failed, not_run;
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
	const char *state;		/* lifecycle_state_text(), or "starting":
					 * its exec has not finished */
	const char *program;		/* argv[0] */
	pid_t       self;
	pid_t       service_pid;	/* 0: it has ended */
	uid_t       uid;		/* hale's own: may drain, as root may */
	int64_t     uptime_ms;		/* since the service was started */
	int64_t     drain_ms;		/* --drain */
	int         restarts;
	int64_t     next_start_ms;	/* until then; -1: none is due */
	bool        gave_up;
	const char *last_exit;		/* how it ended; "": it never did */
	int         last_code;		/* its exit code */
	int64_t     last_exit_ms;	/* ago */
	struct span status;		/* sd_notify's STATUS, or empty */
	pid_t       main_pid;		/* sd_notify's MAINPID, or 0 */
	uint64_t    orphans;		/* reaped so far */
	uint64_t    signals;		/* forwarded so far */
	uint64_t    requests;		/* probes answered so far */
	size_t      n_listen;
	const struct snapshot_listen *listen;
	const struct snapshot_usage *usage;	/* for /metrics only, else NULL */
	size_t      n_checks;
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

/* Do all checks that count for any of `verdicts` pass? */
bool snapshot_pass(const struct snapshot *facts, unsigned verdicts);

/* What makes a verdict fail; NULL where nothing does. */
const struct snapshot_check *snapshot_first_failure(const struct snapshot *facts,
                                              unsigned verdict);

#endif
