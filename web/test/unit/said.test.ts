// Dialects of agents' events.

import assert from "node:assert/strict";
import { test } from "node:test";

import { interpret, interpretDocument, outcome, type Said } from "../../src/door/said.ts";

const text = (value: string): Said => ({ is: "text", text: value });

const ROWS: readonly (readonly [string, string | undefined, unknown, readonly Said[]])[] = [
  ["the demonstration agent", undefined, { text: "hello" }, [text("hello")]],
  ["a bare text", undefined, "hello", [text("hello")]],
  ["Strands", undefined, { data: "hello" }, [text("hello")]],
  ["Bedrock", undefined, { event: { contentBlockDelta: { delta: { text: "hello" } } } }, [text("hello")]],
  [
    "a tool of Bedrock",
    undefined,
    { event: { contentBlockStart: { start: { toolUse: { name: "find", toolUseId: "1" } } } } },
    [{ is: "tool", id: "1", state: "called", name: "find" }],
  ],
  ["AG-UI text", undefined, { type: "TEXT_MESSAGE_CONTENT", messageId: "1", delta: "hello" }, [text("hello")]],
  [
    "an AG-UI tool",
    undefined,
    { type: "TOOL_CALL_START", toolCallId: "1", toolCallName: "find" },
    [{ is: "tool", id: "1", state: "called", name: "find" }],
  ],
  ["AG-UI arguments", undefined, { type: "TOOL_CALL_ARGS", toolCallId: "1", delta: "{}" }, [{ is: "tool", id: "1", input: "{}" }]],
  [
    "an AG-UI result",
    undefined,
    { type: "TOOL_CALL_RESULT", toolCallId: "1", content: "found" },
    [{ is: "tool", id: "1", state: "done", output: "found" }],
  ],
  [
    "an AG-UI error of the door",
    undefined,
    { type: "RUN_ERROR", code: "agent_cut", message: "The connection to the agent broke" },
    [{ is: "end", how: "failed", code: "agent_cut", message: "The connection to the agent broke" }],
  ],
  ["AG-UI state, which says nothing", undefined, { type: "STATE_DELTA", delta: "no text" }, []],
  ["a part of the AI SDK", undefined, { type: "text-delta", id: "1", delta: "hello" }, [text("hello")]],
  [
    "an error of the AI SDK",
    undefined,
    { type: "error", errorText: "The agent sent nothing for too long (agent_silent)" },
    [{ is: "end", how: "failed", code: "agent_silent", message: "The agent sent nothing for too long (agent_silent)" }],
  ],
  [
    "the end of the door",
    "gatehouse.error",
    { code: "agent_cut", conversation_id: "c", request_id: "r" },
    [{ is: "end", how: "failed", code: "agent_cut", requestId: "r" }],
  ],
  ["a deadline", "gatehouse.resume", { code: "deadline" }, [{ is: "end", how: "resume", code: "deadline" }]],
  ["half an event", "gatehouse.cut", { text: "hel" }, []],
  [
    "an error of A2A",
    undefined,
    { jsonrpc: "2.0", id: 1, error: { code: -32603, message: "broke", data: { code: "agent_cut", request_id: "r" } } },
    [{ is: "end", how: "failed", code: "agent_cut", message: "broke", requestId: "r" }],
  ],
  ["a message of A2A", undefined, { jsonrpc: "2.0", result: { kind: "message", parts: [{ kind: "text", text: "hello" }] } }, [text("hello")]],
  [
    "an artifact of A2A 1.0",
    undefined,
    { jsonrpc: "2.0", result: { artifactUpdate: { artifact: { parts: [{ text: "hello" }] } } } },
    [text("\n\n"), text("hello")],
  ],
  [
    "a further part of an artifact of A2A",
    undefined,
    { jsonrpc: "2.0", result: { artifactUpdate: { append: true, artifact: { parts: [{ text: "hello" }] } } } },
    [text("hello")],
  ],
  [
    "the context of an A2A task",
    undefined,
    { jsonrpc: "2.0", result: { kind: "task", contextId: "c", status: { state: "failed" } } },
    [{ is: "context", id: "c" }, { is: "end", how: "failed", code: "agent_error" }],
  ],
  ["the agent's own error", undefined, { error: "failed" }, [{ is: "end", how: "failed", code: "agent_error", message: "failed" }]],
  ["a number", undefined, 7, []],
  ["null", undefined, null, []],
];

for (const [what, name, value, expected] of ROWS) {
  test(`read: ${what}`, () => {
    assert.deepEqual(interpret(name, JSON.stringify(value)), expected);
  });
}

test("what is no JSON is text", () => {
  assert.deepEqual(interpret(undefined, "hello <b>"), [text("hello <b>")]);
  assert.deepEqual(interpret(undefined, "[DONE]"), [{ is: "end", how: "done" }]);
});

test("a document is read like an event, a list like several, and anything else is shown as JSON", () => {
  assert.deepEqual(interpretDocument('{"output": "hello"}'), [text("hello")]);
  assert.deepEqual(interpretDocument('[{"text": "a"}, {"text": "b"}]'), [text("a"), text("b")]);
  assert.deepEqual(interpretDocument('{"total": 7}'), [text('```json\n{\n  "total": 7\n}\n```\n')]);
});

test("a denial is told from a failure, and both from a result", () => {
  const denied = "AuthorizeActionException - Tool Execution Denied: Tool call not allowed due to policy enforcement";
  assert.deepEqual(outcome(`${denied} [No policy applies to the request (denied by default).]`, true), {
    state: "refused",
    output: "No policy applies to the request (denied by default).",
  });
  assert.equal(outcome(`${denied} [A policy could not be evaluated for this input.]`, true).state, "undecided");
  assert.equal(outcome("no such order", true).state, "failed");
  assert.equal(outcome("refunded", false).state, "done");
});

test("no event of a stranger breaks the reader", () => {
  const strange = ['{"type":{}}', '{"type":"TOOL_CALL_RESULT"}', '{"event":{"contentBlockDelta":7}}', '{"jsonrpc":"2.0","result":[]}',
    '{"jsonrpc":"2.0","error":7}', '{"__proto__":{"text":"x"}}', '{"message":{"content":[null,{"text":7}]}}', "", "{", '{"error":{}}'];
  for (const data of strange) {
    assert.doesNotThrow(() => interpret(undefined, data), data);
    assert.doesNotThrow(() => interpret("gatehouse.error", data), data);
    assert.doesNotThrow(() => interpretDocument(data), data);
  }
});
