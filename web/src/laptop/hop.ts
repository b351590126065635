// One hop of a request, as the local stack tells it (docs/local.md, "The trace").

export type Outcome = "error" | "ok" | "refused";

export interface Carries {
  readonly kind: string;
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly client: string | null;
  readonly tokenId: string | null;
  /** Seconds since 1970 */
  readonly expires: number | null;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string | null;
  readonly found: string | null;
}

export interface Policy {
  readonly id: string;
  readonly effect: string;
  readonly text: string;
  readonly applied: boolean;
}

export interface Hop {
  readonly seq: number;
  readonly at: number;
  readonly request: string | null;
  readonly hop: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: Outcome;
  readonly status: number | null;
  readonly ms: number | null;
  readonly carries: Carries | null;
  readonly checks: readonly Check[];
  readonly policies: readonly Policy[];
}

type Members = Record<string, unknown>;

/** A hop, or `null` for a value that is not one, or is of a later version of the feed. */
export function parseHop(value: unknown): Hop | null {
  if (!isMembers(value) || value["v"] !== 1) return null;
  const { seq, at, hop, from, to, outcome } = value;
  if (typeof seq !== "number" || typeof at !== "number" || !isText(hop) || !isText(from) || !isText(to)) return null;
  if (outcome !== "ok" && outcome !== "refused" && outcome !== "error") return null;
  return {
    seq,
    at,
    hop,
    from,
    to,
    outcome,
    request: text(value["request"]),
    status: number(value["status"]),
    ms: number(value["ms"]),
    carries: isMembers(value["carries"]) ? parseCarries(value["carries"]) : null,
    checks: members(value["checks"]).map((check) => ({
      name: text(check["name"]) ?? "",
      ok: check["ok"] === true,
      expected: text(check["expected"]),
      found: text(check["found"]),
    })),
    policies: members(value["policies"]).map((policy) => ({
      id: text(policy["id"]) ?? "",
      effect: text(policy["effect"]) ?? "",
      text: text(policy["text"]) ?? "",
      applied: policy["applied"] === true,
    })),
  };
}

function parseCarries(value: Members): Carries {
  return {
    kind: text(value["kind"]) ?? "",
    issuer: text(value["issuer"]),
    subject: text(value["subject"]),
    client: text(value["client"]),
    tokenId: text(value["token_id"]),
    expires: number(value["expires"]),
    claims: isMembers(value["claims"]) ? value["claims"] : {},
  };
}

/** The order of hops that began within one millisecond: a hop comes before those that it waits for. */
const CHAIN = ["token", "authorizer", "proxy", "tool_token", "pretoken", "runtime", "agent", "gateway", "cedar"];

/** Hops come as they become known; a request is read in the order in which they began, and its answer, which spans it, last. */
export function inOrder(hops: readonly Hop[]): readonly Hop[] {
  const isAnswer = (hop: Hop): number => (hop.hop === "answer" ? 1 : 0);
  const place = (hop: Hop): number => CHAIN.indexOf(hop.hop);
  return [...hops].sort(
    (one, other) =>
      isAnswer(one) - isAnswer(other) || one.at - other.at || place(one) - place(other) || one.seq - other.seq,
  );
}

export const NAMES: Readonly<Record<string, string>> = {
  agent: "agent",
  agentcore: "AgentCore",
  authorizer: "authorizer",
  caller: "caller",
  cedar: "Cedar",
  cognito: "Cognito",
  door: "API Gateway",
  gateway: "tool gateway",
  pretoken: "pretoken",
  proxy: "proxy",
};

/** From left to right, as a request travels. */
export const ORDER = ["caller", "door", "authorizer", "proxy", "cognito", "pretoken", "agentcore", "agent", "gateway", "cedar"];

export const TITLES: Readonly<Record<string, string>> = {
  agent: "AgentCore calls the agent",
  answer: "The answer goes back",
  authorizer: "The authorizer checks the token",
  cedar: "Cedar decides on the tool call",
  gateway: "The agent calls a tool",
  pretoken: "The trigger adds the proven user's claims",
  proxy: "The proxy checks again",
  runtime: "The proxy vouches for the caller",
  token: "The caller shows a token",
  tool_token: "The proxy gets a tool token",
};

function members(value: unknown): Members[] {
  return Array.isArray(value) ? value.filter(isMembers) : [];
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function text(value: unknown): string | null {
  return isText(value) ? value.slice(0, 10_000) : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
