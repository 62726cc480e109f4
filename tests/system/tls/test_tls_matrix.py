# SPDX-License-Identifier: MIT
"""TLS servers, good and bad: hale's verdict beside that of the real curl, over
TLS 1.3 and over TLS 1.2.

hale runs in a root that holds nothing but itself, /etc/resolv.conf and the
PEM files of the row. Where its verdict differs from curl's, the row says so
with a name of DIFFERENCES, and the README lists each of these.
"""
import collections
import functools
import os
import pathlib
import shutil
import ssl
import subprocess
import types

import pytest

import curls
import harness
import tls_servers as servers
from pki import (Cert, Pss, basic, ca, constraints, ext, fresh, integer, key, leaf,
                 name, oid, openssl, pem, pss_public, purpose, put, root, rsa_public,
                 san, seq, tlv, usage, BMP, IA5, PRINTABLE, RSA_PSS)

pytestmark = [
    pytest.mark.static_only,
    pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root"),
    pytest.mark.skipif(not shutil.which("curl"), reason="no curl to compare with"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl"),
]

README = pathlib.Path(harness.TOP) / "README.md"
V = ssl.TLSVersion
BOTH = (V.TLSv1_3, V.TLSv1_2)
SHORT = {V.TLSv1_3: "1.3", V.TLSv1_2: "1.2"}
HOST = "db.test"
Since = collections.namedtuple("Since", "since now before")
# The exit code of a client key that is of no use: since this curl, and before.
BAD_KEY = Since("8.23.0", 43, 58)

# What curl accepts and hale refuses, as the README words it.
DIFFERENCES = {
    "anew": "servers that renegotiate",	# test_tls_hello.py
    "cbc": "servers that have only CBC ciphers",
    "exchange": "servers that have only RSA or finite-field (DHE) key exchange",
    "ed25519": "Ed25519 and Ed448 keys and signatures",
    "pss": "RSA-PSS signatures whose mask is made with SHA-1",
    "pss-client": "client keys that are for RSA-PSS only",
    "large": "RSA keys above 4096 bits",
    "curve": "curves other than X25519, P-256, P-384 and P-521",
    "address-cn": "an IP address that stands in the CN only",
    "sha224": "signatures with SHA-224",
    "policy": "critical policy constraints and mappings",
    "email": "name constraints on e-mail addresses or URIs where a certificate has such names",
    "wide-cn": "a host that stands in the CN only and in a BMPString",
    "label": "a CN of one label as host, below name constraints that do not permit it",
    "malformed": "certificates that break RFC 5280 where OpenSSL reads on, such as "
                 "a path length where there is no CA",
    "long": "chains of more than 16 certificates or with more than 8 CAs below the root, "
            "and certificates above 64 KB",
    "rejected": "a certificate that the CA file rejects behind a copy without trust settings, "
                "and a server's own that it rejects",
    "smuggled": "a host in an excluded name constraint that only a wildcard covers",
}


NOTHING_IN_COMMON = "alert 40 (handshake failure): nothing in common"


@functools.lru_cache(maxsize=None)
def the_root(kind="p256"):
    return root(f"O=Hale, CN=Test Root {kind}", kind=kind)


@functools.lru_cache(maxsize=None)
def the_ca(kind="p256"):
    return ca(f"O=Hale, CN=Test CA {kind}", the_root(kind), kind=kind)


def netscape_type(flags, critical=False):
    return ext("2.16.840.1.113730.1.1", tlv(3, b"\0" + bytes((flags,))), critical)


ROWS = []


class Row:
    """What one handshake is made of, and what must come of it.

    words: what hale's reason must hold; None where it must succeed.
    curl: its exit code, where that is more than a verdict; (of 1.2, of 1.3)
    where they differ."""

    def __init__(self, words=None, *, host=HOST, trust=None, chain=None,
                 key_file=None, talk=None, client=None, differs=None,
                 address="127.0.0.1", curl=None, **tls):
        self.words, self.host, self.trust = words, host, trust
        self.chain, self.talk, self.client = chain, talk, client
        self.differs, self.address, self.tls = differs, address, tls
        self.curl = curl
        self.key_file = key_file

    def server(self, version=V.TLSv1_3):
        if self.talk:
            return servers.Server(self.talk, self.address)
        tls = {"low": version, "high": version, **self.tls}
        if options := tls.get("s_server"):
            return servers.Openssl(put(self.chain[0]), put(*self.chain),
                                   self.chain[0].key.file, *options, version=version)
        c = servers.context(put(*self.chain),
                            self.key_file or self.chain[0].key.file, **tls)
        return servers.Server(servers.https(c), self.address)


def row(f):
    """A row whose handshake is made over both versions."""
    for version in BOTH:
        ROWS.append(pytest.param(f, version, id=f"{f.__name__}-{SHORT[version]}"))
    return f


def row_12(f):
    """A row about TLS 1.2 only."""
    ROWS.append(pytest.param(f, V.TLSv1_2, id=f.__name__ + "-1.2"))
    return f


def row_13(f):
    """A row about TLS 1.3 only."""
    ROWS.append(pytest.param(f, V.TLSv1_3, id=f.__name__ + "-1.3"))
    return f


def row_once(f):
    """A row that has no version: it ends before one is chosen, or says which."""
    ROWS.append(pytest.param(f, None, id=f.__name__))
    return f


def called(name, add=row):
    """A row that a loop makes, by this name."""
    def named(f):
        f.__name__ = name
        return add(f)
    return named


def simple(words=None, *, kind="p256", names=("DNS:" + HOST,), host=HOST,
           issuer=None, trust=None, more=(), between=(), differs=None,
           address="127.0.0.1", tls=None, **how):
    """A leaf by issuer (the test root), which is trusted."""
    issuer = issuer or the_root()
    cert = leaf(issuer, *names, kind=kind, more=more, **how)
    return Row(words, host=host, chain=[cert, *between], differs=differs,
               trust=trust or [the_root()], address=address, **(tls or {}))


# Keys and chains that are good

for _kind in ("p256", "p384", "p521", "rsa2048", "rsa3072", "rsa4096"):
    @called(f"a_leaf_with_a_{_kind}_key")
    def _good(kind=_kind):
        return simple(kind=kind)

for _kind in ("p384", "p521", "rsa2048", "rsa4096"):
    @called(f"a_root_with_a_{_kind}_key")
    def _rooted(kind=_kind):
        return simple(issuer=the_root(kind), trust=[the_root(kind)])

for _how in ("sha384", "sha512"):
    @called(f"a_leaf_signed_with_{_how}_and_rsa")
    def _hashed(how=_how):
        return simple(issuer=the_root("rsa2048"), trust=[the_root("rsa2048")], how=how)

    @called(f"a_leaf_signed_with_{_how}_and_ecdsa")
    def _hashed_ec(how=_how):
        return simple(how=how)


@row
def one_intermediate():
    return simple(issuer=the_ca(), between=[the_ca()])


@row
def four_intermediates_and_the_root_sent_too():
    cas = [the_root()]
    for i in range(4):
        cas.insert(0, ca(f"CN=Level {i}", cas[0]))
    return simple(issuer=cas[0], between=cas)


@row
def eight_intermediates():
    cas = [the_root()]
    for i in range(8):
        cas.insert(0, ca(f"CN=Level {i}", cas[0]))
    return simple(issuer=cas[0], between=cas[:-1])


@row
def nine_intermediates():
    cas = [the_root()]
    for i in range(9):
        cas.insert(0, ca(f"CN=Level {i}", cas[0]))
    return simple("has more than 8 CAs above it", issuer=cas[0], between=cas[:-1],
                  differs="long")


@row
def sixteen_certificates():
    return simple(issuer=the_ca(), between=[the_ca()] * 15)


@row
def seventeen_certificates():
    return simple("more than 16 certificates", issuer=the_ca(), between=[the_ca()] * 16,
                  differs="long")


@row
def a_leaf_of_rsa_below_an_intermediate_of_ec_below_a_root_of_rsa():
    middle = ca("CN=EC below RSA", the_root("rsa2048"))
    return simple(kind="rsa2048", issuer=middle, between=[middle],
                  trust=[the_root("rsa2048")])


@row
def a_root_that_signed_itself_with_sha1():
    top = root("CN=Old Root", how="sha1")
    return simple(issuer=top, trust=[top], between=[top])


@row
def an_intermediate_in_the_ca_file_is_enough():
    return simple(issuer=the_ca(), trust=[the_ca()])


@row
def the_leaf_itself_in_the_ca_file_is_enough():
    r = simple()
    r.trust = [r.chain[0]]
    return r


@row
def a_self_signed_leaf_in_the_ca_file():
    cert = Cert("CN=db.test", exts=(san("DNS:" + HOST), basic(False)))
    return Row(chain=[cert], trust=[cert])


@row
def a_leaf_of_51_kb():
    return simple(names=[f"DNS:host-{i:06}.example.test" for i in range(1800)]
                  + ["DNS:" + HOST])


@row
def a_leaf_of_67_kb():
    return simple("more than 65536 bytes", differs="long",
                  names=[f"DNS:host-{i:06}.example.test" for i in range(2600)]
                  + ["DNS:" + HOST])


@row
def a_ca_file_with_a_byte_order_mark():
    return simple(trust=["\ufeff", the_root()])


@row
def a_ca_file_with_the_whole_system_bundle():
    with open("/etc/ssl/certs/ca-certificates.crt", encoding="utf-8") as f:
        bundle = "".join(c for c in f.read() if ord(c) < 128)
    return simple(trust=[bundle, the_root()])


@row
def a_ca_file_with_words_keys_and_crlf_in_it():
    text = "words\r\n" + the_root().pem.replace("\n", "\r\n")
    return simple(trust=["# roots\n", pathlib.Path(the_root("p384").key.file).read_text(),
                         text])


@row
def a_ca_file_of_two_with_byte_order_marks():
    return simple(trust=["\ufeff", the_root("p384"), "\ufeff", the_root()])


@row
def a_ca_file_with_an_end_of_nothing():
    return simple(trust=["-----END CERTIFICATE-----\n", the_root(),
                         "-----END CERTIFICATE-----\n"])


def judged(cert, *options):
    """What OpenSSL writes for a certificate with trust settings."""
    return openssl("x509", "-in", cert.file, "-trustout", *options).decode()


REJECTED = "is rejected for TLS servers by its trust settings"
for _name, _words, _options in (
        ("is_trusted", None, ("-addtrust", "serverAuth")),
        ("is_trusted_for_anything", None, ("-addtrust", "anyExtendedKeyUsage")),
        ("is_rejected", REJECTED, ("-addreject", "serverAuth")),
        ("is_rejected_for_anything", REJECTED, ("-addreject", "anyExtendedKeyUsage")),
        ("is_trusted_for_clients", REJECTED, ("-addtrust", "clientAuth")),
        ("is_rejected_for_clients", None, ("-addreject", "clientAuth")),
        ("is_trusted_and_rejected", REJECTED,
         ("-addtrust", "serverAuth", "-addreject", "serverAuth")),
        ("has_a_name", None, ("-setalias", "my CA"))):
    @called("a_root_that_" + _name)
    def _judged(words=_words, options=_options):
        return simple(words, trust=[judged(the_root(), *options)])


@row
def a_root_that_is_rejected_before_it_is_plain():
    return simple(REJECTED, trust=[judged(the_root(), "-addreject", "serverAuth"),
                                   the_root()])


@row
def a_root_that_is_rejected_behind_its_plain_copy():
    return simple(REJECTED, differs="rejected",
                  trust=[the_root(), judged(the_root(), "-addreject", "serverAuth")])


@row
def an_intermediate_that_is_rejected():
    return simple(REJECTED, issuer=the_ca(), between=[the_ca()],
                  trust=[the_root(), judged(the_ca(), "-addreject", "serverAuth")])


@row
def a_leaf_that_is_rejected():
    r = simple(REJECTED, differs="rejected")
    r.trust.append(judged(r.chain[0], "-addreject", "serverAuth"))
    return r


# Order of the chain

@row
def a_chain_in_the_wrong_order():
    low = ca("CN=Low", the_ca())
    return simple(issuer=low, between=[the_ca(), low])


@row
def a_doubled_certificate():
    return simple(issuer=the_ca(), between=[the_ca(), the_ca()])


@row
def the_leaf_twice():
    r = simple(issuer=the_ca())
    r.chain = [r.chain[0], r.chain[0], the_ca()]
    return r


@row
def an_unrelated_certificate_in_the_chain():
    return simple(issuer=the_ca(), between=[the_root("p521"), the_ca("p384"), the_ca()])


@row
def names_that_differ_in_string_type():
    top = root("O=Hale, CN=Typed Root", subject_tag=PRINTABLE)
    return simple(issuer=top, trust=[top], issuer_name=name("O=Hale, CN=Typed Root"))


@row
def names_that_differ_in_case_and_blanks():
    top = root("O=Hale, CN=Cased Root")
    return simple(issuer=top, trust=[top], issuer_name=name("O=HALE, CN= cased  ROOT"))


@row
def a_cross_signed_ca_whose_first_path_has_expired():
    old = root("CN=Crossing", days=(-700, -300), kind="p256", which=7)
    new = Cert("CN=Crossing", the_root(), kind="p256", which=7,
               exts=(basic(), usage("certsign")))
    return simple(issuer=new, between=[old, new])


# Dates

@row
def an_expired_leaf():
    return simple("certificate of db.test expired 3 days ago (", days=(-30, -3.01))


@row
def a_leaf_that_is_not_valid_yet():
    return simple("not valid for another 1 day (from", days=(1.5, 30))


@row
def a_leaf_valid_beyond_2050():
    return simple(days=(-1, 365 * 40))


@row
def an_expired_intermediate():
    old = ca("CN=Old CA", the_root(), days=(-30, -2))
    return simple('CA certificate "Old CA" expired', issuer=old, between=[old])


@row
def an_expired_root():
    old = root("CN=Old Root", days=(-30, -2))
    return simple('CA certificate "Old Root" expired', issuer=old, trust=[old])


# Whom it is trusted by

@row
def a_self_signed_leaf():
    cert = Cert("CN=db.test", exts=(san("DNS:" + HOST),))
    return Row("self-signed", chain=[cert], trust=[the_root()])


@row
def an_unknown_root():
    return simple('unknown issuer, "CN=Test Root p384, O=Hale"', issuer=the_root("p384"))


@row
def an_unknown_root_against_the_anchors_in_hale():
    r = simple("the anchors in hale")
    r.trust = None
    return r


@row
def an_unknown_root_that_is_sent():
    return simple('"Test Root p384" is a root that is not trusted',
                  issuer=the_root("p384"), between=[the_root("p384")])


@row
def a_missing_intermediate():
    return simple('unknown issuer, "CN=Test CA p256', issuer=the_ca())


@row
def an_intermediate_that_names_two_algorithms():
    middle = ca("CN=Two Ways", the_root())
    other = the_root().key.algorithm("sha384")
    middle.der = middle.der[::-1].replace(the_root().key.algorithm("sha256")[::-1],
                                          other[::-1], 1)[::-1]
    return simple("a CA certificate that the server sent is malformed",
                  issuer=middle, between=[middle])


@row
def an_issuer_of_the_same_name_with_another_key():
    twin = root("O=Hale, CN=Test Root p256", kind="p256", which=9)
    return simple("wrong signature", issuer=twin)


@row
def a_signature_that_was_changed():
    r = simple("wrong signature")
    der = r.chain[0].der
    r.chain[0].der = der.replace(b"\x82\x07db.test", b"\x82\x07db.tesu", 1)
    r.host = "db.tesu"
    return r


# An ECDSA signature has one coding (DER): others of the same numbers are none.
for _name, _change in {
        "a_longer_length": lambda r, s: b"\x30\x81" + seq(tlv(2, r), tlv(2, s))[1:],
        "a_longer_length_of_a_number":
            lambda r, s: seq(b"\x02\x81" + tlv(2, r)[1:], tlv(2, s)),
        "a_zero_before_a_number": lambda r, s: seq(tlv(2, b"\0" + r), tlv(2, s)),
        "more_behind_it": lambda r, s: seq(tlv(2, r), tlv(2, s)) + b"\0",
        "more_inside_of_it": lambda r, s: seq(tlv(2, r), tlv(2, s), tlv(5)),
}.items():
    @called("a_signature_with_" + _name)
    def _coded(change=_change):
        r = simple("wrong signature")
        r.chain[0].recode(change)
        return r


@row
def a_v1_root():
    old = root("CN=V1 Root", v3=False)
    return simple(issuer=old, trust=[old])


@row
def a_v1_leaf_with_its_name_in_the_cn():
    return simple(names=(), subject="CN=" + HOST, v3=False)


# Weak and unknown algorithms

for _how in ("md5", "sha1"):
    @called(f"a_leaf_signed_with_{_how}")
    def _weak(how=_how):
        return simple("is signed with", issuer=the_root("rsa2048"),
                      trust=[the_root("rsa2048")], how=how)


@row
def an_intermediate_signed_with_sha1():
    middle = ca("CN=Weak CA", the_root("rsa2048"), how="sha1")
    return simple("SHA-1", issuer=middle, between=[middle], trust=[the_root("rsa2048")])


@row
def a_leaf_with_rsa_1024():
    return simple("RSA key of 1024 bits", kind="rsa1024")


@row
def a_root_with_rsa_1024():
    return simple("RSA key of 1024 bits", issuer=the_root("rsa1024"),
                  trust=[the_root("rsa1024")])


@row
def an_intermediate_with_rsa_1024():
    middle = ca("CN=Short CA", the_root(), kind="rsa1024")
    return simple("RSA key of 1024 bits", issuer=middle, between=[middle])


@row
def a_leaf_with_rsa_1536():
    return simple("RSA key of 1536 bits", kind="rsa1536")


@row
def a_leaf_with_rsa_4104():
    return simple("RSA key of 4104 bits", kind="rsa4104", differs="large")


@row
def a_leaf_with_an_ed25519_key():
    return simple(NOTHING_IN_COMMON, kind="ed25519", differs="ed25519")


@row
def a_leaf_signed_with_ed25519():
    top = root("CN=Ed Root", kind="ed25519")
    return simple("Ed25519", issuer=top, trust=[top], differs="ed25519")


# RSA-PSS in certificates

def pss(words=None, how=None, *, kind="rsa2048", differs=None):
    """A leaf that is signed so."""
    return simple(words, issuer=the_root(kind), how=how or Pss(), trust=[the_root(kind)],
                  differs=differs)


for _name, _how in (
        ("sha256", Pss()), ("sha384", Pss("sha384")), ("sha512", Pss("sha512")),
        ("no_salt", Pss(salt=0)), ("a_salt_of_20_bytes", Pss("sha512", salt=20)),
        ("the_longest_salt", Pss(salt=256 - 32 - 2)),
        ("another_mask", Pss("sha384", "sha256", 32)),
        ("a_longer_mask", Pss("sha256", "sha512", 64)),
        ("its_trailer_named", Pss(told=Pss().params(more=tlv(0xA3, integer(1))))),
        ("no_null", Pss(told=Pss().params(null=b""))),
        ("the_salt_by_default", Pss(salt=20, told=Pss().params(salt="")))):
    @called(f"a_leaf_signed_with_pss_and_{_name}")
    def _pss_good(how=_how):
        return pss(how=how)

for _name, _told in (
        ("salt_that_is_shorter", Pss().params(salt=31)),
        ("salt_that_is_longer", Pss().params(salt=33)),
        ("salt_that_never_fits", Pss().params(salt=1 << 31)),
        ("hash_that_is_another", Pss().params(md="sha384")),
        ("mask_that_is_another", Pss().params(mask="sha512"))):
    @called(f"a_leaf_signed_with_pss_and_a_{_name}")
    def _pss_wrong(told=_told):
        return pss("wrong signature", Pss(told=told))

for _name, _told in (
        ("no_parameters", b""), ("null_for_parameters", tlv(5)),
        ("a_negative_salt", Pss().params(salt="", more=tlv(0xA2, tlv(2, b"\x80")))),
        ("another_trailer", Pss().params(more=tlv(0xA3, integer(2)))),
        ("a_fifth_parameter", Pss().params(more=tlv(0xA4, integer(1)))),
        ("another_kind_of_mask", Pss().params(mask="", salt="", more=tlv(0xA1, seq(
            oid("1.2.840.113549.1.1.9"), seq(oid("2.16.840.1.101.3.4.2.1"))))))):
    @called(f"a_leaf_signed_with_pss_and_{_name}")
    def _pss_unknown(told=_told):
        return pss("is signed with RSA-PSS with parameters", Pss(told=told))


@row
def a_leaf_signed_with_pss_and_sha1():
    return pss("SHA-1, which is no longer safe", Pss("sha1", salt=20, told=seq()))


@row
def a_leaf_signed_with_pss_and_sha224():
    return pss("is signed with RSA-PSS with parameters", Pss("sha224"), differs="sha224")


@row
def a_leaf_signed_with_pss_masked_by_sha1():
    how = Pss("sha256", "sha1", told=Pss().params(mask=""))
    return pss("is signed with RSA-PSS with parameters", how, differs="pss")


@row
def a_leaf_signed_with_pss_that_says_it_twice_differently():
    r = pss("malformed")
    r.chain[0].claim(seq(oid(RSA_PSS), Pss().params(null=b"")))
    return r


@row
def a_leaf_signed_with_pss_that_says_it_is_ecdsa():
    r = pss("wrong signature")
    r.chain[0] = leaf(the_root(), "DNS:" + HOST, signer=_Claims("rsa2048", "sha256"))
    r.trust = [the_root()]
    return r


@row
def a_leaf_that_says_it_is_signed_with_pss():
    r = pss("wrong signature")
    r.chain[0] = leaf(the_root(), "DNS:" + HOST, signer=_Claims("p256", Pss()))
    r.trust = [the_root()]
    return r


class _Claims:
    """Signs with SHA-256 in the way of one kind of key, and tells another."""

    def __init__(self, kind, how):
        self.kind, self.how = kind, how

    def sign(self, data, _):
        return key(self.kind).sign(data, "sha256")

    def algorithm(self, _):
        other = "p256" if self.kind != "p256" else "rsa2048"
        return key(other).algorithm(self.how)


PSS_KEY = "has a key for RSA-PSS with parameters"


def pss_ca(words=None, how=None, *, told=b"", of="rsa2048", differs=None, own=None):
    """A leaf below a CA whose key is for PSS only, with those parameters."""
    middle = ca("CN=PSS CA", the_root("rsa2048"), kind=of, how=own or "sha256",
                public=pss_public(key(of), told))
    cert = leaf(middle, "DNS:" + HOST, how=how or Pss())
    return Row(words, chain=[cert, middle], trust=[the_root("rsa2048")], differs=differs)


for _name, _how, _told in (
        ("any_pss", Pss(), b""), ("any_other_pss", Pss("sha512", "sha256", 7), b""),
        ("the_same", Pss(), Pss().params()), ("no_salt_at_least", Pss(), Pss(salt=0).params()),
        ("a_salt_of_20_at_least", Pss(), Pss().params(salt="")),
        ("sha384", Pss("sha384"), Pss("sha384").params()),
        ("sha512", Pss("sha512"), Pss("sha512").params()),
        ("another_mask", Pss("sha512", "sha256"), Pss("sha512", "sha256").params())):
    @called(f"a_ca_with_a_pss_key_for_{_name}")
    def _pss_ca(how=_how, told=_told):
        return pss_ca(how=how, told=told)

for _name, _how, _told in (
        ("hash", Pss("sha384", "sha256", 32), Pss().params()),
        ("mask", Pss("sha256", "sha384", 32), Pss().params()),
        ("salt_that_is_too_short", Pss(salt=31), Pss().params()),
        ("padding", "sha256", b""), ("padding_with_parameters", "sha256", Pss().params())):
    @called(f"a_ca_with_a_pss_key_for_another_{_name}")
    def _pss_ca_wrong(how=_how, told=_told):
        return pss_ca("wrong signature", how, told=told)

for _name, _told in (("sha1", seq()), ("null", tlv(5)), ("what_is_malformed", seq(integer(1)))):
    @called(f"a_ca_with_a_pss_key_for_{_name}")
    def _pss_ca_unknown(told=_told):
        return pss_ca(PSS_KEY, told=told)


@row
def a_ca_with_a_pss_key_for_another_trailer():
    return pss_ca(PSS_KEY, told=Pss().params(more=tlv(0xA3, integer(2))), differs="malformed")


@row
def a_ca_with_a_pss_key_that_is_signed_with_pss():
    return pss_ca(own=Pss("sha384"))


@row
def a_ca_with_a_pss_key_of_1024_bits():
    return pss_ca("has an RSA key of 1024 bits", of="rsa1024")


@row
def a_ca_with_a_pss_key_of_4104_bits():
    return pss_ca("has an RSA key of 4104 bits", of="rsa4104", differs="large")


@row
def a_root_with_a_pss_key():
    top = root("CN=PSS Root", kind="rsa2048", how=Pss(), public=pss_public(key("rsa2048")))
    return Row(chain=[leaf(top, "DNS:" + HOST, how=Pss("sha512"))], trust=[top])


@row
def a_leaf_with_a_pss_key():
    return simple(kind="pss")


for _limits in ("sha256-0", "sha256-32", "sha384-48", "sha512-20"):
    @called(f"a_leaf_with_a_pss_key_for_{_limits}")
    def _pss_leaf(limits=_limits):
        return simple(kind="pss-" + limits)


@row
def a_leaf_on_secp256k1():
    return simple("the server sent alert", kind="k256")


@row
def a_leaf_signed_with_sha224():
    return simple("an algorithm that hale does not know", how="sha224", differs="sha224")


# Names

@row
def another_host():
    return simple("is for another host: it names a.test, b.test",
                  names=("DNS:a.test", "DNS:b.test"))


@row
def a_host_in_another_case():
    return simple(names=("DNS:DB.Test",))


@row
def a_host_with_a_dot_at_its_end():
    return simple(host="db.test.")


@row
def a_wildcard():
    return simple(host="x.db.test", names=("DNS:*.db.test",))


@row
def a_wildcard_stands_for_one_label_only():
    return simple("another host", host="x.y.db.test", names=("DNS:*.db.test",))


@row
def a_wildcard_stands_for_one_label_at_least():
    return simple("another host", names=("DNS:*.db.test",))


@row
def a_wildcard_on_a_top_level_name():
    return simple("another host", names=("DNS:*.test",))


@row
def a_wildcard_inside_of_a_label():
    return simple("another host", names=("DNS:d*.test",))


@row
def a_wildcard_in_the_second_label():
    return simple("another host", host="x.db.test", names=("DNS:x.*.test",))


@row
def a_lone_star():
    return simple("another host", names=("DNS:*",))


@row
def a_name_in_the_cn_where_there_is_no_other():
    return simple(names=(), subject="O=Hale, CN=" + HOST)


@row
def a_wildcard_in_the_cn():
    return simple(names=(), subject="CN=*.db.test", host="x.db.test")


@row
def a_name_in_the_cn_beside_other_names():
    return simple("another host", names=("DNS:a.test",), subject="CN=" + HOST)


@row
def another_name_in_the_cn():
    return simple("another host: it names a.test", names=(), subject="CN=a.test")


@row
def a_name_in_the_cn_in_wide_characters():
    return simple("it names no host", names=(), subject="CN=" + HOST, subject_tag=BMP,
                  differs="wide-cn")


@row
def no_name_at_all():
    return simple("another host: it names no host", names=(), subject="O=Hale")


@row
def a_critical_list_of_names():
    return simple(names=(), more=(san("DNS:" + HOST, critical=True),))


@row
def a_name_with_a_nul_byte():
    return simple("another host", names=("DNS:" + HOST + "\0.evil.test",))


@row
def an_ipv4_address():
    return simple(host="127.0.0.1", names=("IP:127.0.0.1",))


@row
def an_ipv4_address_written_in_another_way():
    return simple(host="127.1", names=("IP:127.0.0.1",))


@row
def an_ipv4_address_that_looks_like_a_name():
    return simple("another host", host="0x7f.0.0.1",
                  names=("DNS:*.0.0.1", "DNS:0x7f.0.0.1"))


@row
def an_ipv4_address_longer_than_any_needs_to_be():
    host = "0" * 60 + "177.0.0.1"
    return simple("another host", host=host, names=("DNS:*.0.0.1", "DNS:" + host))


@row
def an_ipv6_address():
    return simple(host="::1", names=("IP:::1",), address="::1")


@row
def another_ipv4_address():
    return simple("it names 127.0.0.2", host="127.0.0.1", names=("IP:127.0.0.2",))


@row
def an_address_in_the_cn():
    return simple("it names 127.0.0.1 in its CN, where no address counts", host="127.0.0.1",
                  names=(), subject="CN=127.0.0.1",
                  differs="address-cn")


@row
def an_address_among_the_dns_names():
    return simple("another host", host="127.0.0.1", names=("DNS:127.0.0.1",))


@row
def an_address_under_a_wildcard():
    return simple("another host", host="127.0.0.1", names=("DNS:*.0.0.1",))


# What a certificate is for

@row
def purpose_server():
    return simple(more=(purpose("server", "client"),))


@row
def purpose_server_critical():
    return simple(more=(purpose("server", critical=True),))


@row
def purpose_client_only():
    return simple("is not for TLS servers", more=(purpose("client"),))


@row
def purpose_any_only():
    return simple("is not for TLS servers", more=(purpose("any"),))


@row
def an_intermediate_for_clients_only():
    middle = ca("CN=Client CA", the_root(), purpose("client"))
    return simple('CA certificate "Client CA" is not for TLS servers',
                  issuer=middle, between=[middle])


@row
def a_root_for_clients_only():
    top = root("CN=Client Root", purpose("client"))
    return simple("is not for TLS servers", issuer=top, trust=[top])


@row
def netscape_type_client_only():
    return simple("is not for TLS servers (nsCertType)", more=(netscape_type(0x80),))


@row
def netscape_type_server():
    return simple(more=(netscape_type(0x40, critical=True), purpose("server")))


@row
def a_right_to_sign_beyond_the_end_of_its_bits():
    middle = Cert("CN=Odd CA", the_root(), exts=(
        basic(), ext("2.5.29.15", tlv(3, b"\7\x84"), critical=True)))
    return simple("keyUsage", issuer=middle, between=[middle])


@row
def usage_sign_only():
    return simple(more=(usage("sign"),))


@row
def usage_encipher_only():
    return simple(kind="rsa2048", more=(usage("encipher"),))


@row
def usage_certsign_only():
    return simple("not for TLS (keyUsage)", kind="rsa2048", more=(usage("certsign"),))


@row
def an_intermediate_without_basic_constraints():
    middle = Cert("CN=No CA", the_root(), exts=(usage("certsign"),))
    return simple("it is not a CA", issuer=middle, between=[middle])


@row
def an_intermediate_that_says_it_is_no_ca():
    middle = Cert("CN=No CA", the_root(), exts=(basic(False),))
    return simple("it is not a CA", issuer=middle, between=[middle])


@row
def an_intermediate_that_may_not_sign_certificates():
    middle = Cert("CN=No Signer", the_root(), exts=(basic(), usage("crl")))
    return simple("may not sign certificates", issuer=middle, between=[middle])


@row
def a_root_that_is_no_ca():
    top = Cert("CN=No Root", exts=(basic(False),))
    return simple("it is not a CA", issuer=top, trust=[top])


@row
def a_root_without_basic_constraints_that_may_sign_certificates():
    top = Cert("CN=Old Style", exts=(usage("certsign"),))
    return simple(issuer=top, trust=[top])


@row
def a_root_without_basic_constraints_and_key_usage():
    top = Cert("CN=Bare Root", exts=(ext("1.2.3.4", tlv(5)),))
    return simple("it is not a CA", issuer=top, trust=[top])


@row
def one_ca_more_than_the_path_length_allows():
    first = ca("CN=First", the_root(), path=0)
    second = ca("CN=Second", first)
    return simple('below more CAs than allowed by "CN=First"', issuer=second,
                  between=[second, first])


@row
def as_many_cas_as_the_path_length_allows():
    first = ca("CN=First", the_root(), path=1)
    second = ca("CN=Second", first)
    return simple(issuer=second, between=[second, first])


@row
def an_unknown_critical_extension():
    return simple("critical extension that is not known, 1.2.3.4.5",
                  more=(ext("1.2.3.4.5", tlv(5), critical=True),))


for _number, _name in ((35, "authority"), (14, "subject")):
    @called(f"a_critical_{_name}_key_identifier")
    def _critical_id(number=_number):
        value = seq(tlv(0x80, b"id")) if number == 35 else tlv(4, b"id")
        return simple(f"critical extension that is not known, 2.5.29.{number}",
                      more=(ext(f"2.5.29.{number}", value, critical=True),))


@row
def an_unknown_extension():
    return simple(more=(ext("1.2.3.4.5", tlv(5)),))


@row
def a_critical_certificate_policy():
    return simple(more=(ext("2.5.29.32", seq(seq(oid("2.5.29.32.0"))), critical=True),))


@row
def a_path_length_where_there_is_no_ca():
    return simple("the server's certificate is malformed", more=(basic(False, 0),),
                  differs="malformed")


@row
def critical_policy_constraints():
    middle = ca("CN=Policy CA", the_root(),
                ext("2.5.29.36", seq(tlv(0x80, b"\0")), critical=True))
    return simple("policy constraints", issuer=middle, between=[middle], differs="policy")


# Name constraints

def constrained(words, *args, names=("DNS:" + HOST,), host=HOST, critical=True,
                differs=None, **how):
    middle = ca("CN=Bound CA", the_root(), constraints(*args, critical=critical))
    return simple(words, issuer=middle, between=[middle], names=names, host=host,
                  differs=differs, **how)


@row
def a_name_that_is_permitted():
    return constrained(None, ["DNS:test"])


@row
def a_name_that_is_not_permitted():
    return constrained('name constraints of "CN=Bound CA"', ["DNS:example"])


@row
def a_name_that_is_not_permitted_by_a_constraint_that_is_not_critical():
    return constrained("name constraints", ["DNS:example"], critical=False)


@row
def a_name_that_is_excluded():
    return constrained("name constraints", [], ["DNS:db.test"])


@row
def a_name_that_only_ends_like_the_permitted_one():
    return constrained("name constraints", ["DNS:b.test"])


@row
def a_second_name_that_is_not_permitted():
    return constrained("name constraints", ["DNS:test"],
                       names=("DNS:" + HOST, "DNS:a.example"))


@row
def a_constraint_in_the_root():
    top = root("CN=Bound Root", constraints(["DNS:example"], critical=False))
    return simple("name constraints", issuer=top, trust=[top])


@row
def a_name_in_the_cn_that_is_not_permitted():
    return constrained("name constraints", ["DNS:example"], names=(), subject="CN=" + HOST)


@row
def an_address_that_is_permitted():
    return constrained(None, ["NET:127.0.0.0/8"], names=("IP:127.0.0.1",),
                       host="127.0.0.1")


@row
def an_address_that_is_not_permitted():
    return constrained("name constraints", ["NET:10.0.0.0/8"],
                       names=("IP:127.0.0.1",), host="127.0.0.1")


@row
def a_name_where_only_addresses_are_bound():
    return constrained(None, ["NET:10.0.0.0/8"])


@row
def a_subject_that_is_permitted():
    return constrained(None, ["DIR:O=Hale"], subject="O=Hale, CN=leaf")


@row
def a_subject_that_is_not_permitted():
    return constrained("name constraints", ["DIR:O=Hale"], subject="O=Other, CN=leaf")


@row
def an_excluded_subject_in_wide_characters():
    return constrained("name constraints", [], ["DIR:O=Evil"], subject="O=Evil",
                       subject_tag=BMP)


@row
def an_excluded_subject_that_is_malformed():
    middle = ca("CN=Bound CA", the_root(), ext("2.5.29.30", seq(
        tlv(0xA1, seq(tlv(0xA4, seq(tlv(0x31)))))), critical=True))
    return simple("name constraints", issuer=middle, between=[middle])


@row
def a_cn_of_one_label_that_is_not_permitted():
    return constrained("name constraints", ["DNS:example"], names=(), subject="CN=db",
                       host="db", differs="label")


@row
def a_constraint_on_mail_where_there_is_none():
    return constrained(None, ["EMAIL:example.test"])


@row
def a_constraint_on_mail_that_is_met():
    return constrained("name constraints", ["EMAIL:example.test"],
                       names=("DNS:" + HOST, "EMAIL:me@example.test"), differs="email")


@row
def an_excluded_host_that_a_wildcard_covers():
    return constrained("name constraints", [], ["DNS:a.db.test"],
                       names=("DNS:*.db.test",), host="a.db.test", differs="smuggled")


# Versions and ciphers

def speaking(words=None, differs=None, kind="p256", curl=None, **tls):
    r = simple(words, kind=kind, differs=differs, tls=tls)
    r.curl = curl
    return r


@row_once
def tls_1_2_and_1_3():
    return speaking(low=V.TLSv1_2, high=V.TLSv1_3)


@row_once
def tls_1_0_only():
    return speaking("it does not speak TLS 1.2 or 1.3", low=V.TLSv1, high=V.TLSv1, curl=35)


@row_once
def tls_1_1_only():
    return speaking("it does not speak TLS 1.2 or 1.3", low=V.TLSv1_1, high=V.TLSv1_1, curl=35)


for _suite in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"):
    @called(f"only_{_suite}", row_13)
    def _suited(suite=_suite):
        return speaking(suites="TLS_" + suite)


@row_13
def only_suites_with_ccm():
    return speaking(NOTHING_IN_COMMON, suites="TLS_AES_128_CCM_SHA256", curl=35)


for _cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-GCM-SHA256",
                "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"):
    @called(f"only_{_cipher}", row_12)
    def _ciphered(cipher=_cipher):
        return speaking(ciphers=cipher, kind="rsa2048" if "RSA-A" in cipher
                        or "RSA-C" in cipher else "p256")

