/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_engine_state.h - the inside of an engine, for its own files: records
 * (tls_engine.c), the hellos (tls_start.c), the messages of 1.3 and 1.2
 * (tls_shake13.c, tls_shake12.c), and what both need (tls_shake.c)
 *
 * What they return stops the engine unless it is FAULT_NONE; tls_engine_step()
 * does that.
 */
#ifndef HALE_TLS_TLS_ENGINE_STATE_H
#define HALE_TLS_TLS_ENGINE_STATE_H

#include "tls/tls_aead.h"
#include "tls/tls_engine.h"
#include "tls/tls_hello.h"
#include "tls/tls_scheme.h"
#include "tls/tls_secrets.h"

/* Bytes of the buffers. Pages that no record reaches cost nothing; with four
 * records in one turn a large body takes a quarter of the system calls. */
#define TLS_ENGINE_RECORD (TLS_AEAD_HEAD + TLS_AEAD_CONTENT + TLS_AEAD_SLACK)
#define TLS_ENGINE_IN     (4 * TLS_ENGINE_RECORD)
#define TLS_ENGINE_OUT    (4 * TLS_ENGINE_RECORD)
/* A key is changed before it protected this many records; AES-GCM may do 2^24.5
 * (RFC 8446, 5.5). */
#define TLS_ENGINE_REKEY  (UINT64_C(1) << 24)

/* What comes next; each handshake message has one place in this order. */
enum tls_state {
	TLS_AT_HELLO,		/* ServerHello or HelloRetryRequest */
	TLS_AT_SECOND_HELLO,	/* ServerHello */
	/* TLS 1.3 */
	TLS_AT_EXTENSIONS,	/* EncryptedExtensions */
	TLS_AT_REQUEST,		/* CertificateRequest or Certificate */
	TLS_AT_CERTIFICATE,
	TLS_AT_VERIFY,		/* CertificateVerify */
	TLS_AT_FINISHED,
	/* TLS 1.2 */
	TLS_AT_CERTIFICATE12,
	TLS_AT_KEY12,		/* ServerKeyExchange */
	TLS_AT_REQUEST12,	/* CertificateRequest or ServerHelloDone */
	TLS_AT_DONE12,		/* ServerHelloDone */
	TLS_AT_TICKET12,	/* NewSessionTicket */
	TLS_AT_CCS12,		/* ChangeCipherSpec, which is a record */
	TLS_AT_FINISHED12,
	/* both */
	TLS_AT_CONTENT,		/* the handshake is over */
};

/* The server's key, in bytes of our own: those of the message do not stay. */
struct tls_peer_key {
	struct x509_key key;
	char bytes[X509_RSA_MAX / 8 + X509_RSA_E_MAX / 8];
};

/* What only a handshake needs; wiped as one at its end. Here and below, what is
 * used most comes first: code reaches the first 128 bytes by shorter
 * instructions. */
struct tls_shake {
	bool      cpu_has_aes;
	bool      v13_only;
	bool      http2;	/* is offered, instead of HTTP/1.1 */
	bool      asked;	/* a client's certificate was asked for */
	bool      ticket;	/* TLS 1.2: a NewSessionTicket comes */
	bool      extended;	/* TLS 1.2: with the extended master secret */
	unsigned  scheme;	/* of our signature; 0: we do not sign */
	uint32_t  age_ms;	/* of the ticket */
	uint64_t  offered;	/* extensions of our hello */
	tls_random *random;
	tls_judge *judge;
	void      *arg;		/* of both */
	struct span name, hellos[2];
	size_t    session_id_len;
	unsigned char session_id[TLS_SESSION_ID];	/* as we sent it */
	unsigned char client_random[TLS_RANDOM];
	unsigned char server_random[TLS_RANDOM];	/* TLS 1.2 */
	struct tls_group_key share;
	struct tls_secrets secrets;
	unsigned char client_secret[TLS_HASH_MAX];	/* handshake traffic */
	unsigned char server_secret[TLS_HASH_MAX];
	struct tls_transcript transcript;
	struct tls_peer_key peer;
	size_t    shared_len;	/* TLS 1.2: of what the exchange gave */
	unsigned char shared[TLS_GROUP_SECRET_MAX];
	struct tls_client_cert id;	/* bytes are the caller's */
};

