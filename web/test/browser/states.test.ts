// Failures on the way: sign-ins that do not fit, sessions that end, doors that are away, answers that are hostile.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Page, Route } from "playwright-core";

import { answered, ask, configOf, shot, World } from "./world.ts";

let world: World;
before(async () => {
  world = await World.start();
});
after(async () => {
  await world.stop();
});

const CORS = { "access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After, X-Request-Id, X-Conversation-Id" };

/** Answers the next turns in place of the door. */
async function fulfil(page: Page, answer: { status?: number; headers?: Record<string, string>; body: string }): Promise<void> {
  await page.unroute("**/invocations");
  await page.route("**/invocations", (route) =>
    route.fulfill({ status: answer.status ?? 200, headers: { ...CORS, ...answer.headers }, body: answer.body }),
  );
}

function events(...data: unknown[]): { headers: Record<string, string>; body: string } {
  const body = data.map((value) => `data: ${JSON.stringify(value)}\n\n`).join("");
  return { headers: { "content-type": "text/event-stream" }, body };
}

function refused(code: string, status: number, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ code, status, title: "T", request_id: "11111111-2222-3333-4444-555555555555" });
  return { status, headers: { "content-type": "application/problem+json", ...headers }, body };
}

async function storages(page: Page): Promise<unknown> {
  return page.evaluate(async () => ({
    local: Object.entries(localStorage),
    session: Object.entries(sessionStorage),
    cookies: document.cookie,
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    history: JSON.stringify(history.state),
    address: location.href,
  }));
}

test("no token is in any storage, in the history or in the address", async () => {
  const page = await world.signedIn("alice");
  await ask(page, "hello");
  await answered(page);
  const kept = JSON.stringify(await storages(page));
  assert.doesNotMatch(kept, /eyJ/);
  assert.match(kept, /"local":\[\],"session":\[\],"cookies":"","databases":\[\],"caches":\[\],"workers":0/);
  assert.doesNotMatch(kept, /code=|state=/);
  await page.context().close();
});

test("an answer of the sign-in page without a request of this tab, or with another state, is refused", async () => {
  const page = await world.open("?code=stolen&state=theirs");
  await page.getByRole("alert").getByText("does not fit").waitFor();
  assert.equal(new URL(page.url()).search, "");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("Username").waitFor();
  await page.goto(`${world.pages.origin}/?code=stolen&state=theirs`);
  await page.getByRole("alert").getByText("does not fit").waitFor();
  assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), []);
  await shot(page, "wrong-state");
  await page.goto(`${world.pages.origin}/?error=access_denied&state=x`);
  await page.getByRole("alert").waitFor();
  await page.context().close();
});

test("the back button in the sign-in says that it was not finished, and keeps the place and what was typed", async () => {
  const page = await world.signedIn("alice", "#/agents/demo");
  await page.getByRole("textbox", { name: /^Message to/ }).fill("half a thought");
  await page.route("**/whoami", (route) => route.fulfill(withCors(refused("unauthorized", 401))));
  await page.route("**/invocations", (route) => route.fulfill(withCors(refused("unauthorized", 401))));
  await page.keyboard.press("Enter");
  await page.getByText("Your session is over.").first().waitFor();
  await shot(page, "session-over");
  await page.unrouteAll();
  await page.context().clearCookies();
  await page.getByRole("button", { name: "Sign in again" }).first().click();
  await page.getByLabel("Username").waitFor();
  await page.goBack();
  await page.getByText("The sign-in was not finished.").waitFor();
  assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), []);
  await world.signIn(page, "alice");
  assert.match(page.url(), /#\/agents\/demo$/);
  assert.equal(await page.getByRole("textbox", { name: /^Message to/ }).inputValue(), "half a thought");
  await page.context().close();
});

function withCors(answer: { status: number; headers: Record<string, string>; body: string }) {
  return { ...answer, headers: { ...CORS, ...answer.headers } };
}

test("a reload signs in again by the sign-in page's own session, and keeps the draft", async () => {
  const page = await world.signedIn("alice", "#/agents/demo");
  await page.getByRole("textbox", { name: /^Message to/ }).fill("not sent yet");
  await page.reload();
  await page.getByRole("link", { name: /^Who I am/ }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: /^Message to/ }).inputValue(), "not sent yet");
  await page.context().close();
});

