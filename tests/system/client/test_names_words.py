"""What is said of a name that is not found: which server said what, and of which name."""
import dataclasses
import re

import pytest

import worlds
from harness import HALE
from worlds import (AAAA, FORMERR, LAME, NODATA, NOTIMP, NXDOMAIN, REFUSED, SERVFAIL, SILENT, Say,
                    Setup, Zone, always, by_proto)

NS1 = "nameserver 127.0.0.1\n"
NS2 = NS1 + "nameserver 127.0.0.2\n"
QUICK = "options timeout:1 attempts:1\n"
NOBODY = "no name server answered"
LINE_MAX = 1024  # bytes of any such line


@dataclasses.dataclass
class Row:
    setup: Setup
    host: str
    parts: list  # patterns that the line has, in this order
    never: str = "^$"  # a pattern that it has not


def truncated(_):
    return Say(tc=True)


truncated.tcp = None  # nobody is there


def served(servers, text=NS1, **rest):
    listen = {f"127.0.0.{i + 1}": always(said) if said is None or isinstance(said, Say) else said
              for i, said in enumerate(servers) if said != "refuses"}
    return Setup(listen, text, **rest)


SEARCH = "search default.svc.cluster.local svc.cluster.local\n"
MANY = "search " + " ".join(f"d{i:02d}.{'x' * 50}.test" for i in range(32)) + "\n"
ROWS = {
    "no such name": Row(served([NXDOMAIN]), "db.test",
                        [r"127\.0\.0\.1", r"db\.test does not exist"], "also tried"),
    "no such name with a final dot": Row(served([NXDOMAIN]), "db.test.", [
        r"127\.0\.0\.1", r"db\.test\.? does not exist"], "also tried"),
    "no such name, two servers": Row(served([NXDOMAIN, SILENT], NS2), "db.test", [
        r"127\.0\.0\.1", r"db\.test does not exist"], r"127\.0\.0\.2"),
    "no such name says the second": Row(served([SERVFAIL, NXDOMAIN], NS2), "db.test", [
        r"127\.0\.0\.2", r"db\.test does not exist"]),
    "no such name in any domain": Row(served([NXDOMAIN], NS1 + SEARCH), "db", [
        r"127\.0\.0\.1", r"\bdb does not exist", "also tried",
        r"db\.default\.svc\.cluster\.local", r"db\.svc\.cluster\.local"]),
    "no such name in 32 domains": Row(served([NXDOMAIN], NS1 + MANY), "db", [
        r"127\.0\.0\.1", r"\bdb does not exist", "also tried", r"db\.d00\.xx"]),
    "no address": Row(served([NODATA]), "db.test", [r"127\.0\.0\.1", r"db\.test", r"no address"],
                      "does not exist"),
    "no address in one domain": Row(
        served([Zone({"db.svc.cluster.local": NODATA})], NS1 + SEARCH), "db",
        [r"127\.0\.0\.1", r"\bdb", r"no address"]),
    "silent": Row(served([SILENT], NS1 + QUICK), "db.test", [
        NOBODY, r"127\.0\.0\.1", "timed out"], "does not exist"),
    "two silent": Row(served([SILENT, SILENT], NS2 + QUICK), "db.test", [
        NOBODY, r"127\.0\.0\.1", "timed out", r"127\.0\.0\.2", "timed out"]),
    "refuses": Row(served(["refuses"]), "db.test", [NOBODY, r"127\.0\.0\.1", "refused"],
                   "timed out"),
    "silent and refuses": Row(served([SILENT, "refuses"], NS2 + QUICK), "db.test", [
        NOBODY, r"127\.0\.0\.1", "timed out", r"127\.0\.0\.2", "refused"]),
    "no file": Row(served(["refuses"], None), "db.test", [r"127\.0\.0\.1", "refused"]),
    "SERVFAIL": Row(served([SERVFAIL]), "db.test", [r"127\.0\.0\.1", "SERVFAIL|fail"],
                    "does not exist|timed out"),
    "REFUSED": Row(served([REFUSED]), "db.test", [r"127\.0\.0\.1", "REFUSED|refuse"],
                   "does not exist|timed out"),
    "NOTIMP": Row(served([NOTIMP]), "db.test", [r"127\.0\.0\.1", "NOTIMP|implement"],
                  "does not exist|timed out"),
    "FORMERR": Row(served([FORMERR]), "db.test", [r"127\.0\.0\.1", "FORMERR|format|form"],
                   "does not exist|timed out"),
    "lame": Row(served([LAME]), "db.test", [r"127\.0\.0\.1"], "does not exist|timed out"),
    "each of three in its way": Row(served(
        [SERVFAIL, REFUSED, SILENT], NS2 + "nameserver 127.0.0.3\n" + QUICK), "db.test", [
            r"127\.0\.0\.1", "SERVFAIL|fail", r"127\.0\.0\.2", "REFUSED|refuse",
            r"127\.0\.0\.3", "timed out"], "does not exist"),
    "truncated, and TCP refused": Row(served([truncated]), "db.test", [
        NOBODY, r"127\.0\.0\.1 \(over TCP: ", "refused"]),
    "truncated, and TCP silent": Row(served([by_proto(truncated, always(SILENT))], NS1 + QUICK),
                                     "db.test", [NOBODY, r"over TCP: timed out"]),
    "an interface that is not there": Row(served([], "nameserver fe80::1%none0\n"), "db.test", [
        NOBODY, r"fe80::1 \(no interface leads to it\)"]),
    "time runs out after other answers": Row(served(
        [Zone({"db.svc.cluster.local": SILENT})], NS1 + SEARCH + QUICK), "db",
        [r"127\.0\.0\.1", r"\bdb does not exist"]),
    "a name that no DNS can have": Row(served([NXDOMAIN]), "x" * 64 + ".test", [
        "1 to 63 bytes, at most 253 in all"]),
    "an IPv6 server": Row(served([], "nameserver ::1\n"), "db.test", ["::1", "refused"]),
    "an address no one reaches": Row(served([], "nameserver 203.0.113.1\n"), "db.test", [
        r"203\.0\.113\.1", "unreachable|route"], "timed out"),
    "a domain fails, the name as it is does not exist": Row(served(
        [Zone({"db.svc.cluster.local": SERVFAIL})], NS1 + SEARCH), "db",
        [r"127\.0\.0\.1", "SERVFAIL|fail"]),
}


