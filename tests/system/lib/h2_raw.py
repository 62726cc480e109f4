"""A client of HTTP/2 that sends frames as bytes, right and wrong ones.

It does nothing of itself: no acknowledgement, no window. Header fields are coded and
decoded by the package hpack, so by another hand than hale's.
"""
import contextlib
import struct
import typing

import hpack

from harness import DEADLINE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 1, 1, 4, 8, 0x20
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED,
 FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM,
 INADEQUATE_SECURITY, HTTP_1_1_REQUIRED) = range(14)
(HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE,
 MAX_HEADER_LIST_SIZE) = range(1, 7)
PAYLOAD_MAX = 16384  # bytes, unless announced otherwise
WINDOW = 65535
LAST_STREAM = 2**31 - 1


# --- frames as bytes ----------------------------------------------------------

def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """length: what its head says, where that is not the truth."""
    length = len(payload) if length is None else length
    return struct.pack(">I", length << 8 | kind) + struct.pack(">BI", flags, stream) + payload


def settings(*pairs, flags=0, stream=0):
    return frame(SETTINGS, flags, stream, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def ping(payload=b"8 bytes!", flags=0, stream=0):
    return frame(PING, flags, stream, payload)


def window_update(by, stream=0):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", by))


def rst_stream(stream=1, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def priority(stream=1, on=0, weight=15, flags=0):
    return frame(PRIORITY, flags, stream, struct.pack(">IB", on, weight))


def goaway(last=0, code=NO_ERROR, stream=0, more=b""):
    return frame(GOAWAY, 0, stream, struct.pack(">II", last, code) + more)


def data(content=b"", stream=1, ends=True, flags=0):
    return frame(DATA, flags | (END_STREAM if ends else 0), stream, content)


def headers(block, stream=1, ends=True, whole=True, flags=0):
    return frame(HEADERS, flags | (END_STREAM if ends else 0) | (END_HEADERS if whole else 0),
                 stream, block)


def continuation(block, stream=1, whole=True):
    return frame(CONTINUATION, END_HEADERS if whole else 0, stream, block)


# --- header blocks as bytes ---------------------------------------------------

def text(word):
    """A string without Huffman's code, of less than 127 bytes or of less than 255."""
    word = word.encode("latin-1") if isinstance(word, str) else word
    assert len(word) < 255
    return (bytes([len(word)]) if len(word) < 127 else bytes([127, len(word) - 127])) + word


def fields(*pairs):
    """Literals that change no table."""
    return b"".join(b"\0" + text(name) + text(value) for name, value in pairs)


GET = (":method", "GET")
HTTP = (":scheme", "http")
LIVEZ = (":path", "/livez")
HOST = (":authority", "x")
REQUEST = (GET, HTTP, LIVEZ, HOST)


def request(*more, without=(), stream=1, ends=True, **changes):
    """HEADERS of a request; a change is method="POST"; without names pseudo-headers."""
    pairs = [(name, changes.pop(name[1:], value)) for name, value in REQUEST
             if name[1:] not in without]
    flags = {name: changes.pop(name) for name in ("whole", "flags") if name in changes}
    assert not changes, changes
    return headers(fields(*pairs, *more), stream, ends, **flags)


GRPC = (("content-type", "application/grpc"), ("te", "trailers"))


def call_head(*more, method="Check", stream=1, ends=False):
    """The head of a call of the health service."""
    return request(*GRPC, *more, stream=stream, ends=ends, method="POST",
                   path=f"/grpc.health.v1.Health/{method}")


def call(method="Check", service="", stream=1):
    """A whole one."""
    name = service.encode()
    message = b"\x0a" + bytes([len(name)]) + name if name else b""
    return (call_head(method=method, stream=stream)
            + data(struct.pack(">BI", 0, len(message)) + message, stream))


# --- the connection -----------------------------------------------------------

class Frame(typing.NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes

    def number(self, at=0):
        return struct.unpack_from(">I", self.payload, at)[0]


class Answer(typing.NamedTuple):
    head: list
    body: bytes
    trailers: list

    @property
    def status(self):
        return int(dict(self.head)[":status"])

    @property
    def code(self):
        """gRPC's, which is in the head if there is nothing else."""
        return int(dict(self.trailers or self.head)["grpc-status"])


class Client:
    """Sends what it is given on a connection, and reads frames."""

    def __init__(self, sock, opening=PREFACE + settings()):
        self.sock = sock
        sock.settimeout(DEADLINE)
        self.buffer = b""
        self.decoder = hpack.Decoder()
        self.seen = []
        self.send(opening)

    def send(self, *parts):
        """The other side may have ended the connection for an earlier part."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.sock.sendall(b"".join(parts))
        return self

    def _fill(self):
        try:
            got = self.sock.recv(65536)
        except ConnectionResetError:
            got = b""
        self.buffer += got
        return bool(got)

    def frame(self):
        """The next frame, or None where the connection has ended."""
        while len(self.buffer) < 9 or len(self.buffer) < 9 + self._length():
            if not self._fill():
                assert not self.buffer, f"ended in a frame: {self.buffer!r}"
                return None
        end = 9 + self._length()
        kind, flags, stream = struct.unpack_from(">BBI", self.buffer, 3)
        got = Frame(kind, flags, stream, self.buffer[9:end])
        self.buffer = self.buffer[end:]
        self.seen.append(got)
        return got

    def _length(self):
        return int.from_bytes(self.buffer[:3], "big")

    def until(self, what, is_it):
        """Reads up to the frame that is_it, and returns it."""
        while got := self.frame():
            if is_it(got):
                return got
            assert got.kind != GOAWAY, f"GOAWAY instead of {what}: {self.seen}"
        raise AssertionError(f"ended without {what}: {self.seen}")

    def expect(self, kind, flags=None, stream=None):
        return self.until(f"frame {kind}", lambda f: f.kind == kind
                          and flags in (None, f.flags) and stream in (None, f.stream))

    def answer(self, stream=1):
        """The whole answer on a stream; others' frames are passed over."""
        heads, body, ends = [], b"", False
        while not ends:
            got = self.until(f"an answer on {stream}", lambda f: f.kind in (HEADERS, DATA,
                                                                            RST_STREAM))
            if got.kind == HEADERS:
                assert got.flags & END_HEADERS
                block = self.decoder.decode(got.payload)
                heads += [block] if got.stream == stream else []
            if got.stream != stream:
                continue
            assert got.kind != RST_STREAM, f"reset: {self.seen}"
            body += got.payload if got.kind == DATA else b""
            ends = got.flags & END_STREAM
        return Answer(heads[0], body, heads[1] if len(heads) > 1 else [])

    # --- what must come -------------------------------------------------------

    def goes_away(self, *codes):
        """A connection error: GOAWAY with one of the codes, then the end. Returns its last
        stream."""
        while (got := self.frame()) and got.kind != GOAWAY:
            pass
        assert got, f"ended without GOAWAY: {self.seen}"
        assert got.stream == 0
        assert got.number(4) in codes, f"GOAWAY of {got.number(4)}: {self.seen}"
        self.ends()
        return got.number()

    def ends(self):
        """Nothing but the end comes."""
        assert (got := self.frame()) is None, f"{got} and not the end"

    def resets(self, *codes, stream=1):
        """A stream error, and the connection goes on."""
        got = self.expect(RST_STREAM, stream=stream)
        assert got.number() in codes, f"RST_STREAM of {got.number()}: {self.seen}"
        self.goes_on()

    def goes_on(self, stream=0x10001):
        """A further request is answered, and nothing is reset that was not before."""
        before = [f for f in self.seen if f.kind == RST_STREAM]
        self.send(request(stream=stream))
        self.send(window_update(2**16, stream), window_update(2**16))
        answer = self.answer(stream)
        assert (answer.status, answer.body) == (200, b"ok")
        after = [f for f in self.seen if f.kind == RST_STREAM]
        assert before == after, f"reset: {self.seen}"

    def is_answered(self, status=200, stream=1):
        assert self.answer(stream).status == status
        self.goes_on()

    def close(self):
        self.sock.close()