for _curve in ("P-256", "P-384", "P-521", "X25519"):
    @called(f"only_the_curve_{_curve}")
    def _curved(curve=_curve):
        return speaking(s_server=("-curves", curve))


@row
def only_the_curve_x448():
    return speaking(NOTHING_IN_COMMON, s_server=("-curves", "X448"), differs="curve")


@row_12
def cbc_only():
    return speaking(NOTHING_IN_COMMON, ciphers="ECDHE-ECDSA-AES128-SHA256",
                    differs="cbc")


@row_12
def rsa_key_exchange_only():
    return speaking(NOTHING_IN_COMMON, ciphers="AES128-GCM-SHA256", kind="rsa2048",
                    differs="exchange")


@row_12
def dhe_key_exchange_only():
    return speaking(NOTHING_IN_COMMON, kind="rsa2048", differs="exchange",
                    s_server=("-cipher", "DHE-RSA-AES128-GCM-SHA256"))


@row_13
def only_the_group_ffdhe2048():
    return speaking(NOTHING_IN_COMMON, s_server=("-curves", "ffdhe2048"), differs="exchange")


@row
def only_this_server_name():
    return speaking(names=[HOST])


@row
def no_server_name_for_an_address():
    r = simple(host="127.0.0.1", names=("IP:127.0.0.1",), tls={"names": [None]})
    return r


