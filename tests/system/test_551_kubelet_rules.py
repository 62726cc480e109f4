"""The prober that the tests use is as strict, and as lenient, as the kubelet."""
import collections
import socket
import subprocess
import threading

import pytest

from kubelet import (FAILURE, SUCCESS, UNKNOWN, Pod, Result, Unreadable, Worker, probe_exec,
                     probe_http, probe_tcp)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def status(code, *fields, body=b""):
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


class Server:
    """Each connection gets the next answer of the list; None: it is refused."""

    def __init__(self, *answers):
        self.answers, self.asked, self.at = list(answers), [], []

    def connect(self, host, port):
        self.at.append((host, port))
        answer = self.answers.pop(0)
        if answer is None:
            raise ConnectionRefusedError
        ours, theirs = socket.socketpair()
        threading.Thread(target=self.serve, args=(theirs, answer)).start()
        return ours

    def serve(self, sock, answer):
        with sock:
            sock.settimeout(10)
            self.asked.append(sock.recv(65536))
            try:
                sock.sendall(answer)
                if answer.endswith(b"..."):  # it never ends by itself
                    sock.recv(1)
            except OSError:
                pass  # the prober has heard enough


def ask(*answers, url="http://10.1.2.3:8080/readyz", **options):
    server = Server(*answers)
    return probe_http(server.connect, url, **options), server


def test_it_asks_as_kube_probe_does():
    _, server = ask(OK)
    assert server.asked == [b"GET /readyz HTTP/1.1\r\nHost: 10.1.2.3:8080\r\n"
                            b"User-Agent: kube-probe/1.20\r\nAccept: */*\r\n"
                            b"Connection: close\r\n\r\n"]


def test_a_field_of_its_own_replaces_the_usual_one_and_an_empty_one_removes_it():
    _, server = ask(OK, headers={"Host": "app", "Accept": ""})
    assert b"Host: app\r\n" in server.asked[0] and b"Accept" not in server.asked[0]


@pytest.mark.parametrize("code, verdict", [
    (199, FAILURE), (200, SUCCESS), (204, SUCCESS), (304, SUCCESS), (399, SUCCESS),
    (400, FAILURE), (429, FAILURE), (500, FAILURE), (503, FAILURE)])
def test_success_is_200_to_399(code, verdict):
    result, _ = ask(status(code))
    assert result.verdict == verdict
    if verdict == FAILURE:
        assert result.text == f"HTTP probe failed with statuscode: {code}"


def test_the_body_of_a_failure_is_never_shown():
    result, _ = ask(status(503, body=b"[-]db failed: refused"))
    assert "db" not in result.text


@pytest.mark.parametrize("answer", [None, b"", b"HTTP/1.1 200 OK\r\nContent-"])
def test_no_answer_is_a_failure(answer):
    assert ask(answer)[0].verdict == FAILURE


def test_a_silent_server_is_a_failure():
    assert ask(b"...", timeout_s=0.05)[0].verdict == FAILURE


def test_a_redirect_on_the_same_host_is_followed_to_another_port():
    result, server = ask(status(302, "Location: http://10.1.2.3:9/b"), status(301, "Location: /c"),
                         OK)
    assert (result.verdict, result.text, result.warning) == (SUCCESS, "ok", False)
    assert server.at == [("10.1.2.3", 8080), ("10.1.2.3", 9), ("10.1.2.3", 9)]
    assert server.asked[2].startswith(b"GET /c ")


def test_a_redirect_to_another_host_is_not_followed_and_a_success_with_a_warning():
    result, server = ask(status(302, "Location: http://example.test/"))
    assert (result.verdict, result.warning, len(server.at)) == (SUCCESS, True, 1)


@pytest.mark.parametrize("count, verdict", [(10, SUCCESS), (11, FAILURE)])
def test_ten_redirects_are_followed_and_no_more(count, verdict):
    result, _ = ask(*[status(302, "Location: /again")] * count, OK)
    assert result.verdict == verdict


