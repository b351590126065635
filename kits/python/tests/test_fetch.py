"""The HTTP client for one document, against servers on loopback that misbehave."""

import gzip
import logging
import ssl
import time

import pytest
from gatehouse_agent import Door, UnavailableError, _fetch
from gatehouse_agent._address import Address
from gatehouse_agent._fetch import MAX_DOCUMENT, FetchError, fetch
from servers import RawServer, whole
from signing import AGENT, Signer

TIMEOUT = 5.0


def get(server, timeout=TIMEOUT, path="/keys"):
    return fetch(Address.parse(server.url + path), timeout)


def test_a_document_is_fetched_whole_and_without_the_caller():
    with RawServer(whole(b"document")) as server:
        assert get(server) == b"document"
        (request,) = server.requests
    lines = request.decode().split("\r\n")
    assert lines[0] == "GET /keys HTTP/1.1"
    names = {line.split(":")[0].lower() for line in lines[1:] if line}
    assert names == {"host", "accept", "accept-encoding"}


@pytest.mark.parametrize("length", [0, 1, MAX_DOCUMENT - 1, MAX_DOCUMENT])
def test_a_document_may_be_as_long_as_the_bound(length):
    with RawServer(whole(b"x" * length)) as server:
        assert get(server) == b"x" * length


def chunked(connection, _closing):
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")


def test_a_document_may_come_in_chunks():
    with RawServer(chunked) as server:
        assert get(server) == b"abcdef"


@pytest.mark.parametrize("headers", ["", "content-encoding: gzip\r\n", "content-encoding: X-GZIP\r\n"])
@pytest.mark.parametrize("length", [0, 1, MAX_DOCUMENT])
def test_a_document_may_be_one_gzip_file(headers, length):
    with RawServer(whole(gzip.compress(b"x" * length), headers=headers)) as server:
        assert get(server) == b"x" * length


def test_a_body_that_is_not_compressed_may_be_said_to_be():
    for coding in ("gzip", "identity"):
        with RawServer(whole(b"document", headers=f"content-encoding: {coding}\r\n")) as server:
            assert get(server) == b"document"


def endless(connection, closing):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not closing.is_set():
        connection.sendall(b"x" * 65536)


def endless_chunks(connection, closing):
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while not closing.is_set():
        connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def cut(connection, _closing):
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")


def cut_chunk(connection, _closing):
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nabc")


def hangs_up(_connection, _closing):
    pass


def no_http(connection, _closing):
    connection.sendall(b"SECRET of a stranger\r\n\r\n")


def huge_header(connection, _closing):
    connection.sendall(b"HTTP/1.1 200 OK\r\nx: " + b"SECRET" * 20_000 + b"\r\n\r\n")


def many_headers(connection, _closing):
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"x: SECRET\r\n" * 1000 + b"\r\n")


FILE = gzip.compress(b"SECRET" * 100)

