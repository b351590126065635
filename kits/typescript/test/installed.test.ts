/** Tests of the package as it is installed from its file, and of the example that uses it. */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { send } from "./raw.js";
import { running } from "./servers.js";
import { TestDoor } from "./signer.js";
import { DIST, readVectors } from "./vectors.js";

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL("..", DIST));
const BUILD = fileURLToPath(new URL(".", import.meta.url));

/** Runs npm, by the path that npm gives the programs that it starts. */
async function npm(folder: string, ...options: string[]): Promise<string> {
  const program = process.env["npm_execpath"];
  assert.ok(program, "run the tests with `npm test`");
  const { stdout } = await run(process.execPath, [program, ...options], { cwd: folder });
  return stdout;
}

/** The tarball, made once. */
const tarball = (async (): Promise<string> => {
  const [packed] = JSON.parse(await npm(PACKAGE, "pack", "--json", "--pack-destination", BUILD)) as { filename: string; files: { path: string }[] }[];
  assert.ok(packed);
  const files = packed.files.map(({ path }) => path);
  for (const file of ["README.md", "LICENSE", "CHANGELOG.md", "package.json", "dist/index.js", "dist/index.d.ts", "dist/agentcore.js"]) {
    assert.ok(files.includes(file), file);
  }
  assert.deepEqual(files.filter((file) => !/^(?:dist\/[a-z0-9-]+\.(?:js|d\.ts)|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/.test(file)), []);
  return join(BUILD, packed.filename);
})();

const TRIED = `
import { Door, DoorKeySet, verify } from "@gatehouse/agent";
import { guard as express } from "@gatehouse/agent/express";
import { guard as hono } from "@gatehouse/agent/hono";
import { guard as agentcore } from "@gatehouse/agent/agentcore";
const { request, keys, door, agent, now } = JSON.parse(process.env.GIVEN);
const { subject } = await verify({ ...request, body: Buffer.from(request.body.base64, "base64") }, { door, agent, now, keys: await DoorKeySet.parse(keys) });
const mcp = await import("@gatehouse/agent/mcp").then(() => "there", (error) => error.code);
console.log(JSON.stringify([subject, typeof Door, typeof express, typeof hono, typeof agentcore, mcp]));
`;

test("the package works from its file, in a folder with nothing else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-agent-"));
  try {
    writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
    await npm(folder, "install", "--offline", "--no-audit", "--no-fund", "--omit=peer", await tarball);
    writeFileSync(join(folder, "tried.js"), TRIED);
    const vectors = readVectors();
    const step = vectors.cases.find(({ id }) => id === "good")?.steps[0];
    assert.ok(step);
    const given = { request: step.request, keys: vectors.key_documents[step.keys]?.body, now: step.now, ...vectors.settings };
    const { stdout } = await run(process.execPath, ["tried.js"], { cwd: folder, env: { ...process.env, GIVEN: JSON.stringify(given) } });
    assert.deepEqual(JSON.parse(stdout), ["alice", "function", "function", "function", "function", "ERR_MODULE_NOT_FOUND"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A folder with the example, compiled against the package as it is installed. */
async function builtExample(): Promise<string> {
  const folder = join(BUILD, "example");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const source = fileURLToPath(new URL("../../../examples/typescript/", import.meta.url));
  for (const file of ["greet.ts", "tsconfig.json"]) copyFileSync(join(source, file), join(folder, file));
  assert.ok(readFileSync(join(source, "greet.ts"), "utf8").trimEnd().split("\n").length < 60, "the example is short");
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  await npm(folder, "install", "--offline", "--no-audit", "--no-fund", "--omit=peer", await tarball);
  await run(process.execPath, [join(PACKAGE, "node_modules/typescript/bin/tsc"), "--project", folder]);
  return folder;
}

/** Starts the example, and waits for the line that says where it listens. */
async function started(folder: string, variables: Record<string, string>): Promise<{ port: number; stop: () => Promise<void> }> {
  const agent = spawn(process.execPath, [join(folder, "dist/greet.js")], { env: { ...process.env, PORT: "0", ...variables } });
  const ended = new Promise<void>((resolve) => agent.once("close", () => resolve()));
  const lines = createInterface({ input: agent.stdout })[Symbol.asyncIterator]();
  const { value } = (await lines.next()) as { value?: string };
  const [, port] = /listening on port (\d+)/.exec(value ?? "") ?? [];
  assert.ok(port, `the example says where it listens, not: ${value ?? "nothing"}`);
  const stop = (): Promise<void> => {
    agent.kill();
    return ended;
  };
  return { port: Number(port), stop };
}

test("the example greets callers by their proven names, and refuses forged ones", async () => {
  const folder = await builtExample();
  const keys = new TestDoor();
  keys.clock.wall = Date.now();
  const published = await running(createServer((_request, response) => void response.end(JSON.stringify({ keys: [keys.key.jwk] }))));
  const door = `http://127.0.0.1:${published.port}`;
  const agent = await started(folder, { GATEHOUSE_DOOR: door, GATEHOUSE_AGENT: "demo", GATEHOUSE_KEYS: "", GATEHOUSE_WITHOUT_DOOR: "" });
  try {
    const body = '{"prompt":"hello"}';
    const ask = (headers: [string, string][]): ReturnType<typeof send> => send(agent.port, "POST", "/invocations", headers, Buffer.from(body));
    for (const username of ["alice", "bob"]) {
      const answer = await ask(keys.headers(body, { iss: door, username }));
      assert.deepEqual([answer?.status, JSON.parse(answer?.body ?? "")], [200, { greeting: `Hello, ${username}!`, prompt: "hello" }]);
    }
    const forged = new TestDoor();
    forged.clock.wall = Date.now();
    assert.equal((await ask(forged.headers(body, { iss: door })))?.status, 403);
    assert.equal((await ask([["Content-Type", "application/json"]]))?.status, 403, "without a door");
    assert.equal((await send(agent.port, "GET", "/ping", [], Buffer.alloc(0)))?.status, 200);
  } finally {
    await agent.stop();
    await published.close();
  }
  console.log("counted: the TypeScript example greeted alice and bob by their proven names, and refused 2 requests without a proof");
});
