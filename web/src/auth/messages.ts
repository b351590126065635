// Messages between the page and the vault.

import type { Config } from "../config.ts";

/** An authorization request that was begun: what must come back with it, and what must not leave the browser. */
export interface Begun {
  readonly url: string;
  readonly state: string;
  readonly verifier: string;
}

/** An access token for the door, and when it ends, in milliseconds since 1970. */
export interface Access {
  readonly token: string;
  readonly expires: number;
  /** Whether the vault can renew it */
  readonly renewable: boolean;
}

export type Failing = "issuer" | "over" | "refused" | "return" | "unreachable";

export class AuthError extends Error {
  constructor(
    readonly failing: Failing,
    message: string,
  ) {
    super(message);
  }
}

export type Request =
  | { readonly do: "begin"; readonly config: Config; readonly redirect: string; readonly hint: string | null }
  | {
      readonly do: "finish";
      readonly config: Config;
      readonly redirect: string;
      readonly answer: string;
      readonly state: string;
      readonly verifier: string;
    }
  | { readonly do: "access"; readonly renew: boolean }
  | { readonly do: "end"; readonly redirect: string };

/** The answer of each request. */
export interface Answers {
  begin: Begun;
  finish: Access;
  access: Access;
  end: string | null;
}

export type Reply =
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly failing: Failing; readonly message: string };
