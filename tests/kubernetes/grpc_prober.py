"""gRPC probes for a kubelet that has none: they came with 1.24.

A Prober watches the pods of a namespace. What it shall probe is an annotation, as the
container's startupProbe, readinessProbe and livenessProbe would say it, where move_probes()
puts them. It keeps the kubelet's rules: a new connection for each probe, on which it waits
for the server's SETTINGS, connection and call within timeoutSeconds; thresholds; nothing
but the startup probe until that has passed; a first look at once, but at a random moment
of the first period for what was there before the prober; no liveness of a pod that is
being deleted, readiness to its end.

Two things it cannot do as the kubelet does. Readiness is a condition of the pod's that its
readinessGates name, so that it takes the kubelet's next look to be the pod's. A container
that fails is stopped by ctr: SIGTERM, and SIGKILL after the pod's grace period; the kubelet
then sees that it has ended and starts it again.
"""
# SPDX-License-Identifier: MIT

import calendar
import contextlib
import dataclasses
import pathlib
import random
import subprocess
import sys
import threading
import time

import grpc
import yaml

import cluster as kubernetes

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "grpc"))
from peer import request, status_of  # noqa: E402

ANNOTATION = "probes.test/grpc"
GATE = "probes.test/grpc-ready"
KINDS = ("startup", "readiness", "liveness")
STAMP = "%Y-%m-%dT%H:%M:%SZ"
AGENT = "kube-probe/1.37"
METHOD = "/grpc.health.v1.Health/Check"
ALONE = (("grpc.primary_user_agent", AGENT), ("grpc.use_local_subchannel_pool", 1),
         ("grpc.enable_http_proxy", 0))


def move_probes(pod):
    """Move the only container's grpc probes, which this API server would drop, to where a
    Prober finds them. The pod may be a Deployment's template."""
    (container,) = pod["spec"]["containers"]
    probes = {f"{kind}Probe": container.pop(f"{kind}Probe") for kind in KINDS
              if "grpc" in container.get(f"{kind}Probe", ())}
    pod["metadata"].setdefault("annotations", {})[ANNOTATION] = yaml.safe_dump(probes)
    pod["spec"]["readinessGates"] = [{"conditionType": GATE}]


@dataclasses.dataclass
class Spec:
    """A probe as a manifest has it, with the kubelet's defaults."""

    grpc: dict
    initialDelaySeconds: int = 0
    periodSeconds: int = 10
    timeoutSeconds: int = 1
    successThreshold: int = 1
    failureThreshold: int = 3

    def ask(self, address):
        """Did it pass, and the kubelet's words."""
        at = f"{address}:{self.grpc['port']}"
        with grpc.insecure_channel(at, ALONE) as channel:
            try:
                answer = channel.unary_unary(METHOD)(
                    request(self.grpc.get("service", "")), timeout=self.timeoutSeconds,
                    wait_for_ready=True)
            except grpc.RpcError as why:
                return False, self.words(at, why.code(), why.details())
        status = status_of(answer)
        if status == "SERVING":
            return True, "service healthy"
        return False, f'service unhealthy (responded with "{status}")'

    def words(self, at, code, details):
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return (f'timeout: no answer of service "{at}" within {self.timeoutSeconds}s: '
                    "context deadline exceeded")
        if code == grpc.StatusCode.UNIMPLEMENTED:
            return f"error: this server does not implement the grpc health protocol: {details}"
        return f"error: health rpc probe failed: {code.name}: {details}"


class Worker(threading.Thread):
    """One probe of one pod's container, for as long as the pod is there."""

    def __init__(self, prober, uid, kind, spec):
        super().__init__(daemon=True)
        self.prober, self.uid, self.kind, self.spec = prober, uid, kind, spec
        self.container = None  # that the results are of
        self.result, self.run_of, self.last = None, 0, None
        self.held = False  # a failed container is not probed again
        self.now = threading.Event()  # a look out of turn

    def run(self):
        period = self.spec.periodSeconds
        if self.prober.age() < period:
            self.now.wait(random.random() * period)
        tick = time.monotonic()
        while self.look():
            tick = max(tick + period, time.monotonic())
            self.now.wait(max(0, tick - time.monotonic()))
            self.now.clear()

    def look(self):
        """One turn; False if it was the last."""
        pod = self.prober.pods.get(self.uid)
        if pod is None or pod["status"].get("phase") in ("Failed", "Succeeded"):
            return False
        (found,) = pod["status"].get("containerStatuses") or [{}]
        if not found.get("containerID"):
            return True
        if found["containerID"] != self.container:
            self.container, self.held, self.run_of = found["containerID"], False, 0
            self.settle(pod, {"readiness": False, "liveness": True}.get(self.kind))
        if self.held:
            return True
        if "running" not in found["state"]:
            self.settle(pod, False)
            return pod["spec"]["restartPolicy"] != "Never" or \
                "terminated" not in found["state"]
        if "deletionTimestamp" in pod["metadata"] and self.kind != "readiness":
            return False
        if self.prober.since(found["state"]["running"]["startedAt"]) < \
                self.spec.initialDelaySeconds:
            return True
        if self.prober.has_started(self.uid, self.container) == (self.kind == "startup"):
            return True
        self.probe(pod)
        return True

    def probe(self, pod):
        passed, words = self.spec.ask(pod["status"]["podIP"])
        self.prober.log.append((time.monotonic(), pod["metadata"]["name"], self.kind, passed,
                                words))
        if not passed:
            self.prober.tell(pod, "Unhealthy", f"{self.kind.capitalize()} probe failed: {words}")
        self.run_of = self.run_of + 1 if passed == self.last else 1
        self.last = passed
        if self.run_of < (self.spec.successThreshold if passed else self.spec.failureThreshold):
            return
        self.settle(pod, passed)
        if self.kind != "readiness" and not passed:
            self.held, self.run_of = True, 0
            self.prober.restart(pod, self.kind, self.container)

    def settle(self, pod, result):
        """What is known now, if that is news."""
        if result == self.result and self.kind != "startup":
            return
        self.result = result
        if self.kind == "readiness":
            self.prober.set_ready(pod, result)
        elif self.kind == "startup" and result:
            self.prober.note_start(self.uid, self.container)


