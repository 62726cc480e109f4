"""RFC 9113's section 8, requests and answers, and RFC 7541 (HPACK), as tables."""
import re

import hpack
import pytest

from h2_raw import (
    COMPRESSION_ERROR, DATA, END_STREAM, ENHANCE_YOUR_CALM, GET, GRPC, HEADERS,
    HEADER_TABLE_SIZE, HOST, HTTP, LIVEZ, NO_ERROR, PADDED, PREFACE, PROTOCOL_ERROR, REQUEST,
    RST_STREAM, STREAM_CLOSED, call, call_head, continuation, data, fields, headers, request,
    settings, text)
from h2_table import answered, dies, ok, resets, run, table
from harness import TOP

EMPTY = bytes(5)  # a message of gRPC
malformed = resets(PROTOCOL_ERROR)
corrupt = dies(COMPRESSION_ERROR)
BLOCK = fields(*REQUEST)


def has_code(code):
    """An answer of gRPC's."""
    def check(client):
        assert client.answer().code == code
        client.goes_on()
    return check


def raw(name, value):
    """A request with a field of any bytes."""
    return headers(BLOCK + b"\0" + text(name) + text(value))


def only(*pairs):
    return headers(fields(*pairs))


# --- 8: requests ------------------------------------------------------------------

@table({
    "8.1": [
        ("HEADERS alone", request(), ok),
        ("HEADERS and DATA", call(), has_code(0)),
        ("HEADERS, DATA and trailers", call_head() + data(EMPTY, ends=False)
         + headers(fields(("x", "y"))), has_code(0)),
        ("HEADERS, no DATA and trailers", call_head() + headers(fields(("x", "y"))),
         has_code(12)),
        ("DATA in pieces, some of them empty", call_head() + b"".join(
            data(EMPTY[i:i + 1], ends=False) + data(ends=False) for i in range(5)) + data(),
         has_code(0)),
        ("second HEADERS that do not end the stream", call_head()
         + headers(fields(("x", "y")), ends=False), malformed),
        ("second HEADERS that are a request", call_head() + request(), malformed),
        ("DATA behind the trailers", call_head() + data(EMPTY, ends=False)
         + headers(fields(("x", "y"))) + data(b"x"),
         lambda c: c.answer() and c.resets(STREAM_CLOSED)),
        ("a pseudo-header in the trailers", call_head() + data(EMPTY, ends=False)
         + headers(fields(GET)), malformed),
        ("a pseudo-header of an answer in the trailers", call_head() + data(EMPTY, ends=False)
         + headers(fields((":status", "200"))), malformed),
        ("a bad name in the trailers", call_head() + data(EMPTY, ends=False)
         + headers(fields(("X", "y"))), malformed),
        ("a connection's own field in the trailers", call_head() + data(EMPTY, ends=False)
         + headers(fields(("connection", "x"))), malformed),
    ],
    "8.1.1": [
        ("content-length is that of DATA", call_head(("content-length", "5")) + data(EMPTY),
         has_code(0)),
        ("content-length is that of all DATA", call_head(("content-length", "5"))
         + data(EMPTY[:2], ends=False) + data(EMPTY[2:]), has_code(0)),
        ("less DATA", call_head(("content-length", "6")) + data(EMPTY), malformed),
        ("more DATA", call_head(("content-length", "4")) + data(EMPTY), malformed),
        ("more DATA, in several", call_head(("content-length", "4"))
         + data(EMPTY[:2], ends=False) + data(EMPTY[2:]), malformed),
        ("less DATA and trailers", call_head(("content-length", "6"))
         + data(EMPTY, ends=False) + headers(fields(("x", "y"))), malformed),
        ("no DATA where there should be some", request(("content-length", "1")), malformed),
        ("no DATA where there should be none", request(("content-length", "0")), ok),
        ("DATA where there should be none", call_head(("content-length", "0")) + data(EMPTY),
         malformed),
        ("padding is not content", call_head(("content-length", "5"))
         + data(b"\x09" + EMPTY + bytes(9), flags=PADDED), has_code(0)),
        ("two lengths", call_head(("content-length", "5"), ("content-length", "6"))
         + data(EMPTY), malformed),
        ("a length that is no number", request(("content-length", "x")), malformed),
        ("a negative length", request(("content-length", "-1")), malformed),
        ("an empty length", request(("content-length", "")), malformed),
        ("a length beyond any number", request(("content-length", "9" * 30)), malformed),
    ],
    "8.2.1": [
        *[(f"a name with {byte!r}", raw(b"a" + byte + b"b", b"x"), malformed) for byte in (
            b"A", b"Z", b"\0", b"\t", b"\n", b"\r", b"\x1f", b" ", b":", b"\x7f", b"\x80",
            b"\xff")],
        ("an empty name", raw(b"", b"x"), malformed),
        ("a name in capitals that is known", raw(b"Content-Type", b"x"), malformed),
        ("a name of all that it may have", raw(b"!#$%&'*+-.^_`|~09az", b"x"), ok),
        *[(f"a value with {byte!r}", raw(b"a", b"x" + byte + b"y"), malformed) for byte in (
            b"\0", b"\n", b"\r", b"\r\n")],
        *[(f"a value that starts with {byte!r}", raw(b"a", byte + b"y"), malformed)
          for byte in (b" ", b"\t", b"\n", b"\0")],
        *[(f"a value that ends with {byte!r}", raw(b"a", b"x" + byte), malformed)
          for byte in (b" ", b"\t", b"\r", b"\0")],
        ("a value with blanks inside", raw(b"a", b"x \t y"), ok),
        ("a value of bytes above ASCII", raw(b"a", b"\x80\xff"), ok),
        ("an empty value", raw(b"a", b""), ok),
        ("a bad value of a field that is read", raw(b"accept", b"a\nb"), malformed),
    ],
    "8.2.2": [
        *[(f"{name}", request((name, value)), malformed) for name, value in (
            ("connection", "keep-alive"), ("connection", ""), ("proxy-connection", "x"),
            ("keep-alive", "x"), ("transfer-encoding", "chunked"), ("upgrade", "h2c"))],
        ("te: trailers", request(("te", "trailers")), ok),
        ("te of something else", request(("te", "gzip")), malformed),
        ("te of trailers and something else", request(("te", "trailers, gzip")), malformed),
        ("te of trailers with a weight", request(("te", "trailers;q=1")), malformed),
    ],
    "8.2.3": [
        ("crumbs of a cookie", request(*[("cookie", f"{i}=x") for i in range(20)]), ok),
    ],
    "8.3": [
        ("a pseudo-header that nobody knows", request((":x", "y")), malformed),
        ("an unknown one among the others", only((":x", "y"), *REQUEST), malformed),
        ("a pseudo-header of an answer", only(*REQUEST, (":status", "200")), malformed),
        ("an empty one", only((":", "x"), *REQUEST), malformed),
        ("a pseudo-header behind a field", only(GET, HTTP, HOST, ("a", "b"), LIVEZ), malformed),
        ("all of them behind a field", only(("a", "b"), *REQUEST), malformed),
        ("any order", only(HOST, LIVEZ, HTTP, GET), ok),
        *[(f"{name} twice", only(*REQUEST, (name, value)), malformed)
          for name, value in REQUEST],
        ("one in capitals", only((":Method", "GET"), HTTP, LIVEZ, HOST), malformed),
    ],
    "8.3.1": [
        *[(f"no :{name}", request(without=[name]), malformed)
          for name in ("method", "scheme", "path")],
        *[(f"an empty :{name}", request(**{name: ""}), malformed)
          for name in ("method", "scheme", "path")],
        ("no pseudo-header", only(("a", "b")), malformed),
        ("no field at all", headers(b""), malformed),
        ("no :authority: HTTP/1.1's host", request(("host", "x"), without=["authority"]), ok),
        ("neither, as haproxy's checks", request(without=["authority"]), ok),
        ("both, and the same", request(("host", "x")), ok),
        ("a scheme that is not the connection's", request(scheme="https"), ok),
        ("a path that does not start with a slash", request(path="livez"), answered(404)),
        ("a path with a query", request(path="/livez?verbose"), ok),
        ("a path of a space", request(path="/liv ez"), malformed),
        ("an asterisk for OPTIONS", request(method="OPTIONS", path="*"),
         lambda c: c.answer() and c.goes_on()),
        ("a method that nobody knows", request(method="BREW"), answered(405)),
        ("HEAD", request(method="HEAD"), ok),
    ],
    "8.5": [
        ("CONNECT", only((":method", "CONNECT"), HOST), answered(405)),
        ("CONNECT with a scheme", only((":method", "CONNECT"), HTTP, HOST), malformed),
        ("CONNECT with a path", only((":method", "CONNECT"), LIVEZ, HOST), malformed),
        ("CONNECT without an authority", only((":method", "CONNECT")), malformed),
    ]})
