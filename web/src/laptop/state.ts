// State of the local stack, as it tells its own page: users and access (docs/local.md, "Users and access").

export interface User {
  readonly name: string;
  readonly password: string;
  readonly groups: readonly string[];
  readonly department: string | null;
  readonly role: string | null;
}

export interface State {
  readonly agents: readonly string[];
  readonly users: readonly User[];
  readonly toolTokenSeconds: number;
}

export interface Cell {
  readonly caller: string;
  readonly outcome: string;
  readonly policies: readonly string[];
}

export interface Row {
  readonly name: string;
  readonly cells: readonly Cell[];
}

export interface Access {
  readonly callers: readonly string[];
  readonly agents: readonly Row[];
  readonly tools: readonly Row[];
  readonly policies: ReadonlyMap<string, { readonly effect: string; readonly text: string }>;
}

type Members = Record<string, unknown>;

export function parseState(value: unknown): State | null {
  if (!isMembers(value)) return null;
  const seconds = value["toolTokenSeconds"];
  return {
    agents: texts(value["agents"]),
    toolTokenSeconds: typeof seconds === "number" ? seconds : 300,
    users: members(value["users"]).map(parseUser),
  };
}

function parseUser(value: Members): User {
  return {
    name: text(value["name"]) ?? "",
    password: text(value["password"]) ?? "",
    groups: texts(value["groups"]),
    department: text(value["department"]),
    role: text(value["role"]),
  };
}

export function parseAccess(value: unknown): Access | null {
  if (!isMembers(value)) return null;
  const rows = (list: unknown): Row[] =>
    members(list).map((row) => ({
      name: text(row["name"]) ?? "",
      cells: members(row["cells"]).map((cell) => ({
        caller: text(cell["caller"]) ?? "",
        outcome: text(cell["outcome"]) ?? "unknown",
        policies: texts(cell["policies"]),
      })),
    }));
  const policies = members(value["policies"]).map(
    (policy) => [text(policy["id"]) ?? "", { effect: text(policy["effect"]) ?? "", text: text(policy["text"]) ?? "" }] as const,
  );
  return { callers: texts(value["callers"]), agents: rows(value["agents"]), tools: rows(value["tools"]), policies: new Map(policies) };
}

function members(value: unknown): Members[] {
  return Array.isArray(value) ? value.filter(isMembers) : [];
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