@pytest.mark.parametrize("body, text", [
    (b"x" * 10239, 10239), (b"x" * 10240, 10240), (b"x" * 10241, 10240)])
def test_a_long_body_is_cut_and_no_error(body, text):
    result, _ = ask(status(200, body=body))
    assert (result.verdict, len(result.text)) == (SUCCESS, text)


@pytest.mark.parametrize("rest", [b"o", b"o..."], ids=["ends early", "stalls"])
def test_a_body_that_does_not_come_whole_is_no_result(rest):
    with pytest.raises(Unreadable):
        ask(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + rest, timeout_s=0.05)


def test_a_tcp_probe_is_a_connection_and_nothing_else():
    server = Server(b"hello")
    assert probe_tcp(server.connect, "10.1.2.3", 1).verdict == SUCCESS
    assert probe_tcp(Server(None).connect, "10.1.2.3", 1).verdict == FAILURE


@pytest.mark.parametrize("code, verdict", [(0, SUCCESS), (1, FAILURE), (137, FAILURE)])
def test_an_exec_probe_is_an_exit_code_and_its_output_is_the_text(code, verdict):
    def run(*words):
        return subprocess.CompletedProcess(words, code, "x" * 10000, "y" * 10000)
    result = probe_exec(run, ["/hale", "check"])
    assert (result.verdict, len(result.text)) == (verdict, 10240)


def test_an_exec_probe_that_takes_too_long_has_no_text_of_its_own():
    def run(*words):
        raise subprocess.TimeoutExpired(words, 1)
    assert probe_exec(run, ["/hale", "check"]).verdict == FAILURE


# --- what becomes of the answers ----------------------------------------------------

def worker(kind, results, **thresholds):
    """A worker whose probes end like that: s, f, or x where none can be read."""
    left = list(results)

    def answer():
        word = left.pop(0)
        if word == "x":
            raise Unreadable
        return Result(SUCCESS if word == "s" else FAILURE, "why")
    return Worker(kind, answer, collections.Counter(), **thresholds)


@pytest.mark.parametrize("kind, first", [
    ("Readiness", FAILURE), ("Liveness", SUCCESS), ("Startup", UNKNOWN)])
def test_the_first_verdict_depends_on_the_probe(kind, first):
    assert worker(kind, "").verdict == first


def test_a_verdict_changes_after_so_many_in_a_row():
    made = worker("Readiness", "sffsfff", failures=3)
    seen = []
    for _ in range(7):
        made.round()
        seen.append(made.verdict[0])
    assert "".join(seen) == "ssssssf"


def test_after_a_failed_liveness_nothing_is_asked_until_the_restart():
    made = worker("Liveness", "fs")
    made.round()
    made.round()
    assert (made.verdict, made.asked) == (FAILURE, 1)


def test_a_result_that_cannot_be_read_is_tried_three_times_and_thrown_away():
    made = worker("Readiness", "sxxxxxs")
    for _ in range(3):
        made.round()
    assert made.verdict == SUCCESS
    assert not made.events


def test_one_text_is_one_event_that_is_counted():
    made = worker("Readiness", "fff")
    for _ in range(3):
        made.round()
    assert made.events == {"Readiness probe failed: why": 3}


def test_liveness_and_readiness_wait_for_the_startup_which_then_ends():
    left = {"Startup": [FAILURE, SUCCESS], "Liveness": [SUCCESS] * 2, "Readiness": [SUCCESS] * 2}
    pod = Pod(lambda kind: Result(left[kind].pop(0), ""), startup={"failures": 9})
    for asked in ((1, 0, 0), (2, 1, 1), (2, 2, 2)):
        pod.round()
        assert (pod.startup.asked, pod.liveness.asked, pod.readiness.asked) == asked
    assert pod.is_started and pod.is_ready and not pod.is_to_restart


def test_a_deleted_pod_is_asked_for_readiness_alone():
    pod = Pod(lambda kind: Result(SUCCESS, ""))
    pod.round().delete()
    pod.round()
    assert (pod.startup.asked, pod.liveness.asked, pod.readiness.asked) == (1, 1, 2)
