// Dialects of agents' events: each event says a piece of text, a tool call, or an end.

export type ToolState = "called" | "done" | "failed" | "refused" | "undecided";

export type Said =
  | { readonly is: "text"; readonly text: string }
  /** The id by which an A2A agent knows the conversation */
  | { readonly is: "context"; readonly id: string }
  | {
      readonly is: "tool";
      readonly id: string;
      readonly name?: string;
      readonly state?: ToolState;
      readonly input?: string;
      readonly output?: string;
    }
  | { readonly is: "end"; readonly how: "done" | "failed" | "resume"; readonly code?: string; readonly message?: string; readonly requestId?: string };

type Members = Record<string, unknown>;

/** The first words of AgentCore's text for a call that a policy denies. */
const DENIED = "AuthorizeActionException";
const MAX_DETAIL = 4000;
const MAX_CONTEXT = 256;

/** The content of one event; an event without text for a reader gives an empty list. */
export function interpret(event: string | undefined, data: string): Said[] {
  if (data === "[DONE]") return [{ is: "end", how: "done" }];
  const value = parse(data);
  if (event === "gatehouse.error" || event === "gatehouse.resume") return [doorEnd(event, value)];
  if (event === "gatehouse.cut") return [];
  if (typeof value === "string") return [{ is: "text", text: value }];
  if (!isMembers(value)) return value === undefined ? [{ is: "text", text: data }] : [];
  if (value["jsonrpc"] === "2.0") return rpc(value);
  const type = value["type"];
  if (typeof type === "string") {
    const known = agUi(type, value) ?? uiMessage(type, value);
    if (known !== null) return known;
  }
  const converse = value["event"];
  if (isMembers(converse)) return bedrock(converse);
  return plain(value);
}

/** A whole answer that is no stream. */
export function interpretDocument(body: string): Said[] {
  const value = parse(body);
  const said = Array.isArray(value) ? value.flatMap((entry) => interpret(undefined, JSON.stringify(entry))) : interpret(undefined, body);
  if (said.length > 0 || value === undefined) return said;
  return [{ is: "text", text: "```json\n" + JSON.stringify(value, null, 2) + "\n```\n" }];
}

function doorEnd(event: string, value: unknown): Said {
  const code = isMembers(value) ? text(value["code"]) : undefined;
  const requestId = isMembers(value) ? text(value["request_id"]) : undefined;
  const how = event === "gatehouse.resume" ? "resume" : "failed";
  return { is: "end", how, code: code ?? "agent_cut", ...(requestId === undefined ? {} : { requestId }) };
}

/** AG-UI 1.0 (docs.ag-ui.com, events). */
function agUi(type: string, value: Members): Said[] | null {
  const id = text(value["toolCallId"]) ?? "";
  switch (type) {
    case "TEXT_MESSAGE_CONTENT":
    case "TEXT_MESSAGE_CHUNK":
      return texts(value["delta"]);
    case "TEXT_MESSAGE_END":
      return [{ is: "text", text: "\n\n" }];
    case "TOOL_CALL_START":
    case "TOOL_CALL_CHUNK":
      return [{ is: "tool", id, state: "called", ...named("name", value["toolCallName"]), ...named("input", value["delta"]) }];
    case "TOOL_CALL_ARGS":
      return [{ is: "tool", id, ...named("input", value["delta"]) }];
    case "TOOL_CALL_RESULT":
      return [{ is: "tool", id, ...outcome(shown(value["content"]), false) }];
    case "RUN_ERROR":
      return [{ is: "end", how: "failed", code: text(value["code"]) ?? "agent_error", ...named("message", value["message"]) }];
    case "RUN_FINISHED":
      return [{ is: "end", how: "done" }];
    default:
      return /^[A-Z]+(_[A-Z]+)+$/.test(type) ? [] : null;
  }
}

/** The AI SDK's UI message stream (ai-sdk.dev, stream protocol). */
function uiMessage(type: string, value: Members): Said[] | null {
  const id = text(value["toolCallId"]) ?? "";
  switch (type) {
    case "text-delta":
      return texts(value["delta"]);
    case "text-end":
      return [{ is: "text", text: "\n\n" }];
    case "tool-input-start":
    case "tool-input-available":
      return [{ is: "tool", id, state: "called", ...named("name", value["toolName"]), ...named("input", detail(value["input"])) }];
    case "tool-output-available":
      return [{ is: "tool", id, ...outcome(shown(value["output"]), false) }];
    case "tool-output-error":
      return [{ is: "tool", id, ...outcome(text(value["errorText"]) ?? "", true) }];
    case "error":
      return [failed(text(value["errorText"]) ?? "")];
    case "finish":
      return [{ is: "end", how: "done" }];
    default:
      return /^(start|data-|reasoning-|source-|file|tool-input-delta|text-start|start-step|finish-step|abort|message-metadata)/.test(type)
        ? []
        : null;
  }
}

