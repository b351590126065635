"""A LangGraph agent that greets its caller by the name that the door proves, and calls a tool as them.

pip install -r requirements.txt
MODEL=bedrock_converse:MODEL_ID AGENT_CMD='python agent.py' make local
"""

import os

from bedrock_agentcore import BedrockAgentCoreApp
from gatehouse_agent import Door, IdentityMiddleware, caller, tools
from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain.tools import tool

app = BedrockAgentCoreApp()
app.add_middleware(IdentityMiddleware, door=Door.from_env())


@tool
async def refund(order: str, amount: int) -> str:
    """Pays the amount back to the person who placed the order."""
    # Without a context, the tools are those of the caller whom this task works for.
    async with tools(os.environ["GATEHOUSE_GATEWAY"]) as gateway:
        result = await gateway.call_tool("billing___refund", {"order": order, "amount": amount})
    return result.content[0].text


agent = create_agent(init_chat_model(os.environ["MODEL"]), tools=[refund])


@app.entrypoint
async def invoke(payload, context):
    result = await agent.ainvoke({"messages": [("user", payload["prompt"])]})
    return {"greeting": f"Hello, {caller(context).display_name}!", "answer": result["messages"][-1].text}


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8080")))
