// The console's settings: `config.json` beside the page, checked as strictly as a function checks its variables.

export interface Config {
  /** The door's address, without a slash at its end */
  readonly door: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Whether the local stack serves the page, with its trace of each request */
  readonly laptop: boolean;
}

export class ConfigError extends Error {}

const MEMBERS = ["clientId", "door", "issuer", "laptop", "scopes"];
/** A scope token (RFC 6749, section 3.3). */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;
const MAX_TEXT = 2048;

export function parseConfig(value: unknown): Config {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError("it is not a JSON object");
  }
  const members = new Map(Object.entries(value));
  const unknown = [...members.keys()].filter((name) => !MEMBERS.includes(name));
  if (unknown.length > 0) throw new ConfigError(`it has a member \`${shown(unknown[0])}\`, which the console does not know`);
  const scopes: unknown = members.get("scopes");
  if (!Array.isArray(scopes) || scopes.length === 0 || scopes.length > 50 || !scopes.every(isScope)) {
    throw new ConfigError("`scopes` is not a list of scopes");
  }
  const laptop: unknown = members.get("laptop") ?? false;
  if (typeof laptop !== "boolean") throw new ConfigError("`laptop` is neither true nor false");
  return {
    door: address(members.get("door"), "door"),
    issuer: issuer(members.get("issuer")),
    clientId: text(members.get("clientId"), "clientId"),
    scopes,
    laptop,
  };
}

function isScope(value: unknown): value is string {
  return typeof value === "string" && SCOPE.test(value);
}

function text(value: unknown, name: string): string {
  if (typeof value !== "string" || value.trim() === "" || value.length > MAX_TEXT) {
    throw new ConfigError(`\`${name}\` is missing, or is not a text`);
  }
  return value;
}

function address(value: unknown, name: string): string {
  const given = text(value, name);
  checked(given, name);
  return given.replace(/\/+$/, "");
}

/** An issuer is a name, compared byte for byte (OpenID Connect Discovery 1.0, section 4.3): it is kept as it is written. */
function issuer(value: unknown): string {
  const given = text(value, "issuer");
  checked(given, "issuer");
  return given;
}

/** Tokens go to these addresses: only https is safe, and http where nothing leaves the machine. */
function checked(given: string, name: string): void {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new ConfigError(`\`${name}\` is not an address`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new ConfigError(`\`${name}\` has more than an origin and a path`);
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url))) {
    throw new ConfigError(`\`${name}\` is not an https address`);
  }
}

export function isLoopback(url: URL): boolean {
  return url.hostname === "localhost" || url.hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
}

function shown(name: string | undefined): string {
  return (name ?? "").replace(/[^\w.-]/g, "?").slice(0, 40);
}
