"""Reads event streams with the parsers of the official clients, and of clients that many programs are built on.

Each line of input is {"stream": text}, and is answered with what each parser hands out, as a list of [event, data].
"""

import asyncio
import json
import sys

import httpx
import httpx2
import httpx_sse
from a2a.client.transports.http_helpers import parse_sse_stream

HEADERS = {"content-type": "text/event-stream"}


def by_httpx_sse(stream):
    response = httpx.Response(200, headers=HEADERS, content=stream)
    events = httpx_sse.EventSource(response).iter_sse()
    return [[event.event, event.data] for event in events]


def by_mcp(stream):
    """The SDK of MCP reads its streams with this parser."""
    request = httpx2.Request("POST", "http://door.test")
    response = httpx2.Response(200, headers=HEADERS, content=stream, request=request)
    return [[event.event, event.data] for event in httpx2.EventSource(response)]


def by_a2a(stream):
    async def read():
        response = httpx.Response(200, headers=HEADERS, content=stream)
        return [[event, data] async for event, data in parse_sse_stream(response)]

    return asyncio.run(read())


PARSERS = {"a2a": by_a2a, "httpx_sse": by_httpx_sse, "mcp": by_mcp}

for line in sys.stdin:
    stream = json.loads(line)["stream"].encode()
    answer = {name: parse(stream) for name, parse in PARSERS.items()}
    print(json.dumps(answer), flush=True)
