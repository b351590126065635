"""An agent of the bedrock-agentcore Python SDK, on a free port that it prints once it listens."""

import time

from bedrock_agentcore import BedrockAgentCoreApp

from listening import serve

app = BedrockAgentCoreApp()


@app.entrypoint
def invoke(payload, context):
    """Answers with one document, or piece by piece if it is asked to."""
    if payload.get("pieces"):
        return pieces(payload["pieces"])
    return {"prompt": payload.get("prompt"), "session": context.session_id}


def pieces(count):
    for number in range(count):
        if number:
            # What an agent does between two pieces takes time.
            time.sleep(0.3)
        yield {"piece": number}


if __name__ == "__main__":
    serve(lambda _address: app)
