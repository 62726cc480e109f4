"""The tests' own kubelet keeps the kubelet's rules: against servers and
containers that do what a script says."""
import contextlib
import fcntl
import os
import select
import signal
import socket
import ssl
import struct
import termios
import threading

import pytest

import pki
from harness import DEADLINE, until
from kubelet import LIVENESS, READINESS, STARTUP, Pod, Probe, Sleep
from kubelet_probes import (
    FAILURE, SUCCESS, UNKNOWN, WARNING, Errored, Exec, Http, Late, Node, Outcome, Tcp, Timer,
    dial)

PATIENT = {"timeout": DEADLINE}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"
PASS, FAIL = Outcome(SUCCESS, "ok"), Outcome(FAILURE, "bad")


def head(status, *fields, body=b""):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Fake:
    """A server with an answer for each connection, the last one for the rest:
    bytes, or a function that gets the connection."""

    def __init__(self, *answers, host="127.0.0.1", tls=None):
        self.answers, self.requests, self.connections = list(answers), [], 0
        self.listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        if tls:
            self.listener = tls.wrap_socket(self.listener, server_side=True)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                with sock, contextlib.suppress(OSError):
                    self._answer(sock)

    def _answer(self, sock):
        self.connections += 1
        data = b""
        while b"\r\n\r\n" not in data and (more := sock.recv(65536)):
            data += more
        if data:
            self.requests.append(data)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer(sock)
        else:
            sock.sendall(answer)

    def close(self):
        """Waits for the connection in hand; may be called twice."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def fake():
    """Starts Fakes; all are ended with the test."""
    started = []

    def start(*answers, **options):
        started.append(Fake(*answers, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()


def ask(server, path="/", **options):
    return Http(path, server.port, **{**PATIENT, **options}).probe(Node())


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


# --- the request ----------------------------------------------------------------------

def test_the_request_is_the_kubelets_byte_for_byte(fake):
    server = fake(OK)
    assert ask(server, "/readyz?a=b") == Outcome(SUCCESS, "ok")
    assert server.requests == [
        (f"GET /readyz?a=b HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
         "User-Agent: kube-probe/1.30\r\nAccept: */*\r\nConnection: close\r\n\r\n").encode()]


def test_each_probe_has_a_connection_of_its_own(fake):
    server = fake(OK)
    for _ in range(5):
        assert ask(server).kind == SUCCESS
    assert server.connections == len(server.requests) == 5


def test_a_specifications_fields_replace_the_kubelets(fake):
    server = fake(OK)
    ask(server, fields={"host": "shop", "Accept": "", "user-agent": "me", "x-key": "1"})
    assert server.requests == [b"GET / HTTP/1.1\r\nHost: shop\r\nUser-Agent: me\r\nX-Key: 1\r\n"
                               b"Connection: close\r\n\r\n"]


def test_an_ipv6_address_stands_in_brackets(fake):
    server = fake(OK, host="::1")
    assert ask(server, host="::1").kind == SUCCESS
    assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


def test_a_closed_connection_lingers_for_a_second_at_most(fake):
    with contextlib.closing(dial(Node(), "127.0.0.1", fake(OK).port, Timer(DEADLINE))) as sock:
        linger = sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
    assert struct.unpack("ii", linger) == (1, 1)


def test_https_believes_any_certificate(fake, tmp_path):
    pem = tmp_path / "pem"
    pki.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=elsewhere",
                "-keyout", f"{pem}.key", "-out", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, f"{pem}.key")
    assert ask(fake(OK, tls=context), scheme="https") == Outcome(SUCCESS, "ok")


# --- what an answer means -------------------------------------------------------------

@pytest.mark.parametrize("status, kind", [
    (200, SUCCESS), (204, SUCCESS), (299, SUCCESS), (300, WARNING), (304, WARNING),
    (399, WARNING), (400, FAILURE), (404, FAILURE), (503, FAILURE), (600, FAILURE)])
def test_a_status_from_200_to_399_is_a_success(fake, status, kind):
    assert ask(fake(head(status))).kind == kind


def test_a_failures_body_is_not_shown(fake):
    answer = head(503, body=b"[-]db failed: no answer")
    assert ask(fake(answer)) == Outcome(FAILURE, "HTTP probe failed with statuscode: 503")


def test_what_comes_before_the_answer_is_passed_over(fake):
    assert ask(fake(b"HTTP/1.1 100 Continue\r\n\r\n" + OK)) == Outcome(SUCCESS, "ok")


@pytest.mark.parametrize("body", [
    b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", b"\r\nhello"],
    ids=["chunked", "up to the end"])
def test_a_body_without_a_length_is_read(fake, body):
    assert ask(fake(b"HTTP/1.1 200 OK\r\n" + body)) == Outcome(SUCCESS, "hello")


@pytest.mark.parametrize("size", [10239, 10240, 10241, 1 << 20])
def test_a_body_is_read_up_to_its_cap_and_no_failure_beyond(fake, size):
    outcome = ask(fake(head(200, body=b"x" * size)))
    assert (outcome.kind, len(outcome.text)) == (SUCCESS, min(size, 10240))


def test_what_breaks_behind_the_cap_does_not_matter(fake):
    answer = head(200, body=b"x" * (10240 + 9))[:-9]
    assert ask(fake(answer)) == Outcome(SUCCESS, "x" * 10240)


# --- no answer at all: a failure ------------------------------------------------------

def why(server, **options):
    outcome = ask(server, **options)
    assert outcome.kind == FAILURE
    start = f'Get "http://127.0.0.1:{server.port}/": '
    assert outcome.text.startswith(start)
    return outcome.text.removeprefix(start)


def test_a_refused_connection_is_a_failure_in_words(fake):
    server = fake(OK)
    server.close()
    assert why(server) == f"dial tcp 127.0.0.1:{server.port}: connect: connection refused"


@pytest.mark.parametrize("answer, text", [
    (b"", "EOF"), (b"HTTP/1.1 200 OK\r\nX: ", "unexpected EOF"),
    (b"220 mail\r\n", 'net/http: HTTP/1.x transport connection broken: '
                      'malformed HTTP response "220 mail"')])
def test_a_connection_that_ends_before_its_answer_is_a_failure(fake, answer, text):
    server = fake(answer)
    assert why(server) == text
    assert len(server.requests) == 1  # it is not tried again


def test_a_reset_before_the_answer_is_a_failure_that_names_both_ends(fake):
    server = fake(reset)
    assert why(server).endswith(f"->127.0.0.1:{server.port}: read: connection reset by peer")


class Stall:
    """A server that stalls, and the Timer of a probe that is late once it does:
    no time is waited for, and no slow machine changes the result."""

    def __init__(self, sent):
        self.sent = sent
        self.read, self.write = os.pipe()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.read)
        os.close(self.write)

    def answer(self, sock):
        sock.sendall(self.sent)
        until(lambda: fcntl.ioctl(sock, termios.TIOCOUTQ, b"1234") == b"\0\0\0\0",
              "the other side has it")
        os.write(self.write, b"x")
        sock.recv(1)  # up to the other side's end

    def timer(self, _):
        return self

    def wait(self, sock, events):
        poll = select.poll()
        poll.register(sock, events)
        poll.register(self.read, select.POLLIN)
        ready = dict(poll.poll(DEADLINE * 1000))
        if sock.fileno() not in ready:
            os.read(self.read, 1)
            raise Late


def test_a_server_that_does_not_answer_in_time_is_a_failure(fake):
    with Stall(b"HTTP/1.1 200 OK\r\n") as stall:
        assert why(fake(stall.answer), timer=stall.timer) == \
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"


# --- an answer that breaks off: an error, and nothing learnt --------------------------

@pytest.mark.parametrize("answer", [
    SHORT, SHORT.replace(b"200", b"503"),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n"])
def test_a_body_that_ends_early_is_an_error_whatever_its_head_says(fake, answer):
    with pytest.raises(Errored, match="^unexpected EOF$"):
        ask(fake(answer))


def test_a_reset_within_the_body_is_an_error(fake):
    def answer(sock):
        sock.sendall(SHORT)
        reset(sock)
    with pytest.raises(Errored, match="connection reset by peer"):
        ask(fake(answer))


def test_a_body_that_stalls_is_an_error(fake):
    with Stall(SHORT) as stall, pytest.raises(Errored, match="while reading body"):
        ask(fake(stall.answer), timer=stall.timer)


# --- redirects ------------------------------------------------------------------------

def to(location, status=302, *fields):
    return head(status, f"Location: {location}", *fields)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_the_same_host_is_followed(fake, status):
    server = fake(to("/b", status), OK)
    assert ask(server, "/a") == Outcome(SUCCESS, "ok")
    assert [request.split()[1] for request in server.requests] == [b"/a", b"/b"]
    assert f"Referer: http://127.0.0.1:{server.port}/a\r\n".encode() in server.requests[1]


def test_a_redirect_to_another_port_of_the_host_is_followed(fake):
    second = fake(head(500))
    first = fake(to(f"http://127.0.0.1:{second.port}/"))
    assert ask(first).kind == FAILURE
    assert len(second.requests) == 1


@pytest.mark.parametrize("location", ["http://localhost:{}/", "//other/", "https://other/"])
def test_a_redirect_to_another_host_is_a_warning_and_not_followed(fake, location):
    second = fake(OK)
    server = fake(to(location.format(second.port)))
    assert ask(server) == Outcome(WARNING, "Probe terminated redirects, Response body: ")
    assert second.requests == [] and len(server.requests) == 1


def test_a_redirect_to_nowhere_is_a_warning(fake):
    assert ask(fake(head(302))).kind == WARNING


@pytest.mark.parametrize("redirects, kind", [(9, SUCCESS), (10, FAILURE)])
def test_a_probe_makes_ten_requests_at_most(fake, redirects, kind):
    server = fake(*[to(f"/{n}") for n in range(redirects)], OK)
    outcome = ask(server)
    assert (outcome.kind, len(server.requests)) == (kind, 10)
    assert outcome.text.endswith("/8\": stopped after 10 redirects") == (kind == FAILURE)


def test_a_host_from_the_specification_stays_in_a_relative_redirect_only(fake):
    server = fake(to("/b"), OK)
    ask(server, fields={"Host": "shop"})
    server.answers[:] = [to(f"http://127.0.0.1:{server.port}/b"), OK]
    ask(server, fields={"Host": "shop"})
    hosts = [request.split(b"\r\n")[1].removeprefix(b"Host: ") for request in server.requests]
    assert hosts == [b"shop", b"shop", b"shop", f"127.0.0.1:{server.port}".encode()]


# --- TCP and commands -----------------------------------------------------------------

def test_a_tcp_probe_connects_and_sends_nothing(fake):
    server = fake(b"")
    assert Tcp(server.port, **PATIENT).probe(Node()) == Outcome(SUCCESS)
    until(lambda: server.connections == 1, "it is accepted")
    server.close()  # waits for what it is reading
    assert server.requests == []


def test_a_tcp_probe_of_a_closed_port_is_a_failure():
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        assert Tcp(port, **PATIENT).probe(Node()) == Outcome(
            FAILURE, f"dial tcp 127.0.0.1:{port}: connect: connection refused")


def run(script, **options):
    probe = Exec(["/bin/sh", "-c", script], **{**PATIENT, **options})
    try:
        return probe.probe(Node())
    finally:
        probe.end()


@pytest.mark.parametrize("code, kind", [(0, SUCCESS), (1, FAILURE), (2, FAILURE), (127, FAILURE)])
def test_a_command_succeeds_with_exit_0_alone(code, kind):
    assert run(f"echo out; echo err >&2; exit {code}") == Outcome(kind, "out\nerr\n")


@pytest.mark.parametrize("size, kept", [(10239, 10239), (10240, 10240), (10241, 10240)])
def test_a_commands_output_is_kept_up_to_its_cap(size, kept):
    assert run(f"head -c {size} /dev/zero | tr '\\0' x; exit 1") == Outcome(FAILURE, "x" * kept)


def test_a_late_command_is_a_failure_and_left_running():
    probe = Exec(["/bin/sleep", "3600"], timeout=0.05)
    assert probe.probe(Node()) == Outcome(FAILURE, 'command "/bin/sleep 3600" timed out')
    assert [late.poll() for late in probe.left] == [None]
    probe.end()


def test_a_command_that_is_not_there_is_an_error():
    with pytest.raises(Errored, match="failed to exec.*/no/such"):
        Exec(["/no/such"]).probe(Node())


def test_a_command_has_no_shell():
    assert Exec(["/bin/echo", "$HOME", ";"], **PATIENT).probe(Node()).text == "$HOME ;\n"


# --- workers --------------------------------------------------------------------------

class Script:
    """A probe's handler with outcomes by a script; the last one stays."""

    def __init__(self, *outcomes):
        self.outcomes, self.asked = list(outcomes), 0

    def probe(self, _):
        self.asked += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if outcome is None:
            raise Errored("broken")
        return outcome