test("after signing out nothing of the user is on the page or behind its back button", async () => {
  const page = await world.signedIn("alice", "#/agents/demo");
  await ask(page, "alice's question");
  await answered(page);
  await page.getByRole("textbox", { name: /^Message to/ }).fill("alice's draft");
  await page.getByRole("link", { name: /^finance/ }).click();
  await page.getByRole("heading", { name: "finance", exact: true }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Gatehouse" }).waitFor();
  // The pages of both agents; the sign-in page is before them.
  for (let back = 0; back < 2; back += 1) {
    await page.goBack();
    await page.locator("#main").waitFor();
    assert.doesNotMatch(await page.locator("body").innerText(), /alice/);
  }
  await page.goto(`${world.pages.origin}/#/agents/demo`);
  await page.reload();
  await world.signIn(page, "bob");
  assert.equal(await page.getByRole("textbox", { name: /^Message to/ }).inputValue(), "");
  assert.doesNotMatch(await page.locator("body").innerText(), /alice/);
  await page.context().close();
});

test("a token that the door takes no more is renewed silently, and the turn is asked once more", async () => {
  const page = await world.signedIn("alice");
  let asked = 0;
  await page.route("**/invocations", async (route: Route) => {
    if (route.request().method() !== "POST") return route.fallback();
    asked += 1;
    return asked === 1 ? route.fulfill(withCors(refused("unauthorized", 401))) : route.fallback();
  });
  const renewed = page.context().waitForEvent("request", (request) => (request.postData() ?? "").includes("grant_type=refresh_token"));
  await ask(page, "Who am I?");
  await renewed;
  await answered(page);
  assert.equal(asked, 2);
  assert.match(await page.getByRole("log").innerText(), /That is all\./);
  await page.context().close();
});

test("a session that cannot be renewed is over in the middle of the work, and the text so far stays", async () => {
  const page = await world.signedIn("alice");
  await ask(page, "first");
  await answered(page);
  await page.context().route("**/oauth2/token", (route) =>
    route.fulfill({ status: 400, headers: { ...CORS, "content-type": "application/json" }, body: '{"error":"invalid_grant"}' }),
  );
  await page.route("**/invocations", (route) => route.fulfill(withCors(refused("unauthorized", 401))));
  await ask(page, "second");
  await page.getByText("Your session is over.").first().waitFor();
  assert.match(await page.getByRole("log").innerText(), /You asked: first/);
  assert.equal(await page.getByRole("textbox", { name: /^Message to/ }).inputValue(), "second");
  await page.context().close();
});

test("each refusal says what to do, with its code, the request id and the time to wait", async () => {
  const page = await world.signedIn("alice");
  const rows: readonly (readonly [string, number, Record<string, string>, RegExp])[] = [
    ["forbidden", 403, {}, /does not admit you/],
    ["denied", 403, {}, /Ask the operator/],
    ["conversation_busy", 409, { "retry-after": "2" }, /End the conversation/],
    ["turn_limit", 429, { "retry-after": "30" }, /again in \d+ s/],
    ["tool_token_unavailable", 502, {}, /gatehouse why/],
    ["unavailable", 503, { "retry-after": "5" }, /again in \d s/],
    ["agent_timeout", 504, {}, /did not begin/],
    ["of_tomorrow", 400, {}, /T\./],
  ];
  for (const [code, status, headers, says] of rows) {
    await fulfil(page, refused(code, status, headers));
    await ask(page, "hello");
    await answered(page);
    const notice = page.getByRole("article").last().locator(".notice");
    assert.match(await notice.innerText(), says, code);
    assert.match(await notice.innerText(), new RegExp(`${code}[\\s\\S]*11111111-2222`), code);
    if (code === "turn_limit") await shot(page, "limit");
    await page.getByRole("button", { name: "New", exact: true }).click();
  }
  await page.context().close();
});

test("an answer whose time is over is resumed in the same conversation", async () => {
  const page = await world.signedIn("alice");
  const body = 'data: {"text":"so far"}\n\nevent: gatehouse.resume\ndata: {"code":"deadline","conversation_id":"c1","request_id":"r1"}\n\n';
  await fulfil(page, { headers: { "content-type": "text/event-stream", "x-conversation-id": "c1" }, body });
  await ask(page, "long work");
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), /so far[\s\S]*conversation goes on/);
  await page.unroute("**/invocations");
  const sent = page.waitForRequest((request) => request.url().endsWith("/invocations") && request.method() === "POST");
  await page.getByRole("button", { name: "Resume" }).click();
  assert.equal((await sent).headers()["x-conversation-id"], "c1");
  await answered(page);
  await page.context().close();
});

