"""Each example behind the door: it greets alice and bob by the names that the door proves, calls a tool as them, and
takes no other word for who they are."""

import ast
import importlib.metadata
import json
import re
import uuid

import pytest
from conftest import IDENTITY, NODE_FOLDER, ROOT
from signing import forged

EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if path.name not in {"tests", "README.md"})
#: The lines of an example at most.
MAX_LINES = 60
REFUNDED = "Refunded 500 for order A-1."
#: What the policy engine's decision reads like to a program.
DENIED = "AuthorizeActionException"
NO_TOOL = "There is no such tool for this caller."


def agui(prompt):
    return {
        "threadId": str(uuid.uuid4()),
        "runId": str(uuid.uuid4()),
        "messages": [{"id": "1", "role": "user", "content": prompt}],
        "tools": [],
        "context": [],
        "state": {},
        "forwardedProps": {},
    }


def events(answer):
    """The events of an AG-UI run."""
    found = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert found[0]["type"] == "RUN_STARTED", answer.text
    assert found[-1]["type"] == "RUN_FINISHED", answer.text
    return found


def rpc(method, parameters):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}


def message(text):
    part = {"kind": "text", "text": text}
    return rpc("message/send", {"message": {"kind": "message", "messageId": "1", "parts": [part], "role": "user"}})


class Http:
    """JSON in, JSON out."""

    protocol, path = "http", "invocations"

    @staticmethod
    def body(prompt):
        return {"prompt": prompt}

    @staticmethod
    def ask(stack, user, prompt, **headers):
        answer = stack.post(user, "invocations", {"prompt": prompt}, **headers)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        return said["greeting"], said["answer"]


class AgUi:
    protocol, path = "agui", "invocations"
    body = staticmethod(agui)

    @staticmethod
    def ask(stack, user, prompt, **headers):
        answer = stack.post(user, "invocations", agui(prompt), Accept="text/event-stream", **headers)
        assert answer.status_code == 200, answer.text
        found = events(answer)
        greeting = next(event["value"] for event in found if event["type"] == "CUSTOM" and event["name"] == "greeting")
        said = [event["delta"] for event in found if event["type"] == "TEXT_MESSAGE_CONTENT"]
        return greeting, "".join(said)


class Mcp:
    protocol, path = "mcp", "mcp"

    @staticmethod
    def body(prompt):
        return rpc("tools/call", {"name": "greet", "arguments": {}})

    @staticmethod
    def ask(stack, user, prompt, **headers):
        return tuple(
            Mcp.call(stack, user, name, arguments, headers)
            for name, arguments in [("greet", {}), ("refund", {"order": "A-1", "amount": int(prompt.split()[1])})]
        )

    @staticmethod
    def call(stack, user, name, arguments, headers):
        both = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
        answer = stack.post(user, "mcp", rpc("tools/call", {"name": name, "arguments": arguments}), **both, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]["content"][0]["text"]


class A2a:
    protocol, path = "a2a", ""
    body = staticmethod(message)

    @staticmethod
    def ask(stack, user, prompt, **headers):
        answer = stack.post(user, "a2a", message(prompt), **headers)
        assert answer.status_code == 200, answer.text
        text = answer.json()["result"]["parts"][0]["text"]
        greeting, _, said = text.partition("! ")
        return f"{greeting}!", said


#: Example, way to speak with it, and what bob is told: an agent that lists the gateway's tools for its model does not
#: even see one that no policy opens to him.
TRIED = [
    ("strands", Http, NO_TOOL),
    ("strands-agui", AgUi, NO_TOOL),
    ("langgraph", Http, DENIED),
    ("langgraph-agui", AgUi, DENIED),
    ("claude", Http, NO_TOOL),
    ("fastmcp", Mcp, DENIED),
    ("a2a", A2a, DENIED),
    ("express", Http, DENIED),
    ("hono", Http, DENIED),
    ("fetch", Http, DENIED),
]


@pytest.mark.parametrize(("example", "way", "bob_is_told"), TRIED, ids=[example for example, _, _ in TRIED])
def test_it_greets_by_proven_name_and_acts_as_the_caller(start, example, way, bob_is_told):
    stack = start(example, way.protocol)
    greeting, said = way.ask(stack, "alice", "refund 500")
    assert greeting == "Hello, alice!"
    assert REFUNDED in said
    greeting, said = way.ask(stack, "bob", "refund 500")
    assert greeting == "Hello, bob!"
    assert bob_is_told in said
    assert REFUNDED not in said
    body = json.dumps(way.body("refund 500")).encode()
    lie = forged(stack.url, stack.key_id(), way.path, body)
    # What a caller says under this name is dropped at the door.
    greeting, _ = way.ask(stack, "bob", "refund 500", **{IDENTITY: lie})
    assert greeting == "Hello, bob!"
    for headers in ({}, {IDENTITY: lie}, {IDENTITY: "alice"}, {"X-User": "alice"}):
        refused = stack.bypass(way.path, body, **headers)
        assert refused.status_code == 403, (headers, refused.text)
        assert refused.json()["code"] == "bad_proof"
        assert "alice" not in refused.text


def test_every_example_is_tried_and_short(report):
    tried = {example for example, _, _ in TRIED}
    # Those two greet, and are tested with their packages.
    assert set(EXAMPLES) - {"python", "typescript"} == tried
    page = (ROOT / "examples/README.md").read_text()
    for example in tried:
        assert f"[`{example}`]({example}/" in page, example
        (source,) = [*(ROOT / "examples" / example).glob("*.py"), *(ROOT / "examples" / example).glob("*.mjs")]
        lines = source.read_text().rstrip().splitlines()
        assert len(lines) < MAX_LINES, source
        if source.suffix == ".py":
            assert ast.get_docstring(ast.parse(source.read_text())), source
    report(f"{len(tried)} examples were tried behind the door, each with alice and bob, and by 4 ways around it")


def test_the_lines_of_the_page_stand_in_the_examples(report):
    section = (ROOT / "docs/identity.md").read_text().split("\n## By framework\n")[1].split("\n## ")[0]
    count = 0
    for paragraph in section.split("\n**")[1:]:
        prose, _, code = paragraph.partition("\n```")
        block = code.split("\n", 1)[1].split("```")[0]
        examples = re.findall(r"\[whole\]\(\.\./(examples/[^)]+)\)", prose)
        assert examples, prose
        source = {line.strip() for line in (ROOT / examples[0]).read_text().splitlines()}
        lines = [line.strip() for line in block.splitlines()]
        assert len(lines) == 3, lines
        assert [line for line in lines if line not in source] == [], examples[0]
        count += 1
    assert count == 6
    report(f"{count} frameworks of docs/identity.md have three lines each, which stand in their examples")


def test_every_example_names_what_it_was_tried_with():
    for file in (ROOT / "examples").glob("*/requirements.txt"):
        for line in filter(lambda line: line and line[0] != "#", file.read_text().splitlines()):
            name, version = line.split("==")
            assert importlib.metadata.version(name.split("[")[0]) == version, file
    for example in ("express", "fetch", "hono"):
        manifest = json.loads((ROOT / "examples" / example / "package.json").read_text())
        for name, version in manifest["dependencies"].items():
            installed = json.loads((NODE_FOLDER / "node_modules" / name / "package.json").read_text())
            assert installed["version"] == version, name
