/* SPDX-License-Identifier: MIT */
/*
 * tls_script.h - a TLS server of 1.3 and 1.2 whose every message a test decides
 *
 * It does no I/O: script_take() reads what a client sends, script_send() adds
 * to `wire` what a good server would say next; a test may edit a message, say
 * it again or in another's place, or build one of its own from the parts. The
 * script has no order of its own and refuses nothing, but a client's message
 * that is malformed fails the test.
 *
 * Suites: AES_128_GCM_SHA256, and ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 for 1.2.
 * Its key is one of P-256, in a certificate that it signs itself. Bytes lie in
 * the arena of certs.h.
 */
#ifndef HALE_TESTS_TLS_SCRIPT_H
#define HALE_TESTS_TLS_SCRIPT_H

#include "tls_script_keys.h"

#define SCRIPT_RECORD_MAX 16384
#define SCRIPT_IN_MAX     65536		/* bytes of one thing from the client */
#define SCRIPT_WIRE_MAX   (1 << 19)

#define SCRIPT_X25519 29
#define SCRIPT_P256   23
#define SCRIPT_HELLO_RANDOM 32

/* Extensions. */
#define SCRIPT_EXT_SIGS     13
#define SCRIPT_EXT_EMS      23
#define SCRIPT_EXT_TICKET   35
#define SCRIPT_EXT_PSK      41
#define SCRIPT_EXT_VERSIONS 43
#define SCRIPT_EXT_COOKIE   44
#define SCRIPT_EXT_SHARE    51
#define SCRIPT_EXT_RENEG    0xff01

/* A server's messages, then those that only a client sends or nobody does. */
enum script_msg {
	SCRIPT_RETRY,		/* 1.3: asks for P-256 */
	SCRIPT_SERVER_HELLO,
	SCRIPT_ENCRYPTED_EXTS,	/* 1.3 */
	SCRIPT_CERT_REQUEST,
	SCRIPT_CERT,
	SCRIPT_STATUS,		/* 1.2 */
	SCRIPT_CERT_VERIFY,	/* 1.3 */
	SCRIPT_KEY_EXCHANGE,	/* 1.2 */
	SCRIPT_HELLO_DONE,	/* 1.2 */
	SCRIPT_FINISHED,
	SCRIPT_TICKET,
	SCRIPT_KEY_UPDATE,	/* 1.3: asks for none in return */
	SCRIPT_KEY_UPDATE_BOTH,	/* 1.3: asks for one */
	SCRIPT_CCS,		/* a record, not a message */
	SCRIPT_HELLO_REQUEST,	/* 1.2 */
	SCRIPT_CLIENT_HELLO,
	SCRIPT_END_OF_EARLY,
	SCRIPT_CLIENT_KEY,
	SCRIPT_COMPRESSED_CERT,
	SCRIPT_MESSAGE_HASH,
	SCRIPT_UNKNOWN,
	SCRIPT_MSGS
};

static const char *const script_names[SCRIPT_MSGS] = {
	"HelloRetryRequest", "ServerHello", "EncryptedExtensions",
	"CertificateRequest", "Certificate", "CertificateStatus",
	"CertificateVerify", "ServerKeyExchange", "ServerHelloDone",
	"Finished", "NewSessionTicket", "KeyUpdate",
	"KeyUpdate with a request", "change_cipher_spec", "HelloRequest",
	"ClientHello", "EndOfEarlyData", "ClientKeyExchange",
	"CompressedCertificate", "message_hash", "an unknown message",
};

struct script {
	/* The test's to set, after script_init(). */
	int    version;
	int    group;
	bool   use_psk;		/* resume: 1.3 by script_keep()'s key, 1.2 by
				 * its master secret */
	bool   no_ems;		/* 1.2: without extended master secret */
	bool   hold;		/* messages gather until script_flush() */
	size_t record_max;	/* bytes of content in a record */
	size_t pad;		/* 1.3: zeros in each */
	/* Changes a message before it is hashed and sent; NULL: none does. */
	void (*edit)(struct script *s, enum script_msg m, struct span *msg);
	void *arg;		/* edit's */
	bool  hash_unedited;	/* what is hashed is the message before that */
	struct span client_point;	/* the key of its certificate, P-256 */

	/* What the client sent; spans are empty until then. */
	unsigned      hellos;
	struct span   hello, exts, session;
	unsigned char client_random[SCRIPT_HELLO_RANDOM];
	struct span   x25519, p256;	/* its shares */
	unsigned      updates;		/* KeyUpdates */
	bool          asked_update;	/* the last one did, for one of ours */
	unsigned      changes;		/* change_cipher_spec records */
	unsigned      certs;		/* that have a certificate in them */
	struct span   cert_verify;
	bool          is_signed;	/* and that is by client_point's key */
	bool          is_finished;	/* and it fits */
	int           alert;		/* -1: none */
	int           alert_level;
	bool          garbled;		/* a record that does not open */
	struct buf    data;		/* content */

