"""An A2A agent of the official SDK that greets its caller by name, and calls a tool as them.

pip install -r requirements.txt
AGENT_PROTOCOL=a2a AGENT_CMD='python agent.py' make local
"""

import os

import uvicorn
from a2a.helpers import get_message_text, new_text_message
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from gatehouse_agent import Door, IdentityMiddleware, caller, tools
from starlette.applications import Starlette
from starlette.middleware import Middleware

PORT = int(os.environ.get("PORT", "9000"))


class Helper(AgentExecutor):
    async def execute(self, context, event_queue):
        text = f"Hello, {caller().display_name}!"
        if get_message_text(context.message).startswith("refund"):
            async with tools(os.environ["GATEHOUSE_GATEWAY"]) as gateway:
                result = await gateway.call_tool("billing___refund", {"order": "A-1", "amount": 500})
            text += f" {result.content[0].text}"
        await event_queue.enqueue_event(new_text_message(text, context_id=context.context_id))

    async def cancel(self, context, event_queue):
        raise NotImplementedError("nothing takes long enough")


card = AgentCard(
    name="helper",
    description="Refunds orders.",
    version="1.0.0",
    # The door writes its own address into the card that callers see.
    supported_interfaces=[
        AgentInterface(url=f"http://127.0.0.1:{PORT}/", protocol_binding="JSONRPC", protocol_version=version)
        for version in ("1.0", "0.3")
    ],
    capabilities=AgentCapabilities(streaming=True),
    default_input_modes=["text/plain"],
    default_output_modes=["text/plain"],
    skills=[AgentSkill(id="refund", name="refund", description="Refunds an order.", tags=["billing"])],
)
handler = DefaultRequestHandler(Helper(), InMemoryTaskStore(), card)
routes = create_jsonrpc_routes(handler, "/", enable_v0_3_compat=True) + create_agent_card_routes(card)
app = Starlette(routes=routes, middleware=[Middleware(IdentityMiddleware, door=Door.from_env())])

if __name__ == "__main__":
    uvicorn.run(app, host=os.environ.get("HOST", "127.0.0.1"), port=PORT)
