/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_fault.h - what a peer can do wrong in TLS: the alert that it gets for
 * it, and the words for people (pure)
 *
 * Code that reads messages returns one of these; a single place acts on it.
 */
#ifndef HALE_TLS_TLS_FAULT_H
#define HALE_TLS_TLS_FAULT_H

#include "tls/tls_alert.h"

enum tls_fault {
	FAULT_NONE,
	FAULT_HEARD,		/* the peer's own alert */
	FAULT_JUDGED,		/* the judge of certificates knows */
	FAULT_TURN,		/* a message, or record, that may not come */
	FAULT_MALFORMED,
	FAULT_EXTENSION,	/* was not offered */
	FAULT_MISSING,		/* an extension is */
	FAULT_VALUE,		/* does not go with what was offered */
	FAULT_LENGTH,		/* of a record */
	FAULT_MAC,
	FAULT_MESSAGE_LONG,	/* TLS_FAULT_MESSAGE_MAX */
	FAULT_COOKIE_LONG,	/* TLS_FAULT_COOKIE_MAX */
	FAULT_MEMORY,
	FAULT_OURS,		/* no random bytes, no room */
	FAULT_VERSION_OLD,
	FAULT_VERSION_12,	/* where only 1.3 will do */
	FAULT_VERSION_CHANGED,
	FAULT_DOWNGRADED,	/* RFC 8446, 4.1.3 */
	FAULT_CIPHER,
	FAULT_COMPRESSION,
	FAULT_SECURE,		/* secure renegotiation, RFC 5746 */
	FAULT_GROUP,
	FAULT_SECRET,		/* a key share gives none */
	FAULT_NO_CERT,
	FAULT_KEY,		/* of a kind that is not verified with */
	FAULT_KEY_CIPHER,	/* TLS 1.2: a key that the suite is not for */
	FAULT_SCHEME,
	FAULT_SIGNATURE,
	FAULT_FINISHED,
	FAULT_SESSION,		/* TLS 1.2: resumes one that was not offered */
	FAULT_SESSION_MASTER,	/* RFC 7627, 5.3 */
	FAULT_RENEGOTIATES,	/* again and again */
	TLS_FAULTS		/* how many there are */
};

#define TLS_FAULT_MESSAGE_MAX 131072	/* bytes of a handshake message */
#define TLS_FAULT_COOKIE_MAX  1024	/* bytes; longer than servers make */

/* Of FAULT_TURN and those after it. */
enum tls_alert tls_fault_alert(enum tls_fault f);
const char *tls_fault_text(enum tls_fault f);

#endif