const HOSTILE = [
  "# Heading\n\n",
  "<script>window.hacked = 1</script> <img src=x onerror='window.hacked = 2'>\n\n",
  "[click](javascript:window.hacked=3) [data](data:text/html,<script>window.hacked=4</script>) [up](../x) [vb](vbscript:x)\n\n",
  "[user](https://bank.example@evil.example/) [fine](https://example.com/page)\n\n",
  "![picture](https://tracker.example/pixel.png?secret)\n\n",
  "<iframe src='https://evil.example'></iframe><form action='https://evil.example'><input name=password></form>\n\n",
  "<style>* { display: none }</style>\n\n",
  "```html\n<b>code</b>\n```\n\n",
  "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
  "`unclosed **bold _italic\n\n",
  // Deeper than any parser should follow; what comes after is text.
  `${"> ".repeat(200)}deep\n\n${"- ".repeat(200)}deep\n\n<script>window.hacked = 5</script>\n`,
];

test("nothing of an agent's runs, loads or leads elsewhere than it says", async () => {
  const page = await world.signedIn("alice");
  const foreign: string[] = [];
  page.on("request", (request) => {
    if (/evil|tracker|bank/.test(request.url())) foreign.push(request.url());
  });
  await fulfil(page, events(...HOSTILE.map((text) => ({ text }))));
  await ask(page, "be evil");
  await answered(page);
  const found = await page.evaluate(() => {
    const answer = document.querySelector(".markdown");
    const all = [...(answer?.querySelectorAll("*") ?? [])];
    return {
      hacked: (window as unknown as { hacked?: number }).hacked ?? null,
      names: [...new Set(all.map((element) => element.localName))].sort(),
      attributes: [...new Set(all.flatMap((element) => element.getAttributeNames()))].sort(),
      links: all.flatMap((element) => element.getAttribute("href") ?? []),
      text: answer?.textContent ?? "",
    };
  });
  assert.equal(found.hacked, null);
  assert.deepEqual(found.attributes.filter((name) => !["href", "rel", "tabindex", "target", "title", "start"].includes(name)), []);
  assert.deepEqual(found.names.filter((name) => /script|img|iframe|form|input|style|object|svg|link|base|meta/.test(name)), []);
  assert.deepEqual(found.links, ["https://example.com/page", "https://tracker.example/pixel.png?secret"]);
  assert.match(found.text, /<script>/, "markup is shown as it is written");
  assert.deepEqual(foreign, []);
  await shot(page, "hostile");
  await page.context().close();
});

test("Markdown is drawn: headings, lists, code, tables, emphasis", async () => {
  const page = await world.signedIn("alice");
  const text = "# Title\n\nSome **bold**, *soft*, `code` and [a link](https://example.com/).\n\n1. one\n2. two\n\n- x\n\n```js\nlet a = 1;\n```\n\n> said\n\n| a | b |\n|---|---|\n| 1 | 2 |\n";
  // One character an event: a piece may end anywhere.
  await fulfil(page, events(...[...text].map((piece) => ({ text: piece }))));
  await ask(page, "write");
  await answered(page);
  const names = await page.evaluate(() => [...new Set([...document.querySelectorAll(".markdown *")].map((element) => element.localName))]);
  for (const name of ["h3", "strong", "em", "code", "a", "ol", "ul", "li", "pre", "blockquote", "table", "td"]) {
    assert.ok(names.includes(name), name);
  }
  await shot(page, "markdown");
  await page.context().close();
});

test("HTML in place of JSON is text, and JSON without a text is shown as JSON", async () => {
  const page = await world.signedIn("alice");
  await fulfil(page, { headers: { "content-type": "application/octet-stream" }, body: "<h1>Error</h1><script>window.hacked=1</script>" });
  await ask(page, "page");
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), /<h1>Error<\/h1>/);
  await fulfil(page, { headers: { "content-type": "application/json" }, body: '{"total": 7}' });
  await ask(page, "json");
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), /"total": 7/);
  await page.context().close();
});

