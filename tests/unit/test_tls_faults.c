/* SPDX-License-Identifier: MIT */
/*
 * test_tls_faults.c - what a TLS server may not say, field by field, and the
 * alert that it gets for it (RFC 8446; RFC 5246; RFC 8422; RFC 7627; RFC 5746)
 *
 * Alert 0 in a row: the RFC does not say which.
 */
#include "tls_peers.h"

#define OPEN        99		/* after all steps of a flow */

/* A constant text with NULs in it. */
#define LIT(text) { text, sizeof(text) - 1 }

static void
play_until(struct peers *p, const struct flow *f, size_t n)
{
	peers_start(p, f);
	peers_play(p, f, n < f->n ? n : f->n);
	assert_true(p->r >= 0);
}

static void
end_refused(struct peers *p, unsigned alert, const char *name)
{
	peers_move(p);
	peers_refuse(p, alert, name);
	peers_end(p);
}

/* --- The server's hello. --- */

#define VERSION_EXT "\0\x2b\0\2\3\4"
#define RENEG_EXT   "\xff\1\0\1\0"
#define EMS_EXT     "\0\x17\0\0"

enum session { ECHOED, NONE, OTHER, LONG };

struct hello_row {
	const char  *name;
	const struct flow *flow;
	unsigned     version, suite, compression;
	enum session session;
	struct span  exts;
	bool         share;	/* a good key_share follows */
	unsigned     alert;
};

#define GOOD13 FLOW13, 0x0303, 0x1301, 0, ECHOED
#define GOOD12 FLOW12, 0x0303, 0xc02b, 0, NONE

