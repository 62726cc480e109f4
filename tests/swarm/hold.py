"""A swarm with one service, to look at or to stop; for scripts/swarm --hold."""
# SPDX-License-Identifier: MIT

import signal

import cluster


def main():
    swarm = cluster.Swarm()
    swarm.start()
    swarm.docker("service", "create", "--name", "hold", "--no-resolve-image", "app:1")
    print(f"held: {len(swarm.tasks('hold'))} task", flush=True)
    signal.pause()


main()
