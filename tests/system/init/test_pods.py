"""What a pod needs: words that a kubelet can count, stops that waste no grace period."""
import os
import re
import signal
import subprocess

import pytest

from harness import FIRST, HALE, TOP, clean_env, until

LISTEN = ["--listen", "8080"]
FAST = ["--interval", "100ms", "--timeout", "200ms", "--retries", "2"]
LONG = "50s"  # beyond every deadline of a test
TERM, STOP, LAST = signal.SIGTERM, signal.SIGSTOP, signal.SIGRTMAX


def asked(box, *words):
    """What `hale check` says, as a kubelet's exec probe would hear it."""
    done = box.run(HALE, "check", *words)
    return done.returncode, done.stdout


def becomes(box, path, status):
    until(lambda: box.get(path).status == status, f"{path} is {status}")


# --- verdicts that know something ------------------------------------------------

BLIND = r"^hale: --listen without --check, --notify or --notify-fd: (.*)$"


def test_probes_that_know_only_the_process_are_warned_of_once(hale):
    box = hale(*LISTEN, "say up read exit 0")
    box.out.expect("^up")
    box.tell("end")
    assert box.code() == 0
    said = re.findall(BLIND, "\n".join(box.err.rest()), re.M)
    assert said == ["probes know only whether the process runs"]


def test_a_watchdog_says_nothing_of_readiness(hale):
    box = hale(*LISTEN, "--watchdog", LONG, "exit 0")
    assert box.code() == 0
    said = re.findall(BLIND, "\n".join(box.err.rest()), re.M)
    assert said == ["readiness knows only whether the process runs"]


@pytest.mark.parametrize("options", [
    [], [*LISTEN, "--check", "tcp://127.0.0.1:1"], [*LISTEN, "--live-check", "tcp://127.0.0.1:1"],
    [*LISTEN, "--ready-check", "tcp://127.0.0.1:1"], [*LISTEN, "--notify"],
    [*LISTEN, "--notify-fd", "3"]], ids=lambda words: " ".join(words) or "no port")
def test_probes_that_know_more_are_not_warned_of(hale, options):
    box = hale(*options, "exit 0")
    assert box.code() == 0
    assert not re.findall(BLIND, "\n".join(box.err.rest()), re.M)


# --- the drain is for those who still send ------------------------------------------

def test_a_service_that_was_never_ready_is_not_drained_for_longer(sick):
    box = sick(*FAST, "--drain", "1s", "--ready-check", "{}", mode="500")
    until(lambda: box.status()["service"]["uptime_ms"] > 1500, "its drain is over")
    box.signal(TERM)
    assert box.code() == 143
    assert "draining" not in "\n".join(box.err.rest())


def left_of_the_drain(box):
    return re.search(r"draining: SIGTERM came, not ready for \S+, (\d+)s left",
                     box.get("/readyz?verbose").body)


def test_the_time_for_which_a_check_has_failed_counts_towards_the_drain(sick):
    box = sick(*FAST, "--drain", LONG, "--ready-check", "it={}")
    becomes(box, "/readyz", 200)
    box.be("500")
    becomes(box, "/readyz", 503)
    started = box.status()["service"]["uptime_ms"]
    until(lambda: box.status()["service"]["uptime_ms"] > started + 2000, "two seconds pass")
    box.signal(TERM)
    until(lambda: left_of_the_drain(box), "hale drains")
    assert int(left_of_the_drain(box)[1]) <= 48
    assert box.get("/livez").status == 200


def test_a_check_that_passes_again_makes_the_drain_whole_again(sick):
    box = sick(*FAST, "--drain", LONG, "--ready-check", "it={}", mode="500")
    until(lambda: box.status()["service"]["uptime_ms"] > 6000, "six seconds pass")
    box.be("200")
    becomes(box, "/readyz", 200)
    box.signal(TERM)
    until(lambda: left_of_the_drain(box), "hale drains")
    assert int(left_of_the_drain(box)[1]) >= 45