static const struct hello_row hellos[] = {
	{ "1.3: another version beside supported_versions", FLOW13, 0x0304,
	  0x1301, 0, ECHOED, LIT(VERSION_EXT), true, 0 },
	{ "1.3: compression", FLOW13, 0x0303, 0x1301, 1, ECHOED,
	  LIT(VERSION_EXT), true, 47 },
	{ "1.3: a suite that nobody has", FLOW13, 0x0303, 0x13ff, 0, ECHOED,
	  LIT(VERSION_EXT), true, 47 },
	{ "1.3: a suite that was not offered (CCM)", FLOW13, 0x0303, 0x1304, 0,
	  ECHOED, LIT(VERSION_EXT), true, 47 },
	{ "1.3: a suite of 1.2", FLOW13, 0x0303, 0xc02b, 0, ECHOED,
	  LIT(VERSION_EXT), true, 47 },
	{ "1.3: a signalling suite", FLOW13, 0x0303, 0x00ff, 0, ECHOED,
	  LIT(VERSION_EXT), true, 47 },
	{ "1.3: no session id", FLOW13, 0x0303, 0x1301, 0, NONE,
	  LIT(VERSION_EXT), true, 47 },
	{ "1.3: another session id", FLOW13, 0x0303, 0x1301, 0, OTHER,
	  LIT(VERSION_EXT), true, 47 },
	{ "1.3: a session id of 33 bytes", FLOW13, 0x0303, 0x1301, 0, LONG,
	  LIT(VERSION_EXT), true, 50 },
	{ "1.3: supported_versions has 1.2", GOOD13, LIT("\0\x2b\0\2\3\3"),
	  true, 47 },
	{ "1.3: supported_versions has 1.4", GOOD13, LIT("\0\x2b\0\2\3\5"),
	  true, 47 },
	{ "1.3: supported_versions has a draft", GOOD13,
	  LIT("\0\x2b\0\2\x7f\x1c"), true, 47 },
	{ "1.3: supported_versions is a list", GOOD13,
	  LIT("\0\x2b\0\3\2\3\4"), true, 50 },
	{ "1.3: supported_versions is empty", GOOD13, LIT("\0\x2b\0\0"), true,
	  50 },
	{ "1.3: supported_versions twice", GOOD13, LIT(VERSION_EXT VERSION_EXT),
	  true, 47 },
	{ "1.3: no key_share", GOOD13, LIT(VERSION_EXT), false, 109 },
	{ "1.3: a key_share of a group without a share", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\6\0\x17\0\2ab"), false, 47 },
	{ "1.3: a key_share of a group that was not offered", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\6\1\0\0\2ab"), false, 47 },
	{ "1.3: a good key_share, by the name of another group", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\x24\0\x17\0\x20"
	  "12345678901234567890123456789012"), false, 47 },
	{ "1.3: a key_share that is too short", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\x23\0\x1d\0\x1f"
	  "1234567890123456789012345678901"), false, 47 },
	{ "1.3: a key_share that is too long", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\x25\0\x1d\0\x21"
	  "123456789012345678901234567890123"), false, 47 },
	{ "1.3: a key_share that gives no secret", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\x24\0\x1d\0\x20"
	  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  false, 47 },
	{ "1.3: an empty key_share", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\4\0\x1d\0\0"), false, 0 },
	{ "1.3: a key_share of a group alone", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\2\0\x1d"), false, 50 },
	{ "1.3: bytes after the key_share", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\x25\0\x1d\0\x20"
	  "12345678901234567890123456789012x"), false, 50 },
	{ "1.3: key_share twice", GOOD13,
	  LIT(VERSION_EXT "\0\x33\0\x24\0\x1d\0\x20"
	  "12345678901234567890123456789012"), true, 47 },
	{ "1.3: a PSK that was not offered", GOOD13,
	  LIT(VERSION_EXT "\0\x29\0\2\0\0"), true, 110 },
	{ "1.3: the second PSK of one", FLOW_PSK, 0x0303, 0x1301, 0, ECHOED,
	  LIT(VERSION_EXT "\0\x29\0\2\0\1"), true, 47 },
	{ "1.3: a PSK for another hash", FLOW_PSK, 0x0303, 0x1302, 0, ECHOED,
	  LIT(VERSION_EXT "\0\x29\0\2\0\0"), true, 47 },
	{ "1.3: a PSK without a number", FLOW_PSK, 0x0303, 0x1301, 0, ECHOED,
	  LIT(VERSION_EXT "\0\x29\0\1\0"), true, 50 },
	{ "1.3: a PSK without a key_share", FLOW_PSK, 0x0303, 0x1301, 0,
	  ECHOED, LIT(VERSION_EXT "\0\x29\0\2\0\0"), false, 0 },
	{ "1.3: a cookie", GOOD13, LIT(VERSION_EXT "\0\x2c\0\3\0\1c"), true,
	  47 },
	{ "1.3: ALPN in the clear", GOOD13,
	  LIT(VERSION_EXT "\0\x10\0\x0b\0\x09\x08http/1.1"), true, 47 },
	{ "1.3: extended master secret", GOOD13, LIT(VERSION_EXT EMS_EXT),
	  true, 47 },
	{ "1.3: renegotiation", GOOD13, LIT(VERSION_EXT RENEG_EXT), true, 47 },
	{ "1.3: early data", GOOD13, LIT(VERSION_EXT "\0\x2a\0\0"), true, 110 },
	{ "1.3: an extension that nobody has", GOOD13,
	  LIT(VERSION_EXT "\x12\x34\0\0"), true, 110 },
	{ "1.3: an extension that ends too early", GOOD13,
	  LIT(VERSION_EXT "\x12\x34\0\xff"), false, 50 },
	{ "1.3: half an extension's head", GOOD13, LIT(VERSION_EXT "\x12"),
	  false, 50 },

	{ "1.2: TLS 1.1", FLOW12, 0x0302, 0xc02b, 0, NONE,
	  LIT(RENEG_EXT EMS_EXT), false, 70 },
	{ "1.2: TLS 1.0", FLOW12, 0x0301, 0xc02b, 0, NONE, LIT(RENEG_EXT),
	  false, 70 },
	{ "1.2: SSL 3", FLOW12, 0x0300, 0x002f, 0, NONE, LIT(""), false, 70 },
	{ "1.2: compression", FLOW12, 0x0303, 0xc02b, 1, NONE,
	  LIT(RENEG_EXT EMS_EXT), false, 47 },
	{ "1.2: RSA key exchange", FLOW12, 0x0303, 0x009c, 0, NONE,
	  LIT(RENEG_EXT EMS_EXT), false, 47 },
	{ "1.2: CBC", FLOW12, 0x0303, 0xc023, 0, NONE, LIT(RENEG_EXT EMS_EXT),
	  false, 47 },
	{ "1.2: no encryption", FLOW12, 0x0303, 0x0000, 0, NONE,
	  LIT(RENEG_EXT EMS_EXT), false, 47 },
	{ "1.2: a suite of 1.3", FLOW12, 0x0303, 0x1301, 0, NONE,
	  LIT(RENEG_EXT EMS_EXT), false, 47 },
	{ "1.2: the signalling suite", FLOW12, 0x0303, 0x00ff, 0, NONE,
	  LIT(RENEG_EXT EMS_EXT), false, 47 },
	{ "1.2: our session id, though there is no session", FLOW12, 0x0303,
	  0xc02b, 0, ECHOED, LIT(RENEG_EXT EMS_EXT), false, 47 },
	{ "1.2: a session id of 33 bytes", FLOW12, 0x0303, 0xc02b, 0, LONG,
	  LIT(RENEG_EXT EMS_EXT), false, 50 },
	{ "1.2: a renegotiation", GOOD12, LIT("\xff\1\0\2\1x" EMS_EXT), false,
	  40 },
	{ "1.2: renegotiation_info without its length", GOOD12,
	  LIT("\xff\1\0\0" EMS_EXT), false, 0 },
	{ "1.2: extended master secret with a value", GOOD12,
	  LIT(RENEG_EXT "\0\x17\0\1x"), false, 50 },
	{ "1.2: extended master secret twice", GOOD12,
	  LIT(RENEG_EXT EMS_EXT EMS_EXT), false, 47 },
	{ "1.2: a ticket in the hello", GOOD12,
	  LIT(RENEG_EXT EMS_EXT "\0\x23\0\1t"), false, 50 },
	{ "1.2: another protocol by ALPN", GOOD12,
	  LIT(RENEG_EXT EMS_EXT "\0\x10\0\5\0\3\2h2"), false, 47 },
	{ "1.2: no protocol by ALPN", GOOD12,
	  LIT(RENEG_EXT EMS_EXT "\0\x10\0\2\0\0"), false, 0 },
	{ "1.2: two protocols by ALPN", GOOD12,
	  LIT(RENEG_EXT EMS_EXT "\0\x10\0\x14\0\x12\x08http/1.1\x08http/1.1"),
	  false, 0 },
	{ "1.2: compressed points only", GOOD12,
	  LIT(RENEG_EXT EMS_EXT "\0\x0b\0\2\1\1"), false, 47 },
	{ "1.2: certificate status", GOOD12,
	  LIT(RENEG_EXT EMS_EXT "\0\5\0\0"), false, 110 },
	{ "1.2: encrypt-then-MAC", GOOD12, LIT(RENEG_EXT EMS_EXT "\0\x16\0\0"),
	  false, 110 },
	{ "1.2: a key_share", GOOD12,
	  LIT(RENEG_EXT EMS_EXT "\0\x33\0\6\0\x17\0\2ab"), false, 0 },
	{ "1.2: an extension that nobody has", GOOD12,
	  LIT(RENEG_EXT EMS_EXT "\x12\x34\0\0"), false, 110 },
	{ "1.2: half an extension", GOOD12, LIT(RENEG_EXT "\0\x17\0"), false,
	  50 },
	{ "1.2: resumed without extended master secret", FLOW12_ID, 0x0303,
	  0xc02b, 0, ECHOED, LIT(RENEG_EXT), false, 40 },
	{ "1.2: resumed with another suite", FLOW12_ID, 0x0303, 0xc02c, 0,
	  ECHOED, LIT(RENEG_EXT EMS_EXT), false, 47 },
};