/** The door's own words stand in parentheses at the end: `The agent sent nothing for too long (agent_silent)`. */
function failed(message: string): Said {
  const code = /\(([a-z_]{1,60})\)$/.exec(message)?.[1];
  return { is: "end", how: "failed", code: code ?? "agent_error", message };
}

/** Bedrock's converse stream, as Strands passes it on. */
function bedrock(event: Members): Said[] {
  const delta = path(event, "contentBlockDelta", "delta", "text");
  if (typeof delta === "string") return texts(delta);
  const tool = path(event, "contentBlockStart", "start", "toolUse");
  if (!isMembers(tool)) return [];
  return [{ is: "tool", id: text(tool["toolUseId"]) ?? "", state: "called", ...named("name", tool["name"]) }];
}

/** JSON-RPC: the messages of A2A, whose parts are text or data (a2a-protocol.org, 0.3 and 1.0). */
function rpc(value: Members): Said[] {
  const error = value["error"];
  if (isMembers(error)) {
    const code = text(path(error, "data", "code"));
    const requestId = text(path(error, "data", "request_id"));
    return [
      {
        is: "end",
        how: "failed",
        code: code ?? "agent_error",
        ...named("message", error["message"]),
        ...(requestId === undefined ? {} : { requestId }),
      },
    ];
  }
  const result = value["result"];
  if (!isMembers(result)) return [];
  const inner = [result["message"], result["task"], result["statusUpdate"], result["artifactUpdate"]].find(isMembers) ?? result;
  const context = text(inner["contextId"]);
  const said: Said[] = context === undefined ? [] : [{ is: "context", id: context.slice(0, MAX_CONTEXT) }];
  // A further part of an artifact goes on where the one before ended; a new artifact, and a status, is a paragraph of its own.
  const artifact = parts(path(inner, "artifact", "parts"));
  said.push(...parts(inner["parts"]), ...(inner["append"] === true ? artifact : paragraph(artifact)));
  said.push(...paragraph(parts(path(inner, "status", "message", "parts"))));
  const artifacts = inner["artifacts"];
  if (Array.isArray(artifacts)) said.push(...artifacts.flatMap((artifact) => parts(path(artifact, "parts"))));
  const state = text(path(inner, "status", "state"))?.toLowerCase();
  if (state !== undefined && /(failed|rejected)$/.test(state)) said.push({ is: "end", how: "failed", code: "agent_error" });
  return said;
}

function paragraph(said: Said[]): Said[] {
  return said.length === 0 ? said : [{ is: "text", text: "\n\n" }, ...said];
}

function parts(list: unknown): Said[] {
  return Array.isArray(list) ? list.flatMap((part) => texts(path(part, "text"))) : [];
}

/** Events of an agent's own making: a text under one of the usual names, or an error. */
function plain(value: Members): Said[] {
  const error = value["error"] ?? value["error_type"];
  if (typeof error === "string") return [{ is: "end", how: "failed", code: "agent_error", message: error }];
  for (const name of ["text", "data", "delta", "content", "message", "result", "response", "output", "answer", "completion"]) {
    const found = value[name];
    if (typeof found === "string") return texts(found);
    const nested = path(found, "text") ?? path(found, "content");
    if (typeof nested === "string") return texts(nested);
    const content = Array.isArray(nested) ? nested : path(found, "message", "content");
    if (Array.isArray(content)) return parts(content);
  }
  return [];
}

/** The outcome of a tool: it ran, failed, or was refused. A denial is a result like any other, known by its first words. */
export function outcome(output: string, isError: boolean): { state: ToolState; output: string } {
  if (!output.startsWith(DENIED)) return { state: isError ? "failed" : "done", output };
  const reason = /\[([^[\]]*)\]\s*$/.exec(output)?.[1] ?? output;
  return { state: /could not be evaluated/.test(reason) ? "undecided" : "refused", output: reason };
}

function shown(value: unknown): string {
  const list = isMembers(value) && Array.isArray(value["content"]) ? value["content"] : value;
  if (Array.isArray(list)) {
    const joined = list.map((part) => path(part, "text")).filter((part) => typeof part === "string");
    if (joined.length > 0) return joined.join("\n").slice(0, MAX_DETAIL);
  }
  return detail(value) ?? "";
}

export function detail(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, MAX_DETAIL);
}

function texts(value: unknown): Said[] {
  return typeof value === "string" && value !== "" ? [{ is: "text", text: value }] : [];
}

function named<N extends string>(name: N, value: unknown): { [K in N]?: string } {
  return typeof value === "string" ? ({ [name]: value } as { [K in N]?: string }) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function path(value: unknown, ...names: string[]): unknown {
  let found = value;
  for (const name of names) {
    if (!isMembers(found)) return undefined;
    found = found[name];
  }
  return found;
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
