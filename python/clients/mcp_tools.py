"""`mcp_tools.py URL`: which tools the gateway shows to the token's bearer, and what it lets them do."""

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from report import bearer, run


async def refund(client, amount):
    result = await client.call_tool("billing___refund", {"amount": amount, "order": "A-1"})
    return {"is_error": result.is_error, "text": result.content[0].text}


async def journey(url):
    async with httpx2.AsyncClient(headers=bearer(), timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http), mode="legacy") as client:
            listed = await client.list_tools()
            return {
                "tools": sorted(tool.name for tool in listed.tools),
                "small": await refund(client, 500),
                "large": await refund(client, 5000),
            }


run(journey)
