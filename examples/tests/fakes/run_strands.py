"""Runs a program in which Strands' own default model is a stand-in: `run_strands.py agent.py`."""

import json
import runpy
import sys

import strands.agent.agent
from speech import NO_TOOL, tool_of, wish
from strands.models import Model


class FakeModel(Model):
    def update_config(self, **_config):
        """It has none."""

    def get_config(self):
        return {"model_id": "fake"}

    def structured_output(self, *_arguments, **_options):
        raise NotImplementedError("no example asks for it")

    async def stream(self, messages, tool_specs=None, system_prompt=None, **_options):
        last = messages[-1]["content"][-1]
        arguments = wish(last.get("text", ""))
        tool = tool_of([spec["name"] for spec in tool_specs or []])
        yield {"messageStart": {"role": "assistant"}}
        if arguments and tool:
            yield {"contentBlockStart": {"start": {"toolUse": {"name": tool, "toolUseId": "call-1"}}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(arguments)}}}}
        else:
            said = last["toolResult"]["content"][0]["text"] if "toolResult" in last else NO_TOOL
            yield {"contentBlockStart": {"start": {}}}
            yield {"contentBlockDelta": {"delta": {"text": said}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if arguments and tool else "end_turn"}}


strands.agent.agent.BedrockModel = FakeModel
runpy.run_path(sys.argv[1], run_name="__main__")
