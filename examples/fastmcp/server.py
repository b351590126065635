"""An MCP server of FastMCP that knows its caller, and calls another tool as them.

pip install -r requirements.txt
AGENT_PROTOCOL=mcp AGENT_CMD='python server.py' make local
"""

import os

import uvicorn
from fastmcp import FastMCP
from fastmcp.server.dependencies import get_http_request
from gatehouse_agent import Door, IdentityMiddleware, caller, tools
from starlette.middleware import Middleware

server = FastMCP("helper")


@server.tool
def greet() -> str:
    """Greets the caller by name."""
    return f"Hello, {caller(get_http_request()).display_name}!"


@server.tool
async def refund(order: str, amount: int) -> str:
    """Pays the amount back to the person who placed the order."""
    async with tools(os.environ["GATEHOUSE_GATEWAY"], get_http_request()) as gateway:
        result = await gateway.call_tool("billing___refund", {"order": order, "amount": amount})
    return result.content[0].text


# Stateless: an assertion is for one request, so nothing of its caller may live on in a session.
guard = Middleware(IdentityMiddleware, door=Door.from_env())
app = server.http_app(path="/mcp", stateless_http=True, json_response=True, middleware=[guard])

if __name__ == "__main__":
    uvicorn.run(app, host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ.get("PORT", "8000")))
