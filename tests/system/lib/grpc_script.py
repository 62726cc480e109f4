# SPDX-License-Identifier: MIT
"""Scripted gRPC: HTTP/2's frames as bytes, and a server that sends what it is told."""
import contextlib
import struct

import tls_servers

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
ACK = END_STREAM = 1
END_HEADERS, PADDED, HAS_PRIORITY = 4, 8, 32

# Of the static table (RFC 7541, appendix A), as far as hale's client uses it.
WHOLE = {3: (":method", "POST"), 6: (":scheme", "http"), 7: (":scheme", "https")}
NAMES = {1: ":authority", 4: ":path", 31: "content-type", 58: "user-agent"}


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) \
        + struct.pack(">I", stream) + payload


def text(value):
    """A string of HPACK, not coded."""
    value = value if isinstance(value, bytes) else value.encode()
    if len(value) < 127:
        return bytes([len(value)]) + value
    rest, size = len(value) - 127, b"\x7f"
    while rest >= 128:
        rest, size = rest >> 7, size + bytes([128 | rest & 127])
    return size + bytes([rest]) + value


def block(*fields):
    """Literals that go into no table."""
    return b"".join(b"\0" + text(name) + text(value) for name, value in fields)


def headers(*fields, flags=END_HEADERS, stream=1):
    return frame(HEADERS, flags, stream, block(*fields))


def message(status, compressed=0):
    body = b"\x08" + bytes([status]) if status else b""
    return bytes([compressed]) + struct.pack(">I", len(body)) + body


OK = (":status", "200")
GRPC = ("content-type", "application/grpc")
HELLO = frame(SETTINGS)
HEAD = headers(OK, GRPC)


def data(payload, flags=0):
    return frame(DATA, flags, 1, payload)


def trailers(code, *more):
    return headers(("grpc-status", str(code)), *more, flags=END_HEADERS | END_STREAM)


def only_trailers(code, *more):
    return HELLO + headers(OK, GRPC, ("grpc-status", str(code)), *more,
                           flags=END_HEADERS | END_STREAM)


def answer(status=1):
    return HELLO + HEAD + data(message(status)) + trailers(0)


def goaway(last, error, debug=b""):
    return frame(GOAWAY, payload=struct.pack(">II", last, error) + debug)


class Call:
    """What a client sent until its request's end."""

    def __init__(self, stream):
        if (start := stream.read(len(PREFACE))) != PREFACE:
            raise ConnectionError(f"no call comes, but {start}")
        self.stream, self.frames = stream, []
        while True:
            kind, flags, at, payload = self.read()
            self.frames.append((kind, flags, at, payload))
            if kind == HEADERS:
                self.fields = self.decode(payload)
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                break
        self.message = self.frames[-1][3]

    def read(self):
        head = self.stream.read(9)
        if len(head) < 9:
            raise ConnectionError("the client left")
        size = int.from_bytes(head[:3], "big")
        return head[3], head[4], int.from_bytes(head[5:], "big"), self.stream.read(size)

    @staticmethod
    def decode(rest):
        fields = []

        def cut():
            nonlocal rest
            size, rest = rest[0], rest[1:]
            shift, more = 0, size == 127
            while more:
                size, more = size + ((rest[0] & 127) << shift), rest[0] > 127
                shift, rest = shift + 7, rest[1:]
            part, rest = rest[:size], rest[size:]
            return part.decode()
        while rest:
            first, rest = rest[0], rest[1:]
            if first & 128:
                fields.append(WHOLE[first & 127])
                continue
            number = first & 15
            assert first < 16, "a literal that goes into no table"
            if number == 15:
                number, rest = 15 + rest[0], rest[1:]
            if number:
                name = NAMES[number]
            else:
                name = cut()
            fields.append((name, cut()))
        return fields


class Server(tls_servers.Server):
    """Answers each call with `answer`, bytes or pieces of them; then, unless told
    to close, leaves the end to the client. `calls` are those that came."""

    def __init__(self, script, tls=None, closes=False, address="127.0.0.1"):
        self.script, self.tls, self.closes, self.calls = script, tls, closes, []
        self.acks = b""
        super().__init__(self.serve_one, address)

    def serve_one(self, peer):
        if self.tls:
            peer = tls_servers.shake_hands(self.tls, peer)
        with peer, peer.makefile("rb") as stream:
            call = Call(stream)
            self.calls.append(call)
            script = self.script(call) if callable(self.script) else self.script
            for piece in [script] if isinstance(script, bytes) else script:
                peer.sendall(piece)
            if self.closes:
                return
            with contextlib.suppress(OSError):
                while more := stream.read1():
                    self.acks += more
