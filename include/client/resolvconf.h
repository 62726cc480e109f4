/* SPDX-License-Identifier: MIT */
/*
 * client/resolvconf.h - what resolv.conf says, and the names to ask for (pure)
 *
 * As glibc 2.36 reads it (resolv.conf(5)): keywords in the first column; a
 * later search or domain takes the place of an earlier one; what is not known
 * here is ignored. RES_OPTIONS and LOCALDOMAIN are not read, by design: a
 * check's result depends on the image and its resolv.conf alone.
 *
 * Each control byte is a blank: glibc takes the "\r" of a file from Windows for
 * a part of the address or domain before it, which helps nobody.
 */
#ifndef HALE_CLIENT_RESOLVCONF_H
#define HALE_CLIENT_RESOLVCONF_H

#include "net/ip.h"

#define RESOLVCONF_MAX         32768	/* bytes; more is an error */
#define RESOLVCONF_SERVERS_MAX 3	/* as in libc; more are ignored */
#define RESOLVCONF_NDOTS_MAX   15
#define RESOLVCONF_TIMEOUT_MAX 30	/* seconds */
#define RESOLVCONF_TRIES_MAX   5

struct resolvconf_server {
	struct ip   ip;		/* its zone is 0 */
	struct span zone;	/* "eth0" or "3"; empty: none; borrowed */
};

struct resolvconf {
	struct resolvconf_server servers[RESOLVCONF_SERVERS_MAX];
	size_t      servers_n;	/* at least 1 */
	bool        names_none;	/* the one is 127.0.0.1, for want of another */
	struct span search;	/* empty, or domains and blanks; borrowed */
	unsigned    ndots;	/* 1 */
	unsigned    timeout_s;	/* 5; at least 1, for a 0 in the file too */
	unsigned    attempts;	/* 2; at least 1, likewise */
	bool        rotate, use_vc, edns0, no_aaaa, no_tld_query;
	bool        single_request, single_request_reopen;
};

/*
 * Reads the file's text, empty if there is no file: then, or if it has no
 * nameserver, 127.0.0.1 is asked. With neither search nor domain the search
 * list is what follows the first dot of hostname. Nothing fails: a line that
 * cannot be read is ignored. text and hostname must stay.
 */
void resolvconf_read(struct resolvconf *out, struct span text,
                     struct span hostname);

/* The names to ask for one host, in order. */
struct names {
	struct span host;
	struct span domains;	/* that are left */
	bool        as_is_first, as_is_last;	/* still to come */
};

/*
 * With at least ndots dots, or a final one, the name as it is comes first; with
 * a final dot nothing else does. Otherwise it comes last (glibc's res_nsearch),
 * unless the root is in the search list: there it is the name as it is. With
 * no_tld_query a name without a dot is asked for in the search list alone.
 */
void names_init(struct names *n, const struct resolvconf *conf,
                struct span host);

/* Appends the next name, with no final dot. Returns false where none is left.
 * What is not a dns_is_name() or has no room in the buffer is passed over. */
bool names_next(struct names *n, struct buf *name);

/* A domain's failure ends the search: only the name as it is may come yet. */
void names_end_search(struct names *n);

#endif
