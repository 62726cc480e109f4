"""Podman, Debian's and the newest: its --init, the first process of its pods, its health
checks, and an image that people build.

Podman repeats a health check by a timer of systemd's, which this machine need not have:
here each run is `podman healthcheck run`, which is what the timer calls.
"""
# SPDX-License-Identifier: MIT

import json
import os
import subprocess

import pytest

from conftest import ROOT, go_build
from containers import docker, until
from test_10_image import files_of
from test_92_health_forms import URL

IMAGE = "hale-test:compat-podman"
CONF = """[containers]
init_path = "{0}/catatonit"
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
[engine]
conmon_path = ["{1}"]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
helper_binaries_dir = ["{0}"]
"""
STORAGE = """[storage]
driver = "overlay"
graphroot = "{0}/root"
runroot = "{0}/run"
"""
POD = """apiVersion: v1
kind: Pod
metadata: {{ name: probed }}
spec:
  containers:
  - name: service
    image: {image}
    imagePullPolicy: Never
    livenessProbe:
      httpGet: {{ path: /health, port: 8080 }}
      periodSeconds: 1
      failureThreshold: 1
"""

EXEC = """apiVersion: v1
kind: Pod
metadata: {{ name: asked }}
spec:
  containers:
  - name: hello
    image: {image}
    imagePullPolicy: Never
    livenessProbe:
      exec: {{ command: ["/hale", "check", "--ready", "-t", "2s"] }}
      periodSeconds: 1
      failureThreshold: 1
"""


def newest_podman():
    """Podman and conmon of Debian's newest suite, with the libraries they have there."""
    out = ROOT / "build" / "newpodman"
    subprocess.run((ROOT / "scripts" / "newer.sh", "-d", "^lib", out, "podman", "conmon"),
                   check=True)
    programs = [out / "root/usr/bin" / name for name in ("podman", "conmon")]
    (loader,) = out.glob("root/usr/lib/*/ld-linux*.so.*")
    for path in programs:  # what they start is /proc/self/exe: a loader before it would be that
        subprocess.run(("patchelf", "--set-interpreter", loader, "--force-rpath", "--set-rpath",
                        loader.parent, path), check=True)
    return programs