class FakeBox:
    """A container that only takes signals, and ends when it is asked for its code."""

    def __init__(self):
        self.signals = []

    def signal(self, sig):
        self.signals.append(sig)

    def code(self):
        return 0


class FakePod(Pod):
    """Its commands run on this machine."""

    net, start, check_start = Node.net, Node.start, Node.check_start


def pod(ready=None, live=None, up=None, **options):
    given = {READINESS: ready, LIVENESS: live, STARTUP: up}
    probes = {kind: probe if isinstance(probe, Probe) else Probe(probe)
              for kind, probe in given.items() if probe}
    return FakePod(FakeBox, **options, **probes)


def test_before_its_first_probe_a_container_is_live_and_not_ready():
    p = pod(Script(PASS), Script(PASS))
    assert (p.result(LIVENESS), p.result(READINESS), p.ready) == (SUCCESS, FAILURE, False)
    assert pod(up=Script(PASS)).result(STARTUP) == UNKNOWN


def test_a_container_without_probes_is_ready_at_once():
    assert pod().ready and pod(live=Script(FAIL)).ready


def test_a_verdict_changes_after_as_many_outcomes_in_a_row_as_its_threshold():
    script = Script(PASS, FAIL, FAIL, PASS, FAIL, FAIL, FAIL, PASS, FAIL, PASS, PASS)
    p = pod(Probe(script, failures=3, successes=2))
    seen = []
    for _ in range(11):
        p.probe_all()
        seen.append(p.ready)
    # One success of two; the last three failures of five, then two successes in a row.
    assert seen == [False] * 10 + [True]