static struct span
session_of(enum session session)
{
	switch (session) {
	case ECHOED:
		return server.session;
	case OTHER:
		return BYTES("12345678901234567890123456789012");
	case LONG:
		return BYTES("123456789012345678901234567890123");
	case NONE:
		break;
	}
	return NOTHING;
}

static void
a_hello_is_refused(void **state)
{
	const struct hello_row *row = *state;
	struct script_hello h = { .version = row->version,
		.suite = row->suite, .compression = row->compression,
		.random = server.server_random };
	struct peers p;

	play_until(&p, row->flow, 0);
	h.session = session_of(row->session);
	h.exts = JOIN(row->exts,
	              row->share ? script_share_ext(&server) : NOTHING);
	script_say(&server, script_write_hello(&h));
	end_refused(&p, row->alert, row->name);
}

/* --- Messages with this body. --- */

struct body_row {
	const char *name;
	const struct flow *flow;
	size_t      step;
	int         type;
	struct span body;
	unsigned    alert;
};

static const struct body_row bodies[] = {
	{ "ServerHello: empty", FLOW13, 0, 2, LIT(""), 50 },
	{ "EncryptedExtensions: empty", FLOW13, 1, 8, LIT(""), 50 },
	{ "EncryptedExtensions: half a length", FLOW13, 1, 8, LIT("\0"), 50 },
	{ "EncryptedExtensions: bytes after it", FLOW13, 1, 8, LIT("\0\0x"),
	  50 },
	{ "EncryptedExtensions: shorter than it says", FLOW13, 1, 8,
	  LIT("\0\5\0\0\0\0"), 50 },
	{ "EncryptedExtensions: one that nobody has", FLOW13, 1, 8,
	  LIT("\0\4\x12\x34\0\0"), 110 },
	{ "EncryptedExtensions: early data", FLOW13, 1, 8,
	  LIT("\0\4\0\x2a\0\0"), 110 },
	{ "EncryptedExtensions: key_share", FLOW13, 1, 8,
	  LIT("\0\6\0\x33\0\2\0\x1d"), 47 },
	{ "EncryptedExtensions: supported_versions", FLOW13, 1, 8,
	  LIT("\0\6\0\x2b\0\2\3\4"), 47 },
	{ "EncryptedExtensions: extended master secret", FLOW13, 1, 8,
	  LIT("\0\4\0\x17\0\0"), 47 },
	{ "EncryptedExtensions: server_name twice", FLOW13, 1, 8,
	  LIT("\0\x08\0\0\0\0\0\0\0\0"), 47 },
	{ "EncryptedExtensions: server_name with a value", FLOW13, 1, 8,
	  LIT("\0\5\0\0\0\1x"), 50 },
	{ "EncryptedExtensions: another protocol by ALPN", FLOW13, 1, 8,
	  LIT("\0\x09\0\x10\0\5\0\3\2h2"), 47 },
	{ "EncryptedExtensions: no protocol by ALPN", FLOW13, 1, 8,
	  LIT("\0\6\0\x10\0\2\0\0"), 0 },

	{ "CertificateRequest: empty", FLOW13, 2, 13, LIT(""), 50 },
	{ "CertificateRequest: a context", FLOW13, 2, 13,
	  LIT("\1c\0\x08\0\x0d\0\4\0\2\4\3"), 47 },
	{ "CertificateRequest: no signature_algorithms", FLOW13, 2, 13,
	  LIT("\0\0\0"), 109 },
	{ "CertificateRequest: signature_algorithms twice", FLOW13, 2, 13,
	  LIT("\0\0\x10\0\x0d\0\4\0\2\4\3\0\x0d\0\4\0\2\4\3"), 47 },
	{ "CertificateRequest: no signature algorithm", FLOW13, 2, 13,
	  LIT("\0\0\6\0\x0d\0\2\0\0"), 50 },
	{ "CertificateRequest: half a signature algorithm", FLOW13, 2, 13,
	  LIT("\0\0\7\0\x0d\0\3\0\1\4"), 50 },
	{ "CertificateRequest: bytes after it", FLOW13, 2, 13,
	  LIT("\0\0\x08\0\x0d\0\4\0\2\4\3x"), 50 },
	{ "CertificateRequest: with a PSK", FLOW_PSK, 2, 13,
	  LIT("\0\0\x08\0\x0d\0\4\0\2\4\3"), 10 },

	{ "Certificate: empty", FLOW13, 2, 11, LIT(""), 50 },
	{ "Certificate: no list", FLOW13, 2, 11, LIT("\0"), 50 },
	{ "Certificate: no certificate", FLOW13, 2, 11, LIT("\0\0\0\0"), 50 },
	{ "Certificate: an empty one", FLOW13, 2, 11, LIT("\0\0\0\5\0\0\0\0\0"),
	  0 },
	{ "Certificate: without extensions' length", FLOW13, 2, 11,
	  LIT("\0\0\0\4\0\0\1c"), 50 },
	{ "Certificate: a context", FLOW13, 2, 11, LIT("\1c\0\0\6\0\0\1c\0\0"),
	  0 },
	{ "Certificate: malformed", FLOW13, 2, 11, LIT("\0\0\0\6\0\0\1c\0\0"),
	  42 },
	{ "Certificate: an extension that nobody has", FLOW13, 2, 11,
	  LIT("\0\0\0\x0a\0\0\1c\0\4\x12\x34\0\0"), 110 },
	{ "Certificate: status, which was not asked for", FLOW13, 2, 11,
	  LIT("\0\0\0\x0a\0\0\1c\0\4\0\5\0\0"), 110 },
	{ "Certificate: bytes after it", FLOW13, 2, 11,
	  LIT("\0\0\0\6\0\0\1c\0\0x"), 50 },

	{ "CertificateVerify: empty", FLOW13, 3, 15, LIT(""), 50 },
	{ "CertificateVerify: no signature", FLOW13, 3, 15, LIT("\4\3\0\0"),
	  51 },
	{ "CertificateVerify: a wrong signature", FLOW13, 3, 15,
	  LIT("\4\3\0\x08\x30\6\2\1\1\2\1\1"), 51 },
	{ "CertificateVerify: SHA-1", FLOW13, 3, 15, LIT("\2\3\0\1s"), 47 },
	{ "CertificateVerify: PKCS#1", FLOW13, 3, 15, LIT("\4\1\0\1s"), 47 },
	{ "CertificateVerify: Ed25519", FLOW13, 3, 15, LIT("\x08\7\0\1s"), 47 },
	{ "CertificateVerify: PSS by a key of EC", FLOW13, 3, 15,
	  LIT("\x08\4\0\1s"), 47 },
	{ "CertificateVerify: P-384 by a key of P-256", FLOW13, 3, 15,
	  LIT("\5\3\0\1s"), 47 },
	{ "CertificateVerify: bytes after it", FLOW13, 3, 15,
	  LIT("\4\3\0\1sx"), 50 },

	{ "Finished: empty", FLOW13, 4, 20, LIT(""), 50 },
	{ "Finished: 31 bytes", FLOW13, 4, 20,
	  LIT("1234567890123456789012345678901"), 50 },
	{ "Finished: 33 bytes", FLOW13, 4, 20,
	  LIT("123456789012345678901234567890123"), 50 },
	{ "Finished: another hash", FLOW13, 4, 20,
	  LIT("12345678901234567890123456789012"), 51 },
	{ "Finished: another hash with a PSK", FLOW_PSK, 2, 20,
	  LIT("12345678901234567890123456789012"), 51 },

	{ "NewSessionTicket: empty", FLOW13, OPEN, 4, LIT(""), 50 },
	{ "NewSessionTicket: an empty ticket", FLOW13, OPEN, 4,
	  LIT("\0\0\0\x1e\0\0\0\0\1n\0\0\0\0"), 50 },
	{ "NewSessionTicket: without extensions", FLOW13, OPEN, 4,
	  LIT("\0\0\0\x1e\0\0\0\0\1n\0\1t"), 50 },
	{ "NewSessionTicket: bytes after it", FLOW13, OPEN, 4,
	  LIT("\0\0\0\x1e\0\0\0\0\1n\0\1t\0\0x"), 50 },
	{ "KeyUpdate: empty", FLOW13, OPEN, 24, LIT(""), 50 },
	{ "KeyUpdate: neither asked nor not", FLOW13, OPEN, 24, LIT("\2"), 47 },
	{ "KeyUpdate: bytes after it", FLOW13, OPEN, 24, LIT("\0x"), 50 },
	{ "CertificateRequest: after the handshake", FLOW13, OPEN, 13,
	  LIT("\1c\0\x08\0\x0d\0\4\0\2\4\3"), 10 },

	{ "1.2 Certificate: empty", FLOW12, 1, 11, LIT(""), 50 },
	{ "1.2 Certificate: no certificate", FLOW12, 1, 11, LIT("\0\0\0"), 0 },
	{ "1.2 Certificate: malformed", FLOW12, 1, 11, LIT("\0\0\4\0\0\1c"),
	  42 },
	{ "1.2 Certificate: shorter than it says", FLOW12, 1, 11,
	  LIT("\0\0\4\0\0\2c"), 50 },
	{ "1.2 Certificate: bytes after it", FLOW12, 1, 11,
	  LIT("\0\0\4\0\0\1cx"), 50 },
	{ "1.2 ServerKeyExchange: empty", FLOW12, 2, 12, LIT(""), 50 },
	{ "1.2 ServerKeyExchange: a curve spelled out", FLOW12, 2, 12,
	  LIT("\1\0\x17\1\0\4\3\0\1s"), 47 },
	{ "1.2 ServerKeyExchange: a group not offered", FLOW12, 2, 12,
	  LIT("\3\0\x16\1p\4\3\0\1s"), 47 },
	{ "1.2 ServerKeyExchange: no point", FLOW12, 2, 12,
	  LIT("\3\0\x1d\0\4\3\0\1s"), 0 },
	{ "1.2 ServerKeyExchange: SHA-1", FLOW12, 2, 12,
	  LIT("\3\0\x1d\x20" "12345678901234567890123456789012" "\2\3\0\1s"),
	  47 },
	{ "1.2 ServerKeyExchange: RSA, by a key of EC", FLOW12, 2, 12,
	  LIT("\3\0\x1d\x20" "12345678901234567890123456789012" "\4\1\0\1s"),
	  47 },
	{ "1.2 ServerKeyExchange: a wrong signature", FLOW12, 2, 12,
	  LIT("\3\0\x1d\x20" "12345678901234567890123456789012"
	  "\4\3\0\x08\x30\6\2\1\1\2\1\1"), 51 },
	{ "1.2 ServerKeyExchange: no signature", FLOW12, 2, 12,
	  LIT("\3\0\x1d\x20" "12345678901234567890123456789012"), 50 },
	{ "1.2 CertificateRequest: empty", FLOW12_ASKS, 3, 13, LIT(""), 50 },
	{ "1.2 CertificateRequest: half an algorithm", FLOW12_ASKS, 3, 13,
	  LIT("\1\x40\0\1\4\0\0"), 50 },
	{ "1.2 CertificateRequest: bytes after it", FLOW12_ASKS, 3, 13,
	  LIT("\1\x40\0\2\4\3\0\0x"), 50 },
	{ "1.2 ServerHelloDone: not empty", FLOW12, 3, 14, LIT("x"), 50 },
	{ "1.2 NewSessionTicket: empty", FLOW12, 4, 4, LIT(""), 50 },
	{ "1.2 NewSessionTicket: bytes after it", FLOW12, 4, 4,
	  LIT("\0\0\0\x1e\0\1tx"), 50 },
	{ "1.2 Finished: empty", FLOW12, 6, 20, LIT(""), 50 },
	{ "1.2 Finished: 11 bytes", FLOW12, 6, 20, LIT("12345678901"), 50 },
	{ "1.2 Finished: 13 bytes", FLOW12, 6, 20, LIT("1234567890123"), 50 },
	{ "1.2 Finished: another hash", FLOW12, 6, 20, LIT("123456789012"),
	  51 },
	{ "1.2 Finished: another hash, resumed", FLOW12_ID, 3, 20,
	  LIT("123456789012"), 51 },
};

