"""Children that hale has from before its first service: they are not left behind."""
import re
import shlex
import signal

import pytest

from box import HALE, SVC, svc, until

TERM = signal.SIGTERM
LISTEN = ["--listen", "8080"]
AGAIN = ["--restart", "always", "--backoff", "0"]
SOON = 5  # seconds: SERVICE_CLEAR_MAX_MS is 10000
HELPER = "catch quit 15 0 say helper pause"
DAEMON = "fork { setsid catch quit 15 9 say ready pause } read"
LEAVING = "fork { setsid ignore 15 say left pause } read exit 1"


def script(helper):
    """An entrypoint script: its arguments are the command."""
    return ["/bin/sh", "-c", f'{shlex.join(svc(helper))} & exec "$@"', "sh"]


@pytest.fixture(params=["PID 1", "a subreaper"])
def beside(box, request):
    """Starts a helper and, in the place of its parent, hale with a svc; waits for
    the words "helper" and `also`, in any order."""
    second = request.param == "a subreaper"

    def start(helper, *argv, also=()):
        *options, words = argv
        started = box(*script(helper), HALE, *(["-s"] if second else []), *options,
                      *svc(words), second=second)
        started.out.expect_each("^helper$", *(f"^{word}$" for word in also))
        started.helper, started.first = (3, 4) if second else (2, 3)
        return started
    return start


def lives(box, pid):
    return box.state(pid) in ("R", "S")


# --- when the service ends -----------------------------------------------------------

def test_a_helper_that_was_there_before_the_service_is_not_named_as_left(beside):
    box = beside(HELPER, "read exit 0")
    box.tell("go")
    code, _, err = box.end()
    assert code == 0
    assert not [line for line in err if "left" in line]


def test_what_the_service_left_beside_a_helper_is_named_alone(beside):
    box = beside(HELPER, f"{DAEMON} exit 0", also=["ready"])
    box.tell("go")
    err = box.end()[2]
    left = box.first + 1
    assert [line for line in err if "left" in line] == [
        f"hale: {SVC} (pid {box.first}) exited with code 0 and left svc (pid {left}) running: "
        "start it in the foreground, or use --follow-orphan"]


def test_an_upgrade_beside_a_helper_is_followed(beside):
    box = beside(HELPER, "--follow-orphan", f"{DAEMON} exit 0", also=["ready"])
    box.tell("go")
    box.err.expect(rf"exited with code 0: pid {box.first + 1} is the service now$")
    box.signal(TERM)
    assert box.code() == 9


def test_a_helper_is_not_followed(beside):
    box = beside("catch quit 15 9 say helper pause", "--follow-orphan", "read exit 0")
    box.tell("go")
    code, _, err = box.end()
    assert code == 0
    assert not [line for line in err if "is the service now" in line]


# --- a restart -----------------------------------------------------------------------

def test_a_restart_spares_a_helper_and_its_children(beside):
    box = beside("fork { setsid fork { say deep pause } pause } say helper pause",
                 *AGAIN, "ids read exit 1", also=["deep", "ids .*"])
    first = int(re.search(r"^ids pid=(\d+)", box.out.seen, re.M)[1])
    helpers = box.pids() - {first}
    for _ in range(2):
        box.tell("go")
        box.err.expect("restarting")
        box.out.expect("^ids ", timeout=SOON)
    assert helpers < box.pids() - {first}
    assert all(lives(box, pid) for pid in helpers)


def test_a_restart_beside_a_helper_kills_what_the_service_left_and_goes_on(beside):
    box = beside(HELPER, *AGAIN, LEAVING, also=["left"])
    box.tell("go")
    box.err.expect(rf"killing what .*svc left: svc \(pid {box.first + 1}\)$")
    box.out.expect("^left$", timeout=SOON)
    assert box.state(box.first + 1) is None
    assert lives(box, box.helper)


def test_so_it_does_when_the_left_are_more_than_are_killed_at_a_time(beside):
    many = "fork { setsid pause } " * 600  # TREE_KILL_MAX is 512
    box = beside("fork { setsid say deep pause } say helper pause", *AGAIN,
                 f"{many} say up read exit 1", also=["deep", "up"])
    box.tell("go")
    box.out.expect("^up$", timeout=SOON)
    assert lives(box, box.helper)
    assert len(box.pids()) <= 605


def test_while_the_left_have_their_time_a_helper_gets_no_signal(beside):
    box = beside("catch say helper pause", *AGAIN, "--linger", "1h",
                 "fork { setsid catch quit 15 0 say left pause } read exit 1", also=["left"])
    box.tell("go")
    box.out.expect("^left$", timeout=SOON)
    assert box.out.seen.count("got 15 ") == 1
    assert lives(box, box.helper)


def test_without_proc_a_restart_ends_a_helper_as_well(box):
    """Nobody can be told from whom the service left."""
    started = box(*script(HELPER), HALE, *AGAIN, *svc(LEAVING), no_proc=True)
    started.out.expect_each("^helper$", "^left$")
    started.tell("go")
    started.out.expect("^left$", timeout=SOON)


# --- the end of hale -----------------------------------------------------------------

def test_a_helper_gets_sigterm_and_its_time_when_the_service_has_ended(beside):
    box = beside(HELPER, "--linger", "1h", "read exit 3")
    box.tell("go")
    box.out.expect("^got 15 ")
    assert box.code() == 3


def test_a_helper_is_killed_with_a_service_that_does_not_stop_in_time(beside):
    box = beside("ignore 15 say helper pause", "--stop-timeout", "10ms",
                 "ignore 15 say up pause", also=["up"])
    box.signal(TERM)
    box.err.expect(rf"did not stop in time: killing .*svc \(pid {box.helper}\), "
                   rf"svc \(pid {box.first}\)$")
    assert box.code() == 137


def test_a_stop_in_the_wait_for_a_restart_gives_a_helper_sigterm_and_its_time(beside):
    box = beside(HELPER, "--restart", "always", "--backoff", "1h", "--linger", "1h",
                 *LISTEN, "say up read exit 3", also=["up"])
    box.tell("go")
    until(lambda: box.status()["service"]["pid"] == 0, "the service has ended")
    box.signal(TERM)
    box.out.expect("^got 15 ")
    assert box.code() == 3


def test_so_does_one_while_the_left_have_their_time(beside):
    box = beside(HELPER, *AGAIN, "--linger", "1h",
                 "fork { setsid catch say left pause } read exit 3", also=["left"])
    box.tell("go")
    box.out.expect("^got 15 ")
    assert lives(box, box.helper)
    box.signal(TERM)
    until(lambda: box.state(box.helper) is None, "the helper is reaped")
    assert lives(box, box.first + 1)
    box.signal(TERM)
    code, out, _ = box.end()
    assert code == 3
    assert [line for line in out if "got" in line] == ["got 15 code=0 value=0"]
