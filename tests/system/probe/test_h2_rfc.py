"""RFC 9113 as a table: what a client sends, and what hale must make of it.

Each row is named by the section that asks for it. Where the RFC leaves a choice, as
between the error of a stream and that of the connection (5.4.1), the row has hale's.
"""
import struct

import pytest

from h2_raw import (
    ACK, CANCEL, COMPRESSION_ERROR, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM,
    FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HAS_PRIORITY, HEADERS, HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE, LAST_STREAM, MAX_CONCURRENT_STREAMS, MAX_FRAME_SIZE,
    MAX_HEADER_LIST_SIZE, NO_ERROR, PADDED, PAYLOAD_MAX, PING, PREFACE, PRIORITY, PROTOCOL_ERROR,
    PUSH_PROMISE, REFUSED_STREAM, REQUEST, RST_STREAM, SETTINGS, STREAM_CLOSED, WINDOW,
    WINDOW_UPDATE, call, call_head, continuation, data, fields, frame, goaway, headers, ping,
    priority, request, rst_stream, settings, window_update)
from h2_table import answered, dies, goes_on, ok, resets, run, table

UNKNOWN = 0xfa  # a type of frame
SHUT = settings((INITIAL_WINDOW_SIZE, 0))  # no content of an answer comes
BLOCK = fields(*REQUEST)
EMPTY = bytes(5)  # a message of gRPC


def opened(more):
    """A call, whose content is waited for, and what follows its head."""
    return call_head() + more


def acknowledges(client):
    assert client.expect(SETTINGS, flags=ACK).payload == b""
    client.goes_on()


# --- 3.4: the preface -----------------------------------------------------------

def test_settings_are_the_first_frame(connect):
    first = connect(PREFACE + settings()).frame()
    assert (first.kind, first.flags, first.stream) == (SETTINGS, 0, 0)
    pairs = list(struct.iter_unpack(">HI", first.payload))
    assert len(dict(pairs)) == len(pairs)
    assert all(id in range(HEADER_TABLE_SIZE, MAX_HEADER_LIST_SIZE + 1) for id, _ in pairs)
    assert ENABLE_PUSH not in dict(pairs)  # 6.5.2: a server's is 0, or not there


@pytest.mark.parametrize("opening", [
    PREFACE[:-2] + b"\r\r" + settings(), PREFACE[:18] + b"XX\r\n\r\n" + settings(),
    b"PRI * HTTP/2.0\r\nHost: x\r\n\r\n"])
def test_a_broken_preface_ends_the_connection(connect, opening):
    client = connect(opening)
    while client._fill():
        pass


@pytest.mark.parametrize("first", [
    ping(), request(), window_update(1), goaway(), frame(UNKNOWN), priority(),
    settings()[:3] + b"\0" + settings()[4:]], ids=lambda first: f"type {first[3]}")
def test_what_follows_the_preface_is_settings(connect, first):
    connect(PREFACE + first).goes_away(PROTOCOL_ERROR)


def test_a_preface_in_pieces_is_the_same(connect):
    client = connect(b"")
    for byte in PREFACE + settings() + request():
        client.send(bytes([byte]))
    client.is_answered()


def test_requests_are_answered_before_any_settings_are_acknowledged(connect):
    client = connect(PREFACE + settings() + request() + request(stream=3))
    assert [client.answer(1).status, client.answer(3).status] == [200, 200]


def test_the_preface_may_follow_a_proxy_header(connect):
    client = connect(b"PROXY TCP4 10.0.0.1 10.0.0.2 40000 8080\r\n" + PREFACE + settings())
    client.send(request()).is_answered()


def test_the_preface_behind_a_request_of_http1_is_no_request(h2_server):
    connection = h2_server.connect()
    assert connection.ask().status == 200
    assert connection.send(PREFACE + settings()).answer().status == 505


def test_http1_asked_for_an_upgrade_stays_http1(h2_server):
    answer = h2_server.connect().ask(headers="Connection: Upgrade, HTTP2-Settings\r\n"
                                  "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n")
    assert (answer.version, answer.status) == ("HTTP/1.1", 200)
    assert "upgrade" not in answer.headers


# --- 4: frames ------------------------------------------------------------------

def in_one_byte_pieces(client):
    for byte in ping() + request():
        client.send(bytes([byte]))