test("an answer of 20 MB leaves the page at work, and is clipped with its size", async () => {
  const page = await world.signedIn("alice");
  const started = Date.now();
  await ask(page, "flood 20");
  await answered(page);
  const text = await page.getByRole("article").last().locator(".notice").innerText();
  assert.match(text, /first 256 kB of 20 MB/);
  const asked = Date.now();
  await page.getByRole("button", { name: "New", exact: true }).click();
  await page.getByRole("heading", { name: /^Ask demo/ }).waitFor();
  console.log(`counted: 20 MB answered in ${String(asked - started)} ms, the page answers a click in ${String(Date.now() - asked)} ms`);
  await page.context().close();
});

test("tool calls of AG-UI are lines, with their state", async () => {
  const page = await world.signedIn("alice");
  await fulfil(
    page,
    events(
      { type: "RUN_STARTED", threadId: "t", runId: "r" },
      { type: "TOOL_CALL_START", toolCallId: "1", toolCallName: "search___find" },
      { type: "TOOL_CALL_ARGS", toolCallId: "1", delta: '{"query":"x"}' },
      { type: "TOOL_CALL_RESULT", toolCallId: "1", content: "found" },
      { type: "TOOL_CALL_START", toolCallId: "2", toolCallName: "billing___refund" },
      { type: "TOOL_CALL_RESULT", toolCallId: "2", content: "AuthorizeActionException - Tool Execution Denied: no [No policy applies.]" },
      { type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta: "Done." },
      { type: "RUN_FINISHED", threadId: "t", runId: "r" },
    ),
  );
  await page.getByLabel("Sent as").selectOption("agui");
  const sent = page.waitForRequest((request) => request.url().endsWith("/invocations") && request.method() === "POST");
  await ask(page, "search");
  const body = JSON.parse((await sent).postData() ?? "{}") as { messages: { content: string }[]; threadId: string };
  assert.equal(body.messages[0]?.content, "search");
  await answered(page);
  const lines = page.getByRole("list", { name: "Tool calls" }).getByRole("listitem");
  assert.match(await lines.nth(0).innerText(), /search___find\s+done/);
  assert.match(await lines.nth(1).innerText(), /billing___refund\s+refused by policy/);
  await shot(page, "tool-lines");
  await page.context().close();
});

test("an A2A agent is asked by message/stream, in one context, and its artifacts are the answer", async () => {
  const page = await world.open();
  await page.route("**/whoami", async (route) => {
    const answer = await route.fetch();
    const who = (await answer.json()) as { protocols: Record<string, string> };
    await route.fulfill({ response: answer, json: { ...who, protocols: { ...who.protocols, demo: "a2a" } } });
  });
  const sent: { method: string; params: { message: { contextId?: string; parts: { text: string }[] } } }[] = [];
  await page.route("**/agents/demo/a2a", async (route) => {
    if (route.request().method() !== "POST") return route.fallback();
    const request = JSON.parse(route.request().postData() ?? "{}") as (typeof sent)[number] & { id: string };
    sent.push(request);
    const result = (value: object): string => `data: ${JSON.stringify({ jsonrpc: "2.0", id: request.id, result: value })}\n\n`;
    const body =
      result({ kind: "task", id: "t", contextId: "c", status: { state: "submitted" } }) +
      result({ kind: "artifact-update", taskId: "t", artifact: { artifactId: "a", parts: [{ kind: "text", text: "found **it**" }] } }) +
      result({ kind: "status-update", taskId: "t", final: true, status: { state: "completed" } });
    return route.fulfill({ status: 200, headers: { ...CORS, "content-type": "text/event-stream", "x-conversation-id": "c1" }, body });
  });
  await world.signIn(page, "alice");
  for (const prompt of ["first", "second"]) {
    await ask(page, prompt);
    await answered(page);
  }
  assert.deepEqual(sent.map(({ method, params }) => [method, params.message.parts[0]?.text, params.message.contextId]), [
    ["message/stream", "first", undefined],
    ["message/stream", "second", "c"],
  ]);
  assert.equal(await page.locator(".markdown strong").first().innerText(), "it");
  await page.context().close();
});