static void
a_body_is_refused(void **state)
{
	const struct body_row *row = *state;
	struct peers p;

	play_until(&p, row->flow, row->step);
	script_say(&server, script_message(row->type, row->body));
	end_refused(&p, row->alert, row->name);
}

/* --- Records. --- */

struct record_row {
	const char *name;
	const struct flow *flow;
	size_t      step;
	bool        plain;	/* in the clear, whatever the keys */
	int         type;
	struct span body;
	unsigned    alert;
};

static const struct record_row records[] = {
	{ "an empty one in the clear", FLOW13, 0, true, 22, LIT(""), 10 },
	{ "an empty handshake record", FLOW13, 1, false, 22, LIT(""), 10 },
	{ "an empty alert", FLOW13, 1, false, 21, LIT(""), 10 },
	{ "an alert of one byte", FLOW13, 1, false, 21, LIT("\2"), 50 },
	{ "an alert of three bytes", FLOW13, 1, false, 21, LIT("\2\x28x"), 50 },
	{ "two alerts in one", FLOW13, 1, false, 21, LIT("\1\x5a\1\x5a"), 50 },
	{ "a type that nobody has, in the clear", FLOW13, 0, true, 99,
	  LIT("x"), 10 },
	{ "a type that nobody has", FLOW13, 1, false, 99, LIT("x"), 10 },
	{ "type 0, that is zeros only", FLOW13, 1, false, 0, LIT(""), 10 },
	{ "type heartbeat", FLOW13, OPEN, false, 24, LIT("x"), 10 },
	{ "change_cipher_spec of 2", FLOW13, 1, true, 20, LIT("\2"), 10 },
	{ "change_cipher_spec of two bytes", FLOW13, 1, true, 20, LIT("\1\1"),
	  10 },
	{ "an empty change_cipher_spec", FLOW13, 1, true, 20, LIT(""), 10 },
	{ "a sealed change_cipher_spec", FLOW13, 1, false, 20, LIT("\1"), 10 },
	{ "change_cipher_spec when the handshake is over", FLOW13, OPEN, true,
	  20, LIT("\1"), 10 },
	{ "content in the clear, first", FLOW13, 0, true, 23, LIT("x"), 10 },
	{ "content before Finished", FLOW13, 4, false, 23, LIT("x"), 10 },
	{ "a message in the clear after the keys", FLOW13, 1, true, 22,
	  LIT("\x08\0\0\2\0\0"), 10 },
	{ "a long message in the clear after the keys", FLOW13, 4, true, 22,
	  LIT("\x14\0\0\x20" "12345678901234567890123456789012"), 10 },
	{ "an alert in the clear after the keys", FLOW13, 1, true, 21,
	  LIT("\2\x28"), 10 },
	{ "a sealed record that is not", FLOW13, 1, true, 23,
	  LIT("1234567890123456789012345678901234567890"), 20 },
	{ "a sealed record shorter than a tag", FLOW13, 1, true, 23,
	  LIT("123456789012345"), 0 },
	{ "a sealed record of a tag alone", FLOW13, 1, true, 23,
	  LIT("1234567890123456"), 0 },
	{ "a message of 16 MB", FLOW13, 1, false, 22, LIT("\x08\xff\xff\xff"),
	  0 },
	{ "a ServerHello of 16 MB", FLOW13, 0, false, 22, LIT("\2\xff\xff\xff"),
	  0 },
	{ "1.2: content before Finished", FLOW12, 6, false, 23, LIT("x"), 10 },
	{ "1.2: content in the clear", FLOW12, 1, false, 23, LIT("x"), 10 },
	{ "1.2: a Finished in the clear", FLOW12, 6, true, 22,
	  LIT("\x14\0\0\x0c" "123456789012"), 0 },
	{ "1.2: content in the clear after the keys", FLOW12, OPEN, true, 23,
	  LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 20 },
	{ "1.2: change_cipher_spec of 2", FLOW12, 5, true, 20, LIT("\2"), 10 },
	{ "1.2: an empty handshake record", FLOW12, 1, true, 22, LIT(""), 10 },
	{ "1.2: change_cipher_spec before ServerHelloDone", FLOW12, 3, true,
	  20, LIT("\1"), 10 },
};