def test_requests(connect, sent, want):
    run(connect, sent, want)


# --- 8: answers -------------------------------------------------------------------

CONNECTIONS_OWN = {"connection", "proxy-connection", "keep-alive", "transfer-encoding",
                   "upgrade", "te"}


@pytest.mark.parametrize("sent", [
    request(), request(method="HEAD"), request(path="/nothing"), request(path="/metrics"),
    request(method="POST"), request(("a", "b" * 200), *[("a", "b" * 200)] * 75), call(),
    call(service="nothing"), call("List"), call("Nothing")], ids=range(10))
def test_8_2_and_8_3_2_fields_of_answers_are_well_formed(connect, sent):
    answer = connect().send(sent).answer()
    for block in (answer.head, answer.trailers):
        for name, value in block:
            assert name == name.lower() and name and name not in CONNECTIONS_OWN
            assert value == value.strip() and not set(value) & set("\r\n\0")
    assert [name for name, _ in answer.head if name.startswith(":")] == [":status"]
    assert answer.head[0][0] == ":status"
    assert not [name for name, _ in answer.trailers if name.startswith(":")]
    length = dict(answer.head).get("content-length")
    assert length is None or int(length) == len(answer.body) or b"HEAD" in sent


def test_an_answer_to_head_has_no_data(connect):
    client = connect().send(request(method="HEAD"))
    assert client.expect(HEADERS, stream=1).flags & END_STREAM
    client.goes_on()
    assert not [f for f in client.seen if f.kind == DATA and f.stream == 1]


