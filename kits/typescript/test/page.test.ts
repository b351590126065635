/** Tests of the pages: the lines of identity.md and of the README, run as they stand. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import type { BedrockAgentCoreApp } from "bedrock-agentcore/runtime";
import type { Express } from "express";
import type { Hono } from "hono";

import { ALL_REASONS, MAX_BODY, RefusedError, WITHOUT_DOOR } from "@gatehouse/agent";

import { send } from "./raw.js";
import { running, startApp, startFetch, type Running } from "./servers.js";
import { TestDoor } from "./signer.js";

const ROOT = new URL("../../../", import.meta.url);
const FOLDER = new URL("./page/", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** The blocks of TypeScript in a page, from a heading on. */
function blocks(page: string, heading: string): string[] {
  const [, section = ""] = read(page).split(`\n${heading}\n`);
  const [text = ""] = section.split(/\n#{2,3} In Rust\n/);
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, lines = ""]) => lines);
}

interface Loaded {
  readonly app?: Express | Hono | BedrockAgentCoreApp;
  readonly default?: { fetch(request: Request): Promise<Response> };
}

let count = 0;

/** Runs lines as a module of their own, with these names, and gives what they made. */
async function load(lines: string, names: Record<string, string>): Promise<Loaded> {
  count += 1;
  mkdirSync(FOLDER, { recursive: true });
  const file = new URL(`./${count}.mjs`, FOLDER);
  const given = Object.entries(names).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
  const made = lines.includes("const app =") ? "export { app };" : "";
  writeFileSync(file, [...given, lines, made].join("\n"));
  return (await import(file.href)) as Loaded;
}

/** Serves what the lines made. */
async function served(lines: string, made: Loaded): Promise<Running> {
  if (made.default !== undefined) return startFetch((request) => made.default?.fetch(request));
  assert.ok(made.app);
  if (lines.includes("hono")) return startFetch((made.app as Hono).fetch as (request: Request) => Promise<Response>);
  if (lines.includes("BedrockAgentCoreApp")) return startApp(made.app as BedrockAgentCoreApp);
  return running(createServer(made.app as Express));
}

async function checked(page: string, heading: string, prepare: (lines: string, door: string) => string): Promise<number> {
  rmSync(FOLDER, { recursive: true, force: true });
  const keys = new TestDoor();
  keys.clock.wall = Date.now();
  const published = await running(createServer((_request, response) => void response.end(JSON.stringify({ keys: [keys.key.jwk] }))));
  const door = `http://127.0.0.1:${published.port}`;
  let checkedCount = 0;
  for (const block of blocks(page, heading)) {
    // Lines about tools and bare verification are tested in mcp.test.ts and vectors.test.ts.
    if (!block.includes("guard")) continue;
    const lines = prepare(block, door);
    const agent = await served(lines, await load(lines, { DOOR: door, AGENT: "demo" }));
    const body = '{"prompt":"hi"}';
    const ask = (headers: [string, string][], text = body): ReturnType<typeof send> => send(agent.port, "POST", "/invocations", headers, Buffer.from(text));
    const good = await ask(keys.headers(body, { iss: door, username: "alice" }));
    assert.equal(good?.status, 200, lines);
    assert.equal((JSON.parse(good.body) as { hello: string }).hello, "alice");
    assert.equal((await ask(keys.headers(body, { iss: door }), "{}"))?.status, 403);
    assert.equal((await ask([["Content-Type", "application/json"]]))?.status, 403);
    await agent.close();
    checkedCount += 1;
  }
  await published.close();
  return checkedCount;
}

test("the lines of identity.md let in whom the door names", async () => {
  const found = await checked("docs/identity.md", "### In Node", (lines) => lines);
  assert.equal(found, 4);
  console.log(`counted: ${found} kinds of agents learnt their caller by identity.md's lines for TypeScript, and refused 2 requests each`);
});

test("the lines of the README let in whom the door names", async () => {
  // The app is started by the test, on a port of its own.
  const prepare = (lines: string, door: string): string => lines.replaceAll("https://door.example", door).replace("app.run();", "");
  assert.equal(await checked("kits/typescript/README.md", "## Guard an agent", prepare), 4);
});

test("the README names every reason, variable and member", () => {
  const readme = read("kits/typescript/README.md");
  for (const reason of ALL_REASONS) {
    const { status, code } = new RefusedError(reason);
    const row = readme.split("\n").find((line) => line.startsWith(`| ${status} |`));
    assert.ok(row?.includes(`\`${reason}\``) && row.includes(`\`${code}\``), reason);
  }
  for (const name of ["GATEHOUSE_DOOR", "GATEHOUSE_AGENT", "GATEHOUSE_KEYS", `GATEHOUSE_WITHOUT_DOOR=${WITHOUT_DOOR}`]) assert.ok(readme.includes(name), name);
  assert.equal(MAX_BODY, 6 * 1024 * 1024);
  assert.match(readme, /6 MiB by default/);
  const declared = read("kits/typescript/dist/caller.d.ts");
  for (const [, member = ""] of declared.matchAll(/(?:readonly|get) (\w+)(?:\(\))?:/g)) assert.ok(readme.includes(`\`${member}\``), member);
  const contents = [...readme.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor = ""]) => anchor);
  const headings = [...readme.matchAll(/^##+ (.+)$/gm)].map(([, heading = ""]) => heading.toLowerCase().replaceAll(" ", "-"));
  for (const anchor of contents) assert.ok(headings.includes(anchor), anchor);
  for (const [, path = ""] of readme.matchAll(/\]\((?!#|https:)([^)]+)\)/g)) readFileSync(fileURLToPath(new URL(path, new URL("kits/typescript/", ROOT))));
});