def block_of(length):
    """A header block of that many bytes, of a request."""
    block, name = BLOCK, 0
    while length - len(block) > 250:
        block += fields((f"x{name:04}", "v" * 200))
        name += 1
    rest = length - len(block) - 4
    return block + (fields(("y", "v" * rest)) if rest < 127 else
                    fields(("y", "v" * (rest - 1))))


def test_the_blocks_of_this_test_are_as_long_as_they_say():
    assert {len(block_of(n)) - n for n in (400, 500, 3000, 16384, 16385)} == {0}


@table({
    "4.1": [
        ("an unknown type is ignored", frame(UNKNOWN, 0, 0, b"x" * 99), goes_on),
        ("an unknown type with every flag is ignored", frame(UNKNOWN, 0xff, 0), goes_on),
        ("an unknown type on an idle stream is ignored", frame(UNKNOWN, 0, 7, b"x"), goes_on),
        ("a type that later RFCs have is ignored: ALTSVC", frame(0xa, 0, 0, b"\0\0"), goes_on),
        ("a type that later RFCs have is ignored: PRIORITY_UPDATE",
         frame(0x10, 0, 0, struct.pack(">I", 1) + b"u=1"), goes_on),
        ("flags that PING does not have are ignored", ping(flags=0xfe),
         lambda c: c.expect(PING, flags=ACK)),
        ("flags that HEADERS does not have are ignored", request(flags=0x52), ok),
        ("flags that DATA does not have are ignored",
         opened(data(EMPTY, flags=0x56)), ok),
        ("flags that SETTINGS does not have are ignored", settings(flags=0xfe), acknowledges),
        ("a reserved bit in a head is ignored", request(stream=1 | 1 << 31), ok),
        ("a reserved bit in the connection's number is ignored", ping(stream=1 << 31),
         lambda c: c.expect(PING, flags=ACK)),
        ("frames in pieces of one byte are the same", in_one_byte_pieces, ok),
    ],
    "4.2": [
        ("DATA of the largest size", opened(data(bytes(PAYLOAD_MAX))), ok),
        ("DATA that is larger", opened(data(bytes(PAYLOAD_MAX + 1))),
         dies(FRAME_SIZE_ERROR)),
        ("HEADERS of the largest size: more fields than hale takes",
         headers(block_of(PAYLOAD_MAX)), answered(431)),
        ("HEADERS that are larger", headers(block_of(PAYLOAD_MAX + 1)), dies(FRAME_SIZE_ERROR)),
        ("CONTINUATION that is larger",
         request(whole=False) + continuation(block_of(PAYLOAD_MAX + 1)), dies(FRAME_SIZE_ERROR)),
        ("SETTINGS that are larger", settings(*[(99, 0)] * 2731), dies(FRAME_SIZE_ERROR)),
        ("an unknown type that is as large as it may be",
         frame(UNKNOWN, 0, 0, b"x" * PAYLOAD_MAX), goes_on),
        ("an unknown type that is larger", frame(UNKNOWN, 0, 0, b"x" * (PAYLOAD_MAX + 1)),
         dies(FRAME_SIZE_ERROR)),
        ("a length that never comes", frame(UNKNOWN, 0, 0, length=2**24 - 1),
         dies(FRAME_SIZE_ERROR)),
    ],
    "4.3": [
        ("a block that cannot be decoded", headers(b"\x80"), dies(COMPRESSION_ERROR)),
        ("a block that ends in a field", headers(BLOCK[:-1]), dies(COMPRESSION_ERROR)),
        ("a block that ends in a field, in two frames",
         request(whole=False) + continuation(b"\x00\x05ab"), dies(COMPRESSION_ERROR)),
        ("trailers that cannot be decoded", opened(headers(b"\xbe")),
         dies(COMPRESSION_ERROR)),
        ("a block of a refused request that cannot be decoded",
         request(("Bad", "name")) + headers(b"\x80", stream=3),
         dies(COMPRESSION_ERROR)),
        ("another stream's HEADERS inside a block", request(whole=False) + request(stream=3),
         dies(PROTOCOL_ERROR)),
        ("HEADERS of the same stream inside a block", request(whole=False) + headers(BLOCK),
         dies(PROTOCOL_ERROR)),
        ("PRIORITY inside a block", request(whole=False) + priority() + continuation(b""),
         dies(PROTOCOL_ERROR)),
        ("a block whose end never comes, and then another frame",
         request(whole=False) + continuation(b"", whole=False) + ping(), dies(PROTOCOL_ERROR)),
    ]})
def test_frames(connect, sent, want):
    run(connect, sent, want)


