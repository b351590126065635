"""An A2A agent of the official Python SDK. Its card names its own address, as an agent's does that knows of no door."""

import asyncio

from a2a.helpers import (
    get_message_text,
    new_task_from_user_message,
    new_text_artifact_update_event,
    new_text_message,
    new_text_status_update_event,
)
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, TaskState
from starlette.applications import Starlette

from listening import serve


class Echo(AgentExecutor):
    """Says what it was told: at once, or word by word if that begins with `slowly`."""

    async def execute(self, context, event_queue):
        text = get_message_text(context.message)
        if not text.startswith("slowly "):
            await event_queue.enqueue_event(new_text_message(f"you said: {text}", context_id=context.context_id))
            return
        await event_queue.enqueue_event(new_task_from_user_message(context.message))
        ids = (context.task_id, context.context_id)
        for word in text.split()[1:]:
            await event_queue.enqueue_event(new_text_artifact_update_event(*ids, name="word", text=word))
            await asyncio.sleep(0.2)
        done = new_text_status_update_event(*ids, TaskState.TASK_STATE_COMPLETED, "that is all")
        await event_queue.enqueue_event(done)

    async def cancel(self, context, event_queue):
        raise NotImplementedError("nothing takes long enough")


def application(address):
    interfaces = [
        AgentInterface(url=f"{address}/", protocol_binding="JSONRPC", protocol_version=version)
        for version in ("1.0", "0.3")
    ]
    card = AgentCard(
        name="echo",
        description="Says what it was told.",
        version="1.0.0",
        supported_interfaces=interfaces,
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id="echo", name="echo", description="Says what it was told.", tags=["echo"])],
    )
    handler = DefaultRequestHandler(Echo(), InMemoryTaskStore(), card)
    routes = create_jsonrpc_routes(handler, "/", enable_v0_3_compat=True)
    return Starlette(routes=routes + create_agent_card_routes(card))


if __name__ == "__main__":
    serve(application)