test("what is no JSON is not sent as raw JSON, and stays typed", async () => {
  const page = await world.signedIn("alice");
  await page.getByLabel("Sent as").selectOption("raw");
  await ask(page, "{not json");
  await page.getByText("This is not a JSON text.").waitFor();
  assert.equal(await page.getByRole("textbox", { name: /^Message to/ }).inputValue(), "{not json");
  await page.context().close();
});

test("the page distinguishes a door that is away, one that does not answer this origin, and one that is none", async () => {
  const page = await world.open();
  await page.route("**/whoami", (route) => route.abort());
  await world.signIn(page, "alice").catch(() => undefined);
  await page.getByRole("heading", { name: "The door does not answer" }).waitFor();
  await shot(page, "door-away");
  await page.unrouteAll();
  await page.route("**/whoami", (route) => (route.request().headers()["authorization"] === undefined ? route.fallback() : route.abort()));
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("ALLOWED_ORIGINS").first().waitFor();
  await page.unrouteAll();
  await page.route("**/whoami", (route) => route.fulfill({ status: 200, headers: CORS, body: '{"hello": 1}' }));
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: /not a Gatehouse door/ }).waitFor();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "demo", exact: true }).waitFor();
  await page.context().close();
});

test("a caller whom no agent admits is shown what the door sees of them", async () => {
  const page = await world.open();
  await page.route("**/whoami", (route) =>
    route.fulfill({
      status: 200,
      headers: CORS,
      body: JSON.stringify({ agents: [], protocols: {}, issuer: "https://i", subject: "s-1", client_id: "c", username: "carol", groups: [], scopes: ["openid"], expires: 1 }),
    }),
  );
  await world.signIn(page, "alice");
  await page.getByRole("heading", { name: "No agent admits you" }).waitFor();
  assert.match(await page.getByRole("main").innerText(), /carol[\s\S]*s-1/);
  await shot(page, "no-agent");
  await page.context().close();
});

test("settings that are missing or wrong are told, and a sign-in service that is away", async () => {
  const good = world.pages.config;
  for (const [config, says] of [
    [null, /GET \/config.json is 404/],
    [{ ...configOf(world.stack), door: "http://door.example.com" }, /`door` is not an https address/],
  ] as const) {
    world.pages.config = config;
    const page = await world.open();
    await page.getByRole("heading", { name: "The console is not set up" }).waitFor();
    assert.match(await page.getByRole("main").innerText(), says);
    await page.context().close();
  }
  world.pages.config = good;
  const page = await world.open();
  await page.context().route("**/.well-known/openid-configuration", (route) => route.abort());
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").getByText("cannot be reached").waitFor();
  await page.context().close();
});

test("a connection that breaks in the middle of an answer leaves what came, marked", async () => {
  const good = world.pages.config;
  world.pages.config = { ...configOf(world.stack), door: `${world.pages.origin}/door` };
  const who = { agents: ["demo"], protocols: { demo: "http" }, issuer: "i", subject: "s", username: "alice", groups: [], scopes: [], expires: 1 };
  world.pages.door = (path, response) => {
    response.setHeader("Content-Type", path === "/whoami" ? "application/json" : "text/event-stream");
    if (path === "/whoami") response.end(JSON.stringify(who));
    else response.write('data: {"text":"the first half"}\n\n: heartbeat\n', () => setTimeout(() => response.destroy(), 100));
  };
  const page = await world.signedIn("alice");
  await ask(page, "tell me all");
  await page.locator(".notice").getByText("cut", { exact: true }).waitFor();
  assert.match(await page.getByRole("log").innerText(), /the first half[\s\S]*connection broke/);
  await page.getByRole("button", { name: "Edit and ask again" }).click();
  assert.equal(await page.getByRole("textbox", { name: /^Message to/ }).inputValue(), "tell me all");
  await page.context().close();
  world.pages.door = null;
  world.pages.config = good;
});

test("without JavaScript the page says what to use instead", async () => {
  const page = await world.open("", { javaScriptEnabled: false });
  assert.match(await page.locator("body").innerText(), /needs JavaScript/);
  await page.context().close();
});

test("none of it leaves a report of the Content-Security-Policy", () => {
  assert.deepEqual(world.pages.reports, []);
});