static void
a_record_is_refused(void **state)
{
	const struct record_row *row = *state;
	struct peers p;

	play_until(&p, row->flow, row->step);
	if (row->plain)
		script_plain_out(&server, row->type, row->body);
	else
		script_seal_out(&server, row->type, row->body);
	end_refused(&p, row->alert, row->name);
}

/* One byte too many is an overflow; the most is not. */
static void
records_have_a_most_of_bytes(void **state)
{
	static char zeros[SCRIPT_RECORD_MAX + 1];
	struct peers p;

	(void)state;
	for (size_t n = sizeof zeros - 1; n <= sizeof zeros; n++) {
		for (int i = 0; i < 2; i++) {
			play_until(&p, i == 0 ? FLOW13 : FLOW12, OPEN);
			server.record_max = n;
			script_seal_out(&server, SCRIPT_DATA,
			                (struct span){ zeros, n });
			peers_move(&p);
			if (n == sizeof zeros)
				peers_refuse(&p, 22, "too long");
			else
				assert_true(p.r >= 0);
			peers_end(&p);
		}
	}
	play_until(&p, FLOW13, OPEN);	/* with what is around it */
	server.pad = SCRIPT_RECORD_MAX - 1;
	script_seal_out(&server, SCRIPT_DATA, BYTES("x"));
	peers_move(&p);
	assert_true(p.r >= 0);
	assert_int_equal(1, p.content_len);
	server.pad++;
	script_seal_out(&server, SCRIPT_DATA, BYTES("x"));
	end_refused(&p, 22, "too much padding");
}

