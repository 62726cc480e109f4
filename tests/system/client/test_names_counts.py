"""How names are asked for: which questions, how many, to whom. No load changes that."""
import re
import socket
import struct

import pytest

import worlds
from harness import HALE
from worlds import (AAAA, FirstLost, NODATA, NXDOMAIN, REFUSED, SILENT, Say, Setup, Zone,
                    always, by_proto)

V4, V6 = "192.0.2.1", "2001:db8::1"
GOOD = Zone({"db.test": f"{V4} {V6}"})
GET = (HALE, "get", "-sS", "-m", "20")
URL = "http://db.test:1/"
NS1 = "nameserver 127.0.0.1\n"


def one(script=GOOD, options="", **rest):
    text = NS1 + (f"options {options}\n" if options else "")
    return Setup({"127.0.0.1": script}, text, **rest)


def asked(ran):
    return sorted((q.proto, *q.what) for q in ran.asked)


@pytest.mark.parametrize("argv, kinds", [
    (GET, ["A", "AAAA"]), ((*GET, "-4"), ["A"]), ((*GET, "-6"), ["AAAA"]),
    ((HALE, "check"), ["A", "AAAA"])], ids=["get", "get -4", "get -6", "check"])
def test_a_family_is_one_question(argv, kinds):
    ran = worlds.run(one(), *argv, URL)
    assert asked(ran) == [("udp", "db.test", kind) for kind in kinds], ran.err
    assert ran.code == (7 if argv[1] == "get" else 1)


@pytest.mark.parametrize("host, hosts", [
    ("127.0.0.1", None), ("[::1]", None), ("0x7f.1", None), ("localhost", None),
    ("x.localhost", None), ("localhost.", None), ("db.test", f"{V4} db.test\n")])
def test_what_is_known_is_not_asked(host, hosts):
    ran = worlds.run(one(hosts=hosts), *GET, f"http://{host}:1/")
    assert (ran.code, ran.asked) == (7, []), ran.err


def test_hosts_with_one_family_is_the_whole_answer():
    ran = worlds.run(one(hosts=f"{V4} db.test\n"), *GET, "-v", URL)
    assert ran.asked == [] and "IPv6: (none)" in ran.err


def test_one_family_that_is_lost_is_asked_for_again_and_only_that():
    lost = FirstLost(GOOD)
    ran = worlds.run(one(lambda q: lost(q) if q.type == AAAA else GOOD(q), "timeout:1"),
                    *GET, URL)
    assert asked(ran) == [("udp", "db.test", "A")] + [("udp", "db.test", "AAAA")] * 2


def test_only_what_is_truncated_is_asked_by_tcp():
    ran = worlds.run(one(by_proto(lambda q: Say(tc=True) if q.type == AAAA else GOOD(q), GOOD)),
                    *GET, "-v", URL)
    assert asked(ran) == [("tcp", "db.test", "AAAA"), ("udp", "db.test", "A"),
                          ("udp", "db.test", "AAAA")]
    assert V6 in ran.err and V4 in ran.err


def test_a_silent_first_server_is_asked_once_a_look_up():
    domains = [f"{c}.test" for c in "abcd"]
    silent, good = always(SILENT), Zone({"db": V4})
    ran = worlds.run(Setup({"127.0.0.1": silent, "127.0.0.2": good},
                          f"{NS1}nameserver 127.0.0.2\nsearch {' '.join(domains)}\n"
                          "options timeout:1\n"), *GET, "http://db:1/")
    assert ran.code == 7, ran.err
    silent_ones = [q.what for q in ran.questions(server="127.0.0.1")]
    assert sorted(set(silent_ones)) == [("db.a.test", "A"), ("db.a.test", "AAAA")]
    assert len(silent_ones) <= 4  # each may be sent once more in the middle of its time
    assert sorted(q.what for q in ran.questions(server="127.0.0.2")) == sorted(
        (name, kind) for name in ["db", *(f"db.{d}" for d in domains)] for kind in ("A", "AAAA"))
    assert ran.seconds < 5  # five names, two families; its timeout is one second


