// For everybody: keyboard alone, screen readers, narrow screens, dark mode, reduced motion, and a small page.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";

import type { Page } from "playwright-core";

import { ROOT } from "./pages.ts";
import { answered, ask, configOf, picture, shot, World } from "./world.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let world: World;
before(async () => {
  world = await World.start();
});
after(async () => {
  await world.stop();
});

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Evaluated by the debugger, which no Content-Security-Policy stops. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async (rules) => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
    return (await axe.run({ runOnly: rules })).violations;
  }, RULES);
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on any page, ${colorScheme}`, async () => {
    world.pages.config = { ...configOf(world.stack), laptop: true };
    world.pages.laptop = {
      trace: () => [],
      state: () => ({ agents: ["demo", "finance"], toolTokenSeconds: 60, users: [{ name: "bob", password: "p", groups: [], department: null, role: null }] }),
      access: () => ({
        agents: [{ name: "finance", cells: [{ caller: "bob", outcome: "refused" }] }],
        callers: ["bob"],
        policies: [{ effect: "permit", id: "p", text: "permit (...);" }],
        tools: [{ name: "t", cells: [{ caller: "bob", outcome: "depends", policies: ["p"] }] }],
      }),
      move: () => undefined,
    };
    const page = await world.open("", { colorScheme });
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
    assert.deepEqual(await violations(page), []);
    await world.signIn(page, "bob");
    await page.getByRole("heading", { name: /^Ask demo/ }).waitFor();
    assert.deepEqual(await violations(page), []);
    await ask(page, "**bold**\n\n```\ncode\n```\n\n> said\n\n- [x](https://example.com)\n");
    await answered(page);
    const request = await page.locator("#panel .id code").first().innerText();
    const trace = JSON.parse(readFileSync(join(ROOT, "web/fixtures/trace.json"), "utf8")) as object[];
    trace.forEach((hop, index) => {
      const checks = [{ name: "agent_group", ok: false, expected: "finance", found: "guest" }];
      const refused = index === 1 ? { outcome: "refused", checks } : {};
      world.pages.tell({ ...hop, ...refused, request, seq: index + 1 });
    });
    await page.locator(".arrow.refused").waitFor();
    await ask(page, "fail");
    await answered(page);
    await ask(page, "refund 500");
    await answered(page);
    assert.deepEqual(await violations(page), []);
    for (const [place, heading] of [["#/me", "Who I am"], ["#/access", "Who may call what"], ["#/agents/finance", /does not admit/], ["#/agents/tools", "tools"]] as const) {
      await page.goto(`${world.pages.origin}/${place}`);
      await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
      assert.deepEqual(await violations(page), [], place);
    }
    await page.goto(`${world.pages.origin}/#/agents/demo`);
    await page.getByRole("log").waitFor();
    await shot(page, `full-${colorScheme}`);
    await page.context().close();
    world.pages.laptop = null;
    world.pages.config = configOf(world.stack);
  });
}

const GROUND = { light: "rgb(246, 247, 247)", dark: "rgb(15, 21, 20)" };
for (const colorScheme of ["light", "dark"] as const) {
  test(`the local stack's sign-in page says errors plainly, has no script, and fits 360 px, ${colorScheme}`, async () => {
    const page = await world.open("", { colorScheme, viewport: { width: 360, height: 640 } });
    const refusals: string[] = [];
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) refusals.push(message.text());
    });
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByLabel("Username").waitFor();
    const fits = async (): Promise<void> => {
      const [width, ground] = await page.evaluate(() => [document.documentElement.scrollWidth, getComputedStyle(document.documentElement).backgroundColor]);
      // The ground is the style's, which the policy names by its hash.
      assert.deepEqual([width, ground], [360, GROUND[colorScheme]]);
      assert.equal(await page.locator("script").count(), 0);
      assert.deepEqual(await violations(page), []);
    };
    await fits();
    await page.getByLabel("Username").fill("alice");
    await page.getByLabel("Password").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("The username or the password is wrong.").waitFor();
    assert.match(await page.title(), /^Error/);
    assert.equal(await page.getByLabel("Username").inputValue(), "alice");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "password");
    await fits();
    await shot(page, `sign-in-wrong-${colorScheme}`);
    await page.context().clearCookies();
    await page.getByLabel("Password").fill("stale");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("This page was open for too long").waitFor();
    await fits();
    const form = page.url();
    await page.goto(`${world.stack.domain}/oauth2/authorize?client_id=a-stranger`);
    await page.getByRole("heading", { name: "This request cannot be answered" }).waitFor();
    await fits();
    await page.goto(form);
    if (colorScheme === "light") await picture(page, "console-sign-in", 480);
    await world.fillIn(page, "alice");
    await page.getByRole("link", { name: /^Who I am/ }).waitFor();
    assert.deepEqual(refusals, []);
    await page.context().close();
  });
}

