"""Docker commands, containers, and terminals on them, as the tests use them.

Nothing sleeps: a stream (docker logs, docker events, a terminal) is followed to
the line it waits for, or `until` asks again until a deadline.
"""
# SPDX-License-Identifier: MIT

import fcntl
import http.client
import json
import os
import pty
import queue
import socket
import struct
import subprocess
import termios
import threading
import time

DEADLINE_S = 30  # for anything that should happen soon


def until(ask, what, deadline_s=DEADLINE_S):
    """Ask again until the answer is true; it is returned."""
    end = time.monotonic() + deadline_s
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        threading.Event().wait(0.05)


class Lines:
    """The lines a command prints, followed as they come."""

    def __init__(self, *words):
        command = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.follow(command, command.stdout)

    def follow(self, command, stream):
        self.seen = []
        self.coming = queue.Queue()
        self.command = command
        self.stream = stream
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        try:
            for line in self.stream:
                self.coming.put(line.decode(errors="replace").rstrip("\r\n"))
        except OSError:
            pass  # a terminal whose last user has gone
        self.coming.put(None)

    def find(self, text, deadline_s):
        """The first line not seen before that holds the text, or None."""
        end = time.monotonic() + deadline_s
        while True:
            try:
                line = self.coming.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                return None
            if line is None:
                return None
            self.seen.append(line)
            if text in line:
                return line

    def wait(self, text, deadline_s=DEADLINE_S):
        """The same, where it must come."""
        line = self.find(text, deadline_s)
        assert line is not None, f"no line with {text!r} in {self.seen}"
        return line

    def close(self):
        self.command.kill()
        self.command.wait()
        self.reader.join()
        self.stream.close()


class Terminal(Lines):
    """A docker command on a terminal of its own, as a person would type it."""

    def __init__(self, *words, rows=24, cols=80):
        self.fd, theirs = pty.openpty()
        self.resize(rows, cols)
        command = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        self.follow(command, os.fdopen(os.dup(self.fd), "rb", buffering=0))

    def resize(self, rows, cols):
        """The kernel tells the command by SIGWINCH."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, keys):
        os.write(self.fd, keys)

    def exit_code(self):
        return self.command.wait(DEADLINE_S)

    def close(self):
        super().close()
        os.close(self.fd)


def docker(*words, check=True, timeout=120):
    """Run docker; its result, with stdout and stderr apart."""
    done = subprocess.run(
        ("docker", *words), capture_output=True, text=True, timeout=timeout
    )
    assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
    return done


class Container:
    """One running container.

    Its ports (the service's first, hale's last) are published, unless a network
    is named: then only what `docker exec` and the logs tell is known of it.
    """

    def __init__(self, engine, image, options, words, network=None, ports=(8080, 4253)):
        self.ports = {port: port for port in ports}
        how = list(options)
        if network is not None:
            how += ["--network", network]
        elif engine.network == "host":
            self.ports = {port: free_port() for port in self.ports}
            how += ["--network", "host", "-e", f"PORT={self.ports[ports[0]]}",
                    "-e", f"HALE_LISTEN={self.ports[ports[-1]]}"]
        else:
            for port in ports:
                how += ["-p", f"127.0.0.1::{port}"]
        self.published = network is None and engine.network != "host"
        self.id = docker("run", "-d", *how, image, *words).stdout.strip()
        self.find_ports()
        self.logs = Lines("docker", "logs", "-f", self.id)
        self.events = Lines("docker", "events", "--since", "0", "--filter",
                            f"container={self.id}", "--format", "{{.Action}}")

    def find_ports(self):
        """A container that has already ended has none."""
        for port in self.ports if self.published else ():
            said = docker("port", self.id, f"{port}/tcp", check=False).stdout
            if said:
                self.ports[port] = int(said.split()[0].rsplit(":", 1)[1])

    def get(self, port, path):
        """Status and body of one GET through the published port."""
        link = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=5)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def hale(self, *words, options=()):
        """Run hale inside by docker exec."""
        return docker("exec", *options, self.id, "/hale", *words, check=False)

    def status(self):
        """What hale knows, without a port."""
        return json.loads(self.hale("status", "--json").stdout)

    def hale_lines(self):
        """hale's own lines of an ended container, apart from the service's."""
        return docker("logs", self.id).stderr.splitlines()

    def exit_code(self, deadline_s=DEADLINE_S):
        """Wait for the container's end."""
        return int(docker("wait", self.id, timeout=deadline_s).stdout)

    def inspect(self):
        return json.loads(docker("inspect", self.id).stdout)[0]

    def remove(self):
        self.logs.close()
        self.events.close()
        docker("rm", "-f", self.id, check=False)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