@row
def a_server_name_that_is_not_served():
    return speaking("unrecognized name", names=["other.test"], curl=35)


# Broken servers

def broken(words, talk, curl=35):
    return Row(words, talk=talk, trust=[the_root()], curl=curl)


NO_TLS = "wrong version number: the server does not answer in TLS"


@row_once
def plain_http_on_the_port():
    return broken(NO_TLS + ' but with "HTTP/1.1 400 Bad Request": this is HTTP without '
                  "TLS, for which the URL begins with http:// or grpc://",
                  servers.plain(b"HTTP/1.1 400 Bad Request\r\n\r\n"))


@row_once
def ssh_on_the_port():
    return broken(NO_TLS + ' but with "SSH-2.0-OpenSSH_9.2": this is an SSH server',
                  servers.greets(b"SSH-2.0-OpenSSH_9.2\r\n"))


@row_once
def smtp_on_the_port():
    return broken(NO_TLS + ' but with "220 mail.test ESMTP": this is a mail or FTP server',
                  servers.greets(b"220 mail.test ESMTP\r\n"))


@row_once
def http2_without_tls_on_the_port():
    settings = b"\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64"
    return broken(NO_TLS + ": this is HTTP/2 without TLS", servers.greets(settings))


@row_once
def another_text_on_the_port():
    return broken(NO_TLS + ' but with "* OK IMAP"', servers.greets(b"* OK IMAP\x1b[2J\n"))


