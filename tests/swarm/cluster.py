"""A Docker Swarm of three nodes, each an engine with a network namespace of its own.

It runs in the namespaces that scripts/swarm makes and is never stopped: it ends
with them. What is waited for has a deadline, which names what was seen last.
"""
# SPDX-License-Identifier: MIT

import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from apart import APP, HALE, LOG, RUN  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
NODES = ("node1", "node2", "node3")  # the first is the manager
IMAGES = {"app:1": "hale", "app:wget": "wget", "app:bare": "bare"}  # Dockerfile's targets

# Where dockerd and containerd are found; the client is the newest in any case.
PATHS = {"newest": os.environ["PATH"], "system": "/usr/sbin:/usr/bin:/sbin:/bin"}
ENGINE = os.environ.get("SWARM_ENGINE", "newest")

START_S = 60  # for an engine to answer
WAIT_S = 60  # for what a test waits for


def run(*words, check=True, env=None):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}: {done.stderr or done.stdout}")
    return done


def until(ask, what, within_s=WAIT_S, seen=lambda: ""):
    """Ask again until the answer is true; it is returned."""
    end = time.monotonic() + within_s
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {within_s} s: {what} {seen()}"
        threading.Event().wait(0.1)


class Node:
    """One engine: a namespace on the bridge, dockerd in it."""

    def __init__(self, number):
        self.name = NODES[number]
        self.address = f"10.98.0.{number + 1}"
        self.at = RUN / self.name
        self.at.mkdir()
        self.socket = f"unix://{self.at}/docker.sock"

    def join_bridge(self):
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0",
            "netns", self.name)
        run("ip", "link", "set", self.name, "master", "nodes", "up")
        inside = ("ip", "-n", self.name)
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "addr", "add", f"{self.address}/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")

    def start(self):
        """dockerd by nsenter, for `ip netns exec` mounts another /sys."""
        script = f"hostname {self.name} && exec dockerd \"$@\""
        with open(LOG / self.name, "w") as log:
            self.engine = subprocess.Popen(
                ("nsenter", f"--net=/run/netns/{self.name}", "unshare", "--uts",
                 "sh", "-c", script, "dockerd", "--host", self.socket,
                 "--pidfile", self.at / "pid", "--data-root", self.at / "data",
                 "--exec-root", self.at / "exec", "--cgroup-parent", f"/{self.name}",
                 "--ip6tables=false"), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PATH": PATHS[ENGINE]})

    def docker(self, *words, check=True):
        return run("docker", "--host", self.socket, *words, check=check,
                   env={"DOCKER_BUILDKIT": "0"}).stdout.strip()

    def json(self, *words):
        return json.loads(self.docker(*words))

    def until_up(self):
        def answers():
            assert self.engine.poll() is None, \
                f"dockerd ended: {(LOG / self.name).read_text()[-300:]}"
            return self.docker("version", "--format", "{{.Server.Version}}", check=False)
        self.version = until(answers, f"{self.name}'s dockerd", START_S)

    def container(self, task_id):
        """What inspect says of the task's container here, or None."""
        found = self.docker("ps", "-aq", "--filter",
                            f"label=com.docker.swarm.task.id={task_id}").split()
        return self.json("inspect", found[0])[0] if found else None


class Swarm:
    def start(self):
        self.nodes = [Node(number) for number in range(len(NODES))]
        run("ip", "link", "add", "nodes", "type", "bridge")
        run("ip", "link", "set", "nodes", "up")
        for node in self.nodes:
            node.join_bridge()
            node.start()
        for node in self.nodes:
            node.until_up()
        self.manager = self.nodes[0]
        self.docker, self.json = self.manager.docker, self.manager.json
        self.docker("swarm", "init", "--advertise-addr", self.manager.address)
        token = self.docker("swarm", "join-token", "-q", "worker")
        for node in self.nodes[1:]:
            node.docker("swarm", "join", "--token", token, self.manager.address)
        self.load_images()

    def load_images(self):
        """Built by the first engine; the others get them by an archive."""
        context = RUN / "image"
        context.mkdir()
        shutil.copy(HALE, context / "hale")
        shutil.copy(APP, context / "app")
        shutil.copy(HERE / "Dockerfile", context)
        copy_busybox(context / "busybox")
        for name, target in IMAGES.items():
            self.docker("build", "-q", "-t", name, "--target", target, context)
        archive = RUN / "images.tar"
        self.docker("save", "-o", archive, *IMAGES)
        for node in self.nodes[1:]:
            node.docker("load", "-q", "-i", archive)

    def node(self, name):
        return self.nodes[NODES.index(name)]

    def tasks(self, service, running=True):
        """What inspect says of each task that should run, or of all."""
        ids = self.docker("service", "ps", "-q", "--no-trunc", service, *(
            ("--filter", "desired-state=running") if running else ())).split()
        return self.json("inspect", "--type", "task", *ids) if ids else []


def copy_busybox(to):
    """busybox with its libraries and the links sh and wget, as Alpine has them."""
    (to / "bin").mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), to / "bin/busybox")
    for name in ("sh", "wget"):
        (to / "bin" / name).symlink_to("busybox")
    for word in run("ldd", to / "bin/busybox", check=False).stdout.split():
        if word.startswith("/"):
            (to / word[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(word, to / word[1:])
