"""`tools` and `tool_token`, with a server of the official MCP SDK behind a check of the bearer."""

import asyncio
import builtins
import json
import sys

import pytest
from gatehouse_agent import (
    TOOL_TOKEN_HEADER,
    ConfigurationError,
    Door,
    IdentityMiddleware,
    NoCallerError,
    NoToolTokenError,
    tool_token,
    tools,
)
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from servers import RawServer, serving, whole
from signing import AGENT, Signer
from test_asgi import Server, request, scope

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

DOOR = "https://door.example"
SIGNER = Signer()
BODY = b"{}"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"


def gateway():
    """A gateway of which each tool says with which bearer it was called."""
    server = MCPServer("gateway")

    @server.tool()
    def whoami(ctx: Context) -> str:
        return ctx.request_context.request.headers.get("authorization", "none")

    @server.tool()
    def refuse() -> str:
        raise ToolError("AuthorizeActionException - denied by policy")

    return server.streamable_http_app()


def within(handler, tokens=(TOKEN,)):
    """What a handler gives that runs behind the middleware, in a request with these tool tokens."""
    found = []

    async def application(of, _receive, _send):
        found.append(await handler(of))

    headers = [(name.lower().encode(), value.encode()) for name, value in SIGNER.headers(DOOR, BODY).items()]
    headers += [(TOOL_TOKEN_HEADER.lower().encode(), token.encode("latin-1")) for token in tokens]
    door = Door(DOOR, AGENT, fetch=lambda _address, _timeout: SIGNER.document)
    server = Server(request(BODY)).run(IdentityMiddleware(application, door), scope(BODY, headers=headers))
    assert server.sent == []
    return found[0]


@pytest.mark.parametrize("is_given", [False, True])
def test_a_tool_is_called_as_the_caller(is_given):
    async def handler(of):
        async with tools(address, of if is_given else None) as client:
            listed = await client.list_tools()
            result = await client.call_tool("whoami", {})
            refused = await client.call_tool("refuse", {})
            return {tool.name for tool in listed.tools}, result.content[0].text, refused

    with serving(gateway()) as url:
        address = f"{url}/mcp"
        names, bearer, refused = within(handler)
    assert names == {"whoami", "refuse"}
    assert bearer == f"Bearer {TOKEN}"
    assert refused.is_error
    assert "AuthorizeActionException" in refused.content[0].text


def test_each_request_has_its_own_token():
    async def handler(_of):
        return tool_token()

    assert [within(handler, [token]) for token in ("a.b.c", "d.e.f")] == ["a.b.c", "d.e.f"]


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        ["a.b.c", "a.b.c"],
        ["a.b.c", "d.e.f"],
        [""],
        ["a b"],
        ["a,b"],
        ["a.b.c\r\nx: y"],
        ["é"],
        ["Bearer a.b.c"],
        ["a" * 4097],
    ],
)
def test_what_is_not_one_token_is_not_used(tokens):
    async def handler(of):
        with pytest.raises(NoToolTokenError) as error:
            tool_token(of)
        return str(error.value)

    said = within(handler, tokens)
    assert "this request" in said
    assert not any(token and token in said for token in tokens if len(token) > 2)


def test_the_token_is_not_sent_elsewhere():
    async def handler(_of):
        with pytest.raises(ExceptionGroup if redirected else ConfigurationError):
            async with tools(address):
                raise AssertionError("there is no session")

    redirected = False
    for address in ("http://gateway.example/mcp", "gateway.example", "https://user@gateway.example/mcp", ""):
        within(handler)
    redirected = True
    with RawServer(whole(b"{}")) as elsewhere:
        there = f"location: {elsewhere.url}/mcp\r\nconnection: close\r\n"
        for status in ("302 -", "307 -", "308 -"):
            with RawServer(whole(b"", status, there)) as server:
                address = f"{server.url}/mcp"
                within(handler)
                assert TOKEN.encode() in server.requests[0]
        assert elsewhere.count == 0


def test_outside_of_a_request_there_are_no_tools():
    async def ask():
        with pytest.raises(NoCallerError):
            async with tools("https://gateway.example/mcp"):
                raise AssertionError("there is no session")

    asyncio.run(ask())


def test_without_the_sdk_it_says_what_to_install(monkeypatch):
    usual = builtins.__import__

    def without_mcp(name, *arguments, **more):
        if name == "mcp" or name.startswith("mcp."):
            raise ImportError(name)
        return usual(name, *arguments, **more)

    async def handler(_of):
        monkeypatch.setattr(builtins, "__import__", without_mcp)
        with pytest.raises(ConfigurationError, match=r"pip install 'gatehouse-agent\[mcp\]'"):
            async with tools("https://gateway.example/mcp"):
                raise AssertionError("there is no session")
        monkeypatch.undo()

    within(handler)


def test_a_turn_shows_no_token():
    async def handler(of):
        return json.dumps({key: repr(value) for key, value in of.items() if key.startswith("gatehouse")})

    assert TOKEN not in within(handler)