	/* What the server has to say. */
	struct buf wire;

	/* Its state. */
	unsigned char server_random[SCRIPT_HELLO_RANDOM];
	struct buf in, messages, pending;
	br_sha256_context transcript, before_hello;
	struct script_keys out_keys, in_keys;
	unsigned char early[SCRIPT_HASH], handshake[SCRIPT_HASH];
	unsigned char client_hs[SCRIPT_HASH], server_hs[SCRIPT_HASH];
	unsigned char client_ap[SCRIPT_HASH], server_ap[SCRIPT_HASH];
	unsigned char resumption[SCRIPT_HASH], psk[SCRIPT_HASH];
	unsigned char master[48];	/* 1.2 */
	bool          has_master, has_keys12;
	char in_room[SCRIPT_IN_MAX], messages_room[SCRIPT_IN_MAX];
	char pending_room[SCRIPT_WIRE_MAX], wire_room[SCRIPT_WIRE_MAX];
	char data_room[SCRIPT_IN_MAX];
};

static const unsigned char script_private[32] =
	"the scripted server's secret key";
static const unsigned char script_ephemeral[32] =
	"its secret key for one handshake";

static const unsigned char script_retry_random[SCRIPT_HELLO_RANDOM] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02,
	0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
	0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* A new connection; what script_keep() kept is left. */
static inline void
script_restart(struct script *s, int version)
{
	unsigned char psk[SCRIPT_HASH], master[48];

	memcpy(psk, s->psk, sizeof psk);
	memcpy(master, s->master, sizeof master);
	memset(s, 0, offsetof(struct script, in_room));
	memcpy(s->psk, psk, sizeof psk);
	memcpy(s->master, master, sizeof master);
	s->version = version;
	s->group = SCRIPT_X25519;
	s->record_max = SCRIPT_RECORD_MAX;
	s->alert = -1;
	s->in_keys.version = s->out_keys.version = version;
	memset(s->server_random, 'S', sizeof s->server_random);
	s->in = buf_over(s->in_room, sizeof s->in_room);
	s->messages = buf_over(s->messages_room, sizeof s->messages_room);
	s->pending = buf_over(s->pending_room, sizeof s->pending_room);
	s->wire = buf_over(s->wire_room, sizeof s->wire_room);
	s->data = buf_over(s->data_room, sizeof s->data_room);
	br_sha256_init(&s->transcript);
}

static inline void
script_init(struct script *s, int version)
{
	memset(s, 0, sizeof *s);
	script_restart(s, version);
}

/* --- Parts of messages. --- */

static inline struct span
script_message(int type, struct span body)
{
	return JOIN(script_number((unsigned)type, 1), script_vector(3, body));
}

static inline struct span
script_ext(unsigned type, struct span body)
{
	return JOIN(script_number(type, 2), script_vector(2, body));
}

static inline struct span
script_hash(const struct script *s)
{
	unsigned char hash[SCRIPT_HASH];

	br_sha256_out(&s->transcript, hash);
	return bytes_of(hash, sizeof hash);
}

/* The public key of one of P-256 or X25519. */
static inline struct span
script_public(int group, const unsigned char *secret)
{
	unsigned char point[65];
	size_t n = br_ec_get_default()->mulgen(point, secret, 32, group);

	assert_true(n > 0);
	return bytes_of(point, n);
}

/* What is shared with the client; without a share of its own, as if it had
 * sent ours. */
static inline struct span
script_shared(const struct script *s)
{
	struct span peer = s->group == SCRIPT_P256 ? s->p256 : s->x25519;
	unsigned char point[65];

	if (peer.len == 0)
		peer = script_public(s->group, script_ephemeral);
	memcpy(point, peer.p, peer.len);
	if (br_ec_get_default()->mul(point, peer.len, script_ephemeral, 32,
	                             s->group) != 1)
		fail_msg("the client's share is not a point of its group");
	return s->group == SCRIPT_P256 ? bytes_of(point + 1, 32)
	                               : bytes_of(point, 32);
}

