// The trace of the local stack, kept by request.

import { signal } from "@preact/signals";

import { parseHop, type Hop } from "./hop.ts";

const MAX_REQUESTS = 100;
const MAX_HOPS = 200;

export class Feed {
  /** By API Gateway's id of the request, in the order of arrival */
  readonly requests = signal<ReadonlyMap<string, readonly Hop[]>>(new Map());
  readonly isOpen = signal(false);
  #last = 0;

  connect(url: URL): void {
    // It connects again by itself, and the stack repeats what was missed (`Last-Event-ID`).
    const source = new EventSource(url);
    source.addEventListener("open", () => {
      this.isOpen.value = true;
    });
    source.addEventListener("error", () => {
      this.isOpen.value = false;
    });
    source.addEventListener("message", (event: MessageEvent<string>) => {
      try {
        this.take(JSON.parse(event.data));
      } catch {
        // Not a hop: the next event may be one.
      }
    });
  }

  take(value: unknown): void {
    const hop = parseHop(value);
    if (hop?.request === null || hop === null) return;
    const requests = new Map(this.requests.peek());
    // A new run of the stack counts from the beginning.
    if (hop.seq === 1 && this.#last > 1) requests.clear();
    this.#last = hop.seq;
    const hops = requests.get(hop.request) ?? [];
    if (hops.length >= MAX_HOPS || hops.some((known) => known.seq === hop.seq)) return;
    requests.set(hop.request, [...hops, hop]);
    for (const oldest of requests.keys()) {
      if (requests.size <= MAX_REQUESTS) break;
      requests.delete(oldest);
    }
    this.requests.value = requests;
  }

  /** The hops of a request by its id, or while that is not known, of the newest request since then. */
  of(id: string | null, since: number): readonly Hop[] {
    const requests = this.requests.value;
    if (id !== null) return requests.get(id) ?? [];
    const newest = [...requests.values()].at(-1);
    return newest !== undefined && newest.every((hop) => hop.at >= since - 50) ? newest : [];
  }
}
