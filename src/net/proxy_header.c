/* SPDX-License-Identifier: MIT */
/* net/proxy_header.c - skips the PROXY protocol header of load balancers */
#include "net/proxy_header.h"

#include "base/err.h"

#define SIGNATURE_1 "PROXY "
#define SIGNATURE_2 "\r\n\r\n\0\r\nQUIT\n"
#define LEN_1 (sizeof SIGNATURE_1 - 1)
#define LEN_2 (sizeof SIGNATURE_2 - 1)

/* Version 2 in its bytes: signature, version and command, family and
 * transport, and the length of what follows in two bytes. */
enum { AT_COMMAND = LEN_2, AT_FAMILY, AT_LENGTH, V2_HEAD = AT_LENGTH + 2 };
enum { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21 };

/* Is one of the two the start of the other? */
static bool
agrees(const char *signature, size_t n, const char *buf, size_t len)
{
	return len == 0 || memcmp(buf, signature, len < n ? len : n) == 0;
}

/* see net/proxy_header.h */
bool
proxy_header_is(const char *buf, size_t len)
{
	return agrees(SIGNATURE_1, LEN_1, buf, len)
	    || agrees(SIGNATURE_2, LEN_2, buf, len);
}

static int
refuse(struct http_fault *fault, const char *what)
{
	*fault = (struct http_fault){ what, { NULL, 0 } };
	return ERR_PARSE;
}

/* "TCP4 FROM TO PORT PORT", or "UNKNOWN" and whatever the sender likes. */
static bool
is_line(struct span line)
{
	struct span word = span_cut(&line, ' ');
	int words = 0;

	if (span_is(word, "UNKNOWN"))
		return true;
	if (!span_is(word, "TCP4") && !span_is(word, "TCP6"))
		return false;
	for (; line.len > 0; words++) {
		word = span_cut(&line, ' ');
		if (word.len == 0)
			return false;
	}
	return words == 4;
}

static int
read_v1(struct http_fault *fault, const char *buf, size_t len)
{
	struct span all = { buf, len < PROXY_V1_MAX ? len : PROXY_V1_MAX };
	const char *end = memchr(all.p, '\n', all.len);
	struct span line = span_after(all, LEN_1);

	if (end == NULL && len < PROXY_V1_MAX)
		return 0;
	if (end == NULL)
		return refuse(fault, "the line of the PROXY header is longer "
		              "than " BUF_DIGITS(PROXY_V1_MAX) " bytes");
	if (end[-1] != '\r')
		return refuse(fault, "the line of the PROXY header does not "
		              "end in CRLF");
	line.len = (size_t)(end - 1 - line.p);
	if (!is_line(line))
		return refuse(fault, "the line of the PROXY header is not a "
		              "protocol, two addresses and two ports");
	return (int)(end + 1 - buf);
}

/* How many bytes of addresses a family has; 0xf0 is its part of the byte. */
static size_t
addresses_len(unsigned char family)
{
	switch (family & 0xf0) {
	case 0x10:
		return 12;
	case 0x20:
		return 36;
	case 0x30:
		return 216;
	}
	return 0;
}

static int
read_v2(struct http_fault *fault, const char *buf, size_t len)
{
	const unsigned char *b = (const unsigned char *)buf;
	size_t rest;

	if (len < V2_HEAD)
		return 0;
	rest = (size_t)b[AT_LENGTH] << 8 | b[AT_LENGTH + 1];
	if (b[AT_COMMAND] != COMMAND_LOCAL && b[AT_COMMAND] != COMMAND_PROXY)
		return refuse(fault, "the PROXY header's version or command "
		              "is unknown");
	if (b[AT_COMMAND] == COMMAND_PROXY
	 && rest < addresses_len(b[AT_FAMILY]))
		return refuse(fault, "the PROXY header is too short for its "
		              "addresses");
	if (V2_HEAD + rest > PROXY_V2_MAX)
		return refuse(fault, "the PROXY header is longer than "
		              BUF_DIGITS(PROXY_V2_MAX) " bytes");
	return len < V2_HEAD + rest ? 0 : (int)(V2_HEAD + rest);
}

/* see net/proxy_header.h */
int
proxy_header_read(struct http_fault *fault, const char *buf, size_t len)
{
	bool is_1 = agrees(SIGNATURE_1, LEN_1, buf, len);

	if (len < (is_1 ? LEN_1 : LEN_2))
		return 0;
	return is_1 ? read_v1(fault, buf, len) : read_v2(fault, buf, len);
}
