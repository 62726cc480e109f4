"""A gRPC prober beside hale in a pod: the service knows nothing of gRPC."""
# SPDX-License-Identifier: MIT

import dataclasses
import pathlib

import pytest

from conftest import go_build
from containers import Lines, docker, until

GO_CODE = "/usr/share/gocode"
TIMEOUT = "1s"      # as the kubelet's: connection and call together
AT = "127.0.0.1:4253"
FAILURES = 3        # in a row, until the kubelet believes them
UP, DOWN = "SERVING", "NOT_SERVING"


@pytest.fixture(scope="session")
def prober_image(on_base):
    """tests/grpc/peer.go on an image that has nothing else it needs."""
    if not pathlib.Path(GO_CODE, "src/google.golang.org/grpc").exists():
        pytest.skip("there is no grpc-go: scripts/bootstrap test")
    return on_base("prober", lambda binary: go_build("../../grpc", binary, GOPATH=GO_CODE))


@dataclasses.dataclass
class Prober:
    """What a kubelet's worker does with a grpc probe, from a container in the pod's network:
    a new connection each time, on which it waits for SETTINGS."""

    image: str
    network: str

    def words(self, verb, *words):
        return ("--network", self.network, "--entrypoint", "/service", self.image, verb,
                "--agent", "kube-probe/1.37", *words)

    def ask(self, service=""):
        """"SERVING", or why the probe fails."""
        done = docker("run", "--rm", *self.words("check", "--timeout", TIMEOUT, AT, service))
        first, *_, dials = done.stdout.splitlines()
        assert dials == "dials 1" or first.startswith("unreachable "), done.stdout
        return first.removeprefix("status ")

    def result(self, service, before):
        """The kubelet's opinion after another probe, or after as many failures as it needs."""
        for _ in range(FAILURES):
            if self.ask(service) == UP:
                return True
            if not before:
                return False
        return False


@pytest.fixture
def prober(prober_image, pod):
    return Prober(prober_image, pod)


@pytest.fixture
def watches(prober):
    """Starts a Watch in a container: the lines that it prints."""
    started = []

    def start(service):
        box = docker("run", "-d", *prober.words("watch", AT, service)).stdout.strip()
        started.append((box, Lines("docker", "logs", "-f", box)))
        return started[-1][1]

    yield start
    for box, lines in started:
        lines.close()
        docker("rm", "-f", box, check=False)


@pytest.fixture
def serving(run, pod):
    """hale and the service in the pod, healthy."""
    def start(*options):
        box = run(network=pod, options=options)
        box.events.wait("health_status: healthy")
        return box
    return start


def test_the_kubelets_probes_follow_the_containers_life(prober, serving, watches):
    assert not prober.result("", before=False)
    box = serving("-e", "HALE_GRPC_SERVICE=shop.Cart", "-e", "HALE_DRAIN=1h")
    for service in ("", "live", "ready", "startup", "shop.Cart", "http://localhost:8080/"):
        assert prober.ask(service) == UP, service
    assert prober.ask("shop.Basket").startswith("end NOT_FOUND")
    watch = watches("shop.Cart")
    watch.wait(f"status {UP}")
    docker("kill", "-s", "TERM", box.id)    # readiness is probed on, liveness too by some
    watch.wait(f"status {DOWN}")
    assert not prober.result("ready", before=True)
    assert prober.result("live", before=True)
    docker("kill", "-s", "TERM", box.id)    # the second ends the drain
    watch.wait("end UNAVAILABLE")
    assert box.exit_code() == 0
    assert prober.ask("live").startswith("unreachable ")


def test_a_service_that_is_ill_is_not_serving(prober, run, pod):
    box = run(network=pod, options=("-e", "HALE_LIVE_CHECK=dead=tcp://127.0.0.1:1", "-e",
                                    "HALE_INTERVAL=200ms", "-e", "HALE_RETRIES=2"))
    box.logs.wait("service: serving")
    until(lambda: prober.ask("live") == DOWN, "it is not live")
    assert not prober.result("live", before=True)
    until(lambda: prober.ask("ready") == UP, "it is ready")
    assert [prober.ask(service) for service in ("", "dead", "http://localhost:8080/")] \
        == [DOWN, DOWN, UP]
