/* SPDX-License-Identifier: MIT */
/*
 * get/get.h - the parts of `hale get`: its command line, its output, its words
 *
 * The command line is curl's, not hale's (cmd/cmd.h): letters join, a long
 * option's value is the next word, "--no-" undoes a flag, nothing comes from
 * HALE_*. So are the exit codes.
 */
#ifndef HALE_GET_GET_H
#define HALE_GET_GET_H

#include "base/buf.h"
#include "client/exchange.h"
#include "client/url.h"

#include <sys/types.h>

#define GET_URL_MAX (URL_MAX + 1)	/* bytes of a URL in a struct */
#define GET_HOST_MAX 256	/* bytes of a decoded host with its NUL */

/* curl's exit codes, as far as they occur. */
enum get_exit {
	GET_OK            = 0,
	GET_PROTOCOL      = 1,	/* unsupported scheme, HTTP/0.9, HTTP/2 */
	GET_USAGE         = 2,
	GET_URL           = 3,
	GET_PROXY_LOOKUP  = 5,
	GET_LOOKUP        = 6,
	GET_CONNECT       = 7,
	GET_WEIRD         = 8,	/* a head that breaks the grammar */
	GET_PARTIAL       = 18,
	GET_HTTP_ERROR    = 22,	/* -f and a status of 400 or more */
	GET_WRITE         = 23,
	GET_READ          = 26,
	GET_MEMORY        = 27,
	GET_TIMEOUT       = 28,
	GET_RANGE         = 33,	/* -C, and the server starts at 0 */
	GET_RESUME        = 36,	/* -C, and the file is not to be used */
	GET_TLS           = 35,
	GET_REDIRECTS     = 47,
	GET_EMPTY         = 52,
	GET_SEND          = 55,
	GET_RECV          = 56,
	GET_OWN_CERT      = 58,
	GET_CERT          = 60,
	GET_CODING        = 61,
	GET_TOO_LARGE     = 63,
	GET_REWIND        = 65,	/* an upload that cannot be read again */
	GET_CA_FILE       = 77,
	GET_DIGEST        = 90,	/* ours: --sha256 does not match */
};

struct get_list {	/* at holds a word of argv for each; see get_parse() */
	const char **at;
	size_t       n;
};

enum get_out { OUT_STDOUT, OUT_FILE, OUT_REMOTE };

struct get_output {
	enum get_out kind;
	const char  *name;	/* OUT_FILE */
};

struct get_bytes {	/* on the heap, owned by struct get */
	char  *p;
	size_t len;
	bool   is_set;
};

/* The whole command line. */
struct get {
	/* what is asked */
	struct get_list   urls;
	struct get_output *outputs;	/* the nth goes with the nth URL */
	size_t            n_outputs;
	const char *method;	/* -X */
	struct span *headers;	/* request_verify_line() holds */
	size_t      n_headers;
	void      **owned;	/* the bytes of some of them, on the heap */
	size_t      n_owned;
	struct get_bytes data;	/* -d and its kin, joined */
	bool        json, get, head;	/* --json, -G, -I */
	struct get_list uploads;	/* -T; the nth goes with the nth URL */
	const char *user, *agent, *referer, *cookie, *range, *bearer;
	const char *target;	/* --request-target */
	bool        path_as_is, http10, globoff;
	/* answers */
	bool        fail, fail_with_body, location, location_trusted;
	bool        post301, post302, post303;
	int64_t     max_redirs;	/* < 0: no end */
	int64_t     max_filesize;	/* 0: no end */
	/* output */
	bool        include, silent, show_error, verbose, create_dirs;
	bool        progress_off, fail_early;
	const char *dump_header, *write_out, *output_dir, *sha256;
	const char *resume;	/* -C: a number or "-" */
	/* time and trying again */
	int64_t     max_time_ms, connect_ms;	/* 0: no end */
	int64_t     retry, retry_delay_ms, retry_max_ms;
	bool        retry_refused, retry_all;
	/* where to */
	struct get_list resolve, connect_to;
	const char *unix_socket, *proxy, *no_proxy, *proxy_user;
	bool        proxy_tunnel, v4, v6, unix_abstract;
	const char *protocols;	/* --proto */
	/* TLS */
	const char *cafile, *certfile, *keyfile;
	bool        insecure;
	struct tls_session *session;	/* one for all connections */
	bool        help;
};

/*
 * Reads argv[1..] into g, which is zeroed. Files that options name (-d @file)
 * are read. Returns GET_OK, or another exit code after saying in one line
 * what is wrong. get_free() is due in both cases.
 */
int get_parse(struct get *g, int argc, char **argv);
void get_free(struct get *g);

/* Appends the options' help, a line each. */
void get_write_help(struct buf *b);

/*
 * Reads all of a file ("-": stdin) behind what b holds. Returns 0 or -errno
 * (-ENOMEM too).
 */
int get_read_file(struct get_bytes *b, const char *name);

/* Takes line ends and NULs out of the bytes from `from` on, as curl does. */
void get_drop_line_ends(struct get_bytes *b, size_t from);

