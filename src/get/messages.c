/* SPDX-License-Identifier: MIT */
/* get/messages.c - what a transfer says: failures, -v, progress */
#include "get/job.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#define PROGRESS_US   200000	/* between two looks of the progress line */

/* see get/job.h */
int
job_fail(struct get_job *j, int code, const char *fmt, ...)
{
	struct buf b = buf_over(j->r.why, sizeof j->r.why);
	va_list ap;

	if (j->r.why[0] != '\0')
		return code;
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	(void)buf_end_text(&b);
	return code;
}

/* see get/job.h */
void
job_copy_text(char *to, size_t cap, struct span from)
{
	struct buf b = buf_over(to, cap);

	buf_add(&b, from);
	(void)buf_text(&b);
}

/* see get/job.h */
bool
get_is_quiet(const struct get *g)
{
	return g->silent && !g->show_error;
}

static void
tell(const char *mark, struct span line)
{
	char memory[LOG_LINE_MAX];
	struct buf b = buf_over(memory, sizeof memory - 1);

	/* A server's words, on somebody's terminal. */
	while (line.len > 0 && (line.p[line.len - 1] == '\n'
	                     || line.p[line.len - 1] == '\r'))
		line.len--;
	buf_str(&b, mark);
	buf_plain(&b, line);
	buf_end_cut(&b);
	b.cap++;
	buf_str(&b, "\n");
	(void)!write(STDERR_FILENO, b.p, b.len);	/* only words for people */
}

/* see get/job.h */
void
job_tell_head(const struct get_job *j, const char *mark, struct span head)
{
	while (j->g->verbose && head.len > 0)
		tell(mark, span_cut(&head, '\n'));
}

/* Many addresses take several lines. */
static void
tell_family(const struct ip *ips, size_t n, bool is_v6)
{
	char memory[LOG_LINE_MAX / 2];
	struct buf b = buf_over(memory, sizeof memory);
	const size_t head = sizeof "IPv6: " - 1;

	buf_str(&b, is_v6 ? "IPv6: " : "IPv4: ");
	for (size_t i = 0; i < n; i++) {
		if (ips[i].is_v6 != is_v6)
			continue;
		if (b.cap - b.len < IP_TEXT_MAX) {
			tell("* ", buf_span(&b));
			b.len = head;
		}
		buf_str(&b, b.len > head ? ", " : "");
		ip_write(&b, &ips[i]);
	}
	buf_str(&b, b.len > head ? "" : "(none)");
	tell("* ", buf_span(&b));
}

/* see get/job.h */
void
job_tell_addresses(struct get_job *j)
{
	struct dial_set *found = &j->c.found;
	const struct exchange_to *to = &j->route.to;
	char memory[GET_HOST_MAX + 64];
	struct buf b = buf_over(memory, sizeof memory);

	if (!j->g->verbose || to->at != NULL || to->unix_path.len > 0
	 || j->c.step == EXCHANGE_LOOKUP)
		return;
	buf_fmt(&b, "Host %.*s:%u was resolved.", (int)to->host.len, to->host.p,
	        to->port);
	tell("* ", buf_span(&b));
	tell_family(dial_ips(found), found->n, true);
	tell_family(dial_ips(found), found->n, false);
}

/* see get/job.h */
void
job_tell_connection(const struct get_job *j)
{
	char memory[512];
	struct buf b = buf_over(memory, sizeof memory);

	if (!j->g->verbose)
		return;
	buf_fmt(&b, "Connected to %s (%s) port %u", j->route.host,
	        j->r.remote, j->r.remote_port);
	tell("* ", buf_span(&b));
	if (j->c.tls == NULL)
		return;
	b.len = 0;
	tls_write_info(j->c.tls, &b);
	tell("* ", buf_span(&b));
}

static const char *
timeout_words(const struct get_job *j)
{
	switch (j->c.step) {
	case EXCHANGE_LOOKUP:
		return "Resolving timed out";
	case EXCHANGE_CONNECT:
		return "Connection timed out";
	case EXCHANGE_TLS:
		return "SSL connection timeout";
	case EXCHANGE_TUNNEL:
	case EXCHANGE_SEND:
	case EXCHANGE_HEAD:
	case EXCHANGE_BODY:
		break;
	}
	return "Operation timed out";
}

static int
fail_timeout(struct get_job *j)
{
	long long ms = (clock_us() - j->r.try_us) / 1000;

	if (j->c.step == EXCHANGE_LOOKUP)
		return job_fail(j, GET_TIMEOUT, "%s after %lld milliseconds: %s",
		                timeout_words(j), ms, j->c.why);
	if (j->c.step < EXCHANGE_SEND)
		return job_fail(j, GET_TIMEOUT, "%s after %lld milliseconds",
		                timeout_words(j), ms);
	return job_fail(j, GET_TIMEOUT,
	                "%s after %lld milliseconds with %llu bytes received",
	                timeout_words(j), ms,
	                (unsigned long long)j->r.body_bytes);
}

