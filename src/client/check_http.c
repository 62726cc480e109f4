/* SPDX-License-Identifier: MIT */
/* client/check_http.c - a check by HTTP: requests, redirects, the verdict */
#include "client/check_http.h"

#include "base/clock.h"
#include "base/err.h"
#include "client/check_open.h"
#include "client/check_why.h"
#include "client/request.h"

#define IN_MAX      ((size_t)65536)	/* bytes of a head, as in get */
#define WINDOW_MAX  ((size_t)16384)	/* bytes of body searched at a time */
#define BODY_MAX    ((size_t)256 * 1024)	/* .. and at all */
#define CONTAINS_MAX 8191	/* bytes of what is searched; half of these */
#define REDIRECTS_MAX 9		/* as the kubelet: 10 requests in all */
#define SHOW_MAX    120		/* bytes of a bad answer's body that are
				 * shown .. */
#define SHOW_WAIT_MS 250	/* .. if they come so soon after its head */
#define STATUS_OK_FIRST 200	/* what the kubelet takes for success */
#define STATUS_OK_LAST  399

/* Where a request goes: the target, or where its answers sent us. */
struct hop {
	struct target at;
	bool          is_first;	/* still at the origin that was given */
};

static bool
is_good(const struct check_conf *conf, int status)
{
	for (size_t i = 0; i < conf->n_status; i++)
		if (status >= conf->status[i].first
		 && status <= conf->status[i].last)
			return true;
	return conf->n_status == 0 && status >= STATUS_OK_FIRST
	    && status <= STATUS_OK_LAST;
}

static int
write_request(struct buf *b, const struct check_conf *conf,
              const struct url *u, bool is_first)
{
	/* The user's lines may log in by any name, and a Host may be the name
	 * of what listens there: they are for the origin that was named only,
	 * not for another port or an unprotected connection. */
	const struct request_lines lines = {
		conf->headers, is_first ? conf->n_headers : 0,
	};
	const char *agent = conf->user_agent;
	char text[CHECK_HOST_MAX];
	struct buf value = buf_over(text, sizeof text);
	int r = 0;

	buf_str(b, "GET ");
	url_write_target(b, u, true);
	buf_str(b, " HTTP/1.1\r\n");
	url_write_host(&value, u);
	request_add(b, &lines, "Host", buf_text(&value));
	request_add(b, &lines, "User-Agent",
	            agent != NULL ? agent : "hale-check");
	request_add(b, &lines, "Accept", "*/*");
	request_add(b, &lines, "Connection", "close");
	if (url_has_login(u) && !request_has(&lines, "Authorization"))
		r = request_add_login(b, "", NULL, u);
	request_add_lines(b, &lines);
	buf_str(b, "\r\n");
	return r < 0 || b->cut || value.cut ? ERR_TOOBIG : 0;
}

/* Looks for `contains` in the body as it comes, and no further. */
static int
search_body(struct exchange *c, const char *text)
{
	const size_t want = strlen(text);
	struct span piece, all;
	char window[WINDOW_MAX];
	size_t seen = 0, kept = 0, n;
	int r = 0;

	if (want > CONTAINS_MAX)
		return ERR_RANGE;
	while (seen < BODY_MAX
	    && (r = exchange_read_body(c, &piece)) > 0) {
		seen += piece.len;
		while (piece.len > 0) {
			n = sizeof window - kept;
			if (n > piece.len)
				n = piece.len;
			memcpy(window + kept, piece.p, n);
			piece = span_after(piece, n);
			all = (struct span){ window, kept + n };
			if (span_find_text(all, text) != NULL)
				return 0;
			kept = all.len < want ? all.len : want - 1;
			memmove(window, all.p + all.len - kept, kept);
		}
	}
	if (seen >= BODY_MAX)
		return ERR_FULL;
	if (r < 0)
		return r;
	return want == 0 ? 0 : ERR_UNHEALTHY;
}

/* Fills b with the start of the body, until it has a line, or time is up. */
static void
read_line(struct exchange *c, struct buf *b)
{
	int64_t until_ms = clock_after(clock_ms(), SHOW_WAIT_MS);
	struct span piece;

	if (until_ms < c->deadline_ms)
		c->deadline_ms = until_ms;
	while (!b->cut && !span_has(buf_span(b), '\n')
	    && (b->len == 0 || b->p[0] != '<')
	    && exchange_read_body(c, &piece) > 0)
		buf_add(b, piece);
}

/* The first line of a bad answer's body. It may come in a segment of its own,
 * and without it nobody knows the reason. */
static void
show_body(struct exchange *c, struct buf *why)
{
	char text[SHOW_MAX];
	struct buf b = buf_over(text, sizeof text);
	struct span line;

	read_line(c, &b);
	line = buf_span(&b);
	line = span_trim(span_cut(&line, '\n'), "\r");
	if (line.len > 0 && line.p[0] != '<')	/* a page tells little */
		buf_fmt(why, ": %.*s", (int)line.len, line.p);
}

