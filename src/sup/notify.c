/* SPDX-License-Identifier: MIT */
/* sup/notify.c - what the service says by sd_notify */
#include "sup/notify.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"

#define USEC_MAX ((uint64_t)PARSE_MS_MAX * 1000)	/* more: for ever */
#define PID_TOP  (1 << 22)	/* the kernel's highest pid (proc(5)) */

/* Microseconds to milliseconds, rounded up; false if it is not a number. */
static bool
read_usec(struct span text, int64_t *ms)
{
	uint64_t usec;

	if (parse_uint_span(text, UINT64_MAX, &usec) < 0)
		return false;
	*ms = usec > USEC_MAX ? 0 : (int64_t)((usec + 999) / 1000);
	return true;
}

static void
read_line(struct notify_msg *msg, struct span line)
{
	struct span key = span_cut(&line, '=');
	uint64_t number;

	if (span_is(key, "READY")) {
		msg->ready |= span_is(line, "1");
	} else if (span_is(key, "STOPPING")) {
		msg->stopping |= span_is(line, "1");
	} else if (span_is(key, "WATCHDOG")) {
		msg->fed |= span_is(line, "1");
		msg->trigger |= span_is(line, "trigger");
	} else if (span_is(key, "STATUS")) {
		msg->has_status = true;
		msg->status = line;
	} else if (span_is(key, "WATCHDOG_USEC")) {
		msg->has_watchdog |= read_usec(line, &msg->watchdog_ms);
	} else if (span_is(key, "EXTEND_TIMEOUT_USEC")) {
		(void)read_usec(line, &msg->extend_ms);	/* else 0: none */
	} else if (span_is(key, "MAINPID")
	        && parse_uint_span(line, PID_TOP, &number) == 0) {
		msg->main_pid = (pid_t)number;
	}
}

/* see sup/notify.h */
int
notify_read(struct notify_msg *msg, struct span bytes)
{
	*msg = (struct notify_msg){ .ready = false };
	if (bytes.len > 0 && bytes.p[bytes.len - 1] == '\0')
		bytes.len--;
	if (bytes.len > 0 && memchr(bytes.p, '\0', bytes.len) != NULL)
		return ERR_PARSE;
	while (bytes.len > 0)
		read_line(msg, span_cut(&bytes, '\n'));
	return 0;
}

static void
arm(struct notify *n, int64_t now_ms)
{
	bool runs = n->is_on && !n->stopping && n->watchdog_ms > 0
	         && (n->ready || !n->needs_ready);

	n->fed_by_ms = runs ? now_ms + n->watchdog_ms : CLOCK_NEVER;
	n->pardoned = false;
}

/* see sup/notify.h */
void
notify_start(struct notify *n, int64_t now_ms)
{
	n->is_on = true;
	n->ready = n->stopping = n->starved = n->triggered = false;
	n->was_fed = false;
	n->watchdog_ms = n->watchdog_conf_ms;
	n->main_pid = 0;
	n->status_len = 0;
	arm(n, now_ms);
}

/* see sup/notify.h */
void
notify_stop(struct notify *n)
{
	n->is_on = false;
	n->fed_by_ms = CLOCK_NEVER;
}

/* see sup/notify.h */
void
notify_pardon(struct notify *n, int64_t now_ms)
{
	if (n->fed_by_ms == CLOCK_NEVER || n->triggered || n->pardoned)
		return;
	arm(n, now_ms);
	n->pardoned = true;
}

static void
keep_status(struct notify *n, struct span status)
{
	struct buf b = buf_over(n->status, sizeof n->status);

	buf_plain(&b, status);
	n->status_len = b.len;
}

/* see sup/notify.h */
void
notify_apply(struct notify *n, const struct notify_msg *msg, int64_t now_ms)
{
	bool was_ready = n->ready;

	n->ready |= msg->ready;
	n->stopping |= msg->stopping;
	n->was_fed |= msg->fed;
	if (msg->has_status)
		keep_status(n, msg->status);
	if (msg->main_pid > 0)
		n->main_pid = msg->main_pid;
	if (msg->has_watchdog)
		n->watchdog_ms = msg->watchdog_ms;
	if (msg->fed || (msg->has_watchdog && msg->watchdog_ms == 0))
		n->starved = n->triggered = false;
	if (msg->fed || msg->has_watchdog || msg->stopping
	 || n->ready != was_ready)
		arm(n, now_ms);
	if (msg->trigger && n->is_on) {
		n->triggered = true;
		n->fed_by_ms = now_ms;
	}
}

/* see sup/notify.h */
bool
notify_starves(struct notify *n, int64_t now_ms)
{
	bool was = n->starved;

	if (now_ms < n->fed_by_ms)
		return false;
	n->fed_by_ms = CLOCK_NEVER;
	n->starved = true;
	return !was;
}

/* see sup/notify.h */
bool
notify_is_ready(const struct notify *n)
{
	return !n->stopping && (n->ready || !n->needs_ready);
}
