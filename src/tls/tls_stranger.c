/* SPDX-License-Identifier: MIT */
/* tls/tls_stranger.c - says what a server speaks instead of TLS */
#include "tls/tls_stranger.h"

#define LINE_MIN 4	/* bytes of a first line that says something */

/* Types of records, from ChangeCipherSpec to application data, and the first
 * byte of their version (RFC 5246, 6.2.1). */
enum { REC_FIRST = 20, REC_LAST = 23, MAJOR = 3 };

/* see tls/tls_stranger.h */
bool
tls_stranger_is(struct span head)
{
	return head.len >= 2
	    && (head.p[0] < REC_FIRST || head.p[0] > REC_LAST
	     || head.p[1] != MAJOR);
}

static const char *
name_of(struct span head)
{
	/* A length below 65536, of SETTINGS. */
	static const char http2[] = "\0\0";

	if (span_has_prefix(head, "HTTP/"))
		return "HTTP without TLS, for which the URL begins with "
		       "http:// or grpc://";
	if (span_has_prefix(head, "SSH-"))
		return "an SSH server";
	if (span_has_prefix(head, "220"))
		return "a mail or FTP server, which begins without TLS";
	if (head.len > 4 && memcmp(head.p, http2, 2) == 0 && head.p[3] == 4)
		return "HTTP/2 without TLS (h2c), as for grpc://";
	return NULL;
}

static void
write_line(struct buf *b, struct span head)
{
	size_t n = 0;

	while (n < head.len && head.p[n] >= ' ' && head.p[n] <= '~')
		n++;
	if (n < LINE_MIN)
		return;
	buf_str(b, " but with \"");
	buf_add(b, (struct span){ head.p, n });
	buf_str(b, "\"");
}

/* see tls/tls_stranger.h */
void
tls_stranger_write(struct buf *b, struct span head)
{
	const char *name = name_of(head);

	buf_str(b, "wrong version number: the server does not answer in TLS");
	write_line(b, head);
	if (name != NULL)
		buf_fmt(b, ": this is %s", name);
}