# --- 5: streams -----------------------------------------------------------------

def half_closed(more):
    """A stream that the client has ended and hale has not: its window is shut."""
    def send(client):
        client.send(SHUT + request())
        client.expect(HEADERS, stream=1)
        client.send(more)
    return send


def closed(more):
    """A stream that both have ended."""
    def send(client):
        client.send(request())
        assert client.answer().status == 200
        client.send(more)
    return send


def refused_early(more):
    """A stream that hale has answered and reset before the client was done with it."""
    def send(client):
        client.send(request(method="POST", ends=False))
        while client.expect(RST_STREAM, stream=1).number() != NO_ERROR:
            pass
        client.send(more)
    return send


def is_answered_when_wider(client):
    client.send(window_update(100, 1))
    got = client.expect(DATA, stream=1)
    assert (got.payload, got.flags) == (b"ok", END_STREAM)
    client.goes_on()


def too_many(client):
    """One stream more than hale allows, all of them with a shut window."""
    pairs = dict(struct.iter_unpack(">HI", client.expect(SETTINGS, flags=0).payload))
    client.most = pairs[MAX_CONCURRENT_STREAMS]
    client.send(SHUT, *[request(stream=2 * i + 1) for i in range(client.most + 1)])


def the_last_is_refused(client):
    client.resets_one = client.expect(RST_STREAM)
    assert client.resets_one.stream == 2 * client.most + 1
    assert client.resets_one.number() in (PROTOCOL_ERROR, REFUSED_STREAM)
    client.send(window_update(100, 1))
    assert client.expect(DATA, stream=1).payload == b"ok"  # and makes room
    client.goes_on()


