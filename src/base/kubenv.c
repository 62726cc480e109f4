/* SPDX-License-Identifier: MIT */
/* base/kubenv.c - variables that Kubernetes makes of its Services */
#include "base/kubenv.h"

#include "base/parse.h"

#define PORT_TOP 65535

static const char protocols[][5] = { "tcp", "udp", "sctp" };
#define PROTOCOLS (sizeof protocols / sizeof *protocols)

/* --- values --- */

/* An IP address, as far as its characters tell. */
static bool
is_address(struct span value)
{
	bool has_mark = false;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.p[i];

		if (c == '.' || c == ':')
			has_mark = true;
		else if (parse_hex_digit(c) < 0)
			return false;
	}
	return has_mark;
}

static bool
is_port(struct span value)
{
	uint64_t port;

	return parse_uint_span(value, PORT_TOP, &port) == 0;
}

static bool
is_protocol(struct span value)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (span_is(value, protocols[i]))
			return true;
	return false;
}

/* "tcp://10.0.0.1:80", "udp://[fd00::1]:53" */
static bool
is_target(struct span value)
{
	struct span protocol = span_cut(&value, ':');
	size_t host = value.len;

	if (!is_protocol(protocol) || !span_has_prefix(value, "//"))
		return false;
	while (host > 0 && value.p[host - 1] != ':')
		host--;
	if (host < 4 || !is_port(span_after(value, host)))
		return false;
	value = (struct span){ value.p + 2, host - 3 };
	if (value.p[0] == '[' && value.p[value.len - 1] == ']')
		value = (struct span){ value.p + 1, value.len - 2 };
	return is_address(value);
}

/* --- names --- */

/* Cuts "_END" off *name, or END where it is all of it. */
static bool
cut_end(struct span *name, const char *end)
{
	size_t len = strlen(end), left = name->len - len;

	if (name->len < len || memcmp(name->p + left, end, len) != 0
	 || (left > 0 && name->p[left - 1] != '_'))
		return false;
	name->len = left > 0 ? left - 1 : 0;
	return true;
}

/* Cuts the last word off, as far as the '_' before it. */
static struct span
cut_word(struct span *name)
{
	size_t at = name->len;
	struct span word;

	while (at > 0 && name->p[at - 1] != '_')
		at--;
	word = span_after(*name, at);
	name->len = at > 0 ? at - 1 : 0;
	return word;
}

/* "..._PORT_80_TCP" */
static bool
is_port_name(struct span name)
{
	return (cut_end(&name, "TCP") || cut_end(&name, "UDP")
	     || cut_end(&name, "SCTP"))
	    && is_port(cut_word(&name)) && cut_end(&name, "PORT");
}

/* "..._SERVICE_PORT_HTTP": the port's name may have several words. */
static bool
is_named_port(struct span name)
{
	while (name.len > 0) {
		struct span rest = name;

		if (cut_end(&rest, "SERVICE_PORT"))
			return true;
		(void)cut_word(&name);
	}
	return false;
}

/* What stands before the end, or nothing where the name has another. */
static struct span
without(struct span name, const char *end)
{
	return cut_end(&name, end) ? name : (struct span){ NULL, 0 };
}

/* see base/kubenv.h */
bool
kubenv_is_made(const char *var)
{
	struct span value = span_of(var);
	struct span name = span_cut(&value, '=');
	struct span rest = name;

	/* Another Service's name may end like that: one of them is enough. */
	return (is_address(value) && (cut_end(&rest, "SERVICE_HOST")
	                           || is_port_name(without(name, "ADDR"))))
	    || (is_port(value) && (is_named_port(name)
	                        || is_port_name(without(name, "PORT"))))
	    || (is_target(value) && (cut_end(&rest, "PORT")
	                          || is_port_name(name)))
	    || (is_protocol(value) && is_port_name(without(name, "PROTO")));
}