def test_8_1_an_answer_before_the_request_has_ended_asks_for_no_more_of_it(connect):
    client = connect().send(request(method="POST", ends=False))
    assert client.answer().status == 405
    assert client.expect(RST_STREAM, stream=1).number() == NO_ERROR
    client.goes_on()


def test_answers_are_those_of_http1(connect, h2_server):
    for path in ("/livez", "/readyz?verbose", "/startupz", "/nothing"):
        one, two = h2_server.get(path), connect().send(request(path=path)).answer()
        assert (two.status, two.body.decode()) == (one.status, one.body)
        same = {"content-type", "content-length", "cache-control", "x-content-type-options"}
        assert ({name: value for name, value in two.head if name in same}
                == {name: value for name, value in one.headers.items() if name in same})


# --- RFC 7541 -----------------------------------------------------------------------

def indexed(*indices):
    return bytes(0x80 | i for i in indices)


AUTHORITY = b"\x41" + text("x")  # is added to the table: 62 from then on
START = indexed(2, 6) + b"\x04" + text("/livez")  # GET, http
FOUR_K = b"\x3f\xe1\x1f"  # a size of 4,096
CODED = b"\0" + text("a")  # and then a coded value


@table({
    "HPACK 2.3.3": [
        ("index 0", headers(indexed(0)), corrupt),
        ("an index beyond both tables", headers(START + indexed(62)), corrupt),
        ("an index one beyond a table of one", headers(START + AUTHORITY + indexed(63)),
         corrupt),
        ("a name beyond both tables", headers(START + b"\x7e" + text("x")), corrupt),
        ("a name beyond both tables, not indexed", headers(START + b"\x0f\x2f" + text("x")),
         corrupt),
        ("a name beyond both tables, never indexed", headers(START + b"\x1f\x2f" + text("x")),
         corrupt),
        ("an entry of an earlier block", headers(START + AUTHORITY)
         + headers(START + indexed(62), stream=3), answered(stream=3)),
        ("an entry of a refused request's block", headers(START + AUTHORITY + b"\0"
         + text("Bad") + text("x")) + headers(START + indexed(62), stream=3),
         lambda c: c.answer(3) and c.goes_on()),
        ("an entry of trailers", call_head() + data(EMPTY, ends=False) + headers(b"\x40"
         + text("a") + text("b")) + headers(START + indexed(62), stream=3),
         answered(stream=3)),
        ("an entry that a field took the place of", headers(b"\x3f\x03" + START + AUTHORITY)
         + headers(START + b"\x41" + text("y") + indexed(63), stream=3), corrupt),
    ],
    "HPACK 4.2": [
        ("a size at a block's start", headers(b"\x20" + BLOCK), ok),
        ("two sizes at a block's start", headers(b"\x20" + FOUR_K + BLOCK), ok),
        ("a size at the start of the second block", request()
         + headers(b"\x20" + BLOCK, stream=3), answered(stream=3)),
        ("a size at the end of a block", headers(BLOCK + b"\x20"), corrupt),
        ("a size between fields", headers(indexed(2) + FOUR_K + BLOCK), corrupt),
        ("a size at the start of CONTINUATION", headers(BLOCK[:20], whole=False)
         + continuation(BLOCK[20:] + b"\x20"), corrupt),
        ("entries go with a size", headers(START + AUTHORITY)
         + headers(b"\x20" + START + indexed(62), stream=3), corrupt),
    ],
    "HPACK 4.4": [
        ("a field larger than the table empties it", headers(b"\x3f\x03" + START + AUTHORITY)
         + headers(START + b"\x40" + text("a") + text("v" * 40), stream=3)
         + headers(START + indexed(62), stream=5), corrupt),
    ],
    "HPACK 5.1": [
        ("a number with zeros ahead", headers(b"\x3f\xe1\x9f\0" + BLOCK), ok),
        ("a number of six bytes", headers(b"\x3f\x80\x80\x80\x80\x00" + BLOCK), corrupt),
        ("a number beyond 32 bits", headers(b"\xff\xff\xff\xff\xff\xff\x7f"), corrupt),
        ("a number of fifty bytes", headers(b"\x3f" + b"\x80" * 49 + b"\0" + BLOCK), corrupt),
        ("a length beyond 32 bits", headers(START + b"\0\x7f\xff\xff\xff\xff\x7f"), corrupt),
    ],
    "HPACK 5.2": [
        ("a coded value", headers(BLOCK + CODED + b"\x81\x1f"), ok),
        ("an empty coded value", headers(BLOCK + CODED + b"\x80"), ok),
        ("a padding of 8 bits", headers(BLOCK + CODED + b"\x86\x18\xc6\x31\x8c\x63\xff"),
         corrupt),
        ("a padding of more than 8 bits", headers(BLOCK + CODED + b"\x82\x1f\xff"), corrupt),
        ("a padding of zeros", headers(BLOCK + CODED + b"\x81\x18"), corrupt),
        ("a padding with a zero", headers(BLOCK + CODED + b"\x81\x1e"), corrupt),
        ("the end of the string", headers(BLOCK + CODED + b"\x84\xff\xff\xff\xff"), corrupt),
        ("the end of the string behind a symbol", headers(
            BLOCK + CODED + b"\x85\x1f\xff\xff\xff\xff"), corrupt),
        ("a coded name that is not whole", headers(BLOCK + b"\0\x81\xfe" + text("x")), corrupt),
        ("a string longer than the block", headers(BLOCK + b"\0" + text("a") + b"\x05abcd"),
         corrupt),
    ],
    "HPACK 6": [
        ("literals with indexing", headers(START + b"\x40" + text("a") + text("b")), ok),
        ("literals without indexing", headers(START + b"\x00" + text("a") + text("b")), ok),
        ("literals never indexed", headers(START + b"\x10" + text("a") + text("b")), ok),
        ("literals with the name of an entry", headers(START + AUTHORITY)
         + headers(START + b"\x0f\x2f" + text("y"), stream=3), answered(stream=3)),
        *[(f"literals of {first:#04x} with a coded name and value",
           headers(START + bytes([first]) + b"\x81\x1f\x81\x1f"), ok)
          for first in (0x40, 0x00, 0x10)],
        *[(f"literals of {first:#04x} with a known name and a coded value",
           headers(START + bytes([first | 1]) + b"\x81\x1f"), ok)
          for first in (0x40, 0x00, 0x10)],
        ("a coded name that is not lower case", headers(
            START + b"\0" + b"\x83" + hpack.Encoder().huffman_coder.encode(b"ABC")
            + text("x")), malformed),
    ],
    "HPACK 6.3": [
        ("a size of all that is allowed", headers(FOUR_K + BLOCK), ok),
        ("a size of one more", headers(b"\x3f\xe2\x1f" + BLOCK), corrupt),
        ("a size of far more", headers(b"\x3f\xff\xff\xff\x7f" + BLOCK), corrupt),
        ("a size above the limit behind one below", headers(b"\x20\x3f\xe2\x1f" + BLOCK),
         corrupt),
    ]})
