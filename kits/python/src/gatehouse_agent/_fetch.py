"""Bounded HTTP fetch of one document: no redirect, no retry, no proxy, and nothing in the request about the caller.

No compression is asked for. Some servers compress all the same, so gzip is read, as the layer for Rust reads it: known
by its first bytes, one whole member, and bounded by what it holds.

The standard library does: one request in five minutes needs no pool of connections, and `http.client` follows no
redirect unless it is told to.
"""

from __future__ import annotations

import functools
import http.client
import socket
import ssl
import threading
import time
import zlib
from typing import Final

from ._address import Address

#: The longest document that is read, in bytes.
MAX_DOCUMENT: Final = 64 * 1024

#: The first bytes of a gzip file with the one method of compression that there is (RFC 1952 section 2.3.1). No JSON
#: text begins with them.
_GZIP: Final = b"\x1f\x8b\x08"
#: What a body may be declared as.
_CODINGS: Final = {"", "gzip", "identity", "x-gzip"}
#: The format that `zlib` is to expect: gzip and nothing else.
_GZIP_FORMAT: Final = 16 + zlib.MAX_WBITS
_COMPRESSION: Final = f"the document is compressed, and not as one whole gzip file of at most {MAX_DOCUMENT} bytes"


class FetchError(Exception):
    """A document could not be fetched. Its text holds nothing that the server said."""


def fetch(address: Address, timeout: float) -> bytes:
    """Gets a document whole within `timeout` seconds, or raises `FetchError`."""
    deadline = time.monotonic() + timeout
    why = "it took too long"
    try:
        document = _fetch(address, timeout, deadline)
    except FetchError as error:
        why = str(error)
    # A server that answers with what is no HTTP makes `http.client` raise in many ways.
    except Exception as error:
        why = f"the server cannot be reached ({_kind(error)})"
    else:
        # A connection that the watchdog has shut looks like one that has ended.
        if time.monotonic() < deadline:
            return document
    raise FetchError("it took too long" if time.monotonic() >= deadline else why)


def _fetch(address: Address, timeout: float, deadline: float) -> bytes:
    connection = _connection(address, timeout)
    try:
        connection.connect()
        # A timeout of the socket bounds one read. This bounds them all, however slowly the bytes drip.
        watchdog = threading.Timer(max(0.0, deadline - time.monotonic()), _shut, [connection.sock])
        watchdog.daemon = True
        watchdog.start()
        try:
            connection.request("GET", address.path, headers={"Accept": "application/json"})
            return _body(connection.getresponse())
        finally:
            watchdog.cancel()
    finally:
        connection.close()


def _connection(address: Address, timeout: float) -> http.client.HTTPConnection:
    if address.is_secure:
        return http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=_tls())
    return http.client.HTTPConnection(address.host, address.port, timeout=timeout)


@functools.cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _body(response: http.client.HTTPResponse) -> bytes:
    # Only 200 will do: a redirect could lead anywhere, and no door needs one.
    if response.status != 200:
        raise FetchError(f"the server answered {response.status}")
    if (response.headers.get("content-encoding") or "").strip().lower() not in _CODINGS:
        raise FetchError(_COMPRESSION)
    body = bytearray()
    while chunk := response.read1(MAX_DOCUMENT):
        body += chunk
        if len(body) > MAX_DOCUMENT:
            raise FetchError(f"the document is longer than {MAX_DOCUMENT} bytes")
    # `read1` says nothing of a document that was cut.
    if response.length:
        raise FetchError("the document was cut")
    return _plain(bytes(body))


def _plain(body: bytes) -> bytes:
    """The body without compression."""
    if not body.startswith(_GZIP):
        return body
    member = zlib.decompressobj(_GZIP_FORMAT)
    try:
        # The memory is bounded, whatever the body says of its length.
        document = member.decompress(body, MAX_DOCUMENT + 1)
    except zlib.error:
        raise FetchError(_COMPRESSION) from None
    # What follows would be a second member, and a second document.
    if len(document) > MAX_DOCUMENT or not member.eof or member.unused_data:
        raise FetchError(_COMPRESSION)
    return document


def _shut(connected: socket.socket) -> None:
    try:
        # That of `SSLSocket` would take the TLS layer away from the thread that reads.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        pass


def _kind(error: Exception) -> str:
    # A message may repeat what the server sent, so only those of the operating system and of certificates are shown.
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
