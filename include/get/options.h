/* SPDX-License-Identifier: MIT */
/*
 * get/options.h - reads the command line of `hale get`, which is curl's
 *
 * The table of curl's options that hale knows, and the variables that curl
 * reads too: http_proxy, https_proxy, all_proxy, no_proxy. The result is a
 * struct; no request is made here, nothing is printed, and nothing comes from
 * HALE_*.
 *
 * Letters join, "--name=value" is "--name" and "value", "--no-" undoes a flag.
 * Another client's table fills the same struct: options_read_by().
 */
#ifndef HALE_GET_OPTIONS_H
#define HALE_GET_OPTIONS_H

#include "base/opt_table.h"
#include "get/bytes.h"

#include <stdint.h>

struct tls_session;

struct option_words {	/* at holds a word of argv for each */
	const char **at;	/* with room for as many as argv has words */
	size_t       n;
};

enum output_kind { OUTPUT_STDOUT, OUTPUT_FILE, OUTPUT_REMOTE };

struct option_output {
	enum output_kind kind;
	const char      *name;	/* OUTPUT_FILE */
};

/* The whole command line, and what of the environment it leaves open. */
struct options {
	/* what is requested */
	struct bytes data;	/* -d and its kin, joined */
	bool         json, get, head;	/* --json, -G, -I */
	bool         path_as_is, http10, globoff;
	/* answers and output */
	bool         fail, fail_with_body;	/* not both */
	bool         location, location_trusted;
	bool         post301, post302, post303;
	bool         include, silent, show_error, verbose, create_dirs;
	bool         progress_off, fail_early, retry_refused, retry_all;
	/* wget's ways; never set by curl's options */
	bool         wget;	/* its file names and words, what is a failure
				 * and what is tried again; if head is set, no
				 * body is read */
	bool         show_heads;	/* -S: on stderr */
	/* what is requested, in words */
	struct span *headers;	/* request_verify_line() holds */
	size_t       n_headers;
	size_t       n_not_headers;	/* lines of -H that are left out */
	const char  *method;	/* -X */
	struct option_words urls;
	struct option_words uploads;	/* -T; the nth goes with the nth URL */
	const char  *user, *referer, *cookie, *range, *bearer;
	const char  *agent;	/* the caller's without -A; "": none is sent */
	const char  *target;	/* --request-target */
	void       **owned;	/* the bytes of some of these, on the heap */
	size_t       n_owned;
	/* answers */
	int64_t      max_redirs;	/* < 0: no end */
	int64_t      max_filesize;	/* 0: no end */
	/* output */
	struct option_output *outputs;	/* the nth goes with the nth URL */
	size_t       n_outputs;
	const char  *dump_header, *write_out, *output_dir, *sha256;
	const char  *resume;	/* -C: a number or "-" */
	/* time and trying again */
	int64_t      max_time_ms, connect_ms;	/* 0: no end */
	int64_t      idle_ms;	/* for the server's next bytes; 0: no end */
	int64_t      retry, retry_delay_ms, retry_max_ms;
	/* where to */
	struct option_words resolve, connect_to;
	const char  *unix_socket;	/* "@NAME": an abstract one */
	bool         ipv4, ipv6;	/* -4, -6; both are as none */
	const char  *proxy;	/* -x, which holds for both */
	const char  *http_proxy, *https_proxy;	/* "": none */
	const char  *no_proxy;	/* "": none */
	const char  *proxy_user;
	bool         proxy_tunnel;
	const char  *protocols;	/* --proto */
	/* TLS */
	const char  *cafile, *certfile, *keyfile;
	bool         v13_only;	/* no TLS 1.2 */
	bool         insecure;
	struct tls_session *session;	/* the caller's, for all connections */
	bool         help, version;
};

/*
 * Reads argv[1..], and the proxies of the environment, into o, which is zeroed
 * but for agent and session. Files that options name (-d @file) are read.
 * Returns GET_OK, or another exit code (get/exit.h) after appending in one line
 * what is wrong. options_free() is due in both cases.
 */
int options_read(struct options *o, int argc, char **argv, struct buf *why);

/* The same by another client's table, whose args start with o; what does not go
 * together is not looked for. help: where people find its options. */
int options_read_by(const struct opt_group *table, struct options *o, int argc,
                    char **argv, const char *help, struct buf *why);
void options_free(struct options *o);

/* Appends the options' help, a line each. */
void options_write_help(struct buf *b);

/* Are no messages wanted? */
bool options_are_quiet(const struct options *o);

#endif
