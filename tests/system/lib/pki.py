# SPDX-License-Identifier: MIT
"""Certificates made on the fly, good ones and bad ones.

The DER is put together here, so that nothing is too odd to be made; openssl
makes the keys and the signatures.
"""
import base64
import calendar
import functools
import os
import subprocess
import tempfile
import time

_dir = tempfile.TemporaryDirectory(prefix="hale-pki-")
_count = iter(range(1, 1 << 30))

DAY = 86400
UTF8, PRINTABLE, IA5, BMP = 0x0C, 0x13, 0x16, 0x1E


def fresh(suffix):
    return os.path.join(_dir.name, f"{next(_count)}{suffix}")


def openssl(*args, data=None):
    return subprocess.run(("openssl",) + args, input=data, check=True,
                          capture_output=True, timeout=120).stdout


# DER

def tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + body


def elements(der):
    """(the whole, what is inside) of each element in a row."""
    found = []
    while der:
        size = der[1] & 0x7F if der[1] & 0x80 else 0
        length = int.from_bytes(der[2:2 + size], "big") if size else der[1]
        end = 2 + size + length
        found.append((der[:end], der[2 + size:end]))
        der = der[end:]
    return found


def seq(*parts):
    return tlv(0x30, *parts)


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = b""
    for n in (first * 40 + second, *rest):
        part = bytes((n & 0x7F,))
        while n > 127:
            n >>= 7
            part = bytes((n & 0x7F | 0x80,)) + part
        out += part
    return tlv(6, out)


def bits(data):
    return tlv(3, b"\0" + data)


def when(seconds):
    t = time.gmtime(seconds)
    if t.tm_year < 2050:
        return tlv(0x17, time.strftime("%y%m%d%H%M%SZ", t).encode())
    return tlv(0x18, time.strftime("%Y%m%d%H%M%SZ", t).encode())


NAMES = {"CN": "2.5.4.3", "O": "2.5.4.10", "OU": "2.5.4.11", "C": "2.5.4.6",
         "EMAIL": "1.2.840.113549.1.9.1"}


def name(text, tag=UTF8):
    """A Name from "O=Hale, CN=Root"."""
    coding = "utf-16-be" if tag == BMP else "utf-8"
    return seq(*(tlv(0x31, seq(oid(NAMES[part.split("=")[0]]),
                               tlv(tag, part.split("=", 1)[1].encode(coding))))
                 for part in text.split(", ") if part))


# RSA-PSS (RFC 4055, 3.1)

RSA_PSS, MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
HASHES = {"sha1": "1.3.14.3.2.26", "sha224": "2.16.840.1.101.3.4.2.4",
          "sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2",
          "sha512": "2.16.840.1.101.3.4.2.3"}


class Pss:
    """How to sign: with that hash, mask and salt (None: as long as the hash).

    `told` stands for the parameters in the certificate; b"": there are none."""

    def __init__(self, md="sha256", mask=None, salt=None, told=None):
        self.md, self.mask = md, mask or md
        self.salt = int(md[3:]) // 8 if salt is None else salt
        self.told = self.params() if told is None else told

    def params(self, *, md=None, mask=None, salt=None, null=tlv(5), more=b""):
        """As they are but for what is given, "" leaving something out."""
        md, mask = md is None and self.md or md, mask is None and self.mask or mask
        salt = self.salt if salt is None else salt
        return seq(
            tlv(0xA0, seq(oid(HASHES[md]), null)) if md else b"",
            tlv(0xA1, seq(oid(MGF1), seq(oid(HASHES[mask]), null))) if mask else b"",
            tlv(0xA2, integer(salt)) if salt != "" else b"", more)

    def options(self):
        return tuple(w for o in ("rsa_padding_mode:pss", f"rsa_pss_saltlen:{self.salt}",
                                 f"rsa_mgf1_md:{self.mask}") for w in ("-sigopt", o))