@pytest.fixture(scope="module", params=["Debian's", "newest"])
def podman(images, on_base, tmp_path_factory, request):
    """A Podman with storage of its own, whose init and pause process are hale."""
    if os.geteuid() != 0:
        pytest.skip("this test's Podman needs root")
    subprocess.run((ROOT / "scripts" / "bootstrap", "container"), check=True)
    program, conmon = newest_podman() if request.param == "newest" else (
        "podman", "/usr/bin/conmon")
    image = on_base("compat-podman", lambda binary: go_build("service", binary),
                    "Dockerfile.compat")
    top = tmp_path_factory.mktemp("podman")
    tar, members = files_of(images.hale)
    (top / "catatonit").write_bytes(tar.extractfile(members["hale"]).read())
    (top / "catatonit").chmod(0o755)
    (top / "netavark").symlink_to("/bin/true")  # is looked for, though no network is made
    (top / "containers.conf").write_text(CONF.format(top, conmon))
    (top / "storage.conf").write_text(STORAGE.format(top))
    docker("save", "-o", str(top / "image.tar"), image)
    env = {**os.environ, "CONTAINERS_CONF": str(top / "containers.conf"),
           "CONTAINERS_STORAGE_CONF": str(top / "storage.conf"),
           "PODMAN_IGNORE_CGROUPSV1_WARNING": "1"}

    def call(*words, check=True):
        done = subprocess.run((program, *words), capture_output=True, text=True, env=env,
                              timeout=120)
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    call.file = top / "kube.yaml"
    call("load", "-i", str(top / "image.tar"))
    call.image = call("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()[0]
    yield call
    call("system", "reset", "--force", check=False)
    # Podman 4.3 leaves a mount now and then: "device or resource busy".
    mounts = [line.split()[1] for line in open("/proc/mounts") if f" {top}/" in line]
    for path in reversed(mounts):
        subprocess.run(("umount", "-l", path), check=True)


@pytest.fixture
def clean(podman):
    yield
    podman("pod", "rm", "-a", "-f", "-t", "1", check=False)
    podman("rm", "-a", "-f", "-t", "1", check=False)


@pytest.fixture
def run(podman, clean):
    """A container of the image, with its health check in shell form."""
    def start(*words, options=()):
        return podman("run", "-d", "--network", "none", "--cap-drop", "ALL", *options,
                      podman.image, *words).stdout.strip()
    return start


def until_it_serves(podman, box):
    until(lambda: "service: serving" in podman("logs", box).stdout, "the service serves")


def tell(podman, box, path):
    podman("exec", box, "curl", "-sS", f"http://localhost:8080{path}")


def first(podman, box):
    """The command line of the container's first process."""
    pid = podman("inspect", "-f", "{{.State.Pid}}", box).stdout.strip()
    with open(f"/proc/{pid}/cmdline") as file:
        return file.read().split("\0")[:-1]


def test_init_puts_hale_before_the_service(podman, run):
    box = run("/service", options=("--init", "--env", "EXIT_CODE=7"))
    until_it_serves(podman, box)
    assert first(podman, box) == ["/run/podman-init", "--", "/service"]
    tell(podman, box, "/orphans?n=5")
    until(lambda: len(podman("top", box, "pid").stdout.split()) == 3, "the orphans are gone")
    podman("stop", "-t", "20", box)
    assert podman("wait", box).stdout.strip() == "7"
    assert "service: ended in order" in podman("logs", box).stdout


@pytest.mark.parametrize("words, code", [(("exit", "3"), 3), (("die", "9"), 137)])
def test_the_services_end_is_the_containers(podman, run, words, code):
    box = run("/service", *words, options=("--init",))
    assert podman("wait", box).stdout.strip() == str(code)


def test_a_pods_pause_process_is_hale_by_the_name_catatonit(podman, run):
    podman("pod", "create", "--name", "pod", "--network", "none")
    box = podman("run", "-d", "--pod", "pod", podman.image).stdout.strip()
    until_it_serves(podman, box)
    (infra,) = podman("ps", "-aq", "--filter", "name=infra").stdout.split()
    assert first(podman, infra) == ["/catatonit", "-P"]
    podman("pod", "stop", "-t", "20", "pod")
    for name in (box, infra):
        assert podman("wait", name).stdout.strip() == "0"


def test_a_health_check_in_shell_form(podman, run):
    box = run(options=("--health-cmd", f"curl -f {URL} || exit 1", "--health-retries", "1"))
    until_it_serves(podman, box)
    assert podman("healthcheck", "run", box).returncode == 0
    tell(podman, box, "/sick")
    done = podman("healthcheck", "run", box, check=False)
    assert (done.returncode, done.stdout.strip()) == (1, "unhealthy")
    (last,) = podman("inspect", "-f", "{{json .State.Health.Log}}", box).stdout.splitlines()
    log = json.loads(last)[-1]
    assert log["ExitCode"] == 1
    assert "curl: (22) The requested URL returned error: 503" in log["Output"]
    tell(podman, box, "/well")
    assert podman("healthcheck", "run", box).returncode == 0


def test_kube_plays_http_get_probe(podman, clean):
    podman.file.write_text(POD.format(image=podman.image))
    podman("kube", "play", "--network", "none", str(podman.file))
    box = "probed-service"
    until_it_serves(podman, box)
    check = json.loads(podman("inspect", "-f", "{{json .Config.Healthcheck}}", box).stdout)
    assert check["Test"][0] == "CMD-SHELL" and "curl" in check["Test"]
    assert podman("healthcheck", "run", box).returncode == 0
    tell(podman, box, "/sick")
    # Podman 4.3 starts the container anew at once, and fails in that: with 125.
    assert podman("healthcheck", "run", box, check=False).returncode != 0


@pytest.fixture(scope="session")
def hellos_archive():
    subprocess.run((ROOT / "scripts" / "images", "hello"), check=True)
    return ROOT / "build" / "images" / "hello.tar"


@pytest.fixture(scope="module")
def hello(podman, hellos_archive):
    """tests/images/hello; as an OCI image it would have no HEALTHCHECK."""
    said = podman("pull", "-q", f"docker-archive:{hellos_archive}").stdout
    return said.split()[-1]


def test_an_image_of_docker_keeps_its_health_check_and_drains_when_it_is_stopped(
        podman, hello, clean):
    box = podman("run", "-d", "--network", "none", "--read-only", "--cap-drop", "ALL",
                 "--security-opt", "no-new-privileges", hello).stdout.strip()
    check = json.loads(podman("inspect", "-f", "{{json .Config.Healthcheck}}", box).stdout)
    assert check["Test"] == ["CMD", "/hale", "check", "-t", "2s"]
    until(lambda: podman("healthcheck", "run", box, check=False).returncode == 0, "healthy")
    podman("exec", box, "/hale", "drain", "1ms")
    assert podman("healthcheck", "run", box, check=False).returncode == 1
    podman("stop", "-t", "10", box)
    assert podman("wait", box).stdout.strip() == "0"
    assert "stopped in order" in podman("logs", box).stderr


# Before 5.4 an exec probe was one line for the image's shell.
@pytest.mark.parametrize("podman", ["newest"], indirect=True)
def test_kube_plays_exec_probe_asks_hale_in_an_image_without_a_shell(podman, hello, clean):
    podman.file.write_text(EXEC.format(image=hello))
    podman("kube", "play", "--network", "none", str(podman.file))
    box = "asked-hello"
    check = json.loads(podman("inspect", "-f", "{{json .Config.Healthcheck}}", box).stdout)
    assert check["Test"][:3] == ["CMD", "/hale", "check"]
    until(lambda: podman("healthcheck", "run", box, check=False).returncode == 0, "healthy")
