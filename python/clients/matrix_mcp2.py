"""The official MCP SDK, second generation. It speaks the stateless MCP where the server does."""

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from matrix import run


async def ask(asked):
    async with httpx2.AsyncClient(headers=asked.headers, timeout=60) as http:
        async with Client(streamable_http_client(asked.url, http_client=http)) as client:
            result = await client.call_tool("perform", {"what": asked.what})
            return result.content[0].text


run("mcp-py-2", ask)