BROKEN = {
    "bomb": whole(gzip.compress(b"x" * (MAX_DOCUMENT + 1))),
    "large bomb": whole(gzip.compress(b"x" * 50_000_000)),
    "two gzip files": whole(FILE + FILE),
    "more behind a gzip file": whole(FILE + b"x"),
    "half a gzip file": whole(FILE[: len(FILE) // 2]),
    "a gzip file without its end": whole(FILE[:-1]),
    "a damaged gzip file": whole(FILE[:-8] + b"12345678"),
    "another coding": whole(b"SECRET", headers="content-encoding: br\r\n"),
    "two codings": whole(FILE, headers="content-encoding: gzip, gzip\r\n"),
    "too long": whole(b"x" * (MAX_DOCUMENT + 1)),
    "endless": endless,
    "endless chunks": endless_chunks,
    "cut": cut,
    "cut chunk": cut_chunk,
    "hangs up": hangs_up,
    "no http": no_http,
    "huge header": huge_header,
    "many headers": many_headers,
    "created": whole(b"SECRET", "201 Created"),
    "no content": whole(b"", "204 SECRET"),
    "not found": whole(b"SECRET", "404 Not Found"),
    "broken": whole(b"SECRET", "500 SECRET"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_document_is_refused_and_not_repeated(broken):
    with RawServer(broken) as server, pytest.raises(FetchError) as error:
        get(server)
    assert "SECRET" not in str(error.value)
    assert error.value.__cause__ is error.value.__context__ is None


def test_a_redirect_is_not_followed():
    with RawServer(whole(b"stolen")) as elsewhere:
        there = f"location: {elsewhere.url}/keys\r\n"
        for status in ("301 -", "302 -", "303 -", "307 -", "308 -"):
            with RawServer(whole(b"", status, there)) as server, pytest.raises(FetchError, match=status[:3]):
                get(server)
        assert elsewhere.count == 0


def drip(pieces):
    def answer(connection, closing):
        for piece in pieces:
            connection.sendall(piece)
            if closing.wait(0.05):
                return

    return answer


DRIPS = {
    "status": [b"H"] + [b"T"] * 120,
    "headers": [b"HTTP/1.1 200 OK\r\n"] + [b"x: y\r\n"] * 120,
    "body": [b"HTTP/1.1 200 OK\r\ncontent-length: 120\r\n\r\n"] + [b"x"] * 120,
    "chunks": [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"] + [b"1\r\nx\r\n"] * 120,
    "silence": [b""] * 120,
}


@pytest.mark.parametrize("pieces", DRIPS.values(), ids=DRIPS.keys())
def test_however_slowly_it_comes_the_time_is_bounded(pieces):
    with RawServer(drip(pieces)) as server:
        start = time.monotonic()
        with pytest.raises(FetchError, match="took too long"):
            get(server, timeout=0.4)
        assert time.monotonic() - start < 4


def test_a_closed_port_is_an_outage():
    with RawServer(hangs_up) as server:
        url = server.url
    with pytest.raises(FetchError, match="Connection refused"):
        fetch(Address.parse(url), TIMEOUT)


def test_https_is_verified():
    context = _fetch._tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    # A server that does not speak TLS.
    with RawServer(whole(b"document")) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(FetchError, match=r"cannot be reached|took too long"):
            fetch(Address.parse(url), 1.0)


def test_no_proxy_of_the_environment_sees_the_request(monkeypatch):
    with RawServer(whole(b"stolen")) as proxy, RawServer(whole(b"document")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert get(server) == b"document"
        assert proxy.count == 0


def test_a_door_fetches_its_keys_at_its_own_address(caplog):
    signer = Signer()
    with RawServer(whole(signer.document)) as server:
        door = Door(server.url + "/stage", AGENT)
        headers = signer.headers(server.url + "/stage", b"{}")
        assert door.verify("POST", "/invocations", headers, b"{}").subject == "alice"
        assert server.requests[0].startswith(b"GET /stage/.well-known/jwks.json HTTP/1.1\r\n")
    with RawServer(whole(b"SECRET")) as broken, caplog.at_level(logging.WARNING):
        door = Door(broken.url, AGENT)
        with pytest.raises(UnavailableError) as error:
            door.verify("POST", "/invocations", signer.headers(broken.url, b"{}"), b"{}")
    assert error.value.reason == "keys_unavailable"
    assert "the key document is not one strict JSON object" in caplog.text
    assert "SECRET" not in caplog.text


def test_keys_may_be_elsewhere():
    signer = Signer()
    with RawServer(whole(signer.document)) as server:
        door = Door("https://door.example", AGENT, keys_url=server.url + "/copy")
        headers = signer.headers("https://door.example", b"{}")
        assert door.verify("POST", "/invocations", headers, b"{}").subject == "alice"
        assert server.requests[0].startswith(b"GET /copy HTTP/1.1\r\n")
