// The session of this page, and its way through the sign-in page and back.
//
// Access and refresh token are in memory alone. What must outlive the redirect, `state`, the code verifier and what was typed,
// is in sessionStorage from leaving to returning, and nothing else ever is.

import { signal, type ReadonlySignal } from "@preact/signals";

import type { Config } from "../config.ts";
import { forgetDrafts, isReload, keptDrafts, restoreDrafts, type Drafts } from "../drafts.ts";
import { type Keeper } from "./keeper.ts";
import { AuthError, type Access } from "./messages.ts";

export type Phase =
  | { readonly is: "starting" }
  | { readonly is: "leaving" }
  | { readonly is: "in" }
  | { readonly is: "out"; readonly why: "ended" | "failed" | "first" | "over" | "unfinished"; readonly error: AuthError | null };

const KEY = "gatehouse.sign-in";
/** A device that wakes has its network some seconds later: no more often than this the page asks again by itself. */
const WAKING_MS = 5000;
/** The answer of a sign-in page is short; a longer query is not one. */
const MAX_ANSWER = 8192;

interface Left {
  readonly state: string;
  readonly verifier: string;
  readonly place: string;
  readonly drafts: Drafts;
}

/** The answer of the sign-in page, out of the address before anything else reads or sends it. */
export function takeAnswer(): string | null {
  const query = location.search;
  if (query === "") return null;
  history.replaceState(history.state, "", location.pathname + location.hash);
  const names = new URLSearchParams(query);
  return (names.has("code") || names.has("error")) && query.length <= MAX_ANSWER ? query.slice(1) : null;
}

function takeLeft(): Left | null {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (text === null) return null;
  try {
    const left = JSON.parse(text) as Partial<Left>;
    const { state, verifier, place, drafts } = left;
    if (typeof state !== "string" || typeof verifier !== "string" || typeof place !== "string") return null;
    return { state, verifier, place: place.startsWith("#") ? place : "", drafts: drafts ?? {} };
  } catch {
    return null;
  }
}

export class Session {
  readonly #phase = signal<Phase>({ is: "starting" });
  readonly #expires = signal<number | null>(null);
  readonly #config: Config;
  readonly #start: () => Promise<Keeper>;
  #started: Promise<Keeper> | null = null;
  #wokeAt = 0;

  /** The keeper starts when it is first needed: not before the first click. */
  constructor(config: Config, start: () => Promise<Keeper>) {
    this.#config = config;
    this.#start = start;
    // The back button shows this page as it was left, on its way to the sign-in page.
    addEventListener("pageshow", (event) => {
      if (event.persisted && this.#phase.value.is === "leaving") {
        sessionStorage.removeItem(KEY);
        this.#phase.value = { is: "out", why: "unfinished", error: null };
      }
    });
    // A tab that slept runs no timer in time, so the user's return is the event. A device that sleeps with the tab in sight
    // tells neither of the first two.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#wake();
    });
    addEventListener("focus", () => { this.#wake(); });
    addEventListener("input", () => { this.#wake(); });
  }

  /** Renews an access token that ended meanwhile: a session that is over is told before more is typed, not after. */
  #wake(): void {
    const expires = this.#expires.value;
    const now = Date.now();
    if (this.#phase.value.is !== "in" || expires === null || expires > now || Math.abs(now - this.#wokeAt) < WAKING_MS) return;
    this.#wokeAt = now;
    // An issuer that is not reached yet is asked again with the next event, or with the next question.
    void this.token(false).catch(() => undefined);
  }

  get #keeper(): Promise<Keeper> {
    this.#started ??= this.#start();
    return this.#started;
  }

  get phase(): ReadonlySignal<Phase> {
    return this.#phase;
  }

  /** When the access token in use ends, in milliseconds since 1970. */
  get expires(): ReadonlySignal<number | null> {
    return this.#expires;
  }

  /** Goes on where the page was left: with the sign-in page's answer, with a reload, or from the beginning. */
  async resume(answer: string | null): Promise<void> {
    const left = takeLeft();
    if (left !== null) restoreDrafts(left.drafts);
    if (answer === null) {
      if (left !== null) this.#out("unfinished", null);
      else if (isSignedInReload()) await this.signIn();
      else this.#out("first", null);
      return;
    }
    if (left === null) {
      this.#out("failed", new AuthError("return", "this page did not ask for it"));
      return;
    }
    if (left.place !== "") history.replaceState(history.state, "", left.place);
    try {
      const keeper = await this.#keeper;
      const { state, verifier } = left;
      this.#use(await keeper.ask({ do: "finish", config: this.#config, redirect: redirect(), answer, state, verifier }));
      this.#phase.value = { is: "in" };
    } catch (error) {
      this.#out("failed", failure(error));
    }
  }

  /** Leaves for the sign-in page, which sends the browser back here. */
  async signIn(hint: string | null = null): Promise<void> {
    this.#phase.value = { is: "leaving" };
    if (hint !== null) forgetDrafts();
    try {
      const keeper = await this.#keeper;
      const begun = await keeper.ask({ do: "begin", config: this.#config, redirect: redirect(), hint });
      const left: Left = { state: begun.state, verifier: begun.verifier, place: location.hash, drafts: keptDrafts() };
      sessionStorage.setItem(KEY, JSON.stringify(left));
      location.assign(begun.url);
    } catch (error) {
      this.#out("failed", failure(error));
    }
  }

  /** Revokes what the page holds, then ends the sign-in page's own session. */
  async signOut(): Promise<void> {
    this.#expires.value = null;
    this.#phase.value = { is: "leaving" };
    forget();
    forgetDrafts();
    const keeper = await this.#keeper;
    const next = await keeper.ask({ do: "end", redirect: redirect() }).catch(() => null);
    if (next === null) this.#out("ended", null);
    else location.assign(next);
  }

  /** An access token that is good for another moment; `renew` asks for another one than before. */
  async token(renew: boolean): Promise<string> {
    const keeper = await this.#keeper;
    try {
      const access = await keeper.ask({ do: "access", renew });
      this.#use(access);
      return access.token;
    } catch (error) {
      const failed = failure(error);
      if (failed.failing === "over") this.over();
      throw failed;
    }
  }

  /** The door takes none of this session's tokens any more. */
  over(): void {
    this.#expires.value = null;
    if (this.#phase.value.is === "in") this.#out("over", null);
  }

  #use(access: Access): void {
    this.#expires.value = access.expires;
    remember();
  }

  #out(why: Extract<Phase, { is: "out" }>["why"], error: AuthError | null): void {
    if (why !== "over") forget();
    this.#phase.value = { is: "out", why, error };
  }
}

/** The registered address of this page: issuers compare it byte for byte. */
function redirect(): string {
  return new URL("./", document.baseURI).href;
}

function failure(error: unknown): AuthError {
  return error instanceof AuthError ? error : new AuthError("issuer", "it failed");
}

/** A reload of a page that was signed in goes to the sign-in page at once; its own session makes that short. */
function isSignedInReload(): boolean {
  return isReload() && (history.state as { again?: unknown } | null)?.again === true;
}

function remember(): void {
  history.replaceState({ ...(history.state as object | null), again: true }, "");
}

function forget(): void {
  history.replaceState({ ...(history.state as object | null), again: false }, "");
}
