// A conversation with one agent.

import { computed, signal } from "@preact/signals";

import { asked, isJson, type Form, type Message } from "./door/ask.ts";
import type { Door } from "./door/door.ts";
import { problem, ProblemError, type Problem } from "./door/problem.ts";
import { draft, type as typed } from "./drafts.ts";
import { Turn } from "./turn.ts";

/** Older turns leave the page, not the agent's memory. */
const MAX_TURNS = 100;
/** The text of earlier turns that goes along with a question, in characters; what is older stays behind. */
const MAX_EARLIER = 200_000;

export class Conversation {
  readonly turns = signal<readonly Turn[]>([]);
  readonly id = signal<string | null>(null);
  readonly form = signal<Form>("prompt");
  readonly problem = signal<Problem | null>(null);
  #context: string | null = null;
  readonly running = computed(() => this.turns.value.find((turn) => !turn.isOver) ?? null);

  constructor(
    readonly agent: string,
    protocol: string,
  ) {
    if (protocol === "a2a") this.form.value = "a2a";
  }

  /** Sends what is typed; one turn at a time, as the door has it. */
  async send(door: Door): Promise<Turn | null> {
    const text = draft(this.agent).value;
    if (text.trim() === "" || this.running.value !== null) return null;
    if (this.form.value === "raw" && !isJson(text)) {
      this.problem.value = problem("not_json");
      return null;
    }
    typed(this.agent, "");
    return this.#ask(door, text);
  }

  /** Goes on after the time of one answer is over. */
  async resume(door: Door): Promise<Turn | null> {
    return this.running.value === null ? this.#ask(door, "Go on.") : null;
  }

  async #ask(door: Door, text: string): Promise<Turn> {
    this.problem.value = null;
    const turn = new Turn(text, this.agent);
    const earlier = this.#earlier();
    this.turns.value = [...this.turns.value.slice(1 - MAX_TURNS), turn];
    await turn.run(door, asked(this.agent, this.form.value, text, this.#thread, earlier), this.id.value);
    this.id.value = turn.conversation ?? this.id.value;
    this.#context = turn.context ?? this.#context;
    // What was not sent is typed still.
    const code = turn.problem.value?.code;
    const isUnsent = turn.firstAt.value === null && turn.status.value === "failed" && code !== "agent_timeout";
    if (isUnsent && draft(this.agent).value === "") typed(this.agent, text);
    return turn;
  }

  stop(): void {
    this.running.value?.stop();
  }

  fresh(): void {
    this.stop();
    this.turns.value = [];
    this.id.value = null;
    this.#context = null;
    this.problem.value = null;
  }

  /** The conversation's id as the agent knows it: an A2A agent names its own. */
  get #thread(): string | null {
    return this.form.value === "a2a" ? this.#context : this.id.value;
  }

  /** What was said in the turns that the agent answered, the newest first to be kept. */
  #earlier(): readonly Message[] {
    let room = MAX_EARLIER;
    const kept: Message[] = [];
    for (const turn of [...this.turns.value].reverse()) {
      const answer = turn.text.trim();
      room -= turn.prompt.length + answer.length;
      if (room < 0) break;
      if (answer === "") continue;
      kept.unshift(
        { id: `${turn.id}-asked`, role: "user", content: turn.prompt },
        { id: turn.id, role: "assistant", content: answer },
      );
    }
    return kept;
  }

  /** Ends the conversation at the door, which stops the agent's work on it. */
  async end(door: Door): Promise<void> {
    const id = this.id.value;
    this.stop();
    if (id === null) {
      this.fresh();
      return;
    }
    try {
      const answer = await door.call(`/agents/${this.agent}/conversations/${encodeURIComponent(id)}`, { method: "DELETE" });
      await answer.body?.cancel();
      this.fresh();
    } catch (error) {
      this.problem.value = error instanceof ProblemError ? error.problem : problem("cut");
    }
  }
}
