"""A Strands agent that greets its caller by the name that the door proves, and calls tools as them.

pip install -r requirements.txt
AGENT_CMD='python agent.py' make local
"""

import os

from bedrock_agentcore import BedrockAgentCoreApp
from gatehouse_agent import Door, IdentityMiddleware, caller, tool_token
from strands import Agent
from strands.tools.mcp import MCPClient

app = BedrockAgentCoreApp()
app.add_middleware(IdentityMiddleware, door=Door.from_env())


@app.entrypoint
async def invoke(payload, context):
    # Both are of this request: the name is for reading, the token opens the tools that the caller may use.
    who, token = caller(context), tool_token(context)
    with MCPClient(url=os.environ["GATEHOUSE_GATEWAY"], headers={"Authorization": f"Bearer {token}"}) as gateway:
        agent = Agent(tools=gateway.list_tools_sync())
        result = await agent.invoke_async(payload["prompt"])
    return {"greeting": f"Hello, {who.display_name}!", "answer": str(result)}


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8080")))
