"""A kubelet that lives in a test: workers, events, restarts and the end of a pod.

What it does follows the kubelet's own source (prober and worker, lifecycle,
kuberuntime); single probes are in kubelet_probes.py. It differs in this:

- Nothing runs by itself. probe_all() lets each worker probe once; pass_time()
  moves a clock of whole seconds and lets those probe that are due.
- A round's results take effect after it, as through the kubelet's status
  manager: the probe after the startup probe's success is the first of the
  others.
- Events with the same text are counted as one, as the API server shows them.
  They are never dropped or combined, as very many would be.
"""
import dataclasses
import signal
import subprocess

from harness import DEADLINE, clean_env
from kubelet_probes import (
    FAILURE, SUCCESS, UNKNOWN, WARNING, CannotStart, Errored, Exec, Http, Node)

STARTUP, LIVENESS, READINESS = "startup", "liveness", "readiness"
KINDS = (STARTUP, LIVENESS, READINESS)
FIRST = {STARTUP: UNKNOWN, LIVENESS: SUCCESS, READINESS: FAILURE}  # before any probe
TRIES = 3       # of a probe that errs, at once and one after the other
GRACE_MIN_S = 2  # what SIGTERM gets, even if preStop took it all


@dataclasses.dataclass
class Probe:
    """What a pod's specification says of one; the defaults are Kubernetes'."""

    handler: object
    period: int = 10
    initial_delay: int = 0
    failures: int = 3
    successes: int = 1


@dataclasses.dataclass
class Sleep:
    """The preStop action of that name, by the pod's clock."""

    seconds: int


class Events:
    """What `kubectl describe pod` shows: a text, and how often it came."""

    def __init__(self):
        self.counts = {}

    def add(self, reason, text):
        key = (reason, text)
        self.counts[key] = self.counts.get(key, 0) + 1

    def texts(self, reason):
        return [text for kind, text in self.counts if kind == reason]

    def count(self, reason, text):
        return self.counts.get((reason, text), 0)


# --- workers --------------------------------------------------------------------------

class Worker:
    """Probes one container for one verdict."""

    def __init__(self, kind, spec, pod):
        self.kind, self.spec, self.pod = kind, spec, pod
        self.result = FIRST[kind]
        self.last = None     # the Outcome of the last probe that counted
        self.probes = 0      # how many were made, tries of one not counted apart
        self.on_hold = False
        self.ended = False
        self.due = pod.now
        self.container = 0   # which start of the container it has seen
        self._kind_of_last, self._run = None, 0

    def is_due(self):
        return self.pod.now >= self.due

    def step(self):
        """One turn: the kubelet's doProbe."""
        self.due = self.pod.now + self.spec.period
        if self.ended:
            return
        if self.container != self.pod.starts:
            self.container = self.pod.starts
            self.result = FIRST[self.kind]
            self.on_hold = False
        if not self.on_hold and self._may_probe():
            self._take(self._probe())

    def _may_probe(self):
        pod = self.pod
        if not pod.running:
            self.result = FAILURE
            return False
        if pod.deleted and self.kind != READINESS:
            self.result = SUCCESS  # for a quiet shutdown
            self.ended = True
            return False
        if pod.now - pod.started_at < self.spec.initial_delay:
            return False
        return pod.started != (self.kind == STARTUP)

    def _probe(self):
        """The Outcome, or None where it is thrown away."""
        self.probes += 1
        for left in reversed(range(TRIES)):
            try:
                return self.spec.handler.probe(self.pod)
            except Errored as error:
                if not left:
                    self._tell("Unhealthy", f"errored: {error}")
        return None

    def _take(self, outcome):
        if outcome is None:
            return
        self.last = outcome
        if outcome.kind == WARNING:
            self._tell("ProbeWarning", f"warning: {outcome.text}")
        elif outcome.kind == FAILURE:
            self._tell("Unhealthy", f"failed: {outcome.text}")
        kind = FAILURE if outcome.kind == FAILURE else SUCCESS
        self._run = self._run + 1 if kind == self._kind_of_last else 1
        self._kind_of_last = kind
        if self._run < (self.spec.failures if kind == FAILURE else self.spec.successes):
            return
        self.result = kind
        if kind == FAILURE and self.kind != READINESS:
            self.on_hold = True  # until the container is another one
            self._run = 0

    def _tell(self, reason, text):
        self.pod.events.add(reason, f"{self.kind.capitalize()} probe {text}")


# --- the end of a container -----------------------------------------------------------

