// The laptop's part of the page: live picture, demonstration users, access table.

import { signal } from "@preact/signals";

import type { App } from "../app.ts";
import { draft, type as typed } from "../drafts.ts";
import type { ToolLine, Turn } from "../turn.ts";
import { TurnView } from "../views/turn.tsx";
import { AccessPage } from "./access.tsx";
import { Feed } from "./feed.ts";
import { inOrder, type Hop } from "./hop.ts";
import { Picture } from "./picture.tsx";
import { parseState, type State } from "./state.ts";
import { Users } from "./users.tsx";

const FINANCE = { department: "finance", role: "viewer" };

export class Laptop {
  readonly agents = signal<readonly string[]>([]);
  readonly state = signal<State | null>(null);
  readonly failed = signal<string | null>(null);
  readonly feed = new Feed();

  constructor(readonly app: App) {
    this.feed.connect(new URL("trace", document.baseURI));
    void this.load();
  }

  async load(): Promise<void> {
    const state = parseState(await this.#ask("laptop/state"));
    if (state === null) return;
    this.state.value = state;
    this.agents.value = state.agents;
  }

  /** Gives a user a department and a role in the directory, or takes them out of it. */
  async move(name: string, isFinance: boolean): Promise<void> {
    const init = isFinance
      ? { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(FINANCE) }
      : { method: "DELETE" };
    await this.#ask(`laptop/directory/${encodeURIComponent(name)}`, init);
    await this.load();
  }

  async access(): Promise<unknown> {
    return this.#ask("laptop/access");
  }

  async #ask(path: string, init: RequestInit = {}): Promise<unknown> {
    this.failed.value = null;
    try {
      const answer = await fetch(new URL(path, document.baseURI), { cache: "no-store", credentials: "omit", ...init });
      if (answer.ok) return (await answer.json().catch(() => null)) as unknown;
      this.failed.value = `the local stack answered ${String(answer.status)}`;
    } catch {
      this.failed.value = "the local stack does not answer; is it running?";
    }
    return null;
  }

  /** Signs in for real, so that everything happens that happens when a user signs in. */
  async become(name: string): Promise<void> {
    const user = this.state.value?.users.find((known) => known.name === name);
    // Where copying is not allowed, the password stands beside the button.
    if (user !== undefined) await navigator.clipboard.writeText(user.password).catch(() => undefined);
    await this.app.session.signIn(name);
  }

  /** The tool calls of a turn, from the gateway's own decisions: an agent need not tell them. */
  toolLines(turn: Turn): readonly ToolLine[] {
    if (turn.tools.value.length > 0) return [];
    return inOrder(this.#hops(turn)).flatMap((hop) => (hop.hop === "cedar" ? [toolLine(hop)] : []));
  }

  #hops(turn: Turn): readonly Hop[] {
    return this.feed.of(turn.requestId.value, turn.startedAt);
  }

  pictureView(_app: App, turn: Turn) {
    return (
      <section aria-label="Live picture">
        <h2>Live picture</h2>
        {!this.feed.isOpen.value && <p class="faint">Connecting to the trace of the local stack…</p>}
        <Picture hops={this.#hops(turn)} />
      </section>
    );
  }

  /** For a call that no turn holds: a tool of an MCP server. */
  requestView(request: string | null) {
    return request === null ? null : (
      <details class="request-picture">
        <summary>Show each hop of this call</summary>
        <Picture hops={this.feed.of(request, 0)} />
      </details>
    );
  }

  sidebarView(app: App) {
    const place = app.place.value;
    return (
      <>
        <h2>This laptop</h2>
        <ul>
          <li>
            <a href="#/access" aria-current={place.at === "access" ? "page" : undefined}>
              <span class="name">Who may call what</span>
            </a>
          </li>
        </ul>
        <Users laptop={this} current={app.who.value?.username ?? null} />
      </>
    );
  }

  signInView(_app: App) {
    return <Users laptop={this} current={null} />;
  }

  accessView(_app: App) {
    return <AccessPage laptop={this} />;
  }

  /** An agent that does not admit the caller can be asked all the same, to see which check fails. */
  closedView(app: App, name: string) {
    const agent = { name, protocol: "http", admits: false };
    const conversation = app.conversation(agent);
    const turn = conversation.turns.value.at(-1);
    const ask = (): void => {
      if (draft(name).value === "") typed(name, "Who am I?");
      void conversation.send(app.door);
    };
    return (
      <section>
        <h2>See why</h2>
        <p>The local stack shows what a deployed door keeps to itself: which check fails, what it expects, and what it finds.</p>
        <button type="button" onClick={ask}>
          Ask {name} all the same
        </button>
        {turn !== undefined && (
          <>
            <TurnView app={app} conversation={conversation} turn={turn} key={turn.id} />
            {this.pictureView(app, turn)}
          </>
        )}
      </section>
    );
  }
}

function toolLine(hop: Hop): ToolLine {
  const { input, tool } = hop.carries?.claims ?? {};
  const applied = hop.policies.filter((policy) => policy.applied).map((policy) => `${policy.effect} ${policy.id}\n${policy.text}`);
  const none = hop.outcome === "refused" ? "No policy permits it." : "";
  return {
    id: String(hop.seq),
    name: typeof tool === "string" ? tool : "tool",
    state: hop.outcome === "ok" ? "done" : hop.outcome === "refused" ? "refused" : "undecided",
    input: input === undefined ? "" : JSON.stringify(input, null, 2),
    output: applied.length > 0 ? applied.join("\n\n") : none,
  };
}
