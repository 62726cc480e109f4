"""Runs a program as PID 1 of its own namespaces and watches it from outside.

Nothing here sleeps for a time: each wait is for a line, a descriptor, an exit
or a condition, and DEADLINE only bounds how long a failing test takes.
"""
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import pickle
import re
import resource
import select
import shlex
import signal
import socket
import struct
import subprocess
import termios
import time

TOP = pathlib.Path(__file__).resolve().parents[3]
HALE = str(pathlib.Path(os.environ.get("HALE_BIN", TOP / "build/hale")).absolute())
HELPERS = pathlib.Path(os.environ.get("HALE_HELPERS", TOP / "build/helpers")).absolute()
NS, SVC, SICK = (str(HELPERS / name) for name in ("ns", "svc", "sick"))
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PORT = 8080
EM_386, EM_PPC64, EM_X86_64 = 3, 21, 62
PAYS_FOR_PIPES = 54322  # nobody's id

libc = ctypes.CDLL(None, use_errno=True)


def is_static(path):
    with open(path, "rb") as binary:
        return b"/ld-linux" not in binary.read(4096)  # PT_INTERP is near the start


def machine(path):
    """e_machine of the ELF header: which kind of CPU a binary is for."""
    with open(path, "rb") as binary:
        head = binary.read(20)
    return int.from_bytes(head[18:20], "big" if head[5] == 2 else "little")


# qemu's user emulation runs a binary of another CPU, but for that of an older x86.
EMULATED = os.path.exists(HALE) and machine(HALE) not in (machine("/proc/self/exe"), EM_386)
# How often as long as natively anything may take: each program is translated as it runs.
SLOWER = 4 if EMULATED else 1
DEADLINE = 15 * SLOWER
# The pid of what hale starts first: a thread of qemu's own has the 2.
FIRST = 3 if EMULATED else 2
# And of what that starts, as a fork of qemu's has a thread before it is another program.
SECOND = 5 if EMULATED else 3


def has_own_memory():
    """What a process of hale's has is its own: no sanitizer's and no emulator's."""
    return is_static(HALE) and not EMULATED


def runs_hale(pid):
    """Whether a process is hale: by its binary or, where that is qemu's, by its words."""
    proc = pathlib.Path(f"/proc/{pid}")
    if EMULATED:
        return proc.joinpath("cmdline").read_bytes().split(b"\0")[1:2] == [HALE.encode()]
    return os.readlink(proc / "exe") == os.path.realpath(HALE)


def roomy_pipe(make=os.pipe):
    """A pipe of the usual size, where root has too many for another one.

    Beyond pipe-user-pages-soft (pipe(7)) a pipe has two pages, but for who is root outside of
    emulate.py's user namespace, too. Under qemu, which has no pwritev2(), each line of hale's
    takes a page: of three at once it drops one. So another user pays for the pipe, by this
    thread's real id."""
    sys_setresuid = 117 if os.uname().machine == "x86_64" else 147
    is_other = os.getuid() == 0 and libc.syscall(sys_setresuid, PAYS_FOR_PIPES, -1, -1) == 0
    try:
        return make()
    finally:
        if is_other:
            libc.syscall(sys_setresuid, 0, -1, -1)


if EMULATED:
    os.pipe = roomy_pipe  # subprocess takes it, too


def has_aes():
    """hale has AES by the CPU's instructions, and offers it before ChaCha20: BearSSL has
    code for an x86's and for POWER's, which every ppc64le is."""
    if machine(HALE) == EM_PPC64:
        return True
    cpu = pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    return machine(HALE) in (EM_386, EM_X86_64) and " aes " in cpu


def svc(words):
    """The command that runs tests/helpers/svc with these words."""
    return [SVC, *shlex.split(words)]