class Ending:
    """preStop, SIGTERM, SIGKILL. The grace period runs from preStop's start."""

    def __init__(self, pod, grace):
        self.pod, self.grace, self.began = pod, grace, pod.now
        self.kill_at = None  # set with SIGTERM
        self.hook = self._start(pod.pre_stop)

    def _start(self, hook):
        """The hook's process if it is one that takes time."""
        if isinstance(hook, Exec):
            return self.pod.start(hook.argv)
        if isinstance(hook, Http):
            agent = {"User-Agent": "kube-lifecycle/1.30"}
            outcome = dataclasses.replace(hook, timeout=DEADLINE, fields=agent).probe(self.pod)
            if outcome.text.startswith("Get "):  # its status says nothing
                self.pod.events.add("FailedPreStopHook", outcome.text)
        if not isinstance(hook, Sleep):
            self._terminate()
        return hook

    def wait_for_hook(self):
        """Until preStop's command has ended by itself; SIGTERM follows."""
        output, _ = self.hook.communicate(timeout=DEADLINE)
        if self.hook.returncode:
            self.pod.events.add("FailedPreStopHook", output.decode())
        self._terminate()

    def time_has_passed(self):
        passed = self.pod.now - self.began
        if self.kill_at is None:
            if isinstance(self.hook, Sleep) and passed >= self.hook.seconds:
                self._terminate()
            elif passed >= self.grace:
                self.pod.events.add("FailedPreStopHook", "not completed in grace period")
                self._terminate()
        elif self.pod.now >= self.kill_at:
            self.pod.box.signal(signal.SIGKILL)

    def _terminate(self):
        left = self.grace - (self.pod.now - self.began)
        self.kill_at = self.pod.now + max(left, GRACE_MIN_S)
        self.pod.box.signal(signal.SIGTERM)

    def close(self):
        """Reaps a hook that was left running; its container is gone."""
        if isinstance(self.hook, subprocess.Popen) and self.hook.returncode is None:
            self.hook.kill()
            self.hook.communicate()


# --- pods -----------------------------------------------------------------------------

class Pod(Node):
    """A pod of one container. new_box() starts that container each time.

    probes are a Probe for each of startup, liveness and readiness that there
    is. ip is where they go; user, nproc and env are those of its commands.
    """

    def __init__(self, new_box, ip="127.0.0.1", user=None, nproc=None, env=None, pre_stop=None,
                 grace=30, restart=True, **probes):
        self.new_box, self.ip, self.user, self.nproc = new_box, ip, user, nproc
        self.env, self.pre_stop, self.grace, self.restart = env, pre_stop, grace, restart
        self.events = Events()
        self.now = self.starts = 0
        self.codes = []     # of the containers that have ended
        self.deleted = False
        self.ending = None
        self.workers = {}
        self._start_container()
        self.workers = {kind: Worker(kind, probes[kind], self) for kind in KINDS if kind in probes}
        self._take_status()

    def _start_container(self):
        self.box = self.new_box()
        self.starts += 1
        self.started_at = self.now
        self.running = True
        self.ending = None
        self._take_status()

    # --- what its probes need ---------------------------------------------------------

    def net(self):
        return self.box.net()

    def start(self, argv):
        words = ["prlimit", f"--nproc={self.nproc}"] if self.nproc else []
        words += ["nsenter", "-t", str(self.box.pid), "-m", "-p", "-n", "-r", "-w"]
        words += ["-S", str(self.user), "-G", str(self.user)] if self.user else []
        return subprocess.Popen([*words, "--", *argv], env=clean_env(**(self.env or {})),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def check_start(self, code, output):
        if code and output.startswith(b"nsenter: "):
            raise CannotStart(output.decode().strip())

    # --- rounds -----------------------------------------------------------------------

    def probe_all(self, rounds=1):
        """Each worker's turn, so many times."""
        for _ in range(rounds):
            self._turns(self.workers.values())

    def pass_time(self, seconds):
        """So many seconds of the pod's clock, and what is due in them."""
        for _ in range(seconds):
            self.now += 1
            if self.ending and self.running:
                self.ending.time_has_passed()
            self._turns(worker for worker in self.workers.values() if worker.is_due())

    def _turns(self, workers):
        for worker in workers:
            worker.step()
        self._take_status()
        self._restart_the_sick()

    def _take_status(self):
        """started and ready, as the pod's status has them."""
        def verdict(kind):
            return kind not in self.workers or self.result(kind) == SUCCESS
        self.started = self.running and verdict(STARTUP)
        self.ready = self.started and verdict(READINESS)

    def in_endpoints(self):
        """Whether a Service sends new clients here."""
        return self.ready and not self.deleted

    def result(self, kind):
        return self.workers[kind].result

    def probes(self):
        """How many probes each worker has made."""
        return {kind: worker.probes for kind, worker in self.workers.items()}

    # --- the end ----------------------------------------------------------------------

    def _restart_the_sick(self):
        for kind in (LIVENESS, STARTUP):
            worker = self.workers.get(kind)
            if worker and worker.on_hold and worker.container == self.starts \
                    and self.running and not self.ending:
                self.events.add("Killing",
                                f"Container failed {kind} probe, will be restarted")
                self.ending = Ending(self, self.grace)

    def delete(self):
        """kubectl delete pod: what follows is up to the test."""
        self.deleted = True
        self._take_status()
        self.ending = self.ending or Ending(self, self.grace)
        return self.ending

    def wait_for_end(self):
        """Until the container has ended; its code. A new one follows, unless
        the pod is deleted or not to be restarted."""
        self.codes.append(self.box.code())
        self.running = False
        if self.ending:
            self.ending.close()
        self.close()
        self._turns(self.workers.values())
        if self.restart and not self.deleted:
            self._start_container()
        return self.codes[-1]

    def close(self):
        """Ends what exec probes have left running."""
        for worker in self.workers.values():
            if isinstance(worker.spec.handler, Exec):
                worker.spec.handler.end()
