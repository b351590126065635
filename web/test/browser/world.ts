// A running local stack, the console in front of it, and a browser.

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type LaunchOptions, type Page } from "playwright-core";

import { Pages, policy, ROOT } from "./pages.ts";
import { withPalette } from "./png.ts";

export const TARGET = process.env["CARGO_TARGET_DIR"] ?? join(ROOT, "target");
export const SHOTS = join(TARGET, "console");
const START_MS = 60_000;
const MAX_PICTURE = 60_000;

export interface Description {
  readonly url: string;
  readonly issuer: string;
  readonly domain: string;
  readonly console: string;
  readonly console_client: string;
  readonly passwords: Readonly<Record<string, string>>;
}

export function chromiumPath(): string | null {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path)) ?? null;
}

export class World {
  private constructor(
    readonly pages: Pages,
    readonly stack: Description,
    readonly browser: Browser,
    readonly child: ChildProcess,
  ) {}

  static async start(): Promise<World> {
    const pages = await Pages.start();
    const { child, stack } = await startLocal(["--return-url", `${pages.origin}/`], { ALLOWED_ORIGINS: pages.origin });
    const issuer = new URL(stack.issuer).origin;
    pages.csp = await policy(new URL(stack.url).origin, new URL(stack.domain).origin, issuer);
    pages.config = configOf(stack);
    return new World(pages, stack, await launch(), child);
  }

  async context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    return contextOf(this.browser, options);
  }

  async open(place = "", options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.context(options);
    const page = await context.newPage();
    await page.goto(`${this.pages.origin}/${place}`);
    return page;
  }

  /** A page on which this user is signed in, through the sign-in page. */
  async signedIn(user: string, place = "", options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.open(place, options);
    await this.signIn(page, user);
    return page;
  }

  async signIn(page: Page, user: string): Promise<void> {
    await signIn(page, this.stack, user);
  }

  async fillIn(page: Page, user: string): Promise<void> {
    await fillIn(page, this.stack, user);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await stopLocal(this.child);
    await this.pages.stop();
  }
}

export async function launch(more: LaunchOptions = {}): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error("no Chromium; `scripts/web-browser` says how to get one");
  mkdirSync(SHOTS, { recursive: true });
  // Containers run as root, where Chromium has no sandbox of its own.
  return chromium.launch({ ...more, executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

export async function contextOf(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(30_000);
  return context;
}

export async function signIn(page: Page, stack: Description, user: string): Promise<void> {
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await fillIn(page, stack, user);
  await page.getByRole("link", { name: /^Who I am/ }).waitFor();
}

async function fillIn(page: Page, stack: Description, user: string): Promise<void> {
  await page.getByLabel("Username").fill(user);
  await page.getByLabel("Password").fill(stack.passwords[user] ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
}

export function configOf(stack: Description): Record<string, unknown> {
  return { door: stack.url, issuer: stack.issuer, clientId: stack.console_client, scopes: ["openid", "gatehouse/invoke"] };
}

export async function stopLocal(child: ChildProcess): Promise<void> {
  child.kill("SIGINT");
  await new Promise((done) => child.once("exit", done));
}

export async function startLocal(
  more: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; stack: Description }> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-console-"));
  const describe = join(folder, "stack.json");
  const child = spawn(
    join(TARGET, "debug/local"),
    ["--template", join(ROOT, "template.yaml"), "--port", "0", "--describe", describe, ...more],
    { cwd: folder, env: { ...process.env, ...variables }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors = (errors + String(chunk)).slice(-20_000);
  });
  await new Promise<void>((done, failed) => {
    let out = "";
    const late = setTimeout(() => {
      failed(new Error(`local is not ready\n${errors}`));
    }, START_MS);
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
      if (!/^ready /m.test(out)) return;
      clearTimeout(late);
      done();
    });
    child.once("exit", () => {
      clearTimeout(late);
      failed(new Error(`local ended\n${errors}`));
    });
  });
  const stack = JSON.parse(readFileSync(describe, "utf8")) as Description;
  rmSync(folder, { recursive: true });
  return { child, stack };
}

/** Types into the composer and sends it. */
export async function ask(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: /^Message to/ }).fill(text);
  await page.keyboard.press("Enter");
}

/** Waits until the last turn is over. */
export async function answered(page: Page): Promise<void> {
  await page.getByRole("log").and(page.locator("[aria-busy=false]")).waitFor();
}

export async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** A picture of docs/console.md, which `UPDATE_PICTURES=1` makes anew. */
export async function picture(page: Page, name: string, height: number): Promise<void> {
  await page.setViewportSize({ width: 1260, height });
  const small = withPalette(await page.screenshot());
  if (small.length > MAX_PICTURE) throw new Error(`${name} has ${String(small.length)} bytes`);
  writeFileSync(join(SHOTS, `${name}.png`), small);
  if (process.env["UPDATE_PICTURES"] === "1") writeFileSync(join(ROOT, "docs", `${name}.png`), small);
}