def ignore(sig):
    """For a child before its exec: ignores sig, also one that libc keeps for itself."""
    sys_rt_sigaction = 13 if os.uname().machine == "x86_64" else 134
    ignored = struct.pack("QQQQ", signal.SIG_IGN, 0, 0, 0)
    if libc.syscall(sys_rt_sigaction, int(sig), ignored, None, 8) < 0:
        os._exit(99)


class Sick:
    """tests/helpers/sick as the service, and the FIFO that makes it ill."""

    def __init__(self, directory, mode="200", port=8000):
        self.fifo = directory / "sick"
        self.argv = [SICK, str(port), str(self.fifo), mode]
        self.url = f"http://127.0.0.1:{port}/"

    def be(self, box, mode):
        """Changes the mode and waits until it is in force."""
        fd = os.open(self.fifo, os.O_WRONLY)
        os.write(fd, mode.encode() + b"\n")
        os.close(fd)
        box.out.expect(f"^mode {mode}$")


def until(condition, what="condition"):
    """Waits until condition() is true and returns its value. Only for what
    has no descriptor to wait on, such as another process's state in /proc."""
    end = time.monotonic() + DEADLINE
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not in {DEADLINE} s: {what}")
        select.select([], [], [], 0.002)
    return value


def readable(fd, timeout):
    """Waits for bytes or the end; select() would stop at descriptor 1023."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


class Lines:
    """What comes out of a descriptor, by lines."""

    def __init__(self, fd):
        self.fd = fd
        self.seen = ""
        self._rest = b""
        self._ended = fd < 0  # it goes elsewhere

    def _more(self, end):
        left = end - time.monotonic()
        if left <= 0 or not readable(self.fd, left):
            raise AssertionError(f"nothing more within the deadline; so far:\n{self.seen}")
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: a terminal whose other side is gone
            data = b""
        self._ended = not data
        self._rest += data

    def line(self, timeout=DEADLINE):
        """The next line without its end, or None when there are no more."""
        end = time.monotonic() + timeout
        while b"\n" not in self._rest and not self._ended:
            self._more(end)
        if not self._rest:
            return None
        raw, _, self._rest = self._rest.partition(b"\n")
        text = raw.decode(errors="backslashreplace").rstrip("\r")
        self.seen += text + "\n"
        return text

    def expect(self, pattern, timeout=DEADLINE):
        """Reads up to the line that matches and returns the match."""
        end = time.monotonic() + 4 * timeout  # of a stream of other lines
        while (text := self.line(timeout)) is not None:
            if match := re.search(pattern, text):
                return match
            if time.monotonic() > end:
                break
        raise AssertionError(f"no line matches {pattern!r}:\n{self.seen}")

    def expect_each(self, *patterns):
        """Reads until there was a line for each, in any order; the matches."""
        matches = [None] * len(patterns)
        while None in matches:
            match = self.expect("|".join(f"(?:{p})" for p in patterns)).string
            for at, pattern in enumerate(patterns):
                matches[at] = matches[at] or re.search(pattern, match)
        return matches

    def rest(self):
        """All the lines up to the end."""
        lines = []
        while (text := self.line()) is not None:
            lines.append(text)
        return lines


class Connection:
    """A TCP or Unix connection that reads HTTP answers."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(DEADLINE)
        self.buffer = b""

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def ask(self, path="/livez", method="GET", headers="", version="1.1"):
        self.send(f"{method} {path} HTTP/{version}\r\nHost: x\r\n{headers}\r\n")
        return self.answer(head_only=method == "HEAD")

    def _fill(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)

    def answer(self, head_only=False):
        """The next answer, or None where the connection ended before it."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._fill():
                assert self.buffer == b"", f"ended in a head: {self.buffer!r}"
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        answer = Answer(head.decode("latin-1"))
        length = 0 if head_only else int(answer.headers["content-length"])
        while len(self.buffer) < length:
            assert self._fill(), f"ended in a body: {self.buffer!r}"
        answer.body, self.buffer = self.buffer[:length].decode(), self.buffer[length:]
        return answer

    def ended(self):
        """Waits for the other side's end; true if nothing came before it."""
        try:
            while self._fill():
                pass
        except ConnectionResetError:
            pass
        return self.buffer == b""

    def close(self):
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Answer:
    def __init__(self, head):
        first, *fields = head.split("\r\n")
        self.version, status, self.reason = first.split(" ", 2)
        self.status = int(status)
        self.headers = {}
        self.body = ""
        for field in fields:
            name, _, value = field.partition(":")
            assert name.lower() not in self.headers, f"twice: {name}"
            self.headers[name.lower()] = value.strip()

    def json(self):
        return json.loads(self.body)