def test_the_search_ends_with_the_first_name_that_has_an_address():
    ran = worlds.run(Setup({"127.0.0.1": Zone({"db.b.test": V4})},
                          NS1 + "search a.test b.test c.test\n"), *GET, "http://db:1/")
    assert [q.what[0] for q in ran.asked] == ["db.a.test"] * 2 + ["db.b.test"] * 2


def test_the_other_servers_are_not_asked_once_one_has_answered():
    for said in (GOOD, always(NXDOMAIN), always(NODATA)):
        ran = worlds.run(Setup({"127.0.0.1": said, "127.0.0.2": GOOD},
                              NS1 + "nameserver 127.0.0.2\n"), *GET, URL)
        assert len(ran.asked) == 2 and ran.questions(server="127.0.0.2") == []


def test_a_question_is_plain():
    ran = worlds.run(one(), *GET, "http://Db.Test.:1/")
    for q in ran.asked:
        head = struct.unpack("!HHHHHH", q.raw[:12])
        assert head[1:] == (0x0100, 1, 0, 0, 0)  # recursion desired, nothing else
        assert q.raw[-2:] == b"\0\1" and q.end == len(q.raw)
        assert q.name.lower() == "db.test"


def test_edns0_is_asked_with_1232_bytes():
    ran = worlds.run(one(options="edns0"), *GET, URL)
    assert len(ran.asked) == 2
    for q in ran.asked:
        assert q.raw[q.end:] == b"\0\0\x29\x04\xd0" + bytes(6)


def test_use_vc_sends_no_datagram():
    ran = worlds.run(one(options="use-vc"), *GET, URL)
    assert ran.code == 7 and asked(ran) == [("tcp", "db.test", "A"), ("tcp", "db.test", "AAAA")]


class Together:
    """Answers the first question only when the second has come."""

    def __init__(self):
        self.first = None

    def __call__(self, q):
        if self.first is None:
            self.first = q
            return SILENT
        first, self.first = self.first, None
        return [GOOD(first).message(first), GOOD(q)]


def test_both_families_are_asked_side_by_side():
    ran = worlds.run(one(Together()), *GET, URL)
    assert (ran.code, len(ran.asked)) == (7, 2)


@pytest.mark.parametrize("option", ["single-request", "single-request-reopen"])
def test_a_single_request_waits_for_its_answer(option):
    ran = worlds.run(one(Zone({"db.test": f"{V4} {V6}"}, delay=0.2), option), *GET, URL)
    first, second = ran.asked
    assert (first.what[1], second.what[1]) == ("A", "AAAA")
    assert second.at - first.at >= 0.19
    assert (first.peer == second.peer) == (option == "single-request")


def test_rotate_asks_each_server_first_now_and_then():
    setup = Setup({"127.0.0.1": GOOD, "127.0.0.2": GOOD},
                  NS1 + "nameserver 127.0.0.2\noptions rotate\n")

    def work(world):
        for _ in range(40):  # one of them alone: 1 in 2^39
            world.run(*GET, "-4", URL)
        return {q.server for q in world.servers.asked}

    assert worlds.within(setup, work) == {"127.0.0.1", "127.0.0.2"}


def test_ids_and_ports_cannot_be_guessed():
    def work(world):
        for _ in range(40):
            world.run(*GET, URL)
        return world.servers.asked

    questions = worlds.within(one(), work)
    assert len(questions) == 80
    assert len({q.id for q in questions}) > 75
    assert len({q.peer[1] for q in questions}) > 35
    steps = {(b.id - a.id) % 65536 for a, b in zip(questions, questions[1:])}
    assert len(steps) > 70


def test_the_environment_changes_no_look_up():
    """RES_OPTIONS and LOCALDOMAIN are glibc's and resolver(3)'s."""
    ran = worlds.run(one(), *GET, URL, RES_OPTIONS="ndots:5 use-vc edns0", LOCALDOMAIN="a.test",
                    HOSTALIASES="/etc/resolv.conf")
    assert asked(ran) == [("udp", "db.test", "A"), ("udp", "db.test", "AAAA")]
    assert not any(q.edns for q in ran.asked)


