/* SPDX-License-Identifier: MIT */
/* client/resolve.c - literal addresses, localhost, hosts, DNS, their order */
#include "client/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"
#include "client/addrorder.h"
#include "client/hostsfile.h"
#include "client/nameserver.h"
#include "net/sock.h"

#define HOSTS      "/etc/hosts"
#define RESOLVCONF "/etc/resolv.conf"
#define PIECE_MAX  4096	/* bytes of hosts read at a time */
#define TRIED_SHOWN 4	/* names of the search list that a failure names */
#define SERVERS_DID_MAX (RESOLVCONF_SERVERS_MAX * (IP_TEXT_MAX + 64))

_Static_assert(DIAL_ADDRS_MAX == DNS_A_MAX + DNS_AAAA_MAX,
               "a set holds all that DNS can say of a name");

struct resolve {
	struct dial_set  *set;
	struct span       host;
	int               family;
	int64_t           deadline_ms;
	/* The failure that is reported: what, from whom, for which name. */
	int               says;
	struct ip         who;
	size_t            tried;	/* names; the one at ended_at */
	size_t            ended_at;	/* ended the search */
	char              name[DNS_NAME_MAX + 1];
	char              servers_did[SERVERS_DID_MAX];
	struct resolvconf conf;
	char              text[RESOLVCONF_MAX + 1];	/* conf's spans */
	struct utsname    own;	/* our host's name */
	uint32_t          keys[DIAL_ADDRS_MAX];
	struct nameservers servers;
};

/* "localhost", "app.localhost", each with or without a final dot. */
static bool
is_localhost(struct span host)
{
	static const char name[] = "localhost";
	const size_t n = sizeof name - 1;

	if (host.len > 0 && host.p[host.len - 1] == '.')
		host.len--;
	if (host.len < n || strncasecmp(host.p + host.len - n, name, n) != 0)
		return false;
	return host.len == n || host.p[host.len - n - 1] == '.';
}

static bool
is_of(const struct ip *ip, int family)
{
	return family == AF_UNSPEC || ip->is_v6 == (family == AF_INET6);
}

/* Turns a zone's name or number into ip's. False: there is no such interface.
 * */
static bool
set_zone(struct ip *ip, struct span zone)
{
	struct ifreq ask = { .ifr_ifindex = 0 };
	struct buf b = buf_over(ask.ifr_name, sizeof ask.ifr_name);
	uint64_t number;
	int fd;

	if (zone.len == 0)
		return true;
	buf_add(&b, zone);
	(void)buf_text(&b);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ip->zone = fd >= 0 && ioctl(fd, SIOCGIFINDEX, &ask) == 0
	         ? (uint32_t)ask.ifr_ifindex : 0;
	if (fd >= 0)
		close(fd);
	if (ip->zone == 0 && parse_uint_span(zone, UINT32_MAX, &number) == 0)
		ip->zone = (uint32_t)number;
	return ip->zone != 0 && !b.cut;
}

/* see client/resolve.h */
int
resolve_literal(struct dial_set *set, struct span host, int family)
{
	struct span zone;
	struct ip ip;
	int r;

	if (ip_read_loose(&ip, &zone, host) < 0)
		return 0;
	if (!is_of(&ip, family) || !set_zone(&ip, zone))
		return ERR_RESOLVE;
	r = dial_add(set, &ip);
	return r < 0 ? r : 1;
}

static void
add_localhost(struct dial_set *set, int family)
{
	static const struct ip both[] = {
		{ .b = { [15] = 1 }, .is_v6 = true },
		{ .b = { 127, 0, 0, 1 } },
	};

	for (size_t i = 0; i < 2; i++)
		if (is_of(&both[i], family))
			(void)dial_add(set, &both[i]);	/* it is empty */
}

/* Opens a file; one that waits for a writer does not hold us. Returns -ENOENT
 * for all that says that there is nothing to read. */
static int
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		return fd;
	return err_is_shortage(-errno) ? -errno : -ENOENT;
}

/* Reads on. Returns the bytes, 0 at the end, which is what cannot be read,
 * too. */
static size_t
read_on(int fd, char *into, size_t room)
{
	ssize_t n;

	do
		n = read(fd, into, room);
	while (n < 0 && errno == EINTR);
	return n > 0 ? (size_t)n : 0;
}

/* Adds what one piece of hosts says. */
static int
add_hosts(struct resolve *l, struct hostsfile *h, struct span text)
{
	struct span zone;
	struct ip ip;
	int r;

	while (hostsfile_step(h, &text, &ip, &zone))
		if (is_of(&ip, l->family) && set_zone(&ip, zone)
		 && (r = dial_add(l->set, &ip)) < 0)
			return r;
	return 0;
}

