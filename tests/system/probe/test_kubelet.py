"""hale under a kubelet: the verdicts it gives become a pod's readiness,
restarts and end. The kubelet is lib/kubelet.py; test_kubelet_rules.py tests it."""
import contextlib
import os
import re
import signal
import socket
import struct
import sys
import time

import pytest

from harness import DEADLINE, HALE, PORT, Connection, until
from kubelet import FAILURE, LIVENESS, READINESS, STARTUP, SUCCESS, WARNING, Pod, Probe, Sleep
from kubelet_probes import BODY_MAX, Exec, Http, Tcp, Timer, dial, request_bytes

FAST = ["--interval", "50ms", "--retries", "1", "--timeout", "5s"]
STALLED = ["--interval", "50ms", "--retries", "2", "--timeout", "200ms"]  # no answer comes
PATHS = {READINESS: "/readyz", LIVENESS: "/livez", STARTUP: "/startupz"}
WORDS = {READINESS: "--ready", LIVENESS: "--live", STARTUP: "--startup"}
NOT_READY = "Readiness probe failed: HTTP probe failed with statuscode: 503"
NOT_LIVE = "Liveness probe failed: HTTP probe failed with statuscode: 503"
IPV4, IPV6 = "10.244.1.7", "fd00:10:244::7"
STOP, CONT = signal.SIGSTOP, signal.SIGCONT
UID = 100000 + os.getpid()  # of this run alone: the limit is on all that a user has


def http(kind, **options):
    return Http(PATHS[kind], PORT, **{"timeout": DEADLINE, **options})


def command(kind):
    return Exec([HALE, "check", WORDS[kind]], timeout=DEADLINE)


def by(handler, *kinds, failures=1):
    """Probes of these kinds, by http or command."""
    return {kind: Probe(handler(kind), failures=failures) for kind in kinds or PATHS}


@pytest.fixture
def sick_pod(sick):
    """sick_pod(options..., kind=Probe(...)) is a pod of hale and the service
    sick, whose health p.box.be() sets. `first` is the mode of its first start."""
    pods = []

    def start(*options, first="200", limits=None, **more):
        modes = [first]

        def new_box():
            return sick(*options, mode=modes.pop() if modes else "200", **(limits or {}))
        pods.append(Pod(new_box, **more))
        return pods[-1]

    yield start
    for p in pods:
        p.close()


@pytest.fixture
def svc_pod(hale):
    """The same with svc: svc_pod(options..., words, kind=Probe(...))."""
    def start(*argv, **more):
        return Pod(lambda: hale("--listen", str(PORT), *argv), **more)
    return start


def becomes(p, kind, result):
    """Waits until hale itself says so; the pod's own probes are none the wiser."""
    def agrees():
        outcome = http(kind).probe(p)
        return outcome.kind == result and "refused" not in outcome.text
    until(agrees, f"{kind} is {result}")


def falls(p, mode, kind=READINESS):
    p.box.be(mode)
    becomes(p, kind, FAILURE)


def recovers(p, kind=READINESS):
    p.box.be("200")
    becomes(p, kind, SUCCESS)


# --- a start --------------------------------------------------------------------------

@pytest.mark.parametrize("handler", [http, command])
def test_startup_is_first_then_the_service_is_live_and_ready(sick_pod, handler):
    p = sick_pod(*FAST, "--start-period", "1h", "--check", "{}", first="refuse",
                 **by(handler, failures=30))
    p.probe_all(5)
    assert (p.started, p.ready) == (False, False)
    assert p.probes() == {STARTUP: 5, LIVENESS: 0, READINESS: 0}
    recovers(p, STARTUP)
    p.probe_all()
    assert (p.started, p.ready) == (True, False)
    p.probe_all()
    assert (p.ready, p.result(LIVENESS)) == (True, SUCCESS)
    assert p.probes() == {STARTUP: 6, LIVENESS: 1, READINESS: 1}
    assert p.events.texts("Killing") == []


