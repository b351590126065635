"""The official MCP SDK, first generation."""

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from matrix import run


async def ask(asked):
    async with (
        httpx.AsyncClient(headers=asked.headers, timeout=60) as http,
        streamable_http_client(asked.url, http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        result = await session.call_tool("perform", {"what": asked.what})
        return result.content[0].text


run("mcp-py-1", ask)
