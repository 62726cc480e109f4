"""The endpoints of a Service, followed."""
# SPDX-License-Identifier: MIT

import bisect
import threading
import time


class Endpoints:
    """The addresses behind a Service, now and in the past."""

    def __init__(self, space, service, within_s=300):
        self.moments, self.sets = [], []
        self.changed = threading.Condition()
        self.watch = threading.Thread(target=self.follow, daemon=True,
                                      args=(space, service, within_s))
        self.watch.start()

    def follow(self, space, service, within_s):
        path = space.path("endpoints")
        for sort, thing in space.cluster.watch(path, within_s, service):
            found = [a["ip"] for part in thing.get("subsets") or ()
                     for a in part.get("addresses") or ()]
            with self.changed:
                self.moments.append(time.monotonic())
                self.sets.append(found if sort != "DELETED" else [])
                self.changed.notify_all()

    def at(self, moment):
        """What stood there at that moment of time.monotonic()."""
        found = bisect.bisect_right(self.moments, moment)
        return self.sets[found - 1] if found else []

    def until(self, good, within_s=60):
        """Wait until good(addresses); the moment when that came."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.sets and good(self.sets[-1]),
                                         within_s):
                raise AssertionError(f"endpoints after {within_s} s: {self.sets[-1:]}")
            return self.moments[-1]
