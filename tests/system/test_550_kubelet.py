"""hale under a kubelet's rules (kubelet.py): by httpGet, by tcpSocket, by exec."""
import re
import signal

import pytest

from box import HALE, until
from kubelet import BODY_MAX, FAILURE, SUCCESS, Pod, probe_exec, probe_http, probe_tcp, request

FAST = ["--interval", "100ms", "--timeout", "200ms", "--retries", "2"]
LONG = "50s"  # beyond every deadline of a test
TERM, STOP, CONT = signal.SIGTERM, signal.SIGSTOP, signal.SIGCONT
POD_IP, POD_IP6 = "10.1.2.3", "fd00::1:2:3"
PATHS = {"Startup": "/startupz", "Readiness": "/readyz", "Liveness": "/livez"}
WORDS = {"Startup": "--startup", "Readiness": "--ready", "Liveness": "--live"}
PATIENT = {"startup": {"failures": 1000}}


def give_addresses(box):
    """The box's pod IPs: the kubelet never asks at the loopback address."""
    for address in (f"{POD_IP}/32", f"{POD_IP6}/128"):
        words = ["addr", "add", address, "dev", "lo"] + ["nodad"] * (":" in address)
        assert box.run("/sbin/ip", *words).returncode == 0


def connect_in(box):
    return lambda host, port: box.connect(port, host.strip("[]")).sock


def asks(box, way, host=POD_IP):
    """The container's three probes by http or by exec."""
    if way == "exec":
        return lambda kind: probe_exec(box.run, [HALE, "check", WORDS[kind]])
    return lambda kind: probe_http(connect_in(box), f"http://{host}:8080{PATHS[kind]}")


@pytest.fixture(params=["http", "exec"])
def podded(sick, request):
    """podded(options...) is hale with a service that can fall ill, and its pod."""
    def start(*options, mode="200", **thresholds):
        box = sick(*FAST, *options, mode=mode)
        give_addresses(box)
        return box, Pod(asks(box, request.param), **{**PATIENT, **thresholds})
    return start


def rounds(pod, condition, what):
    """Asks again and again until it is so."""
    until(lambda: condition(pod.round()), what)


def is_ready(pod):
    return pod.is_ready


def is_unready(pod):
    return not pod.is_ready


# --- from the start on ----------------------------------------------------------------

def test_a_pod_is_started_then_ready_once_its_service_answers(podded):
    box, pod = podded("--check", "{}", mode="refuse")
    for _ in range(3):
        pod.round()
    assert not pod.is_started and pod.liveness.asked == pod.readiness.asked == 0
    box.be("200")
    rounds(pod, is_ready, "the pod is ready")
    assert pod.is_started and not pod.is_to_restart
    assert not pod.failures("Liveness")


def test_a_slow_start_is_no_failed_liveness(podded):
    """Without a startup probe liveness is asked from the first moment."""
    box, pod = podded("--check", "{}", "--start-period", LONG, mode="refuse")
    pod.startup.verdict = SUCCESS
    until(lambda: box.check()["failed"] > 3, "checks have failed")
    pod.round()
    assert (pod.is_ready, pod.is_to_restart) == (False, False)
    box.be("200")
    rounds(pod, is_ready, "the pod is ready")
    assert not pod.failures("Liveness")


@pytest.mark.parametrize("way", ["http", "exec"])
def test_a_service_that_says_itself_when_it_is_ready_is_started_then(hale, way):
    box = hale("--listen", "8080", "--notify-fd", "3",
               ["/bin/sh", "-c", "echo up; read -r line; echo ready >&3; sleep 1000"])
    box.out.expect("^up")
    give_addresses(box)
    pod = Pod(asks(box, way), **PATIENT)
    assert not pod.round().is_started
    box.tell("go")
    rounds(pod, is_ready, "the pod is ready")


# --- a service falls ill --------------------------------------------------------------

@pytest.mark.parametrize("mode", ["500", "silent", "refuse"])
def test_a_sick_service_is_unready_and_restarted_for_its_live_check(podded, mode):
    box, pod = podded("--check", "{}")
    rounds(pod, is_ready, "the pod is ready")
    box.be(mode)
    rounds(pod, lambda p: p.is_to_restart and not p.is_ready, "unready and to be restarted")


def test_a_ready_check_alone_restarts_nothing_and_the_pod_comes_back(podded):
    box, pod = podded("--ready-check", "{}")
    rounds(pod, is_ready, "the pod is ready")
    box.be("500")
    rounds(pod, is_unready, "the pod is not ready")
    box.be("200")
    rounds(pod, is_ready, "the pod is ready again")
    assert not pod.is_to_restart and not pod.failures("Liveness")


def test_a_stopped_service_is_unready_and_to_be_restarted(podded):
    box, pod = podded("--check", "{}")
    rounds(pod, is_ready, "the pod is ready")
    box.run("/bin/kill", "-STOP", str(box.service))
    rounds(pod, lambda p: p.is_to_restart and not p.is_ready, "unready and to be restarted")


def test_a_failed_check_is_one_event_although_its_output_changes(hale):
    """Its text is all that parts one event from another."""
    box = hale("--listen", "8080", *FAST, "--retries", "1", "--ready-check",
               "it=exec:/bin/sh -c 'echo at $(date +%N); exit 1'", "say up pause")
    box.out.expect("^up")
    until(lambda: box.check("it")["state"] == "failing", "the check fails")
    pod = Pod(asks(box, "exec"))
    pod.startup.verdict = SUCCESS
    seen = set()
    for _ in range(4):
        before = box.check("it")["failed"]
        until(lambda: box.check("it")["failed"] > before, "it was made again")
        seen.add(box.check("it")["output"])
        pod.round()
    assert len(seen) > 1, "the output did not change"
    assert list(pod.failures("Readiness").values()) == [4]


