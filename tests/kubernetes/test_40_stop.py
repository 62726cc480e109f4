"""What happens between the deletion of a pod and its end."""
# SPDX-License-Identifier: MIT

import contextlib
import http.client
import os
import signal
import threading
import time

import cluster as kubernetes
from clients import request
from cluster import processes, state
from conftest import pod

CHECKED = {"HALE_LISTEN": "4253,probes", "HALE_CHECK": "http://localhost:8000/",
           "HALE_INTERVAL": "1s"}
BEGIN_S = 2.5  # for the kubelet to begin with a deletion
READY = {"readinessProbe": {"httpGet": {"path": "/readyz", "port": 4253},
                            "periodSeconds": 1, "failureThreshold": 1}}


def readyz(address):
    """The status of /readyz, None when hale does not answer."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        to = http.client.HTTPConnection(address, 4253, timeout=2)
        with contextlib.closing(to):
            to.request("GET", "/readyz")
            return to.getresponse().status
    return None


class Stop:
    """Delete a pod and note, in seconds from then, what it does until its end."""

    def __init__(self, space, thing):
        self.unready_s = self.deaf_s = self.end_s = None
        self.served = 0
        self.address = thing["status"]["podIP"]
        self.name = thing["metadata"]["name"]
        self.log = ""
        listening = threading.Thread(target=self.listen, args=(space,), daemon=True)
        listening.start()
        self.begun = time.monotonic()
        space.delete("pods", self.name)
        asking = threading.Thread(target=self.ask, daemon=True)
        asking.start()
        ended = space.until_ended(self.name)
        self.end_s, self.last = self.now(), state(ended)[1]
        asking.join()
        listening.join(10)

    def now(self):
        return time.monotonic() - self.begun

    def listen(self, space):
        """The log until its end, since a deleted pod has none."""
        with contextlib.suppress(OSError):
            self.log = space.logs(self.name, follow=True)

    def ask(self):
        while self.end_s is None:
            if self.unready_s is None and readyz(self.address) != 200:
                self.unready_s = self.now()
            if self.deaf_s is None:
                if request(self.address, 8000) is None:
                    self.served += 1
                else:
                    self.deaf_s = self.now()
            time.sleep(0.02)

    @property
    def served_s(self):
        """From the kubelet's first word to the last request that was answered.

        The kubelet takes up to a second to begin: its pod worker first waits for
        a look at the containers that is newer than its last work.
        """
        return self.deaf_s - self.unready_s

    @property
    def took_s(self):
        """The same to the end, which the kubelet notices within a second."""
        return self.end_s - self.unready_s

    @property
    def words(self):
        def s(value):
            return "never" if value is None else f"after {value:.1f} s"
        return (f"not ready {s(self.unready_s)}, serves on until {s(self.deaf_s)}, ends "
                f"{s(self.end_s)}, exit code {self.last['exitCode']}")


def stop_of(space, env, lifecycle=None, ready_probe=True, spec=None):
    more = {"lifecycle": lifecycle} if lifecycle else {}
    return Stop(space, space.ready_pod(pod(
        env=env, probes=READY if ready_probe else {}, spec=spec, **more)))


def pre_stop(*command):
    return {"preStop": {"exec": {"command": list(command)}}}


def test_a_deleted_pod_is_not_ready_at_once_serves_on_and_stops_after_the_drain(
        space, figure):
    stop = stop_of(space, {**CHECKED, "HALE_DRAIN": "3s"})
    figure(f"deletion with HALE_DRAIN 3s: {stop.words}")
    assert stop.unready_s < BEGIN_S
    assert 2.8 < stop.served_s < 3.6 and stop.served > 50
    assert stop.end_s >= stop.deaf_s - 0.1
    assert stop.last["exitCode"] == 0
    assert "app: bye" in stop.log


def test_hale_drain_as_prestop_keeps_sigterm_back(space, figure):
    stop = stop_of(space, CHECKED, pre_stop("/hale", "drain", "2s"))
    figure(f"deletion with preStop `hale drain 2s`: {stop.words}")
    assert stop.unready_s < BEGIN_S
    assert 1.8 < stop.served_s < 2.9 and stop.served > 30


def test_the_time_of_a_prestop_counts_towards_the_drain(space, figure):
    """Readiness has been off for 2 of the 4 seconds."""
    stop = stop_of(space, {**CHECKED, "HALE_DRAIN": "4s"},
                   pre_stop("/hale", "drain", "2s"))
    figure(f"deletion with preStop `hale drain 2s` and HALE_DRAIN 4s: {stop.words}")
    assert stop.unready_s < BEGIN_S
    assert 3.8 < stop.served_s < 5


def test_prestop_by_httpget_is_refused_and_the_log_says_how_to_do_it(space, figure):
    """The kubelet passes over the 403: without hale's line nobody would see it."""
    stop = stop_of(space, CHECKED, {"preStop": {"httpGet": {"path": "/drain",
                                                            "port": 4253}}})
    figure(f"deletion with preStop httpGet /drain: {stop.words}")
    assert stop.took_s < 2.5
    assert "hale drain" in stop.log


def test_a_deaf_service_is_killed_by_the_kubelet_at_the_end_of_its_grace(space, figure):
    stop = stop_of(space, {**CHECKED, "DO_DEAF": 1},
                   spec={"terminationGracePeriodSeconds": 4})
    figure(f"a service deaf to SIGTERM, grace 4 s: {stop.words}")
    assert 3.5 < stop.took_s < 6.5
    assert stop.last["exitCode"] == 137


def test_a_deaf_service_is_killed_by_hale_at_the_end_of_its_stop_timeout(space, figure):
    stop = stop_of(space, {**CHECKED, "DO_DEAF": 1, "HALE_STOP_TIMEOUT": "2s"})
    figure(f"a service deaf to SIGTERM, HALE_STOP_TIMEOUT 2s: {stop.words}")
    assert 1.8 < stop.took_s < 4
    assert stop.last["exitCode"] == 137


def test_a_service_that_is_not_live_and_deaf_is_killed_after_10_seconds(space, figure):
    """It is not drained, and has a stop timeout though none was set."""
    thing = space.ready_pod(pod(env={**CHECKED, "HALE_DRAIN": "5s", "DO_DEAF": 1},
                                probes=READY))
    os.kill(processes(thing, "app")[0], signal.SIGUSR1)
    space.until("pods", "app", lambda p: not kubernetes.ready(p))
    stop = Stop(space, thing)
    figure(f"a service that is not live and deaf, HALE_DRAIN 5s: {stop.words}")
    assert 9 < stop.end_s < 13.5
