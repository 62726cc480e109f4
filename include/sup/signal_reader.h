/* SPDX-License-Identifier: MIT */
/*
 * sup/signal_reader.h - reads hale's signals and passes each to its owner
 *
 * A source of the loop. sup/signals.h decides what each one is: SIGCHLD goes to
 * the reaper, a stop and what is forwarded to the keeper. What depends on
 * processes is decided here, and overrides that:
 * - a signal from the service or below it, while it shares hale's group,
 *   is ignored: `kill 0` in a script means the script's own group;
 * - a stop by a key of the terminal is not sent a second time, except to a
 *   service that has left the group, and is ignored if hale was started with
 *   that signal ignored, as by a shell's `&`;
 * - SIGTSTP and SIGCONT go to job control as well, which may have continued the
 *   service already.
 */
#ifndef HALE_SUP_SIGNAL_READER_H
#define HALE_SUP_SIGNAL_READER_H

#include "sup/reaper.h"

#define SIGNAL_READER_BATCH 32	/* signals read at a time */

/* What is not touched before the first signal. */
struct signal_reader_room {
	struct signalfd_siginfo batch[SIGNAL_READER_BATCH];
};

struct signal_reader {
	struct source source;	/* of signals_open() */
	struct loop  *loop;
	const struct signals_rules *rules;
	struct keeper      *keeper;
	struct reaper      *reaper;
	struct job_control *jobs;
	struct signal_reader_room *room;
};

/* Ready() and expired(), for the owner that puts the source into the loop. A
 * read that fails, which is not known to happen, is tried again later. */
void signal_reader_ready(struct source *source, uint32_t events);
void signal_reader_expired(struct source *source);

#endif
