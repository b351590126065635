"""A LangGraph agent that speaks AG-UI. A custom event greets its caller by the name that the door proves.

pip install -r requirements.txt
AGENT_PROTOCOL=agui MODEL=bedrock_converse:MODEL_ID AGENT_CMD='python agent.py' make local
"""

import os

from ag_ui.core import CustomEvent, EventType
from ag_ui_langgraph import LangGraphAgent
from bedrock_agentcore.runtime import AGUIApp
from gatehouse_agent import Door, IdentityMiddleware, caller, tools
from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

app = AGUIApp()
app.add_middleware(IdentityMiddleware, door=Door.from_env())


@tool
async def refund(order: str, amount: int) -> str:
    """Pays the amount back to the person who placed the order."""
    async with tools(os.environ["GATEHOUSE_GATEWAY"]) as gateway:
        result = await gateway.call_tool("billing___refund", {"order": order, "amount": amount})
    return result.content[0].text


model = init_chat_model(os.environ["MODEL"])


@app.entrypoint
async def invoke(run, context):
    # A memory of this request alone: a thread's id is the client's choice, and its messages come along.
    graph = create_agent(model, tools=[refund], checkpointer=InMemorySaver())
    async for event in LangGraphAgent(name="helper", graph=graph).run(run):
        yield event
        if event.type == EventType.RUN_STARTED:
            yield CustomEvent(name="greeting", value=f"Hello, {caller(context).display_name}!")


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8080")))