static int
read_hosts(struct resolve *l)
{
	int fd = open_file(HOSTS), r = 0;
	struct hostsfile h;
	size_t n;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	hostsfile_init(&h, l->host);
	do {
		n = read_on(fd, l->text, PIECE_MAX);
		r = n > 0 ? add_hosts(l, &h, (struct span){ l->text, n })
		          : add_hosts(l, &h, span_of("\n"));
		if (r == 0 && clock_wait_ms(l->deadline_ms) == 0)
			r = ERR_TIMEOUT;
	} while (n > 0 && r == 0);
	close(fd);
	return r;
}

static int
read_conf(struct resolve *l)
{
	int fd = open_file(RESOLVCONF);
	size_t len = 0, n;

	if (fd < 0 && fd != -ENOENT)
		return fd;
	while (fd >= 0 && len < sizeof l->text
	    && (n = read_on(fd, l->text + len, sizeof l->text - len)) > 0)
		len += n;
	if (fd >= 0)
		close(fd);
	if (len == sizeof l->text)
		return ERR_TOOBIG;
	(void)uname(&l->own);	/* cannot fail */
	resolvconf_read(&l->conf, (struct span){ l->text, len },
	                span_of(l->own.nodename));
	for (size_t i = 0; i < l->conf.servers_n; i++)
		(void)set_zone(&l->conf.servers[i].ip,	/* 0: unreachable */
		               l->conf.servers[i].zone);
	return 0;
}

/* Which of two failures says more: that a name exists, or could not be looked
 * up, comes before that the last one does not exist (res_search(3)). */
static int
weight(int says)
{
	return says == DNS_NODATA ? 2 : says == DNS_SERVFAIL ? 1 : 0;
}

/* What ends the look-up: no time, nothing to ask with, or records with no
 * address, where glibc ends its search. */
static bool
is_last(int r)
{
	return r == ERR_TIMEOUT || r == DNS_DANGLING
	    || (r < 0 && r > ERR_FIRST);
}

static void
note_failure(struct resolve *l, int says, struct span name)
{
	struct buf b = buf_over(l->name, sizeof l->name);
	struct buf did = buf_over(l->servers_did, sizeof l->servers_did);

	l->says = says;
	l->who = l->servers.at[l->servers.who].ip;
	buf_add(&b, name);
	(void)buf_text(&b);
	nameservers_write(&did, &l->servers);
	(void)buf_text(&did);
}

/* Asks for the names in order. Returns 0, or an error. */
static int
try_names(struct resolve *l)
{
	char memory[DNS_NAME_MAX + 1];
	struct buf name = buf_over(memory, sizeof memory);
	bool is_decided = false, as_is;
	struct names names;

	names_init(&names, &l->conf, l->host);
	l->says = ERR_PARSE;
	l->ended_at = SIZE_MAX;
	for (l->tried = 0;; name.len = 0, l->tried++) {
		int r;

		as_is = names.as_is_first;
		if (!names_next(&names, &name))
			return ERR_RESOLVE;
		r = nameservers_find(&l->servers, buf_span(&name));
		if (r == DNS_FOUND)
			return 0;
		if (is_last(r) || (!is_decided && (l->says == ERR_PARSE
		                   || weight(r) >= weight(l->says))))
			note_failure(l, r, buf_span(&name));
		if (is_last(r))
			return r < 0 ? r : ERR_RESOLVE;
		is_decided |= as_is;
		if (as_is || r == DNS_NODATA || r == DNS_NXDOMAIN
		 || r == DNS_SERVFAIL)
			continue;
		l->ended_at = l->tried;
		names_end_search(&names);
	}
}

/* "(also tried a.b, a.c)": the names beside the one that is reported. */
static void
write_tried(struct buf *b, const struct resolve *l)
{
	char memory[DNS_NAME_MAX + 1];
	struct buf name = buf_over(memory, sizeof memory);
	const char *before = " (also tried ";
	struct names names;
	unsigned more = 0, shown = 0;

	names_init(&names, &l->conf, l->host);
	for (size_t i = 0; i < l->tried && names_next(&names, &name);
	     i++, name.len = 0) {
		if (i == l->ended_at)
			names_end_search(&names);
		if (span_is(buf_span(&name), l->name))
			continue;
		if (shown++ >= TRIED_SHOWN) {
			more++;
			continue;
		}
		buf_fmt(b, "%s%.*s", before, (int)name.len, name.p);
		before = ", ";
	}
	if (more > 0)
		buf_fmt(b, " and %u more", more);
	if (shown > 0)
		buf_str(b, ")");
}

/* Has one of them answered for another name? */
static bool
has_spoken(const struct nameservers *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].is_heard)
			return true;
	return false;
}

