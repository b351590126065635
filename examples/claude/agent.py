"""An agent of the Claude Agent SDK whose MCP configuration carries the caller's tool token.

pip install -r requirements.txt
ANTHROPIC_API_KEY=KEY AGENT_CMD='python agent.py' make local
"""

import os

from bedrock_agentcore import BedrockAgentCoreApp
from claude_agent_sdk import ClaudeAgentOptions, ResultMessage, query
from gatehouse_agent import Door, IdentityMiddleware, caller, tool_token

app = BedrockAgentCoreApp()
app.add_middleware(IdentityMiddleware, door=Door.from_env())


@app.entrypoint
async def invoke(payload, context):
    gateway = {
        "type": "http",
        "url": os.environ["GATEHOUSE_GATEWAY"],
        "headers": {"Authorization": f"Bearer {tool_token(context)}"},
    }
    # The gateway's tools and no others: neither a shell nor files, and no settings of the machine.
    options = ClaudeAgentOptions(
        mcp_servers={"gateway": gateway}, tools=[], allowed_tools=["mcp__gateway"], setting_sources=[]
    )
    answer = ""
    async for message in query(prompt=payload["prompt"], options=options):
        if isinstance(message, ResultMessage):
            answer = message.result
    return {"greeting": f"Hello, {caller(context).display_name}!", "answer": answer}


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8080")))
