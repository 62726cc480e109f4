"""Fixtures of the system tests, and where their modules are: lib. HALE_BIN names the
binary under test."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import grpc_peers  # noqa: E402
import harness  # noqa: E402
import qemu  # noqa: E402

TEST_S = 300 * harness.SLOWER  # no test takes a tenth of it; one that hangs fails then
AGAIN_S = 5  # and again, where what cleans up hangs too


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "static_only: needs a binary that runs where there is nothing else")
    hear_signals()
    signal.signal(signal.SIGALRM, tell_hang)


def hear_signals():
    """nohup, and a shell for what it starts with &, ignore signals, and what is started
    inherits that. With a handler, though it does nothing, what is started has the default."""
    for sig in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(sig) == signal.SIG_IGN:
            signal.signal(sig, lambda *_: None)


def tell_hang(*_):
    raise AssertionError(f"the test hangs: it was not done within {TEST_S} s")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol():
    signal.setitimer(signal.ITIMER_REAL, TEST_S, AGAIN_S)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)


def refusal():
    """Why no namespaces can be made here, or None."""
    try:
        done = subprocess.run([harness.NS, "-o", "2", "--", "/bin/true"],
                              capture_output=True, text=True, timeout=harness.DEADLINE)
    except FileNotFoundError:
        return f"{harness.NS} is not built: make helpers"
    return None if done.returncode == 0 else f"namespaces refused: {done.stderr.strip()}"


def pytest_collection_modifyitems(config, items):
    if not os.path.exists(harness.HALE):
        pytest.exit(f"{harness.HALE} is not built: make", 1)
    if why := refusal():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=why))
    if not harness.is_static(harness.HALE):
        away = [item for item in items if item.get_closest_marker("static_only")]
        items[:] = [item for item in items if item not in away]
        config.hook.pytest_deselected(items=away)
    if harness.EMULATED:
        is_whole = not (config.option.keyword or config.option.deselect
                        or any("::" in word for word in config.args))
        if lost := qemu.expect_failures(items, is_whole):
            pytest.exit(f"{qemu.TABLE}: there are no such tests: {', '.join(lost)}", 1)


@pytest.fixture
def box():
    """Starts programs in boxes; all are ended with the test."""
    boxes = []

    def start(*argv, **options):
        boxes.append(harness.Box(*argv, **options))
        return boxes[-1]

    yield start
    for started in boxes:
        started.close()


@pytest.fixture
def hale(box):
    """hale("-g", "usr words of svc") starts hale with these options and a svc.

    The last argument is svc's words, or a list: the whole command."""
    def start(*argv, **options):
        *words, service = argv
        return box(harness.HALE, *words,
                   *(harness.svc(service) if isinstance(service, str) else service),
                   **options)
    return start


@pytest.fixture
def sick(hale, tmp_path):
    """sick(options...) starts hale with a service that can fall ill; MODE is
    its first state of health. "{}" in an option is the service's URL."""
    def start(*options, mode="200", **more):
        service = harness.Sick(tmp_path, mode)
        box = hale("--listen", str(harness.PORT),
                   *(word.replace("{}", service.url) for word in options),
                   service.argv, **more)
        box.service = int(box.out.expect(r"^up (\d+)$")[1])
        box.be = lambda mode: service.be(box, mode)
        return box
    return start


@pytest.fixture
def peers():
    """peers("go") is a client and server of gRPC; what it starts is ended with the test."""
    with grpc_peers.Peers() as started:
        yield started


@pytest.fixture
def empty_root(tmp_path):
    """A directory that holds nothing but /hale and /svc."""
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(harness.HALE, root / "hale")
    shutil.copy(harness.SVC, root / "svc")
    return root
