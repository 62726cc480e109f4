/* SPDX-License-Identifier: MIT */
/* fuzz_notify.c - datagrams of whoever may write to the notify socket */
#include "fuzz.h"

#include "base/clock.h"
#include "base/err.h"
#include "sup/notify.h"

#define NOW 1000000

static void
must_be_sound(const struct notify *n)
{
	fuzz_must(n->status_len <= NOTIFY_STATUS_MAX);
	for (size_t i = 0; i < n->status_len; i++)
		fuzz_must((unsigned char)n->status[i] >= ' '
		          && n->status[i] != 0x7f);
	fuzz_must(n->watchdog_ms >= 0 && n->main_pid >= 0);
	fuzz_must(n->fed_by_ms >= NOW);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notify n = { .needs_ready = size & 1, .watchdog_conf_ms = 5000 };
	struct notify_msg msg;
	int r = notify_read(&msg, (struct span){ (const char *)data, size });

	fuzz_must(r == 0 || r == ERR_PARSE);
	if (r < 0)
		return 0;
	fuzz_must(msg.extend_ms >= 0 && msg.watchdog_ms >= 0);
	notify_start(&n, NOW);
	notify_apply(&n, &msg, NOW);
	must_be_sound(&n);
	notify_apply(&n, &msg, NOW + 1);
	must_be_sound(&n);
	notify_stop(&n);
	notify_apply(&n, &msg, NOW + 2);
	fuzz_must(n.fed_by_ms == CLOCK_NEVER);
	return 0;
}
