"""Names as glibc finds them: hale beside getent ahosts, row by row.

Each asks in a world of its own, the same script of servers. What is compared: the
addresses or the kind of failure, the time, and how many questions it took. A row says
what glibc gives too, so that no row is empty. Rows run side by side: most of them wait.
"""
import concurrent.futures
import dataclasses
import random
import subprocess

import pytest

import harness
import worlds
from harness import HALE, is_static
from worlds import (A, AAAA, FORMERR, LAME, NODATA, NONAME, NOTIMP, NO_ADDRESS, NO_ANSWER,
                    NXDOMAIN, REFUSED, SERVFAIL, SILENT, WRONG, FirstLost, Say, Setup, Zone,
                    address, always, by_proto, cname)

LATER_S = 0.5 * harness.SLOWER  # that hale may take beyond glibc: two processes start for one
WAITED_S = 0.9  # no server answered for this long: a timeout is a second at least
SIDE_BY_SIDE = 16
SERVER = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
NO_SERVER = "nobody listens there"
V4, V6 = "192.0.2.1", "2001:db8::1"
BOTH = f"{V4} {V6}"
GOOD = Zone({"db.test": BOTH, "db": BOTH})
ROWS = {}
FIRST = {**WRONG, "NODATA": NODATA}
NOT_SAID = "no server said that the name does not exist"
ENOUGH = "one family's address is enough"
LOOPBACK = "localhost is loopback, always (RFC 6761, 6.3)"
ANY_TYPE = "NXDOMAIN is for all types (RFC 8020)"
UNKNOWN = "an answer to one family says nothing of the other"
AGAIN = "a question that stays without an answer is sent once more in the middle of its time"
BETTER = "glibc gives up where the next server, or the same one asked otherwise, knows it"


@dataclasses.dataclass
class Row:
    host: str
    setup: Setup
    gives: str  # by glibc
    hale: tuple = ()  # other results, where these are right too, or only these
    why: str = None  # they are
    ordered: bool = False


def row(title, host, servers, gives, **rest):
    """A row of the table. The servers are those of SERVER, in order, or {address: script}."""
    extra = {key: rest.pop(key) for key in ("hale", "why", "ordered") if key in rest}
    if not isinstance(servers, dict):
        servers = dict(zip(SERVER, servers))
    listen = {where: script for where, script in servers.items() if script != NO_SERVER}
    if "resolv" not in rest:
        lines = [f"nameserver {where}" for where in servers]
        lines += [f"search {rest.pop('search')}"] if "search" in rest else []
        lines += [f"options timeout:1 {rest.pop('options', 'attempts:2')}"]
        rest["resolv"] = "\n".join(lines) + "\n"
    assert title not in ROWS, title
    ROWS[title] = Row(host, Setup(listen, **rest), gives, **extra)


def many(n, v6=False):
    return [f"2001:db8::{i + 1:x}" if v6 else f"198.18.{i >> 8}.{i & 255}" for i in range(n)]


def words(found):
    return " ".join(sorted(found))


# --- one server ------------------------------------------------------------

row("one server gives both families", "db.test", [GOOD], BOTH)
row("one server knows no such name", "no.test", [GOOD], NONAME)
row("a name of one label", "db", [GOOD], BOTH)
row("a name of one label that does not exist", "no", [GOOD], NONAME)
row("a name without addresses", "db.test", [always(NODATA)], NO_ADDRESS)
row("a name without addresses, with a SOA", "db.test",
    [always(Say(authority=worlds.WITH_SOA))], NO_ADDRESS)
row("an NXDOMAIN with a SOA", "db.test",
    [always(Say(rcode=3, authority=worlds.WITH_SOA))], NONAME)
row("IPv4 only", "db.test", [Zone({"db.test": V4})], V4)
row("IPv6 only", "db.test", [Zone({"db.test": V6})], V6)
row("the first question of each family is lost", "db.test", [FirstLost(GOOD)], BOTH)
row("a final dot", "db.test.", [GOOD], BOTH)
row("a final dot, no such name", "no.test.", [GOOD], NONAME)
row("an underscore", "db_1.test", [Zone({"db_1.test": BOTH})], BOTH)
row("an underscore in front", "_db.test", [Zone({"_db.test": BOTH})], BOTH)
row("a digit in front", "1db.test", [Zone({"1db.test": BOTH})], BOTH)
row("other case than the server's", "DB.Test", [GOOD], BOTH)
row("an authoritative server without recursion", "db.test",
    [lambda q: Say((address(V6 if q.type == AAAA else V4),), ra=False, aa=True)], BOTH)
row("authoritative, no recursion, no address", "db.test", [always(Say(ra=False, aa=True))],
    NO_ADDRESS)
row("an answer in upper case", "db.test", [lambda q: Say(
    (address(V6 if q.type == AAAA else V4, "DB.TEST"),),
    question=q.section.replace(b"db", b"dB").replace(b"test", b"TeSt"))], BOTH)
row("records of other types between", "db.test", [lambda q: Say((
    worlds.record(worlds.TXT, b"\3abc"), address(V6 if q.type == AAAA else V4),
    worlds.record(46, bytes(30)), worlds.record(worlds.TXT, b"\0")))], BOTH)
row("a record of another name beside", "db.test", [lambda q: Say((
    address("2001:db8::9" if q.type == AAAA else "192.0.2.9", "other.test"),
    address(V6 if q.type == AAAA else V4)))], BOTH)
