"""An agent of the bedrock-agentcore Python SDK, on a free port that it prints once it listens."""

import socket
import time

import uvicorn
from bedrock_agentcore import BedrockAgentCoreApp

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
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
