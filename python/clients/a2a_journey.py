"""`a2a_journey.py URL`: what the official A2A client sees of the test agent."""

import time

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.helpers import get_stream_response_text, new_text_message
from a2a.types import Role, SendMessageRequest

from report import bearer, run


async def say(client, text):
    message = new_text_message(text, role=Role.ROLE_USER)
    answers = client.send_message(SendMessageRequest(message=message))
    return [(get_stream_response_text(answer), time.monotonic()) async for answer in answers]


async def journey(url):
    async with httpx.AsyncClient(headers=bearer(), timeout=30) as http:
        card = await A2ACardResolver(http, url).get_agent_card()
        whole = ClientFactory(ClientConfig(httpx_client=http, streaming=False)).create(card)
        streaming = ClientFactory(ClientConfig(httpx_client=http)).create(card)
        said = await say(whole, "good day")
        words = await say(streaming, "slowly one two three")
        return {
            "name": card.name,
            "urls": sorted({interface.url for interface in card.supported_interfaces}),
            "said": [text for text, _ in said],
            "words": [text for text, _ in words],
            "spread": words[-1][1] - words[0][1],
        }


run(journey)
