"""MCP sessions at an AgentCore gateway, with the tool token of the request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ._address import Address
from ._errors import ConfigurationError
from ._turn import tool_token

if TYPE_CHECKING:
    from mcp import Client


@asynccontextmanager
async def tools(gateway: str, context: Any = None, *, timeout: float = 30.0) -> AsyncIterator[Client]:
    """An MCP client at an AgentCore gateway, as the caller of this request.

        async with tools(GATEWAY, context) as client:
            result = await client.call_tool("Orders___refund", {"order": "o-1"})

    `context` is as for `caller`, and `timeout` for each request, in seconds. Open and close it inside the handler: the
    session belongs to the event loop that opens it, and the token to the caller of this request. Needs the extra `mcp`.
    """
    # A token must not travel where others read it.
    try:
        Address.parse(gateway)
    except ValueError as error:
        raise ConfigurationError(
            f"the gateway {error}; give the address of the AgentCore gateway, which ends with `/mcp`"
        ) from None
    token = tool_token(context)
    try:
        import httpx2
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client
    except ImportError:
        raise ConfigurationError(
            "`tools` needs version 2 of the MCP SDK, which is not installed; run `pip install 'gatehouse-agent[mcp]'`, "
            "or give `tool_token()` to another client"
        ) from None
    headers = {"Authorization": f"Bearer {token}"}
    # Redirects are not followed: the token is for this gateway.
    async with (
        httpx2.AsyncClient(headers=headers, timeout=timeout, follow_redirects=False) as http,
        Client(streamable_http_client(gateway, http_client=http), mode="legacy") as client,
    ):
        yield client