def said(one, *argv):
    return worlds.run(one.setup, HALE, *argv)


def assert_parts(text, one):
    at = 0
    for part in one.parts:
        found = re.compile(part).search(text, at)
        assert found, f"{part!r} is not in its place: {text}"
        at = found.end()
    assert not re.search(one.never, text), text
    assert len(text) <= LINE_MAX


@pytest.mark.parametrize("title", ROWS)
def test_a_check_names_the_server_and_what_it_said(title):
    one = ROWS[title]
    ran = said(one, "check", "--timeout", "20s", f"tcp://{one.host}:1")
    assert (ran.code, ran.err) == (1, "")
    assert re.fullmatch(r"[ -~]+\n", ran.out)  # one line
    assert ran.out.startswith(one.host.rstrip("."))
    assert_parts(ran.out, one)


@pytest.mark.parametrize("title", ROWS)
def test_get_fails_as_curl_does(title):
    """In curl's words, for those who look for these, and its exit code."""
    one = ROWS[title]
    ran = said(one, "get", "-sS", "-m", "20", f"http://{one.host}:1/")
    assert (ran.code, ran.out) == (6, "")
    assert re.match(rf"hale: get: \(6\) Could not resolve host: {re.escape(one.host.rstrip('.'))}",
                    ran.err)
    assert ran.err.count("\n") == 1 and len(ran.err) <= LINE_MAX


