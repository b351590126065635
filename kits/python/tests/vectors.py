"""The shared test vectors, and the ways in which a request reaches the verifier."""

import asyncio
import base64
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

import gatehouse_agent as kit
from gatehouse_agent._clock import Moment
from gatehouse_agent._fetch import MAX_DOCUMENT, FetchError

FILE = Path(__file__).parents[2] / "vectors" / "vectors.json"
VECTORS = json.loads(FILE.read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in VECTORS["cases"]}

# ASGI does not show the question mark of an empty query. Nor does the application see it: it is asked for the very
# path that the door signed, or for a path that is open to all.
UNSEEN_BY_ASGI = {
    "query_empty": {"verdict": "accepted", "status": 200},
    "open_ping_empty_query": {"verdict": "open", "status": 200},
}


@dataclass
class Outcome:
    """What became of a request, in the words of the vectors."""

    verdict: str
    status: int
    reason: str | None = None
    code: str | None = None
    caller: dict | None = None


@dataclass
class Door:
    """The door's side: what it answers with, how often it is asked, and what time it is."""

    now: int = 0
    document: dict = field(default_factory=dict)
    asked: int = 0

    def clock(self):
        return Moment(float(self.now), float(self.now))

    def fetch(self, _address, _timeout):
        """The answer of a client that follows no redirect and bounds what it reads; test_fetch shows that ours does."""
        self.asked += 1
        if self.document["status"] != 200:
            raise FetchError(f"the server answered {self.document['status']}")
        body = document_bytes(self.document)
        if len(body) > MAX_DOCUMENT:
            raise FetchError("the document is too long")
        return body


def document_bytes(document):
    body = document["body"].encode()
    return body.ljust(document.get("padded_to", 0))


def body_bytes(body):
    match body:
        case {"base64": encoded, **rest} if not rest:
            return base64.b64decode(encoded, validate=True)
        case {"repeat": text, "times": times, **rest} if not rest:
            return text.encode("ascii") * times
    raise AssertionError(f"a body is written in one way: {body}")


def header_bytes(headers):
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]


def settings_of(case):
    settings = {**VECTORS["settings"], **case.get("settings", {})}
    assert settings.keys() == {"door", "agent", "max_body", "open"}
    return settings


def caller_dict(caller):
    assert caller.verified
    as_list = lambda value: None if value is None else list(value)  # noqa: E731
    return {
        "subject": caller.subject,
        "subject_issuer": caller.subject_issuer,
        "client_id": caller.client_id,
        "username": caller.username,
        "email": caller.email,
        "name": caller.name,
        "groups": as_list(caller.groups),
        "scopes": as_list(caller.scopes),
        "session": caller.session,
        "request_id": caller.request_id,
    }


def refused(error):
    return Outcome("refused", error.status, error.reason, error.code)


def expected(case, step, transport):
    """The outcome that a transport can show, and the number of fetches."""
    found = dict(step["expect"])
    fetches = found.pop("fetches")
    if transport == "asgi" and case["id"] in UNSEEN_BY_ASGI:
        found = {**UNSEEN_BY_ASGI[case["id"]]}
        if found["verdict"] == "accepted":
            found["caller"] = CASES["good"]["steps"][0]["expect"]["caller"]
    return Outcome(**found), fetches


def make_door(case, door):
    settings = settings_of(case)
    return kit.Door(
        settings["door"],
        settings["agent"],
        open_paths=settings["open"],
        max_body=settings["max_body"],
        clock=door.clock,
        fetch=door.fetch,
    )


def by_verify(verifier, request):
    """`Door.verify`, which a synchronous framework calls."""
    method, target, headers = request["method"], request["target"], request["headers"]
    if verifier.is_open(method, target):
        return Outcome("open", 200)
    try:
        found = verifier.verify(method, target, [tuple(pair) for pair in headers], body_bytes(request["body"]))
    except kit.RejectedError as error:
        return refused(error)
    return Outcome("accepted", 200, caller=caller_dict(found))