def test_two_failures_of_three_leave_it_ready_and_the_third_does_not():
    p = pod(Script(PASS, FAIL, FAIL, PASS, FAIL))
    p.probe_all(6)
    assert p.ready
    p.probe_all()
    assert not p.ready


def test_a_probe_is_due_at_once_and_then_once_a_period():
    script = Script(PASS)
    p = pod(Probe(script, period=3))
    p.pass_time(7)  # at 1, 4 and 7
    assert script.asked == 3


def test_nobody_asks_within_the_initial_delay():
    script = Script(PASS)
    p = pod(Probe(script, period=1, initial_delay=3))
    p.pass_time(2)
    assert script.asked == 0
    p.pass_time(1)
    assert script.asked == 1


def test_the_others_wait_for_startup_which_is_over_after_one_success():
    up, live, ready = Script(FAIL, FAIL, PASS), Script(PASS), Script(PASS)
    p = pod(ready, live, up)
    p.probe_all(3)
    assert (p.started, up.asked, live.asked, ready.asked) == (True, 3, 0, 0)
    p.probe_all(2)
    assert (p.ready, up.asked, live.asked, ready.asked) == (True, 3, 2, 2)


def test_a_warning_is_a_success_with_an_event():
    p = pod(Script(Outcome(WARNING, "moved")))
    p.probe_all()
    assert p.ready and p.events.texts("ProbeWarning") == ["Readiness probe warning: moved"]