struct tls_engine {
	enum tls_state state;
	bool failed, closed;	/* closed: our close_notify is out */
	bool ended;		/* the peer's close_notify came */
	bool resumed;
	bool has_protocol;	/* the server chose what ALPN offers */
	bool refused;		/* TLS 1.2: a renegotiation */
	bool ccs_sent;		/* our ChangeCipherSpec: one is enough */
	bool updating;		/* TLS 1.3: a KeyUpdate ends what is in out */
	enum tls_lack lacks;
	unsigned epoch;		/* TLS 1.3: counts the reading keys */
	const struct tls_suite *suite;	/* NULL until a server chose it */
	struct tls_ticket *ticket;	/* the caller's, or NULL */
	int64_t since_ms;	/* when the engine began */

	unsigned char *content;	/* in `in`: what was not taken yet */
	size_t content_len;
	size_t in_at, in_len;	/* records begin at in + in_at; bytes there */
	size_t out_at, out_len;
	size_t begun;		/* bytes of handshake messages in the record
				 * that begins at out + out_len, not sealed */
	struct tls_shake shake;
	unsigned char *message;	/* owned: a message in several records... */
	size_t message_len, message_cap;	/* ...as much as came */
	struct tls_failure failure;

	/* TLS 1.3: application traffic, and what tickets come from; TLS 1.2:
	 * the master secret is in resumption. */
	unsigned char resumption[TLS_HASH_MAX];
	unsigned char client_traffic[TLS_HASH_MAX];
	unsigned char server_traffic[TLS_HASH_MAX];
	struct tls_aead reading, writing;
	unsigned char in[TLS_ENGINE_IN], out[TLS_ENGINE_OUT];
};

static inline bool
tls_engine_is_v13(const struct tls_engine *e)
{
	return e->suite != NULL && e->suite->version == TLS_V13;
}

/* tls_shake.c */

/* Queues a record with the writing key. FAULT_OURS if there is no room for it:
 * a bound of our own, which no peer can reach. */
enum tls_fault tls_shake_put(struct tls_engine *e, enum tls_record_type type,
                             struct span content);

/* Queues a handshake message, which is added to the transcript; messages share
 * records until tls_shake_flush(), which a flight ends with. */
enum tls_fault tls_shake_send(struct tls_engine *e, struct span message);
void tls_shake_flush(struct tls_engine *e);

/* Queues our ChangeCipherSpec, if it has not been sent. In TLS 1.3 it is for
 * middleboxes only, and there if our session id is (RFC 8446, D.4). */
enum tls_fault tls_shake_send_ccs(struct tls_engine *e);

/* Is it the session id that we sent? */
bool tls_shake_is_our_session(const struct tls_engine *e, struct span id);

/* Has the certificates judged; keeps the key. */
enum tls_fault tls_shake_judge(struct tls_engine *e, const struct span *certs,
                               size_t n);

/* Checks a signature by the server's key; in holds scheme and signature, and
 * nothing else. */
enum tls_fault tls_shake_verify(struct tls_engine *e, struct span in,
                                struct span signed_);

/* A client's certificate is asked for: chooses how to sign from the schemes
 * that the server takes. If our key cannot, we have none (RFC 8446, 4.4.2). */
void tls_shake_choose(struct tls_engine *e, struct span schemes);

/* Opens a message of that type; wire_close() with 3 bytes closes it. */
size_t tls_shake_open(struct buf *b, enum tls_message type);

/* Sends our chain, or an empty one: the server may go on without. */
enum tls_fault tls_shake_send_certificate(struct tls_engine *e);

/* Sends a CertificateVerify: our signature of a hash, the scheme's. */
enum tls_fault tls_shake_send_verify(struct tls_engine *e,
                                     const unsigned char *digest);

/* The handshake is over: wipes what it needed. */
void tls_shake_end(struct tls_engine *e);

/* tls_start.c */
enum tls_fault tls_start(struct tls_engine *e);
enum tls_fault tls_start_take_hello(struct tls_engine *e, struct span message);

/* tls_shake13.c */
enum tls_fault tls_shake13_take_hello(struct tls_engine *e,
                                      const struct tls_server_hello *hello,
                                      struct span message);
enum tls_fault tls_shake13_take(struct tls_engine *e, enum tls_message type,
                                struct span message);
enum tls_fault tls_shake13_update(struct tls_engine *e);

/* tls_shake12.c */
enum tls_fault tls_shake12_take_hello(struct tls_engine *e,
                                      const struct tls_server_hello *hello,
                                      struct span message);
enum tls_fault tls_shake12_take(struct tls_engine *e, enum tls_message type,
                                struct span message);
enum tls_fault tls_shake12_take_ccs(struct tls_engine *e);

#endif
