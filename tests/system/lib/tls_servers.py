# SPDX-License-Identifier: MIT
"""Local servers for the TLS matrix, and a name server that knows every name.

Each server is one thread on a loopback port of its own and serves until it is
closed; what a client does to it is no error here.
"""
import contextlib
import ctypes
import socket
import ssl
import struct
import subprocess
import threading

import harness

ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")


class Server:
    """Runs talk(connection) for each connection, one after the other."""

    def __init__(self, talk, address="127.0.0.1"):
        self.talk = talk
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind((address, 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.settimeout(harness.DEADLINE)
            with contextlib.suppress(OSError, ValueError), peer:
                self.talk(peer)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(harness.DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def set_suites(c, names):
    """Python's ssl has no call for it; its SSL_CTX is the first field of an object."""
    inside = ctypes.c_void_p.from_address(id(c) + object.__basicsize__)
    assert ctypes.CDLL("libssl.so.3").SSL_CTX_set_ciphersuites(inside, names.encode()) == 1


def context(chain, key, *, low=ssl.TLSVersion.TLSv1_2,
            high=ssl.TLSVersion.TLSv1_2, ciphers="ALL", curve=None,
            client_ca=None, alpn=("http/1.1",), names=None, suites=None):
    """A server's SSLContext that allows whatever OpenSSL still can. `ciphers` are
    those of TLS 1.2, `suites` those of TLS 1.3."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.set_ciphers(ciphers + ":@SECLEVEL=0")
    c.minimum_version, c.maximum_version = low, high
    c.load_cert_chain(chain, key)
    if suites:
        set_suites(c, suites)
    if curve:
        c.set_ecdh_curve(curve)
    if client_ca:
        c.verify_mode = ssl.CERT_REQUIRED
        c.load_verify_locations(client_ca)
    if alpn:
        c.set_alpn_protocols(list(alpn))
    if names is not None:
        def only(_socket, name, _context):
            return None if name in names else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        c.sni_callback = only
    return c


def read_head(stream):
    got = b""
    while b"\r\n\r\n" not in got:
        more = stream.recv(4096)
        if not more:
            return got
        got += more
    return got


def shake_hands(c, peer):
    """The SSLSocket; after a failure the client has read the alert: what it sent
    meanwhile would turn the close into a reset, which may overtake that."""
    stream = c.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)
    try:
        stream.do_handshake()
    except ssl.SSLError:
        with contextlib.suppress(OSError), socket.socket(fileno=stream.detach()) as s:
            s.settimeout(harness.DEADLINE)
            s.shutdown(socket.SHUT_WR)
            while s.recv(4096):
                pass
        raise
    return stream


def https(c, answer=ANSWER, notify=True):
    """talk() that answers one request and then says that it ends."""
    def talk(peer):
        with shake_hands(c, peer) as stream:
            if not read_head(stream):
                return
            stream.sendall(answer)
            if notify:
                stream.unwrap()
            else:
                stream.shutdown(socket.SHUT_RDWR)
    return talk


def plain(data):
    """talk() that sends data once the client has spoken, and hangs up."""
    def talk(peer):
        peer.recv(4096)
        peer.sendall(data)
    return talk


def greets(data):
    """talk() that sends data at once and waits for the client to go."""
    def talk(peer):
        peer.sendall(data)
        while peer.recv(4096):
            pass
    return talk


def set_reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def resets(peer):
    peer.recv(1)
    set_reset(peer)


def hangs_up(peer):
    peer.recv(4096)


def stays_silent(peer):
    while peer.recv(4096):
        pass


def record(kind, body, version=b"\x03\x03"):
    return bytes((kind,)) + version + len(body).to_bytes(2, "big") + body


def alert(number):
    return record(21, bytes((2, number)))


class Openssl:
    """openssl s_server, for what Python's ssl cannot be told."""

    def __init__(self, cert, chain, key, *options, stdin=False,
                 version=ssl.TLSVersion.TLSv1_2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        only = "-" + version.name.lower().replace("v", "")	# -tls1_3
        self.process = subprocess.Popen(
            ("openssl", "s_server", "-accept", f"127.0.0.1:{self.port}",
             *(() if stdin else ("-www",)), only, "-cert", cert, "-cert_chain", chain,
             "-key", key) + options,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        self.wait_for(b"ACCEPT")

    def wait_for(self, words):
        while (line := self.process.stdout.readline()) and words not in line:
            pass
        assert words in line

    def say(self, words):
        self.process.stdin.write(words)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.wait()


class Relay(Server):
    """Passes bytes to a server and back, the server's first `limit` only."""

    def __init__(self, port, limit, then_reset=False):
        self.to, self.limit, self.then_reset = port, limit, then_reset
        super().__init__(self.relay)

    def relay(self, peer):
        with socket.create_connection(("127.0.0.1", self.to)) as server:
            up = threading.Thread(target=self.pour, args=(peer, server, 1 << 30),
                                  daemon=True)
            up.start()
            self.pour(server, peer, self.limit)
            # SHUT_RD tells the client nothing; the close is then a reset.
            if self.then_reset:
                set_reset(peer)
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RD if self.then_reset else socket.SHUT_RDWR)
            up.join(harness.DEADLINE)

    @staticmethod
    def pour(source, sink, limit):
        with contextlib.suppress(OSError):
            while limit > 0 and (data := source.recv(min(limit, 4096))):
                sink.sendall(data)
                limit -= len(data)


class NameServer:
    """Tells 127.0.0.1 for every name, on port 53 of a loopback address."""

    address = "127.0.7.53"

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(512)
            except OSError:
                return
            if not query:
                return
            end = query.index(b"\0", 12) + 5
            is_a = query[end - 4:end - 2] == b"\0\1"
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if is_a else b""
            self.socket.sendto(query[:2] + b"\x81\x80\0\1" +
                               (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0" +
                               query[12:end] + answer, peer)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", (self.address, 53))
        self.socket.close()
