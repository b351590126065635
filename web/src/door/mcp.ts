// An MCP server behind the door, over streamable HTTP: its tools, and calls of them.
//
// https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http

import type { Door } from "./door.ts";
import { problem, ProblemError, read } from "./problem.ts";
import { detail, outcome, type ToolState } from "./said.ts";
import { listen } from "./stream.ts";

const VERSION = "2025-11-25";
const MAX_PAGES = 20;

export interface Tool {
  readonly name: string;
  readonly description: string | null;
  readonly fields: readonly Field[];
}

/** A parameter of a tool, as far as its schema says it in the usual way. */
export interface Field {
  readonly name: string;
  readonly type: "boolean" | "integer" | "json" | "number" | "string";
  readonly required: boolean;
  readonly description: string | null;
}

export interface Called {
  readonly state: ToolState;
  readonly output: string;
  readonly requestId: string | null;
}

type Members = Record<string, unknown>;

export class McpServer {
  readonly #door: Door;
  readonly #path: string;
  #session: string | null = null;
  #ready: Promise<void> | null = null;
  #last = 0;

  constructor(door: Door, agent: string) {
    this.#door = door;
    this.#path = `/agents/${agent}/mcp`;
  }

  async tools(): Promise<Tool[]> {
    const tools: Tool[] = [];
    let cursor: unknown = undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { result } = await this.#request("tools/list", cursor === undefined ? {} : { cursor });
      const list = result["tools"];
      if (Array.isArray(list)) tools.push(...list.filter(isMembers).map(parseTool));
      cursor = result["nextCursor"];
      if (typeof cursor !== "string") break;
    }
    return tools;
  }

  async call(name: string, input: Members, signal: AbortSignal): Promise<Called> {
    const { result, requestId } = await this.#request("tools/call", { name, arguments: input }, signal);
    const content = Array.isArray(result["content"]) ? result["content"].filter(isMembers) : [];
    const texts = content.map((part) => (typeof part["text"] === "string" ? part["text"] : (detail(part) ?? "")));
    const said = texts.length > 0 ? texts.join("\n") : (detail(result["structuredContent"]) ?? "");
    return { ...outcome(said, result["isError"] === true), requestId };
  }

  async #request(method: string, params: Members, signal?: AbortSignal) {
    this.#ready ??= this.#initialize().catch((error: unknown) => {
      this.#ready = null;
      throw error;
    });
    await this.#ready;
    try {
      return await this.#send(method, params, signal);
    } catch (error) {
      // The server has forgotten the session (404): the next request begins another one.
      if (error instanceof ProblemError && error.problem.status === 404) {
        this.#ready = null;
        this.#session = null;
      }
      throw error;
    }
  }

  async #initialize(): Promise<void> {
    const clientInfo = { name: "gatehouse-console", version: "1" };
    await this.#send("initialize", { protocolVersion: VERSION, capabilities: {}, clientInfo });
    const note = await this.#post({ jsonrpc: "2.0", method: "notifications/initialized" });
    await note.body?.cancel();
  }

  async #send(method: string, params: Members, signal?: AbortSignal): Promise<{ result: Members; requestId: string | null }> {
    this.#last += 1;
    const id = this.#last;
    const answer = await this.#post({ jsonrpc: "2.0", id, method, params }, signal);
    this.#session = answer.headers.get("mcp-session-id") ?? this.#session;
    const message = await response(answer, id);
    if (message === null) throw new ProblemError(problem("no_answer", { requestId: answer.headers.get("x-request-id") }));
    if (isMembers(message["error"])) {
      const found = read(message, answer.status, answer.headers);
      throw new ProblemError(found.code.startsWith("http_") ? { ...found, code: "mcp_error" } : found);
    }
    const result = message["result"];
    return { result: isMembers(result) ? result : {}, requestId: answer.headers.get("x-request-id") };
  }

  #post(message: Members, signal?: AbortSignal): Promise<Response> {
    const headers = new Headers({ "Content-Type": "application/json", Accept: "application/json, text/event-stream" });
    if (message["method"] !== "initialize") headers.set("Mcp-Protocol-Version", VERSION);
    if (this.#session !== null) headers.set("Mcp-Session-Id", this.#session);
    return this.#door.call(this.#path, {
      method: "POST",
      headers,
      body: JSON.stringify(message),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/** The response to a request among the messages of its answer. */
async function response(answer: Response, id: number): Promise<Members | null> {
  let found: Members | null = null;
  const take = (text: string): void => {
    try {
      const value: unknown = JSON.parse(text);
      if (isMembers(value) && (value["id"] === id || (value["id"] === null && "error" in value))) found ??= value;
    } catch {
      // A message that is not JSON-RPC answers no request.
    }
  };
  await listen(answer, {
    event: (_, data) => {
      take(data);
    },
    heartbeat: () => undefined,
    bytes: () => undefined,
    document: take,
  });
  return found;
}

function parseTool(value: Members): Tool {
  const schema = isMembers(value["inputSchema"]) ? value["inputSchema"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const properties = isMembers(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  return {
    name: String(value["name"]),
    description: typeof value["description"] === "string" ? value["description"] : null,
    fields: properties.map(([name, property]) => {
      const members = isMembers(property) ? property : {};
      const type = members["type"];
      const isKnown = type === "boolean" || type === "integer" || type === "number" || type === "string";
      return {
        name,
        type: isKnown ? type : "json",
        required: required.includes(name),
        description: typeof members["description"] === "string" ? members["description"] : null,
      };
    }),
  };
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
