"""The terminal tool at agents that the official AG-UI packages serve, behind the door."""

import json
import os
import subprocess

import pytest
from conftest import TARGET, TIMEOUT

#: The frameworks whose agents speak AG-UI, by the packages `ag-ui-strands` and `ag-ui-langgraph`.
AGENTS = ["strands-agui", "langgraph-agui"]
REFUNDED = "Refunded 500 for order A-1."


@pytest.fixture
def tool(tmp_path):
    """Runs the built tool as a user, in a home folder of its own."""

    def run(stack, user, *arguments, given=""):
        environment = {
            "GATEHOUSE_DOOR": stack.url,
            "GATEHOUSE_TOKEN": stack.token(user),
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
        }
        command = [TARGET / "debug" / "gatehouse", *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    return run


@pytest.mark.parametrize("example", AGENTS)
def test_a_run_is_shown_and_a_tool_is_told(start, tool, report, example):
    stack = start(example, "agui")
    ran = tool(stack, "alice", "call", "demo", "refund 500", "--ag-ui")
    assert ran.returncode == 0, ran
    assert REFUNDED in ran.stdout, ran
    # What an agent does is no part of what it says.
    assert "[tool] calls " in ran.stderr, ran
    assert "refund" in ran.stderr, ran
    assert "RUN_STARTED" not in ran.stdout, ran
    ran = tool(stack, "bob", "call", "demo", "refund 500", "--ag-ui")
    assert ran.returncode == 0, ran
    assert REFUNDED not in ran.stdout, ran

    ran = tool(stack, "alice", "call", "demo", "refund 500", "--ag-ui", "--json")
    assert ran.returncode == 0, ran
    said = [json.loads(line) for line in ran.stdout.splitlines()]
    types = [event["data"]["type"] for event in said if isinstance(event.get("data"), dict)]
    assert (types[0], types[-1]) == ("RUN_STARTED", "RUN_FINISHED"), types
    assert {"CUSTOM", "TEXT_MESSAGE_CONTENT", "TOOL_CALL_START"} <= set(types), types
    assert (said[-1]["event"], said[-1]["outcome"], said[-1]["exit"]) == (
        "end",
        "done",
        0,
    ), said[-1]

    # Two turns of one conversation, and the end of it.
    ran = tool(
        stack,
        "alice",
        "chat",
        "demo",
        "--ag-ui",
        given="refund 500\nrefund 500\n/end\n",
    )
    assert ran.returncode == 0, ran
    assert ran.stdout.count(REFUNDED) >= 2, ran
    assert "deleted" in ran.stderr, ran

    # What is no run is refused by the agent's own reader, and the tool says so.
    ran = tool(stack, "alice", "call", "demo", "refund 500")
    assert ran.returncode not in (0, 64), ran
    assert "next: " in ran.stderr, ran
    report(f"the terminal tool spoke AG-UI with {example}")
