"""The official A2A SDK. It finds the agent by its card, and gives up a call by canceling its task."""

import asyncio

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.helpers import get_stream_response_text, new_text_message
from a2a.types import CancelTaskRequest, Role, SendMessageRequest, TaskState

from matrix import run

# The client and the task of the call that is given up, once the agent has named it.
WORKING = asyncio.Queue()


async def ask(asked):
    async with httpx.AsyncClient(headers=asked.headers, timeout=60) as http:
        card = await A2ACardResolver(http, asked.url).get_agent_card()
        client = ClientFactory(ClientConfig(httpx_client=http)).create(card)
        message = new_text_message(asked.what, role=Role.ROLE_USER)
        text = ""
        async for answer in client.send_message(SendMessageRequest(message=message)):
            text += get_stream_response_text(answer)
            if answer.HasField("task") and asked.scenario == "work":
                await WORKING.put((client, answer.task.id))
            if answer.HasField("status_update") and not text.endswith("done"):
                text = TaskState.Name(answer.status_update.status.state)
        return text


async def cancel(_asked):
    client, task = await WORKING.get()
    await client.cancel_task(CancelTaskRequest(id=task))


run("a2a-py", ask, cancel)