def test_an_error_is_tried_three_times_at_once_and_then_thrown_away():
    script = Script(PASS, None, None, None, PASS)
    p = pod(Probe(script, failures=1))
    p.probe_all(2)
    assert p.ready and script.asked == 4
    assert p.events.counts == {("Unhealthy", "Readiness probe errored: broken"): 1}


def test_a_second_or_third_try_that_has_an_outcome_counts():
    script = Script(None, None, FAIL)
    p = pod(Probe(script, failures=1))
    p.probe_all()
    assert script.asked == 3
    assert p.events.texts("Unhealthy") == ["Readiness probe failed: bad"]


def test_a_body_that_always_breaks_off_never_makes_a_container_unready(fake):
    server = fake(OK, SHORT)
    p = pod(Probe(Http("/", server.port, **PATIENT), failures=1))
    p.probe_all(5)
    assert p.ready and len(server.requests) == 1 + 4 * 3


def test_a_thrown_away_probe_neither_ends_nor_extends_a_row_of_failures():
    p = pod(Script(PASS, FAIL, FAIL, None, None, None, FAIL))
    p.probe_all(4)
    assert p.ready
    p.probe_all()
    assert not p.ready


def test_events_of_one_text_are_counted_and_another_text_is_another_event():
    p = pod(Script(FAIL, FAIL, Outcome(FAILURE, "late")))
    p.probe_all(3)
    assert p.events.count("Unhealthy", "Readiness probe failed: bad") == 2
    assert len(p.events.texts("Unhealthy")) == 2