@table({
    "5.1, idle": [
        ("DATA", data(b"x"), dies(PROTOCOL_ERROR)),
        ("RST_STREAM", rst_stream(1), dies(PROTOCOL_ERROR)),
        ("WINDOW_UPDATE", window_update(1, 1), dies(PROTOCOL_ERROR)),
        ("CONTINUATION", continuation(BLOCK), dies(PROTOCOL_ERROR)),
        ("PRIORITY is ignored", priority(1), goes_on),
        ("DATA above the last stream", request() + data(b"x", stream=3), dies(PROTOCOL_ERROR)),
        ("WINDOW_UPDATE of a stream that only we could open", request() + window_update(1, 2),
         dies(PROTOCOL_ERROR)),
        ("RST_STREAM of a stream that only we could open", request() + rst_stream(2),
         dies(PROTOCOL_ERROR)),
    ],
    "5.1, half-closed": [
        ("DATA", half_closed(data(b"x")), resets(STREAM_CLOSED)),
        ("HEADERS", half_closed(request()), resets(STREAM_CLOSED)),
        ("CONTINUATION", half_closed(continuation(BLOCK)), dies(PROTOCOL_ERROR, STREAM_CLOSED)),
        ("WINDOW_UPDATE is heard", half_closed(b""), is_answered_when_wider),
        ("PRIORITY is ignored", half_closed(priority(1, on=3)), is_answered_when_wider),
        ("an unknown type is ignored", half_closed(frame(UNKNOWN, 0, 1)),
         is_answered_when_wider),
        ("RST_STREAM ends it", half_closed(rst_stream(1) + window_update(100, 1)), goes_on),
    ],
    "5.1, closed": [
        ("DATA", closed(data(b"x")), resets(STREAM_CLOSED)),
        ("HEADERS", closed(request()), dies(STREAM_CLOSED)),
        ("CONTINUATION", closed(continuation(BLOCK)), dies(PROTOCOL_ERROR, STREAM_CLOSED)),
        ("WINDOW_UPDATE is ignored", closed(window_update(1, 1)), goes_on),
        ("PRIORITY is ignored", closed(priority(1)), goes_on),
        ("RST_STREAM is ignored", closed(rst_stream(1)), goes_on),
        ("an unknown type is ignored", closed(frame(UNKNOWN, 0, 1)), goes_on),
        ("DATA behind the client's RST_STREAM", opened(rst_stream(1) + data(b"x")),
         resets(STREAM_CLOSED)),
        ("HEADERS behind the client's RST_STREAM", opened(rst_stream(1) + request()),
         dies(STREAM_CLOSED)),
        ("CONTINUATION behind the client's RST_STREAM", opened(rst_stream(1)
         + continuation(BLOCK)), dies(PROTOCOL_ERROR, STREAM_CLOSED)),
        ("PRIORITY behind the client's RST_STREAM is ignored",
         opened(rst_stream(1) + priority(1)), goes_on),
        ("another RST_STREAM behind it is ignored", opened(rst_stream(1) * 3), goes_on),
        ("DATA under way while hale resets it is discarded",
         refused_early(data(b"x" * 1000, ends=False) * 9 + data(b"x")), goes_on),
        ("trailers under way while hale resets it are discarded",
         refused_early(data(b"x", ends=False) + headers(fields(("x", "y")))), goes_on),
        ("WINDOW_UPDATE under way while hale resets it is discarded",
         refused_early(window_update(1, 1)), goes_on),
        ("RST_STREAM under way while hale resets it is discarded",
         refused_early(rst_stream(1)), goes_on),
    ],
    "5.1.1": [
        ("a stream of an even number", request(stream=2), dies(PROTOCOL_ERROR)),
        ("HEADERS on the connection", request(stream=0), dies(PROTOCOL_ERROR)),
        ("a number below the last one", request(stream=5) + request(stream=3),
         dies(PROTOCOL_ERROR)),
        ("a number that was passed over by many", request(stream=501) + request(stream=499),
         dies(PROTOCOL_ERROR)),
        ("numbers may be passed over", request(stream=77), answered(stream=77)),
        ("the highest number is answered", request(stream=LAST_STREAM),
         lambda c: c.answer(LAST_STREAM).status == 200 or pytest.fail("no answer")),
        ("nothing follows the highest number", request(stream=LAST_STREAM) + request(stream=1),
         dies(PROTOCOL_ERROR, STREAM_CLOSED)),
    ],
    "5.1.2": [
        ("more streams than are allowed", too_many, the_last_is_refused),
    ],
    "5.3": [
        ("a priority in HEADERS is ignored",
         headers(struct.pack(">IB", 3, 15) + BLOCK, flags=HAS_PRIORITY), ok),
        ("an exclusive priority is ignored",
         headers(struct.pack(">IB", 1 << 31, 255) + BLOCK, flags=HAS_PRIORITY), ok),
        ("HEADERS that depend on themselves: 9113 has no dependencies",
         headers(struct.pack(">IB", 1, 15) + BLOCK, flags=HAS_PRIORITY), ok),
        ("PRIORITY that depends on itself", priority(1, on=1), goes_on),
        ("PRIORITY of the least and the most weight", priority(1, weight=0)
         + priority(3, weight=255), goes_on),
        ("PRIORITY that is exclusive, on a stream that never was", priority(5, on=1 << 31 | 99),
         goes_on),
    ],
    "5.4": [
        ("no RST_STREAM answers an RST_STREAM", opened(rst_stream(1)), goes_on),
        ("RST_STREAM of a code that nobody knows", opened(rst_stream(1, 0xdead)), goes_on),
    ],
    "5.5": [
        ("an unknown type inside a block",
         request(whole=False) + frame(UNKNOWN, 0, 1) + continuation(b""), dies(PROTOCOL_ERROR)),
        ("an unknown type on the connection inside a block",
         request(whole=False) + frame(UNKNOWN) + continuation(b""), dies(PROTOCOL_ERROR)),
        ("an unknown type between HEADERS and DATA",
         opened(frame(UNKNOWN, 0, 1) + data(EMPTY)), ok),
    ]})
def test_streams(connect, sent, want):
    run(connect, sent, want)


def test_goaway_names_the_last_stream_that_was_answered(connect):
    client = connect()
    client.send(request(stream=5) + request(stream=9) + ping(b"short"))
    assert client.goes_away(FRAME_SIZE_ERROR) == 9


def test_goaway_of_a_connection_without_a_request_names_none(connect):
    assert connect().send(ping(b"short")).goes_away(FRAME_SIZE_ERROR) == 0


def test_no_answer_follows_goaway(connect):
    client = connect()
    client.send(ping(b"short") + request())
    client.goes_away(FRAME_SIZE_ERROR)
    assert HEADERS not in [f.kind for f in client.seen]


# --- 6: the frames' own rules -----------------------------------------------------

def padded(content, pad, behind=b""):
    return bytes([pad]) + content + behind


