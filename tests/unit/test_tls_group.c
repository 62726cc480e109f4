/* SPDX-License-Identifier: MIT */
/* test_tls_group.c - key exchange: published keys, and peers that cheat */
#include "hex.h"

#include <errno.h>

#include "base/err.h"
#include "tls/tls_group.h"

#define ANY(p) ((void *)(p))

#define P256_G \
	"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2" \
	"964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51" \
	"f5"
#define P256_ORDER \
	"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc6325"
#define P384_G \
	"04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a" \
	"385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc" \
	"29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e" \
	"5f"
#define P384_ORDER \
	"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf" \
	"581a0db248b0a77aecec196accc529"
#define P521_G \
	"0400c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b" \
	"4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2" \
	"e5bd66011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd" \
	"17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94" \
	"769fd16650"
#define P521_ORDER \
	"01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" \
	"fffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e9138" \
	"64"

/* Groups, what a key is made of, its public key, a peer's and what they
 * share. */
static const struct known {
	const char     *name;
	enum tls_group  group;
	const char     *secret, *public, *peer, *shared;
} known[] = {
	{ "RFC 7748, 6.1: Alice", TLS_X25519,
	  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	{ "RFC 7748, 6.1: Bob", TLS_X25519,
	  "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	{ "RFC 7748, 5.2: a u with its highest bit set", TLS_X25519,
	  "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
	  NULL,
	  "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
	  "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957" },
	{ "NIST CAVP: P-256", TLS_P256,
	  "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
	  "04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b2"
	  "3028af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce14051"
	  "41",
	  "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d2"
	  "87db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4"
	  "ac",
	  "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b" },
	{ "P-256: the secret begins with a zero", TLS_P256,
	  "00000000000000000000000000000000000000000000000000000000000010bd",
	  "041fb4997e1f95dff100fa0aa58efcd38b74fae0417d2ff3cf211f9e828b909a"
	  "3bbb762f2829880a22ca52e794c2d7a1b3fc8dba22bb60d1833921b2b72b689e"
	  "70",
	  "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d2"
	  "87db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4"
	  "ac",
	  "00a6bfde786540406afa76dda0f412a6de2b569e116d0a25984b87fa9abccd7c" },
	{ "NIST CAVP: P-384", TLS_P384,
	  "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774"
	  "ad463b205da88cf699ab4d43c9cf98a1",
	  "049803807f2f6d2fd966cdd0290bd410c0190352fbec7ff6247de1302df86f25"
	  "d34fe4a97bef60cff548355c015dbb3e5fba26ca69ec2f5b5d9dad20cc9da711"
	  "383a9dbe34ea3fa5a2af75b46502629ad54dd8b7d73a8abb06a3a3be47d650cc"
	  "99",
	  "04a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe75132"
	  "72734466b400091adbf2d68c58e0c50066ac68f19f2e1cb879aed43a9969b91a"
	  "0839c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc843"
	  "7a",
	  "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457"
	  "e5621e766c40a2e3d4d6a04b25e533f1" },
	{ "NIST CAVP: P-521", TLS_P521,
	  "017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4"
	  "eac6564f6ee9974c5e6887a1fefee5743ae2241bfeb95d5ce31ddcb6f9edb4d6"
	  "fc47",
	  "0400602f9d0cf9e526b29e22381c203c48a886c2b0673033366314f1ffbcba24"
	  "0ba42f4ef38a76174635f91e6b4ed34275eb01c8467d05ca80315bf1a7bbd945"
	  "f550a501b7c85f26f5d4b2d7355cf6b02117659943762b6d1db5ab4f1dbc44ce"
	  "7b2946eb6c7de342962893fd387d1b73d7a8672d1f236961170b7eb3579953ee"
	  "5cdc88cd2d",
	  "0400685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a94903408"
	  "54334b1e1b87fa395464c60626124a4e70d0f785601d37c09870ebf176666877"
	  "a2046d01ba52c56fc8776d9e8f5db4f0cc27636d0b741bbe05400697942e80b7"
	  "39884a83bde99e0f6716939e632bc8986fa18dccd443a348b6c3e522497955a4"
	  "f3c302f676",
	  "005fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e13"
	  "6672d72cc770742d1711c3c3a4c334a0ad9759436a4d3c5bf6e74b9578fac148"
	  "c831" },
};

/* Plays bytes in hexadecimal, one text a call; the last one again and again. */
struct play {
	const char *const *texts;
	int calls;
	int result;	/* of each call */
};

static int
play(void *arg, unsigned char *p, size_t len)
{
	struct play *at = arg;
	struct span bytes = guarded_hex(*at->texts);

	assert_int_equal(bytes.len, len);
	memcpy(p, bytes.p, len);
	at->calls++;
	if (at->texts[1] != NULL)
		at->texts++;
	return at->result;
}

static void
make(struct tls_group_key *k, enum tls_group group, const char *secret)
{
	const char *texts[] = { secret, NULL };
	struct play at = { .texts = texts };

	assert_int_equal(0, tls_group_make(k, group, play, &at));
	assert_int_equal(1, at.calls);
	assert_int_equal(group, k->group);
	assert_hex(secret, k->secret, k->len);
}

static void
a_key_shares_what_others_share(void **state)
{
	const struct known *row = *state;
	unsigned char *out;
	struct tls_group_key k;

	make(&k, row->group, row->secret);
	if (row->public != NULL) {
		out = ANY(guarded_room(strlen(row->public) / 2));
		assert_hex(row->public, out, tls_group_public(&k, out));
	}
	out = ANY(guarded_room(k.len));
	assert_hex(row->shared, out,
	           tls_group_share(&k, guarded_hex(row->peer), out));
}

static size_t
share_bytes(const struct tls_group_key *k, const void *peer, size_t len)
{
	unsigned char out[TLS_GROUP_SECRET_MAX];

	return tls_group_share(k, (struct span){ guarded(peer, len), len },
	                       out);
}

static void
a_peers_key_of_another_length_is_refused(void **state)
{
	const struct known *row = *state;
	struct span peer = guarded_hex(row->peer);
	unsigned char bytes[2 * TLS_GROUP_PUBLIC_MAX] = { 0 };
	struct tls_group_key k;

	memcpy(bytes, peer.p, peer.len);
	make(&k, row->group, row->secret);
	for (size_t len = 0; len < sizeof bytes; len++)
		assert_int_equal(len == peer.len ? k.len : 0,
		                 share_bytes(&k, bytes, len));
}

/* Compressed, hybrid, infinity, and what is no form at all. */
static void
a_point_of_another_form_is_refused(void **state)
{
	const struct known *row = *state;
	struct span peer = guarded_hex(row->peer);
	unsigned char bytes[TLS_GROUP_PUBLIC_MAX];
	struct tls_group_key k;

	if (row->group == TLS_X25519)
		return;
	memcpy(bytes, peer.p, peer.len);
	make(&k, row->group, row->secret);
	for (unsigned form = 0; form < 256; form += form < 8 ? 1 : 31) {
		bytes[0] = (unsigned char)form;
		assert_int_equal(form == 4 ? k.len : 0,
		                 share_bytes(&k, bytes, peer.len));
	}
	bytes[0] = 2;
	assert_int_equal(0, share_bytes(&k, bytes, 1 + k.len));
	bytes[0] = 3;
	assert_int_equal(0, share_bytes(&k, bytes, 1 + k.len));
}

static void
a_point_that_is_not_on_the_curve_is_refused(void **state)
{
	const struct known *row = *state;
	struct span peer = guarded_hex(row->peer);
	unsigned char bytes[TLS_GROUP_PUBLIC_MAX];
	struct tls_group_key k;

	if (row->group == TLS_X25519)
		return;
	memcpy(bytes, peer.p, peer.len);
	make(&k, row->group, row->secret);
	for (size_t bit = 8; bit < 8 * peer.len; bit += 61) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(0, share_bytes(&k, bytes, peer.len));
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_int_equal(k.len, share_bytes(&k, bytes, peer.len));
	memset(bytes + 1, 0, peer.len - 1);
	assert_int_equal(0, share_bytes(&k, bytes, peer.len));
	memset(bytes + 1, 0xFF, peer.len - 1);
	assert_int_equal(0, share_bytes(&k, bytes, peer.len));
}

/* Points with x = 0, and the same points with x = p: not reduced. */
static const struct edge {
	const char     *name;
	enum tls_group  group;
	const char     *secret;
	const char     *p, *y;
} edges[] = {
	{ "P-256", TLS_P256,
	  "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
	  "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
	  "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4" },
	{ "P-384", TLS_P384,
	  "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774"
	  "ad463b205da88cf699ab4d43c9cf98a1",
	  "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
	  "ffffffff0000000000000000ffffffff",
	  "c306610fb0ae5a159cf45c06069f22a6c5eb3641c602d42dea2c4b4f75550793"
	  "406d80d2b91ad54f9048bd487af1ade1" },
	{ "P-521", TLS_P521,
	  "017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4"
	  "eac6564f6ee9974c5e6887a1fefee5743ae2241bfeb95d5ce31ddcb6f9edb4d6"
	  "fc47",
	  "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	  "ffff",
	  "012df13601594a883ef2d935e44bb90bf4d6619b74e52af7552f97769011c071"
	  "9eb439cfab2a88d40fe59a2bed1f43557169a2d0a2ccd280c607b92bbf51ffe0"
	  "b078" },
};

static void
a_coordinate_that_is_not_reduced_is_refused(void **state)
{
	const struct edge *row = *state;
	unsigned char bytes[TLS_GROUP_PUBLIC_MAX] = { 4 };
	struct tls_group_key k;
	size_t len;

	make(&k, row->group, row->secret);
	len = 1 + 2 * k.len;
	memcpy(bytes + 1 + k.len, guarded_hex(row->y).p, k.len);
	assert_int_equal(k.len, share_bytes(&k, bytes, len));
	memcpy(bytes + 1, guarded_hex(row->p).p, k.len);
	assert_int_equal(0, share_bytes(&k, bytes, len));
}

/* Every u of an order that divides 8, and the same not reduced. */
static const struct small {
	const char *name;
	const char *u;
} smalls[] = {
	{ "0",
	  "0000000000000000000000000000000000000000000000000000000000000000" },
	{ "1",
	  "0100000000000000000000000000000000000000000000000000000000000000" },
	{ "of order 8",
	  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800" },
	{ "of order 8, too",
	  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157" },
	{ "p - 1",
	  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" },
	{ "p",
	  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" },
	{ "p + 1",
	  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" },
};

static void
a_point_of_small_order_is_refused(void **state)
{
	const struct small *row = *state;
	unsigned char bytes[32];
	struct tls_group_key k;

	make(&k, TLS_X25519, known[0].secret);
	memcpy(bytes, guarded_hex(row->u).p, sizeof bytes);
	assert_int_equal(0, share_bytes(&k, bytes, sizeof bytes));
	bytes[31] ^= 0x80;	/* a bit that RFC 7748 passes over */
	assert_int_equal(0, share_bytes(&k, bytes, sizeof bytes));
}

/* The first part of an order, its last byte, zeros, and the order's generator,
 * which is the public key of 1 and, but for its y, of the order - 1. */
static const struct range {
	const char     *name;
	enum tls_group  group;
	const char     *order, *zeros, *generator;
	unsigned        last;
} ranges[] = {
	{ "P-256", TLS_P256, P256_ORDER,
	  "00000000000000000000000000000000000000000000000000000000000000",
	  P256_G, 0x51 },
	{ "P-384", TLS_P384, P384_ORDER,
	  "0000000000000000000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000", P384_G, 0x73 },
	{ "P-521", TLS_P521, P521_ORDER,
	  "0000000000000000000000000000000000000000000000000000000000000000"
	  "0000000000000000000000000000000000000000000000000000000000000000"
	  "00", P521_G, 0x09 },
};

static const char *
with_last(const char *text, unsigned last)
{
	static const char digits[] = "0123456789abcdef";
	char all[2 * TLS_GROUP_SECRET_MAX + 1] = "";
	size_t len = strlen(text);

	memcpy(all, text, len);
	all[len] = digits[last >> 4];
	all[len + 1] = digits[last & 15];
	return guarded_text(all);
}

static void
a_number_out_of_range_is_not_a_key(void **state)
{
	const struct range *row = *state;
	const char *bad[] = {
		with_last(row->order, row->last), with_last(row->zeros, 0),
		with_last(row->order, row->last + 1),
		with_last(row->zeros, 1), NULL,
	};
	struct play at = { .texts = bad };
	unsigned char out[TLS_GROUP_PUBLIC_MAX];
	struct tls_group_key k;

	assert_int_equal(0, tls_group_make(&k, row->group, play, &at));
	assert_int_equal(4, at.calls);
	assert_hex(row->generator, out, tls_group_public(&k, out));

	make(&k, row->group, with_last(row->order, row->last - 1));
	assert_int_equal(1 + 2 * k.len, tls_group_public(&k, out));
	assert_memory_equal(guarded_hex(row->generator).p, out, 1 + k.len);

	bad[3] = NULL;
	at = (struct play){ .texts = bad };
	assert_int_equal(ERR_RANGE, tls_group_make(&k, row->group, play, &at));
	assert_in_range(at.calls, 4, 100);
}

static void
a_number_of_p521_has_521_bits(void **state)
{
	static const char *const texts[] = {
		"ff7eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce80273"
		"5151f4eac6564f6ee9974c5e6887a1fefee5743ae2241bfeb95d5ce31d"
		"dcb6f9edb4d6fc47", NULL,
	};
	struct play at = { .texts = texts };
	struct tls_group_key k;

	(void)state;
	assert_int_equal(0, tls_group_make(&k, TLS_P521, play, &at));
	assert_int_equal(1, at.calls);
	assert_int_equal(1, k.secret[0]);
	assert_int_equal(0x7E, k.secret[1]);
}

static void
randoms_error_is_passed_on(void **state)
{
	const struct known *row = *state;
	const char *texts[] = { row->secret, NULL };
	struct play at = { .texts = texts, .result = -EIO };
	struct tls_group_key k;

	assert_int_equal(-EIO, tls_group_make(&k, row->group, play, &at));
	assert_int_equal(1, at.calls);
}

static void
the_offer_is_what_is_known(void **state)
{
	static const unsigned char offer[] = TLS_GROUP_OFFER;
	unsigned count = 0;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof offer; i += 2)
		assert_true(tls_group_is_known(
		    (unsigned)offer[i] << 8 | offer[i + 1]));
	for (unsigned group = 0; group <= 0x1FFFF; group++)
		count += tls_group_is_known(group);
	assert_int_equal((sizeof offer - 1) / 2, count);
}

int
main(void)
{
	UNIT_ROWS(a_key_shares_what_others_share, known);
	UNIT_ROWS(a_peers_key_of_another_length_is_refused, known);
	UNIT_ROWS(a_point_of_another_form_is_refused, known);
	UNIT_ROWS(a_point_that_is_not_on_the_curve_is_refused, known);
	UNIT_ROWS(a_coordinate_that_is_not_reduced_is_refused, edges);
	UNIT_ROWS(a_point_of_small_order_is_refused, smalls);
	UNIT_ROWS(a_number_out_of_range_is_not_a_key, ranges);
	UNIT_TEST(a_number_of_p521_has_521_bits);
	UNIT_ROWS(randoms_error_is_passed_on, known);
	UNIT_TEST(the_offer_is_what_is_known);
	return unit_run("tls/tls_group");
}