def test_a_service_that_never_starts_is_restarted_by_its_startup_probe(sick_pod):
    p = sick_pod(*FAST, "--check", "{}", first="refuse", **by(http, failures=3))
    p.probe_all(3)
    assert p.events.texts("Killing") == ["Container failed startup probe, will be restarted"]
    p.wait_for_end()
    becomes(p, STARTUP, SUCCESS)
    p.probe_all(2)
    assert p.ready and p.starts == 2


def test_a_service_that_is_not_up_yet_is_live_and_gets_no_clients(sick_pod):
    p = sick_pod(*FAST, "--ready-check", "{}", first="refuse", **by(http, LIVENESS, READINESS))
    p.probe_all(4)
    assert (p.result(LIVENESS), p.in_endpoints(), p.starts) == (SUCCESS, False, 1)
    assert p.events.counts == {("Unhealthy", NOT_READY): 4}
    recovers(p)
    p.probe_all()
    assert p.in_endpoints()


# --- health ---------------------------------------------------------------------------

def test_a_failing_check_takes_the_service_out_of_the_endpoints_and_back(sick_pod):
    p = sick_pod(*FAST, "--ready-check", "{}", **by(http, LIVENESS, READINESS, failures=3))
    becomes(p, READINESS, SUCCESS)
    p.probe_all()
    assert p.in_endpoints()
    falls(p, "500")
    p.probe_all(2)
    assert p.in_endpoints()
    p.probe_all()
    assert not p.in_endpoints()
    assert p.events.counts == {("Unhealthy", NOT_READY): 3}
    recovers(p)
    p.probe_all()
    assert p.in_endpoints() and p.starts == 1


def test_a_service_that_is_not_live_is_restarted_by_the_kubelet(sick_pod):
    p = sick_pod(*FAST, "--check", "{}", **by(http, LIVENESS, READINESS, failures=3))
    becomes(p, READINESS, SUCCESS)
    p.probe_all()
    falls(p, "500", LIVENESS)
    p.probe_all(3)
    assert p.events.count("Unhealthy", NOT_LIVE) == 3
    assert p.wait_for_end() == 128 + signal.SIGTERM
    becomes(p, READINESS, SUCCESS)
    p.probe_all()
    assert (p.ready, p.starts, p.result(LIVENESS)) == (True, 2, SUCCESS)


def test_a_stopped_service_is_out_of_the_endpoints_until_it_goes_on(sick_pod):
    p = sick_pod(*STALLED, "--ready-check", "{}", **by(http, LIVENESS, READINESS))
    becomes(p, READINESS, SUCCESS)
    p.probe_all()
    service = p.box.outer(p.box.service)
    os.kill(service, STOP)
    becomes(p, READINESS, FAILURE)
    p.probe_all()
    assert (p.in_endpoints(), p.result(LIVENESS)) == (False, SUCCESS)
    os.kill(service, CONT)
    becomes(p, READINESS, SUCCESS)
    p.probe_all()
    assert p.in_endpoints()


def test_a_stopped_hale_is_killed_after_the_grace_period_and_restarted(sick_pod):
    late = Probe(http(LIVENESS, timeout=0.2), failures=2)
    p = sick_pod(liveness=late, grace=5)
    p.box.signal(STOP)
    p.probe_all(2)
    assert p.events.texts("Killing")
    p.pass_time(5)
    assert p.wait_for_end() == 128 + signal.SIGKILL
    late.handler.timeout = DEADLINE
    p.probe_all(2)
    assert (p.result(LIVENESS), p.starts) == (SUCCESS, 2)


@pytest.mark.parametrize("status", [200, 204, 301, 302, 399, 400, 404, 500])
def test_hales_check_judges_a_status_as_the_kubelets_own_probe_does(sick_pod, status):
    """But a redirect is no warning event: hale's own answer is a plain 200."""
    p = sick_pod(*FAST, "--ready-check", "{}", first="refuse" if status < 400 else "200",
                 **by(http, READINESS))
    direct = Http("/", 8000, "127.0.0.1", timeout=DEADLINE)
    becomes(p, READINESS, FAILURE if status < 400 else SUCCESS)
    p.box.be(str(status))
    own = FAILURE if direct.probe(p).kind == FAILURE else SUCCESS
    becomes(p, READINESS, own)
    p.probe_all()
    assert p.ready == (own == SUCCESS)
    assert p.events.texts("ProbeWarning") == []