# --- restarts -------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["live", "up"])
def test_a_failed_container_is_on_hold_until_it_is_another_one(kind):
    script = Script(FAIL)
    p = pod(**{kind: Probe(script, failures=2)})
    p.probe_all(5)
    assert script.asked == 2 and p.box.signals == [signal.SIGTERM]
    assert p.wait_for_end() == 0
    assert (p.starts, p.box.signals) == (2, [])
    p.pass_time(1)
    assert p.box.signals == []
    p.probe_all(2)
    assert script.asked == 4 and p.box.signals == [signal.SIGTERM]


def test_a_new_container_begins_anew():
    p = pod(Script(PASS), Script(PASS, FAIL), Script(PASS))
    p.probe_all(3)
    assert p.ready
    p.probe_all(2)
    p.wait_for_end()
    assert (p.started, p.ready) == (False, False)
    p.probe_all()
    assert (p.started, p.result(LIVENESS), p.ready) == (True, SUCCESS, False)


def test_a_container_that_ended_is_not_ready_and_not_probed():
    script = Script(PASS)
    p = pod(script, restart=False)
    p.probe_all()
    p.wait_for_end()
    p.probe_all(3)
    assert (p.result(READINESS), p.ready, p.starts, script.asked) == (FAILURE, False, 1, 1)


# --- the end of a pod -----------------------------------------------------------------

def test_after_the_deletion_readiness_alone_is_probed():
    live, ready = Script(FAIL), Script(PASS, PASS, FAIL)
    p = pod(Probe(ready, failures=1), Probe(live, failures=2))
    p.probe_all()
    p.delete()
    p.probe_all()
    assert p.ready and not p.in_endpoints()
    p.probe_all()
    assert (p.ready, live.asked, p.result(LIVENESS)) == (False, 1, SUCCESS)


def test_a_deletion_ends_the_startup_probe_too():
    up = Script(FAIL)
    p = pod(up=up)
    p.delete()
    p.probe_all()
    assert (up.asked, p.result(STARTUP)) == (0, SUCCESS)


def test_sigkill_follows_sigterm_after_the_grace_period():
    p = pod(grace=5)
    p.delete()
    p.pass_time(4)
    assert p.box.signals == [signal.SIGTERM]
    p.pass_time(1)
    assert p.box.signals == [signal.SIGTERM, signal.SIGKILL]


def test_the_time_of_prestop_counts_in_the_grace_period():
    p = pod(grace=10, pre_stop=Sleep(6))
    p.delete()
    p.pass_time(5)
    assert p.box.signals == []
    p.pass_time(1)
    assert p.box.signals == [signal.SIGTERM]
    p.pass_time(3)
    assert p.box.signals == [signal.SIGTERM]
    p.pass_time(1)
    assert p.box.signals == [signal.SIGTERM, signal.SIGKILL]


def test_a_prestop_that_takes_all_the_time_leaves_two_seconds():
    p = pod(grace=4, pre_stop=Exec(["/bin/sleep", "3600"]))
    ending = p.delete()
    p.pass_time(4)
    assert p.box.signals == [signal.SIGTERM]
    assert p.events.texts("FailedPreStopHook") == ["not completed in grace period"]
    p.pass_time(1)
    assert p.box.signals == [signal.SIGTERM]
    p.pass_time(1)
    assert p.box.signals == [signal.SIGTERM, signal.SIGKILL]
    assert ending.hook.poll() is None  # it is left running
    p.wait_for_end()


@pytest.mark.parametrize("script, events", [
    ("exit 0", []), ("echo no; exit 3", ["no\n"])])
def test_sigterm_follows_prestops_command_even_one_that_fails(script, events):
    p = pod(pre_stop=Exec(["/bin/sh", "-c", script]))
    ending = p.delete()
    assert p.box.signals == []
    ending.wait_for_hook()
    assert p.box.signals == [signal.SIGTERM]
    assert p.events.texts("FailedPreStopHook") == events


@pytest.mark.parametrize("answer, failed", [(OK, False), (head(500), False), (b"", True)])
def test_the_status_that_prestops_httpget_gets_is_ignored(fake, answer, failed):
    server = fake(answer)
    p = pod(pre_stop=Http("/drain", server.port))
    p.delete()
    assert p.box.signals == [signal.SIGTERM] and len(server.requests) == 1
    assert bool(p.events.texts("FailedPreStopHook")) == failed


def test_prestop_runs_before_a_restart_as_well():
    p = pod(live=Probe(Script(FAIL), failures=1), pre_stop=Sleep(2))
    p.probe_all()
    assert p.box.signals == []
    p.pass_time(2)
    assert p.box.signals == [signal.SIGTERM]