def test_a_service_that_is_not_live_is_not_drained(sick):
    box = sick(*FAST, "--drain", LONG, "--stop-timeout", LONG, "--check", "{}")
    becomes(box, "/readyz", 200)
    box.be("500")
    becomes(box, "/livez", 503)
    box.signal(TERM)
    assert box.code() == 143


def test_a_service_that_hangs_in_its_drain_is_stopped_then(sick):
    box = sick(*FAST, "--drain", LONG, "--check", "{}")
    becomes(box, "/readyz", 200)
    box.signal(TERM)
    becomes(box, "/readyz", 503)
    box.be("500")
    assert box.code() == 143


# --- a hung service does not take the whole grace period -----------------------------

def test_a_hung_service_is_killed_without_a_stop_timeout_too(hale):
    box = hale(*FAST, "--live-check", "tcp://127.0.0.1:9", "catch ignore 15 say up pause")
    box.out.expect("^up")
    box.err.expect("is not live: check ")
    box.signal(TERM)
    box.err.expect(rf"svc \(pid {FIRST}\) is not live, and there is no --stop-timeout: "
                   "SIGKILL follows in 10s$")
    box.err.expect(rf"svc \(pid {FIRST}\) did not stop in time: killing ")
    assert box.code() == 137


def test_a_stop_in_the_middle_of_a_mend_says_how_long_the_service_has_left(hale):
    box = hale("-v", *FAST, "--live-check", "tcp://127.0.0.1:9", "--on-unhealthy", "restart",
               "ignore 15 say up pause")
    box.err.expect("is not ready any more: restarting$")
    box.signal(TERM)
    box.err.expect(r"is not live, and there is no --stop-timeout: SIGKILL follows in \S+s$")
    assert box.code() == 137


def test_a_stop_timeout_is_not_called_missing(hale):
    box = hale(*FAST, "--live-check", "tcp://127.0.0.1:9", "--stop-timeout", "100ms",
               "ignore 15 say up pause")
    box.out.expect("^up")
    box.err.expect("is not live: check ")
    box.signal(TERM)
    assert box.code() == 137
    assert "there is no --stop-timeout" not in "\n".join(box.err.rest())


def test_a_stop_that_nothing_limits_is_said_to_take_long_once(hale):
    box = hale("catch ignore 15 say up pause")
    box.out.expect("^up")
    box.signal(TERM)
    box.err.expect(rf"svc \(pid {FIRST}\) has not ended 5s after the stop signal, and there is no "
                   "--stop-timeout: waiting until it does$")
    box.signal(LAST)
    box.out.expect("^got 64")  # it lives on, and so does hale


# --- words that stay the same ----------------------------------------------------------

def test_a_drain_says_the_same_at_every_probe(hale):
    box = hale(*LISTEN, "--drain", LONG, "say up pause")
    box.out.expect("^up")
    box.signal(TERM)
    becomes(box, "/readyz", 503)
    assert asked(box, "--ready") == (1, "draining: SIGTERM came\n")
    first = box.get("/readyz").body
    until(lambda: not re.search(r"not ready for \d+ms", box.get("/readyz?verbose").body),
          "a second passes")
    assert box.get("/readyz").body == first
    assert asked(box, "--ready") == asked(box) == (1, "draining: SIGTERM came\n")
    assert first == "[+]service ok\n[-]draining: SIGTERM came\nreadyz check failed\n"


@pytest.mark.parametrize("stop, name", [(TERM, "SIGTERM"), (signal.SIGQUIT, "SIGQUIT")])
def test_a_drain_names_the_signal_that_came(hale, stop, name):
    box = hale(*LISTEN, "--drain", LONG, "--stop-on", "QUIT", "--stop-signal", "INT",
               "-r", "QUIT:INT", "say up pause")
    box.out.expect("^up")
    box.signal(stop)
    becomes(box, "/readyz", 503)
    assert asked(box) == (1, f"draining: {name} came\n")


