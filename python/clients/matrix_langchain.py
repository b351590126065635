"""LangChain's adapters of MCP."""

from langchain_mcp_adapters.client import MultiServerMCPClient

from matrix import run


async def ask(asked):
    server = {"transport": "streamable_http", "url": asked.url, "headers": asked.headers}
    client = MultiServerMCPClient({"server": server})
    [tool] = await client.get_tools()
    content = await tool.ainvoke({"what": asked.what})
    return content if isinstance(content, str) else content[0]["text"]


run("langchain", ask)
