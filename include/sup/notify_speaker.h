/* SPDX-License-Identifier: MIT */
/*
 * sup/notify_speaker.h - which processes may speak for the service
 * (sd_notify(3)), and which were refused
 *
 * Whoever notify_sock_trusts() trusts, and every process that descends from
 * hale, whatever its user: a worker that gave up its user, what `su` started,
 * an orphan that hale adopted. A guest (`docker exec`) descends from outside.
 *
 * A question of descent costs several system calls. So a flood of datagrams
 * does not become one of them: the last answers hold for
 * NOTIFY_SPEAKER_FRESH_MS, and the owner ends its turn after a few questions
 * (`walks` counts them).
 */
#ifndef HALE_SUP_NOTIFY_SPEAKER_H
#define HALE_SUP_NOTIFY_SPEAKER_H

#include "base/buf.h"

#include <sys/socket.h>
#include <sys/types.h>

#define NOTIFY_SPEAKER_KNOWN_MAX 4	/* answers that are remembered */
#define NOTIFY_SPEAKER_FRESH_MS  100	/* so long: a pid may be reused */
#define NOTIFY_SPEAKER_LOG_MS   1000	/* lines at info: one in so long */

enum notify_speaker_why {
	NOTIFY_SPEAKER_TRUSTED,
	NOTIFY_SPEAKER_OUTSIDE,	/* of our PID namespace */
	NOTIFY_SPEAKER_ENDED,		/* /proc no longer shows its parents */
	NOTIFY_SPEAKER_STRANGER,	/* it does not descend from hale */
	NOTIFY_SPEAKER_NO_SERVICE,	/* there is nobody to speak for */
};

struct notify_speaker_known {
	pid_t   pid;		/* 0: unused */
	uid_t   uid;
	enum notify_speaker_why why;
	int64_t known_ms;
};

struct notify_speaker {
	struct notify_speaker_known known[NOTIFY_SPEAKER_KNOWN_MAX];
	unsigned next;		/* the known one that is replaced next */
	unsigned walks;		/* questions of descent since hale started */
	int64_t  logged_ms;	/* the last line at info; 0: there was none */
	/* since the service's start */
	bool     warned;
	/* whose READY=1 was refused first */
	struct notify_speaker_known unheard;
};

/* The service was started: nobody has been refused yet. Here, since a start
 * needs it: elsewhere it would lie far from all that a start runs through. */
static inline void
notify_speaker_start(struct notify_speaker *s)
{
	/* At first both are so, on a page that nobody has touched yet. */
	if (s->warned)
		s->warned = false;
	if (s->unheard.pid != 0)
		s->unheard.pid = 0;
}

/* May `from` speak for the service (its pid, or 0 for none)? */
enum notify_speaker_why notify_speaker_judge(struct notify_speaker *s,
                                             const struct ucred *from,
                                             pid_t service, int64_t now_ms);

/*
 * What `from` said was refused: the first time since the service's start, and
 * the first READY=1, is a warning, later ones and those from outside are lines
 * at info.
 */
void notify_speaker_refused(struct notify_speaker *s, const struct ucred *from,
                            enum notify_speaker_why why, bool says_ready,
                            int64_t now_ms);

/* Appends "; a READY=1 of pid 12, user 33 was refused: it does not descend
 * from hale", or nothing. */
void notify_speaker_write_unheard(const struct notify_speaker *s,
                                  struct buf *b);

#endif
