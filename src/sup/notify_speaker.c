/* SPDX-License-Identifier: MIT */
/* sup/notify_speaker.c - who may speak for the service, and who was refused */
#include "sup/notify_speaker.h"

#include <unistd.h>

#include "base/log.h"
#include "sup/notify_sock.h"
#include "sup/proc.h"

#define WORDS_MAX 160	/* bytes of a refusal in words */

static const struct notify_speaker_known *
find(const struct notify_speaker *s, const struct ucred *from, int64_t now_ms)
{
	for (size_t i = 0; i < NOTIFY_SPEAKER_KNOWN_MAX; i++) {
		const struct notify_speaker_known *k = &s->known[i];

		if (k->pid == from->pid && k->uid == from->uid
		 && now_ms - k->known_ms < NOTIFY_SPEAKER_FRESH_MS)
			return k;
	}
	return NULL;
}

static enum notify_speaker_why
look_up(pid_t pid)
{
	struct procstat st;

	if (proc_descends(pid, getpid()))
		return NOTIFY_SPEAKER_TRUSTED;
	return proc_stat(pid, &st) == 0 ? NOTIFY_SPEAKER_STRANGER
	                                : NOTIFY_SPEAKER_ENDED;
}

/* see sup/notify_speaker.h */
enum notify_speaker_why
notify_speaker_judge(struct notify_speaker *s, const struct ucred *from,
                     pid_t service, int64_t now_ms)
{
	const struct notify_speaker_known *known;
	struct notify_speaker_known *k =
		&s->known[s->next % NOTIFY_SPEAKER_KNOWN_MAX];

	if (from->pid == 0)
		return NOTIFY_SPEAKER_OUTSIDE;
	if (service == 0)
		return NOTIFY_SPEAKER_NO_SERVICE;
	known = find(s, from, now_ms);
	if (known != NULL)
		return known->why;
	if (notify_sock_trusts(from, service))
		return NOTIFY_SPEAKER_TRUSTED;
	s->next++;
	s->walks++;
	*k = (struct notify_speaker_known){
		.pid = from->pid, .uid = from->uid, .known_ms = now_ms,
		.why = look_up(from->pid),
	};
	return k->why;
}

static const char *
why_text(enum notify_speaker_why why)
{
	switch (why) {
	case NOTIFY_SPEAKER_TRUSTED:
		break;
	case NOTIFY_SPEAKER_OUTSIDE:
		return "it is outside this PID namespace";
	case NOTIFY_SPEAKER_ENDED:
		return "it has ended, or /proc does not show its parents";
	case NOTIFY_SPEAKER_STRANGER:
		return "it does not descend from hale";
	case NOTIFY_SPEAKER_NO_SERVICE:
		return "the service does not run";
	}
	return "unknown";
}

/* A neighbour in the network namespace makes no warning and no reason. */
static bool
is_from_here(enum notify_speaker_why why)
{
	return why == NOTIFY_SPEAKER_STRANGER || why == NOTIFY_SPEAKER_ENDED;
}

static void
log_refused(const struct ucred *from, enum notify_speaker_why why,
            bool says_ready, bool is_warning)
{
	char words[WORDS_MAX];
	struct buf b = buf_over(words, sizeof words);

	buf_fmt(&b, "refused a notification of pid %d, user %u%s: %s",
	        (int)from->pid, (unsigned)from->uid,
	        says_ready ? " (READY=1)" : "", why_text(why));
	if (is_warning)
		log_warn("%s", buf_text(&b));
	else
		log_info("%s", buf_text(&b));
}

/* see sup/notify_speaker.h */
void
notify_speaker_refused(struct notify_speaker *s, const struct ucred *from,
                enum notify_speaker_why why, bool says_ready, int64_t now_ms)
{
	bool is_here = is_from_here(why);
	bool is_news = !s->warned || (says_ready && s->unheard.pid == 0);

	if (is_here && says_ready && s->unheard.pid == 0)
		s->unheard = (struct notify_speaker_known){
			.pid = from->pid, .uid = from->uid, .why = why,
		};
	if (is_here && is_news) {
		s->warned = true;
		log_refused(from, why, says_ready, true);
	} else if (s->logged_ms == 0
	        || now_ms - s->logged_ms >= NOTIFY_SPEAKER_LOG_MS) {
		s->logged_ms = now_ms;
		log_refused(from, why, says_ready, false);
	}
}

/* see sup/notify_speaker.h */
void
notify_speaker_write_unheard(const struct notify_speaker *s, struct buf *b)
{
	if (s->unheard.pid != 0)
		buf_fmt(b, "; a READY=1 of pid %d, user %u was refused: %s",
		        (int)s->unheard.pid, (unsigned)s->unheard.uid,
		        why_text(s->unheard.why));
}
