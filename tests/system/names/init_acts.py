"""What the rows of init_rows.py do with a box: signals, waits, and what is seen of it."""
import contextlib
import os
import pathlib
import signal

from harness import readable, until

LATE_S = 0.5  # what hangs shows in nothing that happens


def fields(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def inhabitants(box):
    """The pids, as they are outside, of all in the box: the init first."""
    own = os.readlink(f"/proc/{box.pid}/ns/pid")
    yield box.pid
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{name}/ns/pid") == own and int(name) != box.pid:
                yield int(name)


def is_quiet(box):
    """Nobody in the box runs, or has a signal to come that it would take."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for pid in inhabitants(box):
            have = fields(pid)
            pending = int(have["ShdPnd"], 16) | int(have["SigPnd"], 16)
            if have["State"][0] not in "STZ" or (have["State"][0] == "S" and pending):
                return False
        return True
    return False


def quiet(box):
    until(lambda: is_quiet(box) and is_quiet(box), "nobody does anything")


def up(box):
    box.out.expect("^up$")
    until(lambda: box.state(1) == "S", "the init sleeps")


def end(box):
    """Ends everything, and returns what the service wrote."""
    box.signal(signal.SIGKILL)
    return [text for text in box.out.rest() if not text.startswith("ids ")]


def gets(*signals):
    """The signals that come out of these, which are sent one by one."""
    def do(box):
        up(box)
        for sig in signals:
            box.signal(sig)
            quiet(box)
        return {int(text.split()[1]) for text in end(box) if text.startswith("got ")}
    return do


def lines_of(*signals):
    """How many lines there are of these."""
    def do(box):
        up(box)
        for sig in signals:
            box.signal(sig)
            quiet(box)
        return sum(text.startswith("got ") for text in end(box))
    return do


def lines_by_key(key):
    def do(box):
        up(box)
        box.press(key)
        box.out.expect("got 2 ")  # after "^C", the terminal's echo
        quiet(box)
        return 1 + sum("got 2 " in text for text in end(box))  # and 1, for the hang-up
    return do


def becomes(state, sig):
    """The service's state after the signal, and that SIGCONT to the init continues it."""
    def do(box):
        up(box)
        box.signal(sig)
        until(lambda: box.state(2) == state, f"the service is in state {state}")
        box.signal(signal.SIGCONT)
        box.out.expect("^got 18 ")
        return end(box)
    return do


def ended(box):
    """Has it refused to start the service?"""
    text = box.out.line()
    box.out.expect = (lambda pattern, expect=box.out.expect:
                      text if pattern == "^up$" else expect(pattern))
    return text is None


def state_after(sig):
    def do(box):
        up(box)
        box.signal(sig)
        quiet(box)
        found = box.state(2)
        end(box)
        return found
    return do


def own_state_after(sig):
    """The init's own state, where it is not PID 1, and that it goes on by SIGCONT."""
    def do(box):
        box.out.expect("^up$")
        until(lambda: fields(box.pid)["State"][0] == "S", "the init sleeps")
        box.signal(sig)
        until(lambda: box.state(3) == "T", "the service is stopped")
        until(lambda: fields(box.pid)["State"][0] in "ST", "the init has done it")
        quiet(box)
        found = fields(box.pid)["State"][0]
        box.signal(signal.SIGCONT)
        box.out.expect("^got 18 ")
        end(box)
        return found
    return do


def stopped_by(sig):
    def do(box):
        up(box)
        box.signal(sig)
    return do


def kid_got_term(told):
    """Once it was told, the service ends, and what it leaves gets SIGTERM."""
    def do(box):
        box.out.expect("^up$")
        box.tell(told)
        box.out.expect("^got 15 ")
        end(box)
        return "got 15"
    return do


def nothing_after(told):
    def do(box):
        box.out.expect("^up$")
        box.tell(told)
        box.out.expect("^over$")
        quiet(box)
        return end(box)
    return do


def children_left(box):
    """Once the orphans have ended."""
    box.out.expect("^done$")
    until(lambda: box.children() == 1, "they are reaped")
    end(box)
    return 1


def all_reaped(box):
    box.out.expect("^done$")
    until(lambda: box.children() == 1, "they are reaped")
    box.process.stdin.close()


def children_adopted(box):
    """Once the middle one is a zombie of the service, the inner one has another parent."""
    box.out.expect("^up$")
    until(lambda: any(box.state(pid) == "Z" for pid in box.pids()), "the middle one has ended")
    found = box.children()
    end(box)
    return found


def loses_end(box):
    """Does it stay, though its service has ended? catatonit may notice at its start that the
    service is not there, and then fails."""
    def is_alone():
        with contextlib.suppress(OSError):
            return box.pids() == {1}
        return True

    until(is_alone, "the service has ended")
    stays = not readable(box.report.fd, LATE_S)
    if stays:
        box.signal(signal.SIGKILL)
    return stays or box.code() == 1


def out_of(pattern):
    return lambda box: box.out.expect(pattern)[1]


def sleeper_reaped(box):
    """An orphan of another command's comes to PID 1 and is reaped."""
    until(lambda: box.state(1) == "S", "it sleeps")
    pid = int(box.run("/bin/sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!").stdout)
    until(lambda: box.children() == 1, "it is PID 1's child")
    box.run("/bin/kill", str(pid))
    until(lambda: box.children() == 0, "it is reaped")


def pauses_until(sig, *before):
    def do(box):
        sleeper_reaped(box)
        for other in before:
            box.signal(other)
            quiet(box)
        box.signal(sig)
    return do


def below(command):
    """The init's command line below a shell that is PID 1 and stays."""
    return ["/bin/sh", "-c", '"$@"; echo over; exec sleep 1000', "sh", *command]
