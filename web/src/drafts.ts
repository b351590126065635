// Drafts: text that was typed and not sent, by agent. They outlive a sign-in and a reload.

import { signal, type Signal } from "@preact/signals";

export type Drafts = Readonly<Record<string, string>>;

/** A draft longer than this stays on the page alone: a browser's history entry has room for no more. */
const MAX_KEPT = 100_000;
const PAUSE_MS = 200;

const drafts = new Map<string, Signal<string>>();
let pending: ReturnType<typeof setTimeout> | null = null;

/** Whether the page comes back to where it was: by a reload, or because the browser had put the tab out of memory. */
export function isReload(): boolean {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return navigation?.type === "reload" || (document as { wasDiscarded?: boolean }).wasDiscarded === true;
}

export function draft(agent: string): Signal<string> {
  let found = drafts.get(agent);
  if (found === undefined) {
    found = signal("");
    drafts.set(agent, found);
  }
  return found;
}

export function type(agent: string, text: string): void {
  draft(agent).value = text;
  pending ??= setTimeout(keep, PAUSE_MS);
}

export function keptDrafts(): Drafts {
  let room = MAX_KEPT;
  const kept: Record<string, string> = {};
  for (const [agent, text] of drafts) {
    if (text.value === "" || text.value.length > room) continue;
    room -= text.value.length;
    kept[agent] = text.value;
  }
  return kept;
}

export function restoreDrafts(kept: unknown): void {
  if (typeof kept !== "object" || kept === null) return;
  for (const [agent, text] of Object.entries(kept)) {
    if (typeof text === "string" && draft(agent).value === "") draft(agent).value = text;
  }
}

/** Into the entry of the browser's history, which a reload comes back to. */
function keep(): void {
  if (pending !== null) clearTimeout(pending);
  pending = null;
  history.replaceState({ ...(history.state as object | null), drafts: keptDrafts() }, "");
}

/** The user signs out, or becomes another: what they typed is theirs. */
export function forgetDrafts(): void {
  for (const text of drafts.values()) text.value = "";
  keep();
}

export function watchDrafts(): void {
  // Only a reload comes back for them: the back button may be another user's.
  if (isReload()) restoreDrafts((history.state as { drafts?: unknown } | null)?.drafts);
  // On `pagehide` the entry takes nothing any more.
  addEventListener("beforeunload", keep);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) keep();
  });
}
