"""A Kubernetes of one node: its programs, its API over HTTP, its images.

It runs in the namespaces that scripts/kubernetes makes and is never stopped: it
ends with them. What is waited for is an event of the API server's, each time
with a deadline, which names what was seen last when it passes.
"""
# SPDX-License-Identifier: MIT

import base64
import contextlib
import hashlib
import http.client
import io
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tarfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from apart import APP, HALE, LOG, ROOT, RUN  # noqa: E402

BIN = ROOT / "build" / "kubernetes"
SEEDS = ROOT / "build" / "images"  # scripts/images has saved them there

START_S = 60  # for each program to answer
WAIT_S = 60  # for what a test waits for
API = "10.96.0.1"  # the Service kubernetes.default; the node has this address
PODS = "10.244.0.0/24"
TOKEN = "of-the-tests"

GROUPS = {
    "Deployment": "/apis/apps/v1",
    "Job": "/apis/batch/v1",
}
CORE = "/api/v1"

CONTAINERD = """
version = 2
root = "{run}/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{run}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""

NETWORK = {
    "cniVersion": "0.4.0",
    "name": "pods",
    "plugins": [{
        "type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False,
        "ipam": {"type": "host-local", "dataDir": f"{RUN}/ipam",
                 "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]},
    }],
}

KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
    "cgroupDriver": "cgroupfs",
    "clusterDNS": ["10.96.0.10"],  # nobody answers there
    "clusterDomain": "cluster.local",
    "enforceNodeAllocatable": [],
    "eventRecordQPS": 0,  # no limit: several tests count events
    "evictionHard": {"memory.available": "1Mi"},
    "failSwapOn": False,
    "makeIPTablesUtilChains": False,
    "maxOpenFiles": 20000,
    "nodeStatusUpdateFrequency": "5s",
    "oomScoreAdj": 0,
    "podCIDR": PODS,
    # It may miss a container's end until it looks at the pod again, by default after 60
    # to 90 s; here after 10 to 15.
    "syncFrequency": "10s",
    "volumePluginDir": f"{RUN}/volume-plugins",
    "imageGCHighThresholdPercent": 100,
    "imageGCLowThresholdPercent": 99,
}


class Late(AssertionError):
    """What a test waited for did not come in time."""


class Refused(Exception):
    """The API server's answer is an error."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


# The programs

def launch(name, *argv):
    """Start a program of the cluster's; its output goes to LOG/NAME.log."""
    with open(LOG / f"{name}.log", "ab") as log:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, cwd=RUN, start_new_session=True)


def await_true(what, ask, within_s=START_S, program=None):
    """Call ask() until it is true; refused counts as no."""
    deadline = time.monotonic() + within_s
    while True:
        with contextlib.suppress(OSError, Refused):
            if ask():
                return
        if program and program.poll() is not None:
            raise Late(f"{what}: {program.args[0]} ended with {program.returncode}")
        if time.monotonic() > deadline:
            raise Late(f"not in {within_s} s: {what}; see {LOG}")
        time.sleep(0.05)


def connects(port):
    with socket.create_connection(("127.0.0.1", port), 1):
        return True


def quiet(*argv, **options):
    """Run to the end; what it prints is the error's text."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=WAIT_S, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))}: {done.stdout}")
    return done.stdout


def make_keys(at):
    """A CA, the API server's certificate and the key of service accounts."""
    at.mkdir()
    names = ("DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,"
             f"DNS:localhost,IP:127.0.0.1,IP:{API}")
    (at / "names").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
    new = ("openssl", "req", "-newkey", "rsa:2048", "-nodes")
    quiet(*new, "-x509", "-days", "2", "-subj", "/CN=kubernetes-ca",
          "-keyout", at / "ca.key", "-out", at / "ca.crt")
    quiet(*new, "-subj", "/CN=kube-apiserver", "-keyout", at / "api.key",
          "-out", at / "api.csr")
    quiet("openssl", "x509", "-req", "-days", "2", "-in", at / "api.csr",
          "-CA", at / "ca.crt", "-CAkey", at / "ca.key", "-CAcreateserial",
          "-extfile", at / "names", "-out", at / "api.crt")
    quiet("openssl", "genrsa", "-out", at / "accounts.key", "2048")
    (at / "tokens").write_text(f'{TOKEN},admin,1,"system:masters"\n')