# Answers /200 and the like with that status, /to/URL with a redirect to URL, and
# /chain/N with N redirects and a 200.
REDIRECTING = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        kind, _, rest = self.path[1:].partition("/")
        left = int(rest) if kind == "chain" else 0
        location = rest if kind == "to" else f"/chain/{left - 1}" if left else None
        self.send_response(302 if location else 200 if kind == "chain" else int(kind))
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler)
print("up", flush=True)
server.serve_forever()
"""


# Go's client makes 10 requests at most.
@pytest.mark.parametrize("path, kind", [
    ("/to//200", SUCCESS), ("/to//500", FAILURE), ("/to/http://127.0.0.1:8000/500", FAILURE),
    ("/to/http://127.0.0.1:1/", FAILURE), ("/to/http://localhost:8000/500", WARNING),
    ("/chain/9", SUCCESS), ("/chain/10", FAILURE)])
def test_a_redirecting_service_is_judged_as_by_the_kubelets_own_probe(svc_pod, path, kind):
    p = svc_pod(*FAST, "--ready-check", "ready=http://127.0.0.1:8000/200",
                "--live-check", f"live=http://127.0.0.1:8000{path}",
                [sys.executable, "-S", "-c", REDIRECTING])
    p.box.out.expect("^up$")
    becomes(p, READINESS, SUCCESS)
    assert Http(path, 8000, "127.0.0.1", timeout=DEADLINE).probe(p).kind == kind

    def checked():
        (live,) = (check for check in p.box.status()["checks"] if check["name"] == "live")
        return live["passed"] + live["failed"]
    before = checked()
    until(lambda: checked() >= before + 2, "a check that began after the service was up")
    assert (http(LIVENESS).probe(p).kind == SUCCESS) == (kind != FAILURE)


# --- restarts by hale -----------------------------------------------------------------

def test_a_restart_by_hale_keeps_liveness_and_startup(svc_pod):
    p = svc_pod("--restart", "always", "--backoff", "1h", "ids catch pause", **by(http))
    service = int(p.box.out.expect(r"^ids pid=(\d+)")[1])
    p.probe_all(2)
    assert p.ready
    os.kill(p.box.outer(service), signal.SIGKILL)
    becomes(p, READINESS, FAILURE)
    p.probe_all(5)
    assert (p.started, p.ready, p.result(LIVENESS), p.starts) == (True, False, SUCCESS, 1)
    assert p.events.texts("Killing") == []


def test_a_service_that_hale_has_started_again_is_ready_in_the_same_container(svc_pod):
    p = svc_pod("--restart", "always", "--backoff", "0", "ids catch pause",
                **by(http, LIVENESS, READINESS))
    service = int(p.box.out.expect(r"^ids pid=(\d+)")[1])
    p.probe_all()
    os.kill(p.box.outer(service), signal.SIGKILL)
    p.box.out.expect(r"^ids pid=")
    becomes(p, READINESS, SUCCESS)
    p.probe_all()
    assert (p.ready, p.starts, p.result(LIVENESS)) == (True, 1, SUCCESS)


@pytest.mark.parametrize("handler", [http, command])
def test_a_service_that_hale_gave_up_is_the_kubelets_to_restart(sick_pod, handler):
    p = sick_pod(*FAST, "--backoff", "0", "--max-restarts", "1", "--on-unhealthy", "restart",
                 "--check", "{}", **by(handler, LIVENESS))
    becomes(p, READINESS, SUCCESS)
    p.box.be("500")
    p.box.out.expect(r"^up \d+$")  # hale's own restart: sick is well at its start
    p.probe_all(3)
    assert (p.result(LIVENESS), p.starts) == (SUCCESS, 1)
    becomes(p, READINESS, SUCCESS)
    p.box.be("500")
    p.box.err.expect("giving up")
    p.probe_all()
    assert p.events.texts("Killing")
    p.wait_for_end()
    becomes(p, READINESS, SUCCESS)
    p.probe_all()
    assert (p.result(LIVENESS), p.starts) == (SUCCESS, 2)


# --- the end --------------------------------------------------------------------------

def test_a_drain_takes_readiness_away_and_liveness_stays(svc_pod):
    p = svc_pod("--drain", "1h", "http 9090", **by(http, LIVENESS, READINESS))
    p.box.out.expect("^http 9090")
    p.probe_all()
    p.delete()
    becomes(p, READINESS, FAILURE)
    p.probe_all()
    assert not p.ready
    assert http(LIVENESS).probe(p).kind == http(STARTUP).probe(p).kind == SUCCESS
    assert p.box.get(port=9090).body == "served\n"
    assert p.probes() == {LIVENESS: 1, READINESS: 2}


def test_a_drain_that_is_longer_than_the_grace_period_ends_with_sigkill(svc_pod):
    p = svc_pod("--drain", "1h", "catch say up pause")
    p.box.out.expect("^up$")
    p.delete()
    becomes(p, READINESS, FAILURE)
    p.pass_time(30)
    assert p.wait_for_end() == 128 + signal.SIGKILL


def test_without_prestop_the_service_gets_sigterm_at_once(svc_pod):
    p = svc_pod("catch quit 15 7 say up pause")
    p.box.out.expect("^up$")
    p.delete()
    assert p.box.out.expect("^got ").string.startswith("got 15 ")
    assert p.wait_for_end() == 7
    assert (p.running, p.ready, p.starts) == (False, False, 1)


def test_prestops_drain_takes_readiness_away_before_sigterm(svc_pod):
    p = svc_pod("catch quit 15 7 say up pause", **by(http, LIVENESS, READINESS),
                pre_stop=Exec([HALE, "drain", "1h"]))
    p.box.out.expect("^up$")
    p.probe_all()
    p.delete()
    becomes(p, READINESS, FAILURE)
    p.pass_time(10)
    assert not p.ready and http(LIVENESS).probe(p).kind == SUCCESS
    p.pass_time(20)  # the hook still runs: SIGTERM, and two seconds
    assert p.events.texts("FailedPreStopHook") == ["not completed in grace period"]
    assert p.box.out.expect("^got ").string.startswith("got 15 ")
    assert p.wait_for_end() == 7


def test_a_drain_by_prestop_is_not_waited_for_again_at_sigterm(svc_pod):
    p = svc_pod("catch quit 15 7 say up pause", pre_stop=Exec([HALE, "drain", "0"]))
    p.box.out.expect("^up$")
    p.delete().wait_for_hook()
    assert p.wait_for_end() == 7
    assert p.events.counts == {}


def test_a_prestop_of_the_kubelets_sleep_leaves_readiness_alone(svc_pod):
    """hale cannot know of it: the endpoints' end is the API server's matter."""
    p = svc_pod("catch quit 15 7 say up pause", pre_stop=Sleep(3), **by(http, READINESS))
    p.box.out.expect("^up$")
    p.delete()
    p.probe_all()
    assert p.ready and not p.in_endpoints()
    p.pass_time(3)
    assert p.wait_for_end() == 7


def test_a_prestop_by_httpget_does_not_drain(svc_pod):
    """The kubelet takes any status for a success."""
    hook = Http("/drain", PORT, timeout=DEADLINE)
    p = svc_pod("catch quit 15 7 say up pause", pre_stop=hook)
    p.box.out.expect("^up$")
    assert hook.probe(p).text.startswith("HTTP probe failed with statuscode: 4")
    assert http(READINESS).probe(p).kind == SUCCESS
    p.delete()
    assert p.wait_for_end() == 7
    assert p.events.texts("FailedPreStopHook") == []


# --- probes by TCP and by command -----------------------------------------------------

def test_a_tcp_probe_leaves_no_line_in_the_log(sick_pod):
    probe = Tcp(PORT, timeout=DEADLINE)
    p = sick_pod("-v", readiness=Probe(probe), liveness=Probe(probe))
    p.probe_all(50)
    assert p.ready and http(LIVENESS).probe(p).kind == SUCCESS
    p.delete()
    p.wait_for_end()
    lines = p.box.err.rest()
    assert any("SIGTERM" in line for line in lines)
    assert [line for line in lines if re.search("connect|127.0.0.1|reset|request", line)] == []


def test_a_tcp_probe_knows_nothing_of_health(sick_pod):
    p = sick_pod(*FAST, "--check", "{}", readiness=Probe(Tcp(PORT, timeout=DEADLINE)))
    becomes(p, READINESS, SUCCESS)
    falls(p, "500")
    p.probe_all()
    assert p.ready


def agree(p):
    """Both ways of asking give one result for each verdict; these results."""
    results = {kind: http(kind).probe(p).kind for kind in PATHS}
    assert {kind: command(kind).probe(p).kind for kind in PATHS} == results
    return [results[kind] == SUCCESS for kind in (STARTUP, LIVENESS, READINESS)]


def test_a_command_and_http_give_the_same_results_at_every_step(sick_pod):
    p = sick_pod(*STALLED, "--drain", "1h", "--check", "{}", first="refuse",
                 pre_stop=Exec([HALE, "drain", "0"]))
    becomes(p, LIVENESS, FAILURE)
    assert agree(p) == [False, False, False]
    recovers(p)
    assert agree(p) == [True, True, True]
    service = p.box.outer(p.box.service)
    for make_ill, make_well in (
            (lambda: p.box.be("500"), lambda: p.box.be("200")),
            (lambda: p.box.be("refuse"), lambda: p.box.be("200")),
            (lambda: os.kill(service, STOP), lambda: os.kill(service, CONT))):
        make_ill()
        becomes(p, LIVENESS, FAILURE)
        assert agree(p) == [True, False, False]
        make_well()
        becomes(p, READINESS, SUCCESS)
        assert agree(p) == [True, True, True]
    p.delete().wait_for_hook()
    until(lambda: p.box.status()["state"] == "draining", "it drains")
    assert agree(p) == [True, True, False]


@pytest.mark.parametrize("options, steps", [
    (["--restart", "always", "--backoff", "1h", "say up exit 1"], [False, True, False]),
    (["--notify", "say up pause"], [False, True, False]),
    (["--watchdog", "100ms", "say up pause"], [True, False, True])],
    ids=["restarting", "never ready", "not fed"])
def test_a_command_and_http_agree_in_states_that_no_check_makes(svc_pod, options, steps):
    p = svc_pod(*options)
    p.box.out.expect("^up$")
    until(lambda: [http(kind).probe(p).kind == SUCCESS
                   for kind in (STARTUP, LIVENESS, READINESS)] == steps, f"{steps}")
    assert agree(p) == steps


def test_a_prober_reads_the_words_of_a_failed_command(sick_pod):
    p = sick_pod(*FAST, "--check", "web={}", first="500", **by(command, READINESS))
    becomes(p, LIVENESS, FAILURE)
    p.probe_all()
    (text,) = p.events.texts("Unhealthy")
    assert text.startswith("Readiness probe failed: ") and "web" in text and "500 Sick" in text


# --- texts: one event, however long a state lasts -------------------------------------

def drains(p):
    p.delete()
    becomes(p, READINESS, FAILURE)


def is_drained(p):
    assert Exec([HALE, "drain", "0"], timeout=DEADLINE).probe(p).kind == SUCCESS
    becomes(p, READINESS, FAILURE)


def is_sick(mode):
    def act(p):
        becomes(p, READINESS, SUCCESS)
        falls(p, mode)
    return act


def is_stopped(p):
    becomes(p, READINESS, SUCCESS)
    os.kill(p.box.outer(p.box.service), STOP)
    becomes(p, READINESS, FAILURE)


def is_killed(p):
    os.kill(p.box.outer(p.box.service), signal.SIGKILL)
    becomes(p, READINESS, FAILURE)


def one_text(p):
    """What the command says now and in another second, when each age and each
    time that is left would be another."""
    p.probe_all()
    then = time.monotonic() + 1
    until(lambda: time.monotonic() > then, "another second")
    p.probe_all(2)
    (text,) = p.events.texts("Unhealthy")
    assert p.events.count("Unhealthy", text) == 3
    return text


@pytest.mark.parametrize("act, says", [
    (drains, "drain"), (is_drained, "drain"), (is_killed, "SIGKILL"), (is_sick("500"), "500 Sick"),
    # Refused, or reset where a check had connected when the port was closed.
    (is_sick("refuse"), "Connection re"), (is_stopped, "time")],
    ids=["drains", "is drained", "is started again in an hour", "answers 500", "refuses",
         "is stopped"])
def test_a_failed_commands_text_is_one_event_while_the_state_lasts(sick_pod, act, says):
    p = sick_pod(*STALLED, "--ready-check", "web={}", "--restart", "always", "--backoff", "1h",
                 "--drain", "1h", **by(command, READINESS))
    becomes(p, READINESS, SUCCESS)
    act(p)
    assert says in one_text(p)


@pytest.mark.parametrize("options, kind, says", [
    (["--notify"], READINESS, "ready"), (["--watchdog", "100ms"], LIVENESS, "never fed")])
def test_the_text_of_a_service_that_never_speaks_is_one_event(svc_pod, options, kind, says):
    p = svc_pod(*options, "pause", **{kind: Probe(command(kind), failures=9)})
    becomes(p, kind, FAILURE)
    assert says in one_text(p)


# --- the exchange ---------------------------------------------------------------------

@contextlib.contextmanager
def asked(p, path):
    """A connection on which the kubelet's very request has been sent."""
    sock = dial(p, p.ip, PORT, Timer(DEADLINE))
    with sock:
        sock.settimeout(DEADLINE)
        fields = {"User-Agent": "kube-probe/1.30", "Accept": "*/*"}
        sock.sendall(request_bytes(path, f"{p.ip}:{PORT}", fields))
        yield sock


