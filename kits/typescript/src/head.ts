/** Head of a request, as an assertion is compared with it. */

/** The header in which the door's assertion travels. */
export const IDENTITY = "x-amzn-bedrock-agentcore-runtime-custom-identity";

/** The header in which the token for the agent's tools travels. */
export const TOOL_TOKEN = "x-amzn-bedrock-agentcore-runtime-custom-tool-token";

/** The header in which AgentCore names the runtime session to a container. */
export const SESSION = "x-amzn-bedrock-agentcore-runtime-session-id";

/** A request without its body. Header values are as they arrived, one character for each byte (ISO 8859-1). */
export interface RequestHead {
  readonly method: string;
  /** Undecoded. */
  readonly path: string;
  /** Also if the query is empty. */
  readonly hasQuery: boolean;
  /** Every value of the assertion's header, in order. */
  readonly assertions: readonly string[];
  /** Every value of the session's header, in order. */
  readonly sessions: readonly string[];
  /** Every value of the tool token's header, in order. */
  readonly toolTokens: readonly string[];
}

/** Name and value, in the order of arrival. */
export type HeaderPairs = Iterable<readonly [string, string]>;

/** The head of a request of which the target and each single header are known. */
export function headOf(method: string, target: string, headers: HeaderPairs): RequestHead {
  const assertions: string[] = [];
  const sessions: string[] = [];
  const toolTokens: string[] = [];
  const wanted = new Map([
    [IDENTITY, assertions],
    [SESSION, sessions],
    [TOOL_TOKEN, toolTokens],
  ]);
  for (const [name, value] of headers) wanted.get(name.toLowerCase())?.push(value);
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  return { method, path, hasQuery: query >= 0, assertions, sessions, toolTokens };
}

/**
 * The head of a request of the Fetch API. It joins equal headers by a comma, which neither an assertion nor a token has in
 * it, so a comma shows that there were two; and it has a normal form of the path, the same one that the handler sees.
 */
export function headOfFetch(request: Request): RequestHead {
  const separate = (name: string): string[] => request.headers.get(name)?.split(",").map((value) => value.trim()) ?? [];
  const [, target = ""] = /^[^:]*:\/\/[^/?#]*(.*)$/s.exec(request.url) ?? [];
  const query = target.search(/[?#]/);
  return {
    method: request.method,
    path: query < 0 ? target : target.slice(0, query),
    hasQuery: query >= 0,
    assertions: separate(IDENTITY),
    sessions: separate(SESSION),
    toolTokens: separate(TOOL_TOKEN),
  };
}

/** The head of a request of Node's HTTP server, whose `rawHeaders` alternate names and values. */
export function headOfNode(method: string | undefined, target: string | undefined, rawHeaders: readonly string[]): RequestHead {
  return headOf(method ?? "", target ?? "", pairs(rawHeaders));
}

function* pairs(rawHeaders: readonly string[]): Generator<readonly [string, string]> {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    yield [rawHeaders[index] ?? "", rawHeaders[index + 1] ?? ""];
  }
}
