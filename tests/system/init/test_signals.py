"""Signals: which reach the service, when, with what, and how often."""
import re

import pytest

from harness import HALE, SVC, svc, until

CATCH = "catch say up pause"
KILL, STOP, CHLD, CONT, TERM = 9, 19, 17, 18, 15
JOB_STOPS = [20, 21, 22]  # TSTP TTIN TTOU
FAULTS = [4, 5, 6, 7, 8, 11, 31]
ALL = [s for s in range(1, 65) if s not in (KILL, STOP, CHLD)]
LAST = 64  # is read after all others: when it arrived, all before it did
KEEP_JOB_STOPS = ["-r", "TSTP:TSTP", "-r", "TTIN:TTIN", "-r", "TTOU:TTOU"]


def up(hale, *argv, **options):
    """hale with a service that has its handlers in place."""
    box = hale(*argv, **options)
    box.out.expect("^up$")
    return box


def got_up_to(box, last=LAST):
    """The signals that the service got, the last one left out."""
    got = []
    while True:
        sig = int(box.out.expect(r"^got (\d+)")[1])
        if sig == last:
            return got
        got.append(sig)


@pytest.mark.parametrize("sig", ALL)
def test_every_signal_from_outside_reaches_the_service(hale, sig):
    box = up(hale, *KEEP_JOB_STOPS, CATCH)
    box.signal(sig)
    assert box.out.line().startswith(f"got {sig} ")


@pytest.mark.parametrize("sig", ALL)
def test_every_signal_from_inside_reaches_the_service(hale, sig):
    box = hale(*KEEP_JOB_STOPS, f"catch kill 1 {sig} pause")
    box.out.expect(f"^got {sig} ")


@pytest.mark.parametrize("sig", ALL)
def test_every_signal_is_forwarded_when_hale_is_not_the_first_process(hale, sig):
    box = up(hale, *KEEP_JOB_STOPS, CATCH, second=True)
    box.signal(sig)
    assert box.out.line().startswith(f"got {sig} ")


@pytest.mark.parametrize("sig", FAULTS)
def test_a_fault_signal_sent_with_a_value_is_forwarded_with_it(hale, sig):
    box = up(hale, CATCH)
    box.queue(sig, 42)
    assert box.out.line() == f"got {sig} code=-1 value=42"


@pytest.mark.parametrize("sig", [1, 10, 15, 32, 33, 34, 64])
def test_the_value_of_a_queued_signal_is_kept(hale, sig):
    box = up(hale, CATCH)
    for value in (1, -1, 2**31 - 1):
        box.queue(sig, value)
        assert box.out.line() == f"got {sig} code=-1 value={value}"


def test_sigchld_sent_by_hand_is_not_forwarded(hale):
    box = up(hale, CATCH)
    box.signal(CHLD)
    box.signal(LAST)
    assert got_up_to(box) == []


def test_the_same_signal_sent_again_reaches_the_service_again(hale):
    box = up(hale, CATCH)
    for _ in range(50):
        box.signal(1)
        assert box.out.line().startswith("got 1 ")


# --- none is lost ------------------------------------------------------------

def steps_of_the_start(hale, sig, *argv, **options):
    """Starts hale again and again, each time with the signal sent one system
    call later than before, until it comes after the service's exec."""
    for step in range(1, 2000):
        box = hale(*argv, step=f"{step}:{sig}", **options)
        taken = int(box.report.expect(r"^steps (\d+)")[1])
        yield step, box
        box.close()
        if taken < step:
            return
    raise AssertionError("the start does not end")


@pytest.mark.static_only  # the dynamic loader makes hundreds of steps of no interest
@pytest.mark.parametrize("options", [[], ["-g"], ["-r", "USR1:USR1", "--listen", "8080"]], ids=str)
@pytest.mark.parametrize("sig", [10, TERM, 34, 11])
def test_a_signal_at_any_moment_of_the_start_reaches_the_service(hale, sig, options):
    lost, step = [], 0
    for step, box in steps_of_the_start(hale, sig, *options, CATCH, block=["all"]):
        box.out.expect("^(up|got)")
        box.signal(LAST)
        if f"got {sig} " not in box.out.seen and sig not in got_up_to(box):
            lost.append(step)
            if len(lost) == 3:  # each has waited for what does not come
                break
    assert lost == []
    assert step > 20