/* --- What takes more than a row. --- */

static void
a_downgrade_is_refused(void **state)
{
	struct peers p;

	(void)state;
	for (char mark = 0; mark <= 1; mark++) {
		play_until(&p, FLOW12, 0);
		memcpy(server.server_random + 24, "DOWNGRD", 7);
		server.server_random[31] = (unsigned char)mark;
		script_send(&server, SCRIPT_SERVER_HELLO);
		end_refused(&p, 47, "a downgrade");
	}
}

static void
retry_with(struct peers *p, struct span exts)
{
	struct script_hello h;

	play_until(p, FLOW13, 0);
	h = script_retry(&server);
	h.exts = JOIN(script_version_ext(), exts);
	script_send_as(&server, SCRIPT_RETRY, script_write_hello(&h));
	peers_move(p);
}

static void
a_retry_must_change_something(void **state)
{
	struct peers p;

	(void)state;
	retry_with(&p, NOTHING);
	end_refused(&p, 47, "nothing changes");
	retry_with(&p, script_ext(SCRIPT_EXT_SHARE, BYTES("\0\x1d")));
	end_refused(&p, 47, "the group that was sent");
	retry_with(&p, script_ext(SCRIPT_EXT_SHARE, BYTES("\1\0")));
	end_refused(&p, 47, "a group that was not offered");
	retry_with(&p, script_ext(SCRIPT_EXT_SHARE, BYTES("\0")));
	end_refused(&p, 50, "half a group");
	retry_with(&p, script_ext(SCRIPT_EXT_COOKIE, BYTES("\0\0")));
	end_refused(&p, 50, "an empty cookie");
	retry_with(&p, script_ext(SCRIPT_EXT_PSK, BYTES("\0\0")));
	end_refused(&p, 0, "a PSK");
	retry_with(&p, script_ext(0x1234, NOTHING));
	end_refused(&p, 110, "an extension that nobody has");
}

