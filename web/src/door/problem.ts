// Problems of requests, in the door's terms: a stable code, and the id by which its reason is found.

export interface Problem {
  readonly code: string;
  readonly status: number | null;
  /** The door's own title, for codes that this page does not know */
  readonly title: string | null;
  readonly requestId: string | null;
  /** Seconds until another attempt may help */
  readonly retryAfter: number | null;
  /** Which limit is used up */
  readonly limit: string | null;
}

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

/** An error body is short; no more of it is read. */
const MAX_BODY = 65_536;
const MAX_TEXT = 300;

export function problem(code: string, more: Partial<Problem> = {}): Problem {
  return { code, status: null, title: null, requestId: null, retryAfter: null, limit: null, ...more };
}

export async function problemOf(response: Response): Promise<Problem> {
  const body = await start(response);
  let value: unknown = null;
  try {
    value = JSON.parse(body);
  } catch {
    // Not the door's: all of its errors are JSON.
  }
  return read(value, response.status, response.headers);
}

export function read(value: unknown, status: number, headers: Headers): Problem {
  const error = member(value, "error");
  // JSON-RPC on `/mcp` and `/a2a`, problem+json everywhere else (RFC 9457).
  const found = member(error, "data", "code") === undefined ? value : member(error, "data");
  const code = text(member(found, "code"));
  const title = text(member(error, "message")) ?? text(member(value, "title"));
  return {
    code: code !== null && /^[a-z_]{1,60}$/.test(code) ? code : `http_${String(status)}`,
    status,
    title,
    requestId: text(member(found, "request_id")) ?? text(headers.get("x-request-id")),
    retryAfter: seconds(headers.get("retry-after")),
    limit: text(member(found, "limit")),
  };
}

function member(value: unknown, ...path: string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, MAX_TEXT) : null;
}

function seconds(value: string | null): number | null {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : null;
}

async function start(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let body = "";
  try {
    for (let piece = await reader.read(); !piece.done && body.length < MAX_BODY; piece = await reader.read()) body += piece.value;
    await reader.cancel();
  } catch {
    // What has come so far is enough to say what it is.
  }
  return body;
}
