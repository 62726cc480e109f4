# SPDX-License-Identifier: MIT
"""Chains put together at random, most with a flaw or two: hale's verdict is
curl's. One half of them is served over TLS 1.3, the other over TLS 1.2. HALE_SEED and
HALE_CHAINS ask for others and for more of them."""
import os
import random
import shutil
import ssl
import subprocess

import pytest

import harness
import tls_servers as servers
from pki import (basic, constraints, ext, leaf, purpose, put, root, seq, tlv,
                 usage, Cert)

pytestmark = [
    pytest.mark.skipif(not shutil.which("curl"), reason="no curl to compare with"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl"),
]

SEED = int(os.environ.get("HALE_SEED", "1"))
CHAINS = int(os.environ.get("HALE_CHAINS", "200"))
HOSTS = ("a.db.test", "db.test", "127.0.0.1", "b.test")
NAMES = ("DNS:a.db.test", "DNS:db.test", "DNS:*.db.test", "DNS:*.test", "IP:127.0.0.1",
         "DNS:b.test", "DNS:A.DB.test")
TREES = ("DNS:test", "DNS:db.test", "DNS:.db.test", "DNS:other", "DNS:", "DNS:a.db.test",
         "NET:127.0.0.0/8", "NET:10.0.0.0/8", "DIR:O=Hale", "DIR:O=Other")


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def odds(self, p):
        return self.random.random() < p

    def usually(self, good, *others, p=0.04):
        return self.random.choice(others) if self.odds(p) else good

    def days(self):
        return self.usually((-2, 365), (-30, -2), (2, 30), p=0.03)

    def names_bound(self):
        return constraints([t for t in TREES if self.odds(0.3)],
                           [t for t in TREES if self.odds(0.03)],
                           critical=self.odds(0.6))

    def ca_extensions(self):
        made = []
        if self.odds(0.98):
            made.append(basic(self.odds(0.98), self.usually(None, 0, 1, 2, p=0.2),
                              critical=self.odds(0.8)))
        if self.odds(0.7):
            made.append(usage(*self.usually(("certsign", "crl"), ("crl",), ("sign",),
                                            ("certsign", "sign"))))
        if self.odds(0.1):
            made.append(purpose(*self.usually(("server",), ("client",), ("any",),
                                              ("server", "client"), p=0.4)))
        if self.odds(0.15):
            made.append(self.names_bound())
        if self.odds(0.02):
            made.append(ext("1.2.3.4", tlv(5), self.odds(0.5)))
        return made

    def leaf_extensions(self):
        made = []
        if self.odds(0.3):
            made.append(usage(*self.usually(("sign",), ("sign", "encipher"),
                                            ("agree", "sign"), ("sign", "certsign"), p=0.3)))
        if self.odds(0.3):
            made.append(purpose(*self.usually(("server",), ("client",), ("any",),
                                              ("server", "client"), p=0.3),
                                critical=self.odds(0.3)))
        if self.odds(0.2):
            made.append(basic(self.odds(0.3), critical=self.odds(0.5)))
        return made

    @staticmethod
    def subject_id(i):
        return ext("2.5.29.14", tlv(4, b"id%d" % i))

    @staticmethod
    def issuer_id(i):
        return ext("2.5.29.35", seq(tlv(0x80, b"id%d" % i)))

    def mix(self, chain, top):
        if self.odds(0.3):
            self.random.shuffle(chain)
        if self.odds(0.1) and chain:
            chain.append(self.random.choice(chain))
        if self.odds(0.1):
            chain.append(top)
        if self.odds(0.04) and chain:
            chain.pop(self.random.randrange(len(chain)))
        if self.odds(0.1):
            chain.insert(0, root("CN=Unrelated", which=33))
        return chain

    def make(self):
        """(chain, trusted certificates, host)"""
        ids = self.odds(0.4)
        top = Cert("O=Hale, CN=Top", days=self.days(), how=self.usually("sha256", "sha1"),
                   kind=self.usually("p256", "rsa2048", "rsa1024", p=0.1),
                   exts=self.ca_extensions() + [self.subject_id(0)] * ids)
        above, between = top, []
        for i in range(self.random.choice((0, 1, 1, 2, 2, 3))):
            made = self.ca_extensions()
            if ids:
                made += [self.subject_id(i + 1), self.issuer_id(self.usually(i, 77, p=0.02))]
            above = Cert(f"O=Hale, CN=CA{i}", above, exts=made, which=i + 1,
                         kind=self.usually("p256", "p384", "rsa2048", p=0.2),
                         days=self.days(), how=self.usually("sha256", "sha1", "sha384"))
            between.append(above)
        more = self.leaf_extensions() + [self.issuer_id(len(between))] * ids
        names = [n for n in NAMES if self.odds(0.75)]
        own = leaf(above, *names, which=20, days=self.days(), more=more,
                   how=self.usually("sha256", "sha1", "sha512"),
                   subject=self.random.choice(("CN=leaf", "O=Hale, CN=a.db.test", "O=Other",
                                               "O=Hale, CN=db.test, CN=leaf")))
        trusted = [top]
        if self.odds(0.08) and between:
            trusted = [self.random.choice(between)]
        if self.odds(0.03):
            trusted = [root("CN=Unrelated", which=34)]
        return ([own] + self.mix(between[::-1], top), trusted,
                self.random.choice(HOSTS))


def ask(program, trusted, host, port):
    done = subprocess.run([*program, "-sS", "-o", "/dev/null", "--cacert", trusted,
                           "--resolve", f"{host}:{port}:127.0.0.1",
                           f"https://{host}:{port}/"], env={"PATH": harness.PATH},
                          capture_output=True, text=True, check=False,
                          timeout=harness.DEADLINE)
    return done.returncode, done.stderr


def test_verdicts_on_random_chains_are_those_of_curl():
    maker = Maker(SEED)
    count = {True: 0, False: 0}
    for i in range(CHAINS):
        version = ssl.TLSVersion.TLSv1_2 if i % 2 else ssl.TLSVersion.TLSv1_3
        chain, trusted, host = maker.make()
        chain_file, trust_file = put(*chain), put(*trusted)
        try:
            context = servers.context(chain_file, chain[0].key.file, low=version,
                                      high=version)
        except ssl.SSLError:
            continue	# not even a server of OpenSSL takes it
        with servers.Server(servers.https(context)) as server:
            curl = ask(("curl", "-q", "--noproxy", "*"), trust_file, host, server.port)
            hale = ask((harness.HALE, "get"), trust_file, host, server.port)
        count[curl[0] == 0] += 1
        assert (hale[0] == 0) == (curl[0] == 0), (
            f"chain {i} of seed {SEED}, {version.name}, host {host}: curl {curl}, hale {hale}\n"
            + open(chain_file, encoding="ascii").read() + "trusted:\n"
            + open(trust_file, encoding="ascii").read())
    assert min(count.values()) > CHAINS / 5, count