def test_a_drain_by_command_says_so_and_for_how_long_only_in_full(hale):
    box = hale(*LISTEN, "say up pause")
    box.out.expect("^up")
    assert box.run(HALE, "drain", "0").returncode == 0
    assert asked(box) == (1, "draining: hale drain asked for it\n")
    assert re.search(r"^\[-\]draining: hale drain asked for it, not ready for \d+ms$",
                     box.get("/readyz?verbose").body, re.M)


def test_a_drain_does_not_hide_the_check_that_failed_before(sick):
    box = sick(*FAST, "--drain", LONG, "--ready-check", "it={}")
    becomes(box, "/readyz", 200)
    box.be("500")
    becomes(box, "/readyz", 503)
    before = asked(box)
    box.signal(TERM)
    until(lambda: "SIGTERM came" in box.get("/readyz").body, "hale drains")
    assert asked(box) == before == (1, "it failed: 500 Sick: hi\n")


def test_a_failing_check_says_what_made_it_fail_for_as_long_as_it_does(sick):
    box = sick(*FAST, "--ready-check", "it={}")
    becomes(box, "/readyz", 200)
    box.be("500")
    becomes(box, "/readyz", 503)
    box.be("503")
    until(lambda: "[-]it failed: 503 Sick" in box.get("/readyz?verbose").body,
          "the last result is shown in full")
    assert asked(box, "--ready") == (1, "it failed: 500 Sick: hi\n")
    assert re.search(r"^it +ready +failing .* 503 Sick: hi$", box.get("/status?text").body, re.M)
    box.be("200")
    becomes(box, "/readyz", 200)
    box.be("503")
    becomes(box, "/readyz", 503)
    assert asked(box, "--ready") == (1, "it failed: 503 Sick: hi\n")


def test_a_check_that_never_passed_says_its_first_result(sick):
    box = sick(*FAST, "--check", "it={}", "--start-period", LONG, mode="500")
    until(lambda: "500 Sick" in box.get("/startupz").body, "it has a result")
    box.be("503")
    until(lambda: "503 Sick" in box.get("/startupz?verbose").body, "it has another one")
    assert asked(box, "--startup") == (1, "starting: check it: 500 Sick: hi\n")
    assert asked(box, "--ready") == (1, "it failed: 500 Sick: hi\n")


def test_a_wait_for_a_restart_says_the_same_at_every_probe(hale):
    box = hale(*LISTEN, "--restart", "always", "--backoff", "1h", "exit 9")
    box.err.expect("restarting ")
    first = asked(box, "--ready")
    assert first == (1, "service failed: the service is being restarted: it exited with code 9\n")
    until(lambda: "starts again in 59m" in box.get("/readyz?verbose").body, "a second passes")
    assert asked(box, "--ready") == first


def test_a_start_that_has_not_finished_is_not_called_failed(hale):
    box = hale(*LISTEN, "--notify", "say up pause")
    box.out.expect("^up")
    assert asked(box, "--startup") == (1, "starting: it has not said yet that it is ready\n")


# --- the other ends ----------------------------------------------------------------------

@pytest.mark.parametrize("options, most_ms", [([], 900), (["-t", "400ms"], 400)])
def test_a_check_of_the_supervisor_ends_within_the_kubelets_second(hale, options, most_ms):
    """Whatever HALE_TIMEOUT says: only run reads it, for its checks."""
    box = hale("say up pause")
    box.out.expect("^up")
    os.kill(box.pid, STOP)
    done = box.run("/usr/bin/env", "HALE_TIMEOUT=5s", "/usr/bin/strace", "-e", "trace=?poll,ppoll",
                   HALE, "check", *options)
    os.kill(box.pid, signal.SIGCONT)
    assert done.returncode == 1
    assert re.search("^hale: asking the supervisor: .*time", done.stderr, re.M), done.stderr
    waits = [int(ms) for ms in re.findall(r"\bpoll\(.*\], 1, (\d+)\)", done.stderr)]
    waits += [int(s) * 1000 + int(ns) // 10**6 for s, ns in re.findall(
        r"\bppoll\(.*\], 1, \{tv_sec=(\d+), tv_nsec=(\d+)\}", done.stderr)]
    assert waits and most_ms - 300 < max(waits) <= most_ms


