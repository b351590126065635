// Tabs that slept: for an hour on a device that was closed, or put out of memory by the browser. And tabs that renew at once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Page, Request } from "playwright-core";

import { answered, ask, shot, World } from "./world.ts";

const HOUR_MS = 3_600_000;
const THOUGHT = "half a thought";

let world: World;
before(async () => {
  world = await World.start();
});
after(async () => {
  await world.stop();
});

function box(page: Page) {
  return page.getByRole("textbox", { name: /^Message to/ });
}

function isRenewal(request: Request): boolean {
  return (request.postData() ?? "").includes("grant_type=refresh_token");
}

/** alice, signed in, with something typed and a refresh token that the test knows. */
async function typing(): Promise<{ page: Page; refreshToken: string }> {
  const context = await world.context();
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(`${world.pages.origin}/#/agents/demo`);
  const granted = context.waitForEvent("response", (response) => response.url().endsWith("/oauth2/token"));
  await world.signIn(page, "alice");
  const { refresh_token: refreshToken } = (await (await granted).json()) as { refresh_token: string };
  await ask(page, "before");
  await answered(page);
  await box(page).fill(THOUGHT);
  return { page, refreshToken };
}

/** An hour passes for the page and for its worker, whose timers are late by as much. */
async function sleep(page: Page): Promise<void> {
  for (const worker of page.workers()) {
    await worker.evaluate((hour) => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + hour;
    }, HOUR_MS);
  }
  await page.clock.fastForward(HOUR_MS);
}

/** The user comes back to the tab. */
async function wake(page: Page): Promise<void> {
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
}

/** The bearer of the next turn. */
async function bearerOf(page: Page, prompt: string): Promise<string> {
  const turn = page.waitForRequest((request) => request.url().endsWith("/invocations") && request.method() === "POST");
  await ask(page, prompt);
  const { authorization = "" } = await (await turn).allHeaders();
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), new RegExp(`You asked: ${prompt}`));
  return authorization;
}

test("a tab that slept for an hour renews silently when the user comes back, and keeps what was typed", async () => {
  const { page } = await typing();
  await box(page).fill("");
  const first = await bearerOf(page, "one");
  await box(page).fill(THOUGHT);
  let navigations = 0;
  const renewals: Request[] = [];
  page.context().on("request", (request) => {
    if (request.isNavigationRequest()) navigations += 1;
    if (isRenewal(request)) renewals.push(request);
  });
  await sleep(page);
  const renewed = page.context().waitForEvent("response", (response) => isRenewal(response.request()));
  await wake(page);
  await wake(page);
  assert.equal((await renewed).status(), 200);
  assert.equal(await box(page).inputValue(), THOUGHT);
  assert.notEqual(await bearerOf(page, THOUGHT), first);
  // Once, for the two events and for the turn; and no page was left for it.
  assert.deepEqual([renewals.length, navigations], [1, 0]);
  assert.match(await page.getByRole("log").innerText(), /You asked: before[\s\S]*You asked: half a thought/);
  await page.context().close();
});

test("a tab whose refresh token ended, too, says so before more is typed, and loses nothing", async () => {
  const { page, refreshToken } = await typing();
  const ended = await fetch(`${world.stack.domain}/oauth2/revoke`, {
    method: "POST",
    body: new URLSearchParams({ client_id: world.stack.console_client, token: refreshToken }),
  });
  assert.equal(ended.status, 200);
  await sleep(page);
  // A device that slept with the tab in sight: the first event is that the user types.
  await box(page).press("End");
  await box(page).pressSequentially(", and");
  await page.getByRole("alert").getByText("Your session is over. What you typed is kept.").waitFor();
  await box(page).pressSequentially(" the rest");
  const whole = `${THOUGHT}, and the rest`;
  assert.equal(await box(page).inputValue(), whole);
  assert.match(await page.getByRole("log").innerText(), /You asked: before/);
  await shot(page, "asleep-over");
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.getByRole("link", { name: /^Who I am/ }).waitFor();
  assert.equal(await box(page).inputValue(), whole);
  await bearerOf(page, whole);
  await page.context().close();
});

test("a tab that wakes before its network does is still signed in, and renews with the next question", async () => {
  const { page } = await typing();
  await page.context().route("**/oauth2/token", (route) => route.abort());
  await sleep(page);
  const failed = page.context().waitForEvent("requestfailed", isRenewal);
  await wake(page);
  await failed;
  await page.keyboard.press("Enter");
  await page.locator(".notice").getByText("issuer_unreachable", { exact: true }).waitFor();
  assert.equal(await box(page).inputValue(), THOUGHT);
  assert.equal(await page.getByText("Your session is over.").count(), 0);
  await page.context().unroute("**/oauth2/token");
  await bearerOf(page, THOUGHT);
  await page.context().close();
});

test("a tab that the browser put out of memory comes back signed in, with what was typed", async () => {
  const { page } = await typing();
  await page.addInitScript(() => {
    Object.defineProperty(Document.prototype, "wasDiscarded", { get: () => true });
  });
  // Chromium restores such a tab from its history.
  await page.goto("about:blank");
  await page.goBack();
  await page.getByRole("link", { name: /^Who I am/ }).waitFor();
  assert.equal(await box(page).inputValue(), THOUGHT);
  await bearerOf(page, THOUGHT);
  await page.context().close();
});

test("two tabs that wake and renew at once both go on, each with a session of its own", async () => {
  const { page: one } = await typing();
  const other = await one.context().newPage();
  await other.clock.install();
  await other.goto(`${world.pages.origin}/#/agents/demo`);
  await other.getByRole("button", { name: "Sign in", exact: true }).click();
  await other.getByRole("link", { name: /^Who I am/ }).waitFor();
  const used: (string | null)[] = [];
  one.context().on("request", (request) => {
    if (isRenewal(request)) used.push(new URLSearchParams(request.postData() ?? "").get("refresh_token"));
  });
  await Promise.all([sleep(one), sleep(other)]);
  await Promise.all([wake(one), wake(other)]);
  await Promise.all([bearerOf(one, "one"), bearerOf(other, "other")]);
  assert.equal(new Set(used).size, 2, JSON.stringify(used.length));
  assert.equal(used.length, 2);
  await one.context().close();
  console.log("counted: tabs that slept for an hour: renewed, over, without network, out of memory, two at once");
});

test("none of it leaves a report of the Content-Security-Policy", () => {
  assert.deepEqual(world.pages.reports, []);
});