def test_resolv_conf_is_read_at_each_look_up():
    """hale wait finds the name that a server knows which was written there meanwhile."""
    def work(world):
        conf = world.dir / "etc/resolv.conf"

        def moves(q):
            conf.write_text("nameserver 127.0.0.2\n")
            return NXDOMAIN
        world.servers.scripts["127.0.0.1"] = moves
        with socket.create_server(("127.0.0.1", 7)):
            return world.run(HALE, "wait", "--timeout", "30s", "tcp://db.test:7")

    ran = worlds.within(Setup({"127.0.0.1": always(NXDOMAIN), "127.0.0.2": Zone({
        "db.test": "127.0.0.1"})}, NS1), work)
    assert ran.code == 0, ran.err
    assert [q.server for q in ran.asked] == ["127.0.0.1"] * 2 + ["127.0.0.2"] * 2


@pytest.mark.parametrize("argv", [(*GET, URL), (HALE, "check", "tcp://db.test:1")])
def test_a_look_up_forks_nothing_and_leaves_no_descriptor(argv):
    def work(world):
        log = world.dir / "strace"
        world.run("strace", "-f", "-o", str(log), "-e", "trace=clone,clone3,fork,vfork,%net,%desc",
                  *argv)
        return log.read_text()

    text = worlds.within(one(), work)
    assert not re.search(r"\b(clone3?|v?fork)\(", text)
    opened = re.findall(r"(?:socket|openat|open|epoll_create1|dup)\(.* = (\d+)$", text, re.M)
    closed = re.findall(r"close\((\d+)\)\s+= 0$", text, re.M)
    datagram = [m[1] for m in re.finditer(r"socket\([^)]*SOCK_DGRAM.* = (\d+)$", text, re.M)]
    assert datagram and not set(datagram) - set(closed), opened


def test_random_ids_come_from_the_kernel():
    def work(world):
        log = world.dir / "strace"
        world.run("strace", "-o", str(log), "-e", "trace=getrandom", *GET, URL)
        return log.read_text()

    assert "getrandom(" in worlds.within(one(), work)


@pytest.mark.static_only
@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:1/", "tcp://db.test:1", "unix:/none"])
@pytest.mark.parametrize("limits", ["-s 128", "-n 4"], ids=["a stack of 128 KB", "4 descriptors"])
def test_a_check_needs_little(limits, url):
    """A descriptor beside the three that are open is enough, and so is a small stack."""
    tc = by_proto(lambda q: Say(tc=True), GOOD)
    refusing = {"127.0.0.1": always(REFUSED), "127.0.0.2": tc}
    ran = worlds.run(Setup(refusing, NS1 + "nameserver 127.0.0.2\n"), "/bin/sh", "-c",
                    f'ulimit {limits}; exec "$0" "$@"', HALE, "check", url)
    assert ran.code == 1
    assert re.search("onnection refused|unreachable|No such file", ran.out), ran.out
    assert "name server" not in ran.out


def test_a_server_whose_tcp_is_silent_costs_its_time_once():
    quiet = by_proto(lambda q: Say(tc=True), always(SILENT))
    ran = worlds.run(Setup({"127.0.0.1": quiet, "127.0.0.2": always(NXDOMAIN)},
                          NS1 + "nameserver 127.0.0.2\nsearch a b c d\noptions timeout:1\n"),
                    *GET, "http://db:1/")
    assert ran.code == 6
    assert len([q for q in ran.questions("udp", "127.0.0.1")]) == 2


@pytest.mark.parametrize("more, found", [(-1, True), (0, True), (1, False)])
def test_a_resolv_conf_has_a_bound_that_is_named(more, found):
    text = "#" * (32768 + more - len(NS1) - 1) + "\n" + NS1
    ran = worlds.run(Setup({"127.0.0.1": GOOD}, text), *GET, URL)
    assert (ran.code, bool(ran.asked)) == ((7, True) if found else (6, False)), ran.err
    assert found or "/etc/resolv.conf is longer than 32768 bytes" in ran.err


@pytest.mark.parametrize("lines, code", [(6433, 7), (6434, 6)])
def test_the_addresses_of_a_name_in_hosts_have_a_bound_that_is_named(lines, code):
    hosts = "".join(f"127.0.{i >> 8}.{i & 255} db.test\n" for i in range(256, 256 + lines))
    ran = worlds.run(one(hosts=hosts), *GET, URL)
    assert (ran.code, ran.asked) == (code, []), ran.err
    assert code == 7 or "/etc/hosts has more than 6433 addresses for it" in ran.err
