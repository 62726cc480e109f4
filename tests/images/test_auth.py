"""The auth service: Go, which people put on Alpine with all that such an image gets."""
# SPDX-License-Identifier: MIT

import concurrent.futures
import http.client
import http.server
import json
import os
import platform
import ssl
import subprocess
import threading
import types

import pytest

from conftest import BOTH, ROOT, config_of
from containers import Container, docker, until
from engines import COMMIT, VERSION

IMAGE, TITLE = "auth", "[auth service](tests/images/auth)"
TODAY = "Go on Alpine with ca-certificates, tzdata and curl, ~20 MB"
NEEDS = ("go", "postgres", "redis")
BUILD_TIME = "2026-01-02T03:04:05Z"
OPTIONS = (*BOTH, "--build-arg", "GOFLAGS=", "--build-arg", f"VERSION={VERSION}",
           "--build-arg", f"COMMIT_SHA={COMMIT}", "--build-arg", f"BUILD_TIME={BUILD_TIME}")
READ_ONLY = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
HARD = (*READ_ONLY, "--tmpfs", "/tmp", "--memory", "64m")
QUICK = ("--health-interval=1s", "--health-start-interval=200ms", "-e", "HALE_INTERVAL=1s")
NOWHERE = ("-e", "DATABASE_URL=postgres://auth:x@127.0.0.1:1/auth?sslmode=disable",
           "-e", "REDIS_URL=redis://127.0.0.1:1")
# Go keeps its garbage: what it is asked for is more than it may have.
TIGHT = ("--memory", "48m", "--memory-swap", "48m", "-e", "GOGC=off")
PORTS = (8080, 9000, 4253)
FOREIGN = ("--platform", "linux/arm64", "--runtime", "foreign")
MOUNTED_BY_CONTAINERS = (6, 7)  # the first Linux whose binfmt_misc they have themselves
MANY = 4000  # requests after which a service without garbage collection is too large


