// The page's state: where it is, who is signed in, which agents there are, and each agent's conversation.

import { computed, effect, signal } from "@preact/signals";

import type { Session } from "./auth/session.ts";
import type { Config } from "./config.ts";
import { Conversation } from "./conversation.ts";
import { AGENT, Door, type Whoami } from "./door/door.ts";
import { McpServer } from "./door/mcp.ts";
import { problem, ProblemError, type Problem } from "./door/problem.ts";
import type { Laptop } from "./laptop/laptop.tsx";

export type Place =
  | { readonly at: "access" }
  | { readonly at: "agent"; readonly name: string }
  | { readonly at: "me" }
  | { readonly at: "start" };

export interface Agent {
  readonly name: string;
  /** `null` where the door has not told it: it tells that only to callers whom the agent admits */
  readonly protocol: string | null;
  readonly admits: boolean;
}

export function placeOf(hash: string): Place {
  if (hash === "#/me") return { at: "me" };
  if (hash === "#/access") return { at: "access" };
  const name = /^#\/agents\/([^/?#]+)$/.exec(hash)?.[1];
  return name !== undefined && AGENT.test(name) ? { at: "agent", name } : { at: "start" };
}

export class App {
  readonly place = signal<Place>(placeOf(location.hash));
  readonly who = signal<Whoami | null>(null);
  readonly problem = signal<Problem | null>(null);
  readonly laptop = signal<Laptop | null>(null);
  /** One polite sentence for screen readers. */
  readonly said = signal("");
  readonly isMenuOpen = signal(false);
  readonly isPanelOpen = signal(false);
  readonly door: Door;
  readonly #asked = signal<readonly string[]>([]);
  readonly #conversations = new Map<string, Conversation>();
  readonly #servers = new Map<string, McpServer>();

  /** Those that admit the caller first, then those known not to: asked for by address, or named by the laptop. */
  readonly agents = computed<readonly Agent[]>(() => {
    const who = this.who.value;
    if (who === null) return [];
    const admitting = who.agents.map((name) => ({ name, protocol: who.protocols[name] ?? "http", admits: true }));
    const known = [...(this.laptop.value?.agents.value ?? []), ...this.#asked.value];
    const others = [...new Set(known)].filter((name) => !who.agents.includes(name)).sort();
    return [...admitting, ...others.map((name) => ({ name, protocol: null, admits: false }))];
  });

  readonly agent = computed<Agent | null>(() => {
    const place = this.place.value;
    return place.at === "agent" ? (this.agents.value.find((agent) => agent.name === place.name) ?? null) : null;
  });

  constructor(
    readonly config: Config,
    readonly session: Session,
  ) {
    this.door = new Door(config.door, session);
    addEventListener("hashchange", () => {
      this.place.value = placeOf(location.hash);
      this.isMenuOpen.value = false;
    });
    effect(() => {
      const place = this.place.value;
      if (place.at === "agent" && !this.#asked.peek().includes(place.name)) this.#asked.value = [...this.#asked.peek(), place.name];
      document.title = place.at === "agent" ? `${place.name} - Gatehouse` : "Gatehouse";
    });
    effect(() => {
      if (session.phase.value.is !== "in") return;
      void this.load();
    });
  }

  /** Asks the door who is here. */
  async load(): Promise<void> {
    this.problem.value = null;
    // The address may have changed on the way through the sign-in page.
    this.place.value = placeOf(location.hash);
    try {
      const who = await this.door.whoami();
      const before = this.who.peek();
      if (before !== null && (before.issuer !== who.issuer || before.subject !== who.subject)) this.#forget();
      this.who.value = who;
      const [first] = who.agents;
      if (this.place.value.at === "start" && first !== undefined) location.replace(`#/agents/${first}`);
    } catch (error) {
      let found = error instanceof ProblemError ? error.problem : problem("cut");
      if (found.code === "unreachable" && (await this.door.isThere())) found = problem("origin_not_allowed");
      this.problem.value = found;
    }
  }

  conversation(agent: Agent): Conversation {
    let found = this.#conversations.get(agent.name);
    if (found === undefined) {
      found = new Conversation(agent.name, agent.protocol ?? "http");
      this.#conversations.set(agent.name, found);
    }
    return found;
  }

  server(agent: string): McpServer {
    let found = this.#servers.get(agent);
    if (found === undefined) {
      found = new McpServer(this.door, agent);
      this.#servers.set(agent, found);
    }
    return found;
  }

  /** Another caller signed in: nothing of the one before stays on the page. */
  #forget(): void {
    for (const conversation of this.#conversations.values()) conversation.stop();
    this.#conversations.clear();
    this.#servers.clear();
  }
}
