"""The package in the frameworks that it is for, behind uvicorn and over a socket."""

import asyncio
import contextlib
import http.client
import json
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bedrock_agentcore import BedrockAgentCoreApp
from fastapi import Depends, FastAPI, Request
from gatehouse_agent import (
    IDENTITY_HEADER,
    SESSION_HEADER,
    TOOL_TOKEN_HEADER,
    Door,
    IdentityMiddleware,
    NoToolTokenError,
    ProofError,
    caller,
    tool_token,
    tools,
)
from servers import RawServer, serving, whole
from signing import AGENT, Signer
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from test_tools import TOKEN, gateway

SIGNER = Signer()
BODY = b'{"prompt": "hello"}'


@contextlib.contextmanager
def behind(make):
    """An application behind a door, as it is made with that door: its address, and the door's."""
    with RawServer(whole(SIGNER.document)) as keys, serving(make(Door(keys.url, AGENT))) as url:
        yield url, keys


def ask(url, headers, body=BODY, method="POST", path="/invocations"):
    """Status and body."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def agentcore(handler):
    """An AgentCore application with one entry point, guarded in either of its two ways."""

    def make(door):
        app = BedrockAgentCoreApp()
        app.entrypoint(handler)
        app.add_middleware(IdentityMiddleware, door=door)
        return app

    def make_at_once(door):
        app = BedrockAgentCoreApp(middleware=[Middleware(IdentityMiddleware, door=door)])
        app.entrypoint(handler)
        return app

    return make, make_at_once


def in_sync(payload, context):
    assert caller() is caller(context)
    return {"caller": caller(context).subject, "prompt": payload["prompt"], "thread": threading.current_thread().name}


async def in_async(payload, context):
    assert caller() is caller(context)
    await asyncio.sleep(0)
    return {"caller": caller(context).subject, "prompt": payload["prompt"], "thread": threading.current_thread().name}


def in_pieces(payload, context):
    yield {"caller": caller(context).subject}
    yield {"caller": caller().subject, "prompt": payload["prompt"]}


async def in_async_pieces(payload, context):
    yield {"caller": caller(context).subject}
    await asyncio.sleep(0)
    yield {"caller": caller().subject, "prompt": payload["prompt"]}


@pytest.mark.parametrize("way", [0, 1], ids=["add_middleware", "middleware"])
@pytest.mark.parametrize("handler", [in_sync, in_async, in_pieces, in_async_pieces])
def test_agentcore_entry_points_know_their_caller(handler, way):
    with behind(agentcore(handler)[way]) as (url, keys):
        for name in ("alice", "bob"):
            status, body = ask(url, SIGNER.headers(keys.url, BODY, sub=name))
            assert status == 200, body
            for line in [line.removeprefix(b"data: ") for line in body.splitlines() if line]:
                assert json.loads(line)["caller"] == name
            assert b"hello" in body
        assert keys.count == 1


FORGERIES = {
    "nothing": lambda headers: {},
    "no assertion": lambda headers: {SESSION_HEADER: headers[SESSION_HEADER]},
    "forged": lambda headers: {**headers, IDENTITY_HEADER: "forged"},
    "another's key": lambda headers: {**headers, IDENTITY_HEADER: Signer().assertion("http://door", BODY)},
    "another session": lambda headers: {**headers, SESSION_HEADER: "session-2"},
    "a bearer": lambda headers: {"Authorization": f"Bearer {headers[IDENTITY_HEADER]}"},
}


def test_agentcore_refuses_all_others_and_its_own_routes_stay():
    calls = []

    def handler(payload, context):
        calls.append(caller(context).subject)
        return {}

    with behind(agentcore(handler)[0]) as (url, keys):
        for what, forge in FORGERIES.items():
            status, body = ask(url, forge(SIGNER.headers(keys.url, BODY)))
            assert (status, json.loads(body)["code"]) == (403, "bad_proof"), what
        good = SIGNER.headers(keys.url, BODY)
        assert ask(url, good, b"{}")[0] == 403
        assert ask(url, good, path="/invocations?a=1")[0] == 403
        assert ask(url, good, path="/%69nvocations")[0] == 403
        assert ask(url, good, path="//invocations")[0] == 403
        assert ask(url, good)[0] == 200
        assert ask(url, good)[0] == 403, "shown before"
        status, body = ask(url, {}, None, "GET", "/ping")
        assert (status, json.loads(body)["status"]) == (200, "Healthy")
        assert ask(url, {}, None, "GET", "/ping?x=1")[0] == 403
        assert ask(url, {}, None, "HEAD", "/ping")[0] == 403
    assert calls == ["alice"]


def test_a_header_that_is_sent_twice_is_refused_on_the_wire():
    with behind(agentcore(in_sync)[0]) as (url, keys):
        good = SIGNER.headers(keys.url, BODY)
        for more in (IDENTITY_HEADER, IDENTITY_HEADER.lower(), SESSION_HEADER):
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
            connection.putrequest("POST", "/invocations")
            for name, value in [
                *good.items(),
                (more, good.get(more, good[IDENTITY_HEADER])),
                ("Content-Length", str(len(BODY))),
            ]:
                connection.putheader(name, value)
            connection.endheaders(BODY)
            assert connection.getresponse().status == 403
            connection.close()
        assert ask(url, good)[0] == 200


def test_a_body_in_chunks_is_bounded_and_given_on():
    async def length(request):
        return JSONResponse({"length": len(await request.body()), "caller": caller(request).subject})

    def make(door):
        middleware = [Middleware(IdentityMiddleware, door=door)]
        return Starlette(routes=[Route("/invocations", length, methods=["POST"])], middleware=middleware)

    def ask_in_chunks(url, headers, end):
        """The most that is read, in chunks, and then this; a client that goes on meets a closed connection."""
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        connection.putrequest("POST", "/invocations")
        for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        for _ in range(96):
            connection.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        connection.send(end)
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    with behind(make) as (url, keys):
        body = b"x" * (6 * 1024 * 1024)
        status, found = ask_in_chunks(url, SIGNER.headers(keys.url, body), b"0\r\n\r\n")
        assert (status, found) == (200, {"length": len(body), "caller": "alice"})
        status, found = ask_in_chunks(url, SIGNER.headers(keys.url, body + b"x"), b"1\r\nx\r\n")
        assert (status, found["code"]) == (413, "too_large")


def test_a_door_that_is_down_is_no_fault_of_the_callers():
    with RawServer(whole(SIGNER.document)) as keys:
        door = Door(keys.url, AGENT)
        headers = SIGNER.headers(keys.url, BODY)
    with serving(agentcore(in_sync)[0](door)) as url:
        status, body = ask(url, headers)
        assert (status, json.loads(body)["code"]) == (503, "unavailable")
        assert ask(url, {}, None, "GET", "/ping")[0] == 200


def test_agentcore_websockets_are_refused():
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    def make(door):
        app = agentcore(in_sync)[0](door)

        @app.websocket
        async def talk(websocket, context):
            raise AssertionError("no handshake gets here")

        return app

    with behind(make) as (url, keys):
        headers = SIGNER.headers(keys.url, b"", method="GET", path="/ws")
        with pytest.raises(InvalidStatus) as error:
            connect(url.replace("http:", "ws:") + "/ws", additional_headers=headers, proxy=None)
        assert error.value.response.status_code == 403


@pytest.mark.parametrize("is_sync", [True, False])
def test_agentcore_calls_a_tool_as_the_caller(is_sync):
    with serving(gateway()) as there:

        async def handler(payload, context):
            async with tools(f"{there}/mcp", context) as client:
                return {"bearer": (await client.call_tool("whoami", {})).content[0].text}

        def sync_handler(payload, context):
            return asyncio.run(handler(payload, context))

        with behind(agentcore(sync_handler if is_sync else handler)[0]) as (url, keys):
            for token in (TOKEN, "an.others.token"):
                headers = {**SIGNER.headers(keys.url, BODY), TOOL_TOKEN_HEADER: token}
                status, body = ask(url, headers)
                assert (status, json.loads(body)) == (200, {"bearer": f"Bearer {token}"})


def test_a_request_without_a_tool_token_has_no_other_requests():
    def handler(payload, context):
        try:
            return {"token": tool_token(context)}
        except NoToolTokenError as error:
            return {"error": str(error)}

    with behind(agentcore(handler)[0]) as (url, keys):
        with_token = {**SIGNER.headers(keys.url, BODY), TOOL_TOKEN_HEADER: TOKEN}
        assert json.loads(ask(url, with_token)[1]) == {"token": TOKEN}
        assert "toolToken" in json.loads(ask(url, SIGNER.headers(keys.url, BODY))[1])["error"]


def lines_of(page, number):
    """The sample of Python with this number, of a page of the repository."""
    text = (Path(__file__).parents[3] / page).read_text(encoding="utf-8")
    return text.split("```python\n")[number + 1].partition("```")[0]


def test_the_lines_of_the_page_verify_a_request_and_know_its_caller(monkeypatch):
    with RawServer(whole(SIGNER.document)) as keys:
        known = {"DOOR": keys.url, "AGENT": AGENT}
        exec(lines_of("docs/identity.md", 0), known)
        headers = SIGNER.headers(keys.url, BODY)
        assert known["who_asks"](headers, BODY).subject == "alice"
        with pytest.raises(ProofError):
            known["who_asks"](headers, BODY)
        monkeypatch.setenv("GATEHOUSE_DOOR", keys.url)
        monkeypatch.setenv("GATEHOUSE_AGENT", AGENT)
        for page, number in (("docs/identity.md", 1), ("kits/python/README.md", 0)):
            exec(lines_of(page, number), known)
            with serving(known["app"]) as url:
                assert ask(url, SIGNER.headers(keys.url, BODY)) == (200, b'{"hello": "alice"}')
                assert ask(url, {})[0] == 403


def test_the_lines_of_the_page_call_a_tool():
    known = {}
    exec(lines_of("docs/identity.md", 2), known)

    async def handler(payload, context):
        result = await known["call_tool"](f"{there}/mcp", context, "whoami", {})
        return {"bearer": result.content[0].text}

    with serving(gateway()) as there, behind(agentcore(handler)[0]) as (url, keys):
        status, body = ask(url, {**SIGNER.headers(keys.url, BODY), TOOL_TOKEN_HEADER: TOKEN})
        assert (status, json.loads(body)) == (200, {"bearer": f"Bearer {TOKEN}"})


def fastapi(door):
    app = FastAPI()
    app.add_middleware(IdentityMiddleware, door=door)

    def who(request: Request):
        return caller(request)

    @app.post("/invocations")
    def invoke(payload: dict, found=Depends(who)):  # noqa: B008
        assert caller() is found
        return {"caller": found.subject, "groups": found.groups, "prompt": payload["prompt"]}

    @app.post("/mcp")
    async def other(request: Request):
        return {"caller": caller(request).subject, "body": (await request.body()).decode()}

    return app


def test_fastapi_knows_its_caller():
    with behind(fastapi) as (url, keys):
        status, body = ask(url, SIGNER.headers(keys.url, BODY, groups=["staff"]))
        assert (status, json.loads(body)) == (200, {"caller": "alice", "groups": ["staff"], "prompt": "hello"})
        status, body = ask(url, SIGNER.headers(keys.url, BODY, path="/mcp"), path="/mcp")
        assert (status, json.loads(body)) == (200, {"caller": "alice", "body": BODY.decode()})
        assert ask(url, {})[0] == 403
        # What the framework opens itself is not open.
        for path in ("/docs", "/openapi.json", "/redoc"):
            assert ask(url, {}, None, "GET", path)[0] == 403


def test_many_requests_at_once_fetch_keys_once():
    with behind(fastapi) as (url, keys):
        found = []

        def one(number):
            found.append(ask(url, SIGNER.headers(keys.url, BODY, sub=f"user-{number}"))[1])

        threads = [threading.Thread(target=one, args=[number]) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert {json.loads(body)["caller"] for body in found} == {f"user-{number}" for number in range(20)}
        assert keys.count == 1


def test_an_empty_query_is_to_an_application_the_same_request_as_none():
    seen = []

    async def application(scope, receive, send):
        if scope["type"] == "http":
            seen.append({name: scope[name] for name in ("method", "path", "raw_path", "query_string")})
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    with serving(application) as url:
        for path in ("/invocations", "/invocations?"):
            ask(url, {}, path=path)
    without, empty = seen
    assert without == empty
    assert "?" not in repr(empty)
