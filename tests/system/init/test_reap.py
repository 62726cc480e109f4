"""Orphans: taken in, reaped, counted; other processes' zombies left alone."""
import pytest

from harness import DEADLINE, HALE, SVC, svc, until

# A process whose parent is gone; it ends when standard input does.
ORPHAN = "fork { fork { ids read exit 3 } } wait"
IDS = r"^ids pid=(\d+)"


def pid_and_up(box):
    """The orphan's pid, once both it and the service have said that they are up."""
    return box.out.expect_each(IDS, "^up$")[0][1]


def test_an_orphan_becomes_hales_child_and_is_reaped(hale):
    box = hale(f"{ORPHAN} say up pause")
    pid = pid_and_up(box)
    until(lambda: box.children() == 2, "the orphan is hale's child")
    box.process.stdin.close()
    box.out.expect("^read end")
    until(lambda: box.state(pid) is None, "the orphan is reaped")
    until(lambda: box.state(1) == "S", "hale itself is not stopped")


def test_w_says_which_orphan_was_reaped(hale):
    box = hale("-w", f"{ORPHAN} say up pause")
    pid = box.out.expect(r"ids pid=(\d+)")[1]
    box.process.stdin.close()
    assert box.err.line() == f"hale: reaped orphan pid {pid}: it exited with code 3"


def test_w_does_not_call_the_service_an_orphan(hale):
    assert hale("-w", "exit 0").end() == (0, [], [])


def test_without_w_orphans_are_reaped_without_a_word(hale):
    box = hale("orphans 20 say up read")
    box.out.expect("^up$")
    until(lambda: box.children() == 1, "all are reaped")
    box.process.stdin.close()
    assert box.end() == (0, ["read end"], [])


def test_an_orphan_that_ended_before_its_parent_is_reaped_too(hale):
    box = hale("fork { fork { } } fork { fork { } } wait say up pause")
    box.out.expect("^up$")
    until(lambda: box.children() == 1, "both are reaped")


@pytest.mark.parametrize("sig, name", [(9, "SIGKILL"), (15, "SIGTERM"), (11, "SIGSEGV")])
def test_an_orphan_that_was_killed_is_reaped(hale, sig, name):
    box = hale("-w", f"fork {{ fork {{ ids die {sig} }} }} wait pause")
    pid = box.out.expect(r"ids pid=(\d+)")[1]
    assert box.err.line() == f"hale: reaped orphan pid {pid}: it was killed by {name}"
    until(lambda: box.state(pid) is None, "the orphan is reaped")


def test_a_daemon_in_a_session_of_its_own_is_reaped(hale):
    box = hale("fork { setsid fork { ids read } } wait say up pause")
    pid = pid_and_up(box)
    box.process.stdin.close()
    until(lambda: box.state(pid) is None, "the daemon is reaped")


def test_thousands_of_orphans_at_once_are_all_reaped_and_counted(hale):
    box = hale("--listen", "8080", "orphans 3000 say up pause")
    box.out.expect("^up$", 4 * DEADLINE)  # forks take long on a machine under load
    until(lambda: box.children() == 1, "all are reaped")
    assert box.status()["orphans_reaped"] == 3000


def test_orphans_piled_up_while_hale_was_stopped_are_all_reaped(hale):
    box = hale("say ready read orphans 1000 say up pause")
    box.out.expect("^ready$")
    box.signal(19)
    until(lambda: box.state(1) == "T", "hale is stopped")
    box.tell("go")
    box.out.expect("^up$")
    assert box.children() > 900
    box.signal(18)
    until(lambda: box.children() == 1, "all are reaped")


def test_signals_get_through_a_storm_of_orphans(hale):
    box = hale("catch fork { orphans 500 orphans 500 orphans 500 } say up pause")
    box.out.expect("^up$")
    for value in range(100):
        box.queue(34, value)
    for value in range(100):
        box.out.expect(f"^got 34 code=-1 value={value}$")


def test_the_services_code_is_not_lost_among_orphans(hale):
    for code in range(1, 40):
        box = hale(f"fork {{ orphans 50 }} orphans 20 fork {{ fork {{ exit 9 }} }} exit {code}")
        assert box.last_code() == code


def test_the_service_that_ends_with_its_children_is_noticed(hale):
    assert hale("fork { exit 1 } fork { exit 2 } fork { die 9 } exit 3").code() == 3


def test_a_zombie_whose_parent_lives_is_left_alone(hale):
    box = hale("--listen", "8080", "fork { ids } say up read wait say done pause")
    pid = box.out.expect(r"ids pid=(\d+)")[1]
    until(lambda: box.state(pid) == "Z", "the child is a zombie")
    assert box.get("/livez").status == 200
    assert box.status()["orphans_reaped"] == 0
    assert box.state(pid) == "Z"
    box.tell("wait for it")
    box.out.expect("^done$")
    assert box.state(pid) is None


def test_a_service_waiting_for_its_own_children_gets_them(hale):
    assert hale("fork { exit 1 } wait exit 5").code() == 5


def test_hale_leaves_at_once_though_orphans_are_left(hale):
    box = hale("fork { fork { ignore 15 say orphan pause } } wait read exit 6")
    box.out.expect("^orphan$")
    box.tell("end")
    assert box.code() == 6


def test_a_subreaper_takes_in_orphans_without_being_the_first_process(hale):
    box = hale("-s", "-w", f"{ORPHAN} say up pause", second=True)
    pid = pid_and_up(box)
    until(lambda: box.children() == 2, "the orphan is hale's child")
    box.process.stdin.close()
    assert box.err.line() == f"hale: reaped orphan pid {pid}: it exited with code 3"


def test_without_subreaper_orphans_go_to_the_first_process(hale):
    box = hale(f"{ORPHAN} say up pause", second=True)
    box.out.expect("^up$")
    assert box.children() == 1


def test_children_that_hale_was_born_with_are_reaped(box):
    """A program that starts children and then becomes hale leaves them to it."""
    started = box(SVC, "fork", "{", "ids", "read", "}", "exec", HALE, "-w",
                  *svc("say up pause"))
    pid = pid_and_up(started)
    started.process.stdin.close()
    assert started.err.line() == f"hale: reaped orphan pid {pid}: it exited with code 0"