@row_once
def garbage():
    return broken(NO_TLS, servers.plain(bytes(range(128, 192))))


@row_once
def a_hello_of_tls_1_0():
    hello = b"\2\0\0\x26\3\1" + bytes(36)
    return broken("speaks no TLS newer than 1.1",
                  servers.plain(servers.record(22, hello, b"\3\1")))


@row_once
def a_message_whose_lengths_do_not_fit():
    hello = b"\2\0\0\x04\3\3" + bytes(36)
    return broken("sent a malformed message", servers.plain(servers.record(22, hello)))


@row_once
def hangs_up_at_once():
    return broken("closed the connection during the TLS handshake", servers.hangs_up)


@row_once
def hangs_up_without_a_word():
    return broken("and sent nothing: is this a port for TLS?", servers.hangs_up)


@row_once
def a_word_that_is_shorter_than_any_record():
    return broken(NO_TLS + ' but with "-ERR"', servers.plain(b"-ERR"))


@row_once
def a_reset_in_the_handshake():
    return broken("during the TLS handshake", servers.resets)


@row_once
def an_alert():
    return broken("alert 40 (handshake failure)", servers.plain(servers.alert(40)))


@row_once
def an_internal_error():
    return broken("alert 80 (internal error)",
                  servers.plain(servers.alert(80)))