@table({
    "6.1": [
        ("DATA on the connection", data(b"x", stream=0), dies(PROTOCOL_ERROR)),
        ("a padding is taken off", opened(data(padded(EMPTY, 5, bytes(5)),
         flags=PADDED)), ok),
        ("nothing but padding", opened(data(EMPTY, ends=False) + data(padded(b"", 255,
         bytes(255)), flags=PADDED)), ok),
        ("a padding as long as the payload", opened(
         data(padded(b"", 5, bytes(4)), flags=PADDED)), dies(PROTOCOL_ERROR)),
        ("a padding that is longer", opened(data(padded(b"x", 200), flags=PADDED)),
         dies(PROTOCOL_ERROR)),
        ("no byte for the padding's length", opened(data(flags=PADDED)),
         dies(FRAME_SIZE_ERROR)),
    ],
    "6.2": [
        ("a padding is taken off", headers(padded(BLOCK, 9, bytes(9)), flags=PADDED), ok),
        ("a padding and a priority", headers(padded(struct.pack(">IB", 0, 15) + BLOCK, 255,
         bytes(255)), flags=PADDED | HAS_PRIORITY), ok),
        ("a padding as long as the payload", headers(padded(b"", 5, bytes(4)), flags=PADDED),
         dies(PROTOCOL_ERROR)),
        ("a padding that is longer", headers(padded(BLOCK, 255), flags=PADDED),
         dies(PROTOCOL_ERROR)),
        ("a padding that reaches into the priority", headers(padded(bytes(5), 1),
         flags=PADDED | HAS_PRIORITY), dies(PROTOCOL_ERROR)),
        ("less than a priority", headers(bytes(4), flags=HAS_PRIORITY),
         dies(FRAME_SIZE_ERROR)),
        ("no byte for the padding's length", headers(b"", flags=PADDED),
         dies(FRAME_SIZE_ERROR)),
        ("a padded block in two frames", headers(padded(BLOCK[:9], 3, bytes(3)), whole=False,
         flags=PADDED) + continuation(BLOCK[9:]), ok),
    ],
    "6.3": [
        ("PRIORITY on the connection", priority(0), dies(PROTOCOL_ERROR)),
        ("PRIORITY of 4 bytes", opened(frame(PRIORITY, 0, 1, bytes(4))),
         dies(FRAME_SIZE_ERROR)),
        ("PRIORITY of 6 bytes", opened(frame(PRIORITY, 0, 1, bytes(6))),
         dies(FRAME_SIZE_ERROR)),
        ("PRIORITY of an open stream", opened(priority(1) + data(EMPTY)), ok),
    ],
    "6.4": [
        ("RST_STREAM on the connection", rst_stream(0), dies(PROTOCOL_ERROR)),
        ("RST_STREAM of 3 bytes", opened(frame(RST_STREAM, 0, 1, bytes(3))),
         dies(FRAME_SIZE_ERROR)),
        ("RST_STREAM of 5 bytes", opened(frame(RST_STREAM, 0, 1, bytes(5))),
         dies(FRAME_SIZE_ERROR)),
        ("RST_STREAM of an idle stream", rst_stream(9), dies(PROTOCOL_ERROR)),
    ],
    "6.5": [
        ("an acknowledgement with something in it", settings((99, 0), flags=ACK),
         dies(FRAME_SIZE_ERROR)),
        ("SETTINGS of a stream", settings(stream=1), dies(PROTOCOL_ERROR)),
        ("SETTINGS of an open stream", opened(settings(stream=1)), dies(PROTOCOL_ERROR)),
        ("a length that is not a multiple of 6", frame(SETTINGS, 0, 0, bytes(3)),
         dies(FRAME_SIZE_ERROR)),
        ("a setting and a byte", settings((99, 0))[:2] + b"\7"
         + settings((99, 0))[3:] + b"x", dies(FRAME_SIZE_ERROR)),
        ("an acknowledgement that nobody waits for", settings(flags=ACK) * 2, goes_on),
    ],
    "6.5.2": [
        ("ENABLE_PUSH of 0", settings((ENABLE_PUSH, 0)), acknowledges),
        ("ENABLE_PUSH of 1", settings((ENABLE_PUSH, 1)), acknowledges),
        ("ENABLE_PUSH of 2", settings((ENABLE_PUSH, 2)), dies(PROTOCOL_ERROR)),
        ("INITIAL_WINDOW_SIZE of the most", settings((INITIAL_WINDOW_SIZE, 2**31 - 1)),
         acknowledges),
        ("INITIAL_WINDOW_SIZE of one more", settings((INITIAL_WINDOW_SIZE, 2**31)),
         dies(FLOW_CONTROL_ERROR)),
        ("INITIAL_WINDOW_SIZE of 2^32-1", settings((INITIAL_WINDOW_SIZE, 2**32 - 1)),
         dies(FLOW_CONTROL_ERROR)),
        ("MAX_FRAME_SIZE of the least", settings((MAX_FRAME_SIZE, 16384)), acknowledges),
        ("MAX_FRAME_SIZE of one less", settings((MAX_FRAME_SIZE, 16383)), dies(PROTOCOL_ERROR)),
        ("MAX_FRAME_SIZE of the most", settings((MAX_FRAME_SIZE, 2**24 - 1)), acknowledges),
        ("MAX_FRAME_SIZE of one more", settings((MAX_FRAME_SIZE, 2**24)), dies(PROTOCOL_ERROR)),
        ("a bad setting behind good ones", settings((99, 0), (ENABLE_PUSH, 0),
         (MAX_FRAME_SIZE, 0)), dies(PROTOCOL_ERROR)),
        ("settings that nobody knows are ignored", settings((0, 1), (9, 2), (0xfe03, 2**32 - 1)),
         acknowledges),
        ("HEADER_TABLE_SIZE of any size", settings((HEADER_TABLE_SIZE, 0))
         + settings((HEADER_TABLE_SIZE, 2**32 - 1)), acknowledges),
        ("MAX_CONCURRENT_STREAMS of 0: that is for pushes", settings((MAX_CONCURRENT_STREAMS, 0))
         + request(), ok),
        ("MAX_HEADER_LIST_SIZE is advice", settings((MAX_HEADER_LIST_SIZE, 0)), acknowledges),
        ("of a setting that comes twice the last holds", settings(
         (INITIAL_WINDOW_SIZE, 0), (INITIAL_WINDOW_SIZE, 100)) + request(), ok),
    ],
    "6.6": [
        ("PUSH_PROMISE of a client", frame(PUSH_PROMISE, END_HEADERS, 1,
         struct.pack(">I", 2) + BLOCK), dies(PROTOCOL_ERROR)),
        ("PUSH_PROMISE on an open stream", opened(frame(PUSH_PROMISE, END_HEADERS, 1,
         struct.pack(">I", 2) + BLOCK)), dies(PROTOCOL_ERROR)),
        ("PUSH_PROMISE on the connection", frame(PUSH_PROMISE, END_HEADERS, 0,
         struct.pack(">I", 2) + BLOCK), dies(PROTOCOL_ERROR)),
    ],
    "6.7": [
        ("PING of a stream", ping(stream=1), dies(PROTOCOL_ERROR)),
        ("PING of 7 bytes", ping(bytes(7)), dies(FRAME_SIZE_ERROR)),
        ("PING of 9 bytes", ping(bytes(9)), dies(FRAME_SIZE_ERROR)),
        ("an empty PING", ping(b""), dies(FRAME_SIZE_ERROR)),
        ("an acknowledgement of 7 bytes", ping(bytes(7), flags=ACK), dies(FRAME_SIZE_ERROR)),
    ],
    "6.8": [
        ("GOAWAY of a stream", goaway(stream=1), dies(PROTOCOL_ERROR)),
        ("GOAWAY of 7 bytes", frame(GOAWAY, 0, 0, bytes(7)), dies(FRAME_SIZE_ERROR)),
    ],
    "6.9": [
        ("WINDOW_UPDATE of 0 on the connection", window_update(0), dies(PROTOCOL_ERROR)),
        ("WINDOW_UPDATE of 0 on a stream", half_closed(window_update(0, 1)),
         resets(PROTOCOL_ERROR)),
        ("WINDOW_UPDATE of 0 but for the reserved bit", window_update(1 << 31),
         dies(PROTOCOL_ERROR)),
        ("the reserved bit is ignored", window_update(1 | 1 << 31), goes_on),
        ("WINDOW_UPDATE of 3 bytes", frame(WINDOW_UPDATE, 0, 0, bytes(3)),
         dies(FRAME_SIZE_ERROR)),
        ("WINDOW_UPDATE of 5 bytes", frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1\0"),
         dies(FRAME_SIZE_ERROR)),
        ("WINDOW_UPDATE of 5 bytes on a stream", half_closed(frame(WINDOW_UPDATE, 0, 1,
         b"\0\0\0\1\0")), dies(FRAME_SIZE_ERROR)),
    ],
    "6.9.1": [
        ("a connection's window of the most", window_update(2**31 - 1 - WINDOW),
         lambda c: c.send(ping()).expect(PING, flags=ACK)),
        ("a connection's window of one more", window_update(2**31 - WINDOW),
         dies(FLOW_CONTROL_ERROR)),
        ("a connection's window of far more", window_update(2**31 - 1) * 2,
         dies(FLOW_CONTROL_ERROR)),
        ("a stream's window of the most", opened(window_update(2**31 - 1 - WINDOW, 1)),
         goes_on),
        ("a stream's window of one more", opened(window_update(2**31 - WINDOW, 1)),
         resets(FLOW_CONTROL_ERROR)),
        ("a shut stream's window of the most by two", half_closed(
         window_update(2**31 - 1, 1)), lambda c: c.expect(DATA, flags=END_STREAM, stream=1)),
    ],
    "6.9.2": [
        ("a first window that makes a stream's too large",
         opened(window_update(2**31 - 1 - WINDOW, 1) + settings((INITIAL_WINDOW_SIZE,
                WINDOW + 1))), dies(FLOW_CONTROL_ERROR)),
        ("a first window that is no connection's", settings((INITIAL_WINDOW_SIZE, WINDOW + 1))
         + window_update(2**31 - 1 - WINDOW), lambda c: c.send(ping()).expect(PING, flags=ACK)),
    ],
    "6.10": [
        ("a block in many frames", headers(BLOCK[:1], whole=False)
         + b"".join(continuation(BLOCK[i:i + 1], whole=False) for i in range(1, len(BLOCK)))
         + continuation(b""), ok),
        ("a block in two frames", headers(BLOCK[:9], whole=False) + continuation(BLOCK[9:]), ok),
        ("a block all of which is in CONTINUATION", headers(b"", whole=False)
         + continuation(BLOCK), ok),
        ("trailers in two frames", opened(data(EMPTY, ends=False)
         + headers(b"", whole=False) + continuation(fields(("x", "y")))), ok),
        ("CONTINUATION without HEADERS", continuation(BLOCK), dies(PROTOCOL_ERROR)),
        ("CONTINUATION behind a whole block", opened(continuation(b"")), dies(PROTOCOL_ERROR)),
        ("CONTINUATION behind the last CONTINUATION", request(whole=False) + continuation(b"")
         + continuation(b""), dies(PROTOCOL_ERROR)),
        ("CONTINUATION behind DATA", opened(data(b"x", ends=False) + continuation(b"")),
         dies(PROTOCOL_ERROR)),
        ("CONTINUATION on the connection", request(whole=False) + continuation(b"", stream=0),
         dies(PROTOCOL_ERROR)),
        ("CONTINUATION of another stream", request(whole=False) + continuation(b"", stream=3),
         dies(PROTOCOL_ERROR)),
        ("DATA inside a block", request(whole=False) + data(b"") + continuation(b""),
         dies(PROTOCOL_ERROR)),
        ("SETTINGS inside a block", request(whole=False) + settings() + continuation(b""),
         dies(PROTOCOL_ERROR)),
        ("PING inside a block", request(whole=False) + ping() + continuation(b""),
         dies(PROTOCOL_ERROR)),
        ("RST_STREAM inside its block", request(whole=False) + rst_stream(1) + continuation(b""),
         dies(PROTOCOL_ERROR)),
        ("GOAWAY inside a block", request(whole=False) + goaway() + continuation(b""),
         dies(PROTOCOL_ERROR)),
        ("WINDOW_UPDATE inside a block", request(whole=False) + window_update(1)
         + continuation(b""), dies(PROTOCOL_ERROR)),
    ]})
