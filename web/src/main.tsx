// The page's start: settings, sign-in, then the console.

import { render } from "preact";

import { App } from "./app.ts";
import { startKeeper } from "./auth/keeper.ts";
import { Session, takeAnswer } from "./auth/session.ts";
import { ConfigError, parseConfig, type Config } from "./config.ts";
import { watchDrafts } from "./drafts.ts";
import { Broken } from "./views/broken.tsx";
import { Console } from "./views/console.tsx";

const MAX_CONFIG = 16_384;

async function readConfig(): Promise<Config> {
  let text: string;
  try {
    const answer = await fetch(new URL("config.json", document.baseURI), { cache: "no-store", credentials: "omit" });
    if (!answer.ok) throw new ConfigError(`the answer to GET /config.json is ${String(answer.status)}`);
    text = await answer.text();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError("the server of this page does not answer");
  }
  if (text.length > MAX_CONFIG) throw new ConfigError("it is too long");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConfigError("it is not JSON");
  }
  return parseConfig(value);
}

async function start(root: HTMLElement): Promise<void> {
  // First of all: the code leaves the address before anything is fetched.
  const answer = takeAnswer();
  watchDrafts();
  let config: Config;
  try {
    config = await readConfig();
  } catch (error) {
    root.replaceChildren();
    render(<Broken why={error instanceof ConfigError ? error.message : "it cannot be read"} />, root);
    return;
  }
  const session = new Session(config, startKeeper);
  const app = new App(config, session);
  if (config.laptop) {
    const { Laptop } = await import("./laptop/laptop.tsx");
    app.laptop.value = new Laptop(app);
  }
  root.replaceChildren();
  render(<Console app={app} />, root);
  await session.resume(answer);
}

const root = document.getElementById("console");
if (root !== null) void start(root);