@pytest.fixture(scope="module")
def databases(bridged, image):
    """PostgreSQL and Redis beside; the options that lead to them."""
    boxes = [Container(bridged, "postgres:15", (
        "--tmpfs", "/var/lib/postgresql/data", "-e", "POSTGRES_USER=auth",
        "-e", "POSTGRES_PASSWORD=secret"), (), ports=()),
        Container(bridged, "redis:7", (), (), ports=())]
    db, redis = (box.inspect()["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
                 for box in boxes)
    yield ("-e", f"DATABASE_URL=postgres://auth:secret@{db}/auth?sslmode=disable",
           "-e", f"REDIS_URL=redis://{redis}")
    for box in boxes:
        box.remove()


@pytest.fixture
def start(run, databases):
    def start(*options, hard=HARD, to=databases):
        return run(options=(*hard, *QUICK, *to, *options), ports=PORTS)
    return start


@pytest.fixture
def auth(start):
    """With both databases, ready."""
    return ready(start("-e", "TZ=Asia/Kathmandu"))


def ready(box):
    until(lambda: ask(box, 4253, "/readyz") == (200, "ok"), "it is ready")
    return box


def ask(box, port, path, body=None, token=None, method=None):
    """Status and body of a request; (None, why) if there is no answer."""
    link = http.client.HTTPConnection("127.0.0.1", box.ports[port], timeout=20)
    try:
        link.request(method or ("GET" if body is None else "POST"), path,
                     None if body is None else json.dumps(body),
                     {"Authorization": f"Bearer {token}"} if token else {})
        answer = link.getresponse()
        said = answer.read().decode()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(said) if is_json else said
    except (OSError, http.client.HTTPException) as why:
        return None, why
    finally:
        link.close()


def uses_it(box, name):
    """Register, log in, be known, log out."""
    who = {"name": name, "password": "correct horse"}
    assert ask(box, 8080, "/register", who) == (201, {"name": name})
    assert ask(box, 8080, "/register", who)[0] == 409
    assert ask(box, 8080, "/login", {**who, "password": "wrong"})[0] == 401
    status, said = ask(box, 8080, "/login", who)
    assert status == 200
    assert ask(box, 8080, "/verify", token=said["token"]) == (200, {"name": name})
    assert ask(box, 8080, "/logout", {}, token=said["token"])[0] == 204
    assert ask(box, 8080, "/verify", token=said["token"])[0] == 401


@pytest.fixture(scope="module")
def hooks(bridged, tmp_path_factory):
    """An HTTPS server beside the containers, of a CA of its own; what it was sent."""
    (gateway,) = (conf["Gateway"] for conf in json.loads(
        docker("network", "inspect", "bridge").stdout)[0]["IPAM"]["Config"])
    folder = tmp_path_factory.mktemp("hooks")
    new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
           "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    subprocess.run((*new, "-subj", "/CN=our CA", "-keyout", "ca.key", "-out", "ca.pem"),
                   cwd=folder, check=True, capture_output=True)
    subprocess.run((*new, "-subj", "/CN=hooks", "-keyout", "key", "-out", "cert",
                    "-CA", "ca.pem", "-CAkey", "ca.key",
                    "-addext", "subjectAltName=DNS:hooks.example",
                    "-addext", "basicConstraints=critical,CA:FALSE"), cwd=folder, check=True,
                   capture_output=True)
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert", folder / "key")
    server = http.server.ThreadingHTTPServer((gateway, 0), Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True,
                                    do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    (folder / "ca.pem").chmod(0o644)
    yield types.SimpleNamespace(got=got, ca=folder / "ca.pem", options=(
        "--add-host", f"hooks.example:{gateway}",
        "-e", f"WEBHOOK_URL=https://hooks.example:{server.server_port}/auth"))
    server.shutdown()
    thread.join()
    server.server_close()


def zone_of(time):
    return time[-len("+00:00"):]


def mozillas():
    return (ROOT / "src" / "tls" / "roots.pem").read_text().count("BEGIN CERTIFICATE")


@pytest.mark.keeps("users in PostgreSQL, sessions in Redis", "ports 8080 and 9000")
def test_users_register_log_in_and_are_known(auth):
    uses_it(auth, "ada")
    assert "auth_logins_total 1\n" in ask(auth, 9000, "/metrics")[1]


def test_it_serves_and_is_not_ready_while_no_database_answers(start):
    box = start(to=NOWHERE)
    until(lambda: ask(box, 9000, "/live") == (200, "ok\n"), "it serves")
    until(lambda: ask(box, 4253, "/livez") == (200, "ok"), "it is live")
    for port in (8080, 9000):
        until(lambda at=port: ask(box, at, "/health")[0], "its port is open")
        status, said = ask(box, port, "/health")
        assert status == 503 and "connection refused" in said["database"]
    assert ask(box, 4253, "/readyz")[0] == 503


def test_without_a_setting_it_ends_with_a_line_that_names_it(once):
    done = once()
    assert done.returncode == 1 and "DATABASE_URL is not set" in done.stderr


@pytest.mark.keeps("VERSION, COMMIT_SHA, BUILD_TIME")
def test_service_and_image_say_which_build_they_are(auth, image):
    said = ask(auth, 9000, "/version")[1]
    assert (said["version"], said["commit"], said["built"]) == (VERSION, COMMIT, BUILD_TIME)
    labels = {name.rsplit(".", 1)[1]: value
              for name, value in config_of(image)["Labels"].items()}
    assert labels == {"title": "auth", "version": VERSION, "revision": COMMIT,
                      "created": BUILD_TIME}


@pytest.mark.keeps("HTTPS out")
def test_it_has_mozillas_roots_and_refuses_a_ca_that_is_not_among_them(start, hooks):
    box = start(*hooks.options)
    until(lambda: ask(box, 9000, "/live")[0] == 200, "it serves")
    assert ask(box, 9000, "/version")[1]["roots"] == mozillas()
    status, said = ask(box, 9000, "/webhook", {})
    assert status == 502 and "certificate signed by unknown authority" in said["error"]


@pytest.mark.keeps("a CA of your own")
def test_a_mounted_ca_is_trusted_besides_mozillas(start, hooks):
    box = ready(start(*hooks.options, "-v", f"{hooks.ca}:/ca.pem:ro",
                      "-e", "SSL_CERT_FILE=/ca.pem"))
    # Go reads the folder /etc/ssl/certs as well, whatever SSL_CERT_FILE says.
    assert ask(box, 9000, "/version")[1]["roots"] == mozillas() + 1
    assert ask(box, 9000, "/webhook", {}) == (200, {"webhook": "ok"})
    uses_it(box, "grace")
    until(lambda: [said["event"] for said in hooks.got if said["name"] == "grace"]
          == ["registered", "logged in"], "the events arrive")


@pytest.mark.keeps("time zones")
def test_it_knows_the_time_everywhere(auth):
    assert zone_of(ask(auth, 9000, "/time")[1]["time"]) == "+05:45"
    berlin = ask(auth, 9000, "/time?tz=Europe/Berlin")[1]["time"]
    assert zone_of(berlin) in ("+01:00", "+02:00")
    status, said = ask(auth, 9000, "/time?tz=Mars/Olympus")
    assert status == 400 and said["error"] == "unknown time zone Mars/Olympus"


@pytest.mark.keeps("the `curl` HEALTHCHECK in shell form, 30s/3s/5s/3")
def test_the_health_check_of_the_alpine_image_works_as_it_is(auth, image):
    assert config_of(image)["Healthcheck"] == {
        "Test": ["CMD-SHELL", "curl -f http://localhost:8080/health || exit 1"],
        "Interval": 30 * 10**9, "Timeout": 3 * 10**9, "StartPeriod": 5 * 10**9, "Retries": 3}
    auth.events.wait("health_status: healthy")


def test_that_health_check_fails_and_says_why(start):
    box = start("--health-start-period=1ms", "--health-retries=1", to=NOWHERE)
    box.events.wait("health_status: unhealthy")
    said = box.inspect()["State"]["Health"]["Log"][-1]
    assert said["ExitCode"] == 1
    assert "curl: (22) The requested URL returned error: 503" in said["Output"]


@pytest.mark.keeps("user 1001 with a name and a home")
def test_its_user_has_a_name_and_a_home(auth):
    said = ask(auth, 9000, "/version")[1]
    assert (said["user"], said["home"]) == ("auth", "/home/auth")
    auth.logs.wait("runs as auth")


def test_a_user_that_passwd_does_not_have_has_neither(start):
    box = start("--user", "1002:1002")
    box.logs.wait("runs as 1002 (user: unknown userid 1002)")
    until(lambda: ask(box, 9000, "/live")[0] == 200, "it serves")
    assert ask(box, 9000, "/version")[1]["home"] == "/"


@pytest.mark.keeps("read-only root with a tmpfs")
def test_on_a_read_only_root_it_writes_to_the_tmpfs(auth):
    uses_it(auth, "linus")
    lines = [json.loads(line) for line in ask(auth, 9000, "/audit")[1].splitlines()]
    assert [line["event"] for line in lines] == ["registered", "logged in"]
    assert zone_of(lines[0]["time"]) == "+05:45"


def test_without_the_tmpfs_it_ends_with_a_line_that_says_so(once):
    done = once(options=(*READ_ONLY, *NOWHERE))
    assert done.returncode == 1
    assert "AUDIT_LOG: open /tmp/audit.log: read-only file system" in done.stderr


def floods(box):
    """Ask for much until no answer comes; the answers."""
    with concurrent.futures.ThreadPoolExecutor(8) as many:
        asked = [many.submit(ask, box, 9000, "/version") for _ in range(MANY)]
        return [one.result()[0] for one in asked]


@pytest.mark.keeps("a memory limit")
def test_with_gos_own_limit_it_stays_below_the_containers(start):
    box = ready(start(*TIGHT, "-e", "GOMEMLIMIT=32MiB"))
    assert set(floods(box)) == {200}


@pytest.mark.gains("a kill for memory is explained")
def test_a_kill_for_memory_is_explained(start):
    box = ready(start(*TIGHT))
    assert None in floods(box)
    assert box.exit_code() == 137
    assert [line for line in box.hale_lines()
            if "/auth (pid" in line and "killed by the kernel for memory" in line
            and "limit 48 MiB" in line]


@pytest.mark.gains("probes on 4253")
def test_probes_answer_and_say_nothing_else(auth):
    for path in ("/livez", "/readyz", "/startupz", "/healthz"):
        assert ask(auth, 4253, path) == (200, "ok")
    assert ask(auth, 4253, "/metrics")[0] in (403, 404)


@pytest.mark.gains("a drain before the stop")
def test_docker_stop_drains_then_ends_the_service_in_order(start):
    box = ready(start("-e", "HALE_DRAIN=1m"))
    with subprocess.Popen(("docker", "stop", "-t", "100", box.id),
                          stdout=subprocess.DEVNULL) as stop:
        until(lambda: ask(box, 4253, "/readyz")[0] == 503, "readiness is off")
        uses_it(box, "margaret")
        assert ask(box, 4253, "/livez")[0] == 200
        docker("kill", "-s", "TERM", box.id)  # a second one ends the drain
        assert stop.wait(30) == 0
    box.logs.wait("stopped in order")
    assert box.exit_code() == 0


@pytest.mark.keeps("amd64 and arm64 from one build")
def test_the_arm64_image_does_the_same(start, hooks):
    options = FOREIGN
    if platform.machine() == "aarch64":
        options = FOREIGN[:2]
    elif tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2]) \
            < MOUNTED_BY_CONTAINERS:
        pytest.skip("this kernel has one binfmt_misc for the whole machine")
    box = ready(start(*options, *hooks.options, "-v", f"{hooks.ca}:/ca.pem:ro",
                      "-e", "SSL_CERT_FILE=/ca.pem", "-e", "TZ=Asia/Kathmandu"))
    said = ask(box, 9000, "/version")[1]
    assert (said["arch"], said["user"]) == ("arm64", "auth")
    uses_it(box, "barbara")
    assert ask(box, 9000, "/webhook", {}) == (200, {"webhook": "ok"})
    assert zone_of(ask(box, 9000, "/time")[1]["time"]) == "+05:45"
    box.events.wait("health_status: healthy")
    docker("stop", "-t", "20", box.id)
    box.logs.wait("stopped in order")
    assert box.exit_code() == 0


@pytest.mark.loses("a shell and apk inside")
def test_there_is_no_shell_for_other_things(auth):
    done = docker("exec", auth.id, "sh", "-c", "ls /", check=False)
    assert done.returncode == 2 and "ls" in done.stderr
