/* SPDX-License-Identifier: MIT */
/*
 * client/url.h - http and https URLs to parts, references to URLs (pure)
 *
 * They are RFC 3986's. A span points into the caller's text and lives as long
 * as it does.
 */
#ifndef HALE_CLIENT_URL_H
#define HALE_CLIENT_URL_H

#include "base/buf.h"

#include <stdint.h>

#define URL_MAX 8192	/* bytes; a longer URL is ERR_TOOBIG */

struct url {
	struct span user;	/* before '@', percent-encoded; p NULL: none */
	struct span password;	/* behind its ':'; p NULL: none */
	struct span host;	/* without brackets, percent-encoded; an
				 * address without a final dot */
	struct span path;	/* "/a/b?q=1", "?q=1" or "" */
	struct span fragment;	/* behind '#'; may be empty */
	uint16_t    port;	/* as written, else 80 or 443 */
	bool        is_https;
	bool        is_v6;	/* the host was in brackets */
	bool        has_port;	/* it was written */
	bool        has_scheme;	/* it was written: "http://" is not guessed */
};

/*
 * Reads "http://", "https://" or, as curl guesses it, a bare "host/path".
 * Returns 0, ERR_PARSE (url_expected() says why), ERR_SCHEME (another one) or
 * ERR_TOOBIG. *out is written only on success.
 */
int url_read(struct url *out, struct span text);

/* What url_read() misses in text, which it refuses: "a port of 0 to 65535", to
 * follow "expected"; static. */
const char *url_expected(struct span text);

/* Appends "host", "host:8080" or "[::1]:8080": a Host field's value, without
 * the zone of an address. */
void url_write_host(struct buf *b, const struct url *u);

/* Appends what a request line asks for, "/" at least; "." and ".." segments
 * are resolved (RFC 3986, 5.2.4) unless as_is. The path is encoded where it is
 * not ASCII, its %xx become %XX, the query goes as it is, all as in curl. */
void url_write_target(struct buf *b, const struct url *u, bool as_is);

/* Appends the URL as curl shows it, without its login and its fragment: with
 * a scheme and a path, the port where it was written, nothing encoded that was
 * not; as_is as above. At most URL_MAX + URL_MORE bytes. */
#define URL_MORE 8	/* "http://" and "/" */
void url_write(struct buf *b, const struct url *u, bool as_is);

/*
 * Appends the URL that ref (a Location) means where it stands in base's
 * answer, its fragment included; spaces and bytes that no URL may have are
 * percent-encoded. with_login: base's login holds for a ref that names no host.
 */
void url_resolve(struct buf *b, const struct url *base, struct span ref,
                 bool with_login);

/* Is there a login to send? "@" and ":@" are none, as for curl. */
static inline bool
url_has_login(const struct url *u)
{
	return u->user.len + u->password.len > 0;
}

/* Appends "user:password", decoded. Returns as percent_decode() does. */
int url_write_login(struct buf *b, const struct url *u);

/* Same scheme, host (in any case) and port? */
bool url_is_same_origin(const struct url *a, const struct url *b);
bool url_is_same_host(const struct url *a, const struct url *b);

#endif
