// README's journey in a browser: alice and bob at the whole local stack.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, ask, picture, shot, World } from "./world.ts";

let world: World;
before(async () => {
  world = await World.start();
});
after(async () => {
  await world.stop();
});

test("alice signs in, asks, sees each piece as it comes, and signs out", async () => {
  const page = await world.open();
  await shot(page, "signed-out");
  await world.signIn(page, "alice");
  assert.equal(new URL(page.url()).search, "", "the code is out of the address");
  assert.match(page.url(), /#\/agents\/demo$/);
  await shot(page, "empty");
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    const watch = (): void => {
      const length = document.querySelector(".markdown")?.textContent?.length ?? 0;
      if (length !== (seen.at(-1) ?? 0)) seen.push(length);
      requestAnimationFrame(watch);
    };
    watch();
  });
  await ask(page, "Who am I?");
  await page.getByRole("button", { name: "Stop" }).waitFor();
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), /You asked: Who am I\?[\s\S]*That is all\./);
  const paints = await page.evaluate(() => (window as unknown as { seen: number[] }).seen);
  assert.ok(paints.length >= 5, `painted ${String(paints)}`);
  await ask(page, "refund 500");
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), /Refunded 500 for order A-1\./);
  await picture(page, "console", 480);
  const revoking = page.context().waitForEvent("request", (request) => request.url().endsWith("/oauth2/revoke"));
  await page.getByRole("button", { name: "Sign out" }).click();
  const token = new URLSearchParams((await revoking).postData() ?? "").get("token") ?? "";
  await page.getByRole("heading", { name: "Gatehouse" }).waitFor();
  // The page may not read the answer, so the token itself is tried.
  const body = new URLSearchParams({ grant_type: "refresh_token", client_id: world.stack.console_client, refresh_token: token });
  const renewed = await fetch(`${world.stack.domain}/oauth2/token`, { method: "POST", body });
  assert.equal(renewed.status, 400);
  assert.deepEqual(await renewed.json(), { error: "invalid_grant" });
  // The sign-in page's own session is over as well: it asks again.
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("Password").waitFor();
  await page.context().close();
});

test("bob is refused what policies keep from him, and sees which agent does not admit him", async () => {
  const page = await world.signedIn("bob", "#/agents/finance");
  await page.getByRole("heading", { name: "finance does not admit you" }).waitFor();
  await shot(page, "not-admitted");
  await page.getByRole("link", { name: /^demo/ }).click();
  await ask(page, "refund 500");
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), /Refused by policy/);
  await page.getByRole("link", { name: /^Who I am/ }).click();
  const facts = await page.getByRole("main").innerText();
  assert.match(facts, /guest/);
  assert.match(facts, /gatehouse\/invoke/);
  assert.match(facts, /until \d\d:\d\d:\d\d, in /);
  await shot(page, "who-i-am");
  await page.context().close();
});

test("the tools of an MCP server are listed and called, and a denial is a refusal by policy", async () => {
  const page = await world.signedIn("alice", "#/agents/tools");
  const card = page.getByRole("listitem").filter({ hasText: "billing___refund" });
  await card.getByLabel(/^order/).fill("A-1");
  await card.getByLabel(/^amount/).fill("500");
  await card.getByRole("button", { name: "Call" }).click();
  await card.getByText("done", { exact: true }).waitFor();
  await card.getByLabel(/^amount/).fill("5000");
  await card.getByRole("button", { name: "Call" }).click();
  await card.getByText("refused by policy", { exact: true }).waitFor();
  await shot(page, "tools");
  await page.context().close();
});

test("a conversation goes on by its id, begins anew, and ends at the door", async () => {
  const page = await world.signedIn("alice");
  const session = async (): Promise<string | undefined> =>
    /session (\S+)\./.exec(await page.getByRole("article").last().innerText())?.[1];
  await ask(page, "one");
  await answered(page);
  const first = await session();
  await ask(page, "two");
  await answered(page);
  assert.equal(await session(), first);
  await page.getByRole("button", { name: "New", exact: true }).click();
  await ask(page, "three");
  await answered(page);
  assert.notEqual(await session(), first);
  const deleted = page.waitForResponse((response) => response.request().method() === "DELETE");
  await page.getByRole("button", { name: "End", exact: true }).click();
  assert.equal((await deleted).status(), 204);
  await page.getByRole("heading", { name: /^Ask demo/ }).waitFor();
  await page.context().close();
});

test("Stop and Escape end the answer and keep what came", async () => {
  const page = await world.signedIn("alice");
  for (const stop of ["button", "key"]) {
    await page.getByRole("button", { name: "New", exact: true }).click({ force: true }).catch(() => undefined);
    await ask(page, "silent 20");
    await page.getByText("Good day").last().waitFor();
    if (stop === "button") await page.getByRole("button", { name: "Stop" }).click();
    else await page.keyboard.press("Escape");
    await page.getByText("Stopped here.").last().waitFor();
    await answered(page);
    assert.match(await page.getByRole("log").innerText(), /Good day/);
  }
  await page.context().close();
});

test("an agent that fails, cuts off or fails midway has its own code, and a request id", async () => {
  const page = await world.signedIn("alice");
  for (const [prompt, code] of [["fail", "agent_failed"], ["cut", "agent_cut"], ["fail midway", "agent_error"]] as const) {
    await ask(page, prompt);
    await answered(page);
    const last = page.getByRole("article").last();
    await last.locator(".notice").getByText(code, { exact: true }).waitFor();
    assert.match(await last.innerText(), /request\s+[0-9a-f-]{36}/);
    // Only what never began is typed again.
    const box = page.getByRole("textbox", { name: /^Message to/ });
    assert.equal(await box.inputValue(), prompt === "fail" ? "fail" : "");
    await box.fill("");
    await page.getByRole("button", { name: "New", exact: true }).click();
  }
  await page.context().close();
});

test("two tabs are two sessions, and signing out of one leaves the other at work", async () => {
  const context = await world.context();
  const one = await context.newPage();
  await one.goto(world.pages.origin);
  await world.signIn(one, "alice");
  const other = await context.newPage();
  await other.goto(world.pages.origin);
  // The sign-in page still knows alice: no form.
  await other.getByRole("button", { name: "Sign in", exact: true }).click();
  await other.getByRole("link", { name: /^Who I am/ }).waitFor();
  await one.getByRole("button", { name: "Sign out" }).click();
  await one.getByRole("heading", { name: "Gatehouse" }).waitFor();
  await ask(other, "still here");
  await answered(other);
  assert.match(await other.getByRole("log").innerText(), /You asked: still here/);
  await context.close();
});

test("the whole journey leaves no report of the Content-Security-Policy", () => {
  assert.deepEqual(world.pages.reports, []);
});
