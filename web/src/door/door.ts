// The door, as a signed-in caller.

import { AuthError } from "../auth/messages.ts";
import { problem, ProblemError, problemOf } from "./problem.ts";

export interface Whoami {
  readonly agents: readonly string[];
  readonly protocols: Readonly<Record<string, string>>;
  readonly issuer: string;
  readonly subject: string;
  readonly client: string | null;
  readonly username: string | null;
  readonly name: string | null;
  readonly email: string | null;
  readonly groups: readonly string[] | null;
  readonly scopes: readonly string[] | null;
  /** Seconds since 1970 */
  readonly expires: number | null;
}

export interface Tokens {
  token(renew: boolean): Promise<string>;
  over(): void;
}

const MAX_AGENTS = 1000;

export class Door {
  constructor(
    readonly address: string,
    readonly tokens: Tokens,
  ) {}

  /** The answer, if it is one; a `ProblemError` otherwise. A 401 is asked once more with a renewed token: nothing began. */
  async call(path: string, init: RequestInit = {}): Promise<Response> {
    let answer = await this.#send(path, init, false);
    if (answer.status === 401) {
      await answer.body?.cancel();
      answer = await this.#send(path, init, true);
      if (answer.status === 401) this.tokens.over();
    }
    if (!answer.ok) throw new ProblemError(await problemOf(answer));
    return answer;
  }

  async whoami(): Promise<Whoami> {
    const answer = await this.call("/whoami");
    const value = (await answer.json().catch(() => null)) as unknown;
    return parseWhoami(value);
  }

  /** The reason why the door cannot be read from here. API Gateway's own 401 is readable by every origin, the door's answers are not. */
  async isThere(): Promise<boolean> {
    try {
      await fetch(`${this.address}/whoami`, { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(8000) });
      return true;
    } catch {
      return false;
    }
  }

  async #send(path: string, init: RequestInit, renew: boolean): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${await this.#token(renew)}`);
    try {
      return await fetch(this.address + path, {
        ...init,
        headers,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
      });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      throw new ProblemError(problem(navigator.onLine ? "unreachable" : "offline"));
    }
  }

  async #token(renew: boolean): Promise<string> {
    try {
      return await this.tokens.token(renew);
    } catch (error) {
      const over = error instanceof AuthError && error.failing === "over";
      throw new ProblemError(problem(over ? "signed_out" : "issuer_unreachable"));
    }
  }
}

export function parseWhoami(value: unknown): Whoami {
  const members = new Map(Object.entries((value ?? {}) as Record<string, unknown>));
  const texts = (name: string): string[] | null => {
    const list: unknown = members.get(name);
    return Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === "string").slice(0, MAX_AGENTS) : null;
  };
  const text = (name: string): string | null => {
    const found: unknown = members.get(name);
    return typeof found === "string" ? found : null;
  };
  const agents = texts("agents");
  if (agents === null) throw new ProblemError(problem("not_a_door"));
  const protocols = Object.entries((members.get("protocols") ?? {}) as Record<string, unknown>);
  const expires: unknown = members.get("expires");
  return {
    agents: agents.filter((name) => AGENT.test(name)),
    protocols: Object.fromEntries(protocols.filter((entry): entry is [string, string] => typeof entry[1] === "string")),
    issuer: text("issuer") ?? "",
    subject: text("subject") ?? "",
    client: text("client_id"),
    username: text("username"),
    name: text("name"),
    email: text("email"),
    groups: texts("groups"),
    scopes: texts("scopes"),
    expires: typeof expires === "number" ? expires : null,
  };
}

/** A name of an agent, as `AGENTS` takes it: nothing else is put into a path. */
export const AGENT = /^[A-Za-z0-9_-]{1,64}$/;
