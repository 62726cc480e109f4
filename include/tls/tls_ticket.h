/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_ticket.h - what resumes a session (RFC 8446, 4.6.1; RFC 5077; RFC
 * 5246, 7.3)
 *
 * Plain data with secrets in it: whoever holds one wipes it.
 */
#ifndef HALE_TLS_TLS_TICKET_H
#define HALE_TLS_TLS_TICKET_H

#include <stdint.h>

#define TLS_TICKET_MAX  4096	/* bytes; a longer ticket is not kept */
#define TLS_SESSION_ID  32	/* bytes of a session's id at most */
#define TLS_TICKET_SECRET 48	/* bytes of a PSK or a master secret */

/* Zero holds nothing. */
struct tls_ticket {
	uint16_t suite;		/* of the session; 0: nothing to resume */
	uint16_t version;
	uint16_t len;		/* of the ticket; 0: there is none */
	uint8_t  id_len;	/* TLS 1.2: of the id; 0: there is none */
	unsigned char id[TLS_SESSION_ID];
	unsigned char secret[TLS_TICKET_SECRET];	/* TLS 1.3: the PSK,
				 * as long as the suite's hash; 1.2: the
				 * master secret */
	uint32_t age_add;	/* TLS 1.3: added to the age that is sent, ms */
	uint32_t lifetime_s;	/* no longer of use then; 1.2: not looked at */
	int64_t  since_ms;	/* when its connection began, base/clock.h */
	unsigned char bytes[TLS_TICKET_MAX];
};

#endif
