/* SPDX-License-Identifier: MIT */
/* tls/tls_fault.c - what a peer can do wrong in TLS */
#include "tls/tls_fault.h"

/* In the order of the enum from FAULT_TURN on: the alert (octal) and the words,
 * one after the other, since a table of pointers would need relocations. */
static const char faults[] =
	"\012the server sent a message out of turn\0"
	"\062the server sent a malformed message\0"
	"\156the server sent an extension that was not asked for\0"
	"\155the server left out an extension that is needed\0"
	"\057the server sent a value that does not go with what was offered\0"
	"\026the server sent a record of a wrong length\0"
	"\024a record does not decrypt: it was damaged or forged\0"
	"\057the server sent a message of more than "
		BUF_DIGITS(TLS_FAULT_MESSAGE_MAX) " bytes\0"
	"\057the server sent a cookie of more than "
		BUF_DIGITS(TLS_FAULT_COOKIE_MAX) " bytes\0"
	"\120no memory for a message of the server\0"
	"\120the TLS engine failed\0"
	"\106the server speaks no TLS newer than 1.1; hale speaks 1.2 and 1.3\0"
	"\106the server speaks TLS 1.2, and only 1.3 will do (--tlsv1.3)\0"
	"\106the server changed the TLS version midway\0"
	"\057somebody in between made the server choose an old TLS version\0"
	"\057the server chose a cipher that was not offered\0"
	"\057the server chose compression\0"
	"\050the server failed at secure renegotiation\0"
	"\057the server chose a curve that was not offered\0"
	"\057the server's key share gives no secret\0"
	"\062the server sent no certificate\0"
	"\053the server's certificate has a key that hale cannot use\0"
	"\053the cipher does not go with the key of the server's certificate\0"
	"\057the server signs in a way that was not offered, or does not go "
		"with the key of its certificate\0"
	"\063the server's signature is wrong: it does not have the key of its "
		"certificate\0"
	"\063the handshake was tampered with (Finished differs)\0"
	"\057the server resumed another session\0"
	"\050the server resumed a session without its extended master secret\0"
	"\012the server asks to renegotiate again and again, which hale "
		"refuses";

static const char *
find(enum tls_fault f)
{
	const char *s = faults;

	for (int i = FAULT_TURN; i < (int)f; i++)
		s += strlen(s) + 1;
	return s;
}

/* see tls/tls_fault.h */
enum tls_alert
tls_fault_alert(enum tls_fault f)
{
	return (enum tls_alert)*find(f);
}

/* see tls/tls_fault.h */
const char *
tls_fault_text(enum tls_fault f)
{
	return find(f) + 1;
}
