/** Tests of the adapters beside the vectors: bodies, order of middlewares, tool tokens, and work without a door. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { inspect } from "node:util";

import { BedrockAgentCoreApp } from "bedrock-agentcore/runtime";
import express from "express";
import { Hono } from "hono";
import { z } from "zod";

import { caller, Door, guard, IDENTITY, TOOL_TOKEN, toolHeaders, ToolTokenError, UsageError, WITHOUT_DOOR, type Settings } from "@gatehouse/agent";
import { guard as guardApp } from "@gatehouse/agent/agentcore";
import { guard as guardExpress } from "@gatehouse/agent/express";
import { guard as guardHono } from "@gatehouse/agent/hono";

import { exchange, requestHead, send } from "./raw.js";
import { running, startAgentCore, startApp, startExpress, startFetch, startHono, type Running, type Start } from "./servers.js";
import { TestDoor } from "./signer.js";

const BODY = '{"prompt":"héllo"}';
const CLOSE: [string, string][] = [
  ["Host", "agent.example"],
  ["Connection", "close"],
];

async function withAgent(agent: Running, use: (port: number) => Promise<void>): Promise<void> {
  try {
    await use(agent.port);
  } finally {
    await agent.close();
  }
}

const SERVERS: [string, Start][] = [
  ["Express", startExpress],
  ["Hono", startHono],
  ["AgentCore's SDK", startAgentCore],
];

for (const [name, start] of SERVERS) {
  test(`${name}: a streamed body is read up to the bound, and one that is cut reaches no handler`, async () => {
    const door = new TestDoor();
    await withAgent(await start({ ...door.settings, maxBody: 1000 }), async (port) => {
      for (const [length, status] of [
        [1000, 200],
        [1001, 413],
        [200_000, 413],
      ] as const) {
        const body = Buffer.alloc(length, "x");
        const headers: [string, string][] = door.headers(body).map(([key, value]) => [key, key === "Content-Type" ? "text/plain" : value]);
        const head = requestHead("POST", "/invocations", [...CLOSE, ["Transfer-Encoding", "chunked"], ...headers]);
        const chunks: Buffer[] = [];
        for (let at = 0; at < length; at += 500) {
          const piece = body.subarray(at, at + 500);
          chunks.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
        }
        const answer = await exchange(port, [head, ...chunks, Buffer.from("0\r\n\r\n")]);
        assert.equal(answer?.status, status, `${length}`);
      }
      const cut = requestHead("POST", "/invocations", [...CLOSE, ["Content-Length", "100"], ...door.headers("{}")]);
      const answer = await exchange(port, [cut, Buffer.from("{}")], true);
      assert.notEqual(answer?.status, 200);
    });
  });

  test(`${name}: a body that is not for the caller's eyes is not read before the proof holds`, async () => {
    const door = new TestDoor();
    await withAgent(await start(door.settings), async (port) => {
      // Only the head is sent: an answer that waited for the body would never come.
      const headers = door.headers(BODY).filter(([key]) => key !== IDENTITY);
      const head = requestHead("POST", "/invocations", [...CLOSE, ["Content-Length", "100000"], ...headers]);
      const answer = await exchange(port, [head]);
      assert.equal(answer?.status, 403);
      assert.doesNotMatch(answer.body, /proof_/, "the reason is for the log");
      assert.equal(door.log.at(-1)?.reason, "proof_missing");
    });
  });

  test(`${name}: an outage of the door is 503, with a time to try again`, async () => {
    const door = new TestDoor();
    door.answer = async () => new Response("", { status: 500 });
    await withAgent(await start(door.settings), async (port) => {
      const answer = await send(port, "POST", "/invocations", door.headers(BODY), Buffer.from(BODY));
      assert.equal(answer?.status, 503);
      assert.equal(answer.headers.get("retry-after"), "10");
      assert.equal(answer.headers.get("cache-control"), "no-store");
    });
  });

  test(`${name}: an assertion is good once, also at the same time`, async () => {
    const door = new TestDoor();
    await withAgent(await start(door.settings), async (port) => {
      const headers = door.headers(BODY);
      const ask = (): Promise<number | undefined> => send(port, "POST", "/invocations", headers, Buffer.from(BODY)).then((answer) => answer?.status);
      const statuses = await Promise.all(Array.from({ length: 10 }, ask));
      assert.deepEqual(statuses.filter((status) => status === 200).length, 1);
      assert.deepEqual(statuses.filter((status) => status === 403).length, 9);
    });
  });

  test(`${name}: requests at the same time do not see each other's callers`, async () => {
    const door = new TestDoor();
    await withAgent(await start(door.settings), async (port) => {
      const names = Array.from({ length: 40 }, (_, index) => `caller-${index}`);
      const answers = names.map((sub) => send(port, "POST", "/invocations", door.headers(BODY, { sub }), Buffer.from(BODY)));
      const found = (await Promise.all(answers)).map((answer) => (JSON.parse(answer?.body ?? "{}") as { subject: string }).subject);
      assert.deepEqual(found, names);
    });
  });
}

function expressApp(settings: Settings | Door, prepare: (app: express.Express) => void = () => undefined): express.Express {
  const app = express();
  prepare(app);
  app.use(guardExpress(settings));
  app.use(express.json());
  app.post("/invocations", (request, response) => {
    const isBuffer = Buffer.isBuffer(request.body);
    response.json({ body: isBuffer ? request.body.toString("latin1") : (request.body as unknown), isBuffer });
  });
  app.use(((error, _request, response, _next) => {
    response.status((error as { status?: number }).status ?? 500).json({ error: (error as Error).message });
  }) satisfies express.ErrorRequestHandler);
  return app;
}

const asExpress = (app: express.Express): Promise<Running> => running(createServer(app));

test("Express: a body is parsed JSON, or a buffer, and a later parser does no harm", async () => {
  const door = new TestDoor();
  await withAgent(await asExpress(expressApp(door.settings)), async (port) => {
    const ask = async (type: string, body: Buffer, more: [string, string][] = []): Promise<unknown> => {
      const headers: [string, string][] = [...door.headers(body).filter(([key]) => key !== "Content-Type"), ["Content-Type", type], ...more];
      const answer = await send(port, "POST", "/invocations", headers, body);
      return { status: answer?.status, ...(JSON.parse(answer?.body ?? "{}") as object) };
    };
    const json = Buffer.from(BODY);
    for (const type of ["application/json", "Application/JSON; charset=utf-8", "application/a2a+json"]) {
      assert.deepEqual(await ask(type, json), { status: 200, body: { prompt: "héllo" }, isBuffer: false }, type);
    }
    assert.deepEqual(await ask("application/json", Buffer.from("7")), { status: 200, body: 7, isBuffer: false });
    assert.deepEqual(await ask("text/plain", Buffer.from("a\xff", "latin1")), { status: 200, body: "a\xff", isBuffer: true });
    assert.deepEqual(await ask("application/jsonp", json.subarray(0, 3)), { status: 200, body: '{"p', isBuffer: true });
    assert.deepEqual(await ask("application/json", Buffer.from("{}"), [["Content-Encoding", "gzip"]]), { status: 200, body: "{}", isBuffer: true });
    for (const bad of ["{", '"\xff"', "\ufeff{}x"]) {
      const answer = (await ask("application/json", Buffer.from(bad, "latin1"))) as { status: number; error: string };
      assert.equal(answer.status, 400, bad);
      assert.match(answer.error, /the body is not JSON/);
    }
  });
});

test("Express: a body that was read or decoded before the guard is a defect that is named, and refused", async () => {
  const door = new TestDoor();
  const prepared: [(app: express.Express) => void, RegExp][] = [
    [(app) => app.use(express.json()), /put the guard in front of `express.json\(\)`/],
    [(app) => app.use((request, _response, next) => void (request.setEncoding("utf8"), next())), /call no `setEncoding`/],
  ];
  for (const [prepare, message] of prepared) {
    await withAgent(await asExpress(expressApp(door.settings, prepare)), async (port) => {
      const answer = await send(port, "POST", "/invocations", door.headers(BODY), Buffer.from(BODY));
      assert.equal(answer?.status, 500);
      assert.match(answer.body, message);
    });
  }
});

test("Express: behind a mounted router the path is the one that arrived", async () => {
  const door = new TestDoor();
  const app = express();
  app.use("/agent", guardExpress(door.settings));
  app.post("/agent/invocations", (request, response) => void response.json(caller(request).subject));
  await withAgent(await asExpress(app), async (port) => {
    const ask = (path: string): Promise<number | undefined> =>
      send(port, "POST", "/agent/invocations", door.headers(BODY, { path }), Buffer.from(BODY)).then((answer) => answer?.status);
    assert.equal(await ask("/agent/invocations"), 200);
    assert.equal(await ask("/invocations"), 403);
  });
});

test("Express: a sender who goes away while the keys are fetched holds nothing up", async () => {
  const door = new TestDoor();
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  door.answer = async () => {
    asked();
    await held;
    return Response.json({ keys: [door.key.jwk] });
  };
  let tell = (_reason: string): void => undefined;
  const refused = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const log = (_level: string, _message: string, fields: Readonly<Record<string, string>>): void => {
    if (fields["reason"] !== undefined) tell(fields["reason"]);
  };
  let gone = (): void => undefined;
  const isGone = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const app = express();
  app.use((request, _response, next) => {
    request.once("close", () => gone());
    next();
  });
  app.use(guardExpress({ ...door.settings, log }));
  await withAgent(await asExpress(app), async (port) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => undefined);
    socket.write(requestHead("POST", "/invocations", [...CLOSE, ["Content-Length", "100"], ...door.headers("{}")]));
    await isAsked;
    socket.destroy();
    await isGone;
    release();
    assert.equal(await refused, "too_large");
  });
});

test("the guard of Express works on Node's HTTP server by hand", async () => {
  const door = new TestDoor();
  const verify = guardExpress(door.settings);
  const server = createServer((request, response) => {
    verify(request, response, (error) => response.end(error === undefined ? caller(request).subject : "an error"));
  });
  await withAgent(await running(server), async (port) => {
    assert.equal((await send(port, "POST", "/invocations", door.headers(BODY), Buffer.from(BODY)))?.body, "alice");
    assert.equal((await send(port, "POST", "/invocations", [], Buffer.from(BODY)))?.status, 403);
  });
});

test("a caller is known of the very request alone", async () => {
  const door = new TestDoor();
  const request = door.request(BODY);
  for (const other of [request, {}, { caller: "alice" }, new Request("https://agent.example/")]) assert.throws(() => caller(other), UsageError);
  const answer = guard((passed) => {
    assert.equal(caller(passed).subject, "alice");
    assert.equal(caller(request).subject, "alice");
    assert.throws(() => caller(new Request(passed)), UsageError);
    return new Response("ok");
  }, door.settings);
  assert.equal((await answer(request)).status, 200);
  const open = guard((passed) => {
    assert.throws(() => caller(passed), UsageError);
    assert.throws(() => toolHeaders(passed), UsageError);
    return new Response("ok");
  }, door.settings);
  assert.equal((await open(new Request("https://agent.example/ping", { headers: [[IDENTITY, "forged"]] }))).status, 200);
});

test("a caller prints no name of a person, and cannot be changed", async () => {
  const door = new TestDoor();
  const answer = guard((request) => {
    const found = caller(request);
    for (const text of [String(found), inspect(found), inspect({ found }), JSON.stringify({ found })]) {
      assert.doesNotMatch(text, /alice|staff/i);
      assert.match(text, /Caller\(r-\d+\)/);
    }
    assert.throws(() => ((found as { subject: string }).subject = "bob"), TypeError);
    assert.throws(() => (found.groups as string[]).push("admin"), TypeError);
    assert.throws(() => (found.scopes as string[]).push("admin"), TypeError);
    assert.deepEqual(found.scopes, ["a", "b\u200bc", "d"]);
    assert.equal(found.displayName, "Alice A.");
    return new Response("ok");
  }, door.settings);
  const claims = { groups: ["staff"], scope: " a\u2003b\u200bc\u0085d " };
  assert.equal((await answer(door.request(BODY, claims))).status, 200);
});

test("a handler of the Fetch API reads the body, and is given what the runtime hands over", async () => {
  const door = new TestDoor();
  const answer = guard(async (request, environment: { name: string }, number: number) => {
    assert.equal(request.headers.get("content-type"), "application/json");
    return Response.json([await request.json(), environment.name, number]);
  }, door.settings);
  const response = await answer(door.request(BODY), { name: "production" }, 7);
  assert.deepEqual(await response.json(), [{ prompt: "héllo" }, "production", 7]);
});

test("a handler's own error is its own, and a body that was read before is a defect that is named", async () => {
  const door = new TestDoor();
  const answer = guard(() => {
    throw new RangeError("mine");
  }, door.settings);
  await assert.rejects(answer(door.request(BODY)), RangeError);
  const used = door.request(BODY);
  await used.text();
  await assert.rejects(answer(used), /put the guard in front of everything that reads the body/);
});

test("a stream that is too long is cancelled, and one that fails is not a body", async () => {
  const door = new TestDoor();
  const answer = guard(() => new Response("ok"), { ...door.settings, maxBody: 1000 });
  let [pulled, isCancelled] = [0, false];
  const endless = new ReadableStream<Uint8Array>({
    pull: (stream) => {
      pulled += 1;
      stream.enqueue(new Uint8Array(300));
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  const failing = new ReadableStream<Uint8Array>({ pull: (stream) => stream.error(new Error("reset")) });
  for (const body of [endless, failing]) {
    const headers = door.headers("");
    const response = await answer(new Request("https://agent.example/invocations", { method: "POST", headers, body, duplex: "half" } as RequestInit));
    assert.equal(response.status, 413);
  }
  assert.ok(isCancelled && pulled < 10, `${pulled} pieces`);
});

test("a length that is told is believed when it is too much", async () => {
  const door = new TestDoor();
  const answer = guard(() => new Response("ok"), { ...door.settings, maxBody: 1000 });
  const request = door.request(BODY);
  request.headers.set("content-length", "1001");
  assert.equal((await answer(request)).status, 413);
});

test("Hono: a handler reads the body, and a body that was read before is a defect that is named", async () => {
  const door = new TestDoor();
  const app = new Hono();
  app.use("/late/*", async (context, next) => {
    await context.req.text();
    await next();
  });
  app.use(guardHono(door.settings));
  app.post("*", async (context) => context.json([await context.req.json(), caller(context).subject, caller(context.req.raw).subject]));
  app.onError((error, context) => context.text(error.message, 500));
  const ask = (path: string): Promise<Response> => {
    const request = door.request(BODY, { path });
    return Promise.resolve(app.request(new Request(`https://agent.example${path}`, request)));
  };
  const good = await ask("/invocations");
  assert.deepEqual(await good.json(), [{ prompt: "héllo" }, "alice", "alice"]);
  const late = await ask("/late/invocations");
  assert.equal(late.status, 500);
  assert.match(await late.text(), /put the guard in front/);
});

test("Hono on Node: a body that was read before is refused", async () => {
  const door = new TestDoor();
  const app = new Hono();
  app.use(async (context, next) => {
    await context.req.json();
    await next();
  });
  app.use(guardHono(door.settings));
  app.post("*", (context) => context.json("let in"));
  app.onError((error, context) => context.text(error.message, 500));
  await withAgent(await startFetch(app.fetch), async (port) => {
    const answer = await send(port, "POST", "/invocations", door.headers(BODY), Buffer.from(BODY));
    assert.equal(answer?.status, 500);
    assert.match(answer.body, /put the guard in front/);
  });
});

test("tool headers hold the one token of the request", async () => {
  const door = new TestDoor();
  const ask = async (tokens: string[]): Promise<unknown> => {
    const request = door.request(BODY);
    request.headers.delete(TOOL_TOKEN);
    for (const token of tokens) request.headers.append(TOOL_TOKEN, token);
    let found: unknown;
    const answer = guard((passed) => {
      try {
        found = toolHeaders(passed);
      } catch (error) {
        found = error;
      }
      return new Response("ok");
    }, door.settings);
    assert.equal((await answer(request)).status, 200);
    return found;
  };
  assert.deepEqual(await ask(["t.o.k"]), { authorization: "Bearer t.o.k" });
  for (const tokens of [[], ["a", "b"], [""], ["a b"], ["x".repeat(4097)], ["\xe9"]]) {
    const error = await ask(tokens);
    assert.ok(error instanceof ToolTokenError, JSON.stringify(tokens));
    assert.doesNotMatch(error.message, /x{10}|a b/);
  }
});

const ALONE: Settings = { withoutDoor: WITHOUT_DOOR };

test("without a door no caller is verified, and the guard says so aloud", async () => {
  const log: string[] = [];
  const settings: Settings = { ...ALONE, log: (level, message) => log.push(`${level}: ${message}`), maxBody: 1000 };
  const door = new Door(settings);
  assert.match(log.join(), /^warn: the guard works WITHOUT A DOOR/);
  const answer = guard((request) => {
    const found = caller(request);
    return Response.json([found.isVerified, found.subject, found.subjectIssuer, found.groups ?? null, toolHeaders(request).authorization]);
  }, door);
  const forged = new TestDoor().request(BODY);
  const response = await answer(forged);
  assert.deepEqual(await response.json(), [false, "unverified", "urn:gatehouse:unverified", null, "Bearer t.o.k"], "a forged assertion is not believed");
  assert.equal(response.headers.get("x-gatehouse-warning"), "no caller is verified");
  const long = new Request("https://agent.example/", { method: "POST", body: "x".repeat(1001) });
  assert.equal((await answer(long)).status, 413, "bodies are bounded");
  const app = new Hono();
  app.use(guardHono(door));
  app.post("/", (context) => context.json(caller(context).isVerified));
  const hono = await app.request("/", { method: "POST" });
  assert.deepEqual([await hono.json(), hono.headers.get("x-gatehouse-warning")], [false, "no caller is verified"]);
  await withAgent(await asExpress(expressApp(door)), async (port) => {
    const found = await send(port, "POST", "/invocations", [["Content-Type", "application/json"]], Buffer.from("{}"));
    assert.deepEqual([found?.status, found?.headers.get("x-gatehouse-warning")], [200, "no caller is verified"]);
  });
});

const quiet = { logging: { enabled: false } };

test("AgentCore's SDK: schema, text, bytes, streams and errors are as without the guard", async () => {
  const door = new TestDoor();
  const process = async (request: { prompt: string }, context: object): Promise<unknown> => ({ ...request, subject: caller(context).subject, tools: toolHeaders(context) });
  const requestSchema = z.object({ prompt: z.string().transform((text) => text.toUpperCase()) });
  const typed = new BedrockAgentCoreApp(guardApp({ invocationHandler: { requestSchema, process }, config: quiet }, door.settings));
  await withAgent(await startApp(typed), async (port) => {
    const ask = (body: string): ReturnType<typeof send> => send(port, "POST", "/invocations", door.headers(body), Buffer.from(body));
    const good = await ask(BODY);
    assert.deepEqual(JSON.parse(good?.body ?? ""), { prompt: "HÉLLO", subject: "alice", tools: { authorization: "Bearer t.o.k" } });
    const wrong = await ask('{"prompt":7}');
    assert.equal(wrong?.status, 400);
    assert.match(wrong.body, /Invalid request body format/);
    assert.equal((await ask("{"))?.status, 400);
  });
  const any = new BedrockAgentCoreApp(
    guardApp(
      {
        invocationHandler: {
          process: (request, context) => {
            if (request === "stream") {
              return (async function* () {
                yield { who: caller(context).subject };
                yield { who: caller(context).subject };
              })();
            }
            return { kind: Buffer.isBuffer(request) ? "buffer" : typeof request, text: String(request) };
          },
        },
        config: quiet,
      },
      door.settings,
    ),
  );
  await withAgent(await startApp(any), async (port) => {
    const ask = (type: string, body: string, more: [string, string][] = []): ReturnType<typeof send> => {
      const headers = door.headers(body).map(([key, value]): [string, string] => [key, key === "Content-Type" ? type : value]);
      return send(port, "POST", "/invocations", [...headers, ...more], Buffer.from(body));
    };
    assert.deepEqual(JSON.parse((await ask("text/plain; charset=utf-8", "hé"))?.body ?? ""), { kind: "string", text: "hé" });
    assert.deepEqual(JSON.parse((await ask("application/pdf", "pdf"))?.body ?? ""), { kind: "buffer", text: "pdf" });
    const stream = await ask("application/json", '"stream"', [["Accept", "text/event-stream"]]);
    assert.equal(stream?.body.match(/data: \{"who":"alice"\}/g)?.length, 2, stream?.body);
  });
});

test("AgentCore's SDK: a request that no parser sees reaches no handler", async () => {
  const door = new TestDoor();
  let calls = 0;
  const params = { invocationHandler: { process: () => void (calls += 1) }, config: quiet };
  await withAgent(await startApp(new BedrockAgentCoreApp(guardApp(params, door.settings))), async (port) => {
    const headers = door.headers("").filter(([key]) => key !== "Content-Type");
    const answer = await send(port, "POST", "/invocations", headers, Buffer.alloc(0));
    assert.equal(answer?.status, 500);
    assert.match(answer.body, /no caller is known of a request without body and content type/);
    // Nor with the assertion of a request that is being handled.
    const good = door.headers(BODY);
    const bare = good.filter(([key]) => key !== "Content-Type");
    await Promise.all([
      send(port, "POST", "/invocations", good, Buffer.from(BODY)),
      ...Array.from({ length: 20 }, () => send(port, "POST", "/invocations", bare, Buffer.alloc(0))),
    ]);
    assert.equal(calls, 1);
  });
});

test("AgentCore's SDK: what the guard cannot verify is refused at the start", () => {
  const invocationHandler = { process: (): undefined => undefined };
  const { settings } = new TestDoor();
  assert.throws(() => guardApp({ invocationHandler, websocketHandler: () => undefined }, settings), /WebSockets/);
  const parser = { contentType: "application/xml", parser: (): undefined => undefined } as never;
  assert.throws(() => guardApp({ invocationHandler, config: { contentTypeParsers: [parser] } }, settings), /contentTypeParsers/);
});