row("only records of another name", "db.test", [lambda q: Say((
    address("2001:db8::9" if q.type == AAAA else "192.0.2.9", "other.test"),))], NONAME,
    hale=NO_ADDRESS, why=NOT_SAID)
row("A in the answer to AAAA too", "db.test", [always(Say((address(V4),)))], V4)
row("both families in both answers", "db.test", [always(Say((address(V4), address(V6))))], BOTH)
row("the same address twice", "db.test", [Zone({"db.test": f"{V4} {V4} {V6} {V6}"})], BOTH)
LABEL = "a" * 63
row("a label of 63 bytes", f"{LABEL}.test", [Zone({f"{LABEL}.test": BOTH})], BOTH)
row("a label of 64 bytes", f"{LABEL}a.test", [Zone({f"{LABEL}a.test": BOTH})], NONAME)
LONG = ".".join([LABEL, LABEL, LABEL, "b" * 61])
row("a name of 253 bytes", LONG, [Zone({LONG: BOTH})], BOTH)
row("a name of 254 bytes", LONG + "b", [always(Say((address(V4),)))], NONAME)
row("an empty label", "db..test", [GOOD], NONAME)

# --- one family goes wrong -------------------------------------------------

for say_what, said in WRONG.items():
    row(f"A answers, AAAA is {say_what}", "db.test",
        [Zone({"db.test A": V4, "db.test AAAA": said})], V4, options="attempts:1")
    row(f"AAAA answers, A is {say_what}", "db.test",
        [Zone({"db.test AAAA": V6, "db.test A": said})],
        NO_ANSWER if said is SILENT else V6, options="attempts:1",
        **(dict(hale=V6, why=ENOUGH) if said is SILENT else {}))
    if said not in (SILENT, NXDOMAIN):
        row(f"A answers, AAAA is {say_what}, the second server knows both", "db.test",
            [Zone({"db.test A": V4, "db.test AAAA": said}), GOOD], V4)
SIDES = {
    ("A", "NXDOMAIN", "silent"): {"hale": (NONAME, NO_ANSWER), "why": ANY_TYPE},
    ("AAAA", "NXDOMAIN", "silent"): {"hale": (NONAME, NO_ANSWER), "why": ANY_TYPE},
    ("A", "NODATA", "silent"): {"hale": (NO_ADDRESS, NO_ANSWER), "why": UNKNOWN},
    ("AAAA", "NODATA", "silent"): {"hale": NO_ANSWER, "why": UNKNOWN},
}
for one, other, gives, turned_gives in (
        ("NXDOMAIN", "SERVFAIL", NONAME, NONAME), ("NODATA", "SERVFAIL", NO_ADDRESS, NO_ADDRESS),
        ("NODATA", "REFUSED", NO_ADDRESS, NO_ADDRESS), ("NODATA", "NXDOMAIN", NONAME, NONAME),
        ("NXDOMAIN", "silent", NONAME, NO_ANSWER), ("NODATA", "silent", NO_ADDRESS, NO_ANSWER),
        ("SERVFAIL", "silent", NO_ANSWER, NO_ANSWER)):
    for first, second, gives in (("A", "AAAA", gives), ("AAAA", "A", turned_gives)):
        row(f"{first} is {one}, {second} is {other}", "db.test", [Zone({
            f"db.test {first}": FIRST[one], f"db.test {second}": FIRST[other]})],
            gives, options="attempts:1", **SIDES.get((first, one, other), {}))

# --- several servers -------------------------------------------------------

for say_what, said in FIRST.items():
    # glibc takes other codes for an answer, and has no better word for it.
    is_other = say_what in ("FORMERR", "NOTAUTH")
    gives = NONAME if is_other or said == NXDOMAIN else NO_ADDRESS if said == NODATA else BOTH
    row(f"the first of two is {say_what}", "db.test", [always(said), GOOD], gives,
        **(dict(hale=(NO_ANSWER, BOTH), why=NOT_SAID) if is_other else {}))
    row(f"all of two are {say_what}", "db.test", [always(said)] * 2,
        NO_ANSWER if gives == BOTH else gives, options="attempts:1",
        **(dict(hale=NO_ANSWER, why=NOT_SAID) if is_other else {}))
row("the first of two refuses", "db.test", [NO_SERVER, GOOD], BOTH)
row("all of three refuse", "db.test", [NO_SERVER] * 3, NO_ANSWER)
row("the first answers late", "db.test",
    [Zone({"db.test": BOTH}, delay=1.3), Zone({"db.test": "192.0.2.2"})], "192.0.2.2")
row("the first answers in time, the second at once that there is none", "db.test",
    [Zone({"db.test": BOTH}, delay=0.2), always(NXDOMAIN)], BOTH)
row("the second has the name, the first at once says that there is none", "db.test",
    [always(NXDOMAIN), GOOD], NONAME)
row("the first loses questions, the second knows nothing", "db.test",
    [FirstLost(GOOD), always(SERVFAIL)], BOTH)
row("silent, then one that refuses, then one that answers", "db.test",
    [always(SILENT), NO_SERVER, GOOD], BOTH)
row("two wrong ones, then one that answers", "db.test",
    [always(SERVFAIL), always(REFUSED), GOOD], BOTH)
row("lame, not implemented, then one that answers", "db.test",
    [always(LAME), always(NOTIMP), GOOD], BOTH)
