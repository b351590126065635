// One turn of a conversation: what was asked, and the answer as it arrives.

import { signal } from "@preact/signals";

import type { Door } from "./door/door.ts";
import type { Asked } from "./door/ask.ts";
import { problem, ProblemError, type Problem } from "./door/problem.ts";
import { interpret, interpretDocument, type Said, type ToolState } from "./door/said.ts";
import { listen } from "./door/stream.ts";
import { Markdown } from "./markdown.ts";

export type Status = "done" | "failed" | "resumable" | "stopped" | "streaming" | "waiting";

export interface ToolLine {
  readonly id: string;
  readonly name: string;
  readonly state: ToolState;
  readonly input: string;
  readonly output: string;
}

/** The part of one answer that the page shows, in characters; the rest is counted. */
const MAX_SHOWN = 256 * 1024;
/** The text drawn between two paints, in characters, so that the page stays responsive. */
const MAX_A_FRAME = 16 * 1024;
const MAX_EVENTS = 200;
const MAX_EVENT = 2000;
const MAX_TOOLS = 100;
const MAX_TOOL_TEXT = 8000;

export class Turn {
  readonly id = crypto.randomUUID();
  readonly status = signal<Status>("waiting");
  readonly problem = signal<Problem | null>(null);
  readonly tools = signal<readonly ToolLine[]>([]);
  readonly requestId = signal<string | null>(null);
  readonly bytes = signal(0);
  readonly isClipped = signal(false);
  readonly events = signal<readonly string[]>([]);
  readonly startedAt = Date.now();
  readonly firstAt = signal<number | null>(null);
  readonly endedAt = signal<number | null>(null);
  /** The answer's elements, which outlive the component that shows them */
  readonly body = document.createElement("div");
  conversation: string | null = null;
  /** An A2A agent's own id of the conversation */
  context: string | null = null;

  readonly #stop = new AbortController();
  readonly #markdown = new Markdown(this.body);
  readonly #pieces: string[] = [];
  #waiting: string[] = [];
  #taken = 0;
  #frame: number | null = null;
  #drawn: (() => void) | null = null;
  #kept: string[] = [];

  constructor(
    readonly prompt: string,
    readonly agent: string,
  ) {
    this.body.className = "markdown";
    this.body.dir = "auto";
  }

  get isOver(): boolean {
    return this.status.value !== "waiting" && this.status.value !== "streaming";
  }

  /** The text of the answer, as far as the page shows it. */
  get text(): string {
    return this.#pieces.join("");
  }

  stop(): void {
    this.#stop.abort();
  }

  async run(door: Door, asked: Asked, conversation: string | null): Promise<void> {
    try {
      const headers = new Headers({ "Content-Type": "application/json", Accept: "text/event-stream, application/json" });
      if (conversation !== null) headers.set("X-Conversation-Id", conversation);
      const init = { method: "POST", headers, body: asked.body, signal: this.#stop.signal };
      const answer = await door.call(asked.path, init);
      this.requestId.value = answer.headers.get("x-request-id");
      this.conversation = answer.headers.get("x-conversation-id");
      await this.#read(answer);
      await this.#flush();
      if (!this.isOver) this.#end("done", null);
    } catch (error) {
      await this.#flush();
      this.#failed(error);
    }
    this.#markdown.end();
    this.events.value = this.#kept;
    this.endedAt.value = Date.now();
  }

  async #read(answer: Response): Promise<void> {
    await listen(answer, {
      event: (name, data) => {
        this.#keep(name, data);
        for (const said of interpret(name, data)) this.#take(said);
      },
      heartbeat: () => {
        this.#begin();
      },
      bytes: (count) => {
        this.bytes.value += count;
      },
      document: (body) => {
        this.#keep(undefined, body);
        for (const said of interpretDocument(body)) this.#take(said);
      },
    });
  }

  #take(said: Said): void {
    // What an agent says after its end is not its answer.
    if (this.isOver) return;
    this.#begin();
    switch (said.is) {
      case "text":
        this.#text(said.text);
        return;
      case "context":
        this.context = said.id;
        return;
      case "tool":
        this.#tool(said);
        return;
      case "end": {
        if (said.how === "done") return;
        const code = said.code ?? "agent_error";
        const found = problem(code, { requestId: said.requestId ?? this.requestId.value, title: said.message ?? null });
        this.#end(said.how === "resume" ? "resumable" : "failed", found);
      }
    }
  }

  #begin(): void {
    if (this.status.value !== "waiting") return;
    this.firstAt.value = Date.now();
    this.status.value = "streaming";
  }

  #text(text: string): void {
    const room = MAX_SHOWN - this.#taken;
    if (text.length > room) this.isClipped.value = true;
    if (room <= 0) return;
    const piece = text.slice(0, room);
    this.#taken += piece.length;
    this.#pieces.push(piece);
    this.#waiting.push(piece);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#frame !== null) return;
    const draw = (): void => {
      this.#frame = null;
      this.#draw();
    };
    // A hidden page paints nothing, and must not gather everything until it is seen.
    this.#frame = document.hidden ? window.setTimeout(draw, 50) : requestAnimationFrame(draw);
  }

  #draw(): void {
    let room = MAX_A_FRAME;
    while (this.#waiting.length > 0 && room > 0) {
      const [piece = ""] = this.#waiting;
      this.#markdown.write(piece.slice(0, room));
      if (piece.length > room) this.#waiting[0] = piece.slice(room);
      else this.#waiting.shift();
      room -= piece.length;
    }
    if (this.#waiting.length > 0) this.#schedule();
    else this.#drawn?.();
  }

  /** Waits until everything that came is drawn. */
  #flush(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((done) => {
      this.#drawn = done;
      this.#schedule();
    });
  }

  #tool(said: Extract<Said, { is: "tool" }>): void {
    const lines = this.tools.value;
    const before = lines.find((line) => line.id === said.id);
    const clip = (text: string): string => text.slice(0, MAX_TOOL_TEXT);
    const line: ToolLine = {
      id: said.id,
      name: clip(said.name ?? before?.name ?? "tool"),
      state: said.state ?? before?.state ?? "called",
      input: clip((before?.input ?? "") + (said.input ?? "")),
      output: clip(said.output ?? before?.output ?? ""),
    };
    if (before !== undefined) this.tools.value = lines.map((other) => (other === before ? line : other));
    else if (lines.length < MAX_TOOLS) this.tools.value = [...lines, line];
  }

  #keep(name: string | undefined, data: string): void {
    if (this.#kept.length >= MAX_EVENTS) return;
    const shown = data.length > MAX_EVENT ? `${data.slice(0, MAX_EVENT)}…` : data;
    this.#kept.push(name === undefined ? shown : `${name}: ${shown}`);
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) {
      this.#end("stopped", null);
      return;
    }
    if (error instanceof ProblemError) {
      this.requestId.value ??= error.problem.requestId;
      this.#end("failed", error.problem);
      return;
    }
    if (this.isOver) return;
    this.#end("failed", problem("cut", { requestId: this.requestId.value }));
  }

  #end(status: Status, found: Problem | null): void {
    this.problem.value = found;
    this.status.value = status;
  }
}
