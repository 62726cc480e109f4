/* SPDX-License-Identifier: MIT */
/* get/redirect.c - which URL is requested next, and how */
#include "get/redirect.h"

#include <strings.h>

#include "base/err.h"
#include "client/redact.h"
#include "get/exit.h"
#include "get/failure.h"

/* see get/redirect.h */
bool
redirect_read(struct transfer *t)
{
	struct span location = t->c.reply.location;
	struct buf b = buf_over(t->moved, sizeof t->moved);

	if (t->r.status / 100 != 3 || location.len == 0)
		return false;
	url_resolve(&b, &t->url, location, true);
	(void)buf_text(&b);
	if (b.cut)
		t->moved[0] = '\0';	/* half of a URL leads elsewhere */
	return true;
}

/* see get/redirect.h */
void
redirect_show(struct transfer *t)
{
	bytes_copy_text(t->r.redirect, sizeof t->r.redirect,
	                span_of(t->moved));
}

/* What is requested next, by curl's rules (RFC 9110, 15.4). */
static void
change_kind(struct transfer *t)
{
	const struct options *o = t->o;
	bool is_post = t->kind == TRANSFER_POST;

	switch (t->r.status) {
	case 301:
		if (is_post && !o->post301)
			t->kind = TRANSFER_GET;
		break;
	case 302:
		if (is_post && !o->post302)
			t->kind = TRANSFER_GET;
		break;
	case 303:
		if (t->kind == TRANSFER_PUT || (is_post && !o->post303))
			t->kind = TRANSFER_GET;
		break;
	}
}

static bool
is_allowed(const struct options *o, bool is_https)
{
	struct span rest;

	if (o->protocols == NULL)
		return true;
	rest = span_of(o->protocols);
	if (span_has_prefix(rest, "="))
		rest = span_after(rest, 1);
	while (rest.len > 0)
		if (span_is(span_cut(&rest, ','), is_https ? "https" : "http"))
			return true;
	return false;
}

/* see get/redirect.h */
int
redirect_set_url(struct transfer *t, const char *text)
{
	struct span s = span_of(text);
	char room[REDACT_ROOM];
	int r = url_read(&t->url, s);

	if (r == ERR_SCHEME)
		return failure_set(t, GET_PROTOCOL,
		                   "Protocol \"%.*s\" not supported",
		                   (int)strcspn(text, ":"), text);
	if (r < 0)
		return failure_set(t, GET_URL,
		                   "URL using bad/illegal format or "
		                   "missing URL: \"%s\": expected %s",
		                   redact_text(room, s), url_expected(s));
	if (!is_allowed(t->o, t->url.is_https))
		return failure_set(t, GET_PROTOCOL,
		                   "Protocol \"%s\" not allowed by --proto",
		                   t->url.is_https ? "https" : "http");
	t->r.is_https = t->url.is_https;
	return GET_OK;
}

/* see get/redirect.h */
int
redirect_follow(struct transfer *t)
{
	const struct options *o = t->o;

	if (o->max_redirs >= 0 && t->r.redirects >= o->max_redirs) {
		redirect_show(t);
		return failure_set(t, GET_REDIRECTS,
		                   "Maximum (%lld) redirects followed",
		                   (long long)o->max_redirs);
	}
	if (t->moved[0] == '\0')
		return failure_set(t, GET_URL,
		                   "Location leads to a URL of more than "
		                   BUF_DIGITS(URL_MAX) " bytes");
	t->r.redirects++;
	t->r.more.len = 0;
	change_kind(t);
	/* A Location is not a command line: "mailto:x" names no host. */
	if (strncasecmp(t->moved, "http:", 5) != 0
	 && strncasecmp(t->moved, "https:", 6) != 0)
		return failure_set(t, GET_PROTOCOL,
		                   "Protocol \"%.*s\" not supported",
		                   (int)strcspn(t->moved, ":"), t->moved);
	bytes_copy_text(t->r.url, sizeof t->r.url, span_of(t->moved));
	return redirect_set_url(t, t->r.url);
}
