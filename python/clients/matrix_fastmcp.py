"""The client of FastMCP."""

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from matrix import run


async def ask(asked):
    async with Client(StreamableHttpTransport(asked.url, headers=asked.headers)) as client:
        result = await client.call_tool("perform", {"what": asked.what})
        return result.content[0].text


run("fastmcp", ask)