def test_hale_that_restarts_its_service_stays_live_until_it_gives_up(sick):
    box = sick(*FAST, "--check", "{}", "--restart", "always", "--max-restarts", "1",
               "--backoff", "300ms", "--on-unhealthy", "restart")
    give_addresses(box)
    pods = [Pod(asks(box, way), **PATIENT) for way in ("http", "exec")]
    for pod in pods:
        rounds(pod, is_ready, "the pod is ready")
    box.be("500")
    box.err.expect("restarting ")
    for pod in pods:
        assert not pod.round().is_to_restart
    box.out.expect("^up")  # its second life is as sick as the first
    box.be("500")
    box.err.expect("giving up")
    for pod in pods:
        assert pod.round().is_to_restart


# --- the deletion ------------------------------------------------------------------------

def test_a_deleted_pod_is_unready_at_once_serves_on_and_ends(podded):
    box, pod = podded("--check", "{}", "--drain", LONG, "--stop-timeout", LONG)
    rounds(pod, is_ready, "the pod is ready")
    pod.delete()
    box.signal(TERM)
    rounds(pod, is_unready, "the pod is not ready")
    assert box.get("/", port=8000).status == 200
    assert box.get("/livez").status == 200  # whoever still asks
    for _ in range(3):
        pod.round()
    assert len(pod.failures("Readiness")) == 1  # one event, counted
    box.signal(TERM)
    assert box.code() == 143


def test_hale_drain_as_prestop_turns_readiness_off_before_the_stop(podded):
    box, pod = podded("--check", "{}", "--stop-timeout", LONG)
    rounds(pod, is_ready, "the pod is ready")
    pod.delete()
    assert box.run(HALE, "drain", "0").returncode == 0
    assert not pod.round().is_ready
    assert box.get("/", port=8000).status == 200
    box.signal(TERM)
    assert box.code() == 143


def test_a_prestop_by_httpget_changes_nothing_and_is_in_the_log(podded):
    """The kubelet passes over its status."""
    box, pod = podded("--check", "{}")
    rounds(pod, is_ready, "the pod is ready")
    pod.delete()
    result = probe_http(connect_in(box), f"http://{POD_IP}:8080/drain")
    assert result.text == "HTTP probe failed with statuscode: 403"
    box.err.expect("refused /drain on a listener: run `hale drain`")
    assert pod.round().is_ready
    box.signal(TERM)
    assert box.code() == 143


# --- the exchange itself -----------------------------------------------------------------

@pytest.mark.parametrize("host", [POD_IP, f"[{POD_IP6}]"])
def test_both_pod_addresses_are_answered(sick, host):
    box = sick(*FAST, "--check", "{}")
    give_addresses(box)
    pod = Pod(asks(box, "http", host), **PATIENT)
    rounds(pod, is_ready, "the pod is ready")
    assert not pod.is_to_restart


@pytest.mark.parametrize("path", ["/readyz", "/readyz?verbose", "/livez", "/status", "/metrics"])
def test_an_answer_is_one_piece_with_its_length_and_then_the_end(sick, path):
    """A body that stalled or was cut would be no result at all."""
    box = sick(*FAST, "--check", "{}")
    give_addresses(box)
    sock = connect_in(box)(POD_IP, 8080)
    sock.sendall(request(path, f"{POD_IP}:8080", {}))
    whole = sock.recv(1 << 20)
    head, _, body = whole.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}\r\n".encode() in head.lower() + b"\r\n"
    assert b"connection: close" in head.lower()
    assert sock.recv(1) == b""


def test_all_that_eight_checks_say_fits_into_what_the_kubelet_reads(hale):
    noisy = "exec:/bin/sh -c 'echo %s; exit 1'" % ("x" * 190)
    checks = [word for i in range(8) for word in ("--check", f"{'n' * 80}-{i}={noisy}")]
    box = hale("--listen", "8080", *FAST, *checks, "say up pause")
    box.out.expect("^up")
    until(lambda: box.get("/readyz?verbose").body.count("x" * 190) == 8, "all have failed")
    body = box.get("/healthz?verbose").body
    assert len(body) < BODY_MAX and body.endswith("healthz check failed\n")


def test_a_tcp_probe_is_no_request_and_no_line_of_the_log(sick):
    box = sick("-v", *FAST, "--check", "{}")
    give_addresses(box)
    before = box.status()["requests"]
    for _ in range(5):
        assert probe_tcp(connect_in(box), POD_IP, 8080).verdict == SUCCESS
    assert box.status()["requests"] == before + 1
    box.signal(TERM)
    assert box.code() == 143
    assert not [line for line in box.err.rest() if re.search("connection|a probe|peer", line)]


def test_a_crowd_of_slow_clients_keeps_no_probe_out(podded):
    box, pod = podded("--check", "{}")
    rounds(pod, is_ready, "the pod is ready")
    crowd = [connect_in(box)(POD_IP, 8080) for _ in range(80)]
    for slow in crowd:
        slow.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n")
    for _ in range(3):
        assert pod.round().is_ready
    assert not pod.is_to_restart and not pod.events
    for slow in crowd:
        slow.close()


def test_a_port_that_nobody_listens_at_fails_every_probe(hale):
    box = hale("say up pause")
    box.out.expect("^up")
    give_addresses(box)
    assert asks(box, "http")("Liveness").verdict == FAILURE
    assert probe_tcp(connect_in(box), POD_IP, 8080).verdict == FAILURE
    assert asks(box, "exec")("Liveness") == (SUCCESS, "ok\n", False)