def test_kinds_of_frames(connect, sent, want):
    run(connect, sent, want)


def test_6_5_3_settings_are_acknowledged_one_by_one(connect):
    client = connect()
    client.send(settings() + settings((99, 0)) + ping())
    client.expect(PING, flags=ACK)
    acks = [f for f in client.seen if f.kind == SETTINGS and f.flags & ACK]
    assert len(acks) == 3 and not any(f.payload for f in acks)


def test_6_7_ping_comes_back_as_it_was_and_an_acknowledgement_does_not(connect):
    client = connect()
    client.send(ping(b"ignored!", flags=ACK) + ping(b"\0\1\2\3\4\5\6\xff") + ping(b"87654321"))
    client.expect(PING)
    client.expect(PING)
    pings = [f for f in client.seen if f.kind == PING]
    assert [f.payload for f in pings] == [b"\0\1\2\3\4\5\6\xff", b"87654321"]
    assert all((f.flags, f.stream) == (ACK, 0) for f in pings)


def test_6_8_what_was_asked_before_a_clients_goaway_is_answered(connect):
    client = connect()
    client.send(SHUT + request() + goaway(more=b"in words") + window_update(100, 1))
    assert client.answer(1).body == b"ok"


def test_6_8_a_client_that_leaves_with_nothing_open_is_let_go(connect):
    client = connect()
    client.send(goaway())
    client.goes_away(NO_ERROR)