@row_once
def silence():
    return broken("time", servers.stays_silent, curl=28)


@row_once
def a_record_larger_than_any_may_be():
    return broken("", servers.plain(servers.record(22, b"\2" * 18000)))


@row_12
def no_certificate_in_the_chain():
    return speaking("handshake failure", ciphers="AECDH", curl=35)


# Certificates of the client

def mutual(kind, words=None, make_key=None, issuer=None, differs=None, curl=None):
    client = leaf(issuer or the_root(), kind=kind, which=3, subject="CN=client",
                  more=(purpose("client"),))
    r = simple(words, kind="p256", differs=differs, tls={"client_ca": the_root().file})
    r.client = (client.file, make_key(client.key) if make_key else client.key.file)
    r.curl = curl
    return r


def pkcs1(k):
    return put(openssl("rsa", "-in", k.file, "-traditional").decode())


def sec1(k):
    return put(openssl("ec", "-in", k.file).decode())


for _kind in ("rsa2048", "rsa4096", "p256", "p384", "p521"):
    @called(f"a_client_with_a_{_kind}_key")
    def _mutual(kind=_kind):
        return mutual(kind)


@row
def a_client_with_a_pss_key():
    return mutual("pss", "only RSA keys and EC keys on P-256, P-384 or P-521 can be used",
                  differs="pss-client")