def test_hpack(connect, sent, want):
    run(connect, sent, want)


@pytest.mark.parametrize("coded", [False, True])
def test_a_whole_coder_is_understood_for_many_requests(connect, coded):
    """The package's coder has the table full of what it was given, and goes on."""
    client, coder = connect(), hpack.Encoder()
    for i in range(200):
        more = [(f"x-{i % 37}", f"{i}" * (i % 50)), ("user-agent", "kube-probe/1.32")]
        block = coder.encode([*REQUEST, *more], huffman=coded)
        client.send(headers(block, stream=2 * i + 1))
        assert client.answer(2 * i + 1).body == b"ok"


def test_a_coder_that_changes_its_tables_size_is_understood(connect):
    client, coder = connect(), hpack.Encoder()
    for i, size in enumerate((4096, 0, 100, 4096, 33, 64, 4096)):
        coder.header_table_size = size
        for stream in (4 * i + 1, 4 * i + 3):
            client.send(headers(coder.encode([*REQUEST, ("a", "b"), (f"c{i}", "d")]),
                                stream=stream))
            assert client.answer(stream).body == b"ok"


def test_a_table_of_size_0_for_answers_is_heeded(connect):
    client = connect(PREFACE + settings((HEADER_TABLE_SIZE, 0)))
    client.decoder.max_allowed_table_size = 0
    client.decoder.header_table_size = 0
    for stream in (1, 3, 5):
        client.send(request(stream=stream))
        assert client.answer(stream).status == 200
    assert len(client.decoder.header_table.dynamic_entries) == 0