def data_segments(sock):
    """Segments with data that have come in (tcpi_data_segs_in)."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    return struct.unpack_from("I", info, 152)[0]


@pytest.mark.parametrize("path", [*PATHS.values(), "/readyz?verbose", "/healthz", "/", "/status",
                                  "/metrics", "/nothing"])
def test_an_answer_is_one_segment_with_its_length_and_the_end(sick_pod, path):
    """A body that stalls or breaks off would be an error that counts nowhere."""
    p = sick_pod(*FAST, "--check", "{}", first="500")
    becomes(p, LIVENESS, FAILURE)
    with asked(p, path) as sock:
        connection = Connection(sock)
        answer = connection.answer()
        assert connection.ended()
        assert data_segments(sock) == 1
    assert answer.version == "HTTP/1.1"
    assert int(answer.headers["content-length"]) == len(answer.body.encode()) > 0
    assert "transfer-encoding" not in answer.headers
    assert answer.headers["connection"] == "close"


def test_no_probe_leaves_a_connection_behind(sick_pod):
    p = sick_pod(**by(http, LIVENESS, READINESS),
                 startup=Probe(Tcp(PORT, timeout=DEADLINE)))
    p.box.settled()
    before = os.listdir(f"/proc/{p.box.pid}/fd")
    p.probe_all(50)
    assert p.ready
    until(lambda: os.listdir(f"/proc/{p.box.pid}/fd") == before, "all are closed")


def long_checks():
    """Eight checks with names and outputs as long as they may be."""
    words = []
    for n in range(8):
        words += ["--check", f"{str(n) * 95}=exec:{PRINTER}"]
    return words


PRINTER = f"/bin/sh -c 'echo {'x' * 1000}; exit 1'"


def test_eight_checks_with_long_texts_stay_below_the_kubelets_cap(svc_pod):
    p = svc_pod(*FAST, *long_checks(), "pause")
    becomes(p, LIVENESS, FAILURE)
    until(lambda: p.box.get("/readyz?verbose").body.count("[-]") >= 8, "all have failed")
    for path in ("/readyz", "/readyz?verbose", "/livez?verbose", "/healthz?verbose"):
        with asked(p, path) as sock:
            answer = Connection(sock).answer()
            assert data_segments(sock) == 1
        assert 8 * 96 < len(answer.body) < BODY_MAX
        assert answer.body.endswith("check failed\n")
    text = command(READINESS).probe(p).text
    assert 0 < len(text) < BODY_MAX and text.endswith("\n")


# --- where it is asked, and when it is hard -------------------------------------------

def add_pod_addresses(box):
    """What a network plugin gives a pod; a listener on loopback alone is not there."""
    for address in (f"{IPV4}/32", f"{IPV6}/128"):
        done = box.run("/sbin/ip", "address", "add", address, "dev", "lo")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("ip", [IPV4, IPV6])
def test_a_port_alone_is_asked_at_the_pods_own_address(sick_pod, ip):
    p = sick_pod(ip=ip, **by(http, READINESS))
    p.probe_all()
    (text,) = p.events.texts("Unhealthy")
    assert not p.ready and text.endswith("unreachable")  # there is no such address yet
    add_pod_addresses(p.box)
    p.probe_all()
    assert p.ready
    assert http(LIVENESS).probe(p).kind == Tcp(PORT, timeout=DEADLINE).probe(p).kind == SUCCESS


def test_probes_are_answered_while_64_slow_clients_stall(sick_pod):
    p = sick_pod(**by(http, LIVENESS, READINESS))
    slow = [p.box.connect().send("GET /livez HTTP/1.1\r\nX: ") for _ in range(64)]
    p.probe_all(20)
    assert p.ready and p.events.counts == {}
    assert agree(p) == [True, True, True]
    for connection in slow:
        connection.close()


def test_a_command_needs_no_second_process(sick_pod):
    """hale, its service and the command are all that this user may have."""
    p = sick_pod(user=UID, nproc=3, limits={"uid": UID, "nproc": 3},
                 **by(command, LIVENESS, READINESS))
    p.probe_all(20)
    assert p.ready and p.events.counts == {}
    forks = Exec(["/bin/sh", "-c", "/bin/true; exit 0"], timeout=DEADLINE).probe(p)
    assert forks.kind == FAILURE and "fork" in forks.text  # the limit does hold


# --- what the kubelet may read ------------------------------------------------------------

def test_a_text_that_changes_with_every_result_is_one_event_too(hale):
    box = hale("--listen", "8080", *FAST, "--retries", "1", "--ready-check",
               "it=exec:/bin/sh -c 'echo at $(date +%N); exit 1'", "say up pause")
    box.out.expect("^up")
    until(lambda: box.check("it")["state"] == "failing", "the check fails")
    told, shown = set(), set()
    for _ in range(4):
        before = box.check("it")["failed"]
        until(lambda: box.check("it")["failed"] > before, "it was made again")
        shown.add(box.check("it")["output"])
        told.add(box.run(HALE, "check", "--ready").stdout)
    assert len(shown) > 1, "the output did not change"
    assert len(told) == 1


def test_all_that_eight_checks_say_fits_into_what_the_kubelet_reads(hale):
    noisy = "exec:/bin/sh -c 'echo %s; exit 1'" % ("x" * 190)
    checks = [word for i in range(8) for word in ("--check", f"{'n' * 80}-{i}={noisy}")]
    box = hale("--listen", "8080", *FAST, *checks, "say up pause")
    box.out.expect("^up")
    until(lambda: box.get("/readyz?verbose").body.count("x" * 190) == 8, "all have failed")
    body = box.get("/healthz?verbose").body
    assert len(body) < BODY_MAX and body.endswith("healthz check failed\n")
