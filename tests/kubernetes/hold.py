"""A cluster with one pod, to look at or to stop; for scripts/kubernetes --hold."""
# SPDX-License-Identifier: MIT

import signal

import cluster as kubernetes
from conftest import Space, pod


def main():
    cluster = kubernetes.Cluster()
    cluster.start()
    space = Space(cluster, "hold")
    made = space.ready_pod(pod(env={"HALE_LISTEN": "4253"}))
    print(f"held: pod {made['metadata']['name']} at {made['status']['podIP']}", flush=True)
    signal.pause()


main()