row("two silent, then one that answers", "db.test",
    [always(SILENT), always(SILENT), GOOD], BOTH)
row("two that refuse, then one that answers", "db.test", [NO_SERVER, NO_SERVER, GOOD], BOTH)
row("SERVFAIL, then NXDOMAIN", "db.test", [always(SERVFAIL), always(NXDOMAIN)], NONAME)
row("refuses, then NODATA", "db.test", [NO_SERVER, always(NODATA)], NO_ADDRESS)
row("SERVFAIL, then silent", "db.test", [always(SERVFAIL), always(SILENT)], NO_ANSWER,
    options="attempts:1")
row("silent, then SERVFAIL", "db.test", [always(SILENT), always(SERVFAIL)], NO_ANSWER,
    options="attempts:1")
row("refuses, then REFUSED", "db.test", [NO_SERVER, always(REFUSED)], NO_ANSWER)
row("a fourth server is not asked", "db.test", [NO_SERVER] * 3 + [GOOD], NO_ANSWER)

# --- search lists ----------------------------------------------------------

LATE = Zone({"db.b.test": BOTH})
for say_what, said in FIRST.items():
    goes_on = say_what in ("NXDOMAIN", "NODATA", "SERVFAIL")
    row(f"the first domain is {say_what}", "db",
        [Zone({"db.a.test": said, "db.b.test": BOTH})], BOTH if goes_on else NONAME,
        search="a.test b.test", options="attempts:1",
        **({} if goes_on else dict(hale=(NONAME, NO_ANSWER), why=NOT_SAID)))
    row(f"the first domain is {say_what}, the name as it is answers", "db",
        [Zone({"db.a.test": said, "db": BOTH})], BOTH,
        search="a.test b.test", options="attempts:1")
    row(f"one domain of three is {say_what}, nothing elsewhere", "db",
        [Zone({"db.b.test": said})],
        {"NODATA": NO_ADDRESS, "SERVFAIL": NO_ANSWER}.get(say_what, NONAME),
        search="a.test b.test c.test", options="attempts:1",
        **({} if goes_on else dict(hale=(NONAME, NO_ANSWER), why=NOT_SAID)))
row("a full name under ndots:5 with a domain that fails", "db.test",
    [Zone({"db.test": BOTH, "db.test.b.test": SERVFAIL})], BOTH,
    search="a.test b.test c.test", options="attempts:1 ndots:5")
row("a full name under ndots:5 with a domain that refuses", "db.test",
    [Zone({"db.test": BOTH, "db.test.b.test": REFUSED})], BOTH,
    search="a.test b.test c.test", options="attempts:1 ndots:5")
row("a domain that fails on the first of two servers", "db",
    [Zone({"db.a.test": SERVFAIL, "db.b.test": "192.0.2.2"}), Zone({"db.a.test": BOTH})], BOTH,
    search="a.test b.test")
row("the first domain wins", "db", [Zone({"db.a.test": BOTH, "db.b.test": "192.0.2.2"})], BOTH,
    search="a.test b.test")
row("the name as it is comes last", "db", [Zone({"db": "192.0.2.2", "db.b.test": BOTH})], BOTH,
    search="a.test b.test")
row("the name as it is, in no domain", "db", [GOOD], BOTH, search="a.test b.test")
row("a name with a dot comes as it is first", "db.x",
    [Zone({"db.x": BOTH, "db.x.a.test": "192.0.2.2"})], BOTH, search="a.test")
row("a name with a dot, then in a domain", "db.x", [Zone({"db.x.a.test": BOTH})], BOTH,
    search="a.test")
row("a name with a dot as it is fails, then in a domain", "db.x",
    [Zone({"db.x": SERVFAIL, "db.x.a.test": BOTH})], BOTH, search="a.test")
row("a name with a dot has no address as it is, then in a domain", "db.x",
    [Zone({"db.x": NODATA, "db.x.a.test": BOTH})], BOTH, search="a.test")
row("a name with a dot fails as it is, in no domain", "db.x",
    [Zone({"db.x": SERVFAIL})], NO_ANSWER, search="a.test")
row("a name with a dot has no address as it is, in no domain", "db.x",
    [Zone({"db.x": NODATA})], NO_ADDRESS, search="a.test")
row("a final dot is for no domain", "db.", [LATE], NONAME, search="a.test b.test")
for ndots, gives in ((0, "192.0.2.2"), (1, "192.0.2.2"), (2, BOTH), (5, BOTH), (15, BOTH),
                     (16, BOTH), (99, BOTH)):
    row(f"ndots:{ndots} and one dot", "db.x", [Zone({
        "db.x": "192.0.2.2", "db.x.a.test": BOTH})], gives, search="a.test",
        options=f"ndots:{ndots}")
row("ndots:0 and no dot", "db", [Zone({"db": "192.0.2.2", "db.a.test": BOTH})], "192.0.2.2",
    search="a.test", options="ndots:0")
for dots, gives in ((14, BOTH), (15, "192.0.2.2"), (16, "192.0.2.2")):
    DOTTED = "a." * dots + "b"
    row(f"ndots:15 and {dots} dots", DOTTED, [Zone({
        DOTTED: "192.0.2.2", DOTTED + ".a.test": BOTH})], gives, search="a.test",
        options="ndots:15")