/* An ECDSA signature with SHA-256, in DER. */
static inline struct span
script_sign(struct span text)
{
	br_ec_private_key key = { BR_EC_secp256r1,
		(unsigned char *)script_private, sizeof script_private };
	unsigned char hash[SCRIPT_HASH], sig[80];
	br_sha256_context c;
	size_t n;

	br_sha256_init(&c);
	br_sha256_update(&c, text.p, text.len);
	br_sha256_out(&c, hash);
	n = br_ecdsa_i31_sign_asn1(br_ec_get_default(), &br_sha256_vtable,
	                           hash, &key, sig);
	assert_true(n > 0);
	return bytes_of(sig, n);
}

/* The server's certificate: "localhost", by itself. */
static inline struct span
script_make_cert(void)
{
	struct span alg = SEQ(TLV(6,
		BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x02")));
	struct span key = SEQ(
		SEQ(TLV(6, BYTES("\x2a\x86\x48\xce\x3d\x02\x01")),
		    TLV(6, BYTES("\x2a\x86\x48\xce\x3d\x03\x01\x07"))),
		TLV(3, BYTES("\0"),
		    script_public(SCRIPT_P256, script_private)));
	struct span tbs = SEQ(TLV(0xa0, BYTES("\x02\x01\x02")),
		BYTES("\x02\x01\x01"), alg, common_name("script"),
		SEQ(time_of("200101"), time_of("491231")),
		common_name("script"), key,
		TLV(0xa3, SEQ(alt_name("localhost"))));

	return SEQ(tbs, alg, TLV(3, BYTES("\0"), script_sign(tbs)));
}

/* It is made once. */
static inline struct span
script_cert(void)
{
	static char made[512];
	static size_t len;
	struct span der;

	if (len == 0) {
		der = script_make_cert();
		assert_true(der.len <= sizeof made);
		memcpy(made, der.p, der.len);
		len = der.len;
	}
	return (struct span){ made, len };
}

/* The parts of a ServerHello, and of a HelloRetryRequest. */
struct script_hello {
	unsigned             version, suite, compression;
	const unsigned char *random;
	struct span          session, exts;
	bool                 no_exts;	/* not even their length */
};

static inline struct span
script_write_hello(const struct script_hello *h)
{
	return script_message(2, JOIN(script_number(h->version, 2),
		bytes_of(h->random, SCRIPT_HELLO_RANDOM),
		script_vector(1, h->session), script_number(h->suite, 2),
		script_number(h->compression, 1),
		h->no_exts ? NOTHING : script_vector(2, h->exts)));
}

static inline struct span
script_share_ext(const struct script *s)
{
	return script_ext(SCRIPT_EXT_SHARE,
		JOIN(script_number((unsigned)s->group, 2), script_vector(2,
			script_public(s->group, script_ephemeral))));
}

static inline struct span
script_version_ext(void)
{
	return script_ext(SCRIPT_EXT_VERSIONS, script_number(SCRIPT_TLS13, 2));
}

static inline struct script_hello
script_retry(const struct script *s)
{
	return (struct script_hello){ SCRIPT_TLS12, 0x1301, 0,
		script_retry_random, s->session,
		JOIN(script_version_ext(),
		     script_ext(SCRIPT_EXT_SHARE,
		                script_number(SCRIPT_P256, 2)),
		     script_ext(SCRIPT_EXT_COOKIE,
		                script_vector(2, BYTES("a cookie")))), false };
}

static inline struct script_hello
script_hello13(const struct script *s)
{
	return (struct script_hello){ SCRIPT_TLS12, 0x1301, 0,
		s->server_random, s->session,
		JOIN(script_version_ext(), script_share_ext(s), s->use_psk
			? script_ext(SCRIPT_EXT_PSK, script_number(0, 2))
			: NOTHING), false };
}

/* Its session's id is the client's only to resume. */
static inline struct script_hello
script_hello12(const struct script *s)
{
	return (struct script_hello){ SCRIPT_TLS12, 0xc02b, 0,
		s->server_random, s->use_psk ? s->session : NOTHING,
		JOIN(script_ext(SCRIPT_EXT_RENEG, BYTES("\0")),
		     s->no_ems ? NOTHING : script_ext(SCRIPT_EXT_EMS, NOTHING),
		     script_ext(SCRIPT_EXT_TICKET, NOTHING)), false };
}

static inline struct span
script_write_cert(const struct script *s, struct span der)
{
	if (s->version == SCRIPT_TLS12)
		return script_message(11,
			script_vector(3, script_vector(3, der)));
	return script_message(11, JOIN(script_vector(1, NOTHING),
		script_vector(3, JOIN(script_vector(3, der),
		                      script_vector(2, NOTHING)))));
}

static inline struct span
script_sig_algs(void)
{
	return script_vector(2, BYTES("\x04\x03\x08\x04\x05\x03\x04\x01"));
}

static inline struct span
script_write_cert_request(const struct script *s)
{
	if (s->version == SCRIPT_TLS12)
		return script_message(13, JOIN(
			script_vector(1, BYTES("\1\x40")),
			script_sig_algs(), script_vector(2, NOTHING)));
	return script_message(13, JOIN(script_vector(1, NOTHING),
		script_vector(2, script_ext(SCRIPT_EXT_SIGS,
		                            script_sig_algs()))));
}

/* What a CertificateVerify of TLS 1.3 signs (RFC 8446, 4.4.3). */
static inline struct span
script_signed_text(const struct script *s, const char *who)
{
	struct span text = { arena + arena_len, 0 };

	for (int i = 0; i < 64; i++)
		text.len += BYTES(" ").len;
	text.len += text_of("TLS 1.3, ").len;
	text.len += text_of(who).len;
	text.len += BYTES(" CertificateVerify\0").len;
	br_sha256_out(&s->transcript, arena + arena_len);
	arena_len += SCRIPT_HASH;
	text.len += SCRIPT_HASH;
	return text;
}

/* ServerKeyExchange (RFC 8422, 5.4): the signature is of both randoms too. */
static inline struct span
script_write_key_exchange(const struct script *s)
{
	struct span params = JOIN(BYTES("\3"),
		script_number((unsigned)s->group, 2),
		script_vector(1, script_public(s->group, script_ephemeral)));
	struct span text = JOIN(
		bytes_of(s->client_random, SCRIPT_HELLO_RANDOM),
		bytes_of(s->server_random, SCRIPT_HELLO_RANDOM), params);

	return script_message(12, JOIN(params, script_number(0x0403, 2),
	                               script_vector(2, script_sign(text))));
}

/* verify_data of a side: "server" or "client". */
static inline struct span
script_verify_data(const struct script *s, const char *who)
{
	bool server = strcmp(who, "server") == 0;
	unsigned char key[SCRIPT_HASH], mac[SCRIPT_HASH];
	struct span hash = script_hash(s);

	if (s->version == SCRIPT_TLS12) {
		br_tls_prf_seed_chunk seed = { hash.p, hash.len };

		br_tls12_sha256_prf(mac, 12, s->master, sizeof s->master,
			server ? "server finished" : "client finished",
			1, &seed);
		return bytes_of(mac, 12);
	}
	script_expand(key, sizeof key, server ? s->server_hs : s->client_hs,
	              "finished", NOTHING);
	script_hmac(mac, script_secret(key), hash);
	return bytes_of(mac, sizeof mac);
}

#define SCRIPT_LIFETIME 3600	/* seconds */

static inline struct span
script_write_ticket(const struct script *s)
{
	struct span life = script_number(SCRIPT_LIFETIME, 4);

	if (s->version == SCRIPT_TLS12)
		return script_message(4, JOIN(life,
			script_vector(2, BYTES("a ticket"))));
	return script_message(4, JOIN(life, script_number(12345, 4),
		script_vector(1, BYTES("n")),
		script_vector(2, BYTES("a ticket")),
		script_vector(2, NOTHING)));
}

/* The message as a good server sends it. */
static inline struct span
script_build(const struct script *s, enum script_msg m)
{
	struct script_hello h;

	switch (m) {
	case SCRIPT_RETRY:
		h = script_retry(s);
		return script_write_hello(&h);
	case SCRIPT_SERVER_HELLO:
		h = s->version == SCRIPT_TLS12 ? script_hello12(s)
		                               : script_hello13(s);
		return script_write_hello(&h);
	case SCRIPT_ENCRYPTED_EXTS:
		return script_message(8, script_vector(2, NOTHING));
	case SCRIPT_CERT_REQUEST:
		return script_write_cert_request(s);
	case SCRIPT_CERT:
		return script_write_cert(s, script_cert());
	case SCRIPT_STATUS:
		return script_message(22, JOIN(BYTES("\1"),
			script_vector(3, BYTES("\x30\3\x0a\1\1"))));
	case SCRIPT_CERT_VERIFY:
		return script_message(15, JOIN(script_number(0x0403, 2),
			script_vector(2, script_sign(
				script_signed_text(s, "server")))));
	case SCRIPT_KEY_EXCHANGE:
		return script_write_key_exchange(s);
	case SCRIPT_HELLO_DONE:
		return script_message(14, NOTHING);
	case SCRIPT_FINISHED:
		return script_message(20, script_verify_data(s, "server"));
	case SCRIPT_TICKET:
		return script_write_ticket(s);
	case SCRIPT_KEY_UPDATE:
		return script_message(24, BYTES("\0"));
	case SCRIPT_KEY_UPDATE_BOTH:
		return script_message(24, BYTES("\1"));
	case SCRIPT_CCS:
		return BYTES("\1");
	case SCRIPT_HELLO_REQUEST:
		return script_message(0, NOTHING);
	case SCRIPT_CLIENT_HELLO:	/* its own comes back */
		return s->hello;
	case SCRIPT_END_OF_EARLY:
		return script_message(5, NOTHING);
	case SCRIPT_CLIENT_KEY:
		return script_message(16, script_vector(1,
			script_public(s->group, script_ephemeral)));
	case SCRIPT_COMPRESSED_CERT:
		return script_message(25, JOIN(script_number(1, 2),
			script_number(3, 3), script_vector(3, BYTES("abc"))));
	case SCRIPT_MESSAGE_HASH:
		return script_message(254, script_hash(s));
	case SCRIPT_UNKNOWN:
		return script_message(99, BYTES("?"));
	case SCRIPT_MSGS:
		break;
	}
	abort();
}

/* --- Keys. --- */

static inline void
script_handshake_keys(struct script *s)
{
	unsigned char salt[SCRIPT_HASH] = { 0 };
	struct span hash = script_hash(s);

	script_extract(s->early, salt,
	               script_secret(s->use_psk ? s->psk : salt));
	script_derive(salt, s->early, "derived");
	script_extract(s->handshake, salt, script_shared(s));
	script_expand(s->client_hs, SCRIPT_HASH, s->handshake, "c hs traffic",
	              hash);
	script_expand(s->server_hs, SCRIPT_HASH, s->handshake, "s hs traffic",
	              hash);
	script_keys_from(&s->in_keys, s->client_hs);
	script_keys_from(&s->out_keys, s->server_hs);
}

/* The master secret of TLS 1.3. */
static inline void
script_master13(const struct script *s, unsigned char out[SCRIPT_HASH])
{
	static const unsigned char zeros[SCRIPT_HASH];
	unsigned char salt[SCRIPT_HASH];

	script_derive(salt, s->handshake, "derived");
	script_extract(out, salt, script_secret(zeros));
}

/* After the server's Finished: the client's own comes with the old key. */
static inline void
script_content_keys(struct script *s)
{
	unsigned char master[SCRIPT_HASH];
	struct span hash = script_hash(s);

	script_master13(s, master);
	script_expand(s->client_ap, SCRIPT_HASH, master, "c ap traffic", hash);
	script_expand(s->server_ap, SCRIPT_HASH, master, "s ap traffic", hash);
	script_keys_from(&s->out_keys, s->server_ap);
}

/* RFC 7627, 4; without: RFC 5246, 8.1. */
static inline void
script_master12(struct script *s, struct span shared)
{
	struct span hash = script_hash(s);
	br_tls_prf_seed_chunk ems = { hash.p, hash.len };
	br_tls_prf_seed_chunk randoms[2] = {
		{ s->client_random, SCRIPT_HELLO_RANDOM },
		{ s->server_random, SCRIPT_HELLO_RANDOM },
	};

	br_tls12_sha256_prf(s->master, sizeof s->master, shared.p, shared.len,
		s->no_ems ? "master secret" : "extended master secret",
		s->no_ems ? 2 : 1, s->no_ems ? randoms : &ems);
	s->has_master = true;
}

static inline void
script_keys12(struct script *s)
{
	br_tls_prf_seed_chunk randoms[2] = {
		{ s->server_random, SCRIPT_HELLO_RANDOM },
		{ s->client_random, SCRIPT_HELLO_RANDOM },
	};
	unsigned char block[40];

	if (s->has_keys12)
		return;
	s->has_keys12 = true;
	br_tls12_sha256_prf(block, sizeof block, s->master, sizeof s->master,
	                    "key expansion", 2, randoms);
	memcpy(s->in_keys.key, block, 16);
	memcpy(s->out_keys.key, block + 16, 16);
	memcpy(s->in_keys.iv, block + 32, 4);
	memcpy(s->out_keys.iv, block + 36, 4);
}

/* A ticket's key, for a later connection's use_psk. */
static inline void
script_keep(struct script *s)
{
	script_expand(s->psk, SCRIPT_HASH, s->resumption, "resumption",
	              BYTES("n"));
}

/* --- Sending. --- */

/* Records of type with these bytes, under the present key. */
static inline void
script_seal_out(struct script *s, int type, struct span bytes)
{
	do {
		struct span part = { bytes.p, bytes.len < s->record_max
			? bytes.len : s->record_max };

		buf_add(&s->wire,
		        script_seal(&s->out_keys, type, part, s->pad));
		bytes = span_after(bytes, part.len);
	} while (bytes.len > 0);
	assert_false(s->wire.cut);
}

/* A record in the clear, whatever keys there are. */
static inline void
script_plain_out(struct script *s, int type, struct span bytes)
{
	buf_add(&s->wire, script_plain_record(type, bytes));
	assert_false(s->wire.cut);
}

/* What was held goes out. */
static inline void
script_flush(struct script *s)
{
	if (s->pending.len > 0)
		script_seal_out(s, SCRIPT_HANDSHAKE, buf_span(&s->pending));
	s->pending.len = 0;
}

/* Bytes of handshake messages, not hashed. */
static inline void
script_say(struct script *s, struct span bytes)
{
	buf_add(&s->pending, bytes);
	assert_false(s->pending.cut);
	if (!s->hold)
		script_flush(s);
}

static inline void
script_hash_in(struct script *s, struct span msg)
{
	br_sha256_update(&s->transcript, msg.p, msg.len);
}

/* RFC 8446, 4.4.1. */
static inline void
script_restart_hash(struct script *s)
{
	struct span first = script_message(254, script_hash(s));

	br_sha256_init(&s->transcript);
	script_hash_in(s, first);
}

/* A change of cipher: with TLS 1.2 the keys are then new. */
static inline void
script_change(struct script *s)
{
	script_flush(s);
	script_plain_out(s, SCRIPT_CHANGE, BYTES("\1"));
	if (s->version == SCRIPT_TLS12) {
		script_keys12(s);
		s->out_keys.on = true;
		s->out_keys.seq = 0;
	}
}

/* What follows from a good message for the server's own state. */
static inline void
script_follow(struct script *s, enum script_msg m)
{
	bool is13 = s->version == SCRIPT_TLS13;

	if (m == SCRIPT_RETRY)
		s->group = SCRIPT_P256;
	if (!is13)
		return;
	if (m == SCRIPT_SERVER_HELLO || m == SCRIPT_FINISHED
	 || m == SCRIPT_KEY_UPDATE || m == SCRIPT_KEY_UPDATE_BOTH)
		script_flush(s);	/* a key does not change in a record */
	if (m == SCRIPT_SERVER_HELLO)
		script_handshake_keys(s);
	else if (m == SCRIPT_FINISHED)
		script_content_keys(s);
	else if (m == SCRIPT_KEY_UPDATE || m == SCRIPT_KEY_UPDATE_BOTH)
		script_keys_update(&s->out_keys);
}

/* Is it one of a handshake's, which are hashed? Tickets of TLS 1.2 are. */
static inline bool
script_is_hashed(const struct script *s, enum script_msg m)
{
	if (m == SCRIPT_TICKET)
		return s->version == SCRIPT_TLS12;
	return m != SCRIPT_KEY_UPDATE && m != SCRIPT_KEY_UPDATE_BOTH
	    && m != SCRIPT_HELLO_REQUEST;
}

/* Sends a message of the test's own in the place of m. */
static inline void
script_send_as(struct script *s, enum script_msg m, struct span msg)
{
	struct span hashed = msg;

	if (m == SCRIPT_RETRY)
		script_restart_hash(s);
	if (s->edit != NULL) {
		if (s->hash_unedited)
			hashed = bytes_of(msg.p, msg.len);
		s->edit(s, m, &msg);
		if (!s->hash_unedited)
			hashed = msg;
	}
	if (script_is_hashed(s, m))
		script_hash_in(s, hashed);
	script_say(s, msg);
	script_follow(s, m);
}

/* The next message of a good server. */
static inline void
script_send(struct script *s, enum script_msg m)
{
	if (m == SCRIPT_CCS)
		script_change(s);
	else
		script_send_as(s, m, script_build(s, m));
}

/* The message in a place that is not its own: no state follows from it. */
static inline void
script_inject(struct script *s, enum script_msg m)
{
	if (m == SCRIPT_CCS)
		script_plain_out(s, SCRIPT_CHANGE, BYTES("\1"));
	else
		script_say(s, script_build(s, m));
}

static inline void
script_alert(struct script *s, int level, int description)
{
	char body[2] = { (char)level, (char)description };

	script_seal_out(s, SCRIPT_ALERT, bytes_of(body, sizeof body));
}

/* --- Reading. The client's messages must be well-formed. --- */

static inline struct span
script_cut(struct span *in, size_t len)
{
	struct span out = { in->p, len };

	if (in->len < len)
		fail_msg("a client's message ends too early");
	*in = span_after(*in, len);
	return out;
}

static inline size_t
script_cut_number(struct span *in, size_t bytes)
{
	struct span s = script_cut(in, bytes);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n = n << 8 | (unsigned char)s.p[i];
	return n;
}

static inline struct span
script_cut_vector(struct span *in, size_t bytes)
{
	size_t len = script_cut_number(in, bytes);

	return script_cut(in, len);
}

/* The body of an extension of the client's hello; false: it has none. */
static inline bool
script_find_ext(const struct script *s, unsigned type, struct span *body)
{
	struct span in = s->exts;

	while (in.len > 0) {
		size_t got = script_cut_number(&in, 2);

		*body = script_cut_vector(&in, 2);
		if (got == type)
			return true;
	}
	return false;
}

static inline void
script_read_shares(struct script *s)
{
	struct span in, list;

	s->x25519 = s->p256 = NOTHING;
	if (!script_find_ext(s, SCRIPT_EXT_SHARE, &in))
		return;
	list = script_cut_vector(&in, 2);
	while (list.len > 0) {
		size_t group = script_cut_number(&list, 2);
		struct span share = script_cut_vector(&list, 2);

		if (group == SCRIPT_X25519) {
			assert_int_equal(32, share.len);
			s->x25519 = share;
		} else if (group == SCRIPT_P256) {
			assert_int_equal(65, share.len);
			s->p256 = share;
		}
	}
}

static inline void
script_read_hello(struct script *s, struct span msg)
{
	struct span in;

	s->before_hello = s->transcript;
	s->hello = bytes_of(msg.p, msg.len);
	s->hellos++;
	in = span_after(s->hello, 4);
	assert_int_equal(SCRIPT_TLS12, script_cut_number(&in, 2));
	memcpy(s->client_random, script_cut(&in, SCRIPT_HELLO_RANDOM).p,
	       SCRIPT_HELLO_RANDOM);
	s->session = script_cut_vector(&in, 1);
	(void)script_cut_vector(&in, 2);	/* suites */
	(void)script_cut_vector(&in, 1);	/* compressions */
	s->exts = script_cut_vector(&in, 2);
	assert_int_equal(0, in.len);
	script_read_shares(s);
}

/* Is the PSK that the client offers the one of script_keep()? Only of a hello
 * with one identity. */
static inline bool
script_binder_is_good(const struct script *s)
{
	unsigned char zeros[SCRIPT_HASH] = { 0 }, early[SCRIPT_HASH];
	unsigned char key[SCRIPT_HASH], mac[SCRIPT_HASH];
	struct span psk, binders, id, hash = script_secret(zeros);
	br_sha256_context c;

	if (!script_find_ext(s, SCRIPT_EXT_PSK, &psk))
		return false;
	id = script_cut_vector(&psk, 2);
	id = script_cut_vector(&id, 2);
	if (!span_is(id, "a ticket"))
		return false;
	c = s->before_hello;
	br_sha256_update(&c, s->hello.p, s->hello.len - psk.len);
	br_sha256_out(&c, (char *)hash.p);
	binders = script_cut_vector(&psk, 2);
	binders = script_cut_vector(&binders, 1);
	script_extract(early, zeros, script_secret(s->psk));
	script_derive(key, early, "res binder");
	script_expand(key, sizeof key, key, "finished", NOTHING);
	script_hmac(mac, script_secret(key), hash);
	return binders.len == sizeof mac
	    && memcmp(binders.p, mac, sizeof mac) == 0;
}

static inline void
script_read_client_key(struct script *s, struct span body)
{
	struct span share = script_cut_vector(&body, 1);

	assert_int_equal(s->group == SCRIPT_P256 ? 65 : 32, share.len);
	share = bytes_of(share.p, share.len);
	if (s->group == SCRIPT_P256)
		s->p256 = share;
	else
		s->x25519 = share;
}

static inline void
script_read_finished(struct script *s, struct span body)
{
	struct span want = script_verify_data(s, "client");

	s->is_finished = want.len == body.len
	              && memcmp(want.p, body.p, want.len) == 0;
}

/* After the client's Finished, which the transcript has by now. */
static inline void
script_end_handshake(struct script *s)
{
	unsigned char master[SCRIPT_HASH];

	script_master13(s, master);
	script_expand(s->resumption, SCRIPT_HASH, master, "res master",
	              script_hash(s));
	script_keys_from(&s->in_keys, s->client_ap);
}

static inline void
script_read_cert(struct script *s, struct span body)
{
	if (s->version == SCRIPT_TLS13)
		(void)script_cut_vector(&body, 1);
	body = script_cut_vector(&body, 3);
	s->certs += body.len > 0;
}

/* An ECDSA signature with SHA-256 of what the transcript now stands for. */
static inline void
script_read_verify(struct script *s, struct span body)
{
	br_ec_public_key key = { BR_EC_secp256r1,
		(unsigned char *)s->client_point.p, s->client_point.len };
	struct span text = script_signed_text(s, "client"), sig;
	unsigned char hash[SCRIPT_HASH];
	br_sha256_context c = s->transcript;

	s->cert_verify = bytes_of(body.p, body.len);
	if (s->version == SCRIPT_TLS13) {
		br_sha256_init(&c);
		br_sha256_update(&c, text.p, text.len);
	}
	br_sha256_out(&c, hash);
	sig = s->cert_verify;
	if (script_cut_number(&sig, 2) != 0x0403)
		return;
	sig = script_cut_vector(&sig, 2);
	s->is_signed = br_ecdsa_i31_vrfy_asn1(br_ec_get_default(), hash,
		sizeof hash, &key, sig.p, sig.len) == 1;
}

static inline void
script_read_message(struct script *s, struct span msg)
{
	int type = (unsigned char)msg.p[0];
	struct span body = span_after(msg, 4);

	if (type == 24) {
		s->updates++;
		s->asked_update = script_cut_number(&body, 1) == 1;
		script_keys_update(&s->in_keys);
		return;
	}
	if (type == 1)
		script_read_hello(s, msg);
	else if (type == 11)
		script_read_cert(s, body);
	else if (type == 15)
		script_read_verify(s, body);
	else if (type == 16)
		script_read_client_key(s, body);
	else if (type == 20)
		script_read_finished(s, body);
	else
		fail_msg("a client sends a message of type %d", type);
	script_hash_in(s, msg);
	if (type == 16)
		script_master12(s, script_shared(s));
	if (type == 20 && s->version == SCRIPT_TLS13)
		script_end_handshake(s);
}

static inline void
script_read_messages(struct script *s, struct span bytes)
{
	struct span in;

	buf_add(&s->messages, bytes);
	assert_false(s->messages.cut);
	in = buf_span(&s->messages);
	while (in.len >= 4) {
		struct span body = span_after(in, 1);
		size_t len = script_cut_number(&body, 3) + 4;

		if (in.len < len)
			break;
		script_read_message(s, script_cut(&in, len));
	}
	memmove(s->messages.p, in.p, in.len);
	s->messages.len = in.len;
}

static inline void
script_read_alert(struct script *s, struct span body)
{
	assert_int_equal(2, body.len);
	s->alert_level = (unsigned char)body.p[0];
	s->alert = (unsigned char)body.p[1];
}

static inline void
script_read_change(struct script *s, struct span body)
{
	assert_int_equal(1, body.len);
	assert_int_equal(1, body.p[0]);
	s->changes++;
	if (s->version == SCRIPT_TLS12) {
		script_keys12(s);
		s->in_keys.on = true;
		s->in_keys.seq = 0;
	}
}

/* A record in the clear is one of TLS 1.3's first, or an alert of a client
 * that has no keys yet. */
static inline void
script_read_record(struct script *s, struct span record)
{
	int type = (unsigned char)record.p[0];
	struct span body = span_after(record, SCRIPT_HEAD);
	bool sealed = s->in_keys.on && (s->version == SCRIPT_TLS13
		? type == SCRIPT_DATA : type != SCRIPT_CHANGE);

	if (sealed && !script_open(&s->in_keys, record, &type, &body)) {
		s->garbled = true;
		return;
	}
	if (type == SCRIPT_CHANGE)
		script_read_change(s, body);
	else if (type == SCRIPT_ALERT)
		script_read_alert(s, body);
	else if (type == SCRIPT_HANDSHAKE)
		script_read_messages(s, body);
	else if (type == SCRIPT_DATA && sealed)
		buf_add(&s->data, body);
	else
		fail_msg("a client sends a record of type %d", type);
}

/* Bytes that the client sent, in pieces of any size. */
static inline void
script_take(struct script *s, struct span wire)
{
	struct span in;

	buf_add(&s->in, wire);
	assert_false(s->in.cut);
	in = buf_span(&s->in);
	while (in.len >= SCRIPT_HEAD) {
		struct span rest = span_after(in, 3);
		size_t len = script_cut_number(&rest, 2) + SCRIPT_HEAD;

		if (in.len < len)
			break;
		script_read_record(s, script_cut(&in, len));
	}
	memmove(s->in.p, in.p, in.len);
	s->in.len = in.len;
}

#endif
