"""`cut_off.py PROTOCOL URL`: what the official client of `mcp` or `a2a` is told when its answer breaks off."""

import asyncio

import httpx
import httpx2
from a2a.client import ClientConfig, ClientFactory
from a2a.helpers import new_text_message
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, Role, SendMessageRequest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from report import bearer, run


async def by_mcp(url):
    async with httpx2.AsyncClient(headers=bearer(), timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http), mode="legacy"):
            pass


async def by_a2a(url):
    interface = AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version="1.0")
    card = AgentCard(
        name="echo", supported_interfaces=[interface], capabilities=AgentCapabilities(streaming=True)
    )
    async with httpx.AsyncClient(headers=bearer(), timeout=30) as http:
        client = ClientFactory(ClientConfig(httpx_client=http)).create(card)
        message = new_text_message("slowly one two", role=Role.ROLE_USER)
        async for _ in client.send_message(SendMessageRequest(message=message)):
            pass


def innermost(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def journey(protocol, url):
    client = {"a2a": by_a2a, "mcp": by_mcp}[protocol](url)
    try:
        # It must be told at once, and not wait for a time-out of its own.
        await asyncio.wait_for(client, 10)
    except BaseException as error:
        error = innermost(error)
        said = getattr(error, "error", error)
        return {
            "kind": type(error).__name__,
            "text": str(error),
            "code": getattr(said, "code", None),
            "data": getattr(said, "data", None),
        }
    return {"kind": None}


run(journey)
