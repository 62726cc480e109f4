/* SPDX-License-Identifier: MIT */
/*
 * net/addr.h - a socket's address, IPv4, IPv6 or unix, and its words (pure)
 *
 * No name is looked up here and no socket touched. net/ip.h reads and writes
 * the numbers of an IP address.
 */
#ifndef HALE_NET_ADDR_H
#define HALE_NET_ADDR_H

#include "net/ip.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADDR_TEXT_MAX 128	/* bytes of any address in words, NUL too */

/* What the kernel takes and gives; any.sa_family tells which. */
struct addr {
	union {
		struct sockaddr     any;
		struct sockaddr_in  v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un  un;
	};
	socklen_t len;	/* of the union's bytes; 0: no address */
};

/* ip, with its zone, and port. */
void addr_set_ip(struct addr *out, const struct ip *ip, uint16_t port);

/* A unix socket's: "/path" or "@name" (abstract). Returns 0, ERR_PARSE for
 * what is empty, or ERR_TOOBIG for what is longer than an address can be. */
int addr_set_unix(struct addr *out, struct span path);

/* The number of an address of either IP family, with its zone. */
void addr_ip(struct ip *out, const struct addr *at);

/* Its TCP port; 0: it is a unix socket. */
uint16_t addr_port(const struct addr *at);

/* Is it a unix socket with a file of its own? */
bool addr_has_file(const struct addr *at);

/* Appends it without its port, and with no zone: "127.0.0.1", "::1",
 * "/run/sock", "@name". */
void addr_write_host(struct buf *b, const struct addr *at);

/* Appends "127.0.0.1 port 8080", "::1 port 80", "/run/sock" or "@name". */
void addr_write(struct buf *b, const struct addr *at);

/* Where to listen, as a user writes it. */
struct addr_bind {
	struct addr addr;
	bool        every;	/* all addresses, v6 and v4: a port alone */
	struct span text;	/* as it was written; borrowed */
};

/*
 * Reads "PORT", ":PORT", "ADDR:PORT", "[v6]:PORT", "unix:/PATH" or
 * "unix:@NAME". Returns 0, or ERR_PARSE; *out is written only on success, and
 * keeps text.
 */
int addr_bind_read(struct addr_bind *out, struct span text);

/* Makes an address with `every` all IPv4 addresses, for want of IPv6. */
void addr_bind_v4(struct addr_bind *b);

/* Appends it as it was written; a port alone with the host that it stands for.
 * */
void addr_bind_write(struct buf *b, const struct addr_bind *from);

#endif