def pss_limits(kind):
    """Of "pss-sha256-20": the hash and mask, and the least salt."""
    _, *limits = kind.split("-")
    return [f"rsa_pss_keygen_{o}" for o in (
        f"md:{limits[0]}", f"mgf1_md:{limits[0]}", f"saltlen:{limits[1]}")] if limits else []


# Keys

class Key:
    def __init__(self, kind):
        self.kind = kind
        self.file = fresh(".key")
        algorithm, *options = {
            "rsa": ("RSA", "rsa_keygen_bits:" + kind[3:]),
            "pss": ("RSA-PSS", "rsa_keygen_bits:2048", *pss_limits(kind)),
            "ed2": ("ED25519",),
            "p25": ("EC", "ec_paramgen_curve:P-256"),
            "p38": ("EC", "ec_paramgen_curve:P-384"),
            "p52": ("EC", "ec_paramgen_curve:P-521"),
            "k25": ("EC", "ec_paramgen_curve:secp256k1"),
        }[kind[:3]]
        openssl("genpkey", "-algorithm", algorithm, "-out", self.file,
                *(w for o in options for w in ("-pkeyopt", o)))
        self.public = openssl("pkey", "-in", self.file, "-pubout",
                              "-outform", "DER")

    def sign(self, data, how):
        if self.kind.startswith("ed"):
            source = fresh(".tbs")
            with open(source, "wb") as f:
                f.write(data)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.file,
                           "-in", source)
        more = ()
        if isinstance(how, Pss):
            how, more = how.md, how.options()
        return openssl("dgst", "-" + how, "-sign", self.file, *more, data=data)

    def algorithm(self, how):
        if self.kind.startswith("ed"):
            return seq(oid("1.3.101.112"))
        if isinstance(how, Pss):
            return seq(oid(RSA_PSS), how.told)
        if self.kind.startswith("rsa"):
            number = {"md5": 4, "sha1": 5, "sha256": 11, "sha384": 12,
                      "sha512": 13, "sha224": 14}[how]
            return seq(oid(f"1.2.840.113549.1.1.{number}"), tlv(5))
        return seq(oid({"sha1": "1.2.840.10045.4.1",
                        "sha224": "1.2.840.10045.4.3.1",
                        "sha256": "1.2.840.10045.4.3.2",
                        "sha384": "1.2.840.10045.4.3.3",
                        "sha512": "1.2.840.10045.4.3.4"}[how]))


@functools.lru_cache(maxsize=None)
def _key(kind, which):
    return Key(kind)


def key(kind, which=0):
    """A key of that kind, the same one for the same `which`."""
    return _key(kind, which)


def pss_public(k, told=b""):
    """The SubjectPublicKeyInfo of a key of RSA as one for PSS only."""
    return seq(seq(oid(RSA_PSS), told), elements(elements(k.public)[0][1])[1][0])


def rsa_public(n, e):
    """A SubjectPublicKeyInfo of numbers that need be no key."""
    return seq(seq(oid("1.2.840.113549.1.1.1"), tlv(5)),
               bits(seq(integer(n), integer(e))))


# Extensions

def ext(dotted, value, critical=False):
    return seq(oid(dotted), tlv(1, b"\xff") if critical else b"",
               tlv(4, value))


def ip_bytes(text):
    import ipaddress
    return ipaddress.ip_address(text).packed


def general(text):
    """DNS:a.test, IP:10.0.0.1, NET:10.0.0.0/8, DIR:O=Hale, EMAIL:, URI:"""
    import ipaddress
    kind, value = text.split(":", 1)
    if kind == "DNS":
        return tlv(0x82, value.encode())
    if kind == "IP":
        return tlv(0x87, ip_bytes(value))
    if kind == "NET":
        net = ipaddress.ip_network(value)
        return tlv(0x87, net.network_address.packed + net.netmask.packed)
    if kind == "DIR":
        return tlv(0xA4, name(value))
    return tlv({"EMAIL": 0x81, "URI": 0x86}[kind], value.encode())