test("everything is done by keyboard alone, and the focus is always seen", async () => {
  const page = await world.open();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  const focused = async (name: RegExp): Promise<void> => {
    for (let presses = 0; presses < 40; presses += 1) {
      const label = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return "";
        const style = getComputedStyle(element);
        const box = element.closest(".composer");
        const isSeen = style.outlineStyle !== "none" || (box !== null && getComputedStyle(box).borderColor !== "");
        return `${isSeen ? "" : "UNSEEN "}${element.getAttribute("aria-label") ?? element.textContent ?? ""}${element.id}`;
      });
      assert.doesNotMatch(label, /^UNSEEN/);
      if (name.test(label)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`${String(name)} is not reached by Tab`);
  };
  await focused(/^Sign in$/);
  await page.keyboard.press("Enter");
  await page.getByLabel("Username").waitFor();
  await page.keyboard.type("alice");
  await page.keyboard.press("Tab");
  await page.keyboard.type(world.stack.passwords["alice"] ?? "");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: /^Message to/ }).waitFor();
  // The composer has the focus at once.
  await page.keyboard.type("Who am I?");
  await page.keyboard.press("Enter");
  await answered(page);
  assert.match(await page.getByRole("log").innerText(), /That is all\./);
  assert.equal(await page.getByRole("status").innerText(), "The answer is complete.");
  await page.keyboard.press("Shift+Tab");
  await focused(/^tools/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "tools", level: 1 }).waitFor();
  await focused(/^Sign out$/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Gatehouse" }).waitFor();
  await page.context().close();
});

test("on a screen of 360 px nothing is cut off, and agents and turn open as sheets", async () => {
  const page = await world.open("", { viewport: { width: 360, height: 740 }, reducedMotion: "reduce" });
  await world.signIn(page, "alice");
  await ask(page, "Who am I? " + "a-very-long-word-".repeat(12));
  await answered(page);
  const fits = async (): Promise<void> => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `${String(wide)} px wide`);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("button, a[href], select, input")]
        .map((element) => ({ box: element.getBoundingClientRect(), text: element.textContent, class: element.className }))
        .filter(({ box, class: name }) => name !== "skip" && box.width > 0 && (box.height < 24 || box.right > 361))
        .map(({ box, text }) => `${text} ${String(box.height)} ${String(box.right)}`),
    );
    assert.deepEqual(small, []);
  };
  await fits();
  await shot(page, "narrow");
  await page.getByRole("button", { name: "This turn" }).click();
  await page.getByRole("complementary", { name: "This turn" }).getByText("complete").waitFor();
  await fits();
  await page.getByRole("button", { name: "This turn" }).click();
  await page.getByRole("button", { name: "Agents" }).click();
  await shot(page, "narrow-menu");
  await page.getByRole("link", { name: /^tools/ }).click();
  await page.getByRole("heading", { name: "billing___refund" }).waitFor();
  await fits();
  await page.getByRole("link", { name: /^Who I am/ }).click();
  await page.getByRole("heading", { name: "Who I am" }).waitFor();
  await fits();
  await shot(page, "narrow-me");
  await page.context().close();
});

test("2,000 pieces are drawn without dropping the page's frames", async () => {
  const page = await world.signedIn("alice");
  const body = Array.from({ length: 2000 }, (_, index) => `data: ${JSON.stringify({ text: `word${String(index)} ` })}\n\n`).join("");
  await page.route("**/invocations", (route) =>
    route.fulfill({ status: 200, headers: { "access-control-allow-origin": "*", "content-type": "text/event-stream" }, body }),
  );
  await page.evaluate(() => {
    const gaps: number[] = [];
    Object.assign(window, { gaps });
    let last = performance.now();
    const watch = (now: number): void => {
      gaps.push(now - last);
      last = now;
      requestAnimationFrame(watch);
    };
    requestAnimationFrame(watch);
  });
  await ask(page, "many words");
  await page.getByText("word1999").waitFor();
  await answered(page);
  const gaps = await page.evaluate(() => (window as unknown as { gaps: number[] }).gaps.slice(1));
  const longest = Math.max(...gaps);
  console.log(`counted: 2,000 pieces, longest gap between frames ${String(Math.round(longest))} ms, ${String(gaps.filter((gap) => gap > 50).length)} gaps above 50 ms`);
  // A person notices from about 100 ms on; a busy machine may take several times as long as a quiet one.
  assert.ok(longest < 500, `${String(longest)} ms`);
  await page.context().close();
});

test("the page is small, and at work soon", async () => {
  const assets = join(ROOT, "web/dist/assets");
  const files = [...readdirSync(assets).map((name) => join(assets, name)), join(ROOT, "web/dist/index.html")];
  const sizes = files.map((file) => ({ file, gzip: gzipSync(readFileSync(file), { level: 9 }).length, brotli: brotliCompressSync(readFileSync(file)).length }));
  const total = sizes.reduce((sum, { gzip }) => sum + gzip, 0);
  assert.ok(total <= 100_000, `${String(total)} bytes compressed`);
  assert.ok(files.every((file) => statSync(file).size < 200_000));

  const page = await (await world.context()).newPage();
  const loaded = new Set<string>();
  page.on("request", (request) => loaded.add(new URL(request.url()).pathname));
  const started = Date.now();
  await page.goto(world.pages.origin);
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  const interactive = Date.now() - started;
  await page.waitForLoadState("networkidle");
  const first = sizes.filter(({ file }) => loaded.has(`/assets/${file.split("/").at(-1) ?? ""}`) || file.endsWith("index.html"));
  const sum = (of: "brotli" | "gzip"): number => first.reduce((bytes, size) => bytes + size[of], 0);
  assert.ok(first.length >= 3, [...loaded].join());
  assert.ok(sum("gzip") <= 40_000, `${String(sum("gzip"))} bytes before the first click`);
  console.log(
    `counted: the console is ${String(total)} bytes in gzip, ${String(sum("gzip"))} (brotli ${String(sum("brotli"))}) before the first click; at work after ${String(interactive)} ms`,
  );
  await page.context().close();
});

test("none of it leaves a report of the Content-Security-Policy", () => {
  assert.deepEqual(world.pages.reports, []);
});