def write_kubeconfig(path, keys):
    ca = base64.b64encode((keys / "ca.crt").read_bytes()).decode()
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {
            "server": "https://127.0.0.1:443", "certificate-authority-data": ca}}],
        "users": [{"name": "c", "user": {"token": TOKEN}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
    }))


# The images

def layer(files):
    """A tar archive of files: {path: (bytes, mode)}."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for path, (data, mode) in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), mode
            tar.addfile(info, io.BytesIO(data))
    return made.getvalue()


def write_image(path, name, files, entrypoint, cmd=()):
    """An archive of one image FROM scratch, as `docker save` writes it."""
    blob = layer(files)
    config = json.dumps({
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
        "os": "linux",
        "config": {"Entrypoint": list(entrypoint), "Cmd": list(cmd)},
        "rootfs": {"type": "layers",
                   "diff_ids": ["sha256:" + hashlib.sha256(blob).hexdigest()]},
    }).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name],
                            "Layers": ["layer.tar"]}]).encode()
    path.write_bytes(layer({config_name: (config, 0o644), "layer.tar": (blob, 0o644),
                            "manifest.json": (manifest, 0o644)}))


def make_images(at):
    """app:1 has hale as its init, bare:1 is the same service alone; with the images of
    tests/images that have been built."""
    at.mkdir()
    hale, app = (HALE.read_bytes(), 0o755), (APP.read_bytes(), 0o755)
    both = {"hale": hale, "app": app}
    write_image(at / "app.tar", "docker.io/library/app:1", both, ["/hale"], ["/app"])
    write_image(at / "bare.tar", "docker.io/library/bare:1", both, ["/app"])
    write_image(at / "pause.tar", "docker.io/library/pause:1", {"pause": app},
                ["/pause", "pause"])
    for archive in sorted([*at.glob("*.tar"), *SEEDS.glob("*.tar")]):
        quiet("ctr", "-n", "k8s.io", "images", "import", archive)


class Cluster:
    """A client of the API server, which start() starts first."""

    def __init__(self):
        self.keys = RUN / "keys"
        self.pids = {}

    # Starting

    def start(self):
        make_keys(self.keys)
        quiet("ip", "addr", "add", f"{API}/32", "dev", "lo")
        config = RUN / "kubeconfig"
        write_kubeconfig(config, self.keys)
        self.tls = ssl.create_default_context(cafile=self.keys / "ca.crt")
        self.start_containerd()
        etcd = launch("etcd", "etcd", "--data-dir", RUN / "etcd", "--unsafe-no-fsync",
                      "--listen-client-urls", "http://127.0.0.1:2379",
                      "--advertise-client-urls", "http://127.0.0.1:2379",
                      "--listen-peer-urls", "http://127.0.0.1:2380")
        await_true("etcd listens", lambda: connects(2379), program=etcd)
        api = self.start_api()
        make_images(RUN / "images")
        await_true("the API server is ready",
                   lambda: self.ask("GET", "/readyz", raw=True), program=api)
        for name, *more in (
            ("kube-controller-manager", "--service-account-private-key-file",
             self.keys / "accounts.key", "--root-ca-file", self.keys / "ca.crt",
             "--use-service-account-credentials=false"),
            ("kube-scheduler",),
        ):
            launch(name, BIN / name, "--kubeconfig", config, "--leader-elect=false",
                   *more)
        self.start_kubelet(config)
        self.until("nodes", "node", lambda node: condition(node, "Ready"),
                   namespace=None, within_s=START_S)

    def start_containerd(self):
        (RUN / "cni").mkdir()
        (RUN / "cni" / "pods.conflist").write_text(json.dumps(NETWORK))
        (RUN / "containerd.toml").write_text(CONTAINERD.format(run=RUN))
        containerd = launch("containerd", "containerd", "-c", RUN / "containerd.toml")
        await_true("containerd answers",
                   lambda: subprocess.run(("ctr", "version"), timeout=WAIT_S,
                                          capture_output=True).returncode == 0,
                   program=containerd)

    def start_api(self):
        keys = self.keys
        return launch(
            "kube-apiserver", BIN / "kube-apiserver",
            "--etcd-servers", "http://127.0.0.1:2379",
            "--secure-port", "443", "--bind-address", "0.0.0.0",
            "--advertise-address", API,
            "--service-cluster-ip-range", "10.96.0.0/24",
            "--tls-cert-file", keys / "api.crt", "--tls-private-key-file", keys / "api.key",
            "--tls-min-version", "VersionTLS13",  # as OpenShift's Modern profile has it
            "--cert-dir", RUN / "certs",
            "--token-auth-file", keys / "tokens", "--authorization-mode", "RBAC",
            "--service-account-key-file", keys / "accounts.key",
            "--service-account-signing-key-file", keys / "accounts.key",
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--kubelet-preferred-address-types", "InternalIP",
            "--allow-privileged=true", "--profiling=false",
            "--endpoint-reconciler-type", "none")

    def start_kubelet(self, config):
        (RUN / "kubelet.json").write_text(json.dumps(KUBELET))
        launch("kubelet", BIN / "kubelet", "--config", RUN / "kubelet.json",
               "--kubeconfig", config, "--hostname-override", "node",
               "--node-ip", API, "--container-runtime", "remote",
               "--container-runtime-endpoint", "unix:///run/containerd/containerd.sock",
               "--cert-dir", RUN / "kubelet-certs")

    # Asking

    def open(self, method, path, body=None, timeout_s=WAIT_S, kind="application/json"):
        """Send a request; the connection and its answer, both open."""
        to = http.client.HTTPSConnection("127.0.0.1", 443, timeout=timeout_s,
                                         context=self.tls)
        to.request(method, path, None if body is None else json.dumps(body),
                   {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind})
        return to, to.getresponse()

    def ask(self, method, path, body=None, raw=False, **options):
        to, answer = self.open(method, path, body, **options)
        with contextlib.closing(to):
            text = answer.read().decode(errors="replace")
        if answer.status >= 400:
            raise Refused(answer.status, text)
        return text if raw else json.loads(text)

    def path(self, kind, name=None, *, namespace):
        """/api/v1/namespaces/NAMESPACE/KIND/NAME; kind in the plural, or as written."""
        group = CORE
        for word, at in GROUPS.items():
            if kind.lower() in (word.lower(), word.lower() + "s"):
                group = at
        plural = kind.lower() if kind.endswith("s") else kind.lower() + "s"
        middle = f"/namespaces/{namespace}" if namespace else ""
        return f"{group}{middle}/{plural}" + (f"/{name}" if name else "")

    def look(self, path, name=None):
        """What is there now, as a list, and the version to watch from."""
        field = f"?fieldSelector=metadata.name%3D{name}" if name else ""
        found = self.ask("GET", path + field)
        return found["items"], found["metadata"]["resourceVersion"]

    def watch(self, path, within_s, name=None):
        """Yield (type, object): what is there as "ADDED", then each event."""
        deadline = time.monotonic() + within_s
        found, version = self.look(path, name)
        for thing in found:
            yield "ADDED", thing
        if name and not found:
            yield "NONE", {}
        field = f"&fieldSelector=metadata.name%3D{name}" if name else ""
        to, answer = self.open("GET", f"{path}?watch=1&resourceVersion={version}{field}",
                               timeout_s=within_s + 1)
        with contextlib.closing(to):
            if answer.status >= 400:
                raise Refused(answer.status, answer.read().decode())
            sock = to.sock or answer.fp.raw._sock
            while (left_s := deadline - time.monotonic()) > 0:
                sock.settimeout(left_s)
                try:
                    line = answer.readline()
                except TimeoutError:
                    return
                if not line:
                    return
                event = json.loads(line)
                yield event["type"], event["object"]

    def until(self, kind, name, good, within_s=WAIT_S, *, namespace):
        """Wait until good(object); the object."""
        seen = None
        for sort, seen in self.watch(self.path(kind, namespace=namespace), within_s, name):
            if sort in ("ADDED", "MODIFIED") and good(seen):
                return seen
        status = (seen or {}).get("status", seen)
        raise Late(f"{kind} {name}: not in {within_s} s, its state is "
                   f"{json.dumps(status, indent=1)}")

    def until_gone(self, kind, name, within_s=WAIT_S, *, namespace):
        for sort, _ in self.watch(self.path(kind, namespace=namespace), within_s, name):
            if sort in ("DELETED", "NONE"):
                return
        raise Late(f"{kind} {name} is still there after {within_s} s")

    def until_ended(self, name, within_s=WAIT_S, *, namespace):
        """Wait until all containers of the pod have ended; the pod then.

        Its deletion shows up to 10 seconds later, when the kubelet looks again.
        """
        seen = None
        for sort, now in self.watch(self.path("pods", namespace=namespace), within_s, name):
            seen = now or seen
            if sort in ("DELETED", "NONE") or all(
                    "terminated" in found["state"]
                    for found in now["status"].get("containerStatuses") or ()):
                return seen
        raise Late(f"{name} has not ended in {within_s} s")

    # Doing

    def get(self, kind, name, *, namespace):
        return self.ask("GET", self.path(kind, name, namespace=namespace))

    def list(self, kind, query="", *, namespace):
        return self.ask("GET", self.path(kind, namespace=namespace) + query)["items"]

    def apply(self, thing, *, namespace):
        """Create one thing; in a new namespace that takes a moment."""
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                return self.ask("POST", self.path(thing["kind"], namespace=namespace), thing)
            except Refused as why:
                # No service account there yet.
                if why.status not in (403, 500) or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def patch(self, kind, name, change, *, namespace):
        return self.ask("PATCH", self.path(kind, name, namespace=namespace), change,
                        kind="application/strategic-merge-patch+json")

    def delete(self, kind, name, grace_s=None, *, namespace):
        """Ask for it; the kubelet takes its time."""
        options = {"kind": "DeleteOptions", "apiVersion": "v1",
                   "propagationPolicy": "Background"}
        if grace_s is not None:
            options["gracePeriodSeconds"] = grace_s
        return self.ask("DELETE", self.path(kind, name, namespace=namespace), options)

    def logs(self, name, container=None, previous=False, follow=False, *,
             namespace):
        query = f"?container={container or ''}&previous={previous}&follow={follow}".lower()
        return self.ask("GET", self.path("pods", name, namespace=namespace) +
                        f"/log{query}", raw=True)

    def events(self, name, *, namespace):
        """Events about what is called NAME, oldest first."""
        found = self.list("events", f"?fieldSelector=involvedObject.name%3D{name}",
                          namespace=namespace)
        return sorted(found, key=lambda e: e["lastTimestamp"] or e["eventTime"])

    def until_event(self, name, good, within_s=WAIT_S, *, namespace):
        """Wait until good(event) for an event about NAME; the event."""
        for _, event in self.watch(self.path("events", namespace=namespace), within_s):
            if event["involvedObject"]["name"] == name and good(event):
                return event
        raise Late(f"no such event about {name} in {within_s} s: " + "; ".join(
            f"{e['reason']}: {e['message']}" for e in self.events(name, namespace=namespace)))

    def run_in(self, pod, *argv, container=0):
        """Run argv in a container; the finished process."""
        at = pod["status"]["containerStatuses"][container]["containerID"]
        return subprocess.run(
            ("ctr", "-n", "k8s.io", "tasks", "exec", "--exec-id",
             f"test-{time.monotonic_ns()}", at.split("//")[1], *argv),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT_S)


# What objects say

def condition(thing, name):
    """Is this condition of the object true?"""
    return any(c["type"] == name and c["status"] == "True"
               for c in thing.get("status", {}).get("conditions", ()))


def ready(pod):
    return condition(pod, "Ready")


def state(pod, container=0):
    """A container's ("waiting"|"running"|"terminated", details), or (None, {})."""
    found = pod["status"].get("containerStatuses") or ()
    for now in found[container:container + 1]:
        for word, details in now["state"].items():
            return word, details
    return None, {}


def ended(pod, container=0):
    return state(pod, container)[0] == "terminated"


def restarts(pod, container=0):
    found = pod["status"].get("containerStatuses") or ()
    return found[container]["restartCount"] if len(found) > container else 0


def processes(pod, name):
    """Pids, as we see them, of the pod's processes called NAME, oldest first."""
    uid, found = pod["metadata"]["uid"], []
    for at in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            argv = (at / "cmdline").read_bytes().split(b"\0")
            if uid in (at / "cgroup").read_text() and \
                    os.path.basename(argv[0].decode()) == name:
                found.append(int(at.name))
    return sorted(found)