def test_a_drain_asked_for_at_a_port_is_refused_and_logged_once(hale):
    box = hale("--listen", "8080", "--listen", "8081,probes", "say up pause")
    box.out.expect("^up")
    told = {8080: "not from here: run `hale drain` in the container\n", 8081: "not from here\n"}
    for port in (8081, 8080, 8081):
        answer = box.get("/drain", port=port)
        assert (answer.status, answer.body) == (403, told[port])
    assert box.get("/readyz").status == 200
    box.signal(TERM)
    assert box.code() == 143
    said = [line for line in box.err.rest() if "/drain" in line]
    assert said == ["hale: refused /drain on a listener: run `hale drain` in the container, in "
                    "Kubernetes as an exec preStop hook"]


def test_the_stop_signal_is_logged_before_the_service_gets_it(box, tmp_path):
    log = tmp_path / "calls"
    started = box("/usr/bin/strace", "-s", "200", "-o", str(log), "-e",
                  "trace=write,writev,pwritev2,kill,pidfd_send_signal,rt_sigqueueinfo", HALE, "-s",
                  "-v", "/bin/sh", "-c", "kill -TERM $PPID; exec sleep 100")
    started.err.expect("was killed by SIGTERM$")
    calls = log.read_text().splitlines()
    said = [i for i, call in enumerate(calls) if "sending SIGTERM to " in call]
    sent = [i for i, call in enumerate(calls)
            if re.match(r"(kill|pidfd_send_signal|rt_sigqueueinfo)\(.*SIGTERM", call)]
    assert said and sent and said[0] < sent[0]


@pytest.mark.parametrize("address", ["80", "127.0.0.1:80", "[::1]:80"])
def test_a_port_that_needs_a_capability_names_the_rule(hale, address):
    box = hale("--listen", address, "exit 0", uid=65534)
    assert box.code() == 1
    assert re.search(r"cannot listen on \S+: Permission denied: ports below the sysctl "
                     r"net\.ipv4\.ip_unprivileged_port_start \(1024 unless set\) need "
                     r"CAP_NET_BIND_SERVICE: add it, lower the sysctl, or use a higher port$",
                     "\n".join(box.err.rest()), re.M)


def test_a_folder_that_may_not_be_written_is_no_matter_of_ports(hale):
    box = hale("--listen", "unix:/proc/1/none", "exit 0", uid=65534)
    assert box.code() == 1
    assert "ip_unprivileged_port_start" not in "\n".join(box.err.rest())


SERVICES = {
    "HALE_WEB_SERVICE_HOST": "10.0.0.1", "HALE_WEB_SERVICE_PORT": "80",
    "HALE_WEB_SERVICE_PORT_HTTP": "80", "HALE_WEB_PORT": "tcp://10.0.0.1:80",
    "HALE_WEB_PORT_80_TCP": "tcp://10.0.0.1:80", "HALE_WEB_PORT_80_TCP_PROTO": "tcp",
    "HALE_WEB_PORT_80_TCP_PORT": "80", "HALE_WEB_PORT_80_TCP_ADDR": "10.0.0.1",
    "HALE_PORT": "tcp://10.0.0.1:80", "HALE_SERVICE_HOST": "10.0.0.1",
}


def test_services_called_hale_cause_no_warning_and_reach_the_service():
    done = subprocess.run([HALE, "-s", "/usr/bin/env"], env=clean_env(**SERVICES), check=True,
                          capture_output=True, text=True, timeout=30)
    assert done.stderr == ""
    for name, value in SERVICES.items():
        assert f"{name}={value}\n" in done.stdout


