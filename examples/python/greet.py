"""An agent that greets its caller by the name that the door proves.

    pip install bedrock-agentcore gatehouse-agent
    GATEHOUSE_DOOR=https://door.example.com GATEHOUSE_AGENT=demo python greet.py

The runtime's request header allow-list must name `X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity`.
"""

import os

from bedrock_agentcore import BedrockAgentCoreApp
from gatehouse_agent import Door, IdentityMiddleware, caller

app = BedrockAgentCoreApp()
app.add_middleware(IdentityMiddleware, door=Door.from_env())


@app.entrypoint
def invoke(payload, context):
    who = caller(context)
    # The name is for reading. Decide by `subject` and `subject_issuer`, or by `groups`.
    return {"greeting": f"Hello, {who.display_name}!", "prompt": payload.get("prompt")}


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8080")))
