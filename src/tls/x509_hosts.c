/* SPDX-License-Identifier: MIT */
/* tls/x509_hosts.c - the hosts that a certificate is for */
#include "tls/x509_hosts.h"

#include "tls/der.h"
#include "tls/dn.h"

#define HOSTS_SHOWN 8	/* of a certificate's names */

/* see tls/x509_hosts.h */
struct span
x509_hosts_cut_dot(struct span name)
{
	if (name.len > 0 && name.p[name.len - 1] == '.')
		name.len--;
	return name;
}

/* see tls/x509_hosts.h */
bool
x509_hosts_is_same(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (span_fold(a.p[i]) != span_fold(b.p[i]))
			return false;
	return true;
}

/* see tls/x509_hosts.h */
bool
x509_hosts_is_for(struct span pattern, struct span host)
{
	struct span label;

	pattern = x509_hosts_cut_dot(pattern);
	host = x509_hosts_cut_dot(host);
	if (pattern.len == 0)
		return false;
	if (!span_has_prefix(pattern, "*."))
		return x509_hosts_is_same(pattern, host);
	pattern = span_after(pattern, 2);
	label = span_cut(&host, '.');
	return label.len > 0 && memchr(pattern.p, '.', pattern.len) != NULL
	    && x509_hosts_is_same(pattern, host);
}

static int
next_host(struct span *names, struct span *value)
{
	return x509_next_name(names, X509_NAME_DNS, X509_NAME_IP, value);
}

static bool
is_ip(struct span name, const struct x509_host *host)
{
	return host->ip_len > 0 && name.len == host->ip_len
	    && memcmp(name.p, host->ip, host->ip_len) == 0;
}

/* see tls/x509_hosts.h */
bool
x509_hosts_has(const struct x509 *c, const struct x509_host *host)
{
	struct span names = c->san, value;
	bool has_names = false;
	int tag;

	while ((tag = next_host(&names, &value)) != 0) {
		has_names = true;
		if (tag == X509_NAME_IP ? is_ip(value, host)
		    : host->ip_len == 0 && x509_hosts_is_for(value, host->name))
			return true;
	}
	if (has_names || host->ip_len > 0)
		return false;
	return x509_hosts_is_for(dn_part(c->subject, DN_CN), host->name);
}

static void
write_ip(struct buf *b, struct span ip)
{
	static const char *const digits = "0123456789abcdef";
	char pair[4];

	if (ip.len != 4 && ip.len != 16) {
		buf_str(b, "(bad address)");
		return;
	}
	for (size_t i = 0; i < ip.len; i++) {
		if (ip.len == 4) {
			buf_fmt(b, i > 0 ? ".%d" : "%d", der_byte(ip, i));
			continue;
		}
		if (i > 0 && i % 2 == 0)
			buf_str(b, ":");
		pair[0] = digits[der_byte(ip, i) >> 4];
		pair[1] = digits[der_byte(ip, i) & 15];
		buf_add(b, (struct span){ pair, 2 });
	}
}

static bool
looks_like_address(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!span_has(span_of("0123456789.:"), text.p[i]))
			return false;
	return text.len > 0;
}

/* see tls/x509_hosts.h */
void
x509_hosts_write(struct buf *b, const struct x509 *c)
{
	struct span names = c->san, value;
	int n = 0, tag;

	while ((tag = next_host(&names, &value)) != 0) {
		if (n++ >= HOSTS_SHOWN)
			continue;
		if (n > 1)
			buf_str(b, ", ");
		if (tag == X509_NAME_IP)
			write_ip(b, value);
		else
			dn_write_text(b, value);
	}
	if (n > HOSTS_SHOWN)
		buf_fmt(b, " and %d more", n - HOSTS_SHOWN);
	if (n > 0)
		return;
	value = dn_part(c->subject, DN_CN);
	if (value.len > 0)
		dn_write_text(b, value);
	else
		buf_str(b, "no host");
	if (looks_like_address(value))
		buf_str(b, " in its CN, where no address counts");
}
