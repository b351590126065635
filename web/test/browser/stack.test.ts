// The console as `make local` serves it: its own port, its own feed, nothing played.

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { Browser, Locator, Page } from "playwright-core";

import { answered, ask, contextOf, launch, shot, signIn, startLocal, stopLocal, type Description } from "./world.ts";

/** So short that the proxy renews it before the next question. */
const TOOL_TOKEN_SECONDS = "2";

let kept: string;
let child: ChildProcess;
let stack: Description;
let browser: Browser;

before(async () => {
  kept = mkdtempSync(join(tmpdir(), "gatehouse-kept-"));
  const { ALLOWED_ORIGINS: _, ...variables } = process.env as Record<string, string>;
  ({ child, stack } = await startLocal(["--keep", kept, "--tool-token", TOOL_TOKEN_SECONDS], variables));
  browser = await launch();
});
after(async () => {
  await browser.close();
  await stopLocal(child);
  rmSync(kept, { recursive: true });
});

interface Line {
  readonly request_id?: string;
  readonly record?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly route?: string;
}

/** The log's records of a request. */
function records(request: string): Line[] {
  const lines = readFileSync(join(kept, "log.jsonl"), "utf8").trim().split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  return parsed.filter((line) => line.request_id === request && line.record !== undefined);
}

function hops(page: Page): Locator {
  return page.getByRole("list", { name: "Hops of the request" }).locator("> li");
}

async function requestOf(page: Page): Promise<string> {
  return page.locator("#panel .id code").first().innerText();
}

test("bob is refused by policy, the picture shows where as the log does, and a move to finance changes the next answer", async () => {
  const page = await (await contextOf(browser)).newPage();
  const reports: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) reports.push(message.text());
  });
  await page.goto(stack.console);
  await signIn(page, stack, "bob");
  await ask(page, "refund 500");
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), /Refused by policy/);
  const cedar = hops(page).filter({ hasText: "Cedar decides" });
  await cedar.waitFor();
  assert.match(await cedar.innerText(), /refused/);

  const request = await requestOf(page);
  const seen = records(request);
  const has = (record: string, outcome: string): boolean =>
    seen.some((line) => line.record === record && line.outcome === outcome);
  assert.ok(has("decision", "allowed") && has("answer", "ok"), JSON.stringify(seen));
  for (const [text, record] of [["The authorizer checks the token", "decision"], ["The proxy checks again", "decision"]] as const) {
    const row = hops(page).filter({ hasText: text });
    assert.match(await row.innerText(), /ok/);
    assert.ok(has(record, "allowed"));
  }
  await shot(page, "stack-refused");

  await page.getByRole("switch", { name: "bob is in finance" }).check();
  for (;;) {
    await ask(page, "refund 500");
    await answered(page);
    const text = await page.getByRole("log").innerText();
    // The proxy serves its tool token until three quarters of its life are over.
    if (text.includes("Refunded 500")) break;
  }
  await hops(page).filter({ hasText: "Cedar decides" }).filter({ hasText: "ok" }).waitFor();
  await shot(page, "stack-allowed");
  assert.deepEqual(reports, []);
  console.log("counted: the console of the local stack: each hop of two answers, as the log has it");
  await page.context().close();
});

test("an agent that does not admit bob shows the failed check, expected and found", async () => {
  const page = await (await contextOf(browser)).newPage();
  await page.goto(`${stack.console}#/agents/finance`);
  await signIn(page, stack, "bob");
  await page.getByRole("button", { name: "Ask finance all the same" }).click();
  const refused = page.getByRole("article");
  await refused.getByText("forbidden", { exact: true }).waitFor();
  const request = await refused.locator(".id code").innerText();
  const check = page.locator(".checks li.refused");
  await check.waitFor();
  assert.match(await check.innerText(), /agent_group[\s\S]*expected one of `allow.groups` of finance[\s\S]*found guest, staff/);
  const seen = records(request);
  assert.ok(!seen.some((line) => line.record === "answer" && line.outcome === "ok"), JSON.stringify(seen));
  await page.context().close();
});