@row
def a_client_key_in_pkcs1():
    return mutual("rsa2048", make_key=pkcs1)


@row
def a_client_key_in_sec1():
    return mutual("p256", make_key=sec1)


@row
def a_client_key_behind_its_parameters():
    return mutual("p384", make_key=lambda k: put(
        openssl("ecparam", "-name", "secp384r1").decode(),
        openssl("ec", "-in", k.file).decode()))


@row
def a_client_key_in_the_file_of_its_certificate():
    r = mutual("p256")
    both = put(pathlib.Path(r.client[0]).read_text(), pathlib.Path(r.client[1]).read_text())
    r.client = (both, None)
    return r


@row
def a_client_certificate_with_trust_settings():
    r = mutual("p256")
    r.client = (put(openssl("x509", "-in", r.client[0], "-trustout", "-addtrust",
                            "clientAuth").decode()), r.client[1])
    return r


@row
def a_client_certificate_is_missing():
    r = mutual("p256", "the server asked for a client certificate, and got none (--cert, --key); "
               "the server sent alert", curl=(35, 56))
    r.client = None
    return r


@row
def a_client_certificate_of_an_unknown_ca():
    return mutual("p256", "alert 48 (unknown CA): it does not accept the client "
                  "certificate (--cert)", issuer=the_root("p384"), curl=(35, 56))