def test_7_goaway_of_a_code_that_nobody_knows_is_one_of_any_code(connect):
    client = connect()
    client.send(SHUT + request() + goaway(0, 0xdeadbeef) + window_update(100, 1))
    assert client.answer(1).body == b"ok"


def test_6_9_an_answer_is_sent_byte_by_byte_if_the_window_is_so(connect):
    client = connect()
    client.send(settings((INITIAL_WINDOW_SIZE, 1)) + request())
    first = client.expect(DATA, stream=1)
    client.send(ping())
    client.expect(PING, flags=ACK)  # and nothing more before it
    assert client.seen[-2] == first and (first.payload, first.flags) == (b"o", 0)
    client.send(window_update(1, 1))
    last = client.expect(DATA, stream=1)
    assert (last.payload, last.flags) == (b"k", END_STREAM)
    client.goes_on()


def test_6_9_the_connections_window_holds_too(connect):
    """/status and so on, until 65,535 bytes have come: no byte more comes then."""
    client = connect(PREFACE + settings((INITIAL_WINDOW_SIZE, 2**31 - 1)))
    got, stream = 0, -1
    while got < WINDOW:
        stream += 2
        client.send(request(stream=stream, path="/metrics"))
        while got < WINDOW:
            part = client.expect(DATA)
            got += len(part.payload)
            if part.flags & END_STREAM:
                break
    assert got == WINDOW
    client.send(ping())
    assert client.expect(PING, flags=ACK)
    assert client.seen[-2].kind == DATA
    client.send(window_update(2**20))
    if not part.flags & END_STREAM:
        client.until("its end", lambda f: f.kind == DATA and f.flags & END_STREAM)
    client.goes_on(stream + 2)


