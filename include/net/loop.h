/* SPDX-License-Identifier: MIT */
/*
 * net/loop.h - one epoll set, its sources and their deadlines
 *
 * Level-triggered, no ticks, no allocation. A source lives in its owner's
 * struct and is called back there; the loop only points to it. The loop opens
 * two descriptors of its own at the start and closes none.
 *
 * In one turn every source that has something to do is called for it once, so
 * the longest wait for a turn is what all the others do in theirs: a source
 * bounds its own work and asks for another turn with loop_again().
 */
#ifndef HALE_NET_LOOP_H
#define HALE_NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOP_SOURCES_MAX 128	/* sources at a time */
#define LOOP_BATCH (LOOP_SOURCES_MAX + 1)	/* events of one turn: those of
						 * every source and the timer */

enum source_state {
	SOURCE_OUT,	/* not in a loop: its memory may be reused */
	SOURCE_IN,
	SOURCE_ENDED,	/* still named by this turn's batch: do not reuse it */
};

struct source {
	int               fd;		/* -1: only a deadline */
	enum source_state state;	/* the loop's */
	int64_t           deadline_ms;	/* CLOCK_NEVER: none; set at any time */
	bool              again;	/* the loop's: it wants another turn */
	uint64_t          resumed;	/* the loop's: the turn that it got */
	void (*ready)(struct source *s, uint32_t events);	/* EPOLL* */
	void (*expired)(struct source *s);	/* must change deadline_ms */
	void (*resume)(struct source *s);	/* the turn of loop_again() */
};

struct loop {
	int            fd;
	int            timer_fd;
	int64_t        armed_ms;	/* what the timer is set to */
	size_t         n;
	size_t         n_again;		/* sources that want another turn */
	uint64_t       turns;		/* so far */
	struct source *sources[LOOP_SOURCES_MAX];
};

/* Opens fd and timer_fd. Returns 0 or -errno: epoll_create1()'s where fd is
 * below 0, else timerfd_create()'s where timer_fd is. */
int loop_init(struct loop *l);

/* Waits for events (EPOLL* bits) on s->fd and for its deadline. Returns 0,
 * ERR_FULL or -errno; s is out of the loop then. */
int loop_add(struct loop *l, struct source *s, uint32_t events);

/* Waits for other events from now on. Returns 0 or -errno. */
int loop_change(struct loop *l, struct source *s, uint32_t events);

/* Calls s->resume() once in the next turn, which does not sleep then, and does
 * not call s->ready() in it. For a
 * source in the loop that has more to do than one turn may take. */
void loop_again(struct loop *l, struct source *s);

/* Does any source wait for a turn that it asked for? */
static inline bool
loop_is_busy(const struct loop *l)
{
	return l->n_again > 0;
}

/* Calls back no more. The owner closes the descriptor and leaves the memory
 * alone while the state is SOURCE_ENDED, which is until the turn is over. */
void loop_end(struct loop *l, struct source *s);

/*
 * Sleeps until an event or the next deadline and calls back what is due.
 * Returns 0, or -errno of a failed wait; nothing was lost then.
 */
int loop_turn(struct loop *l);

#endif