static void
write_failure(const struct resolve *l, struct buf *why)
{
	if (l->says == ERR_PARSE) {
		buf_str(why, "not a name that DNS can have: expected labels of "
		        "1 to " BUF_DIGITS(DNS_LABEL_MAX) " bytes, at most "
		        BUF_DIGITS(DNS_NAME_MAX) " in all");
		return;
	}
	if (l->says != DNS_NODATA && l->says != DNS_DANGLING
	 && l->says != DNS_NXDOMAIN) {
		buf_str(why, l->says < 0 ? "no name server answered"
		                         : "no name server has an answer");
		if (l->says > 0 || has_spoken(&l->servers))
			buf_fmt(why, " for %s", l->name);
		buf_fmt(why, ": %s", l->servers_did);
		if (l->conf.names_none)
			buf_str(why, "; " RESOLVCONF " names no name server");
		if (l->says > 0)
			write_tried(why, l);
		return;
	}
	ip_write(why, &l->who);
	if (l->says == DNS_NXDOMAIN)
		buf_fmt(why, " says that %s does not exist", l->name);
	else
		buf_fmt(why, " says that %s has no%s address", l->name,
		        l->family == AF_INET6 ? " IPv6" :
		        l->family == AF_INET || l->conf.no_aaaa ? " IPv4" : "");
	write_tried(why, l);
}

static int
find_names(struct resolve *l, struct buf *why)
{
	int r = nameservers_init(&l->servers, &l->conf, l->family,
	                         l->deadline_ms, l->set);

	if (r == 0)
		r = try_names(l);
	nameservers_end(&l->servers);
	if (r == ERR_RESOLVE || r == ERR_TIMEOUT)
		write_failure(l, why);
	else if (r < 0)
		buf_str(why, err_text(r));
	return r;
}

static int
find_in_dns(struct resolve *l, struct buf *why)
{
	int r = read_conf(l);

	if (r == ERR_TOOBIG)
		buf_str(why, RESOLVCONF " is longer than "
		        BUF_DIGITS(RESOLVCONF_MAX) " bytes");
	else if (r < 0)
		buf_fmt(why, RESOLVCONF ": %s", err_text(r));
	if (r < 0)
		return r;
	if (l->conf.no_aaaa && l->family == AF_INET6) {
		buf_str(why, RESOLVCONF " says no-aaaa: IPv6 addresses are not "
		        "asked for");
		return ERR_RESOLVE;
	}
	r = dial_make_room(l->set);
	if (r == 0)
		r = find_names(l, why);
	if (r != ERR_RESOLVE || l->says == DNS_NODATA
	 || l->says == DNS_DANGLING)
		return r;
	return l->says == DNS_NXDOMAIN ? ERR_NONAME
	     : l->says == ERR_PARSE ? ERR_PARSE : ERR_NAMESERVER;
}

/* How good an address is, by the one from which the kernel would talk to it. */
static uint32_t
key_of(const struct ip *to)
{
	struct addr at;
	struct ip source;
	bool is_done = false;
	int fd;

	addr_set_ip(&at, to, NAMESERVER_PORT);	/* any port: nothing is sent */
	fd = sock_start(&at, SOCK_DGRAM, &is_done);
	if (fd < 0)
		return addrorder_key(to, NULL);
	is_done = getsockname(fd, &at.any, &at.len) == 0;
	close(fd);
	addr_ip(&source, &at);
	return addrorder_key(to, is_done ? &source : NULL);
}

/* The order in which they are tried. */
static void
sort(struct resolve *l)
{
	struct ip *ips = dial_ips(l->set);

	if (l->set->n < 2)
		return;
	for (size_t i = 0; i < l->set->n; i++)
		l->keys[i] = key_of(&ips[i]);
	addrorder_sort(ips, l->keys, l->set->n);
}

/* Fills l->set from hosts or DNS. */
static int
find(struct resolve *l, struct buf *why)
{
	int r = read_hosts(l);

	if (r == ERR_FULL)
		buf_str(why, HOSTS " has more than " BUF_DIGITS(DIAL_ADDRS_MAX)
		        " addresses for it");
	else if (r < 0)
		buf_fmt(why, HOSTS ": %s", err_text(r));
	else if (l->set->n == 0)
		r = find_in_dns(l, why);
	if (r == 0)
		sort(l);
	return r;
}

/* see client/resolve.h */
int
resolve_host(struct dial_set *set, struct span host, uint16_t port, int family,
            int64_t deadline_ms, struct buf *why)
{
	struct resolve *l;
	int r;

	dial_init(set, port);
	r = resolve_literal(set, host, family);
	if (r == ERR_RESOLVE)
		buf_str(why, span_has(host, '%') ? "no such interface here"
		        : family == AF_INET ? "not an IPv4 address"
		        : "not an IPv6 address");
	if (r != 0)
		return r < 0 ? r : 0;
	if (is_localhost(host)) {
		add_localhost(set, family);
		return 0;
	}
	l = malloc(sizeof *l);	/* a small stack has no room for it */
	if (l == NULL) {
		buf_str(why, err_text(-ENOMEM));
		return -ENOMEM;
	}
	l->set = set;
	l->host = host;
	l->family = family;
	l->deadline_ms = deadline_ms;
	r = find(l, why);
	free(l);
	return r;
}
