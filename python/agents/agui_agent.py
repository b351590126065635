"""An AG-UI agent of the official Python SDK, by AgentCore's HTTP contract. Its types read the request, its encoder writes."""

import asyncio

from ag_ui.core import (
    EventType,
    RunAgentInput,
    RunErrorEvent,
    RunFinishedEvent,
    RunStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)
from ag_ui.encoder import EventEncoder
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from listening import serve


async def run(asked):
    """Says each word of a `slowly ...`, calls a tool for a `count ...`, fails at `fail`, and tells what it knows of the thread."""
    ids = {"thread_id": asked.thread_id, "run_id": asked.run_id}
    yield RunStartedEvent(type=EventType.RUN_STARTED, **ids)
    prompt = asked.messages[-1].content
    if prompt == "fail":
        yield RunErrorEvent(type=EventType.RUN_ERROR, message="the model is away", code="model_away")
        return
    if prompt.startswith("count "):
        call = {"tool_call_id": "call-1"}
        yield ToolCallStartEvent(type=EventType.TOOL_CALL_START, tool_call_name="count", **call)
        for piece in ('{"text": ', f'"{prompt[6:]}"}}'):
            yield ToolCallArgsEvent(type=EventType.TOOL_CALL_ARGS, delta=piece, **call)
        yield ToolCallEndEvent(type=EventType.TOOL_CALL_END, **call)
        result = {"message_id": "result-1", "content": f"{len(prompt[6:])} letters", **call}
        yield ToolCallResultEvent(type=EventType.TOOL_CALL_RESULT, **result)
    message = {"message_id": f"answer-{asked.run_id}"}
    yield TextMessageStartEvent(type=EventType.TEXT_MESSAGE_START, role="assistant", **message)
    for word in prompt.split()[1:] if prompt.startswith("slowly ") else []:
        yield TextMessageContentEvent(type=EventType.TEXT_MESSAGE_CONTENT, delta=f"{word} ", **message)
        await asyncio.sleep(0.2)
    told = "; ".join(f"{said.role}: {said.content.strip()}" for said in asked.messages)
    delta = f"thread {asked.thread_id} has {told}"
    yield TextMessageContentEvent(type=EventType.TEXT_MESSAGE_CONTENT, delta=delta, **message)
    yield TextMessageEndEvent(type=EventType.TEXT_MESSAGE_END, **message)
    yield RunFinishedEvent(type=EventType.RUN_FINISHED, **ids)


async def invocations(request):
    encoder = EventEncoder(accept=request.headers.get("accept"))
    asked = RunAgentInput.model_validate_json(await request.body())

    async def events():
        async for event in run(asked):
            yield encoder.encode(event)

    return StreamingResponse(events(), media_type=encoder.get_content_type())


async def ping(_request):
    return JSONResponse({"status": "Healthy"})


def application(_address):
    routes = [Route("/invocations", invocations, methods=["POST"]), Route("/ping", ping)]
    return Starlette(routes=routes)


if __name__ == "__main__":
    serve(application)
