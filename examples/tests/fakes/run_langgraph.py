"""Runs a program in which LangChain's `init_chat_model` gives a stand-in: `run_langgraph.py agent.py`."""

import json
import runpy
import sys

import langchain.chat_models
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from speech import NO_TOOL, tool_of, wish


class FakeModel(BaseChatModel):
    tools: tuple[str, ...] = ()

    @property
    def _llm_type(self):
        return "fake"

    def bind_tools(self, tools, **_options):
        return FakeModel(tools=tuple(tool.name for tool in tools))

    def _answer(self, messages):
        last = messages[-1]
        if isinstance(last, ToolMessage):
            return last.text, None
        arguments, tool = wish(last.text), tool_of(self.tools)
        return ("", (tool, arguments)) if arguments and tool else (NO_TOOL, None)

    def _generate(self, messages, stop=None, run_manager=None, **_options):
        text, call = self._answer(messages)
        calls = [{"name": call[0], "args": call[1], "id": "call-1"}] if call else []
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text, tool_calls=calls))])

    def _stream(self, messages, stop=None, run_manager=None, **_options):
        text, call = self._answer(messages)
        chunks = [{"name": call[0], "args": json.dumps(call[1]), "id": "call-1", "index": 0}] if call else []
        for part in text.split(" ") if text else [""]:
            chunk = AIMessageChunk(f"{part} " if part else "", tool_call_chunks=chunks)
            yield ChatGenerationChunk(message=chunk)


langchain.chat_models.init_chat_model = lambda _name=None, **_options: FakeModel()
runpy.run_path(sys.argv[1], run_name="__main__")
