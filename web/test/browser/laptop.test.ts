// The live picture, the users and the access page, with the recorded trace in place of the local stack's own port.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { Page } from "playwright-core";

import { ROOT } from "./pages.ts";
import { answered, ask, configOf, picture, shot, World } from "./world.ts";

interface Recorded {
  readonly at: number;
  readonly hop: string;
  readonly outcome: string;
}

const TRACE = JSON.parse(readFileSync(join(ROOT, "web/fixtures/trace.json"), "utf8")) as (Record<string, unknown> & Recorded)[];
const moves: unknown[] = [];
let department: string | null = null;
let world: World;

before(async () => {
  world = await World.start();
  world.pages.config = { ...configOf(world.stack), laptop: true };
  const user = (name: string, of: string | null) => ({
    name,
    password: world.stack.passwords[name],
    groups: ["staff"],
    department: of,
    role: of === null ? null : name === "alice" ? "admin" : "viewer",
    subject: name,
  });
  const cells = (alice: string, bob: string, policies: string[]) => [
    { caller: "alice", outcome: alice, policies },
    { caller: "bob", outcome: bob, policies: bob === "refused" ? [] : policies },
  ];
  world.pages.laptop = {
    trace: () => [],
    state: () => ({ agents: ["demo", "finance", "tools"], toolTokenSeconds: 60, users: [user("alice", "finance"), user("bob", department)] }),
    access: () => ({
      agents: [{ name: "finance", cells: cells("allowed", "refused", []) }],
      callers: ["alice", "bob"],
      policies: [{ effect: "permit", id: "finance_refunds", text: "permit (principal, action, resource);" }],
      tools: [{ name: "billing___refund", cells: cells("depends", department === null ? "refused" : "depends", ["finance_refunds"]) }],
    }),
    move: (name, profile) => {
      moves.push([name, profile]);
      department = (profile as { department?: string } | null)?.department ?? null;
    },
  };
});
after(async () => {
  await world.stop();
});

/** The recorded hops, as those of the request that the page has just made. */
async function replay(page: Page): Promise<void> {
  const request = await page.locator("#panel .id code").first().innerText();
  const late = Date.now() - (TRACE[0]?.at ?? 0);
  TRACE.forEach((hop) => {
    world.pages.tell({ ...hop, request, at: hop.at + late });
  });
}

test("each hop of a turn is drawn and listed, and opens what it carries and what was checked", async () => {
  const page = await world.signedIn("alice");
  await ask(page, "refund 500");
  await answered(page);
  await replay(page);
  const rows = page.getByRole("list", { name: "Hops of the request" }).locator("> li");
  await rows.nth(TRACE.length - 1).waitFor();
  assert.equal(await rows.count(), TRACE.length);
  assert.equal(await page.locator(".sequence .arrow").count(), TRACE.length);
  assert.equal(await page.locator(".sequence").getAttribute("aria-hidden"), "true");
  const cedar = rows.filter({ hasText: "Cedar decides" });
  await cedar.locator("summary").first().click();
  assert.match(await cedar.innerText(), /permit/);
  const token = rows.filter({ hasText: "The proxy gets a tool token" });
  await token.locator("summary").first().click();
  assert.match(await token.innerText(), /department\s+finance/);
  // The tool call is a line of the conversation, though the agent does not tell it.
  const lines = page.getByRole("list", { name: "Tool calls" });
  assert.match(await lines.innerText(), /billing___refund\s+done/);
  await shot(page, "live-picture");
  await token.locator("summary").first().click();
  await cedar.locator("summary").first().click();
  await page.locator("#panel").evaluate((panel) => { panel.scrollTop = 150; });
  await page.mouse.move(0, 0);
  // The passwords are made anew for each run, and belong in no document all the same.
  await page.locator(".password code").evaluateAll((codes) => { for (const code of codes) code.textContent = "••••••••"; });
  await picture(page, "console-laptop", 640);
  await page.context().close();
});

test("a refusal shows the failed check, what it expected and what it found", async () => {
  const page = await world.signedIn("bob", "#/agents/finance");
  await page.getByRole("button", { name: "Ask finance all the same" }).click();
  await page.getByRole("article").getByText("forbidden", { exact: true }).waitFor();
  const request = await page.getByRole("article").locator(".id code").innerText();
  const [token, authorizer] = TRACE;
  world.pages.tell({ ...token, request, seq: 1, at: Date.now() });
  const checks = [{ name: "agent_group", ok: false, expected: "finance", found: "guest, staff" }];
  world.pages.tell({ ...authorizer, request, seq: 2, at: Date.now() + 1, outcome: "refused", status: 403, checks });
  const check = page.locator(".checks li.refused");
  await check.waitFor();
  assert.match(await check.innerText(), /failed: agent_group[\s\S]*expected finance[\s\S]*found guest, staff/);
  assert.equal(await page.locator(".arrow.refused").count(), 1);
  await shot(page, "refused-picture");
  await page.context().close();
});

test("the switch moves bob to finance and back, and the access page follows", async () => {
  const page = await world.signedIn("alice", "#/access");
  const tools = page.getByRole("table", { name: "Tools" });
  await tools.waitFor();
  assert.match(await tools.innerText(), /refused/);
  await page.getByRole("switch", { name: "bob is in finance" }).check();
  await page.getByText("no policy permits it").waitFor({ state: "detached" });
  assert.deepEqual(moves.at(-1), ["bob", { department: "finance", role: "viewer" }]);
  await tools.locator("summary").first().click();
  assert.match(await tools.innerText(), /permit \(principal, action, resource\);/);
  await shot(page, "access");
  await page.getByRole("switch", { name: "bob is in finance" }).uncheck();
  await page.getByText("no policy permits it").waitFor();
  assert.deepEqual(moves.at(-1), ["bob", null]);
  await page.context().close();
});

test("to be bob is to sign in as bob: the sign-in page asks, although alice has a session there", async () => {
  const page = await world.signedIn("alice");
  await page.getByRole("button", { name: "As bob" }).click();
  await world.fillIn(page, "bob");
  await page.getByRole("link", { name: "Who I am: bob" }).waitFor();
  await page.context().close();
});

test("a laptop whose port is away says so, and the conversation goes on", async () => {
  const page = await world.open();
  await page.route("**/laptop/**", (route) => route.abort());
  await page.route("**/trace", (route) => route.abort());
  await world.signIn(page, "alice");
  await page.getByText("the local stack does not answer").waitFor();
  await ask(page, "hello");
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), /That is all\./);
  await page.context().close();
});

test("the live picture leaves no report of the Content-Security-Policy", () => {
  assert.deepEqual(world.pages.reports, []);
});