/* What --status asks for, which "200 OK" alone does not tell. */
static void
write_wanted(const struct check_conf *conf, struct buf *why)
{
	for (size_t i = 0; i < conf->n_status; i++) {
		const struct check_range *r = &conf->status[i];

		buf_fmt(why, "%s%d", i == 0 ? " (expected " : ",", r->first);
		if (r->last != r->first)
			buf_fmt(why, "-%d", r->last);
	}
	buf_str(why, ")");
}

/* The body's part in the verdict on a status that is good. */
static int
judge_body(struct exchange *c, const char *contains, struct buf *why)
{
	int r = search_body(c, contains);

	if (r == ERR_UNHEALTHY)
		buf_fmt(why, ", but the body does not contain \"%s\"",
		        contains);
	else if (r == ERR_RANGE)
		buf_str(why, ", but --contains has more than "
		        BUF_DIGITS(CONTAINS_MAX) " bytes");
	else if (r == ERR_FULL)
		buf_fmt(why, ", but the first %lu KiB of the body do not "
		        "contain \"%s\"", (unsigned long)BODY_MAX / 1024,
		        contains);
	else if (r < 0) {
		buf_str(why, ", but the body: ");
		exchange_text(c, r, why);
	} else {
		buf_fmt(why, ", contains \"%s\"", contains);
	}
	return r;
}

static int
judge(struct exchange *c, const struct check_conf *conf, struct buf *why)
{
	bool good = is_good(conf, c->reply.status);

	buf_int(why, c->reply.status);
	buf_fmt(why, "%s%.*s", c->reply.reason.len > 0 ? " " : "",
	        (int)c->reply.reason.len, c->reply.reason.p);
	if (!good && conf->n_status > 0)
		write_wanted(conf, why);
	if (!good && c->reply.status == 101)
		buf_str(why, ": expected an answer in HTTP");
	else if (!good)
		show_body(c, why);
	if (!good)
		return ERR_UNHEALTHY;
	return conf->contains == NULL ? 0 : judge_body(c, conf->contains, why);
}

/* One request. Returns 0 where c->reply is the answer. */
static int
request_once(struct exchange *c, const struct check_conf *conf,
             const struct hop *h, char *in, int64_t deadline_ms)
{
	char request[CHECK_REQUEST_MAX];
	struct buf b = buf_over(request, sizeof request);
	size_t sent;
	int r = check_open(c, conf, &h->at, in, IN_MAX, deadline_ms);

	if (r < 0)
		return r;
	r = write_request(&b, conf, &h->at.url, h->is_first);
	if (r == 0)
		r = exchange_send(c, buf_span(&b), &sent);
	do
		r = r < 0 ? r : exchange_read_head(c);
	while (r == 0 && exchange_is_interim(c));
	return r;
}

/*
 * Where the answer sends us on the same host, *h moves there (its text goes
 * to text) and true is returned. Another host's answer is not ours to judge.
 */
static bool
is_sent_on(const struct exchange *c, const struct check_conf *conf,
           struct hop *h, char *text, size_t cap)
{
	struct url *from = &h->at.url;
	struct span location = c->reply.location;
	struct buf b = buf_over(text, cap);
	struct url to;

	switch (c->reply.status) {
	case 301: case 302: case 303: case 307: case 308:
		break;
	default:
		return false;
	}
	if (location.len == 0
	 || (conf->n_status > 0 && is_good(conf, c->reply.status)))
		return false;
	url_resolve(&b, from, location, false);
	if (b.cut || url_read(&to, buf_span(&b)) < 0 || !to.has_scheme
	 || !url_is_same_host(&to, from)
	 || (h->at.kind == TARGET_HTTP_UNIX && to.is_https))
		return false;
	if (url_is_same_origin(&to, from)) {
		to.user = from->user;
		to.password = from->password;
	} else {
		/* For good: the next one may send us back to a path of its
		 * choice. */
		h->is_first = false;
	}
	*from = to;
	return true;
}

/* see client/check_http.h */
int
check_http(const struct check_conf *conf, const struct target *t,
           int64_t deadline_ms, struct buf *why)
{
	struct hop h = { *t, true };
	char in[IN_MAX];
	char text[2][TARGET_MAX];	/* the URL that was, the one to be */
	struct exchange c = { .fd = -1 };	/* it may never be opened */
	int r;

	for (int hops = 0;; hops++) {
		r = request_once(&c, conf, &h, in, deadline_ms);
		if (r == 0 && is_sent_on(&c, conf, &h, text[hops % 2],
		                         sizeof text[0])) {
			exchange_close(&c);
			if (hops < REDIRECTS_MAX)
				continue;
			buf_fmt(why, "more than %d redirects", REDIRECTS_MAX);
			return ERR_REDIRECTS;
		}
		if (r == 0)
			r = judge(&c, conf, why);
		else
			check_why_failed(&c, &h.at, r, why);
		r = check_end(&c, r);
		exchange_close(&c);
		return r;
	}
}
