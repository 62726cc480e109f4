/* SPDX-License-Identifier: MIT */
/*
 * client/target.h - what a check is pointed at, read once (pure)
 *
 *   http://HOST[:PORT][/PATH], https://..., HOST[:PORT][/PATH]
 *   http+unix://%2Frun%2Fsock/PATH, http+unix:/run/sock:/PATH
 *                                    HTTP over a unix socket (@NAME: abstract)
 *   grpc://HOST:PORT[/SERVICE], grpcs://...
 *                                    SERVICE in gRPC's health service, all of
 *                                    the server without one
 *   tcp://HOST:PORT, tcp:HOST:PORT
 *   unix:/PATH, unix:///PATH, unix:@NAME
 *   exec:PROGRAM [ARG...]            words as client/argv.h splits them, for no
 *                                    shell: ||, && and | are refused, and so is
 *                                    NAME=VALUE in the place of PROGRAM
 *
 * Whoever checks holds the struct and never reads the text again. What people
 * may see of it is client/redact.h's.
 */
#ifndef HALE_CLIENT_TARGET_H
#define HALE_CLIENT_TARGET_H

#include "client/argv.h"
#include "client/url.h"

#define TARGET_MAX        4096	/* bytes; a longer text is ERR_TOOBIG */
#define TARGET_HOST_MAX   255	/* bytes of a host, decoded */
#define TARGET_LOGIN_MAX  512	/* bytes of "user:password", decoded */
#define TARGET_SOCKET_MAX 107	/* bytes of a unix socket's path or @NAME */
#define TARGET_ROOM (TARGET_MAX + 1)	/* bytes of memory for any text */

enum target_kind {
	TARGET_NONE,	/* the text could not be read */
	TARGET_HTTP,	/* url.is_https: over TLS */
	TARGET_HTTP_UNIX,
	TARGET_GRPC,	/* url.is_https: over TLS */
	TARGET_TCP,
	TARGET_UNIX,
	TARGET_EXEC,
};

struct target {
	enum target_kind kind;
	struct span text;	/* as it was written */
	struct url  url;	/* HTTP, GRPC, TCP; HTTP_UNIX: the path of it,
				 * with "localhost" as the host */
	const char *host;	/* HTTP, GRPC, TCP: the name or address,
				 * decoded; the unix ones: "/PATH" or "@NAME" */
	struct span service;	/* GRPC: decoded; may be empty */
	char       *argv[ARGV_MAX + 1];	/* EXEC: program and arguments */
};

/*
 * Reads text, which t points into from then on, as well as into memory:
 * text.len + 1 bytes are appended there at most. Returns 0, or with kind
 * TARGET_NONE and *expected set to what should be there ("tcp://HOST:PORT", for
 * after "expected"; static) ERR_PARSE, ERR_SCHEME (a scheme that nobody knows
 * here) or ERR_TOOBIG (the text, its host or socket, its words, or memory is
 * too small).
 */
int target_read(struct target *t, struct span text, struct buf *memory,
                const char **expected);

#endif