/* Where a body goes. A file gets a name of its own beside the one asked for
 * until it is whole, unless that one is no plain file or is continued. */
struct get_sink {
	int         fd;		/* -1: not opened yet */
	const char *name;	/* NULL: stdout */
	bool        append;	/* continue `name` in place */
	bool        make_dirs;
	char       *real;	/* where the file is to be, malloced */
	char       *temp;	/* its name until then, malloced, or NULL */
	uint64_t    written;
	off_t       start;	/* where our bytes begin; -1: no plain file */
};

/* Nothing is opened before the first byte or the commit. The sink keeps
 * name. */
void sink_init(struct get_sink *s, const char *name, bool append,
               bool make_dirs);

/* Returns 0 or -errno. */
int sink_write(struct get_sink *s, struct span bytes);

/* Takes back what was written, where it can be: not from stdout or a pipe. */
int sink_reset(struct get_sink *s);

/* Closes; the file has its name from here on, even an empty one. Returns 0
 * or -errno. */
int sink_commit(struct get_sink *s);

/* Closes and leaves nothing new behind; after a commit only frees. */
void sink_drop(struct get_sink *s);

/* One URL's story, for -w and for messages. */
struct get_result {
	int         code;	/* enum get_exit */
	int         status;	/* of the last answer, 0 without */
	int         connect_status;	/* the proxy's to CONNECT, or 0 */
	int         minor;
	int         redirects, connects;
	size_t      url_index;
	uint64_t    body_bytes, head_bytes, sent_bytes, uploaded_bytes;
	int64_t     start_us, try_us;	/* of the URL's work, of its last request */
	int64_t     lookup_us, connect_us, tls_us, sent_us, first_us, end_us;
	bool        is_https, has_peer;
	int         fields;	/* in the last head */
	char        why[1024];	/* one line, "" where all is well */
	char        url[GET_URL_MAX], redirect[GET_URL_MAX];
	struct span more;	/* -G's data, where it was sent behind url */
	bool        as_is;	/* url's dots stay */
	const char *method;
	char        local[64], remote[64];
	uint16_t    local_port, remote_port;
	const char *asked;	/* the URL as it was given */
	const char *file;	/* where the body went, or "" */
	char       *head;	/* the last answer's fields, on the heap */
	size_t      head_len;
};

/* Where one request goes, and through what. */
struct get_route {
	struct exchange_to to;
	struct url       proxy;	/* where via_proxy */
	bool             via_proxy, tunnel;
	char             host[GET_HOST_MAX];	/* to.host: a name or a literal */
	char             tunnel_to[GET_HOST_MAX + 16];
	char             tunnel_fields[EXCHANGE_PROXY_HEAD_MAX];
	struct dial_set  set;	/* to.at, where it is not looked up */
	char             unix_path[256];	/* to.unix_path */
};

/*
 * Decides by the command line and the environment's proxies where u is asked.
 * Returns GET_OK, or another exit code after appending why. route must stay
 * where it is; at first it is all zero, at last dial_end() is due for its set.
 */
int get_find_route(const struct get *g, const struct url *u,
                   struct get_route *route, struct buf *why);

/* One request's own facts, beside the command line's. */
struct get_ask {
	const struct url *url;
	const struct url *first;	/* the one that was given */
	const struct get_route *route;
	const char *method;
	bool        moved;	/* by a redirect: -G's data was sent */
	bool        trusted;	/* the login and its like may be sent here */
	bool        same_host;	/* the user's Host field is meant for it */
	bool        posts, puts;	/* a body follows: -d's, -T's */
	bool        chunked;	/* its length is not known */
	uint64_t    length;	/* 0: none */
	uint64_t    resume_from;
};

/*
 * Appends the request's head. Returns GET_OK, or another exit code after
 * appending why: a part is too long, or the user's lines contradict the body.
 */
int get_write_head(struct buf *b, const struct get *g,
                   const struct get_ask *ask, struct buf *why);

/* SHA-256 of what is added; on the heap, NULL where there is no memory. */
struct get_digest;
struct get_digest *digest_open(void);
void digest_add(struct get_digest *d, struct span bytes);
void digest_reset(struct get_digest *d);
/* Is it this, 64 hex digits? */
bool digest_is(const struct get_digest *d, const char *hex);
void digest_close(struct get_digest *d);

/* Prints -w's text. Returns GET_OK, GET_WRITE or GET_MEMORY. */
int get_write_out(const char *format, const struct get_result *r);

/* What -w's text takes at most, and the text itself; what it asks for and is
 * unknown is a warning. */
size_t get_format_max(const char *format, const struct get_result *r);
void get_format(struct buf *b, const char *format,
                const struct get_result *r);

/* How long the last head's Retry-After asks to wait at now_s (from 1970 on), in
 * milliseconds: a day at most, 0 without one that can be read. */
int64_t get_retry_after_ms(const struct get_result *r, int64_t now_s);

/* curl's exit code for what the exchange's step failed with. */
int get_code(const struct exchange *c, int err, bool via_proxy);

#endif