def by_averify(verifier, request):
    """`Door.averify`, on an event loop of its own each time."""
    if verifier.is_open(request["method"], request["target"]):
        return Outcome("open", 200)
    headers = header_bytes(request["headers"])
    body = body_bytes(request["body"])
    try:
        found = asyncio.run(verifier.averify(request["method"], request["target"], headers, body))
    except kit.RejectedError as error:
        return refused(error)
    return Outcome("accepted", 200, caller=caller_dict(found))


def scope_of(request):
    """The scope as uvicorn makes it."""
    path, _, query = request["target"].partition("?")
    from urllib.parse import unquote

    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request["method"],
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in header_bytes(request["headers"])],
    }


def by_middleware(verifier, request):
    """The middleware, in front of an application that says whom it serves; the body comes in several pieces."""
    body = body_bytes(request["body"])
    size = max(1, len(body) // 3)
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    sent = []
    seen = {}

    async def application(scope, receive, send):
        message = await receive()
        assert not message["more_body"]
        seen["body"] = message["body"]
        try:
            seen["caller"] = caller_dict(kit.caller(scope))
            assert kit.caller() is kit.caller(scope)
        except kit.NoCallerError:
            seen["caller"] = None
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive():
        if not pieces:
            return {"type": "http.disconnect"}
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message):
        sent.append(message)

    with Reasons() as reasons:
        asyncio.run(kit.IdentityMiddleware(application, verifier)(scope_of(request), receive, send))
    start, end = sent
    if seen:
        assert start["status"] == 200
        assert reasons.found == []
        if seen["caller"] is None:
            assert seen["body"] == b""
            return Outcome("open", 200)
        assert seen["body"] == body
        return Outcome("accepted", 200, caller=seen["caller"])
    problem = json.loads(end["body"])
    headers = dict(start["headers"])
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"cache-control"] == b"no-store"
    assert headers.get(b"retry-after") == (b"10" if start["status"] == 503 else None)
    assert problem.keys() == {"code", "status", "title"}
    assert problem["status"] == start["status"]
    (reason,) = reasons.found
    assert reason == problem["code"] or reason not in end["body"].decode()
    return Outcome("refused", start["status"], reason, problem["code"])


class Reasons(logging.Handler):
    """The reasons that are logged meanwhile."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.found = []

    def emit(self, record):
        if hasattr(record, "reason"):
            self.found.append(record.reason)

    def __enter__(self):
        logging.getLogger("gatehouse_agent").addHandler(self)
        return self

    def __exit__(self, *_):
        logging.getLogger("gatehouse_agent").removeHandler(self)


TRANSPORTS = {"verify": by_verify, "averify": by_averify, "asgi": by_middleware}


def differences(case, transport):
    """What differs from what is written, request by request."""
    door = Door()
    door.now = case["steps"][0]["now"]
    verifier = make_door(case, door)
    for number, step in enumerate(case["steps"]):
        assert step.keys() == {"now", "keys", "request", "expect"}
        door.now, door.document = step["now"], VECTORS["key_documents"][step["keys"]]
        wanted, fetches = expected(case, step, transport)
        found = TRANSPORTS[transport](verifier, step["request"])
        if found != wanted:
            yield f"{case['id']}, request {number}: wanted {wanted}, found {found}"
        if transport == "asgi" and case["id"] in UNSEEN_BY_ASGI:
            continue
        if door.asked != fetches:
            yield f"{case['id']}, request {number}: wanted {fetches} fetches, found {door.asked}"


def pure_difference(case):
    """The same of a case that keys, time and request decide, by `verify` alone."""
    (step,) = case["steps"]
    request, settings = step["request"], settings_of(case)
    keys = kit.KeySet.parse(document_bytes(VECTORS["key_documents"][step["keys"]]))
    wanted, _ = expected(case, step, "pure")
    try:
        caller = kit.verify(
            request["method"],
            request["target"],
            header_bytes(request["headers"]),
            body_bytes(request["body"]),
            door=settings["door"],
            agent=settings["agent"],
            keys=keys,
            now=step["now"],
        )
        found = Outcome("accepted", 200, caller=caller_dict(caller))
    except kit.RejectedError as error:
        found = refused(error)
    return None if found == wanted else f"{case['id']}: wanted {wanted}, found {found}"