def san(*names, critical=False):
    return ext("2.5.29.17", seq(*map(general, names)), critical)


def basic(ca=True, path=None, critical=True):
    return ext("2.5.29.19", seq(tlv(1, b"\xff") if ca else b"",
                                b"" if path is None else integer(path)),
               critical)


def usage(*names, critical=True):
    places = {"sign": 0, "encipher": 2, "agree": 4, "certsign": 5, "crl": 6}
    value = sum(0x80 >> places[n] for n in names)
    return ext("2.5.29.15", tlv(3, b"\0" + bytes((value,))), critical)


def purpose(*names, critical=False):
    numbers = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2",
               "any": "2.5.29.37.0"}
    return ext("2.5.29.37", seq(*(oid(numbers[n]) for n in names)), critical)


def constraints(permitted=(), excluded=(), critical=True):
    def trees(tag, names):
        return tlv(tag, *(seq(general(n)) for n in names)) if names else b""
    return ext("2.5.29.30", seq(trees(0xA0, permitted),
                                trees(0xA1, excluded)), critical)


# Certificates

class Cert:
    def __init__(self, subject, issuer=None, *, kind="p256", which=0, exts=(),
                 days=(-2, 365), how="sha256", v3=True, signer=None,
                 subject_tag=UTF8, issuer_name=None, public=None):
        """Signed by issuer (a Cert; itself where None), or by `signer`, a key
        that need not be the issuer's. `public` is told for the key's own."""
        now = time.time()
        self.key = key(kind, which)
        self.subject = name(subject, subject_tag)
        by = signer or (issuer.key if issuer else self.key)
        if issuer_name is None:
            issuer_name = issuer.subject if issuer else self.subject
        algorithm = by.algorithm(how)
        tbs = seq(
            tlv(0xA0, integer(2)) if v3 else b"",
            integer(next(_count)), algorithm, issuer_name,
            seq(when(now + days[0] * DAY), when(now + days[1] * DAY)),
            self.subject, public or self.key.public,
            tlv(0xA3, seq(*exts)) if exts and v3 else b"")
        self.der = seq(tbs, algorithm, bits(by.sign(tbs, how)))

    def claim(self, algorithm):
        """Puts an AlgorithmIdentifier in the place of the one not signed."""
        tbs, _, signed = elements(elements(self.der)[0][1])
        self.der = seq(tbs[0], algorithm, signed[0])
        return self

    def recode(self, change):
        """Puts change(r, s), two INTEGERs, in the place of an ECDSA signature."""
        tbs, algorithm, signed = elements(elements(self.der)[0][1])
        pair = elements(elements(signed[1][1:])[0][1])
        self.der = seq(tbs[0], algorithm[0], bits(change(*(n[1] for n in pair))))
        return self

    @property
    def pem(self):
        return pem("CERTIFICATE", self.der)

    @functools.cached_property
    def file(self):
        return put(self)

    def chain_file(self, *others):
        return put(self, *others)


def pem(label, der):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines,
                      f"-----END {label}-----", ""])


def put(*parts):
    """A file of certificates and texts."""
    path = fresh(".pem")
    with open(path, "w", encoding="utf-8") as f:
        for p in parts:
            f.write(p if isinstance(p, str) else p.pem)
    return path


def root(subject="O=Hale, CN=Test Root", *more, **how):
    exts = (basic(), usage("certsign", "crl")) + more
    return Cert(subject, exts=exts, **how)


def ca(subject, issuer, *more, path=None, **how):
    exts = (basic(path=path), usage("certsign", "crl")) + more
    return Cert(subject, issuer, exts=exts, **how)


def leaf(issuer, *names, more=(), subject="CN=leaf", **how):
    exts = ((san(*names),) if names else ()) + tuple(more)
    return Cert(subject, issuer, exts=exts, **how)
