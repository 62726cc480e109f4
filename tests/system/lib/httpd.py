"""A scripted HTTP server: what a request's path asks for is what it gets.

It speaks on 127.0.0.1, [::1] (same port, where there is IPv6) and on a unix
socket, keeps connections open, and records every request. A script is bytes
to send, or a function that gets the connection and the request.
"""
import contextlib
import os
import re
import socket
import struct
import threading


class Request:
    """One request: its first line, its fields, its body, undone of chunks."""

    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.method, self.target, self.version = (lines[0] + "  ").split(" ")[:3]
        self.fields = [tuple(part.strip() for part in line.partition(":")[::2])
                       for line in lines[1:] if line]
        self.body = body

    def field(self, name):
        for key, value in self.fields:
            if key.lower() == name.lower():
                return value
        return None

    def essence(self):
        """What must be the same, whoever asks: the order of fields and what
        the client calls itself are its own, and hale never asks whether it may
        go on (Expect)."""
        fields = sorted((key.lower(), value) for key, value in self.fields
                        if (key.lower(), value.partition("/")[0]) not in
                        (("user-agent", "curl"), ("user-agent", "hale"),
                         ("expect", "100-continue")))
        return self.line, fields, self.body

    def __repr__(self):
        return f"{self.line} {self.fields} {self.body!r}"


class Connection:
    """A client's connection: bytes in, bytes out."""

    def __init__(self, sock, server):
        self.sock = sock
        self.server = server
        self.rest = b""
        self.ended = False

    def fill(self):
        data = self.sock.recv(65536)
        self.rest += data
        return bool(data)

    def until(self, mark):
        while mark not in self.rest:
            if not self.fill():
                return None
        part, _, self.rest = self.rest.partition(mark)
        return part

    def exactly(self, count):
        while len(self.rest) < count:
            if not self.fill():
                raise ConnectionError("the client left within a body")
        part, self.rest = self.rest[:count], self.rest[count:]
        return part

    def read_chunks(self):
        body = b""
        while size := int(self.until(b"\r\n").split(b";")[0], 16):
            body += self.exactly(size)
            self.exactly(2)
        self.until(b"\r\n")
        return body

    def read_request(self):
        head = self.until(b"\r\n\r\n")
        if head is None:
            return None
        request = Request(head, b"")
        length = request.field("Content-Length")
        if (request.field("Transfer-Encoding") or "").lower() == "chunked":
            request.body = self.read_chunks()
        elif length and length.isdigit():
            request.body = self.exactly(int(length))
        return request

    def send(self, data):
        self.sock.sendall(data)

    def answer(self, body=b"", status="200 OK", *fields):
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
        self.send("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    def close(self):
        self.ended = True

    def reset(self):
        """Ends with RST: whatever the client still reads fails."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.ended = True

    def hold(self):
        """Says nothing more until the client gives up."""
        with contextlib.suppress(OSError):
            while self.fill():
                pass
        self.ended = True


class Server:
    """Serves `scripts`: a path without its query to bytes or a function."""

    def __init__(self, scripts, folder, tls=None):
        self.scripts = scripts
        self.tls = tls      # an SSLContext, or None for plain connections
        self.requests = []
        self.connections = 0
        self._lock = threading.Lock()
        self._listeners = []
        self._open = set()
        first = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = first.getsockname()[1]
        self._listen(first)
        with contextlib.suppress(OSError):
            self._listen(socket.create_server(("::1", self.port), backlog=64,
                                              family=socket.AF_INET6))
        self.unix = os.path.join(folder, "sock")
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(self.unix)
        unix.listen(64)
        self._listen(unix)
        self.abstract = f"hale-test-{os.getpid()}-{self.port}"
        hidden = socket.socket(socket.AF_UNIX)
        hidden.bind("\0" + self.abstract)
        hidden.listen(64)
        self._listen(hidden)

    @property
    def url(self):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def _listen(self, listener):
        self._listeners.append(listener)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(sock)
                self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        if self.tls:
            try:
                sock = self.tls.wrap_socket(sock, server_side=True)
            except OSError:
                return sock.close()
        connection = Connection(sock, self)
        with contextlib.suppress(OSError, ValueError, AttributeError):
            while not connection.ended:
                if self.scripts.get("accept") is not None:
                    self.scripts["accept"](connection)
                    break
                request = connection.read_request()
                if request is None:
                    break
                with self._lock:
                    self.requests.append(request)
                self._run(connection, request)
        with self._lock:
            self._open.discard(sock)
        sock.close()

    def _run(self, connection, request):
        path = re.sub(r"^http://[^/]*", "", request.target).partition("?")[0]
        script = self.scripts.get("CONNECT" if request.method == "CONNECT" else path)
        if script is None:
            connection.answer(b"no such script\n", "404 Not Found")
        elif callable(script):
            script(connection, request)
        else:
            connection.send(script)

    def take_requests(self):
        with self._lock:
            taken, self.requests = self.requests, []
        return taken

    def close(self):
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