/* A cookie alone: the same share comes back with it. */
static void
a_cookie_is_echoed(void **state)
{
	struct span cookie = NOTHING, want;
	struct script_hello h;
	struct span share;
	struct peers p;

	(void)state;
	play_until(&p, FLOW13, 0);
	share = server.x25519;
	want = script_vector(2, BYTES("c00kie"));
	h = script_retry(&server);
	h.exts = JOIN(script_version_ext(),
	              script_ext(SCRIPT_EXT_COOKIE, want));
	script_send_as(&server, SCRIPT_RETRY, script_write_hello(&h));
	server.group = SCRIPT_X25519;
	peers_move(&p);
	assert_int_equal(2, server.hellos);
	assert_true(script_find_ext(&server, SCRIPT_EXT_COOKIE, &cookie));
	assert_int_equal(want.len, cookie.len);
	assert_memory_equal(want.p, cookie.p, want.len);
	assert_memory_equal(share.p, server.x25519.p, share.len);
	peers_play(&p, FLOW13, FLOW13->n);
	assert_true(peers_is_open(&p));
	peers_end(&p);
}

static void
what_a_retry_chose_stays(void **state)
{
	struct script_hello h;
	struct peers p;

	(void)state;
	play_until(&p, FLOW_RETRY, 1);
	h = script_hello13(&server);
	h.suite = 0x1303;
	script_say(&server, script_write_hello(&h));
	end_refused(&p, 47, "another suite");
	play_until(&p, FLOW_RETRY, 1);
	server.group = SCRIPT_X25519;
	script_send(&server, SCRIPT_SERVER_HELLO);
	end_refused(&p, 47, "another group");
	play_until(&p, FLOW_RETRY, 1);
	script_say(&server, script_build(&server, SCRIPT_RETRY));
	end_refused(&p, 10, "a second HelloRetryRequest");
	play_until(&p, FLOW_RETRY, 1);
	h = script_hello12(&server);
	script_say(&server, script_write_hello(&h));
	end_refused(&p, 0, "another version");
}

static void
a_client_context_does_not_sign_for_a_server(void **state)
{
	struct peers p;

	(void)state;
	play_until(&p, FLOW13, 3);
	script_say(&server, script_message(15, JOIN(BYTES("\4\3"),
		script_vector(2, script_sign(
			script_signed_text(&server, "client"))))));
	end_refused(&p, 51, "the client's context");
}

/* A key exchange of another connection. */
static void
a_key_exchange_is_of_these_randoms(void **state)
{
	struct peers p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		play_until(&p, FLOW12, 2);
		(i == 0 ? server.client_random : server.server_random)[0] ^= 1;
		script_say(&server, script_write_key_exchange(&server));
		end_refused(&p, 51, "another random");
	}
}

/* A signed share that is not a point, or gives nothing. */
static void
a_bad_point_is_refused_in_12(void **state)
{
	static const struct {
		unsigned group;
		struct span point;
	} bad[] = {
		{ 29, LIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		  "\0\0\0\0\0\0") },
		{ 29, LIT("1234567890123456789012345678901") },
		{ 23, LIT("\4" "1234567890123456789012345678901234567890123456"
		  "789012345678901234") },
		{ 23, LIT("\2" "12345678901234567890123456789012") },
	};
	struct span params, text;
	struct peers p;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		play_until(&p, FLOW12, 2);
		server.group = (int)bad[i].group;
		params = JOIN(BYTES("\3"), script_number(bad[i].group, 2),
		              script_vector(1, bad[i].point));
		text = JOIN(bytes_of(server.client_random, 32),
		            bytes_of(server.server_random, 32), params);
		script_say(&server, script_message(12, JOIN(params,
			BYTES("\4\3"), script_vector(2, script_sign(text)))));
		script_say(&server, script_build(&server, SCRIPT_HELLO_DONE));
		end_refused(&p, 47, "a bad point");
	}
}

/* RFC 8446, 5.1: the next message would be read with the old key. */
static void
a_key_changes_between_records(void **state)
{
	static const enum script_msg pairs[][2] = {
		{ SCRIPT_SERVER_HELLO, SCRIPT_ENCRYPTED_EXTS },
		{ SCRIPT_FINISHED, SCRIPT_TICKET },
		{ SCRIPT_KEY_UPDATE, SCRIPT_TICKET },
	};
	struct span first;
	struct peers p;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		play_until(&p, FLOW13, (size_t[]){ 0, 4, OPEN }[i]);
		first = script_build(&server, pairs[i][0]);
		if (script_is_hashed(&server, pairs[i][0]))
			script_hash_in(&server, first);
		script_say(&server,
		           JOIN(first, script_build(&server, pairs[i][1])));
		script_follow(&server, pairs[i][0]);
		end_refused(&p, 10, script_names[pairs[i][0]]);
	}
}

/* RFC 8446, 5.1: no record of another type in the middle of a message. */
static void
messages_are_not_interrupted(void **state)
{
	struct span msg, half;
	struct peers p;

	(void)state;
	for (int i = 0; i < 3; i++) {
		play_until(&p, i == 2 ? FLOW12 : FLOW13, i == 2 ? 1 : 2);
		msg = script_build(&server, SCRIPT_CERT);
		half = (struct span){ msg.p, msg.len / 2 };
		script_say(&server, half);
		if (i == 1)
			script_seal_out(&server, SCRIPT_DATA, BYTES("x"));
		else
			script_plain_out(&server, SCRIPT_CHANGE, BYTES("\1"));
		end_refused(&p, 10, "a record in between");
	}
}

static void
a_server_s_alert_ends_it(void **state)
{
	static const size_t steps[] = { 0, 1, 3, OPEN };
	struct peers p;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		play_until(&p, i < 4 ? FLOW13 : FLOW12, steps[i % 4]);
		script_alert(&server, 2, 40);
		peers_move(&p);
		assert_int_equal(ERR_TLS, p.r);
		assert_int_equal(40, tls_engine_failure(p.e)->heard);
		assert_int_equal(-1, server.alert);	/* no answer */
		assert_int_equal(0, tls_engine_write(p.e,
			(struct span){ "x", 1 }));
		peers_end(&p);
	}
}