@row_once
def a_client_key_that_is_encrypted():
    return mutual("p256", "is encrypted", make_key=lambda k: put(
        openssl("pkcs8", "-topk8", "-in", k.file, "-passout", "pass:x").decode()), curl=BAD_KEY)


@row_once
def a_client_key_that_is_encrypted_the_old_way():
    return mutual("rsa2048", "is encrypted", curl=BAD_KEY, make_key=lambda k: put(
        openssl("rsa", "-in", k.file, "-aes128", "-traditional",
                "-passout", "pass:x").decode()))


@row_once
def a_client_key_of_another_certificate():
    return mutual("p256", "does not belong to the certificate", curl=BAD_KEY,
                  make_key=lambda k: key("p256", 4).file)


@row_once
def a_client_key_that_is_damaged():
    return mutual("p256", "damaged", curl=BAD_KEY, make_key=lambda k: put(
        pathlib.Path(k.file).read_text().replace("M", "!", 1)))


@row_once
def a_client_key_of_1024_bits():
    return mutual("rsa1024", "2048 to 4096 bits", curl=58)


@row_once
def a_client_certificate_that_is_damaged():
    r = mutual("p256", curl=58)
    file = put(pem("CERTIFICATE", seq(seq(tlv(2, b"\1")))))
    r.words = f"client certificate /{os.path.basename(file)}: the certificate is damaged"
    r.client = (file, r.client[1])
    return r


@row_once
def a_client_certificate_file_that_is_missing():
    r = mutual("p256", "No such file", curl=58)
    r.client = (fresh(".none"), r.client[1])
    return r


@row_once
def a_client_certificate_file_without_one():
    r = mutual("p256", "holds no certificate", curl=58)
    r.client = (put("nothing\n"), r.client[1])
    return r


# The CA file

def trusting(words, *parts, curl=77, differs=None):
    r = simple(words, differs=differs)
    r.trust, r.curl = list(parts), curl
    return r


@row_once
def an_empty_ca_file():
    return trusting("holds no certificate", "")


@row_once
def a_ca_file_without_pem():
    return trusting("holds no certificate", "some words\n")


@row_once
def a_ca_file_with_a_bad_character():
    lines = the_root().pem.splitlines()
    lines[3] = "!" + lines[3][1:]
    return trusting("line 4: damaged", "\n".join(lines) + "\n")


@row_once
def a_ca_file_that_is_cut_off():
    return trusting("line 1: the object that begins here has no end",
                    the_root().pem[:300])


@row_once
def a_ca_file_with_a_line_missing():
    lines = the_root().pem.splitlines()
    return trusting("line 1: the certificate is damaged",
                    "\n".join(lines[:3] + lines[4:]) + "\n")


