/** Tests of the tools: sessions at an MCP server of the official SDK, opened with the tool token of a request. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test } from "node:test";

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

import { guard, SettingsError, ToolTokenError, UsageError } from "@gatehouse/agent";
import { tools } from "@gatehouse/agent/mcp";

import { running, type Running } from "./servers.js";
import { TestDoor } from "./signer.js";

/** A gateway with one tool, which says with which token it was called. */
class Gateway {
  readonly tokens: (string | undefined)[] = [];
  readonly methods: (string | undefined)[] = [];
  readonly #sessions = new Map<string, StreamableHTTPServerTransport>();
  ended = 0;

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.tokens.push(request.headers.authorization);
    this.methods.push(request.method);
    const known = this.#sessions.get(String(request.headers["mcp-session-id"]));
    await (known ?? (await this.#begin())).handleRequest(request, response);
  }

  async #begin(): Promise<StreamableHTTPServerTransport> {
    const server = new McpServer({ name: "gateway", version: "1.0.0" });
    server.registerTool("greet", { inputSchema: { name: z.string() } }, ({ name }, { requestInfo }) => ({
      content: [{ type: "text", text: `${name} by ${String(requestInfo?.headers["authorization"])}` }],
    }));
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void this.#sessions.set(id, transport),
      onsessionclosed: () => void (this.ended += 1),
    });
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    return transport;
  }
}

async function withServer(answer: (request: IncomingMessage, response: ServerResponse) => unknown, use: (url: string) => Promise<void>): Promise<void> {
  const server: Running = await running(createServer((request, response) => void answer(request, response)));
  try {
    await use(`http://127.0.0.1:${server.port}/mcp`);
  } finally {
    await server.close();
  }
}

/** Lets an agent handle a request of the door's. */
async function handled<T>(use: (request: Request) => Promise<T>, change: (headers: Headers) => void = () => undefined): Promise<T> {
  const door = new TestDoor();
  let result: Promise<T> | undefined;
  const answer = guard(async (request) => {
    result = use(request);
    await result.catch(() => undefined);
    return new Response("ok");
  }, door.settings);
  const request = door.request("{}");
  change(request.headers);
  assert.equal((await answer(request)).status, 200);
  assert.ok(result);
  return result;
}

test("a tool is called as the caller of the request, and the session is ended", async () => {
  const gateway = new Gateway();
  await withServer((request, response) => gateway.answer(request, response), async (url) => {
    const answer = await handled((request) =>
      tools(request, url, async (session) => {
        assert.deepEqual((await session.listTools()).tools.map(({ name }) => name), ["greet"]);
        return session.callTool({ name: "greet", arguments: { name: "hello" } });
      }),
    );
    assert.deepEqual(answer.content, [{ type: "text", text: "hello by Bearer t.o.k" }]);
    assert.deepEqual(new Set(gateway.tokens), new Set(["Bearer t.o.k"]), "on every request");
    assert.equal(gateway.methods.at(-1), "DELETE");
    assert.equal(gateway.ended, 1);
  });
});

test("the session is ended when its use fails, and the failure is the agent's own", async () => {
  const gateway = new Gateway();
  await withServer((request, response) => gateway.answer(request, response), async (url) => {
    const use = (): never => {
      throw new RangeError("mine");
    };
    await assert.rejects(handled((request) => tools(request, url, use)), RangeError);
    assert.equal(gateway.ended, 1);
  });
});

test("the token goes to the gateway alone: no redirect is followed", async () => {
  let isAsked = false;
  await withServer(() => (isAsked = true), async (elsewhere) => {
    const redirect = (_request: IncomingMessage, response: ServerResponse): unknown => response.writeHead(307, { location: elsewhere }).end();
    await withServer(redirect, async (url) => {
      await assert.rejects(handled((request) => tools(request, url, () => undefined)));
    });
  });
  assert.equal(isAsked, false);
});

test("without token, proof or address no session is opened", async () => {
  let isAsked = false;
  await withServer(() => (isAsked = true), async (url) => {
    const none = (headers: Headers): void => headers.delete("x-amzn-bedrock-agentcore-runtime-custom-tool-token");
    await assert.rejects(handled((request) => tools(request, url, () => undefined), none), ToolTokenError);
    await assert.rejects(tools(new Request(url), url, () => undefined), UsageError);
    for (const address of ["http://gateway.example/mcp", "gateway", "https://user@gateway.example/mcp"]) {
      await assert.rejects(handled((request) => tools(request, address, () => undefined)), SettingsError, address);
    }
  });
  assert.equal(isAsked, false);
});
