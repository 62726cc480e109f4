/* SPDX-License-Identifier: MIT */
/* get/verbose.c - what -v shows */
#include "get/verbose.h"

#include <unistd.h>

#include "base/log.h"

static void
show(const char *mark, struct span line)
{
	char memory[LOG_LINE_MAX];
	struct buf b = buf_over(memory, sizeof memory - 1);

	/* A server's words, on somebody's terminal. */
	buf_str(&b, mark);
	buf_plain(&b, span_trim(line, "\r\n"));
	buf_end_cut(&b);
	b.cap++;
	buf_str(&b, "\n");
	(void)!write(STDERR_FILENO, b.p, b.len);	/* only for people */
}

/* see get/verbose.h */
void
verbose_head(const char *mark, struct span head)
{
	while (head.len > 0)
		show(mark, span_cut(&head, '\n'));
}

/* Many addresses take several lines. */
static void
show_family(struct dial_set *found, bool is_v6)
{
	char memory[LOG_LINE_MAX / 2];
	struct buf b = buf_over(memory, sizeof memory);
	const size_t head = sizeof "IPv6: " - 1;

	buf_str(&b, is_v6 ? "IPv6: " : "IPv4: ");
	for (size_t i = 0; i < found->n; i++) {
		if (dial_ips(found)[i].is_v6 != is_v6)
			continue;
		if (b.cap - b.len < IP_TEXT_MAX) {
			show("* ", buf_span(&b));
			b.len = head;
		}
		buf_str(&b, b.len > head ? ", " : "");
		dial_write_ip(&b, found, i);
	}
	buf_str(&b, b.len > head ? "" : "(none)");
	show("* ", buf_span(&b));
}

/* see get/verbose.h */
void
verbose_addresses(struct transfer *t)
{
	const struct exchange_to *to = &t->route.to;
	char memory[ROUTE_HOST_MAX + 64];
	struct buf b = buf_over(memory, sizeof memory);

	if (!t->o->verbose || to->at != NULL || to->unix_path.len > 0
	 || t->c.step == EXCHANGE_LOOKUP)
		return;
	buf_fmt(&b, "Host %.*s:%u was resolved.", (int)to->host.len, to->host.p,
	        to->port);
	show("* ", buf_span(&b));
	show_family(&t->c.found, true);
	show_family(&t->c.found, false);
}

/* see get/verbose.h */
void
verbose_connection(const struct transfer *t)
{
	char memory[512];
	struct buf b = buf_over(memory, sizeof memory);

	if (!t->o->verbose)
		return;
	buf_fmt(&b, "Connected to %s (%s) port %u", t->route.host, t->r.remote,
	        t->r.remote_port);
	show("* ", buf_span(&b));
	if (t->c.tls == NULL)
		return;
	b.len = 0;
	tls_write_info(t->c.tls, &b);
	show("* ", buf_span(&b));
}