def test_6_9_2_a_smaller_first_window_makes_those_of_streams_negative(connect):
    client = connect()
    client.send(settings((INITIAL_WINDOW_SIZE, 1)) + request())
    assert client.expect(DATA, stream=1).payload == b"o"
    client.send(settings((INITIAL_WINDOW_SIZE, 0)) + window_update(1, 1) + ping())  # -1, 0
    client.expect(PING, flags=ACK)
    assert len([f for f in client.seen if f.kind == DATA]) == 1
    client.send(window_update(1, 1))
    assert client.expect(DATA, stream=1).payload == b"k"
    client.goes_on()


def test_6_9_2_a_larger_first_window_lets_waiting_answers_go(connect):
    client = connect()
    client.send(SHUT + request() + request(stream=3))
    client.expect(HEADERS, stream=3)
    client.send(settings((INITIAL_WINDOW_SIZE, 100)))
    client.expect(DATA)
    client.expect(DATA)
    assert sorted((f.stream, f.payload) for f in client.seen if f.kind == DATA) == [
        (1, b"ok"), (3, b"ok")]


def test_6_9_a_clients_content_gets_its_window_back(connect):
    """More content than any first window: all that was sent is given back, padding too."""
    client = connect()
    given = WINDOW
    sent, stream = 0, 1
    part = PAYLOAD_MAX // 2
    while sent < 3 * WINDOW:
        client.send(call_head(stream=stream))
        while given - sent < part:
            got = client.expect(WINDOW_UPDATE, stream=0)
            given += got.number()
        client.send(data(padded(bytes(part - 256), 255, bytes(255)), stream, flags=PADDED))
        sent += part
        stream += 2
    client.goes_on()


def test_window_updates_and_answers_cross(connect):
    client = connect()
    for stream in range(1, 41, 2):
        client.send(request(stream=stream) + window_update(1, stream) + window_update(1))
    for stream in range(1, 41, 2):
        assert client.answer(stream).body == b"ok"


def test_a_watch_is_a_stream_that_is_reset_without_an_answer(connect):
    client = connect()
    client.send(call("Watch"))
    assert client.expect(DATA, stream=1).payload == b"\0\0\0\0\2\x08\1"
    client.send(rst_stream(1, CANCEL))
    client.goes_on()
