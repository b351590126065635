"""ASGI middleware: it lets in requests with a valid assertion, and refuses all others.

request -> open path? -> assertion ---> body -----> seen before? -> application, with a caller
           as it is      one header,    bounded,    bounded         403 problem: the assertion does not hold
                         the door's     its hash                    503 problem: it cannot be decided, no keys
                         signature                                  413 problem: the body is too long
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from ._caller import Caller
from ._door import Door
from ._errors import ProofError, RejectedError, TooLargeError
from ._turn import CURRENT, SCOPE_KEY, Current, Turn
from ._verify import the_headers

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: On every answer of an agent that works without a door, as on the door's own answers while authentication is off.
WARNING_HEADER: Final = (b"x-gatehouse-warning", b"no caller is verified")

_LOG: Final = logging.getLogger("gatehouse_agent")


class _DisconnectedError(Exception):
    """The client went away before the body was whole: there is no one left to answer."""


class IdentityMiddleware:
    """Verifies each request before the application sees it. In the application, `caller()` says who asks.

    It must be the only way to the application, and stand in front of everything that reads the request.
    """

    def __init__(self, app: Application, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._app(scope, receive, send)
        elif kind == "http":
            await self._http(scope, receive, send)
        elif kind == "websocket":
            await _refuse_websocket(scope, receive, send)
        else:
            # What ASGI may bring one day is not verified here, so it does not pass.
            raise NotImplementedError(f"the ASGI scope `{kind}` is not let in: it cannot be verified")

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, target = scope["method"], _target(scope)
        headers = the_headers(scope["headers"])
        if self._door.is_open(method, target):
            await self._pass_on(scope, _replayed(b"", receive), send, None)
            return
        try:
            caller, body = await self._admitted(method, target, headers, receive)
        except RejectedError as error:
            _LOG.warning("a request was turned away (%s): %s", error.reason, error, extra={"reason": error.reason})
            await _refuse(error, send)
        except _DisconnectedError:
            return
        else:
            send = send if self._door.is_verifying else _warned(send)
            await self._pass_on(scope, _replayed(body, receive), send, Turn.of(caller, headers))

    async def _admitted(
        self, method: str, target: str, headers: list[tuple[bytes, bytes]], receive: Receive
    ) -> tuple[Caller, bytes]:
        door = self._door
        if not door.is_verifying:
            body = await _read(receive, door.max_body)
            return await door.averify(method, target, headers, body), body
        proof = door.proof(headers)
        claims = door.claims(proof, await door.akeys(proof), method, target, headers)
        # Not earlier: a stranger's body is not read.
        body = await _read(receive, door.max_body)
        return door.admit(claims, body), body

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, turn: Turn | None) -> None:
        # Set on open paths too, where there is no caller: nothing that was there before may be taken for one.
        current = Current(turn)
        token = CURRENT.set(current)
        try:
            await self._app({**scope, SCOPE_KEY: turn}, receive, send)
        finally:
            current.end()
            CURRENT.reset(token)


def _target(scope: Scope) -> str:
    """Path and query, as on the request line.

    The door signs a path as it stands, so the undecoded one is compared; a server that does not show it shows the
    decoded one, by which the application is going to decide. ASGI does not show the question mark of an empty query,
    nor does the application see it.
    """
    raw: bytes | None = scope.get("raw_path")
    path = scope["path"] if raw is None else raw.decode("latin-1")
    query: bytes = scope.get("query_string") or b""
    return f"{path}?{query.decode('latin-1')}" if query else path


async def _read(receive: Receive, max_body: int) -> bytes:
    """The whole body, up to a bound."""
    # One buffer: a list of a million pieces of one byte would take forty times as much.
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _DisconnectedError
        body += message.get("body") or b""
        if len(body) > max_body:
            raise TooLargeError
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the application the body that was read, and then what the server says next."""
    is_given = False

    async def replayed() -> Message:
        nonlocal is_given
        while is_given:
            message = await receive()
            # What is left of a body that was not read is none of the application's.
            if message["type"] != "http.request":
                return message
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _warned(send: Send) -> Send:
    async def warned(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), WARNING_HEADER]}
        await send(message)

    return warned


async def _refuse(error: RejectedError, send: Send, prefix: str = "http") -> None:
    """A problem (RFC 9457). The reason stays in the log."""
    body = json.dumps({"code": error.code, "status": error.status, "title": error.title}).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if error.status == 503:
        headers.append((b"retry-after", b"10"))
    await send({"type": f"{prefix}.response.start", "status": error.status, "headers": headers})
    await send({"type": f"{prefix}.response.body", "body": body, "more_body": False})


async def _refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """The door opens none, and an assertion is for one request: whatever came after the handshake would be unproven."""
    message = await receive()
    if message["type"] != "websocket.connect":
        return
    error = ProofError("websocket")
    _LOG.warning("a request was turned away (%s): %s", error.reason, error, extra={"reason": error.reason})
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await _refuse(error, send, "websocket.http")
    else:
        # Before it is accepted, the server answers 403 (ASGI, "Close - send event").
        await send({"type": "websocket.close", "code": 1008})
