"""A Strands agent that speaks AG-UI. A custom event greets its caller by the name that the door proves.

pip install -r requirements.txt
AGENT_PROTOCOL=agui AGENT_CMD='python agent.py' make local
"""

import os

from ag_ui.core import CustomEvent, EventType
from ag_ui_strands import StrandsAgent
from bedrock_agentcore.runtime import AGUIApp
from gatehouse_agent import Door, IdentityMiddleware, caller, tool_token
from strands import Agent
from strands.tools.mcp import MCPClient

app = AGUIApp()
app.add_middleware(IdentityMiddleware, door=Door.from_env())


@app.entrypoint
async def invoke(run, context):
    who, token = caller(context), tool_token(context)
    with MCPClient(url=os.environ["GATEHOUSE_GATEWAY"], headers={"Authorization": f"Bearer {token}"}) as gateway:
        # An agent of this request alone: its tools hold the caller's token.
        agent = StrandsAgent(Agent(tools=gateway.list_tools_sync()), name="helper")
        async for event in agent.run(run):
            yield event
            if event.type == EventType.RUN_STARTED:
                yield CustomEvent(name="greeting", value=f"Hello, {who.display_name}!")


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8080")))
