"""An MCP server of the official Python SDK: `mcp_server.py stateless` or `mcp_server.py stateful`."""

import asyncio
import sys

from mcp.server.mcpserver import Context, MCPServer

from listening import serve

server = MCPServer("numbers")
remembered = {}


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
async def count(to: int, ctx: Context) -> str:
    """Counts aloud: one progress notification a number."""
    for number in range(1, to + 1):
        await ctx.report_progress(number, to, f"number {number}")
        await asyncio.sleep(0.2)
    return f"counted to {to}"


@server.tool()
def fail() -> str:
    """Fails."""
    raise ValueError("this tool always fails")


@server.tool()
def session(ctx: Context) -> str:
    """The session in which it is called; in the platform's words where it has none of its own."""
    return ctx.request_context.request.headers.get("mcp-session-id", "none")


def application(_address):
    return server.streamable_http_app(stateless_http=sys.argv[1] == "stateless")


if __name__ == "__main__":
    serve(application)
