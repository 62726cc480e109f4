/* SPDX-License-Identifier: MIT */
/*
 * cmd/probe.h - what the commands that check URLs share: options, processes
 */
#ifndef HALE_CMD_PROBE_H
#define HALE_CMD_PROBE_H

#include "base/opt.h"
#include "net/check.h"

/* The first member of a command's args: the adders below rely on that. */
struct probe_args {
	struct check_conf conf;
};

opt_add probe_add_status, probe_add_header;

#define PROBE_AT(field) offsetof(struct probe_args, conf.field)
#define PROBE_OPTS \
	OPT(0, "status", OPT_LIST, 0, "", \
	    "HTTP status that means healthy, else 200-399", "N[-M]", \
	    probe_add_status, \
	    "a status such as 200 or a range such as 200-299"), \
	OPT(0, "contains", OPT_STR, PROBE_AT(contains), "", \
	    "the HTTP body must contain this", "TEXT", NULL, ""), \
	OPT('H', "header", OPT_SECRETS, 0, "", "send this HTTP header", "LINE", \
	    probe_add_header, "a header such as \"Host: example.com\""), \
	OPT(0, "cacert", OPT_STR, PROBE_AT(cafile), "", \
	    "trust the CAs of this PEM file only", "FILE", NULL, ""), \
	OPT(0, "cert", OPT_STR, PROBE_AT(certfile), "", \
	    "our own certificate, PEM", "FILE", NULL, ""), \
	OPT(0, "key", OPT_STR, PROBE_AT(keyfile), "", \
	    "its key, where that is another file", "FILE", NULL, ""), \
	OPT('4', "ipv4", OPT_FLAG, PROBE_AT(v4), "", "use IPv4 addresses only", \
	    "", NULL, ""), \
	OPT('6', "ipv6", OPT_FLAG, PROBE_AT(v6), "", "use IPv6 addresses only", \
	    "", NULL, ""), \
	OPT(0, "insecure", OPT_FLAG, PROBE_AT(insecure), "", \
	    "do NOT verify the server's certificate", "", NULL, "")

/*
 * Refuses what cannot be checked, warns of --insecure, fills in what the
 * table cannot. Returns CMD_OK, or CMD_USAGE after saying what is wrong.
 */
int probe_prepare(const char *command, struct check_conf *conf, int n,
                  char **urls);

/* check_url(), and says more of an exec: program that the kernel has killed for
 * memory. */
int probe_url(const struct check_conf *conf, struct span url,
              int64_t deadline_ms, struct buf *why);

/*
 * Calls one(arg, i) for i in 0..n-1, side by side: in a forked process each,
 * which dies with us, or here where n is 1. Returns CMD_OK where all returned
 * that, else CMD_FAILED.
 */
int probe_all(size_t n, int (*one)(void *arg, size_t i), void *arg);

#endif
