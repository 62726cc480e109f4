"""/metrics in both formats, by the real promtool; the page; the status table."""
import html.parser
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness import HALE, Sick, until

LISTEN = ["--listen", "8080"]
OPEN = "application/openmetrics-text"
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None,
                                    reason="there is no promtool (Debian: prometheus)")


@pytest.fixture
def service(hale, tmp_path):
    """One that was restarted, with a good and a bad check."""
    sick = Sick(tmp_path)
    box = hale(*LISTEN, "--restart", "always", "--backoff", "0", "--notify", "--watchdog", "1h",
               "--interval", "1h", "--check", f"web={sick.url}", "--ready-check", "unix:/none<&>",
               sick.argv)
    first = int(box.out.expect(r"^up (\d+)$")[1])
    os.kill(box.outer(first), signal.SIGKILL)
    box.out.expect(r"^up \d+$")
    until(lambda: box.get("/readyz?exclude=notify&exclude=unix:/none??>").status == 200,
          "web passes")
    until(lambda: next(c for c in box.status()["checks"] if c["name"] == "unix:/none??>")["failed"],
          "the other has failed")
    return box


def samples(text):
    """{name with labels: value}"""
    return {name: float(value) for name, value in
            re.findall(r"^([^#\s]\S*(?:\{[^}]*\})?) (\S+)$", text, re.M)}


def metrics(box, accept="*/*"):
    connection = box.connect()
    answer = connection.ask("/metrics", headers=f"Accept: {accept}\r\nConnection: close\r\n")
    connection.close()
    assert answer.status == 200
    return answer


@needs_promtool
def test_promtool_finds_nothing(service):
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics(service).body,
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_values_are_those_of_the_status(service):
    answer = metrics(service)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    got = samples(answer.body)
    status = service.status()
    assert got["hale_service_restarts_total"] == status["restarts"] == 1
    assert got["hale_service_last_exit_code"] == 137
    assert got['hale_service_state{state="running"}'] == 1
    assert got['hale_service_state{state="draining"}'] == 0
    assert got['hale_verdict{verdict="live"}'] == 1
    assert got['hale_verdict{verdict="ready"}'] == 0
    assert got['hale_check_success{check="web"}'] == 1
    assert got['hale_check_success{check="unix:/none??>"}'] == 0
    assert got['hale_check_failed_total{check="unix:/none??>"}'] >= 1


def test_the_process_is_measured(service):
    got = samples(metrics(service).body)
    pid = service.outer(service.status()["service"]["pid"])
    resident = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) * 1024
    assert abs(got["process_resident_memory_bytes"] - resident) <= 256 * 1024
    assert got["process_open_fds"] == len(os.listdir(f"/proc/{pid}/fd"))
    assert got["process_threads"] == 1
    assert got["process_max_fds"] > 0
    born = os.stat(f"/proc/{pid}").st_ctime
    assert abs(got["process_start_time_seconds"] - born) < 5


def test_the_start_time_is_always_the_same(service):
    """Each change of it looks like a restart."""
    assert len({samples(metrics(service).body)["process_start_time_seconds"]
                for _ in range(100)}) == 1


def test_openmetrics_is_given_to_who_asks(service):
    answer = metrics(service, OPEN + ";version=1.0.0,text/plain;q=0.5")
    assert answer.headers["content-type"] \
        == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.body.endswith("# EOF\n")
    families = dict(re.findall(r"^# TYPE (\S+) (\S+)$", answer.body, re.M))
    for name in samples(answer.body):
        base = re.match(r"[^{]*", name)[0]
        kind = {"_total": "counter", "_info": "info"}.get(
            next((s for s in ("_total", "_info") if base.endswith(s)), ""), "gauge")
        assert families[re.sub("_(total|info)$", "", base)] == kind


def test_each_family_is_one_block_with_its_type_first(service):
    for accept in ("*/*", OPEN):
        seen, current = set(), None
        for line in metrics(service, accept).body.splitlines():
            if line.startswith("# HELP "):
                current = line.split()[2]
                assert current not in seen
                seen.add(current)
            elif line.startswith("# TYPE "):
                assert line.split()[2] == current
            elif line != "# EOF":
                assert line.startswith(current)


def test_metrics_while_nothing_runs(hale):
    box = hale(*LISTEN, "--restart", "always", "--backoff", "1h", "exit 3")
    box.err.expect("restarting")
    got = samples(metrics(box).body)
    assert got['hale_service_state{state="restarting"}'] == 1
    assert not [name for name in got if name.startswith("process_")]


def test_without_proc_metrics_are_hales_own(hale):
    box = hale(*LISTEN, "say up pause", no_proc=True)
    box.out.expect("^up$")
    got = samples(metrics(box).body)
    assert got['hale_verdict{verdict="live"}'] == 1
    assert "process_cpu_seconds_total" not in got


# --- the page ------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_the_page_shows_what_the_status_knows_and_needs_nothing(service):
    answer = service.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = Page()
    page.feed(answer.body)
    for words in ("not ready", "live", "web passing", "unix:/none??> starting",
                  "was killed by SIGKILL", "No such file"):
        assert words in page.text
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags and "link" not in tags and "img" not in tags
    assert any(a.get("name") == "viewport" for _, a in page.tags)


def test_hale_status_is_a_table_with_the_last_reason_of_every_check(service):
    done = service.run(HALE, "status")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("CHECK "))
    reason = lines[at].index("REASON")
    assert [line[reason:] for line in lines[at + 1:]] == ["200 Sick", "/none<&>: No such "
                                                          "file or directory"]
    assert all(len(line) < 120 for line in lines)
