"""The local socket: check, status and drain without any port, and who may ask."""
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import threading

import pytest

from harness import FIRST, HALE, SVC, Connection, svc, until

USER, OTHER = 65532, 1000
REFUSES_PEER = "what answers here is not the supervisor"


@pytest.fixture
def up(hale):
    """hale without a port, and a service that is up."""
    def start(*argv, service="catch say up pause", **options):
        box = hale(*argv, service, **options)
        box.out.expect("^up$")
        return box
    return start


def name_of(box):
    """The abstract name, as sup/local_socket.h describes it."""
    name = pathlib.Path(f"/proc/{box.pid}/comm").read_text().rstrip("\n")
    assert re.fullmatch(r"hale\.[\w-]{10}", name), name
    return "\0" + name


def ask(name, method, path):
    """Asks from where the caller is."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(15)
        sock.connect(name)
        answer = Connection(sock).ask(path, method=method, headers="Connection: close\r\n")
        return answer.status, answer.body


def ask_inside(box, method, path, uid=None):
    name = name_of(box)
    return box.inside(lambda: ask(name, method, path), uid=uid)


# --- check -----------------------------------------------------------------------

@pytest.mark.parametrize("words", [[], ["--live"], ["--ready"], ["--startup"]], ids=str)
def test_check_of_a_healthy_service_is_0_and_ok(up, words):
    done = up().run(HALE, "check", *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")


@pytest.mark.parametrize("words, code", [([], 1), (["--ready"], 1), (["--live"], 0),
                                         (["--startup"], 0)], ids=str)
def test_check_of_a_draining_service_is_told_by_verdict(up, words, code):
    box = up()
    assert box.run(HALE, "drain", "0").returncode == 0
    done = box.run(HALE, "check", *words)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == "ok\n" if code == 0 else re.fullmatch("draining: .+\n", done.stdout)


def test_check_is_unhealthy_once_the_service_has_ended(hale):
    box = hale("--linger", "1h", "fork { ignore 15 say ready pause } read exit 0")
    box.out.expect("^ready$")
    assert box.run(HALE, "check", "--live").returncode == 0
    box.tell("end")
    until(lambda: box.run(HALE, "check", "--live").returncode == 1, "it has ended")


def test_a_quiet_check_prints_nothing(up):
    box = up()
    for code in (0, 1):
        done = box.run(HALE, "check", "-q")
        assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
        box.run(HALE, "drain", "0")


def test_check_works_with_ports_as_well_and_without_a_network(up):
    box = up("--listen", "8080")
    assert box.run(HALE, "check").returncode == 0
    box.run("/bin/ip", "link", "set", "lo", "down")
    assert box.run(HALE, "check").returncode == 0


@pytest.mark.static_only
def test_check_works_in_a_root_that_holds_nothing_else(box, empty_root):
    started = box("/hale", "/svc", "say", "up", "pause", root=empty_root, read_only=True, uid=USER)
    started.out.expect("^up$")
    assert Checks(started).of("check") == (0, "ok\n")
    assert Checks(started).of("status", "--json")[0] == 0
    assert Checks(started).of("drain", "0") == (0, "")
    assert Checks(started).of("check")[0] == 1


class Checks:
    """Runs /hale of the box's own root there, as `docker exec` does."""

    def __init__(self, box):
        self.box = box

    def of(self, *words):
        done = self.box.run("/hale", *words, uid=USER)
        return done.returncode, done.stdout