row("ndots:20 is 15", "a." * 15 + "b", [Zone({
    "a." * 15 + "b": "192.0.2.2", "a." * 15 + "b.a.test": BOTH})], "192.0.2.2", search="a.test",
    options="ndots:20")
row("ndots:-1", "db", [Zone({"db": "192.0.2.2", "db.a.test": BOTH})], BOTH,
    search="a.test", options="ndots:-1",
    hale="192.0.2.2", why="glibc's -1 is 15 in a field of four bits")
row("the kubelet's line", "db", [Zone({"db.ns.svc.cluster.local": BOTH})], BOTH,
    search="ns.svc.cluster.local svc.cluster.local cluster.local", options="ndots:5")
row("the kubelet's line, another namespace", "db.other",
    [Zone({"db.other.svc.cluster.local": BOTH})], BOTH,
    search="ns.svc.cluster.local svc.cluster.local cluster.local", options="ndots:5")
row("the kubelet's line, a name outside", "www.example.com",
    [Zone({"www.example.com": BOTH})], BOTH,
    search="ns.svc.cluster.local svc.cluster.local cluster.local", options="ndots:5")
for size in (255, 256, 300, 2000):
    domains = [f"{'d' * 20}{i:03d}.test" for i in range(size // 29 + 1)]
    TEXT = " ".join(domains)[:size - len("last.test") - 1].rpartition(" ")[0]
    row(f"a search line of {size} bytes", "db", [Zone({"db.last.test": BOTH})], BOTH,
        search=TEXT + " " * (size - len("last.test") - len(TEXT)) + "last.test")
row("32 domains", "db", [Zone({"db.d31.test": BOTH})], BOTH,
    search=" ".join(f"d{i}.test" for i in range(32)))
row("domains with final and leading dots", "db", [Zone({"db.a.test": BOTH})], BOTH,
    search="x.test. a.test.")
row("a domain that is a dot", "db", [Zone({"db": BOTH, "db.a.test": "192.0.2.2"})], BOTH,
    search=". a.test")
row("a domain too long for the name", "db" * 30, [Zone({"db" * 30 + ".b.test": BOTH})],
    NONAME, search=f"{'.'.join([LABEL] * 3)}.aa b.test",
    hale=BOTH, why="a domain that leaves no room for the name is no end of the search")
row("tabs between the domains", "db", [LATE], BOTH, search="a.test\t\tb.test\t")

# --- resolv.conf -----------------------------------------------------------

def resolv(title, text, gives=BOTH, host="db", servers=None, **rest):
    row(title, host, servers or [Zone({"db.b.test": BOTH})], gives, resolv=text, **rest)


NS1 = "nameserver 127.0.0.1\n"
resolv("domain alone", NS1 + "domain b.test\n")
resolv("domain after search", NS1 + "search a.test\ndomain b.test\n")
resolv("search after domain", NS1 + "domain a.test\nsearch b.test\n")
resolv("domain after search takes its place", NS1 + "search b.test\ndomain a.test\n", NONAME)
resolv("domain with two words", NS1 + "domain a.test b.test\n", NONAME)
resolv("the last of two search lines counts", NS1 + "search b.test\nsearch a.test\n", NONAME)
resolv("the last of two search lines", NS1 + "search a.test\nsearch b.test\n")
resolv("an empty search line after one", NS1 + "search b.test\nsearch\n")
resolv("a search line of blanks after one", NS1 + "search b.test\nsearch   \n")
resolv("comments of both kinds", "# nameserver 127.0.0.9\n; x\n" + NS1 + "#\nsearch b.test\n")
resolv("a comment behind the address", "nameserver 127.0.0.1 # ours\nsearch b.test\n")
resolv("a comment behind the domains", NS1 + "search a.test b.test # c.test\n")
resolv("a comment behind the domains with ;", NS1 + "search a.test b.test ;c.test\n")
resolv("a comment joined to the address", "nameserver 127.0.0.1#53\n" + "search b.test\n")
resolv("tabs", "nameserver\t127.0.0.1\t\nsearch\tb.test\n")
resolv("many blanks", "nameserver     127.0.0.1   \nsearch    b.test   \n")
CRLF = {"hale": BOTH, "why": "the end of a line is no part of a domain"}
resolv("CRLF", "nameserver 127.0.0.1\r\nsearch b.test\r\n", NONAME, **CRLF)
resolv("CRLF, options last", NS1 + "search b.test\r\noptions ndots:2\r\n", NONAME, **CRLF)
resolv("no final newline", NS1 + "search b.test")
resolv("no final newline after the server", "search b.test\nnameserver 127.0.0.1")
resolv("blanks before the keyword", " nameserver 127.0.0.9\n" + NS1 + "  search b.test\n", NONAME)
resolv("keywords in capitals", "NAMESERVER 127.0.0.9\n" + NS1 + "Search b.test\n", NONAME)
resolv("a keyword that goes on", "nameservers 127.0.0.9\n" + NS1 + "searching a.test\n", NONAME)
resolv("a server that is no address", "nameserver dns.test\nnameserver 127.0.0.300\n"
       "nameserver 1.2.3.4.5\nnameserver\nnameserver \n" + NS1 + "search b.test\n")
resolv("a server in short form", "nameserver 127.1\nsearch b.test\n")
resolv("a server in hex", "nameserver 0x7f000001\nsearch b.test\n")
resolv("a server in brackets", "nameserver [::1]\n" + NS1 + "search b.test\n")
resolv("two servers in one line", "nameserver 127.0.0.1 127.0.0.2\nsearch b.test\n")
resolv("no server at all is 127.0.0.1", "search b.test\n")
resolv("an empty file", "", BOTH, servers=[GOOD])
resolv("no file", None, BOTH, servers=[GOOD])
resolv("no file, the host's domain", None, BOTH, hostname="box.b.test")
resolv("a host's domain of two labels", NS1, BOTH, hostname="box.b.test")
resolv("a host's domain beside a search line", NS1 + "search b.test\n", BOTH,
       hostname="box.a.test")
resolv("a host without domain", NS1, NONAME, hostname="box")
resolv("a host whose name ends in a dot", NS1, NONAME, hostname="box.")
if is_static(HALE):
    resolv("no /etc", None, BOTH, servers=[GOOD], etc=False)
resolv("a file of NULs and junk", "\0\0\n\1\2\n" + NS1 + "search b.test\n")
resolv("sortlist and unknown words", NS1 + "sortlist 10.0.0.0/8\nlookup file bind\nfamily inet4\n"
       "search b.test\n")
resolv("::1 as server", "nameserver ::1\nsearch b.test\n", servers={"::1": LATE})
resolv("an IPv6 server in full", "nameserver 0:0:0:0:0:0:0:1\nsearch b.test\n",
       servers={"::1": LATE})
resolv("an IPv4 server mapped to IPv6", "nameserver ::ffff:127.0.0.1\nsearch b.test\n")
resolv("an IPv6 server that refuses, then IPv4", "nameserver ::1\n" + NS1 + "search b.test\n")
resolv("a server with a zone by name", "nameserver fe80::53%lo\nsearch b.test\n",
       servers={"fe80::53%lo": LATE})
resolv("a server with a zone by number", "nameserver fe80::53%1\nsearch b.test\n",
       servers={"fe80::53%lo": LATE})
resolv("a server with a zone that is not there", "nameserver fe80::53%no\n" + NS1
       + "search b.test\n")
resolv("a server that has no route", "nameserver 203.0.113.1\n" + NS1 + "search b.test\n")
resolv("a fourth server", "".join(f"nameserver {at}\n" for at in SERVER)
       + "options timeout:1 attempts:1\n", NO_ANSWER, host="db.test",
       servers=[NO_SERVER, NO_SERVER, NO_SERVER, GOOD])
resolv("one server three times", NS1 * 3 + "options timeout:1 attempts:1\n", NO_ANSWER,
       servers=[always(SERVFAIL)])
for text in ("ndots:2", "ndots:2 ", "\tndots:2", "ndots:02", "ndots:2x", "ndots: 2", "ndots:2,3",
             "ndots 2", "ndots:", "Ndots:2", "ndots=2", "xndots:2", "ndotsx:2",
             "timeout:0 ndots:2",
             "ndots:2 ndots:1", "ndots:1\noptions ndots:2", "attempts:99 ndots:2",
             "timeout:-1 ndots:2", "ndots:2 debug inet6 no-check-names",
             "trust-ad ndots:2", "no-reload ndots:2", "edns0,ndots:2", "ndots:2;", "ndots:2 # x",
             "# ndots:2", "timeout:99999999999 ndots:2", "ndots:99999999999"):
    IS_TWO = text not in ("ndots 2", "ndots:", "Ndots:2", "ndots=2", "xndots:2",
                          "ndotsx:2", "ndots:2 ndots:1", "edns0,ndots:2")
    resolv(f"options {text!r}", NS1 + f"search a.test\noptions {text}\n",
           BOTH if IS_TWO else "192.0.2.2", host="db.x",
           servers=[Zone({"db.x": "192.0.2.2", "db.x.a.test": BOTH})])
resolv("attempts:0", NS1 + "options attempts:0\n", NO_ANSWER, host="db.test", servers=[GOOD],
       hale=BOTH, why="attempts:0 counts as 1: who asks nobody finds nothing")
resolv("attempts:1", NS1 + "options timeout:1 attempts:1\n", NO_ANSWER, host="db.test",
       servers=[FirstLost(GOOD)], hale=(BOTH, NO_ANSWER), why=AGAIN)
resolv("attempts:3", NS1 + "options timeout:1 attempts:3\n", NO_ANSWER, host="db.test",
       servers=[always(SILENT)])
resolv("timeout:2", NS1 + "options timeout:2 attempts:1\n", BOTH, host="db.test",
       servers=[Zone({"db.test": BOTH}, delay=1.5)])

# --- options that change how is asked --------------------------------------

row("use-vc", "db.test", [by_proto(always(NXDOMAIN), GOOD)], BOTH, options="use-vc")
row("use-vc, the first has no TCP", "db.test", [NO_SERVER, GOOD], BOTH, options="use-vc")
row("use-vc, no such name", "db.test", [always(NXDOMAIN)], NONAME, options="use-vc")
row("single-request", "db.test", [GOOD], BOTH, options="single-request")
row("single-request-reopen", "db.test", [GOOD], BOTH, options="single-request-reopen")
row("single-request, AAAA is silent", "db.test",
    [Zone({"db.test A": V4, "db.test AAAA": lambda q: SILENT})], V4,
    options="single-request attempts:1")
row("single-request, AAAA is SERVFAIL", "db.test",
    [Zone({"db.test A": V4, "db.test AAAA": SERVFAIL})], V4, options="single-request")
row("rotate, both know it", "db.test", [GOOD, GOOD], BOTH, options="rotate")
row("rotate, one refuses", "db.test", [NO_SERVER, GOOD], BOTH, options="rotate")
row("edns0", "db.test", [lambda q: GOOD(q) if q.edns else NXDOMAIN], BOTH, options="edns0")
row("no edns0", "db.test", [lambda q: NXDOMAIN if q.edns else GOOD(q)], BOTH)
row("edns0, answered by FORMERR", "db.test",
    [lambda q: FORMERR if q.edns else GOOD(q)], NONAME, options="edns0",
    hale=(BOTH, NO_ANSWER), why=BETTER)
row("edns0, answered by FORMERR without a question", "db.test",
    [lambda q: Say(rcode=1, question=b"") if q.edns else GOOD(q)], NO_ANSWER,
    options="edns0", hale=(BOTH, NO_ANSWER), why=BETTER)
row("edns0, answered by NOTIMP", "db.test",
    [lambda q: NOTIMP if q.edns else GOOD(q)], NO_ANSWER, options="edns0 attempts:1",
    hale=(BOTH, NO_ANSWER), why=BETTER)
row("edns0, answered by an OPT too", "db.test", [lambda q: dataclasses.replace(
    GOOD(q), additional=(b"\0" + b"\0\x29\x04\xd0" + bytes(6),))], BOTH, options="edns0")
row("edns0, 50 addresses", "db.test", [Zone({"db.test": " ".join(many(50))})],
    words(many(50)), options="edns0")

# --- long answers ----------------------------------------------------------

for count in (16, 17, 28, 29, 100, 500, 2000):
    row(f"{count} addresses", "db.test", [Zone({"db.test": " ".join(many(count))})],
        words(many(count)))
for count in (17, 100, 2000):
    row(f"{count} addresses of each family", "db.test",
        [Zone({"db.test": " ".join(many(count) + many(count, True))})],
        words(map(worlds.plain, many(count) + many(count, True))))
TRUNCATED = Say(tc=True)
row("truncated, then TCP", "db.test", [by_proto(always(TRUNCATED), GOOD)], BOTH)
row("A truncated only", "db.test", [by_proto(
    lambda q: TRUNCATED if q.type == A else GOOD(q), GOOD)], BOTH)
row("AAAA truncated only", "db.test", [by_proto(
    lambda q: TRUNCATED if q.type == AAAA else GOOD(q), GOOD)], BOTH)
row("truncated with some addresses", "db.test", [by_proto(
    always(Say((address("192.0.2.9"),), tc=True)), GOOD)], BOTH)


class NoTcp:
    """A server that has UDP only."""
    tcp = None

    def __init__(self, script):
        self.script = script

    def __call__(self, q):
        return self.script(q)


row("truncated, TCP refused", "db.test", [NoTcp(always(TRUNCATED))], NO_ANSWER,
    options="attempts:1")
row("truncated, TCP refused, a second server", "db.test", [NoTcp(always(TRUNCATED)), GOOD], BOTH)
row("truncated with some addresses, TCP refused", "db.test",
    [NoTcp(always(Say((address(V4),), tc=True)))], NO_ANSWER, options="attempts:1")
row("truncated, TCP says SERVFAIL, a second server", "db.test",
    [by_proto(always(TRUNCATED), always(SERVFAIL)), GOOD], NO_ANSWER,
    hale=(BOTH, NO_ANSWER), why=BETTER)
row("truncated, TCP says NXDOMAIN", "db.test",
    [by_proto(always(TRUNCATED), always(NXDOMAIN))], NONAME)
row("an NXDOMAIN that is truncated", "db.test",
    [by_proto(always(Say(rcode=3, tc=True)), GOOD)], BOTH)

# --- aliases ---------------------------------------------------------------

def chain(links, last=BOTH):
    made = {f"a{i}.test": f"-> a{i + 1}.test" for i in range(links)}
    return Zone({**made, f"a{links}.test": last})


def turned(script):
    """The same answer, its records in reverse order."""
    def say(q):
        said = script(q)
        return dataclasses.replace(said, records=said.records[::-1])
    return say


for links in (1, 2, 8):
    row(f"an alias of {links} links", "a0.test", [chain(links)], BOTH)
row("an alias in another domain", "www.test", [Zone({
    "www.test": "-> lb.elsewhere.example", "lb.elsewhere.example": BOTH})], BOTH)
row("an alias of a name in a domain of the search", "www", [Zone({
    "www.b.test": "-> lb.elsewhere.example", "lb.elsewhere.example": BOTH})], BOTH,
    search="a.test b.test")
row("an alias that leads nowhere", "www.test", [Zone({"www.test": "-> no.test"}, NODATA)],
    NONAME, hale=NO_ADDRESS, why=NOT_SAID)
row("an alias to a name that does not exist", "www.test", [Zone({"www.test": "-> no.test"})],
    NONAME)
row("an alias with IPv4 only", "www.test", [Zone({"www.test": "-> v4.test", "v4.test": V4})], V4)
row("an alias to itself", "www.test", [always(Say((cname("www.test"),)))], NONAME,
    hale=(NO_ADDRESS, NO_ANSWER), why=NOT_SAID)
row("an alias in other case", "www.test", [lambda q: Say((
    cname("LB.Test"), address(V6 if q.type == AAAA else V4, "lb.tEST")))], BOTH)
row("aliases after the address", "a0.test", [turned(chain(2))], NONAME,
    hale=BOTH, why="records of an answer have no order (RFC 1034, 3.6)")

# --- /etc/hosts ------------------------------------------------------------

def hosts(title, text, gives=BOTH, host="db", servers=None, **rest):
    row(title, host, servers or [always(NXDOMAIN)], gives, hosts=text, **rest)


LINES = f"{V4} db\n{V6} db\n"
hosts("hosts: two families", LINES)
hosts("hosts: an alias", f"{V4} x y db z\n{V6} w db\n")
hosts("hosts: tabs", f"{V4}\tdb\n{V6}\t\tx\t db\t\n")
hosts("hosts: blanks in front", f"  {V4} db\n\t{V6} db\n")
hosts("hosts: comments", f"# {V4} no\n{V4} db # no\n{V6} db#no\n#\n")
hosts("hosts: a name in a comment", f"{V4} x # db\n", NONAME)
hosts("hosts: other case in the file", f"{V4} DB\n{V6} dB\n")
hosts("hosts: other case in the name", LINES, host="DB")
hosts("hosts: no final newline", f"{V4} db\n{V6} db")
hosts("hosts: CRLF", f"{V4} db\r\n{V6} db x\r\n")
hosts("hosts: several lines", f"{V4} db\n192.0.2.2 db\n{V6} db\n2001:db8::2 x db\n",
      f"192.0.2.1 192.0.2.2 {V6} 2001:db8::2")
hosts("hosts: the same line twice", LINES + LINES)
hosts("hosts: a name twice in a line", f"{V4} db db\n{V6} x db db\n")
hosts("hosts: IPv4 only, the DNS has IPv6", f"{V4} db\n", V4, servers=[Zone({"db": V6})])
hosts("hosts: IPv6 only, the DNS has IPv4", f"{V6} db\n", V6, servers=[Zone({"db": V4})])
hosts("hosts: before the DNS", LINES, servers=[Zone({"db": "192.0.2.2"})])
hosts("hosts: with dots", f"{V4} db.test\n{V6} db.test\n", host="db.test")
hosts("hosts: a final dot", LINES, NONAME, host="db.")
hosts("hosts: a final dot in the file", f"{V4} db.\n", NONAME)
hosts("hosts: no domain is added", f"{V4} db.a.test\n", NONAME, search="a.test")
hosts("hosts: but the DNS is searched", f"{V4} other\n", BOTH, servers=[LATE],
      search="a.test b.test")
for behind in (500, 511, 512, 1000, 5000, 40000):
    hosts(f"hosts: behind byte {behind}",
          f"{V4} {'x' * 50} ".ljust(behind, "y") + f" db\n{V6} db\n")
hosts("hosts: many aliases", f"{V4} " + " ".join(f"n{i}" for i in range(3000)) + f" db\n{V6} db\n")
hosts("hosts: 10,000 lines", "".join(f"10.1.{i >> 8}.{i & 255} h{i}\n" for i in range(10000))
      + LINES)
hosts("hosts: an empty file", "", BOTH, servers=[GOOD])
hosts("hosts: no file", None, BOTH, servers=[GOOD])
hosts("hosts: lines that are broken", f"db\n\n{V4}\n{V4}x db\n300.1.1.1 db\n:::: db\n{LINES}")
hosts("hosts: part of a name", f"{V4} dbx xdb d\n", NONAME)
hosts("hosts: a short address", f"192.0.513 db\n{V6} db\n", V6)
hosts("hosts: an address with a zone", f"fe80::53%lo db\n{V4} db\n", V4,
      hale=f"{V4} fe80::53", why="glibc 2.36 passes over addresses with a zone")
hosts("hosts: a mapped address", f"::ffff:192.0.2.1 db\n{V6} db\n", f"{V6} ::ffff:192.0.2.1")
hosts("hosts: an underscore", f"{V4} db_1\n{V6} db_1\n", host="db_1")
hosts("hosts: NULs and bytes above 127", f"{V4} \xe4\xff db\n\0\n{V6} db\n")
hosts("hosts: and no server at all", LINES, servers=[NO_SERVER])
hosts("hosts: localhost", "127.0.0.1 localhost\n::1 localhost\n", "127.0.0.1 ::1",
      host="localhost")
hosts("hosts: localhost is another", "192.0.2.9 localhost\n", "192.0.2.9", host="localhost",
      hale="::1 127.0.0.1", why=LOOPBACK)
hosts("no hosts: localhost", None, NONAME, host="localhost",
      hale="::1 127.0.0.1", why=LOOPBACK)
hosts("no hosts: a name in localhost", None, NONAME, host="x.localhost",
      hale="::1 127.0.0.1", why=LOOPBACK)
hosts("the DNS knows a localhost", None, "192.0.2.9", host="localhost",
      servers=[Zone({"localhost": "192.0.2.9"})],
      hale="::1 127.0.0.1", why=LOOPBACK)

# --- numbers ---------------------------------------------------------------

for text, gives in (("127.1", "127.0.0.1"), ("0x7f.1", "127.0.0.1"), ("2130706433", "127.0.0.1"),
                    ("192.0.513", "192.0.2.1"), ("0300.0.2.1", "192.0.2.1"),
                    ("0xc0000201", "192.0.2.1"), ("127.0.0.010", "127.0.0.8"),
                    ("127.0.0.256", NONAME), ("127.0.0.08", NONAME),
                    ("1.2.3.4.5", NONAME), ("4294967296", NONAME), ("::1", "::1"),
                    ("2001:db8::1", V6)):
    row(f"the number {text}", text, [always(NXDOMAIN)], gives)
row("the number 127.0.0.1.", "127.0.0.1.", [always(NXDOMAIN)], NONAME, hale="127.0.0.1",
    why="curl takes the dot off an address since 8.21")

# --- order -----------------------------------------------------------------

def ordered(title, found, network="", **rest):
    row("order: " + title, "db.test", [Zone({"db.test": found})], words(found.split()),
        network=network, ordered=True, **rest)


SHUFFLED = many(40)
random.Random(1).shuffle(SHUFFLED)
ordered("IPv6 before IPv4", BOTH)
ordered("IPv4 as the server has it", " ".join(SHUFFLED))
ordered("many of both", " ".join(SHUFFLED[:20] + many(20, True)[::-1]))
ordered("no route for IPv6", BOTH, "route del local 2001:db8::/32 dev lo\n")
ordered("one IPv6 without a route", "2001:db9::1 2001:db8::1 192.0.2.1")
ordered("one IPv4 without a route", "203.0.113.1 192.0.2.1")
OWN = "addr add 2001:db8:1::7/128 dev lo nodad\n"
ordered("the longest common prefix", "2001:db8:9::1 2001:db8:1::1 2001:db8:ffff::1", OWN)
ordered("the same, the other way round", "2001:db8:ffff::1 2001:db8:1::1 2001:db8:9::1", OWN)
ordered("IPv6 with a source of another label", BOTH, """addr del 2001:db8:ffff::7/128 dev lo
addr add fd00::7/128 dev lo nodad
""")
ordered("loopback and global", "192.0.2.1 127.0.0.1 ::1 2001:db8::1")
ordered("link-local and global", "169.254.1.1 192.0.2.1",
        "route add local 169.254.1.0/24 dev lo src 198.51.100.7\n")
ordered("6to4 and native IPv6", "2002:c000:201::1 2001:db8::1",
        "route add local 2002::/16 dev lo\n")


# --- the runs --------------------------------------------------------------

@pytest.fixture(scope="module")
def results(request):
    """Runs the rows that are wanted, side by side, from the moment the first one is."""
    wanted = [item.callspec.params["title"] for item in request.session.items
              if getattr(item, "callspec", None) and item.path == request.path
              and "title" in item.callspec.params]
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {title: pool.submit(both, ROWS[title]) for title in dict.fromkeys(wanted)}


def both(one):
    """What glibc and hale find, and in which order hale tries it where that is the matter."""
    glibc, hale = worlds.ask_glibc(one.setup, one.host), worlds.ask_hale(one.setup, one.host)
    if one.ordered:
        hale.tried = worlds.tried(one.setup, HALE, "get", "-m", "9", f"http://{one.host}:1/").tried
    return glibc, hale


def families(addresses):
    """Those of each family, in order: connections take turns between the two."""
    return [[a for a in addresses if (":" in a) == v6] for v6 in (True, False)]


def is_in_time(one, glibc, hale):
    """No later, and no more questions, unless hale goes on where glibc ends. A question that
    stays without an answer is sent once more in the middle of its time."""
    most = len(glibc.ran.asked) * (2 if glibc.ran.seconds > WAITED_S else 1)
    return hale.ran.seconds <= glibc.ran.seconds + LATER_S and (
        one.hale or len(hale.ran.asked) <= most)


@pytest.mark.parametrize("title", ROWS)
def test_a_name_is_found_as_glibc_finds_it(title, results):
    one = ROWS[title]
    glibc, hale = results[title].result()
    assert glibc.result == words(one.gives.split()) or glibc.result == one.gives, glibc.exact
    expected = one.hale or one.gives
    expected = [expected] if isinstance(expected, str) else expected
    assert hale.result in [way for e in expected for way in (e, words(e.split()))], (
        f"{hale.ran.err}{hale.exact}")
    if one.ordered:
        assert families(hale.tried) == families(glibc.addresses)
        assert hale.tried[:1] == glibc.addresses[:1]
    if not is_in_time(one, glibc, hale):
        glibc, hale = both(one)  # alone: others took the machine, or it is so
        asked = [(f.ran.seconds, [(q.server, q.proto, *q.what) for q in f.ran.asked])
                 for f in (glibc, hale)]
        assert is_in_time(one, glibc, hale), f"glibc: {asked[0]}\nhale: {asked[1]}"


def test_rows_that_differ_are_known(results, capsys):
    """Prints what was compared with which glibc, and the rows that differ with the reason."""
    version = subprocess.run(["getent", "--version"], capture_output=True, text=True,
                             check=True).stdout.splitlines()[0]
    differ = []
    for title, result in results.items():
        glibc, hale = result.result()
        if glibc.result != hale.result:
            differ.append((title, glibc.result, hale.result, ROWS[title].why))
    with capsys.disabled():
        print(f"\n{len(results)} rows beside {version}; {len(differ)} differ:")
        for title, theirs, ours, why in differ:
            print(f"  {title}: glibc {theirs[:50]}, hale {ours[:50]}: {why}")
    assert [title for title, *_, why in differ if not why] == []


def test_there_are_enough_rows():
    assert len(ROWS) >= 80