@pytest.mark.static_only
def test_hale_blocks_all_signals_before_anything_else(hale):
    """Unblocked ones that come before its first few calls are the kernel's to
    drop: it does so for every first process. From then on none is lost."""
    lost, steps = [], 0
    for steps, box in steps_of_the_start(hale, 10, "say up pause"):
        box.out.line()  # "up", or the end
        box.signal(LAST)
        if box.code() != 128 + 10:
            lost.append(steps)
    assert lost == list(range(1, len(lost) + 1))
    assert len(lost) <= 12 < steps  # 6 calls: the C library's start and the mask


def test_a_signal_pending_before_hales_own_exec_reaches_the_service(box):
    started = box("/bin/sh", "-c", f"kill -10 $$; kill -34 $$; exec {HALE} {SVC} {CATCH}",
                  block=[10, 34])
    assert {int(started.out.expect(r"^got (\d+)")[1]) for _ in range(2)} == {10, 34}


def test_ten_thousand_queued_signals_arrive_in_order_with_their_values(hale):
    box = up(hale, CATCH)
    for value in range(10000):
        box.queue(34, value)
    for value in range(10000):
        assert box.out.line() == f"got 34 code=-1 value={value}"


def test_a_flood_from_the_service_itself_right_after_its_start_is_not_lost(hale):
    box = hale("block all catch say up flood 1 40 10000 pause")
    box.out.expect("^up$")
    for value in range(10000):
        assert box.out.line() == f"got 40 code=-1 value={value}"


def test_a_flood_piled_up_while_hale_was_stopped_is_not_lost(hale):
    box = up(hale, CATCH)
    box.signal(STOP)
    until(lambda: box.state(1) == "T", "hale is stopped")
    for value in range(3000):
        box.queue(50, value)
    box.signal(CONT)
    box.out.expect("^got 18 ")
    for value in range(3000):
        assert box.out.line() == f"got 50 code=-1 value={value}"


def test_a_mix_of_all_real_time_signals_is_not_lost(hale):
    box = up(hale, CATCH)
    for value in range(100):
        for sig in range(34, 65):
            box.queue(sig, value)
    got = {sig: [] for sig in range(34, 65)}
    for _ in range(100 * len(got)):
        sig, value = box.out.expect(r"^got (\d+) code=-1 value=(\d+)").groups()
        got[int(sig)].append(int(value))
    assert all(values == list(range(100)) for values in got.values())


def test_a_burst_of_every_standard_signal_reaches_the_service(hale):
    box = up(hale, *KEEP_JOB_STOPS, CATCH)
    sent = [s for s in ALL if s < 32]
    for sig in [*sent, LAST]:
        box.signal(sig)
    got = got_up_to(box)
    # A stop signal takes a pending CONT away, and the other way round.
    assert set(sent) - {CONT, *JOB_STOPS} <= set(got) <= set(sent)
    assert len(got) == len(set(got))


# --- groups ------------------------------------------------------------------

PAIR = "fork { catch say child pause } catch say up pause"


def test_with_g_the_whole_group_gets_the_signal(hale):
    box = hale("-g", PAIR)
    assert {box.out.line(), box.out.line()} == {"up", "child"}
    box.signal(10)
    assert [box.out.line()[:7] for _ in range(2)] == ["got 10 "] * 2


@pytest.mark.parametrize("options", [[], ["-c"], ["-g", "-c"]], ids=str)
def test_without_g_only_the_service_gets_the_signal(hale, options):
    box = hale(*options, PAIR)
    assert {box.out.line(), box.out.line()} == {"up", "child"}
    box.signal(10)
    box.signal(LAST)
    assert [box.out.line()[:7] for _ in range(2)] == ["got 10 ", "got 64 "]


def test_with_g_stop_reaches_the_group(hale):
    box = hale("-g", "fork { catch quit 15 0 say child pause } ignore 15 say up wait exit 4")
    box.out.expect_each("^child$", "^up$")
    box.signal(TERM)
    box.out.expect("^got 15")
    assert box.code() == 4


def test_with_g_hale_itself_does_not_get_what_it_sends(hale):
    box = up(hale, "-g", CATCH, second=True)
    box.signal(10)
    box.out.expect("^got 10 ")
    box.signal(LAST)
    assert got_up_to(box) == []


# --- rewriting ---------------------------------------------------------------