def test_without_a_supervisor_check_is_one_line_and_1(box):
    started = box(SVC, *svc("say up pause")[1:])
    started.out.expect("^up$")
    for words in (["check"], ["status"], ["drain", "0"]):
        done = started.run(HALE, *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == ("hale: no supervisor answers here: PID 1 is svc; "
                               "ENTRYPOINT must stay hale's\n")
    done = started.run(HALE, "check", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_check_as_the_first_process_says_so(box):
    code, _, lines = box(HALE, "check").end()
    assert code == 1
    assert lines == ["hale: no supervisor answers here: PID 1 is this command; "
                     "use docker exec"]


def test_a_hale_that_starts_no_service_is_not_asked_to_be_the_entrypoint(box):
    started = box(HALE, "wait", "--timeout", "1m", "tcp://127.0.0.1:1")
    until(lambda: started.run(HALE, "check").stderr == (
        "hale: no supervisor answers here: PID 1 is hale; it starts no service here\n"),
        "hale is PID 1")


def test_the_first_process_is_named_without_control_characters(box, tmp_path):
    odd = tmp_path / "a\x1b[2J\nb"
    shutil.copy(SVC, odd)
    started = box(odd, *svc("say up pause")[1:])
    started.out.expect("^up$")
    assert "PID 1 is a?[2J?b; ENTRYPOINT" in started.run(HALE, "check").stderr


def test_without_proc_nobody_knows_who_is_first(box):
    started = box(SVC, *svc("say up pause")[1:], no_proc=True)
    started.out.expect("^up$")
    assert "PID 1 is unknown; ENTRYPOINT" in started.run(HALE, "check").stderr


def test_a_supervisor_that_does_not_answer_is_given_up_after_the_timeout(up):
    box = up()
    box.signal(19)
    until(lambda: box.state(1) == "T", "hale is stopped")
    for words in (["check", "--timeout", "200ms"], ["status", "-t200ms"], ["drain", "-t", "0.2"]):
        done = box.run(HALE, *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch("hale: .*tim(e|ed) ?out.*\n", done.stderr, re.I), done.stderr


def test_who_finds_many_others_waiting_waits_as_well(up):
    box = up()
    box.signal(19)
    until(lambda: box.state(1) == "T", "hale is stopped")
    with box.net(), contextlib.suppress(BlockingIOError):
        while True:  # those that have left stay until they are accepted
            with socket.socket(socket.AF_UNIX) as sock:
                sock.setblocking(False)
                sock.connect(name_of(box))
    done = box.run(HALE, "check", "--timeout", "200ms")
    assert (done.returncode, done.stderr) == (1, "hale: asking the supervisor: timed out\n")
    check = subprocess.Popen(["nsenter", "-t", str(box.pid), "-m", "-p", "-n", "--", HALE, "check",
                              "--timeout", "15s"], stdout=subprocess.PIPE)
    box.signal(18)
    assert (check.communicate()[0], check.returncode) == (b"ok\n", 0)


def test_what_the_supervisors_environment_holds_does_not_disturb_check(up):
    box = up()
    done = box.run("/usr/bin/env", "HALE_LISTEN=nonsense", "HALE_DRAIN=x", "HALE_PORT=tcp://x",
                   "HALE_UNKNOWN=1", HALE, "check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")


# --- status ------------------------------------------------------------------------

def test_status_is_a_table_for_people(up):
    box = up("--listen", "8080")
    done = box.run(HALE, "status")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "state     running"
    assert re.fullmatch(rf"service   pid {FIRST}, up \S+", lines[1])
    assert lines[2:5] == ["startup   yes", "ready     yes", "live      yes"]
    assert "listening [::]:8080" in lines


def test_status_of_a_draining_service_says_why_it_is_not_ready(up):
    box = up("--drain", "1h")
    box.signal(15)
    until(lambda: box.run(HALE, "check", "--ready").returncode == 1, "hale drains")
    text = box.run(HALE, "status").stdout
    assert text.startswith("state     draining\n")
    assert re.search(r"^ready     no: draining: SIGTERM came, not ready for \S+, \S+ left$",
                     text, re.M)


def test_status_as_json_is_what_the_port_answers(up):
    box = up("--listen", "8080")
    done = box.run(HALE, "status", "--json")
    local, port = json.loads(done.stdout), box.status()
    for changing in ("requests",):
        local.pop(changing), port.pop(changing)
    local["service"].pop("uptime_ms"), port["service"].pop("uptime_ms")
    assert local == port


# --- who may ask ---------------------------------------------------------------------

@pytest.mark.parametrize("hales, asks, may", [
    (0, 0, True), (USER, USER, True), (USER, 0, True), (0, USER, True)])
def test_root_and_the_same_user_are_answered(up, hales, asks, may):
    box = up(uid=hales or None)
    done = box.run(HALE, "check", uid=asks or None)
    assert (done.returncode, done.stdout) == (0, "ok\n")


def test_pid_1_is_believed_by_every_user(up):
    """Nobody else can be it."""
    done = up(uid=USER).run(HALE, "check", uid=OTHER)
    assert (done.returncode, done.stdout) == (0, "ok\n")


@pytest.mark.parametrize("hales, asks, may", [
    (0, 0, True), (USER, USER, True), (0, USER, True), (USER, OTHER, False), (USER, 0, False)])
def test_who_is_not_pid_1_is_believed_as_root_and_by_its_own_user(up, hales, asks, may):
    """Root is not to take the word of just any process: the service is one, too."""
    box = up("-s", second=True, uid=hales or None)
    done = box.run(HALE, "check", uid=asks or None)
    assert (done.returncode, done.stdout) == ((0, "ok\n") if may else (1, ""))
    assert (REFUSES_PEER in done.stderr) == (not may)


@pytest.mark.parametrize("hales, asks", [(0, USER), (USER, OTHER)])
def test_a_drain_by_another_user_is_refused_and_does_nothing(up, hales, asks):
    box = up("--listen", "8080", uid=hales or None)
    status, body = ask_inside(box, "POST", "/drain", uid=asks)
    assert (status, body) == (403, "only root and hale's own user may drain\n")
    assert box.get("/readyz").status == 200


def test_a_refused_drain_is_one_line(up):
    box = up("--listen", "8080")
    done = box.run(HALE, "drain", "0", uid=USER)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("hale: the supervisor refuses: "
                           "only root and hale's own user may drain\n")
    assert box.get("/readyz").status == 200


@pytest.mark.parametrize("hales, asks", [(0, None), (USER, USER), (USER, None)])
def test_a_drain_by_root_or_the_same_user_turns_readiness_off(up, hales, asks):
    box = up("--listen", "8080", "--drain", "7s", uid=hales or None)
    assert ask_inside(box, "POST", "/drain", uid=asks) == (200, "7000ms\n")
    assert box.get("/readyz").status == 503
    assert ask_inside(box, "POST", "/drain", uid=asks)[0] == 200  # twice is once


def test_drain_is_a_post_and_only_local(up):
    box = up("--listen", "8080")
    assert ask_inside(box, "GET", "/drain")[0] == 405
    assert box.connect().ask("/drain", method="POST").status == 403
    assert box.get("/readyz").status == 200


# --- neighbours in the network namespace, and a service without mercy ----------------

def test_another_pid_namespace_on_the_same_network_is_shown_the_door(up):
    box = up("--listen", "8080")
    for method, path in (("GET", "/livez"), ("POST", "/drain")):
        with box.net(), socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(15)
            sock.connect(name_of(box))
            with contextlib.suppress(ConnectionError):
                sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert Connection(sock).ended()
    assert box.get("/readyz").status == 200


@contextlib.contextmanager
def bound(box, *names):
    """A neighbour who has these abstract names and answers nobody."""
    with contextlib.ExitStack() as fakes:
        with box.net():
            for name in names:
                fake = fakes.enter_context(socket.socket(socket.AF_UNIX))
                fake.bind(f"\0{name}")
                fake.listen()
        yield


def waiting_svc(box, listen=("--listen", "8080"), **options):
    """A PID 1 that becomes hale when told."""
    started = box(SVC, "say", "here", "read", "exec", HALE, *listen,
                  *svc("say up pause"), **options)
    started.out.expect("^here$")
    return started


def test_names_that_a_neighbour_can_guess_are_of_no_use_to_it(box):
    started = waiting_svc(box)
    numbers = [os.stat(f"/proc/{started.pid}/ns/{kind}").st_ino for kind in ("pid", "mnt")]
    guesses = ["hale", "hale.", f"hale/{numbers[0]}", "hale/{}/{}".format(*numbers)]
    with bound(started, *guesses):
        started.tell("go")
        started.out.expect("^up$")
        done = started.run(HALE, "check")
        assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")


def test_the_name_is_another_one_at_every_start(up):
    assert len({name_of(up()) for _ in range(5)}) == 5


@pytest.mark.static_only
def test_without_proc_a_neighbour_can_take_the_name_and_is_not_believed(box):
    started = box(SVC, *svc("say up pause")[1:], no_proc=True)
    started.out.expect("^up$")
    with bound(started, "hale"):
        done = started.run(HALE, "check")
    assert (done.returncode, done.stdout) == (1, "")
    assert REFUSES_PEER in done.stderr


@pytest.mark.static_only
def test_without_proc_a_name_that_is_taken_costs_the_local_socket_and_nothing_else(box):
    started = waiting_svc(box, no_proc=True)
    with bound(started, "hale"):
        started.tell("go")
        started.out.expect("^up$")
        assert started.get("/readyz").status == 200
        assert started.err.line() == ("hale: no local socket, so no `hale check` here: "
                                      "another process has its name")


FAKE = r"""
import ctypes, select, socket, sys
name = open("/proc/1/comm").read()[:7] + "imposter"  # the container's two characters
ctypes.CDLL(None).prctl(15, name.encode())
with socket.socket(socket.AF_UNIX) as fake:
    fake.bind("\0" + name)
    fake.listen()
    print("listening", flush=True)
    while sys.stdin not in select.select([fake, sys.stdin], [], [])[0]:
        client, _ = fake.accept()
        client.recv(4096)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nforged\n")
        client.close()
"""


@contextlib.contextmanager
def impostor(box, uid):
    """A process of the same container that calls itself a supervisor."""
    fake = subprocess.Popen(
        ["nsenter", "-t", str(box.pid), "-m", "-p", "-n", "-r", "-w", "-S", str(uid), "-G",
         str(uid), "--", "/usr/bin/python3", "-c", FAKE],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert fake.stdout.readline() == b"listening\n"
        yield
    finally:
        fake.communicate(timeout=15)  # the end of its standard input ends it


@pytest.mark.parametrize("hales, fakes, asks", [(0, OTHER, 0), (USER, OTHER, 0),
                                                (USER, OTHER, USER), (USER, USER, 0)])
def test_a_process_of_the_container_cannot_answer_for_hale(up, hales, fakes, asks):
    box = up(uid=hales or None)
    box.run(HALE, "drain", "0")
    with impostor(box, fakes):
        done = box.run(HALE, "check", uid=asks or None)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("draining: ")


def test_where_only_an_impostor_answers_nobody_is_believed(up):
    box = up("-s", second=True)
    box.signal(19)
    with impostor(box, OTHER):
        done = box.run(HALE, "check", "-t", "200ms")
    assert (done.returncode, done.stdout) == (1, "")


def flood(box, over):
    """At most 20,000 connections from another PID namespace, each closed at once."""
    name = name_of(box)
    with box.net():
        for _ in range(20000):
            if over.is_set():
                break
            with socket.socket(socket.AF_UNIX) as sock, contextlib.suppress(OSError):
                sock.settimeout(5)
                sock.connect(name)


def test_a_neighbours_flood_at_the_local_socket_does_not_keep_check_out(up):
    box = up("--listen", "8080")
    over = threading.Event()
    threads = [threading.Thread(target=flood, args=[box, over]) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            done = box.run(HALE, "check", "--timeout", "5s")
            assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
            assert box.get("/readyz").status == 200
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_who_holds_local_connections_shuts_out_no_probe_and_no_check(up):
    """Each listener has places of its own, whatever waits at the others."""
    box = up("--listen", "8080")
    name = name_of(box)

    def hold():
        held = []
        for _ in range(200):
            held.append(socket.socket(socket.AF_UNIX))
            held[-1].connect(name)
        slow = [box_connect() for _ in range(100)]
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", 8080), 15) as probe:
                assert Connection(probe).ask().status == 200
            assert ask(name, "GET", "/livez") == (200, "ok")
        for sock in held + slow:
            sock.close()

    def box_connect():
        sock = socket.create_connection(("127.0.0.1", 8080), 15)
        sock.sendall(b"GET /livez HTTP/1.1\r\n")
        return sock

    box.inside(hold)
    assert box.get().status == 200
    assert box.run(HALE, "check").returncode == 0


def test_a_socket_that_could_not_be_had_is_tried_for_again(box):
    """A soft limit without room for it; once the service runs hale raises its own."""
    box = waiting_svc(box, listen=())
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # 0-2, signals, loop, timer
    resource.prlimit(box.pid, resource.RLIMIT_NOFILE, (6, hard))
    box.tell("go")
    box.out.expect("^up$")
    assert re.fullmatch("hale: no local socket, so no `hale check` here for now: "
                        "(No file descriptors available|Too many open files)", box.err.line())
    assert box.err.line() == "hale: the local socket is open: `hale check` works"
    assert box.run(HALE, "check").returncode == 0


def test_a_flood_at_a_port_does_not_take_the_place_of_who_asks_locally(up):
    box = up("--listen", "8080")
    name = name_of(box)

    def inside():
        with socket.socket(socket.AF_UNIX) as local:
            local.settimeout(15)
            local.connect(name)
            slow = [socket.create_connection(("127.0.0.1", 8080), 15) for _ in range(200)]
            for sock in slow:
                with contextlib.suppress(ConnectionError):
                    sock.sendall(b"GET /livez HTTP/1.1\r\n")
            assert all(Connection(sock).ended() for sock in slow[:200 - 64])
            assert Connection(local).ask("/livez").status == 200

    box.inside(inside)


# --- several of them -------------------------------------------------------------------

def test_hales_in_pid_namespaces_of_their_own_do_not_meet(up):
    one, two = up(), up()
    assert one.run(HALE, "drain", "0").returncode == 0
    assert [b.run(HALE, "check", "--ready").returncode for b in (one, two)] == [1, 0]


def test_of_several_hales_in_one_container_the_innermost_is_asked(box):
    """As where hale is both Docker's init and the entrypoint."""
    started = box(HALE, "--listen", "8080", HALE, "-s", "--listen", "8081", HALE, "-s",
                  "--listen", "8082", *svc("catch say up pause"))
    started.out.expect("^up$")
    assert started.run(HALE, "check").returncode == 0
    assert started.run(HALE, "drain", "0").returncode == 0
    assert [started.get("/readyz", port=8080 + n).status for n in range(3)] == [200, 200, 503]
    started.signal(10)
    assert started.out.line().startswith("got 10 ")


TWO_HALES = """
echo 30000 >/proc/sys/kernel/ns_last_pid
"$0" -s --listen 8081 "$@" &
until [ "$(cut -d' ' -f22 /proc/self/stat)" -gt "$(cut -d' ' -f22 /proc/$!/stat)" ]; do :; done
echo 300 >/proc/sys/kernel/ns_last_pid
"$0" -s --listen 8082 "$@"
"""


def test_the_youngest_is_asked_though_the_kernels_numbers_have_begun_anew(box):
    started = box(HALE, "--listen", "8080", "/bin/sh", "-c", TWO_HALES, HALE,
                  *svc("catch say up pause"))
    started.out.expect("^up$")
    started.out.expect("^up$")
    assert started.run(HALE, "drain", "0").returncode == 0
    assert [started.get("/readyz", port=8080 + n).status for n in range(3)] == [200, 200, 503]


def test_a_second_hale_with_a_mount_namespace_of_its_own_is_asked_there(box):
    """Containers of a pod that share PID and network namespaces."""
    started = box(HALE, "--listen", "8080", "/usr/bin/unshare", "-m", HALE, "-s", "--listen",
                  "9090", *svc("ids say up pause"))
    started.out.expect("^up$")
    inner = next(int(m[1]) for m in [re.search(r"ppid=(\d+)", started.out.seen)])
    there = ["/usr/bin/nsenter", "-t", str(inner), "-m"]
    assert started.run(*there, HALE, "drain", "0").returncode == 0
    assert started.get("/readyz").status == 200
    assert started.get("/readyz", port=9090).status == 503
    assert started.run(HALE, "check").returncode == 0
    assert started.run(*there, HALE, "check").returncode == 1


@pytest.mark.static_only
def test_without_proc_the_local_socket_still_answers(up):
    box = up(no_proc=True)
    done = box.run(HALE, "check")
    assert (done.returncode, done.stdout) == (0, "ok\n")


def test_a_hundred_checks_leave_nothing_behind(up):
    box = up()
    before = os.listdir(f"/proc/{box.settled().pid}/fd")
    assert all(box.run(HALE, "check").returncode == 0 for _ in range(100))
    until(lambda: os.listdir(f"/proc/{box.pid}/fd") == before, "the connections are closed")