# --- hale's own bounds --------------------------------------------------------------

def bound(header, name):
    return int(re.search(rf"#define {name}\s+(\d+)", (TOP / "include/net" / header).read_text())[1])


LIST_MAX = bound("h2_request.h", "H2_LIST_MAX")
TEXT_MAX = bound("h2.h", "H2_TEXT_MAX")
BLOCK_MAX = bound("h2.h", "H2_BLOCK_MAX")


def of_size(size, pairs):
    """The block of these and of two more fields, so many bytes in all by 4.1's count. The
    values are coded: 5 bits for each byte."""
    rest = size - sum(len(name) + len(value) + 32 for name, value in pairs) - 2 * 33
    more = [("a", "1" * (rest // 2)), ("b", "1" * (rest - rest // 2))]
    return hpack.Encoder().encode([*pairs, *more])


@pytest.mark.parametrize("more, status", [(-1, 200), (0, 200), (1, 431), (2000, 431)])
def test_a_requests_fields_have_a_bound(connect, more, status):
    client = connect()
    client.send(headers(of_size(LIST_MAX + more, REQUEST)))
    client.is_answered(status)


@pytest.mark.parametrize("more, code", [(-1, 0), (0, 0), (1, 8)])
def test_a_calls_fields_have_a_bound(connect, more, code):
    pairs = [*(pair for pair in REQUEST if pair not in (GET, LIVEZ)), (":method", "POST"),
             (":path", "/grpc.health.v1.Health/Check"), *GRPC]
    client = connect()
    client.send(headers(of_size(LIST_MAX + more, pairs), ends=False), data(EMPTY))
    assert client.answer().code == code


@pytest.mark.parametrize("more, code", [(-1, 5), (0, 5), (1, 8), (TEXT_MAX, 8)])
def test_a_calls_message_has_a_bound(connect, more, code):
    """5: the name is read, and unknown."""
    name = b"n" * (TEXT_MAX + more - 5 - 3)
    message = b"\x0a" + bytes([128 | len(name) % 128, len(name) // 128]) + name
    client = connect()
    client.send(call_head() + data(b"\0" + len(message).to_bytes(4, "big") + message))
    assert client.answer().code == code
    client.goes_on()


def block_of(length):
    """A header block of that many bytes, of one long field more than a request has."""
    start = BLOCK + b"\0" + text("a")
    n = length - len(start) - 4
    number = [0x7f, 128 | (n - 127) % 128, 128 | (n - 127) // 128 % 128, (n - 127) // 16384]
    return start + bytes(number) + b"v" * n


@pytest.mark.parametrize("more, want", [
    (-1, answered(431)), (0, answered(431)), (1, dies(ENHANCE_YOUR_CALM))])
def test_a_header_block_has_a_bound(connect, more, want):
    block = block_of(BLOCK_MAX + more)
    assert len(block) == BLOCK_MAX + more
    parts = [block[i:i + 16000] for i in range(0, len(block), 16000)]
    client = connect()
    client.send(headers(parts[0], whole=False), *[
        continuation(part, whole=part is parts[-1]) for part in parts[1:]])
    want(client)
