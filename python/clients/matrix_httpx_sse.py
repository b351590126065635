"""httpx with httpx-sse."""

import httpx
from httpx_sse import aconnect_sse

from matrix import run


async def ask(asked):
    body = {"prompt": asked.what}
    async with httpx.AsyncClient(headers=asked.headers, timeout=60) as http:
        async with aconnect_sse(http, "POST", asked.url, json=body) as source:
            if source.response.is_error:
                await source.response.aread()
                raise RuntimeError(f"{source.response.status_code} {source.response.text}")
            text = ""
            async for event in source.aiter_sse():
                if event.event != "message":
                    raise RuntimeError(f"event {event.event}: {event.data}")
                text += event.json()["text"]
            return text


run("httpx-sse", ask)
