"""What the tests with real programs from packages share."""
import pathlib
import re
import shutil

import pytest

from box import PATH, PORT, until

TERM, INT, QUIT, USR1, USR2, HUP, WINCH, KILL = 15, 2, 3, 10, 12, 1, 28, 9
PROBES = ["--listen", "8080"]
SERVED = 8000  # where each program serves, in the network of its own box


def path_of(name):
    return shutil.which(name, path=PATH)


def needs(name):
    return pytest.mark.skipif(path_of(name) is None, reason=f"there is no {name}")


def page(box, path="/", port=SERVED):
    """The answer, or None while nothing listens there."""
    try:
        return box.get(path, port=port)
    except (ConnectionRefusedError, ConnectionResetError, AttributeError):
        return None  # the last: the connection was closed without an answer


def serves(box, wanted, port=SERVED):
    """Waits until the page has this in its body."""
    seen = [None]

    def has_it():
        seen[0] = page(box, port=port)
        return seen[0] and wanted in seen[0].body
    try:
        until(has_it, f"it serves {wanted}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it serves {seen[0] and seen[0].body}") from None


def refuses(box, port=SERVED):
    """Waits until nothing accepts connections there any more."""
    def refused():
        try:
            box.connect(port).close()
        except ConnectionRefusedError:
            return True
        return False
    until(refused, f"port {port} is closed")


def is_ready(box, status=200):
    """Waits for hale's answer; it may not listen yet."""
    def answers():
        answer = page(box, "/readyz", PORT)
        return answer and answer.status == status
    until(answers, f"/readyz is {status}")


def hears(box, sig, pid=2):
    """Waits until the process has a handler for the signal."""
    def caught():
        status = pathlib.Path(box.inner(f"proc/{pid}/status")).read_text()
        return int(re.search(r"^SigCgt:\t(.*)$", status, re.M)[1], 16) >> sig - 1 & 1
    until(caught, f"{pid} has a handler for signal {sig}")


def service_pid(box):
    return box.status()["service"]["pid"]


def stop(box, sig, words):
    """Sends the signal, waits for the program's own words, then for the end."""
    box.signal(sig)
    box.err.expect(words)
    return box.code()