@pytest.mark.parametrize("option, sent, got", [
    ("-rUSR1:USR2", 10, 12), ("--rewrite=SIGUSR1:SIGUSR2", 10, 12), ("-r10:12", 10, 12),
    ("-rRTMIN:RTMAX-1", 34, 63), ("-rRTMIN+1:RTMAX-30", 35, 34), ("-rHUP:QUIT", 1, 3),
    ("-rSEGV:USR1", 11, 10), ("-r32:33", 32, 33), ("-rTSTP:TSTP", 20, 20),
    ("-rTTIN:USR1", 21, 10), ("-rusr1:usr2", 10, 12), ("-r64:USR1", 64, 10),
    ("-rUSR1:64", 10, 64)])
def test_a_rewritten_signal_arrives_as_the_other(hale, option, sent, got):
    box = up(hale, option, CATCH)
    box.signal(sent)
    assert box.out.line().startswith(f"got {got} ")


def test_rewriting_to_zero_drops_the_signal(hale):
    box = up(hale, "-r", "USR1:0", "-r", "HUP:0", CATCH)
    for sig in (1, 10, 12):
        box.signal(sig)
    box.signal(LAST)
    assert got_up_to(box) == [12]


def test_rewriting_is_not_repeated(hale):
    box = up(hale, "-r", "USR1:USR2", "-r", "USR2:USR1", CATCH)
    box.signal(10)
    assert box.out.line().startswith("got 12 ")
    box.signal(12)
    assert box.out.line().startswith("got 10 ")


def test_the_last_rewriting_of_a_signal_counts(hale):
    box = up(hale, "-r", "USR1:HUP", "-r", "USR1:USR2", CATCH)
    box.signal(10)
    assert box.out.line().startswith("got 12 ")


def test_a_rewritten_signal_keeps_its_value(hale):
    box = up(hale, "-r", "RTMIN:RTMIN+5", CATCH)
    box.queue(34, 7)
    assert box.out.line() == "got 39 code=-1 value=7"


# --- stop and continue -------------------------------------------------------

@pytest.mark.parametrize("sig", JOB_STOPS)
def test_a_terminal_stop_becomes_a_real_stop_where_the_kernel_would_drop_it(hale, sig):
    box = hale("ids catch say up pause")
    pid = box.out.expect(r"pid=(\d+)")[1]
    box.out.expect("^up$")
    box.signal(sig)
    until(lambda: box.state(pid) == "T", "the service is stopped")
    until(lambda: box.state(1) == "S", "hale itself is not stopped")
    box.signal(CONT)
    assert re.match("got 18 ", box.out.line())


def test_a_stopped_service_gets_what_was_sent_when_it_goes_on(hale):
    box = hale("ids catch say up pause")
    pid = box.out.expect(r"pid=(\d+)")[1]
    box.out.expect("^up$")
    box.signal(20)
    until(lambda: box.state(pid) == "T", "the service is stopped")
    box.signal(10)
    box.signal(CONT)
    assert {box.out.line()[:7] for _ in range(2)} == {"got 10 ", "got 18 "}


def test_a_service_that_stops_itself_is_not_taken_for_dead(hale):
    box = hale("ids catch kill self 19 say again exit 3")
    pid = box.out.expect(r"pid=(\d+)")[1]
    until(lambda: box.state(pid) == "T", "the service is stopped")
    box.signal(CONT)
    box.out.expect("^again$")
    assert box.code() == 3


# --- root without CAP_KILL, as after `docker run --cap-drop ALL` --------------

NO_KILL = ["setpriv", "--bounding-set", "-kill,-sys_ptrace", "--inh-caps", "-all"]
OTHER_USER = ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"]


@pytest.mark.parametrize("options", [[], ["-g"]])
def test_a_service_of_another_user_is_stopped_without_cap_kill(box, options):
    up = box(*NO_KILL, HALE, *options, *OTHER_USER, *svc("catch quit 15 7 say up pause"))
    up.out.expect("^up$")
    up.signal(15)
    assert up.code() == 7


def test_a_service_of_another_user_is_killed_without_cap_kill(box):
    up = box(*NO_KILL, HALE, "--stop-timeout", "100ms", *OTHER_USER,
             *svc("ignore 15 say up pause"))
    up.out.expect("^up$")
    up.signal(15)
    assert up.code() == 137


def test_a_queued_value_reaches_a_service_of_another_user(box):
    up = box(*NO_KILL, HALE, *OTHER_USER, *svc("catch say up pause"))
    up.out.expect("^up$")
    up.queue(10, 4711)
    assert up.out.line() == "got 10 code=-1 value=4711"