class Prober:
    """Probes the pods of a namespace until it is stopped."""

    def __init__(self, space, within_s=600):
        self.space, self.begun = space, time.monotonic()
        self.pods, self.workers, self.starts = {}, {}, set()
        self.log = []  # (moment, pod, kind, passed, words)
        self.events = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.follow, args=(within_s,), daemon=True).start()

    def follow(self, within_s):
        for sort, pod in self.space.watch(self.space.path("pods"), within_s):
            uid = pod["metadata"]["uid"]
            if sort == "DELETED":
                self.pods.pop(uid, None)
                continue
            self.pods[uid] = pod
            text = pod["metadata"].get("annotations", {}).get(ANNOTATION)
            if text and uid not in self.workers:
                probes = yaml.safe_load(text)
                self.workers[uid] = {
                    kind: Worker(self, uid, kind, Spec(**probes[f"{kind}Probe"]))
                    for kind in KINDS if f"{kind}Probe" in probes}
                for worker in self.workers[uid].values():
                    worker.start()

    def age(self):
        return time.monotonic() - self.begun

    @staticmethod
    def since(stamp):
        """Seconds since then, as the API server writes it."""
        return time.time() - calendar.timegm(time.strptime(stamp, STAMP))

    def has_started(self, uid, container):
        return "startup" not in self.workers.get(uid, ()) or container in self.starts

    def note_start(self, uid, container):
        """From now on the other probes count: readiness looks at once."""
        self.starts.add(container)
        if "readiness" in self.workers[uid]:
            self.workers[uid]["readiness"].now.set()

    def set_ready(self, pod, is_ready):
        """The condition that the pod's readiness depends on; the pod may have gone."""
        stamp = time.strftime(STAMP, time.gmtime())
        with contextlib.suppress(kubernetes.Refused):
            self.space.patch("pods", pod["metadata"]["name"] + "/status", {"status": {
                "conditions": [{"type": GATE, "status": str(is_ready),
                                "lastTransitionTime": stamp}]}})

    def tell(self, pod, reason, message):
        """An event about the pod, in the kubelet's words."""
        with self.lock:
            self.events += 1
            name = f"{pod['metadata']['name']}.grpc-{self.events}"
        stamp = time.strftime(STAMP, time.gmtime())
        with contextlib.suppress(kubernetes.Refused):
            self.space.apply({
                "apiVersion": "v1", "kind": "Event", "metadata": {"name": name},
                "involvedObject": {"kind": "Pod", "apiVersion": "v1",
                                   "namespace": pod["metadata"]["namespace"],
                                   "name": pod["metadata"]["name"],
                                   "uid": pod["metadata"]["uid"]},
                "type": "Normal" if reason == "Killing" else "Warning",
                "reason": reason, "message": message, "count": 1,
                "firstTimestamp": stamp, "lastTimestamp": stamp,
                "source": {"component": "grpc-prober"}})

    def restart(self, pod, kind, container):
        """Stop the container: SIGTERM, its grace, SIGKILL."""
        name = pod["spec"]["containers"][0]["name"]
        self.tell(pod, "Killing", f"Container {name} failed {kind} probe, will be restarted")
        self.kill(container, "SIGTERM")
        killer = threading.Timer(pod["spec"]["terminationGracePeriodSeconds"],
                                 self.kill, (container, "SIGKILL"))
        killer.daemon = True
        killer.start()

    @staticmethod
    def kill(container, signal):
        """It may have ended before."""
        subprocess.run(("ctr", "-n", "k8s.io", "tasks", "kill", "--signal", signal,
                        container.split("//")[1]), stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=kubernetes.WAIT_S)