static int
fail_body(struct get_job *j, int code, int err, struct buf *words)
{
	if (err != ERR_SHORT)
		return job_fail(j, code, err == ERR_PARSE || err == ERR_TOOBIG
		                ? "chunked-encoding: %s" : "Recv failure: %s",
		                buf_text(words));
	if (j->c.body == BODY_LENGTH)
		return job_fail(j, code,
		                "transfer closed with %llu bytes remaining to read",
		                (unsigned long long)j->c.left);
	return job_fail(j, code,
	                "transfer closed with outstanding read data remaining");
}

static int
fail_version(struct get_job *j)
{
	struct span version = reply_version(exchange_unread(&j->c));

	if (version.len > 0)
		return job_fail(j, GET_PROTOCOL,
		                "Unsupported HTTP version (%.*s) in response",
		                (int)version.len, version.p);
	return job_fail(j, GET_PROTOCOL, "Received HTTP/0.9 when not allowed");
}

/* see get/job.h */
int
job_fail_exchange(struct get_job *j, int err)
{
	char memory[TLS_WHY_MAX + 128];
	struct buf words = buf_over(memory, sizeof memory);
	int code = get_code(&j->c, err, j->route.via_proxy);
	struct span host = j->route.to.host;

	j->err = err;
	exchange_text(&j->c, err, &words);
	switch (code) {
	case GET_TIMEOUT:
		return fail_timeout(j);
	case GET_LOOKUP:
	case GET_PROXY_LOOKUP:
		return job_fail(j, code, "Could not resolve %s: %s",
		                code == GET_LOOKUP ? "host" : "proxy",
		                buf_text(&words));
	case GET_CONNECT:
		return job_fail(j, code, "Failed to connect to %.*s port %u after "
		                "%lld ms: %s", (int)host.len, host.p,
		                j->route.to.port,
		                (long long)(clock_us() - j->r.try_us) / 1000,
		                buf_text(&words));
	case GET_PROTOCOL:
		return fail_version(j);
	case GET_WEIRD:
		return job_fail(j, code, "Weird server reply: %s",
		                buf_text(&words));
	case GET_EMPTY:
		return job_fail(j, code, "Empty reply from server");
	case GET_CERT:
		return job_fail(j, code, "SSL certificate problem: %s",
		                buf_text(&words));
	case GET_SEND:
		return job_fail(j, code, "Send failure: %s", buf_text(&words));
	}
	if (j->c.step == EXCHANGE_BODY)
		return fail_body(j, code, err, &words);
	if (j->c.step == EXCHANGE_TUNNEL && err == ERR_REFUSED
	 && j->g->fail && j->c.tunnel_status >= 400)
		return job_fail(j, GET_HTTP_ERROR,
		                "The requested URL returned error: %d",
		                j->c.tunnel_status);
	if (j->c.step == EXCHANGE_TUNNEL && err == ERR_REFUSED)
		return job_fail(j, code, "CONNECT tunnel failed, response %d",
		                j->c.tunnel_status);
	return job_fail(j, code, code == GET_RECV ? "Recv failure: %s" : "%s",
	                buf_text(&words));
}

/* see get/job.h */
void
job_progress(struct get_job *j, bool last)
{
	char memory[256];
	struct buf b = buf_over(memory, sizeof memory);
	uint64_t all = j->c.reply.has_length ? j->c.reply.length : 0;
	int64_t now_us = clock_us(), us = now_us - j->r.try_us;
	static const uint64_t mib = 1 << 20;
	uint64_t done = j->r.body_bytes;

	if (j->shown_us == 0 || (!last && now_us - j->shown_us < PROGRESS_US))
		return;
	j->shown_us = now_us;
	if (all > 0)
		buf_fmt(&b, "\r%llu %%, ",
		        (unsigned long long)(done * 100 / all));
	else
		buf_str(&b, "\r");
	buf_fmt(&b, "%llu.%llu MiB", (unsigned long long)(done / mib),
	        (unsigned long long)(done % mib * 10 / mib));
	if (all > 0)
		buf_fmt(&b, " of %llu.%llu", (unsigned long long)(all / mib),
		        (unsigned long long)(all % mib * 10 / mib));
	if (us > 0)
		buf_fmt(&b, ", %llu KiB/s", (unsigned long long)
		        (done / 1024 * 1000000 / (uint64_t)us));
	buf_str(&b, last ? "    \n" : "    ");
	(void)!write(STDERR_FILENO, b.p, b.len);	/* only for people */
}