def test_a_hale_port_of_somebody_elses_is_taken_for_a_slip():
    done = subprocess.run([HALE, "-s", "/bin/true"], env=clean_env(HALE_PORT="8080"), check=True,
                          capture_output=True, text=True, timeout=30)
    assert done.stderr == ("hale: HALE_PORT: no option has this name; did you mean HALE_LISTEN?\n")


# --- what the README shows -----------------------------------------------------------------

def settings():
    """{where: its HALE_*} of the manifests and of the README's Dockerfiles."""
    found = {}
    for name in ("app.yaml", "batch.yaml"):
        text = (TOP / "tests" / "kubernetes" / name).read_text()
        found[name] = dict(re.findall(r'name: (HALE_\w+), value: "([^"]*)"', text))
    blocks = re.findall(r"^```dockerfile\n(.*?)^```", (TOP / "README.md").read_text(), re.M | re.S)
    for n, block in enumerate(blocks):
        pairs = dict(re.findall(r"(HALE_\w+)=(\S+)", block))
        found |= {f"Dockerfile {n}": pairs} if pairs else {}
    return found


GRACE_S = {"app.yaml": 30, "batch.yaml": 30}  # else Docker's


@pytest.mark.parametrize("where", settings())
def test_the_examples_have_a_check_and_end_before_the_platform_kills(hale, where):
    given = settings()[where]
    assert "HALE_CHECK" in given and "HALE_STOP_TIMEOUT" in given
    times = [int(given.get(name, "0s").removesuffix("s"))
             for name in ("HALE_DRAIN", "HALE_STOP_TIMEOUT")]
    assert sum(times) < GRACE_S.get(where, 10)
    code, _, err = hale("exit 0", env=clean_env(**given)).end()
    assert (code, err) == (0, [])


@pytest.mark.parametrize("name", ["app.yaml", "batch.yaml"])
def test_the_manifests_leave_the_repeating_to_hale(name):
    text = (TOP / "tests" / "kubernetes" / name).read_text()
    for probe in ("readinessProbe", "livenessProbe"):
        block = text.split(f"{probe}:")[1].split("Probe:")[0]
        assert "failureThreshold: 1\n" in block
    assert f"terminationGracePeriodSeconds: {GRACE_S[name]}" in text


def images():
    """The Dockerfiles of the README that end in an image with a service."""
    blocks = re.findall(r"^```dockerfile\n(.*?)^```", (TOP / "README.md").read_text(), re.M | re.S)
    return [block for block in blocks if "CMD [" in block[block.rfind("FROM "):]]


def test_the_examples_have_the_ca_file_for_the_services_own_https():
    """It comes from hale's image, or with hale-base; Node.js has its own in itself."""
    assert len(images()) >= 5
    for block in images():
        last = block[block.rindex("FROM "):]
        assert last.startswith(("FROM hale-base:", "FROM ${BASE}", "FROM ${NODE}")) or re.search(
            r"^COPY --from=hale(?::\S+)? /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/$", last,
            re.M)
    assert re.search(r"^COPY --from=hale /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/$",
                     (TOP / "tests" / "container" / "images" / "Dockerfile.copy").read_text(), re.M)


def test_the_examples_leave_the_ports_of_services_to_these():
    """hale has one number everywhere, which is nobody's default."""
    listens = {given["HALE_LISTEN"].partition(",")[0] for given in settings().values()
               if "HALE_LISTEN" in given}
    demo = (TOP / "scripts" / "demo").read_text()
    listens.add(re.search(r"^probe_port=(\d+) ", demo, re.M)[1])
    for name in ("Dockerfile.copy", "Dockerfile.service"):
        text = (TOP / "tests" / "container" / "images" / name).read_text()
        listens.add(re.search(r"HALE_LISTEN=(\d+)", text)[1])
    assert listens == {"4253"}