@pytest.mark.parametrize("title", ["no such name", "silent", "SERVFAIL"])
def test_wait_says_it_too(title):
    one = ROWS[title]
    ran = said(one, "wait", "--timeout", "1500ms", f"tcp://{one.host}:1")
    assert ran.code == 1
    assert_parts(ran.out + ran.err, one)


@pytest.mark.parametrize("title", ["no such name in any domain", "two silent"])
def test_one_of_several_checks_says_it_in_its_line(title):
    one = ROWS[title]
    ran = said(one, "check", "--timeout", "20s", f"tcp://{one.host}:1", "exec:true")
    assert ran.code == 1
    line, = [line for line in ran.out.splitlines() if line.startswith("[-]")]
    assert_parts(line, one)


def test_the_check_s_own_deadline_names_who_did_not_answer():
    """Though the server had more time by resolv.conf."""
    ran = worlds.run(served([SILENT]), HALE, "check", "--timeout", "300ms", "tcp://db.test:1")
    assert ran.code == 1 and re.search(r"127\.0\.0\.1.*timed out", ran.out), ran.out
    assert ran.seconds < 2


@pytest.mark.parametrize("flag", ["-m", "--connect-timeout"])
def test_get_s_own_deadline_is_exit_28(flag):
    ran = worlds.run(served([SILENT]), HALE, "get", "-sS", flag, "0.3", "http://db.test:1/")
    assert ran.code == 28 and ran.seconds < 2
    assert "Resolving timed out" in ran.err or "timed out" in ran.err


@pytest.mark.parametrize("host, parts", [
    ("a" * 64 + ".test", "name"), ("db..test", "name"), (".", "")])
def test_what_is_no_name_is_asked_of_nobody(host, parts):
    ran = worlds.run(served([NXDOMAIN]), HALE, "check", f"tcp://{host}:1")
    assert ran.code in (1, 2) and ran.asked == []
    assert parts in ran.out + ran.err and (ran.out + ran.err).count("\n") == 1


def test_one_family_that_is_wanted_and_missing():
    only_v6 = Zone({"db.test": "2001:db8::1"})
    ran = worlds.run(served([only_v6]), HALE, "get", "-sS", "-4", "http://db.test:1/")
    assert ran.code == 6 and all(q.type != AAAA for q in ran.asked)
    assert "Could not resolve host: db.test" in ran.err


def test_names_from_resolv_conf_are_printed_without_control_characters():
    ran = worlds.run(served([NXDOMAIN], NS1 + "search a\x1b[31m.test b\x07.test \xff\xfe.test\n"),
                    HALE, "check", "tcp://db:1")
    assert ran.code == 1 and re.fullmatch(r"[ -~]+\n", ran.out), ran.out


def test_verbose_lists_what_was_found():
    both = Zone({"db.test": "192.0.2.1 192.0.2.2 2001:db8::1"})
    ran = worlds.run(served([both]), HALE, "get", "-v", "http://db.test:1/")
    assert re.search(r"^\* Host db\.test:1 was resolved\.\n\* IPv6: 2001:db8::1\n"
                     r"\* IPv4: 192\.0\.2\.1, 192\.0\.2\.2\n", ran.err, re.M), ran.err


def test_no_aaaa_leaves_nothing_to_ask_for_with_6():
    ran = worlds.run(served([NXDOMAIN], NS1 + "options no-aaaa\n"), HALE, "check", "-6",
                    "tcp://db.test:1")
    assert (ran.code, ran.asked) == (1, [])
    assert ran.out == ("db.test: /etc/resolv.conf says no-aaaa: IPv6 addresses are not asked "
                       "for\n")


def test_a_deadline_that_has_come_asks_nobody():
    ran = worlds.run(served([NXDOMAIN], hosts="".join(f"192.0.2.1 x{i}\n" for i in range(10 ** 6))),
                    HALE, "check", "--timeout", "1ms", "tcp://db.test:1")
    assert (ran.code, ran.asked) == (1, []) and re.search("time", ran.out), ran.out
