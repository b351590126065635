"""An agent of the bedrock-agentcore Python SDK that listens at `/ws` and says what it heard in which session."""

from bedrock_agentcore import BedrockAgentCoreApp

from listening import serve

app = BedrockAgentCoreApp()


@app.websocket
async def talk(websocket, context):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_json({"heard": text, "session": context.session_id})


if __name__ == "__main__":
    serve(lambda _address: app)
