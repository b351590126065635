"""`mcp_journey.py URL MODE`: what the official MCP client sees of the test server, in `legacy` or `auto` mode."""

import time

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from report import bearer, run


async def journey(url, mode):
    async with httpx2.AsyncClient(headers=bearer(), timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            listed = await client.list_tools()
            added = await client.call_tool("add", {"a": 2, "b": 40})
            progress = []

            async def note(number, _total, _message):
                progress.append((number, time.monotonic()))

            counted = await client.call_tool("count", {"to": 4}, progress_callback=note)
            failed = await client.call_tool("fail", {})
            return {
                "protocol": client.protocol_version,
                "tools": sorted(tool.name for tool in listed.tools),
                "sum": added.content[0].text,
                "counted": counted.content[0].text,
                "progress": [number for number, _ in progress],
                "spread": progress[-1][1] - progress[0][1],
                "failed": failed.is_error,
            }


run(journey)
