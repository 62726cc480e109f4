/* SPDX-License-Identifier: MIT */
/* client/resolvconf.c - resolv.conf, and the names to ask for */
#include "client/resolvconf.h"

#include "client/dns.h"

static const struct option {
	char          name[22];
	unsigned char at;	/* of a bool, or of an unsigned with a bound */
	unsigned char max;	/* 0: a bool */
} options[] = {
#define AT(field) offsetof(struct resolvconf, field)
	{ "ndots:", AT(ndots), RESOLVCONF_NDOTS_MAX },
	{ "timeout:", AT(timeout_s), RESOLVCONF_TIMEOUT_MAX },
	{ "attempts:", AT(attempts), RESOLVCONF_TRIES_MAX },
	{ "rotate", AT(rotate), 0 },
	{ "use-vc", AT(use_vc), 0 },
	{ "edns0", AT(edns0), 0 },
	/* A prefix is enough, as in glibc: the longer one stands first. */
	{ "single-request-reopen", AT(single_request_reopen), 0 },
	{ "single-request", AT(single_request), 0 },
	{ "no-aaaa", AT(no_aaaa), 0 },
	{ "no-tld-query", AT(no_tld_query), 0 },
	{ "no_tld_query", AT(no_tld_query), 0 },
#undef AT
};

/* Cuts the next word off *rest; it is empty where none is left. */
static struct span
cut_word(struct span *rest)
{
	struct span word;

	while (rest->len > 0 && (unsigned char)rest->p[0] <= ' ')
		*rest = span_after(*rest, 1);
	word = *rest;
	while (rest->len > 0 && (unsigned char)rest->p[0] > ' ')
		*rest = span_after(*rest, 1);
	word.len -= rest->len;
	return word;
}

/* The digits in front, as atoi() has them: blanks may come before ("ndots: 5").
 * More than max is max. */
static unsigned
read_number(struct span text, unsigned max)
{
	unsigned n = 0;

	for (text = cut_word(&text); text.len > 0; text = span_after(text, 1)) {
		unsigned digit = (unsigned char)text.p[0] - (unsigned)'0';

		if (digit > 9)
			break;
		n = n * 10 + digit;
		if (n > max)
			n = max;
	}
	return n;
}

/* The one that words start with. */
static void
read_option(struct resolvconf *out, struct span words)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		const struct option *o = &options[i];
		void *to = (char *)out + o->at;

		if (!span_has_prefix(words, o->name))
			continue;
		if (o->max == 0)
			*(bool *)to = true;
		else
			*(unsigned *)to = read_number(
				span_after(words, strlen(o->name)), o->max);
		return;
	}
}

static void
read_line(struct resolvconf *out, struct span line)
{
	struct resolvconf_server *s = &out->servers[out->servers_n];
	bool is_indented = line.len > 0 && (unsigned char)line.p[0] <= ' ';
	struct span keyword = cut_word(&line), word = cut_word(&line);
	struct span words = { word.p, word.len + line.len };

	if (is_indented || word.len == 0)
		return;
	if (span_is(keyword, "nameserver")) {
		if (out->servers_n < RESOLVCONF_SERVERS_MAX
		 && ip_read_loose(&s->ip, &s->zone, word) == 0)
			out->servers_n++;
	} else if (span_is(keyword, "search")) {
		out->search = words;
	} else if (span_is(keyword, "domain")) {
		out->search = word;
	} else if (span_is(keyword, "options")) {
		for (; word.len > 0; word = cut_word(&line)) {
			words = (struct span){ word.p, word.len + line.len };
			read_option(out, words);
		}
	}
}

/* see client/resolvconf.h */
void
resolvconf_read(struct resolvconf *out, struct span text,
                struct span hostname)
{
	*out = (struct resolvconf){
		.ndots = 1, .timeout_s = 5, .attempts = 2,
	};
	while (text.len > 0)
		read_line(out, span_cut(&text, '\n'));
	out->names_none = out->servers_n == 0;
	if (out->names_none)
		out->servers[out->servers_n++].ip = (struct ip){
			.b = { 127, 0, 0, 1 },
		};
	if (out->search.len == 0) {
		(void)span_cut(&hostname, '.');
		out->search = hostname;
	}
	out->timeout_s += out->timeout_s == 0;
	out->attempts += out->attempts == 0;
}

/* see client/resolvconf.h */
void
names_init(struct names *n, const struct resolvconf *conf, struct span host)
{
	size_t dots = 0;

	for (size_t i = 0; i < host.len; i++)
		dots += host.p[i] == '.';
	*n = (struct names){
		.host = host,
		.as_is_first = true,
	};
	if (host.len > 0 && host.p[host.len - 1] == '.')
		return;
	n->domains = conf->search;
	n->as_is_first = dots >= conf->ndots;
	n->as_is_last = !n->as_is_first
	             && (dots > 0 || conf->search.len == 0
	                 || !conf->no_tld_query);
}

/* The next domain, without the dot in front of it, or an empty one for the name
 * as it is. Returns false where none is left. */
static bool
next_domain(struct names *n, struct span *domain)
{
	bool is_left = n->as_is_first;

	*domain = (struct span){ NULL, 0 };
	n->as_is_first = false;
	if (is_left)
		return true;
	*domain = cut_word(&n->domains);
	if (domain->len > 0) {
		if (domain->p[0] == '.')
			*domain = span_after(*domain, 1);
		if (domain->len == 0)	/* the root */
			n->as_is_last = false;
		return true;
	}
	is_left = n->as_is_last;
	n->as_is_last = false;
	return is_left;
}

/* see client/resolvconf.h */
bool
names_next(struct names *n, struct buf *name)
{
	struct span domain, whole;

	while (next_domain(n, &domain)) {
		struct buf b = *name;

		buf_add(&b, n->host);
		if (domain.len > 0) {
			buf_str(&b, ".");
			buf_add(&b, domain);
		}
		whole = span_after(buf_span(&b), name->len);
		if (b.cut || !dns_is_name(whole))
			continue;
		if (whole.p[whole.len - 1] == '.')
			b.len--;
		*name = b;
		return true;
	}
	return false;
}

/* see client/resolvconf.h */
void
names_end_search(struct names *n)
{
	n->domains.len = 0;
}