@row_once
def a_ca_file_with_good_and_damaged():
    return trusting("damaged", the_root(), the_root("p384").pem.replace("\nM", "\n!"))


# The runs

class Place:
    """A root with nothing but /hale, /etc/resolv.conf and what a row adds."""

    def __init__(self, where):
        self.root = where
        (where / "etc").mkdir()
        shutil.copy(harness.HALE, where / "hale")
        (where / "etc/resolv.conf").write_text(
            f"nameserver {servers.NameServer.address}\n", encoding="ascii")

    def put(self, path):
        shutil.copy(path, self.root / os.path.basename(path))
        return "/" + os.path.basename(path)

    def run(self, *argv):
        return subprocess.run(("/hale",) + argv, env={}, capture_output=True,
                              text=True, timeout=harness.DEADLINE, check=False,
                              preexec_fn=lambda: os.chroot(self.root), cwd="/")


@pytest.fixture(scope="module")
def name_server():
    started = servers.NameServer()
    yield started
    started.close()


@pytest.fixture
def place(tmp_path, name_server):
    assert name_server
    return Place(tmp_path)


def url(r, port):
    host = f"[{r.host}]" if ":" in r.host else r.host
    return f"https://{host}:{port}/"


def run_hale(r, place, port, command):
    argv = list(command)
    if r.trust is not None:
        argv += ["--cacert", place.put(put(*r.trust))]
    if r.client:
        cert, client_key = r.client
        argv += ["--cert", place.put(cert) if os.path.exists(cert) else cert]
        argv += ["--key", place.put(client_key)] if client_key else []
    return place.run(*argv, url(r, port))


def run_curl(curl, r, port):
    argv = [curl.program, "-sS", "-o", "/dev/null", "--noproxy", "*"]
    if r.trust is not None:
        argv += ["--cacert", put(*r.trust)]
    if r.client:
        cert, client_key = r.client
        argv += ["--cert", cert] + (["--key", client_key] if client_key else [])
    if r.talk is servers.stays_silent:
        argv += ["-m", "1"]
    argv += ["--resolve", f"{r.host.rstrip('.')}:{port}:127.0.0.1",
             "--resolve", f"{r.host}:{port}:127.0.0.1"] if ":" not in r.host else []
    return subprocess.run(argv + [url(r, port)], env={"PATH": harness.PATH},
                          capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=harness.DEADLINE, check=False)


def claimed(r, version, curl):
    """The exit codes that the row leaves this curl; of hale, which does as the newest, one."""
    code = r.curl
    if isinstance(code, Since):
        return {True: {code.now}, False: {code.before}, None: {code.now, code.before}}[
            curl is None or curl.is_since(code.since)]
    return {code[version == V.TLSv1_3] if isinstance(code, tuple) else code}


def agree(r, version, get, curl, answer):
    said = (curl, answer.stderr, get.stderr)
    if r.differs:
        assert answer.returncode == 0, said
        assert get.returncode in ((43,) if r.client else (35, 60)), said
        return
    # OpenSSL words a wrong ECDSA signature, and a key's wrong parameters, as
    # trouble of its own: 35.
    want = ({60} if r.words in ("wrong signature", PSS_KEY) else
            claimed(r, version, None) if isinstance(r.curl, Since) else {answer.returncode})
    assert get.returncode in want, said
    assert (answer.returncode == 0) == (r.words is None), said
    assert r.curl is None or answer.returncode in claimed(r, version, curl), said


@functools.lru_cache(maxsize=1)
def made(make):
    """The row, whose certificates serve both versions."""
    return make()


@pytest.mark.parametrize("make, version", ROWS)
def test_hale_and_curl_agree(make, version, place):
    """Over TLS 1.3 with the newest curl, over 1.2 with this system's, else with both."""
    r = made(make)
    is_slow = r.talk is servers.stays_silent
    asked = curls.all_of_them()
    if version is not None:	# each curl has a version of its own
        asked = asked[-1:] if version == V.TLSv1_3 else asked[:1]
    with r.server(version or V.TLSv1_3) as server:
        answers = {curl: run_curl(curl, r, server.port) for curl in asked}
        get = run_hale(r, place, server.port, ("get", "-sS", "-m", "1" if is_slow else "10"))
        if version != V.TLSv1_2:
            check = run_hale(r, place, server.port,
                             ("check", "--timeout", "500ms" if is_slow else "10s"))
            says = check.stdout + check.stderr
            assert check.returncode == (0 if r.words is None else 1), says
            assert r.words is None or r.words in says
    if r.words is not None:
        assert r.words in get.stderr
    assert r.differs is None or r.differs in DIFFERENCES
    for curl, answer in answers.items():
        with curl.judge():
            agree(r, version, get, curl, answer)


def test_the_readme_lists_every_difference_to_curl():
    text = " ".join(README.read_text(encoding="utf-8").split())
    assert [d for d in DIFFERENCES.values() if d not in text] == []


def test_a_peer_does_not_choose_how_long_a_signature_takes(place):
    """With an exponent of 40 KB one takes most of a minute, past any deadline."""
    slow = ca("CN=Slow CA", the_root(), kind="rsa2048",
              public=rsa_public((1 << 4095) + 1, (1 << 320000) - 1))
    cert = leaf(slow, "DNS:" + HOST)
    r = Row(chain=[cert, slow], trust=[the_root()])
    with r.server() as server:
        done = run_hale(r, place, server.port, ("get", "-sS"))
    assert done.returncode == 60
    assert '"Slow CA" has an RSA key with a public exponent above 64 bits' in done.stderr


@pytest.mark.parametrize("version", BOTH, ids=SHORT.get)
def test_a_body_that_ends_with_its_connection_needs_close_notify(place, version):
    """Without a length only close_notify tells the end from a cut."""
    cert = leaf(the_root(), "DNS:" + HOST)
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
    r = Row(chain=[cert], trust=[the_root()])
    for notify in (True, False):
        context = servers.context(cert.file, cert.key.file, low=version, high=version)
        talk = servers.https(context, endless, notify)
        with servers.Server(talk) as server:
            done = run_hale(r, place, server.port, ("check", "--contains", "missing"))
        assert done.returncode == 1
        assert ("no close_notify" in done.stdout) == (not notify), done.stdout


@pytest.mark.parametrize("version", BOTH, ids=SHORT.get)
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_handshake_that_is_cut_at_any_byte_is_an_error(place, how, version):
    cert = leaf(the_root(), "DNS:" + HOST)
    r = Row(chain=[cert], trust=[the_root()])
    with r.server(version) as server:
        for limit in [*range(0, 24), *range(24, 1400, 61)]:
            with servers.Relay(server.port, limit, how == "reset") as relay:
                done = run_hale(r, place, relay.port, ("check", "--timeout", "10s"))
            if done.returncode == 0:
                assert limit > 600	# certificate, keys and answer have passed
                return
            assert "timed out" not in done.stdout, (limit, done.stdout)
    pytest.fail("no handshake was left whole")
