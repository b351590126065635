// Agents of the official SDKs behind the local stack: one that speaks AG-UI, one that speaks A2A.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import type { Browser, Page } from "playwright-core";

import { ROOT } from "./pages.ts";
import { answered, ask, contextOf, launch, shot, signIn, startLocal, stopLocal, type Description } from "./world.ts";

const PYTHON = process.env["CLIENTS_PYTHON"] ?? join(ROOT, ".tools/clients/bin/python");
const SLOWLY = "slowly one two three four five six seven eight nine ten";

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

/** Runs a test with this agent as `demo`, and alice at the console. */
async function behind(script: string, protocol: string, tried: (page: Page, stack: Description) => Promise<void>): Promise<void> {
  const { agent, url } = await startAgent(script);
  const { ALLOWED_ORIGINS: _, ...variables } = process.env as Record<string, string>;
  const { child, stack } = await startLocal([], { ...variables, AGENT_URL: url, AGENT_PROTOCOL: protocol });
  try {
    const page = await (await contextOf(browser)).newPage();
    await page.goto(`${stack.console}#/agents/demo`);
    await signIn(page, stack, "alice");
    await tried(page, stack);
    await page.context().close();
  } finally {
    await stopLocal(child);
    agent.kill();
  }
}

async function startAgent(script: string): Promise<{ agent: ChildProcess; url: string }> {
  const agent = spawn(PYTHON, [join(ROOT, "python/agents", script)], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: agent.stdout })) {
    const port = /^listening on (\d+)$/.exec(line)?.[1];
    if (port !== undefined) return { agent, url: `http://127.0.0.1:${port}` };
  }
  throw new Error(`${script} does not listen`);
}

/** The answer grows on the page: its first word is there while its last one is not. */
async function streams(page: Page): Promise<void> {
  await ask(page, SLOWLY);
  const answer = page.getByRole("article").last().locator(".markdown");
  await page.getByRole("log").and(page.locator("[aria-busy=true]")).waitFor();
  await answer.getByText("one").waitFor();
  const early = await answer.innerText();
  assert.doesNotMatch(early, /ten/);
  await answer.getByText("ten").waitFor();
  await answered(page);
  const whole = await answer.innerText();
  assert.ok(whole.startsWith(early.trim()), whole);
}

const isInstalled = existsSync(PYTHON);
const skip = isInstalled ? false : `\`${PYTHON}\` is not there (\`make unit\` installs it)`;
if (!isInstalled) console.log(`skipped: agents of the official SDKs in the console, because ${String(skip)}`);

test("an AG-UI agent streams, calls a tool, remembers by what it is sent, and fails plainly", { skip }, async () => {
  await behind("agui_agent.py", "agui", async (page) => {
    await page.getByRole("combobox", { name: "Sent as" }).selectOption("AG-UI");
    await streams(page);
    await ask(page, "count letters");
    await answered(page);
    const tools = page.getByRole("article").last().getByRole("list", { name: "Tool calls" });
    assert.match(await tools.innerText(), /count\s+done/);
    await tools.locator("summary").first().click();
    assert.match(await tools.innerText(), /\{"text": "letters"\}[\s\S]*7 letters/);
    // The second turn belongs to the first one's thread, and brings what was said along.
    const told = await page.getByRole("article").last().locator(".markdown").innerText();
    const first = /thread (\S+) has/.exec(await page.getByRole("article").first().locator(".markdown").innerText())?.[1];
    assert.ok(told.includes(`thread ${String(first)} has`), told);
    assert.match(told, /user: slowly one[\s\S]*; assistant: one two[\s\S]*; user: count letters$/);
    await shot(page, "ag-ui");
    await ask(page, "fail");
    await answered(page);
    const failed = page.getByRole("article").last();
    await failed.getByText("the model is away").waitFor();
    await page.getByRole("button", { name: "New", exact: true }).click();
    await ask(page, "afresh");
    await answered(page);
    const afresh = await page.getByRole("article").last().locator(".markdown").innerText();
    assert.match(afresh, /has user: afresh$/);
    assert.ok(!afresh.includes(String(first)), afresh);
  });
  console.log("counted: an AG-UI agent of the official SDK, in the console behind the local stack");
});

test("an A2A agent streams, and goes on in the context that it named", { skip }, async () => {
  await behind("a2a_agent.py", "a2a", async (page) => {
    // The door tells what the agent speaks: there is nothing to choose.
    assert.equal(await page.getByRole("combobox", { name: "Sent as" }).count(), 0);
    await streams(page);
    // Each word is an artifact of its own, and so is the last status.
    assert.match(await page.getByRole("article").last().locator(".markdown").innerText(), /^one\s+two\s+three[\s\S]*ten\s+that is all$/);
    const context = async (prompt: string): Promise<unknown> => {
      const turn = page.waitForRequest((request) => request.url().endsWith("/a2a") && request.method() === "POST");
      await ask(page, prompt);
      await answered(page);
      const body = (await turn).postDataJSON() as { params: { message: { contextId?: string } } };
      assert.match(await page.getByRole("article").last().innerText(), new RegExp(`you said: ${prompt}`));
      return body.params.message.contextId;
    };
    const named = await context("good day");
    assert.match(String(named), /^[0-9a-f-]{36}$/);
    assert.equal(await context("and now"), named);
    await page.getByRole("button", { name: "New", exact: true }).click();
    assert.equal(await context("afresh"), undefined);
    await shot(page, "a2a");
  });
  console.log("counted: an A2A agent of the official SDK, in the console behind the local stack");
});