def keep_output(terminal):
    """A key that is a signal discards what is on its way out (termios(3)), which may be a
    line that was written after it: the kernel hears of keys by a worker of its own."""
    modes = termios.tcgetattr(terminal)
    modes[3] |= termios.NOFLSH
    termios.tcsetattr(terminal, termios.TCSANOW, modes)


class Box:
    """One program in its namespaces: signals in, lines, exit code and probes out.

    Options are those of tests/helpers/ns.c. root is a directory to chroot
    into; tty is None, "leader" (as docker run -t) or "fg" / "bg" (as started
    from an interactive shell, with or without &).
    """

    def __init__(self, *argv, root=None, no_proc=False, no_dev=False, read_only=False,
                 noexec=None, uid=None, cwd=None, env=None, nofile=None, nproc=None,
                 core=None, stack=None, cgroup=None, second=False, close=(), block=(),
                 ignore=(), refuse=(), step=None, tty=None, fds=(), stdin=None,
                 stdout=None, stderr=None):
        report, self._report_end = os.pipe()
        words = [NS, "-o", str(self._report_end)]
        for flag, value in (("-r", root), ("-x", noexec), ("-u", uid), ("-d", cwd),
                            ("-n", nofile), ("-p", nproc), ("-K", core), ("-S", stack),
                            ("-C", cgroup), ("-k", step)):
            words += [flag, str(value)] if value is not None else []
        for flag, on in (("-P", no_proc), ("-D", no_dev), ("-R", read_only),
                         ("-2", second), ("-t", tty == "leader")):
            words += [flag] if on else []
        for flag, values in (("-c", close), ("-b", block), ("-i", ignore), ("-e", refuse)):
            for value in values:
                words += [flag, str(value)]
        words += ["-j", tty] if tty in ("fg", "bg") else []
        self.master = None
        slave = None
        if tty:
            self.master, slave = os.openpty()
            keep_output(slave)
            stdin = slave if stdin is None else stdin
            stdout = slave if stdout is None else stdout
        try:
            self.process = subprocess.Popen(
                words + ["--", *argv], env=clean_env() if env is None else env,
                stdin=subprocess.PIPE if stdin is None else stdin,
                stdout=subprocess.PIPE if stdout is None else stdout,
                stderr=subprocess.PIPE if stderr is None else stderr,
                pass_fds=[self._report_end, *fds])
        except OSError:
            # Who has a thousand pipes has small ones from then on (pipe(7)), in which
            # hale's lines have no room; so has everybody in a user namespace.
            for fd in (report, self.master):
                if fd is not None:
                    os.close(fd)
            raise
        finally:
            os.close(self._report_end)
            if slave is not None:
                os.close(slave)
        self.report = Lines(report)
        self.out = Lines(self.master if tty and stdout == slave
                         else self.process.stdout.fileno() if stdout is None else -1)
        self.err = Lines(self.process.stderr.fileno() if stderr is None else -1)
        self.pid = None
        self._pidfd = None
        self._code = None
        self._closed = False
        first = self.report.line()
        if first and first.startswith("pid "):
            self.pid = int(first.split()[1])
            with contextlib.suppress(ProcessLookupError):
                self._pidfd = os.pidfd_open(self.pid)
        assert self.pid, f"ns: {first}"

    # --- the program -----------------------------------------------------

    def settled(self):
        """Waits until hale has done what it leaves for after the service's
        start; sitting in / is the last of it that shows."""
        until(lambda: os.readlink(f"/proc/{self.pid}/cwd") == "/", "hale sits in /")
        return self

    def signal(self, sig):
        if self._pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, sig)

    def queue(self, sig, value):
        """rt_sigqueueinfo: a signal with a value."""
        # struct siginfo: signo, errno, code, (pad), pid, uid, value
        info = struct.pack("iiiiiiq", sig, 0, -1, 0, os.getpid(), 0, value).ljust(128, b"\0")
        sys_rt_sigqueueinfo = 129 if os.uname().machine == "x86_64" else 138
        if libc.syscall(sys_rt_sigqueueinfo, self.pid, sig, info) < 0:
            raise OSError(ctypes.get_errno(), "rt_sigqueueinfo")

    def tell(self, text):
        """A line to the standard input."""
        if self.master is not None:
            os.write(self.master, text.encode() + b"\n")
        else:
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()

    def code(self):
        """Waits for the end; the exit code as a shell would see it."""
        if self._code is None:
            kind, number = self.report.expect(r"^(exit|signal|core|fail) (.*)").groups()
            assert kind != "fail", f"ns could not start it: {number}"
            self._code = int(number) + (0 if kind == "exit" else 128)
            self.killed = kind != "exit"
        return self._code

    def last_code(self):
        """The code, with the box closed at once: for many in one test."""
        try:
            return self.code()
        finally:
            self.close()

    def end(self):
        """Waits for the end; exit code, lines of stdout, lines of stderr."""
        return self.code(), self.out.rest(), self.err.rest()

    def inner(self, path):
        """A path as the program sees it, for instance "proc/2/stat"."""
        return f"/proc/{self.pid}/root/{path}"

    def state(self, pid):
        """R, S, T (stopped), Z (zombie)...; None for no such process."""
        try:
            text = pathlib.Path(self.inner(f"proc/{pid}/stat")).read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return text.rpartition(")")[2].split()[0]

    def pids(self):
        return {int(name) for name in os.listdir(self.inner("proc")) if name.isdigit()}

    def outer(self, pid):
        """The pid that the process with this inner pid has outside."""
        own = os.readlink(f"/proc/{self.pid}/ns/pid")
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{name}/ns/pid") == own:
                    status = pathlib.Path(f"/proc/{name}/status").read_text()
                    if re.search(r"^NSpid:.*\t(\d+)$", status, re.M)[1] == str(pid):
                        return int(name)
        raise AssertionError(f"no process with inner pid {pid}")

    def children(self):
        """How many children the program has, zombies counted."""
        path = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return len(path.read_text().split())

    def threads_mask(self, field):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{field}:\t(.*)$", status, re.M)[1], 16)

    # --- its network and its other commands --------------------------------

    @contextlib.contextmanager
    def net(self):
        """Inside, new sockets of this thread belong to the box's network."""
        with open("/proc/thread-self/ns/net") as home, \
                open(f"/proc/{self.pid}/ns/net") as away:
            setns(away)
            try:
                yield
            finally:
                setns(home)

    def connect(self, port=PORT, host="127.0.0.1"):
        with self.net():
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            sock = socket.socket(family)
            sock.settimeout(DEADLINE)
            sock.connect((host, port))
        return Connection(sock)

    def get(self, path="/livez", **where):
        """A fresh connection, as the kubelet does."""
        connection = self.connect(**where)
        answer = connection.ask(path, headers="Connection: close\r\n")
        connection.close()
        return answer

    def status(self):
        return self.get("/status").json()

    def check(self, name=None):
        """What /status has of a check that asks a URL."""
        found = [c for c in self.status()["checks"]
                 if "state" in c and name in (None, c["name"])]
        assert len(found) == 1
        return found[0]

    def run(self, *argv, uid=None, net=True, timeout=DEADLINE):
        """Another command in all of the box's namespaces, to its end."""
        words = ["nsenter", "-t", str(self.pid), "-m", "-p", "-r", "-w"]
        words += ["-n"] if net else []
        words += ["-S", str(uid), "-G", str(uid)] if uid is not None else []
        return subprocess.run([*words, "--", *argv], env=clean_env(), timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def inside(self, function, uid=None):
        """Calls function in a child within the PID and network namespaces;
        returns what it returned or raises what it raised."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            self._be_inside(function, uid, write)
        os.close(write)
        with open(read, "rb") as pipe:
            result = pickle.load(pipe)
        os.waitpid(child, 0)
        if isinstance(result, Exception):
            raise result
        return result

    def _be_inside(self, function, uid, write):
        try:
            for kind in ("net", "pid"):  # pid: takes effect for children
                with open(f"/proc/{self.pid}/ns/{kind}") as there:
                    setns(there)
            child = os.fork()
            if child:
                os.waitpid(child, 0)
                os._exit(0)
            if uid is not None:
                os.setgid(uid)
                os.setuid(uid)
            result = function()
        except Exception as error:  # handed to the parent
            result = error
        with open(write, "wb") as pipe:
            pickle.dump(result, pipe)
        os._exit(0)

    def limit(self, what, soft, uid=None):
        """Changes a soft limit of the running PID 1; returns what it was. uid
        is PID 1's: that needs no capability."""
        def change():
            before, hard = resource.prlimit(1, what)
            resource.prlimit(1, what, (soft, hard))
            return before
        return self.inside(change, uid)

    # --- terminals -------------------------------------------------------

    def foreground(self):
        """The terminal's foreground process group, as an outer pid."""
        return struct.unpack("i", fcntl.ioctl(self.master, termios.TIOCGPGRP, b"1234"))[0]

    def last_foreground(self):
        """The same as it was when the program had ended."""
        self.code()
        return int(re.search(r"^foreground (\d+)$", self.report.seen, re.M)[1])

    def press(self, key):
        os.write(self.master, bytes([ord(key) & 0x1f]))

    def shell_fg(self):
        """What the shell's fg does."""
        self.process.send_signal(signal.SIGUSR1)

    def shell_bg(self):
        """What the shell's bg does."""
        self.process.send_signal(signal.SIGUSR2)

    # --- the end -----------------------------------------------------------

    def close(self):
        if self._closed:
            return
        self._closed = True
        self.process.terminate()  # ns then kills PID 1, and so everything
        try:
            self.process.wait(DEADLINE)
        finally:
            for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
                if stream:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
            for fd in (self.report.fd, self.master, self._pidfd):
                if fd is not None:
                    os.close(fd)


def setns(namespace):
    if libc.setns(namespace.fileno(), 0) < 0:
        raise OSError(ctypes.get_errno(), "setns")


def clean_env(**more):
    env = {"PATH": PATH, **more}
    if "ASAN_OPTIONS" in os.environ:
        env["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"]
    return env


class Pipe:
    """Both ends of a pipe; with closes those that still are open."""

    def __init__(self):
        self.read, self.write = os.pipe()

    def close_read(self):
        os.close(self.read)
        self.read = None

    def close_write(self):
        os.close(self.write)
        self.write = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for fd in (self.read, self.write):
            if fd is not None:
                os.close(fd)


def fill_socket(sock, request):
    """Sends requests until the other side takes no more: how many whole ones
    it took, and what is left of the last."""
    sock.setblocking(False)
    count, rest = -1, b""
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    while poll.poll(200):  # the other side may still be reading
        if not rest:
            count, rest = count + 1, request
        rest = rest[sock.send(rest):]
    sock.settimeout(DEADLINE)
    return count, rest


def fill(fd):
    """Writes until a pipe takes not one byte more."""
    os.set_blocking(fd, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(fd, b"x" * 4096)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(fd, b"x")
    os.set_blocking(fd, True)