/* An end in the middle is not an open engine, nor one that waits. */
static void
a_close_in_a_handshake_is_its_end(void **state)
{
	struct peers p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct flow *f = i == 0 ? FLOW13 : FLOW12;

		for (size_t n = 0; n < f->n; n++) {
			play_until(&p, f, n);
			script_alert(&server, 1, 0);
			for (size_t left = n; left < f->n; left++)
				script_send(&server, f->steps[left]);
			peers_move(&p);
			assert_true(tls_engine_is_ended(p.e));
			assert_false(tls_engine_is_open(p.e));
			peers_end(&p);
		}
	}
}

static void
key_updates_are_answered(void **state)
{
	struct peers p;

	(void)state;
	play_until(&p, FLOW13, OPEN);
	script_send(&server, SCRIPT_KEY_UPDATE);
	script_seal_out(&server, SCRIPT_DATA, BYTES("a"));
	peers_move(&p);
	assert_int_equal(0, server.updates);
	script_send(&server, SCRIPT_KEY_UPDATE_BOTH);
	script_seal_out(&server, SCRIPT_DATA, BYTES("b"));
	peers_move(&p);
	assert_int_equal(1, server.updates);
	assert_false(server.asked_update);
	assert_int_equal(1, tls_engine_write(p.e, (struct span){ "c", 1 }));
	peers_move(&p);
	assert_string_equal("c", buf_text(&server.data));
	assert_int_equal(2, p.content_len);
	assert_memory_equal("ab", p.content, 2);
	assert_false(server.garbled);
	peers_end(&p);
}

/* RFC 5246, 7.2.2: no_renegotiation is a warning, and the session goes on. */
static void
a_renegotiation_is_declined(void **state)
{
	struct peers p;

	(void)state;
	play_until(&p, FLOW12, OPEN);
	script_inject(&server, SCRIPT_HELLO_REQUEST);
	peers_move(&p);
	assert_int_equal(100, server.alert);
	assert_int_equal(1, server.alert_level);
	assert_true(p.r >= 0);
	script_seal_out(&server, SCRIPT_DATA, BYTES("a"));
	peers_move(&p);
	assert_int_equal(1, p.content_len);
	script_inject(&server, SCRIPT_HELLO_REQUEST);
	end_refused(&p, 10, "again");
}

/* The suite says which kind of key signs. */
static void
a_suite_goes_with_the_certificate(void **state)
{
	struct script_hello h;
	struct peers p;

	(void)state;
	play_until(&p, FLOW12, 0);
	h = script_hello12(&server);
	h.suite = 0xc02f;
	script_send_as(&server, SCRIPT_SERVER_HELLO, script_write_hello(&h));
	script_send(&server, SCRIPT_CERT);
	end_refused(&p, 0, "RSA's suite with a certificate of EC");
}

/* Some servers send it in 1.2, too. */
static void
groups_of_a_server_of_12_mean_nothing(void **state)
{
	struct script_hello h;
	struct peers p;

	(void)state;
	play_until(&p, FLOW12, 0);
	h = script_hello12(&server);
	h.exts = JOIN(h.exts, BYTES("\0\x0a\0\4\0\2\0\x17"));
	script_send_as(&server, SCRIPT_SERVER_HELLO, script_write_hello(&h));
	peers_play_on(&p, FLOW12, 1, FLOW12->n);
	assert_true(peers_is_open(&p));
	peers_end(&p);
}

static void
no_ems_is_served_and_not_resumed(void **state)
{
	struct peers p;

	(void)state;
	play_until(&p, FLOW12, 0);
	server.no_ems = true;
	peers_play(&p, FLOW12, FLOW12->n);
	assert_true(peers_is_open(&p));
	assert_int_equal(0, p.ticket.suite);
	peers_end(&p);
}

int
main(void)
{
	script_init(&server, SCRIPT_TLS13);
	UNIT_ROWS(a_hello_is_refused, hellos);
	UNIT_ROWS(a_body_is_refused, bodies);
	UNIT_ROWS(a_record_is_refused, records);
	UNIT_TEST(records_have_a_most_of_bytes);
	UNIT_TEST(a_downgrade_is_refused);
	UNIT_TEST(a_retry_must_change_something);
	UNIT_TEST(a_cookie_is_echoed);
	UNIT_TEST(what_a_retry_chose_stays);
	UNIT_TEST(a_client_context_does_not_sign_for_a_server);
	UNIT_TEST(a_key_exchange_is_of_these_randoms);
	UNIT_TEST(a_bad_point_is_refused_in_12);
	UNIT_TEST(a_key_changes_between_records);
	UNIT_TEST(messages_are_not_interrupted);
	UNIT_TEST(a_server_s_alert_ends_it);
	UNIT_TEST(a_close_in_a_handshake_is_its_end);
	UNIT_TEST(key_updates_are_answered);
	UNIT_TEST(a_renegotiation_is_declined);
	UNIT_TEST(a_suite_goes_with_the_certificate);
	UNIT_TEST(groups_of_a_server_of_12_mean_nothing);
	UNIT_TEST(no_ems_is_served_and_not_resumed);
	return unit_run("tls_faults");
}
